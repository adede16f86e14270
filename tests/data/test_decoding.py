import io
import json
import pickle
import struct

import numpy as np
import pytest
from PIL import Image

from cnn_tutorial.data import decoding


def idx_files(idx, **changes):
    files = {
        "train-images-idx3-ubyte": idx(np.arange(12).reshape(3, 2, 2)),
        "train-labels-idx1-ubyte": idx(np.array([5, 0, 4])),
        "t10k-images-idx3-ubyte": idx(np.full((1, 2, 2), 9)),
        "t10k-labels-idx1-ubyte": idx(np.array([7])),
    }
    return files | {name.replace("_", "-"): content for name, content in changes.items()}


def test_idx_files_give_the_training_part_first_and_then_the_test_part(idx):
    images, labels = decoding.decode_idx(idx_files(idx))
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(images[1, :, :, 0], [[4, 5], [6, 7]])
    np.testing.assert_array_equal(images[3, :, :, 0], [[9, 9], [9, 9]])
    np.testing.assert_array_equal(labels, [5, 0, 4, 7])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not an IDX file"),
        (b"<html>not found</html>", "is not an IDX file"),
        (struct.pack(">4I", 0x0803, 3, 2, 2) + bytes(11), "holds 11 values"),
        (struct.pack(">4I", 0x0803, 2**31, 2**31, 2), "holds 0 values"),
    ],
)
def test_a_broken_idx_file_is_refused_by_name(idx, content, reason):
    with pytest.raises(ValueError, match=f"train-images-idx3-ubyte {reason}"):
        decoding.decode_idx(idx_files(idx, **{"train_images_idx3_ubyte": content}))


def test_a_missing_file_is_named(idx):
    files = idx_files(idx)
    del files["t10k-labels-idx1-ubyte"]
    with pytest.raises(FileNotFoundError, match="t10k-labels-idx1-ubyte is missing"):
        decoding.decode_idx(files)


class Python2Pickler(pickle._Pickler):
    """Writes what Python 2's pickle wrote, in which CIFAR-10 was published: byte strings."""

    dispatch = dict(pickle._Pickler.dispatch)  # noqa: RUF012

    def save_bytes(self, content):
        self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(content)

    def save_str(self, text):
        self.save_bytes(text.encode())

    dispatch[bytes] = save_bytes
    dispatch[str] = save_str


def python2_pickle(value):
    file = io.BytesIO()
    Python2Pickler(file, protocol=2).dump(value)
    return file.getvalue().replace(b"numpy._core", b"numpy.core")


@pytest.fixture
def cifar():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (6, 4, 32, 32, 3)).astype(np.uint8), rng.integers(0, 10, (6, 4))


NAMES = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]


def cifar_pickles(images, labels):
    return {
        name: python2_pickle(
            {
                "data": part.transpose(0, 3, 1, 2).reshape(len(part), -1).copy(),
                "labels": part_labels.tolist(),
                "batch_label": "training batch",
                "filenames": ["a.png"] * len(part),
            }
        )
        for name, part, part_labels in zip(NAMES, images, labels, strict=True)
    }


def cifar_pngs(images, labels):
    files = {}
    for name, part in zip(NAMES, images, strict=True):
        file = io.BytesIO()
        Image.fromarray(part.reshape(len(part), 1024, 3)).save(file, "PNG")
        files[f"{name}.png"] = file.getvalue()
    files["train_lables.json"] = json.dumps(labels[:5].ravel().tolist()).encode()
    files["test_lables.json"] = json.dumps(labels[5].tolist()).encode()
    return files


@pytest.mark.parametrize("files_from", [cifar_pickles, cifar_pngs])
def test_cifar10_is_the_same_from_pickles_and_from_pngs(cifar, files_from):
    images, labels = decoding.decode_cifar10(files_from(*cifar))
    np.testing.assert_array_equal(images, cifar[0].reshape(24, 32, 32, 3))
    np.testing.assert_array_equal(labels, cifar[1].ravel())
    assert labels.dtype == np.int64


def test_cifar10_with_a_label_too_few_is_refused(cifar):
    files = cifar_pngs(*cifar)
    files["test_lables.json"] = b"[1, 2, 3]"
    with pytest.raises(ValueError, match="24 images here, but 23 labels"):
        decoding.decode_cifar10(files)


def test_a_png_of_another_size_is_refused(cifar):
    file = io.BytesIO()
    Image.new("RGB", (32, 32)).save(file, "PNG")
    files = cifar_pngs(*cifar) | {"data_batch_2.png": file.getvalue()}
    with pytest.raises(ValueError, match=r"data_batch_2.png is RGB, 32 wide"):
        decoding.decode_cifar10(files)


class Malice:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_would_run_a_program_is_refused_and_does_not_run(tmp_path, cifar, protocol):
    import os

    witness = tmp_path / "ran"
    malice = pickle.dumps({b"data": Malice(os.mkdir, str(witness))}, protocol=protocol)
    with pytest.raises(pickle.UnpicklingError, match="which is refused"):
        decoding.decode_cifar10(cifar_pickles(*cifar) | {"data_batch_1": malice})
    assert not witness.exists()


@pytest.mark.parametrize("function", [np.load, np.save, eval])
def test_the_unpickler_refuses_functions_of_numpy_too(function):
    with pytest.raises(pickle.UnpicklingError, match="which is refused"):
        decoding.ArrayUnpickler(io.BytesIO(pickle.dumps(Malice(function, "x")))).load()


def pgm_files(images, header=b"P5\n92 112\n255\n"):
    return {
        f"s{index // 10 + 1}/{index % 10 + 1}.pgm": header + image.tobytes()
        for index, image in enumerate(images)
    }


@pytest.fixture
def faces():
    return np.random.default_rng(0).integers(0, 256, (400, 112, 92)).astype(np.uint8)


def test_faces_are_ordered_by_person_and_number_with_labels_from_0_to_39(faces):
    images, labels = decoding.decode_faces(pgm_files(faces))
    np.testing.assert_array_equal(images[..., 0], faces)
    np.testing.assert_array_equal(labels, np.arange(400) // 10)


def test_faces_whose_line_ends_were_converted_are_restored(faces, monkeypatch, tmp_path):
    faces[3].flat[:6] = [10, 13, 50, 13, 10, 13]
    faces[3].flat[6:] = 50
    files = pgm_files(faces)
    damaged = files["s1/4.pgm"].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    files["s1/4.pgm"] = damaged.replace(b"\n", b"\r\n")
    repair = tmp_path / "repair.txt"
    repair.write_text("# positions\ns1/4.pgm 1 +3 5\n")
    monkeypatch.setattr(decoding, "_ORL_REPAIR", repair)
    images, _ = decoding.decode_faces(files)
    np.testing.assert_array_equal(images[..., 0], faces)


@pytest.mark.parametrize("content", [b"P5\n92 112\n255\n" + bytes(10), b"P6\n92 112\n255\n", b""])
def test_a_broken_face_is_refused_by_name(faces, content):
    with pytest.raises(ValueError, match=r"s7/2\.pgm"):
        decoding.decode_faces(pgm_files(faces) | {"s7/2.pgm": content})


def test_the_checksum_sees_values_shapes_and_types():
    images, labels = np.zeros((2, 3), np.uint8), np.arange(2)
    reference = decoding.checksum(images, labels)
    changed = images.copy()
    changed[1, 2] = 1
    others = [
        (changed, labels),
        (images.reshape(3, 2), labels),
        (images.astype(np.int8), labels),
        (images, labels[::-1]),
    ]
    assert reference == decoding.checksum(np.asfortranarray(images), labels)
    assert reference not in [decoding.checksum(*other) for other in others]

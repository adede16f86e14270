import shutil
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from cnn_tutorial.data.folders import assign_splits, folder_dataset, read_photograph, scan_folder
from cnn_tutorial.data.folders.reading import resize_image

ALL = {"validation": 0, "test": 0}  # everything is for training


def read(dataset):
    """Images and labels of one epoch, the batches joined."""
    batches = [(images.numpy(), labels.numpy()) for images, labels in dataset]
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def is_near(one, other, levels=3):
    """Whether two images are the same but for how a decoder rounds."""
    return one.shape == other.shape and np.abs(one.astype(float) - other).mean() < levels


@pytest.mark.slow
def test_batches_hold_the_photographs_resized_with_their_labels(make_folder):
    report = make_folder(5, 4)
    dataset = folder_dataset(report, image_size=(24, 32), batch_size=4, shuffle=False, **ALL)
    images, labels = dataset.element_spec
    assert images.shape.as_list() == [None, 24, 32, 3]
    assert labels.shape.as_list() == [None]
    assert (images.dtype.name, labels.dtype.name) == ("float32", "int64")
    assert int(dataset.cardinality()) == 3 == len(list(dataset))
    images, labels = read(dataset)
    np.testing.assert_array_equal(labels, report.labels)
    for image, file in zip(images, report.files, strict=True):
        assert is_near(image, resize_image(read_photograph(file), (24, 32)))
    assert dataset.class_names == ["class 0", "class 1"]
    assert dataset.file_paths == [str(file) for file in report.files]


@pytest.mark.slow
def test_an_int_is_a_square(make_folder):
    dataset = folder_dataset(make_folder(2), image_size=20, **ALL)
    assert dataset.element_spec[0].shape.as_list() == [None, 20, 20, 3]


@pytest.mark.slow
@pytest.mark.parametrize("keep_aspect", [True, "crop", "pad", False])
def test_keep_aspect_decides_what_becomes_of_the_sides(make_folder, keep_aspect):
    report = make_folder(1)
    ((image,), _) = read(folder_dataset(report, image_size=20, keep_aspect=keep_aspect, **ALL))
    whole = read_photograph(report.files[0])
    fits = {
        way
        for way in ("crop", "pad", False)
        if is_near(image, resize_image(whole, (20, 20), keep_aspect=way))
    }
    assert fits == {"crop" if keep_aspect is True else keep_aspect}


@pytest.mark.slow
def test_the_three_parts_are_those_that_assign_splits_makes(make_folder):
    report = make_folder(30, 30)
    groups = [number // 3 for number in range(60)]
    for settings in (
        {"validation": 0.3, "test": 0.2},
        {"validation": 0.3, "test": 0.2, "seed": 5},
        {"validation": 0.2, "test": 0.3, "groups": groups},
    ):
        splits = assign_splits(report, **settings)
        for split in ("train", "validation", "test"):
            dataset = folder_dataset(report, image_size=8, split=split, **settings)
            expected = [str(report.files[index]) for index in np.flatnonzero(splits == split)]
            assert dataset.file_paths == expected
            assert sorted(read(dataset)[1]) == sorted(report.labels[splits == split])


@pytest.mark.slow
def test_only_the_training_part_is_shuffled_unless_told_otherwise(make_folder):
    report = make_folder(*[1] * 40)  # 40 classes: labels tell the photographs apart
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="a class is not in every split")
        for split in ("train", "validation", "test"):
            for shuffle in (None, True, False):
                shares = {"validation": 0.3, "test": 0.3}
                dataset, again = (
                    folder_dataset(report, image_size=8, split=split, shuffle=shuffle, **shares)
                    for _ in range(2)
                )
                epochs = [read(dataset)[1].tolist() for _ in range(3)]
                assert [read(again)[1].tolist() for _ in range(3)] == epochs
                shuffled = split == "train" if shuffle is None else shuffle
                assert len(set(map(tuple, epochs))) == (3 if shuffled else 1)
                assert sorted(epochs[0]) == sorted(epochs[1])
                if not shuffled:
                    assert epochs[0] == sorted(epochs[0])


class Brighten:
    """In place of RandomWarp: marks what it was given."""

    def __call__(self, images):
        return images + 1000

    def make_warp(self, seeds, height, width):
        return lambda image, place: image + 1000.0


@pytest.mark.slow
def test_augment_changes_the_training_part(make_folder):
    report = make_folder(5)
    for augment in (Brighten(), lambda images: images + 1000):
        images, _ = read(folder_dataset(report, image_size=8, augment=augment, **ALL))
        assert images.min() >= 1000


@pytest.mark.parametrize("split", ["validation", "test"])
def test_what_is_measured_is_never_augmented(split):
    report = SimpleNamespace()
    with pytest.raises(ValueError, match=rf'split="train" only.*received it with split={split!r}'):
        folder_dataset(report, image_size=8, split=split, augment=Brighten())


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["vanished", "emptied", "cut", "garbage", "a folder"])
def test_a_file_that_fails_after_the_scan_is_left_out_and_named_once(make_folder, fault):
    report = make_folder(3, 3)
    bad = report.files[1]
    content = bad.read_bytes()
    bad.unlink()
    if fault == "a folder":
        bad.mkdir()
    elif fault != "vanished":
        bad.write_bytes({"emptied": b"", "cut": content[:600], "garbage": b"\0" * 600}[fault])
    dataset = folder_dataset(report, image_size=16, batch_size=2, shuffle=False, **ALL)
    with pytest.warns(UserWarning, match="left out") as caught:
        epochs = [[len(labels) for _, labels in dataset] for _ in range(2)]
    assert epochs == [[1, 2, 2], [1, 2, 2]]
    (message,) = [str(one.message) for one in caught]
    ((path, reason),) = report.skipped
    assert path == bad
    assert message == f"left out of training: {bad}: {reason}."
    reasons = {"vanished": "not there", "emptied": "empty", "cut": "truncated"}
    assert reason.startswith(reasons.get(fault, "not a"))
    assert "failed since the scan: 1" in report.summary()


@pytest.mark.slow
def test_a_file_that_vanishes_in_the_middle_of_training_does_not_stop_it(make_folder):
    import keras

    report = make_folder(8, 8)
    dataset = folder_dataset(report, image_size=16, batch_size=4, **ALL)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))

    def remove(epoch, logs):
        if epoch == 0:
            for file in report.files[:6]:
                file.unlink()

    callback = keras.callbacks.LambdaCallback(on_epoch_end=remove)
    with pytest.warns(UserWarning, match="left out of training"):
        history = model.fit(dataset, epochs=3, callbacks=[callback], verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()
    assert sorted(path for path, _ in report.skipped) == sorted(report.files[:6])


@pytest.mark.slow
def test_a_batch_whose_files_have_all_gone_holds_the_next_photograph(make_folder):
    report = make_folder(*[1] * 6)
    for file in report.files[2:4]:
        file.unlink()
    dataset = folder_dataset(report, image_size=16, batch_size=2, shuffle=False, **ALL)
    with pytest.warns(UserWarning, match="left out"):
        batches = [labels.numpy().tolist() for _, labels in dataset]
    assert batches == [[0, 1], [4], [4, 5]]
    assert int(dataset.cardinality()) == 3


@pytest.mark.slow
def test_a_disk_that_has_gone_gives_ten_warnings_and_an_error(make_folder):
    import tensorflow as tf

    report = make_folder(30)
    shutil.rmtree(report.path)
    dataset = folder_dataset(report, image_size=16, **ALL)
    with (
        pytest.warns(UserWarning, match="left out") as caught,
        pytest.raises(tf.errors.OpError, match="none of the 30 images can be had any more"),
    ):
        list(dataset)
    messages = [str(one.message) for one in caught]
    assert len(messages) == 10
    assert messages[-1].endswith("Those that follow are in report.skipped.")
    assert len(report.skipped) == 30


@pytest.mark.slow
def test_fewer_photographs_than_a_batch_and_a_single_class_are_no_hindrance(make_folder):
    dataset = folder_dataset(make_folder(3), image_size=16, batch_size=32, **ALL)
    ((images, labels),) = dataset
    assert images.shape == (3, 16, 16, 3)
    assert labels.numpy().tolist() == [0, 0, 0]


@pytest.mark.slow
def test_the_folder_of_horrors_trains(horrors):
    report = scan_folder(horrors.path, progress=False)
    dataset = folder_dataset(report, image_size=16, batch_size=3, **ALL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images, labels = read(dataset)
    assert len(images) == len(horrors.usable)
    assert np.isfinite(images).all()
    assert (images.min(), images.max()) == (0, 255)
    assert sorted(labels) == report.labels.tolist()


def test_a_class_in_one_split_only_is_named(make_folder):
    report = make_folder(40, 1)
    with pytest.warns(UserWarning, match=r"'class 1' \(1 in all\) has none in"):
        folder_dataset(report, image_size=8)


def test_a_folder_without_photographs_has_no_dataset(tmp_path):
    report = scan_folder(tmp_path, progress=False)
    with pytest.raises(ValueError, match=r"no photograph is in the part 'train': there are 0"):
        folder_dataset(report, image_size=8)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"split": "val"}, ValueError, "one of train, validation, test; received 'val'"),
        ({"split": ["train"]}, ValueError, "one of train, validation, test; received .'train'."),
        ({"split": "test", "test": 0}, ValueError, "no photograph is in the part 'test'"),
        ({"image_size": 0}, ValueError, "image_size must be an int from 1; received 0"),
        ({"image_size": 15.0}, TypeError, "image_size must be an int; received float: 15.0"),
        ({"image_size": (8, 8, 3)}, ValueError, r"\(height, width\); received \(8, 8, 3\)"),
        ({"image_size": (8, True)}, TypeError, "image_size must be an int; received bool: True"),
        ({"image_size": None}, TypeError, "image_size must be an int; received NoneType: None"),
        ({"batch_size": 0}, ValueError, "batch_size must be an int from 1; received 0"),
        ({"keep_aspect": "fit"}, ValueError, "'crop', 'pad', or False; received 'fit'"),
        ({"keep_aspect": None}, ValueError, "'crop', 'pad', or False; received None"),
        ({"keep_aspect": 1}, ValueError, "'crop', 'pad', or False; received 1"),
        ({"validation": 2}, ValueError, "validation must be a share from 0 to 1; received 2"),
        ({"groups": [1]}, ValueError, "groups must be as long as report.files, 3; received 1"),
        ({"shuffle": 1}, TypeError, "shuffle must be True or False; received 1"),
        ({"seed": "x"}, TypeError, "seed must be an int; received str: 'x'"),
        ({"augment": "flip"}, TypeError, "augment must be a Keras layer or a function"),
        ({"cache": True}, TypeError, 'cache must be None, "memory" or a folder; received True'),
    ],
)
def test_bad_input_is_named(make_folder, settings, error, message):
    report = make_folder(3)
    with pytest.raises(error, match=message):
        folder_dataset(report, **({"image_size": 8} | ALL | settings))


def test_a_path_is_no_report():
    with pytest.raises(TypeError, match="report must be what scan_folder returns; received 'pets'"):
        folder_dataset("pets", image_size=8)

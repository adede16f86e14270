"""export: ONNX files compute what Keras computes, and what would not is refused with a reason."""

import os
import sys

import numpy as np
import pytest

from cnn_tutorial import export, models, session, training

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (300, 12, 12, 1), np.uint8)


@pytest.fixture
def make_model(keras):
    """A function of layers -> a model that takes 12x12 grey images."""

    def make(*layers, shape=(12, 12, 1)):
        keras.utils.set_random_seed(0)
        return keras.Sequential([keras.Input(shape, name="images"), *layers])

    return make


@pytest.fixture
def lenet(keras):
    keras.utils.set_random_seed(0)
    return models.make_lenet5((12, 12, 1), 4)


def run_file(path, images):
    import onnxruntime

    running = onnxruntime.InferenceSession(path)
    (given,) = running.get_inputs()
    (found,) = running.run(None, {given.name: images.astype(np.float32)})
    return found


def test_a_dense_network_by_hand_comes_out_of_the_file(make_model, keras, tmp_path):
    model = make_model(keras.layers.Dense(2, name="logits"), shape=(3,))
    model.set_weights([np.array([[1, 2], [3, 4], [5, 6.0]]), np.array([0.5, -0.5])])
    found = run_file(export.to_onnx(model, tmp_path / "a.onnx"), np.array([[1, 0, 2]]))
    np.testing.assert_allclose(found, [[1 + 10 + 0.5, 2 + 12 - 0.5]])


def test_the_file_computes_what_keras_computes_for_any_batch(lenet, images, tmp_path):
    path = export.to_onnx(lenet, tmp_path / "lenet.onnx")
    expected = np.asarray(lenet(images))
    for count in (1, 7, 300):
        np.testing.assert_allclose(run_file(path, images[:count]), expected[:count], atol=1e-5)
    assert export.check_parity(lenet, path, images) < 1e-5


def test_layers_of_every_kind_that_the_book_uses_are_exported(make_model, keras, images, tmp_path):
    layers = keras.layers
    model = make_model(
        layers.Rescaling([1 / 255], offset=-0.5),
        layers.Conv2D(8, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.SeparableConv2D(8, 3, strides=2, padding="same"),
        layers.LayerNormalization(),
        layers.AveragePooling2D(2),
        layers.Dropout(0.5),
        layers.GlobalAveragePooling2D(),
        layers.Dense(5),
    )
    norm = model.layers[2]
    norm.set_weights([np.linspace(a, 2, 8) for a in (0.5, -1, -2, 0.1)])
    path = export.to_onnx(model, str(tmp_path / "all.onnx"))
    assert export.check_parity(model, path, images[:20]) < 1e-5


def test_names_are_those_of_keras_and_the_batch_is_called_n(lenet, tmp_path):
    import onnx

    graph = onnx.load(export.to_onnx(lenet, tmp_path / "a.onnx")).graph
    (given,), (output,) = graph.input, graph.output
    assert (given.name, output.name) == ("images", "logits")
    for value in (given, output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "N"


def test_two_inputs_keep_their_names(keras, tmp_path):
    import onnxruntime

    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    model = keras.Model([left, right], keras.layers.Subtract(name="difference")([left, right]))
    running = onnxruntime.InferenceSession(export.to_onnx(model, tmp_path / "a.onnx"))
    feed = {"left": np.ones((1, 3), "float32"), "right": np.full((1, 3), 4, "float32")}
    np.testing.assert_allclose(running.run(["difference"], feed)[0], [[-3, -3, -3]])
    with pytest.raises(ValueError, match="one input; received one with 2"):
        export.check_parity(model, tmp_path / "a.onnx", np.ones((1, 3)))


def test_a_model_that_was_loaded_and_never_called_is_exported(lenet, images, keras, tmp_path):
    lenet.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    path = export.to_onnx(loaded, tmp_path / "a.onnx")
    assert export.check_parity(lenet, path, images[:9]) < 1e-5


def test_on_jax_a_file_is_compared_but_not_written(lenet, images, tmp_path):
    def compare(folder, images):
        import keras

        from cnn_tutorial import export

        model = keras.saving.load_model(f"{folder}/a.keras")
        difference = export.check_parity(model, f"{folder}/a.onnx", images)
        try:
            export.to_onnx(model, f"{folder}/b.onnx")
        except RuntimeError as error:
            return difference, str(error)

    lenet.save(tmp_path / "a.keras")
    export.to_onnx(lenet, tmp_path / "a.onnx")
    difference, said = session.run_with("jax", compare, str(tmp_path), images[:9])
    assert difference < 1e-5
    assert "Keras runs on jax: save the model with model.save" in said
    assert not (tmp_path / "b.onnx").exists()


def test_a_model_that_was_trained_is_exported(lenet, images, keras, tmp_path):
    lenet.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    training.fit(
        lenet,
        (images[:64].astype("float32"), np.arange(64) % 4),
        epochs=2,
        schedule=lambda steps: training.one_cycle(0.01, steps),
        progress=False,
    )
    path = export.to_onnx(lenet, tmp_path / "a.onnx")
    assert export.check_parity(lenet, path, images[:9]) < 1e-5


def test_parity_is_the_largest_difference_over_all_images(lenet, images, tmp_path):
    path = export.to_onnx(lenet, tmp_path / "a.onnx")
    weights = lenet.get_weights()
    lenet.set_weights([*weights[:-1], weights[-1] + [0, 0.25, -0.5, 0]])
    assert export.check_parity(lenet, path, images) == pytest.approx(0.5, abs=1e-4)
    # Only the last image of the second batch differs: a channel that is dark everywhere else.
    weights[0][:] = np.abs(weights[0])
    lenet.set_weights(weights)
    dark = np.zeros_like(images)
    assert export.check_parity(lenet, path, dark) < 1e-6
    dark[-1] = 255
    assert export.check_parity(lenet, path, dark) > 1e-3


def test_parity_with_weights_that_are_nan_is_nan(lenet, images, tmp_path):
    path = export.to_onnx(lenet, tmp_path / "a.onnx")
    lenet.set_weights([weight * np.nan for weight in lenet.get_weights()])
    assert np.isnan(export.check_parity(lenet, path, images[:2]))


def test_an_older_file_stays_when_the_new_one_cannot_be_written(make_model, keras, tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"older")
    model = make_model(keras.layers.Conv2D(2, 3, activation="gelu", name="bends"))
    with pytest.raises(ValueError, match=r"'bends' needs the operations 'Erfc'.*approximate=True"):
        export.to_onnx(model, path)
    assert path.read_bytes() == b"older"
    assert [file.name for file in tmp_path.iterdir()] == ["a.onnx"]


def test_weights_that_would_get_lost_are_noticed(make_model, keras, images, tmp_path):
    layer = keras.layers.Normalization(name="standardise")
    layer.adapt(images.astype("float32"))
    with pytest.raises(ValueError, match=r"'standardise' got lost.*Rescaling"):
        export.to_onnx(make_model(layer), tmp_path / "a.onnx")


@pytest.mark.parametrize("name", ["RandomFlip", "RandomRotation", "RandAugment"])
def test_augmentation_inside_the_model_is_refused(make_model, keras, tmp_path, name):
    options = {"RandomRotation": {"factor": 0.1}, "RandAugment": {"value_range": (0, 255)}}
    inner = make_model(getattr(keras.layers, name)(**options.get(name, {}), name="shaken"))
    model = make_model(inner, keras.layers.Flatten())
    with pytest.raises(ValueError, match=r"augmentation belongs into the data pipeline.*'shaken'"):
        export.to_onnx(model, tmp_path / "a.onnx")


def test_what_is_no_model_or_not_built_is_refused(keras, lenet, tmp_path):
    with pytest.raises(TypeError, match=r"model must be a keras\.Model; received dict"):
        export.to_onnx({}, tmp_path / "a.onnx")
    with pytest.raises(ValueError, match=r"begin it with keras\.Input"):
        export.to_onnx(keras.Sequential([keras.layers.Dense(2)]), tmp_path / "a.onnx")
    two = keras.Model(lenet.inputs, [*lenet.outputs, lenet.layers[1].output])
    with pytest.raises(ValueError, match="one output; received one with 2"):
        export.to_onnx(two, tmp_path / "a.onnx")


def test_paths_are_checked(lenet, images, tmp_path):
    with pytest.raises(ValueError, match=r"end in '\.onnx'; received .*a\.pb"):
        export.to_onnx(lenet, tmp_path / "a.pb")
    with pytest.raises(FileNotFoundError, match="folder that exists"):
        export.to_onnx(lenet, tmp_path / "none" / "a.onnx")
    with pytest.raises(ValueError, match=r"end in '\.onnx'"):
        export.check_parity(lenet, tmp_path / "a.tflite", images)
    with pytest.raises(FileNotFoundError, match="there is none at"):
        export.check_parity(lenet, tmp_path / "a.onnx", images)
    (tmp_path / "a.onnx").write_bytes(b"no network")
    with pytest.raises(ValueError, match=r"a valid ONNX file; a\.onnx is not"):
        export.check_parity(lenet, tmp_path / "a.onnx", images)


def test_the_file_of_another_network_is_noticed(lenet, images, tmp_path):
    path = export.to_onnx(models.make_lenet5((12, 12, 1), 5), tmp_path / "a.onnx")
    with pytest.raises(ValueError, match=r"shape \(None, 4\).*shapes \[\('N', 5\)\]"):
        export.check_parity(lenet, path, images)
    path = export.to_onnx(models.make_lenet5((13, 12, 1), 4), path)
    with pytest.raises(ValueError, match=r"does not take images of shape \(12, 12, 1\)"):
        export.check_parity(lenet, path, images)


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        (np.zeros((0, 12, 12, 1)), ValueError, r"N at least 1; received shape \(0, 12, 12, 1\)"),
        (np.zeros((2, 12, 12)), ValueError, r"shape \(N, 12, 12, 1\).*received shape \(2, 12, 12"),
        (np.zeros((2, 9, 12, 1)), ValueError, r"received shape \(2, 9, 12, 1\)"),
        (np.zeros((2, 12, 12, 1), bool), TypeError, "received dtype bool"),
        (np.full((2, 12, 12, 1), "a"), TypeError, "received dtype <U1"),
    ],
)
def test_images_are_checked(lenet, tmp_path, bad, error, words):
    path = export.to_onnx(lenet, tmp_path / "a.onnx")
    with pytest.raises(error, match=words):
        export.check_parity(lenet, path, bad)


@pytest.mark.parametrize("missing", ["tf2onnx", "onnxruntime"])
def test_a_library_that_is_missing_is_named(lenet, images, tmp_path, monkeypatch, missing):
    path = export.to_onnx(lenet, tmp_path / "a.onnx")
    monkeypatch.setitem(sys.modules, missing, None)
    calls = {
        "tf2onnx": lambda: export.to_onnx(lenet, path),
        "onnxruntime": lambda: export.check_parity(lenet, path, images),
    }
    with pytest.raises(ImportError, match=f"`pip install {missing}`"):
        calls[missing]()


def test_what_the_converters_say_is_shown_where_they_fail(keras, tmp_path, monkeypatch, capfd):
    def fail(*_, **__):
        os.write(2, b"what a library in C++ has to say")
        raise RuntimeError("no")

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    monkeypatch.setattr(keras.Model, "export", fail)
    with pytest.raises(ValueError, match="model cannot be exported to ONNX: no"):
        export.to_onnx(model, tmp_path / "a.onnx")
    assert "what a library in C++ has to say" in capfd.readouterr().err


def test_nothing_is_printed(lenet, images, tmp_path, capfd):
    path = export.to_onnx(lenet, tmp_path / "a.onnx")
    export.check_parity(lenet, path, images[:2])
    assert capfd.readouterr() == ("", "")

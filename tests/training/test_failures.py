"""What goes wrong in a training, and what ``fit`` says of it."""

import sys

import numpy as np
import pytest

pytestmark = pytest.mark.slow


def batches_of(images, labels, size=25):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(size)


def test_a_loss_that_is_not_a_number_is_named_with_epoch_and_step(
    fit, training, make_model, images, labels, tmp_path
):
    bad = images.astype(np.float32)
    bad[60] = np.nan  # in the third of four batches
    with pytest.raises(training.DivergedError, match="in epoch 1, step 3 of 4") as info:
        fit(make_model(), batches_of(bad, labels), checkpoint=tmp_path)
    assert "learning rate that is too high (it is 0.01" in str(info.value)
    assert "images that are not finite, or of very large values" in str(info.value)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-0000.npz"]


def test_faulty_arrays_are_named_first_and_once(fit, training, make_model, images, labels):
    bad = images.astype(np.float32)
    bad[60] = np.inf
    named = r"order: images that are not finite.* at 60.*; images of very large values;"
    with pytest.raises(training.DivergedError, match=named) as info:
        fit(make_model(), (bad, labels))
    assert str(info.value).count("images that are not finite") == 1


def test_a_learning_rate_that_is_too_high_ends_in_the_explanation(
    fit, training, keras, make_model, images, labels
):
    model = make_model(keras.optimizers.SGD(1e30))
    with pytest.raises(
        training.DivergedError, match=r"epoch \d, step \d.*it is 1e\+30: try a tenth"
    ):
        fit(model, (images, labels), epochs=4)


def test_a_validation_loss_that_is_not_a_number_is_named(
    fit, training, make_model, images, labels, tmp_path
):
    bad = images.astype(np.float32)
    bad[3] = np.nan
    with pytest.raises(training.DivergedError, match="validation loss is nan after epoch 1"):
        fit(make_model(), (images, labels), (bad, labels), checkpoint=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-0000.npz"]


def test_weights_that_are_not_finite_are_not_saved(
    fit, training, keras, make_model, images, labels, tmp_path
):
    class Spoil(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[2].bias.assign(np.full(4, np.nan))

    with pytest.raises(training.DivergedError, match=r"weights are not finite .* epoch 1"):
        fit(make_model(), (images, labels), checkpoint=tmp_path, callbacks=[Spoil()])
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-0000.npz"]


def test_weights_that_are_not_finite_are_noticed_where_nothing_is_saved(
    fit, training, keras, make_model, images, labels
):
    spoil = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: model.layers[2].bias.assign(np.full(4, np.nan))
    )
    model = make_model()
    with pytest.raises(training.DivergedError, match=r"weights are not finite .* epoch 1"):
        fit(model, (images, labels), callbacks=[spoil])


def test_an_image_that_is_not_finite_is_named_though_a_relu_makes_zeros_of_it(
    fit, training, keras, images, labels
):
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(3),
    ]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.001), loss)
    bad = images.astype(np.float32) / 255
    bad[60] = np.nan
    with pytest.raises(training.DivergedError, match=r"not finite .*images .* the first at 60"):
        fit(model, (bad, labels))


def test_a_folder_that_cannot_be_written_is_said_before_training(
    fit, keras, make_model, images, labels, tmp_path
):
    (tmp_path / "file").touch()
    model = make_model()
    with pytest.raises(OSError, match="checkpoint must be a folder that can be written"):
        fit(model, (images, labels), checkpoint=tmp_path / "file")
    assert int(model.optimizer.iterations) == 0


def test_a_disk_that_fills_up_loses_nothing(
    fit, make_model, assert_same, images, labels, tmp_path, monkeypatch
):
    import errno

    whole, model = make_model(), make_model()
    fit(whole, (images, labels), epochs=3)
    savez, left = np.savez, [3]  # before training, after epochs 1 and 2

    def save(file, **arrays):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        savez(file, **arrays)

    monkeypatch.setattr(np, "savez", save)
    with pytest.raises(OSError, match=r"disk is full.*epoch-0002.npz is whole and stays"):
        fit(model, (images, labels), epochs=3, checkpoint=tmp_path)
    assert_same(whole, model)  # it is in memory still
    monkeypatch.undo()
    resumed = make_model(seed=6)
    fit(resumed, (images, labels), epochs=3, checkpoint=tmp_path)
    assert_same(whole, resumed)


def test_a_dataset_that_ends_early_is_said(fit, make_model, images, labels):
    import tensorflow as tf

    dataset = batches_of(images, labels).take(3)
    claimed = dataset.apply(tf.data.experimental.assert_cardinality(3))
    short = dataset.take(2).apply(tf.data.experimental.assert_cardinality(3))
    fit(make_model(), claimed, epochs=1)
    with pytest.raises(ValueError, match="train ended early in epoch 1, after step 2"):
        fit(make_model(), short, epochs=1)


def test_a_generator_that_is_used_up_after_one_pass_is_said(fit, make_model, images, labels):
    import tensorflow as tf

    batches = iter([(images[:50], labels[:50]), (images[50:], labels[50:])])
    spec = (tf.TensorSpec((None, 8, 8, 1), tf.uint8), tf.TensorSpec((None,), tf.int64))
    dataset = tf.data.Dataset.from_generator(lambda: batches, output_signature=spec)
    with pytest.raises(ValueError, match=r"train is empty in epoch 2.*used up after one pass"):
        fit(make_model(), dataset)


def test_a_dataset_of_unknown_length_trains_but_cannot_go_on(
    fit, make_model, images, labels, tmp_path
):
    dataset = batches_of(images, labels)
    unknown = dataset.filter(lambda *_: True)
    assert int(unknown.cardinality()) < 0
    one, other = make_model(), make_model()
    fit(one, dataset, epochs=1)
    fit(other, unknown, epochs=1)
    np.testing.assert_array_equal(one.get_weights()[0], other.get_weights()[0])
    with pytest.raises(ValueError, match="checkpoint needs a dataset that knows its number"):
        fit(one, unknown, checkpoint=tmp_path)
    with pytest.raises(ValueError, match="schedule must be a LearningRateSchedule, since"):
        fit(make_model(), unknown, schedule=lambda steps: None)


def test_data_without_a_batch_or_without_end_are_refused(fit, make_model, images, labels):
    dataset = batches_of(images, labels)
    model = make_model()
    with pytest.raises(ValueError, match="train is empty: the dataset has no batch"):
        fit(model, dataset.take(0))
    with pytest.raises(ValueError, match=r"train has no end: take\(n\)"):
        fit(model, dataset.repeat())
    with pytest.raises(ValueError, match=r"train is empty: images of shape \(0, 8, 8, 1\)"):
        fit(model, (images[:0], labels[:0]))
    with pytest.raises(ValueError, match="validation is empty"):
        fit(model, dataset, dataset.take(0))
    with pytest.raises(ValueError, match="validation is empty"):
        fit(model, dataset, (images[:0], labels[:0]))
    assert int(model.optimizer.iterations) == 0


@pytest.mark.parametrize("name", ["train", "validation"])
def test_labels_that_do_not_fit_the_loss_are_refused(fit, keras, make_model, images, labels, name):
    sparse = make_model()
    one_hot = keras.utils.to_categorical(labels, 3)
    categorical = make_model(loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    binary = make_model(loss="binary_crossentropy", units=1)

    def expect(message, model, right, wrong):
        data = [(images, right), (images, right)]
        data[name == "validation"] = (images, wrong)
        with pytest.raises(ValueError, match=f"{name}: {message}"):
            fit(model, *data)

    expect("labels of shape .* look one-hot", sparse, labels, one_hot)
    expect("the loss .* from 0 to 2 .* received 0 to 3", sparse, labels, np.append(labels[1:], 3))
    expect("the loss .* from 0 to 2 .* received -1 to 2", sparse, labels, np.append(labels[1:], -1))
    expect("labels of shape .* takes one-hot rows", categorical, one_hot, labels)
    expect("labels of shape .* one-hot rows", categorical, one_hot, one_hot[:, :2])
    expect("the loss .* from 0 to 1 .* received 0 to 2", categorical, one_hot, 2 * one_hot)
    expect("the loss .* from 0 to 1 .* received 0 to 2", binary, labels % 2, labels)


def test_labels_in_a_dataset_that_do_not_fit_are_refused(fit, keras, make_model, images, labels):
    one_hot = keras.utils.to_categorical(labels, 3)
    with pytest.raises(ValueError, match=r"train: labels of shape .* look one-hot"):
        fit(make_model(), batches_of(images, one_hot))
    with pytest.raises(ValueError, match=r"labels do not fit the loss, in epoch 1: .*\b3\b"):
        fit(make_model(), batches_of(images, labels + 1))


def test_a_gpu_that_is_not_there_is_refused(fit, loaded, make_model, images, labels, monkeypatch):
    monkeypatch.setattr(
        loaded["devices"], "find_devices", lambda kind=None: [] if kind else ["cpu:0"]
    )
    model = make_model()
    with pytest.raises(
        RuntimeError, match=r"device='gpu' was asked for.*finds none; it finds cpu:0"
    ):
        fit(model, (images, labels), device="gpu")
    with pytest.raises(ValueError, match="device must be None or one of tpu, gpu, cpu"):
        fit(model, (images, labels), device="cuda")
    assert int(model.optimizer.iterations) == 0


def test_tensorboard_without_its_package_is_said_before_training(
    fit, keras, make_model, images, labels, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    model = make_model()
    with pytest.raises(ImportError, match="package is not installed: pip install tensorboard"):
        fit(model, (images, labels), callbacks=[keras.callbacks.TensorBoard(tmp_path)])
    assert int(model.optimizer.iterations) == 0
    fit(model, (images, labels), callbacks=[keras.callbacks.TerminateOnNaN()])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1; received 0"),
        ({"epochs": 1.5}, TypeError, "epochs must be an int; received 1.5"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"batch_size": True}, TypeError, "batch_size must be an int"),
        ({"patience": 0}, ValueError, "patience must be at least 1"),
        ({"patience": 1.5}, TypeError, "patience must be an int or None; received 1.5"),
        ({"patience": 3}, ValueError, "patience needs validation"),
        ({"averaging": 1}, ValueError, "averaging must lie between 0 and 1"),
        ({"averaging": "ema"}, TypeError, "averaging must be a number"),
        ({"schedule": 0.1}, TypeError, "schedule must be a LearningRateSchedule"),
        ({"callbacks": [print]}, TypeError, "callbacks must be Keras callbacks"),
    ],
)
def test_options_out_of_range_are_named(fit, make_model, images, labels, options, error, message):
    with pytest.raises(error, match=message):
        fit(make_model(), (images, labels), **options)


def test_what_is_no_model_or_no_data_is_named(fit, training, keras, make_model, images, labels):
    with pytest.raises(TypeError, match=r"model must be a keras.Model; received str"):
        fit("model", (images, labels))
    with pytest.raises(ValueError, match="model must be compiled"):
        fit(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), (images, labels))
    with pytest.raises(TypeError, match=r"train must be a tf.data.Dataset.* received ndarray"):
        fit(make_model(), images)
    with pytest.raises(TypeError, match="train: images must be numbers; received the dtype <U1"):
        fit(make_model(), (np.array(list("abc")), labels[:3]))
    with pytest.raises(
        ValueError, match="as many labels as images; received 100 images, 99 labels"
    ):
        fit(make_model(), (images, labels[1:]))
    with pytest.raises(TypeError, match=r"validation must be None, .* arrays .* received ndarray"):
        fit(make_model(), (images, labels), images)
    alone = batches_of(images, labels).map(lambda images, labels: images)
    for data in ([alone], [(images, labels), alone]):
        with pytest.raises(ValueError, match=r"must give batches .*; received TensorSpec\(shape"):
            fit(make_model(), *data)
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    unbuilt.compile("sgd", "mse")
    with pytest.raises(ValueError, match="model must be built"):
        fit(unbuilt, (images, labels))
    model = make_model()
    fit(model, (images, labels), epochs=1)
    with pytest.raises(ValueError, match="averaging must be given when training begins"):
        fit(model, (images, labels), averaging=0.9)

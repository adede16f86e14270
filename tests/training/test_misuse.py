"""What is easily done wrong with ``fit``, or was right and was refused, and what it says."""

import os
import signal

import numpy as np
import pytest

pytestmark = pytest.mark.slow
COUNT = 64


@pytest.fixture
def fit(training, numbers):
    def fit(model, train=None, *arguments, **options):
        options = {"epochs": 2, "progress": False, "batch_size": 16} | options
        return training.fit(model, numbers if train is None else train, *arguments, **options)

    return fit


def sliced(*arrays, size=16):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(arrays).batch(size)


def test_a_schedule_for_an_optimiser_that_is_at_its_end_is_refused(
    fit, training, make_small, make_killer, Killed, tmp_path
):
    def schedule(steps):
        return training.one_cycle(0.1, steps)

    model = make_small()
    fit(model, schedule=schedule)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"has made 8 updates.* Compile the model anew"):
        fit(model, schedule=schedule)
    make_small(model=model)
    fit(model, schedule=schedule)
    assert not np.array_equal(before[0], model.get_weights()[0])
    model = make_small()
    with pytest.raises(Killed):
        fit(model, schedule=schedule, checkpoint=tmp_path, callbacks=[make_killer(5)])
    fit(model, schedule=schedule, checkpoint=tmp_path)  # that is no new training


def test_callbacks_see_the_average_that_was_validated(fit, keras, make_small, numbers, tmp_path):
    path = tmp_path / "best.keras"
    best = keras.callbacks.ModelCheckpoint(path, save_best_only=True)
    history = fit(make_small(), None, numbers, averaging=0.9, callbacks=[best]).history
    loss = keras.models.load_model(path).evaluate(*numbers, verbose=0, batch_size=128)
    assert loss == pytest.approx(min(history["val_loss"]), rel=1e-5)


def test_weights_that_are_lost_in_the_last_step_are_said_without_a_checkpoint(
    fit, training, keras, make_small, numbers
):
    model = make_small(keras.optimizers.SGD(1e38))
    with pytest.raises(training.DivergedError, match="weights are not finite any more after epoch"):
        fit(model, (1e4 * numbers[0][:16], numbers[1][:16]), epochs=1)


def test_csvlogger_goes_on_in_its_file(fit, keras, make_small, make_killer, Killed, tmp_path):
    def log():
        return keras.callbacks.CSVLogger(tmp_path / "log.csv")

    how = {"epochs": 4, "checkpoint": tmp_path / "run"}
    with pytest.raises(Killed):
        fit(make_small(), callbacks=[log(), make_killer(9)], **how)
    fit(make_small(), callbacks=[log()], **how)
    rows = (tmp_path / "log.csv").read_text().split()
    assert [row.split(",")[0] for row in rows] == ["epoch", "0", "1", "2", "3"]


def test_a_residual_model_built_again_in_the_process_is_the_same_model(
    fit, keras, training, make_small, numbers, tmp_path
):
    def residual(multiply=False):
        inputs = keras.Input((4,))
        x = keras.layers.Dense(4)(inputs)
        x = x * inputs if multiply else x + inputs
        return make_small(model=keras.Model(inputs, keras.layers.Dense(3)(x)))

    fit(residual(), checkpoint=tmp_path, epochs=1)
    assert len(fit(residual(), checkpoint=tmp_path).history["loss"]) == 2
    with pytest.raises(training.CheckpointError, match="is of another model"):
        fit(residual(multiply=True), checkpoint=tmp_path)


def test_a_callback_may_end_a_training_inside_an_epoch(fit, keras, make_small):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model = make_small()
    assert len(fit(model, callbacks=[Stop()]).history["loss"]) == 1
    assert int(model.optimizer.iterations) == 2


def test_a_schedule_that_does_not_describe_itself_trains(fit, keras, make_small, tmp_path):
    class Constant(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1

    rates = 0.1, Constant()
    expected, model = (make_small(keras.optimizers.SGD(rate)) for rate in rates)
    fit(expected)
    fit(model, checkpoint=tmp_path)
    np.testing.assert_array_equal(model.get_weights()[0], expected.get_weights()[0])


def test_what_describes_a_loss_is_the_same_in_every_process(keras, training):
    state = training.fit.__globals__["state"]

    def make_loss():
        return lambda a, b: 0.0

    losses = [keras.losses.MeanSquaredError(), make_loss()]
    found = state._describe_loss(losses)
    assert found[0][0] == "MeanSquaredError"
    assert state._name_object(make_loss()) == state._name_object(losses[1])
    assert " at 0x" not in state._name_object(losses[1])


def test_a_dict_that_looks_like_a_mark_comes_back(training):
    from cnn_tutorial.training import attributes

    plain = {"settings": {"array": "cifar"}}
    assert attributes.join_arrays(*attributes.split_arrays(plain, "memory")) == plain


def test_a_folder_that_another_training_uses_is_refused(fit, training, keras, make_small, tmp_path):
    class Second(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            with pytest.raises(training.CheckpointError, match="another training is using"):
                fit(make_small(), checkpoint=tmp_path)

    fit(make_small(), checkpoint=tmp_path, callbacks=[Second()])
    assert len(list(tmp_path.iterdir())) == 2
    fit(make_small(), checkpoint=tmp_path)


def test_validation_without_an_end_is_refused(fit, make_small, numbers):
    with pytest.raises(ValueError, match="validation has no end: take"):
        fit(make_small(), None, sliced(*numbers).repeat())


@pytest.fixture
def make_batches(keras, numbers):
    class Batches(keras.utils.PyDataset):
        def __init__(self, labels):
            super().__init__()
            self.labels, self.rng = labels, np.random.default_rng(0)
            self.drawn = []

        def __len__(self):
            return 4

        def __getitem__(self, place):
            self.drawn.append(self.rng.random())
            part = slice(16 * place, 16 * place + 16)
            return numbers[0][part], self.labels[part]

    return Batches


def test_labels_of_another_shape_are_said_before_training(
    fit, keras, make_small, make_batches, numbers
):
    one_hot, model = keras.utils.to_categorical(numbers[1], 3), make_small()
    for data in (sliced(numbers[0], one_hot), make_batches(one_hot)):
        with pytest.raises(ValueError, match=r"validation: labels of shape .* look one-hot"):
            fit(model, None, data)
    with pytest.raises(ValueError, match=r"train: labels of shape .* look one-hot"):
        fit(model, make_batches(one_hot))
    assert int(model.optimizer.iterations) == 0


def test_looking_at_the_first_batch_leaves_no_trace(training, make_small, make_batches, numbers):
    from cnn_tutorial.training import preparing

    data = make_batches(numbers[1])
    preparing.prepare_validation(data, make_small())
    assert data.drawn == []
    assert data.rng.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize("kind", ["sparse", "binary", "categorical"])
def test_labels_out_of_range_in_a_dataset_are_said_when_they_come(
    fit, keras, make_small, numbers, kind, monkeypatch
):
    images, labels = numbers
    wrong = labels.copy()
    wrong[40] = 3  # in the third batch
    if kind == "categorical":
        labels, wrong = (2.0 * keras.utils.to_categorical(one, 4)[:, :3] for one in (labels, wrong))
        labels /= 2
        model = make_small(loss="categorical_crossentropy")
        message = "takes labels from 0 to 1 .*; received 0 to 2"
    elif kind == "binary":
        labels = labels % 2
        wrong = np.where(np.arange(COUNT) == 40, 3, labels)
        model = make_small(loss=keras.losses.BinaryCrossentropy(from_logits=True), units=1)
        message = "takes labels from 0 to 1 .*; received 0 to 3"
    else:
        monkeypatch.setattr(keras.backend, "backend", lambda: "jax")  # TensorFlow looks itself
        model = make_small()
        message = "takes labels from 0 to 2 .*; received 0 to 3"
    fit(model, sliced(images, labels), sliced(images, labels), epochs=1)
    with pytest.raises(ValueError, match=f"do not fit the loss, in epoch 1: train: .* {message}"):
        fit(model, sliced(images, wrong), epochs=1)
    with pytest.raises(ValueError, match=f"epoch 1: validation: .* {message}"):
        fit(model, sliced(images, labels), sliced(images, wrong), epochs=1)


@pytest.mark.parametrize("last", [False, True])
def test_ctrl_c_in_what_follows_the_last_step_of_an_epoch_is_not_lost(
    fit, training, keras, make_small, last, tmp_path
):
    class Press(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == int(last):
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(training.TrainingInterrupted) as info:
        fit(make_small(), checkpoint=tmp_path, callbacks=[Press()])
    assert ("training is complete" in str(info.value)) is last
    assert len(fit(make_small(), checkpoint=tmp_path).history["loss"]) == 2


def test_ctrl_c_says_what_has_to_be_made_anew(fit, training, keras, make_small, numbers, tmp_path):
    class Press(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            os.kill(os.getpid(), signal.SIGINT)

    for name, train in {
        "shuffled": sliced(*numbers).shuffle(4, seed=1),
        "fixed": sliced(*numbers),
    }.items():
        with pytest.raises(training.TrainingInterrupted) as info:
            fit(make_small(), train, checkpoint=tmp_path / name, callbacks=[Press()])
        assert ("make train anew" in str(info.value)) is (name == "shuffled")


def test_arguments_of_another_type_are_named(fit, keras, make_small):
    with pytest.raises(TypeError, match=r"checkpoint must be the path of a folder, or None; .* 3"):
        fit(make_small(), checkpoint=3)
    with pytest.raises(TypeError, match="callbacks must be a list of Keras callbacks"):
        fit(make_small(), callbacks=keras.callbacks.EarlyStopping())
    model = make_small()
    fit(model, callbacks=(one for one in [keras.callbacks.TerminateOnNaN()]), epochs=1)


def test_float16_is_named_among_the_causes_whatever_the_policy_is_now(
    fit, training, keras, make_small, numbers
):
    half = keras.layers.Dense(3, dtype="mixed_float16")
    model = make_small(model=keras.Sequential([keras.Input((4,)), half]))
    bad = np.full_like(numbers[0], np.nan)
    with pytest.raises(training.DivergedError, match="float16, which ends at 65504"):
        fit(model, (bad, numbers[1]))
    with pytest.raises(training.DivergedError) as info:
        fit(make_small(), (bad, numbers[1]))
    assert "float16" not in str(info.value)

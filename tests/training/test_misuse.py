"""What is easily done wrong with ``fit``, or was right and was refused, and what it says."""

import os
import signal

import numpy as np
import pytest

pytestmark = pytest.mark.slow


def sliced(*arrays, size=16):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(arrays).batch(size)


def test_a_schedule_for_an_optimiser_that_is_at_its_end_is_refused(
    fit_numbers, training, make_small, make_killer, Killed, tmp_path
):
    def schedule(steps):
        return training.one_cycle(0.1, steps)

    model = make_small()
    fit_numbers(model, schedule=schedule)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"has made 16 updates.* Compile the model anew"):
        fit_numbers(model, schedule=schedule)
    make_small(model=model)
    fit_numbers(model, schedule=schedule)
    assert not np.array_equal(before[0], model.get_weights()[0])
    model = make_small()
    with pytest.raises(Killed):
        fit_numbers(model, schedule=schedule, checkpoint=tmp_path, callbacks=[make_killer(5)])
    fit_numbers(model, schedule=schedule, checkpoint=tmp_path)  # that is no new training


def test_callbacks_see_the_average_that_was_validated(
    fit_numbers, keras, make_small, numbers, tmp_path
):
    path = tmp_path / "best.keras"
    best = keras.callbacks.ModelCheckpoint(path, save_best_only=True)
    history = fit_numbers(make_small(), None, numbers, averaging=0.9, callbacks=[best]).history
    loss = keras.models.load_model(path).evaluate(*numbers, verbose=0, batch_size=128)
    assert loss == pytest.approx(min(history["val_loss"]), rel=1e-5)


def test_weights_that_are_lost_in_the_last_step_are_said_without_a_checkpoint(
    fit_numbers, training, keras, make_small, numbers
):
    model = make_small(keras.optimizers.SGD(1e38))
    with pytest.raises(training.DivergedError, match="weights are not finite any more after epoch"):
        fit_numbers(model, (1e4 * numbers[0][:16], numbers[1][:16]), epochs=1)


def test_csvlogger_goes_on_in_its_file(
    fit_numbers, keras, make_small, make_killer, Killed, tmp_path
):
    def log():
        return keras.callbacks.CSVLogger(tmp_path / "log.csv")

    how = {"epochs": 4, "checkpoint": tmp_path / "run"}
    with pytest.raises(Killed):
        fit_numbers(make_small(), callbacks=[log(), make_killer(9)], **how)
    fit_numbers(make_small(), callbacks=[log()], **how)
    rows = (tmp_path / "log.csv").read_text().split()
    assert [row.split(",")[0] for row in rows] == ["epoch", "0", "1", "2", "3"]


def test_a_residual_model_built_again_in_the_process_is_the_same_model(
    fit_numbers, keras, training, make_small, numbers, tmp_path
):
    def residual(multiply=False):
        inputs = keras.Input((4,))
        x = keras.layers.Dense(4)(inputs)
        x = x * inputs if multiply else x + inputs
        return make_small(model=keras.Model(inputs, keras.layers.Dense(3)(x)))

    fit_numbers(residual(), checkpoint=tmp_path, epochs=1)
    assert len(fit_numbers(residual(), checkpoint=tmp_path, epochs=2).history["loss"]) == 2
    with pytest.raises(training.CheckpointError, match="is of another model"):
        fit_numbers(residual(multiply=True), checkpoint=tmp_path)


def test_a_callback_may_end_a_training_inside_an_epoch(fit_numbers, keras, make_small):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model = make_small()
    assert len(fit_numbers(model, callbacks=[Stop()]).history["loss"]) == 1
    assert int(model.optimizer.iterations) == 2


def test_a_schedule_that_does_not_describe_itself_trains(fit_numbers, keras, make_small, tmp_path):
    class Constant(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1

    rates = 0.1, Constant()
    expected, model = (make_small(keras.optimizers.SGD(rate)) for rate in rates)
    fit_numbers(expected)
    fit_numbers(model, checkpoint=tmp_path)
    np.testing.assert_array_equal(model.get_weights()[0], expected.get_weights()[0])


def test_what_describes_a_loss_is_the_same_in_every_process(keras, loaded):
    state = loaded["state"]

    def make_loss():
        return lambda a, b: 0.0

    losses = [keras.losses.MeanSquaredError(), make_loss()]
    found = state._describe_loss(losses)
    assert found[0][0] == "MeanSquaredError"
    assert state._name_object(make_loss()) == state._name_object(losses[1])
    assert " at 0x" not in state._name_object(losses[1])


def test_a_folder_that_another_training_uses_is_refused(
    fit_numbers, training, keras, make_small, tmp_path
):
    class Second(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            with pytest.raises(training.CheckpointError, match="another training is using"):
                fit_numbers(make_small(), checkpoint=tmp_path)

    fit_numbers(make_small(), checkpoint=tmp_path, callbacks=[Second()])
    assert len(list(tmp_path.iterdir())) == 2
    fit_numbers(make_small(), checkpoint=tmp_path)


def test_validation_without_an_end_is_refused(fit_numbers, make_small, numbers):
    with pytest.raises(ValueError, match="validation has no end: take"):
        fit_numbers(make_small(), None, sliced(*numbers).repeat())


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
    fit_numbers, keras, make_small, make_batches, numbers
):
    one_hot, model = keras.utils.to_categorical(numbers[1], 3), make_small()
    for data in (sliced(numbers[0], one_hot), make_batches(one_hot)):
        with pytest.raises(ValueError, match=r"validation: labels of shape .* look one-hot"):
            fit_numbers(model, None, data)
    with pytest.raises(ValueError, match=r"train: labels of shape .* look one-hot"):
        fit_numbers(model, make_batches(one_hot))
    assert int(model.optimizer.iterations) == 0


def test_looking_at_the_first_batch_leaves_no_trace(training, make_small, make_batches, numbers):
    from cnn_tutorial.training import preparing

    data = make_batches(numbers[1])
    preparing.prepare_validation(data, make_small())
    assert data.drawn == []
    assert data.rng.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize("kind", ["binary", "categorical"])  # sparse: test_jax.py
def test_labels_out_of_range_in_a_dataset_are_said_when_they_come(
    fit_numbers, keras, make_small, numbers, kind
):
    images, labels = numbers
    wrong = labels.copy()
    wrong[40] = 3  # in the third batch
    if kind == "categorical":
        labels, wrong = (2.0 * keras.utils.to_categorical(one, 4)[:, :3] for one in (labels, wrong))
        labels /= 2
        model = make_small(loss="categorical_crossentropy")
        message = "takes labels from 0 to 1 .*; received 0 to 2"
    else:
        labels = labels % 2
        wrong = np.where(np.arange(len(labels)) == 40, 3, labels)
        model = make_small(loss=keras.losses.BinaryCrossentropy(from_logits=True), units=1)
        message = "takes labels from 0 to 1 .*; received 0 to 3"
    fit_numbers(model, sliced(images, labels), sliced(images, labels), epochs=1)
    with pytest.raises(ValueError, match=f"do not fit the loss, in epoch 1: train: .* {message}"):
        fit_numbers(model, sliced(images, wrong), epochs=1)
    with pytest.raises(ValueError, match=f"epoch 1: validation: .* {message}"):
        fit_numbers(model, sliced(images, labels), sliced(images, wrong), epochs=1)


@pytest.mark.parametrize("last", [False, True])
def test_ctrl_c_in_what_follows_the_last_step_of_an_epoch_is_not_lost(
    fit_numbers, training, keras, make_small, last, tmp_path
):
    class Press(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == int(last):
                os.kill(os.getpid(), signal.SIGINT)

    options = {"checkpoint": tmp_path, "epochs": 2}
    with pytest.raises(training.TrainingInterrupted) as info:
        fit_numbers(make_small(), callbacks=[Press()], **options)
    assert ("training is complete" in str(info.value)) is last
    assert len(fit_numbers(make_small(), **options).history["loss"]) == 2


def test_ctrl_c_says_what_has_to_be_made_anew(
    fit_numbers, training, make_small, make_interrupt, numbers, tmp_path
):
    for name, train in {
        "shuffled": sliced(*numbers).shuffle(4, seed=1),
        "fixed": sliced(*numbers),
    }.items():
        with pytest.raises(training.TrainingInterrupted) as info:
            fit_numbers(
                make_small(), train, checkpoint=tmp_path / name, callbacks=[make_interrupt(0)]
            )
        assert ("make train anew" in str(info.value)) is (name == "shuffled")


def test_arguments_of_another_type_are_named(fit_numbers, keras, make_small):
    with pytest.raises(TypeError, match=r"checkpoint must be the path of a folder, or None; .* 3"):
        fit_numbers(make_small(), checkpoint=3)
    with pytest.raises(TypeError, match="callbacks must be a list of Keras callbacks"):
        fit_numbers(make_small(), callbacks=keras.callbacks.EarlyStopping())
    model = make_small()
    fit_numbers(model, callbacks=(one for one in [keras.callbacks.TerminateOnNaN()]), epochs=1)


def test_float16_is_named_among_the_causes_whatever_the_policy_is_now(
    fit_numbers, training, keras, make_small, numbers
):
    half = keras.layers.Dense(3, dtype="mixed_float16")
    model = make_small(model=keras.Sequential([keras.Input((4,)), half]))
    bad = np.full_like(numbers[0], np.nan)
    with pytest.raises(training.DivergedError, match="float16, which ends at 65504"):
        fit_numbers(model, (bad, numbers[1]))
    with pytest.raises(training.DivergedError) as info:
        fit_numbers(make_small(), (bad, numbers[1]))
    assert "float16" not in str(info.value)

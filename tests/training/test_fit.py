"""What ``fit`` does besides going on: the order of data, options, what it refuses, what it says."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def recorder(keras):
    """A model that changes nothing and a list of the labels that it was trained on, in order."""
    seen = []

    class Record(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)
            self.build((None, 1))

        def build(self, shape):
            self.dense.build(shape)
            self.built = True

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            seen.append(np.asarray(data[1]).tolist())
            return super().train_step(data)

    model = Record()
    model.compile("sgd", "mse", run_eagerly=True)
    return model, seen


def test_arrays_come_in_the_documented_order(fit, recorder):
    model, seen = recorder
    numbers = np.arange(10)
    fit(model, (numbers[:, None] / 10, numbers), epochs=3, seed=4, batch_size=4)
    orders = [np.random.default_rng((4, epoch)).permutation(10) for epoch in range(3)]
    expected = [order[start : start + 4].tolist() for order in orders for start in (0, 4, 8)]
    assert seen == expected


def test_a_dataset_is_begun_once_an_epoch(fit, recorder):
    import tensorflow as tf

    model, seen = recorder
    numbers = np.arange(10)

    def make():
        pairs = tf.data.Dataset.from_tensor_slices((numbers[:, None] / 10, numbers))
        return pairs.shuffle(10, seed=2).batch(5)

    fit(model, make(), epochs=3)
    dataset = make()
    assert seen == [batch[1].numpy().tolist() for _ in range(3) for batch in dataset]


def test_the_weights_are_those_of_bare_model_fit(fit, make_model, assert_same, images, labels):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(32)
    bare, model = make_model(), make_model()
    expected = bare.fit(dataset, epochs=3, validation_data=dataset, verbose=0)
    history = fit(model, dataset, dataset, epochs=3)
    assert_same(bare, model)
    assert history.history == expected.history
    assert history.epoch == [0, 1, 2]


def test_the_order_depends_on_the_seed_and_the_steps_on_the_batch_size(
    fit, make_model, images, labels
):
    def train(**options):
        model = make_model()
        fit(model, (images, labels), **options)
        return model.get_weights()[0], int(model.optimizer.iterations)

    (weights, steps), (same, _), (other, _) = train(), train(seed=0), train(seed=1)
    np.testing.assert_array_equal(weights, same)
    assert not np.array_equal(weights, other)
    assert steps == 2 * 4
    assert train(batch_size=50)[1] == 2 * 2
    assert train(epochs=1)[1] == 4


def test_the_schedule_is_asked_for_the_number_of_updates_and_is_used(
    fit, training, keras, make_model, images, labels
):
    asked = []

    def make(steps):
        asked.append(steps)
        return training.one_cycle(0.1, steps)

    rates = []
    model = make_model(keras.optimizers.SGD(0.5))
    note = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda *_, **__: rates.append(float(model.optimizer.learning_rate))
    )
    fit(model, (images, labels), schedule=make, callbacks=[note])
    assert asked == [8]
    schedule = training.one_cycle(0.1, 8)
    np.testing.assert_allclose(rates, [float(schedule(step)) for step in range(8)], rtol=1e-6)
    expected = make_model(keras.optimizers.SGD(training.one_cycle(0.1, 8)))
    fit(expected, (images, labels))
    np.testing.assert_array_equal(model.get_weights()[0], expected.get_weights()[0])


def test_averaging_is_the_moving_average_of_the_weights(fit, keras, make_model, images, labels):
    weights = []
    keep = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda *_, **__: weights.append(model.trainable_variables[0].numpy())
    )
    model = make_model()
    fit(model, (images, labels), averaging=0.7, callbacks=[keep])
    average = weights[0]
    for one in weights[1:]:
        average = 0.7 * average + 0.3 * one
    np.testing.assert_allclose(model.trainable_variables[0].numpy(), average, rtol=1e-5, atol=1e-6)
    assert not np.allclose(average, weights[-1], rtol=1e-3)


def test_the_average_is_what_is_validated(fit, keras, make_model, images, labels):
    model = make_model()
    history = fit(model, (images, labels), (images, labels), averaging=0.7)
    loss = model.evaluate(images, labels, verbose=0, batch_size=128)[0]
    assert history.history["val_loss"][-1] == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("averaging", [None, 0.5])
def test_patience_ends_a_training_with_the_weights_of_the_best_epoch(
    fit, keras, make_model, images, labels, averaging
):
    model = make_model(keras.optimizers.SGD(0.05))
    validation = images, (labels + 1) % 3  # what is learned makes it worse
    options = {"epochs": 30, "patience": 2, "averaging": averaging}
    history = fit(model, (images, labels), validation, **options).history
    losses = history["val_loss"]
    assert len(losses) == np.argmin(losses) + 3 < 30
    loss = model.evaluate(*validation, verbose=0, batch_size=128)[0]
    assert loss == pytest.approx(min(losses), rel=1e-5)


def test_label_smoothing_comes_with_the_loss(fit, keras, make_model, images, labels):
    targets = keras.utils.to_categorical(labels, 3)

    def train(smoothing):
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
        model = make_model(loss=loss)
        fit(model, (images, targets), epochs=1)
        outputs = keras.ops.convert_to_numpy(model(images))
        return model.get_weights()[0], float(loss(targets, outputs)), outputs

    (plain, _, _), (smooth, found, outputs) = train(0.0), train(0.2)
    assert not np.array_equal(plain, smooth)
    logs = outputs - np.log(np.exp(outputs).sum(-1, keepdims=True))
    expected = -((0.8 * targets + 0.2 / 3) * logs).sum(-1).mean()
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_and_goes_on(
    fit, keras, make_model, make_killer, Killed, assert_same, images, labels, tmp_path, policy
):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        whole, killed, resumed = (make_model(seed=seed) for seed in (5, 5, 6))
    finally:
        keras.config.set_dtype_policy(before)
    assert whole.layers[2].compute_dtype == policy.removeprefix("mixed_")
    options = {"epochs": 3, "averaging": 0.5}
    fit(whole, (images, labels), **options)
    with pytest.raises(Killed):
        fit(killed, (images, labels), checkpoint=tmp_path, callbacks=[make_killer(7)], **options)
    fit(resumed, (images, labels), checkpoint=tmp_path, **options)
    assert_same(whole, resumed)


def test_tensorboard_writes_its_logs(fit, keras, make_model, images, labels, tmp_path):
    pytest.importorskip("tensorboard")
    board = keras.callbacks.TensorBoard(tmp_path / "logs")
    fit(make_model(), (images, labels), (images, labels), callbacks=[board])
    assert list((tmp_path / "logs" / "train").glob("events*"))
    assert list((tmp_path / "logs" / "validation").glob("events*"))


def test_progress_shows_epoch_loss_and_all_steps(
    training, loaded, make_model, images, labels, monkeypatch
):
    shown = []

    class Bar:
        def __init__(self, text, **settings):
            self.text, self.done, self.settings, self.total = text, 0, settings, None

        def __enter__(self):
            shown.append(self)
            return self

        def __exit__(self, *exception):
            pass

        def update(self, count):
            self.done += count
            shown.append((self.text, self.done))

    monkeypatch.setitem(loaded, "Progress", Bar)
    monkeypatch.setattr(sys.modules["cnn_tutorial.training.watching"], "_INTERVAL", 0)
    training.fit(make_model(), (images, labels), epochs=2)
    bar, *updates = shown
    assert bar.settings == {"unit": "steps", "shown": True, "timed": True}
    assert bar.total == bar.done == 8
    assert updates[-1][0].startswith("epoch 2 of 2, loss ")
    assert [done for _, done in updates] == sorted(done for _, done in updates)
    shown.clear()
    training.fit(make_model(), (images, labels), epochs=1, progress=False)
    assert shown[0].settings["shown"] is False


def test_a_model_trains_in_a_notebook_and_leaves_nothing_behind(tmp_path):
    import nbclient
    import nbformat

    code = """
import numpy as np
import keras
from cnn_tutorial import training
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.ones((64, 1))
history = training.fit(model, (x, x), epochs=3, checkpoint="checkpoint")
"""
    cells = [
        nbformat.v4.new_code_cell("from cnn_tutorial import session\nsession.start()"),
        nbformat.v4.new_code_cell(code.strip()),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(tmp_path)}}
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources=resources
    )
    client.execute(env={**os.environ, "PYTHONPATH": str(ROOT)})
    outputs = notebook.cells[1].outputs
    assert [dict(output.get("data", {"text": output.get("text")})) for output in outputs] == [{}]
    assert len(list((tmp_path / "checkpoint").iterdir())) == 2


def test_a_device_that_there_is_is_taken(fit, make_model, images, labels):
    fit(make_model(), (images, labels), epochs=1, device="cpu")

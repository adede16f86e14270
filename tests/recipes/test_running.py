"""Whole trainings of a tiny network: learning, schedule, loss, phases, resumption, JAX."""

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # Keras loads


@pytest.fixture(scope="module")
def recipes(keras):
    import tensorflow as tf

    from cnn_tutorial import recipes

    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(0)
    return recipes


def train(recipes, settings, **options):
    return recipes.train_cifar10(settings, progress=False, **options)


def test_the_recipe_learns_colours(recipes, tiny, stand_in, coloured):
    run = train(recipes, tiny(epochs=4))
    assert run.score(*coloured) > 0.6  # a constant answer has 0.1
    assert run.history["loss"][-1] < run.history["loss"][0]
    assert stand_in == [("cifar10", "train")]


def test_the_first_epochs_see_smaller_images(recipes, tiny, stand_in, monkeypatch):
    from cnn_tutorial import training

    seen, fit = [], training.fit

    def note(model, batches, **options):
        seen.append((batches[0][0].shape, options["epochs"]))
        return fit(model, batches, **options)

    from cnn_tutorial.recipes import AugmentedBatches

    epochs, take = [], AugmentedBatches.__getitem__

    def note_epoch(self, place):
        epochs.append(self.epoch)
        return take(self, place)

    monkeypatch.setattr(AugmentedBatches, "__getitem__", note_epoch)
    monkeypatch.setattr(training, "fit", note)
    run = train(recipes, tiny(epochs=3, small_epochs=1), limit=100)
    assert seen == [((50, 16, 16, 3), 1), ((50, 32, 32, 3), 2)]
    assert sorted(set(epochs)) == [0, 1, 2]  # each with augmentation of its own
    assert {len(values) for values in run.history.values()} == {3}
    assert run.seconds == sum(run.history["seconds"]) > 0
    assert run.processor_seconds == sum(run.history["processor_seconds"]) > 0
    assert run.history["first_step"][0] <= run.history["seconds"][0]


def test_a_run_on_small_images_alone_predicts_from_small_ones(
    recipes, tiny, stand_in, coloured, monkeypatch
):
    run = train(recipes, tiny(epochs=1, small_epochs=1, small_side=24), limit=50)
    seen, predict = [], run.model.predict

    def note(images, **options):
        seen.append(images.shape)
        return predict(images, **options)

    monkeypatch.setattr(run.model, "predict", note)
    run.predict(coloured[0][:5])
    assert set(seen) == {(5, 24, 24, 3)}


def test_split_seed_and_limit_are_passed_on(recipes, tiny, stand_in):
    base, limited, seeded = (
        train(recipes, tiny(epochs=1), **({"limit": 100} | options)).history["loss"]
        for options in ({}, {"limit": 50}, {"seed": 1, "split": "train+validation"})
    )
    assert base != limited
    assert base != seeded
    assert [split for _, split in stand_in] == ["train", "train", "train+validation"]


@pytest.fixture(scope="module")
def whole():
    """The uninterrupted run, once it was made."""
    return {}


@pytest.mark.parametrize("epochs", [1, 2])
def test_an_interrupted_run_ends_with_the_same_weights(
    recipes, tiny, stand_in, monkeypatch, tmp_path, whole, epochs
):
    from cnn_tutorial.recipes.clock import Clock

    settings = tiny(epochs=3, small_epochs=2)
    if not whole:
        whole["run"] = train(recipes, settings, limit=150)
    begin = Clock.on_epoch_begin

    def stop(self, epoch, logs=None):
        if self.epochs == epochs:
            raise KeyError("stopped")
        begin(self, epoch, logs)

    monkeypatch.setattr(Clock, "on_epoch_begin", stop)
    with pytest.raises(KeyError):
        train(recipes, settings, limit=150, checkpoint=tmp_path / "run")
    monkeypatch.setattr(Clock, "on_epoch_begin", begin)
    resumed = train(recipes, settings, limit=150, checkpoint=tmp_path / "run")
    for one, other in zip(
        whole["run"].model.get_weights(), resumed.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert resumed.history["loss"] == whole["run"].history["loss"]
    assert len(resumed.history["seconds"]) == 3


def compiled(tiny, smooth_images, **changes):
    from cnn_tutorial.recipes.running import make_model

    return make_model(tiny(**changes), smooth_images[:50], updates=11)


def rates(keras, optimizer):
    found = []
    for step in (0, 5, 10):
        optimizer.iterations.assign(step)
        found.append(float(keras.ops.convert_to_numpy(optimizer.learning_rate)))
    return found


@pytest.mark.parametrize(
    ("kind", "name", "peak"), [("muon", "MuonSGD", 1), ("sgd", "SGD", 0.5), ("adam", "Adam", 0.5)]
)
def test_the_rate_falls_from_its_peak_to_zero_or_stays(
    keras, tiny, smooth_images, kind, name, peak
):
    options = {"optimizer": kind, "rate": 0.5}
    falling = compiled(tiny, smooth_images, **options).optimizer
    constant = compiled(tiny, smooth_images, schedule="constant", **options).optimizer
    assert type(falling).__name__ == name
    np.testing.assert_allclose(rates(keras, falling), [peak, peak / 2, 0], atol=1e-6)
    np.testing.assert_allclose(rates(keras, constant), [peak] * 3)


def test_rates_of_muon_are_for_the_sum_over_a_batch(keras, tiny, smooth_images):
    options = {"rate": 0.1, "bias_rate": 0.2, "head_rate": 0.3, "weight_decay": 1e-3}
    for size in (10, 20):
        optimizer = compiled(tiny, smooth_images, batch_size=size, **options).optimizer
        assert optimizer.kernel_rate == 0.1
        assert optimizer.bias_rate == pytest.approx(0.2 * size)
        assert optimizer.head_rate == pytest.approx(0.3 * size * 16 / 256)
        assert optimizer.decay == pytest.approx(1e-3 * size)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_label_smoothing_is_in_the_loss(keras, tiny, smooth_images, smoothing):
    model = compiled(tiny, smooth_images, label_smoothing=smoothing)
    logits = np.array([[2.0] + [0.0] * 9], "float32")
    target = np.eye(10, dtype="float32")[:1]
    log_probs = logits - np.log(np.exp(logits).sum())
    expected = -(log_probs * ((1 - smoothing) * target + smoothing / 10)).sum()
    found = keras.ops.convert_to_numpy(model.loss(target, logits))
    assert found == pytest.approx(expected, rel=1e-5)


def test_averaging_changes_the_weights_in_the_end(recipes, tiny, stand_in):
    plain, averaged = (
        train(recipes, tiny(epochs=1, averaging=m), limit=150).model.get_layer("head").get_weights()
        for m in (None, 0.9)
    )
    assert not np.array_equal(plain[0], averaged[0])


def test_a_run_predicts_with_the_views_that_its_settings_ask_for(recipes, tiny, stand_in, coloured):
    images = coloured[0][:20]
    model = train(recipes, tiny(epochs=1), limit=100).model
    run = {
        views: recipes.Run(model, tiny(flip_averaging=views[0], shift_averaging=views[1]), {}, 0, 0)
        for views in [(False, 0), (True, 0), (True, 1)]
    }
    plain, flips, shifts = (one.predict(images) for one in run.values())
    np.testing.assert_allclose(plain, model.predict(images, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(flips, recipes.predict_with_flips(model, images), rtol=1e-5)
    shifted = recipes.predict_with_flips(model, images, shift=1)
    np.testing.assert_allclose(shifts, shifted, rtol=1e-5)
    assert not np.allclose(plain, flips)
    assert not np.allclose(flips, shifts)


def test_jax_begins_with_the_same_kernels_and_learns_as_fast(recipes, tiny, stand_in, coloured):
    from cnn_tutorial import session

    settings = tiny(epochs=1, small_epochs=1, batch_size=10)  # 16 pixels a side: XLA is slow here
    images, labels = (array[:100] for array in coloured)

    def on_jax(settings, images, labels):
        import numpy as np

        from cnn_tutorial import data, recipes, session

        session.start(seed=0, backend="jax")
        data.load = lambda name, **options: (images, labels)
        run = recipes.train_cifar10(settings, progress=False)
        kernel = recipes.make_network(settings, seed=3).get_layer("group2_conv1").kernel
        return run.history["loss"], np.asarray(kernel)

    losses, kernel = session.run_with("jax", on_jax, settings, images, labels, timeout=500)
    ours = train(recipes, settings, limit=100)
    # The last layer's first weights are the backend's own random numbers.
    np.testing.assert_allclose(losses, ours.history["loss"], rtol=0.05)
    here = recipes.make_network(settings, seed=3).get_layer("group2_conv1").kernel
    np.testing.assert_array_equal(np.asarray(here), kernel)


@pytest.mark.parametrize(
    ("settings", "options", "error", "message"),
    [
        ({"epochs": 1}, {}, TypeError, "settings must be a CIFAR10; received dict"),
        (None, {"split": "test"}, ValueError, "split must be 'train' or 'train.validation'"),
    ],
)
def test_bad_arguments_are_refused(recipes, tiny, settings, options, error, message):
    with pytest.raises(error, match=message):
        train(recipes, tiny() if settings is None else settings, **options)


def test_fewer_images_than_a_batch_are_refused(recipes, tiny, stand_in):
    with pytest.raises(ValueError, match="batch_size must be at most the number of images, 30"):
        train(recipes, tiny(), limit=30)

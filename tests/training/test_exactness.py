"""What would end with other weights, and say nothing of it: made exact, refused, or said."""

import random
import warnings
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "name", ["repeat", "repeat of batches", "cache", "concatenate", "a layer's cache", "inner"]
)
def test_an_order_that_cannot_be_had_again_is_refused_with_a_checkpoint(
    fit_numbers, keras, make_small, rows, tmp_path, name
):
    flip = keras.layers.GaussianNoise(0.1, seed=1)

    def noisy(images, labels):
        return flip(images, training=True), labels

    def inner():
        import tensorflow as tf

        shuffled = rows().shuffle(64, seed=1)
        return tf.data.Dataset.range(1).flat_map(lambda _: shuffled).batch(16)

    train = {
        "repeat": lambda: rows().shuffle(64, seed=1).repeat().batch(24).take(4),
        "repeat of batches": lambda: rows().shuffle(64, seed=1).batch(32).repeat(2),
        "cache": lambda: rows().shuffle(64, seed=1).batch(16).cache(),
        "concatenate": lambda: rows().concatenate(rows().shuffle(64, seed=1)).batch(16),
        "a layer's cache": lambda: rows().batch(16).map(noisy).cache(),
        "inner": lambda: inner().apply(_claim(4)),
    }[name]
    with pytest.raises(ValueError, match="checkpoint needs a train whose order can be had again"):
        fit_numbers(make_small(), train(), checkpoint=tmp_path)
    fit_numbers(make_small(), train(), epochs=1)


def _claim(number):
    import tensorflow as tf

    return tf.data.experimental.assert_cardinality(number)


@pytest.mark.parametrize("name", ["repeat", "cache", "fixed", "constant layer"])
def test_what_the_refusal_advises_goes_on_exactly(
    fit_numbers,
    keras,
    make_small,
    make_killer,
    Killed,
    rows,
    numbers,
    tmp_path,
    name,
    have_equal_weights,
):
    rescale = keras.layers.Normalization()
    rescale.adapt(numbers[0])

    def train():
        return {
            "repeat": lambda: rows().repeat().shuffle(64, seed=1).batch(16).take(4),
            "cache": lambda: rows().cache().shuffle(64, seed=1).batch(16),
            "fixed": lambda: (
                rows().shuffle(64, seed=1, reshuffle_each_iteration=False).batch(16).cache()
            ),
            "constant layer": lambda: (
                rows().batch(16).map(lambda x, y: (rescale(x), y)).cache().shuffle(4, seed=2)
            ),
        }[name]()

    whole, killed, resumed = (make_small(seed=seed) for seed in (5, 5, 9))
    fit_numbers(whole, train())
    with pytest.raises(Killed):
        fit_numbers(killed, train(), checkpoint=tmp_path, callbacks=[make_killer(9)])
    fit_numbers(resumed, train(), checkpoint=tmp_path)
    assert have_equal_weights(whole, resumed)


def test_a_validation_that_begins_the_shuffle_of_train_is_refused(
    fit_numbers, make_small, rows, tmp_path
):
    train = rows().shuffle(64, seed=1).batch(16)
    for validation in (train, train.take(2)):
        with pytest.raises(ValueError, match="validation is made from the same shuffled dataset"):
            fit_numbers(make_small(), train, validation, checkpoint=tmp_path)
    with pytest.warns(UserWarning, match="validation is shuffled, anew every epoch"):
        fit_numbers(
            make_small(), train, rows().shuffle(64, seed=1).batch(16), checkpoint=tmp_path, epochs=1
        )


def test_a_dataset_without_an_order_goes_on_in_this_process(
    fit_numbers, make_small, make_killer, Killed, rows, tmp_path, have_equal_weights
):
    train, whole, model = rows().batch(16), make_small(), make_small()
    fit_numbers(whole, train)
    with pytest.raises(Killed):
        fit_numbers(model, train, checkpoint=tmp_path, callbacks=[make_killer(9)])
    fit_numbers(model, train, checkpoint=tmp_path)
    assert have_equal_weights(whole, model)


@pytest.fixture
def make_batches(keras, numbers):
    """A function that makes a ``PyDataset`` which keeps its order in one of several ways."""

    class Batches(keras.utils.PyDataset):
        def __init__(self, kind):
            super().__init__()
            count = len(numbers[0])
            self.kind, self.order = kind, list(range(count))
            if kind == "strings":
                self.order = np.array([str(place) for place in range(count)])
            elif kind == "paths":
                self.order = [Path(str(place)) for place in range(count)]
            elif kind == "RandomState":
                self.rng = np.random.RandomState(3)
            elif kind == "Generators":
                self.rng = {"order": [np.random.default_rng(3)]}
            elif kind == "Random":
                self.rng = random.Random(3)
            elif kind == "opaque":
                self.order = {place: place for place in range(count)}

        def __len__(self):
            return 4

        def __getitem__(self, place):
            chosen = [int(str(one)) for one in list(self.order)[16 * place : 16 * place + 16]]
            return numbers[0][chosen], numbers[1][chosen]

        def on_epoch_end(self):
            if self.kind == "Generators":
                self.rng["order"][0].shuffle(self.order)
            elif self.kind in ("RandomState", "Random"):
                self.rng.shuffle(self.order)
            elif self.kind == "strings":
                np.random.shuffle(self.order)  # noqa: NPY002
            elif self.kind == "paths":
                random.shuffle(self.order)

    return Batches


@pytest.mark.parametrize("kind", ["strings", "paths", "RandomState", "Generators", "Random"])
def test_what_a_pydataset_keeps_its_order_in_is_saved(
    fit_numbers, make_small, make_killer, Killed, make_batches, tmp_path, kind, have_equal_weights
):
    whole, resumed = make_small(), make_small(seed=9)
    first = make_batches(kind)
    fit_numbers(whole, first)
    with pytest.raises(Killed):
        fit_numbers(
            make_small(), make_batches(kind), checkpoint=tmp_path, callbacks=[make_killer(9)]
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*(cannot hold|not as it began)")
        second = make_batches(kind)
        fit_numbers(resumed, second, checkpoint=tmp_path)
    assert list(first.order) == list(second.order) != list(make_batches(kind).order)
    assert type(first.order[0]) is type(second.order[0])
    assert have_equal_weights(whole, resumed)


def test_a_pydataset_is_told_the_epoch(
    fit_numbers, make_small, make_batches, make_killer, Killed, tmp_path
):
    def told():
        data, epochs = make_batches("plain"), []
        data.set_epoch = epochs.append
        return data, epochs

    first, epochs = told()
    with pytest.raises(Killed):
        fit_numbers(make_small(), first, checkpoint=tmp_path, callbacks=[make_killer(9)])
    assert epochs == [0, 1, 2]
    second, epochs = told()
    fit_numbers(make_small(), second, checkpoint=tmp_path)
    assert epochs == [2, 3]


def test_a_pydataset_is_copied_for_a_checkpoint_alone(
    fit_numbers, make_small, make_batches, tmp_path
):
    from cnn_tutorial.training.feeding import make_feed

    feed = make_feed(make_batches("plain"), batch_size=1, seed=0)
    assert feed._before == {}
    feed.check_resumable(None)
    assert feed._before["order"] == list(range(64))


def test_what_cannot_be_saved_is_named(fit_numbers, keras, make_small, make_batches, tmp_path):
    class Note(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen, self.act = {1: 2}, print

    with pytest.warns(UserWarning, match="cannot hold") as caught:
        fit_numbers(
            make_small(), make_batches("opaque"), checkpoint=tmp_path, callbacks=[Note()], epochs=1
        )
    said = [str(one.message) for one in caught if "cannot hold" in str(one.message)]
    assert said[0].startswith("train: a checkpoint cannot hold the attribute order. If")
    assert said[1].startswith("callback Note: a checkpoint cannot hold the attribute seen. If")
    assert len(said) == 2


@pytest.fixture
def make_gan(keras):
    """A function that makes a model with a second optimiser of its own, built or not."""
    import tensorflow as tf

    class Two(keras.Model):
        def __init__(self, built):
            super().__init__()
            self.dense, self.other = keras.layers.Dense(3), [keras.optimizers.Adam(0.05)]
            self.dense.build((None, 4))
            if built:
                self.other[0].build(self.dense.trainable_variables)
            self.build((None, 4))

        def build(self, shape):
            self.built = True

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            images, labels = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(images, labels, self(images))
            variables = self.dense.trainable_variables
            self.other[0].apply(tape.gradient(loss, variables), variables)
            return {"loss": loss}

    return Two


def test_a_second_optimiser_of_the_model_is_saved(
    fit_numbers, keras, make_small, make_gan, make_killer, Killed, tmp_path, have_equal_weights
):
    def make_model(seed, built=True):
        keras.utils.set_random_seed(seed)
        return make_small(seed=seed, model=make_gan(built))

    whole, resumed = make_model(5), make_model(9)
    fit_numbers(whole)
    with pytest.raises(Killed):
        fit_numbers(make_model(5), checkpoint=tmp_path / "built", callbacks=[make_killer(9)])
    fit_numbers(resumed, checkpoint=tmp_path / "built")
    assert have_equal_weights(whole, resumed)
    with pytest.raises(ValueError, match="needs every optimiser of the model to be built"):
        fit_numbers(make_model(5, built=False), checkpoint=tmp_path / "unbuilt")


def test_a_rate_that_a_callback_left_is_not_taken_for_one_set_by_hand(
    fit_numbers, keras, make_small, make_killer, Killed, tmp_path, have_equal_weights
):
    def halve():
        return keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)

    whole, model = make_small(), make_small()
    fit_numbers(whole, callbacks=[halve()])
    with pytest.raises(Killed):
        fit_numbers(model, checkpoint=tmp_path, callbacks=[halve(), make_killer(9)])
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*(cannot hold|not as it began)")
        fit_numbers(model, checkpoint=tmp_path, callbacks=[halve()])
    assert have_equal_weights(whole, model)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01 / 16)


def test_a_rate_set_by_hand_is_taken_under_loss_scaling_too(
    fit_numbers, keras, make_small, tmp_path
):
    def scaled(rate):
        return make_small(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(rate)))

    fit_numbers(scaled(0.01), checkpoint=tmp_path, epochs=1)
    model = scaled(0.5)
    with pytest.warns(UserWarning, match=r"learning_rate was 0.0\d+ and is 0.5"):
        fit_numbers(model, checkpoint=tmp_path, epochs=2)
    assert float(model.optimizer.inner_optimizer.learning_rate) == 0.5

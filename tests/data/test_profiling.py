"""Who waits: measured with sleeps, whose length is known, and with clocks that are made up."""

import math
import re
import time

import numpy as np
import pytest

from cnn_tutorial import session
from cnn_tutorial.data import pipeline, profile_report, profiling
from cnn_tutorial.data.profile_report import Profile, Speed


def make(data, model=None, both=None, *, cores=1.0, first_pass=1e9):
    speeds = [None if rate is None else Speed(rate, cores) for rate in (data, model, both)]
    return Profile(*speeds, batch_size=32, first_pass=first_pass, seconds=2.0)


@pytest.mark.parametrize(
    ("rates", "cores", "words"),
    [
        ((1000, None, None), 1.0, "delivers 1,000 images a second"),
        ((5000, 1000, 950), 1.0, "The data keeps up"),
        ((900, 1000, 950), 1.0, "The data keeps up"),  # slower alone, by a noisy measurement
        ((200, 1000, 190), 1.0, "waits for the data, 81% of the time"),
        ((2000, 1000, 667), 1.0, "they take turns. Prefetch"),
        ((2000, 1000, 667), 2.0, "those are full"),
        ((9000, 1000, 500), 1.0, "the data's own work would explain 10%"),
    ],
)
def test_the_verdict_names_who_waits_and_by_how_much(rates, cores, words, monkeypatch):
    monkeypatch.setattr(profile_report, "count_cores", lambda: 2)
    assert words in make(*rates, cores=cores).verdict


def test_the_model_waits_for_one_minus_both_by_model():
    assert make(200, 1000, 250).waiting == 0.75
    assert make(200, 1000, 1010).waiting == 0.0
    assert make(200).waiting is None


def test_a_profile_prints_as_a_table_with_its_verdict(monkeypatch):
    monkeypatch.setattr(profile_report, "count_cores", lambda: 2)
    found = make(200.4, 12345.6, 190)
    assert str(found) == repr(found)
    assert str(found).splitlines()[:5] == [
        "Batches of 32, 2 s each after a warm-up, 2 cores",
        f"{'':30} images a second  cores busy",
        f"{'the data alone':30}             200         1.0",
        f"{'the model alone, on one batch':30}          12,346         1.0",
        f"{'both together':30}             190         1.0",
    ]
    assert found.verdict in str(found)
    assert "model alone" not in str(make(200))


def test_a_profile_says_when_the_first_pass_was_slower_or_did_not_end():
    assert "first pass ran at 100" in str(make(1000, first_pass=100.0))
    assert "did not end within this time" in str(make(1000, first_pass=None))
    assert "pass" not in str(make(1000, first_pass=900.0))


def test_a_profile_renders_as_an_accessible_table():
    markup = make(200, 1000, 190)._repr_html_()
    assert markup.count('<th scope="row"') == 3
    assert markup.count("<th scope='col'>") == 3
    assert re.search("<caption[^>]*>Batches of 32", markup)
    assert "81% of the time" in markup


def test_plot_draws_a_bar_for_each_speed():
    axes = make(200, 1000, 190).plot().axes[0]
    assert [bar.get_width() for bar in axes.patches] == [200, 1000, 190]
    assert len(make(200).plot().axes[0].patches) == 1


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on only when it is told to; ``clock.now += 1``."""

    class Clock:
        now = 100.0

        def perf_counter(self):
            return self.now

        def process_time(self):
            return 2 * self.now  # two cores are always busy

    clock = Clock()
    monkeypatch.setattr(profiling, "time", clock)
    return clock


def test_the_clock_leaves_the_warm_up_out_and_counts_every_image_after_it(clock):
    counter = profiling._Clock(8.0)
    clock.now += 50  # the first batch takes long
    assert counter.count(10) is None
    for _ in range(2):  # the warm-up ends when a quarter of 8 s has passed, with the third batch
        clock.now += 1
        assert counter.count(10) is None
    for _ in range(3):
        clock.now += 2
        assert counter.count(4) is None
    clock.now += 2
    assert counter.count(28) == Speed(rate=(4 + 4 + 4 + 28) / 8, cores=2.0)


def test_the_clock_warms_up_for_three_batches_even_when_one_takes_long(clock):
    counter = profiling._Clock(1.0)
    for _ in range(3):
        clock.now += 10
        assert counter.count(1) is None
    clock.now += 10
    assert counter.count(1).rate == 0.1


def test_the_clock_waits_for_work_that_is_not_done_yet(clock):
    counter = profiling._Clock(1.0)

    def finish():
        clock.now += 1

    for _ in range(3):
        clock.now += 10
        counter.count(1, finish)
    clock.now += 1
    assert counter.count(1, finish).rate == 0.5  # one second of its own, one to finish


@pytest.mark.slow
class TestOnTensorFlow:
    """With real datasets and models."""

    @pytest.fixture
    def model(self):
        import keras

        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss)
        return model

    @staticmethod
    def dataset(count=40, batch_size=10, *, pause=0.0, first_pause=0.0, labels=True):
        import tensorflow as tf

        def generate():
            time.sleep(first_pause)
            for start in range(0, count, batch_size):
                time.sleep(pause)
                size = min(batch_size, count - start)
                images = np.zeros((size, 4, 4, 1), np.float32)
                yield (images, np.zeros(size, np.int64)) if labels else images

        images = tf.TensorSpec((None, 4, 4, 1), tf.float32)
        both = (images, tf.TensorSpec((None,), tf.int64))
        return tf.data.Dataset.from_generator(generate, output_signature=both if labels else images)

    def test_the_data_is_as_fast_as_its_pauses_let_it_be(self):
        found = profiling.profile(self.dataset(count=10_000, pause=0.02), seconds=0.5)
        assert 100 < found.data <= 510  # at most 10 images in 20 ms; a busy machine is slower
        assert found.first_pass is None
        assert (found.model, found.both, found.waiting) == (None, None, None)

    def test_small_last_batches_are_counted_as_they_are(self):
        found = profiling.profile(self.dataset(count=11, pause=0.02), seconds=0.5)
        assert found.data <= 5.5 / 0.02 * 1.02  # 11 images in two pauses
        assert found.batch_size == 10

    def test_the_wait_for_slow_data_is_found(self, model):
        found = profiling.profile(self.dataset(count=1000, pause=0.05), model, seconds=0.5)
        assert found.both <= 205
        assert found.model > 2 * found.both
        assert found.waiting > 0.5
        assert "The model waits for the data" in found.verdict

    def test_the_start_of_the_first_pass_is_in_first_pass_alone(self):
        dataset = self.dataset(count=400, first_pause=0.5).cache()
        found = profiling.profile(dataset, seconds=0.4)
        assert found.first_pass < 400 / 0.5
        assert found.data > 2 * found.first_pass

    def test_seconds_decides_how_long_it_takes(self):
        dataset = self.dataset(count=10_000, pause=0.001)
        took = []
        for seconds in (0.2, 1.0):
            start = time.perf_counter()
            found = profiling.profile(dataset, seconds=seconds)
            took.append(time.perf_counter() - start)
            assert found.seconds == seconds
        assert took[1] > 1.2 > took[0]  # with a quarter more for the warm-up

    @pytest.mark.filterwarnings("ignore:Your input ran out of data")  # of fit in the test
    def test_the_model_is_as_it_was(self, model):
        model.fit(self.dataset(), epochs=2, shuffle=False, verbose=0)
        before = [v.numpy() for v in [*model.variables, *model.optimizer.variables]]
        history = model.history
        profiling.profile(self.dataset(), model, seconds=0.1)
        after = [v.numpy() for v in [*model.variables, *model.optimizer.variables]]
        assert len(before) > 6
        for old, new in zip(before, after, strict=True):
            np.testing.assert_array_equal(old, new)
        assert model.history is history
        assert model.stop_training is False

    def test_the_model_is_as_it_was_when_the_data_fails_on_the_way(self, model):
        import tensorflow as tf

        bias = model.layers[-1].bias.numpy()  # the images are black: kernels do not learn
        dataset = self.dataset(count=200)

        def fail(labels):
            if model.optimizer.iterations.numpy() > 0:  # it has trained, on one batch
                raise OSError("the disk has gone")
            return labels

        dataset = dataset.map(
            lambda x, y: (x, tf.ensure_shape(tf.numpy_function(fail, [y], tf.int64), (None,)))
        ).repeat()
        with pytest.raises(Exception, match="the disk has gone"):
            profiling.profile(dataset, model, seconds=0.2)
        np.testing.assert_array_equal(model.layers[-1].bias.numpy(), bias)

    def test_a_model_that_was_never_called_is_built(self):
        import keras

        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        assert profiling.profile(self.dataset(), model, seconds=0.1).both > 0

    def test_endless_data_and_several_steps_at_once_are_counted(self, model):
        loss = model.loss
        model.compile("adam", loss, steps_per_execution=4)
        found = profiling.profile(self.dataset(pause=0.01).repeat(), model, seconds=0.4)
        # At most 10 images in 10 ms; four steps counted as one would be a quarter of it.
        assert 300 < found.both <= 1100

    def test_bad_input_is_refused(self, model):
        import keras
        import tensorflow as tf

        dataset = self.dataset()
        raw = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
        single = tf.data.Dataset.from_tensor_slices((np.zeros((4, 8, 8, 1)), np.zeros(4)))
        for error, words, arguments in [
            (TypeError, r"dataset must be a tf\.data\.Dataset; received list", ([1, 2],)),
            (ValueError, "at least one batch; it is empty", (dataset.take(0),)),
            (ValueError, r"call \.batch", (single,)),
            (TypeError, r"model must be a keras\.Model or None; received str", (dataset, "cnn")),
            (ValueError, r"call model\.compile", (dataset, raw)),
            (ValueError, r"must give \(images, labels\)", (self.dataset(labels=False), model)),
        ]:
            with pytest.raises(error, match=words):
                profiling.profile(*arguments, seconds=0.1)

    @pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf])
    def test_seconds_must_be_positive(self, seconds):
        with pytest.raises(ValueError, match="seconds must be positive"):
            profiling.profile(self.dataset(), seconds=seconds)

    @pytest.mark.parametrize("seconds", ["2", None, True])
    def test_seconds_must_be_a_number(self, seconds):
        with pytest.raises(TypeError, match="seconds must be a number"):
            profiling.profile(self.dataset(), seconds=seconds)


@pytest.mark.slow
def test_it_works_on_jax_and_leaves_the_model_as_it_was():
    def on_jax():
        import keras
        import numpy as np
        import tensorflow as tf

        from cnn_tutorial.data import pipeline

        model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
        model.add(keras.layers.Dense(3))
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        before = [variable.numpy() for variable in model.variables]
        arrays = np.ones((50, 4, 4, 1), np.float32), np.arange(50) % 3
        dataset = tf.data.Dataset.from_tensor_slices(arrays).batch(20)
        found = pipeline.profile(dataset, model, seconds=0.2)
        after = [variable.numpy() for variable in model.variables]
        same = all((old == new).all() for old, new in zip(before, after, strict=True))
        return keras.backend.backend(), found.data, found.model, found.both, same

    backend, *rates, same = session.run_with("jax", on_jax)
    assert backend == "jax"
    assert same
    assert min(rates) > 100


def test_the_pipeline_module_has_all_of_it():
    assert pipeline.profile is profiling.profile
    assert all(hasattr(pipeline, name) for name in pipeline.__all__)

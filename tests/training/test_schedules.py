import math

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # Keras loads


def rates(keras, schedule, steps):
    return [float(keras.ops.convert_to_numpy(schedule(step))) for step in steps]


def one_cycle(t, peak, steps, rise, start, final):
    last = steps - 1
    top = round(rise * last)
    if t < top:
        return peak * (start + (1 - start) * t / top)
    return peak * (final + (1 - final) * max(last - t, 0) / max(last - top, 1))


@pytest.mark.parametrize(
    ("rise", "start", "final"),
    [(0.3, 0.04, 0.0), (0.5, 0.2, 0.1), (0.0, 0.5, 0.0), (1.0, 0.0, 0.0)],
)
def test_one_cycle_is_two_lines(keras, training, rise, start, final):
    schedule = training.one_cycle(0.4, 21, rise=rise, start=start, final=final)
    steps = range(25)
    expected = [one_cycle(t, 0.4, 21, rise, start, final) for t in steps]
    np.testing.assert_allclose(rates(keras, schedule, steps), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("warmup", "final"), [(0.1, 0.0), (0.25, 0.2), (0.0, 0.0)])
def test_cosine_is_a_line_and_half_a_cosine(keras, training, warmup, final):
    schedule = training.cosine(0.4, 40, warmup=warmup, final=final)
    rise = round(warmup * 40)

    def expected(t):
        if t < rise:
            return 0.4 * t / rise
        share = min((t - rise) / (40 - rise), 1)
        return 0.4 * (final + (1 - final) * (1 + math.cos(math.pi * share)) / 2)

    steps = range(45)
    found = rates(keras, schedule, steps)
    np.testing.assert_allclose(found, [expected(t) for t in steps], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["one_cycle", "cosine"])
def test_a_schedule_is_saved_and_loaded_with_the_model(keras, training, name, tmp_path):
    schedule = getattr(training, name)(0.1, 30)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(schedule), "mse")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").optimizer._learning_rate
    assert loaded.get_config() == schedule.get_config()
    assert rates(keras, loaded, range(30)) == rates(keras, schedule, range(30))


@pytest.mark.parametrize(
    ("name", "arguments", "settings", "error", "message"),
    [
        ("one_cycle", (0, 10), {}, ValueError, "peak must be positive"),
        ("one_cycle", (math.inf, 10), {}, ValueError, "peak must be positive and finite"),
        ("one_cycle", ("0.1", 10), {}, TypeError, "peak must be a number; received '0.1'"),
        ("one_cycle", (0.1, 2.5), {}, TypeError, "steps must be an int"),
        ("one_cycle", (0.1, 0), {}, ValueError, "steps must be at least 1; received 0"),
        ("one_cycle", (0.1, 9), {"rise": 1.5}, ValueError, "rise must be a part from 0 to 1"),
        ("one_cycle", (0.1, 9), {"start": -1}, ValueError, "start must be a part"),
        ("one_cycle", (0.1, 9), {"final": True}, TypeError, "final must be a number"),
        ("cosine", (-1, 10), {}, ValueError, "peak must be positive"),
        ("cosine", (0.1, 10), {"warmup": 1}, ValueError, "warmup must leave steps"),
        ("cosine", (0.1, 10), {"final": 2}, ValueError, "final must be a part"),
    ],
)
def test_arguments_out_of_range_are_named(training, name, arguments, settings, error, message):
    with pytest.raises(error, match=message):
        getattr(training, name)(*arguments, **settings)

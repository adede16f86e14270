"""Learning rates that change with every step, as Keras's optimisers take them.

A learning rate has no unit: it is what a gradient is multiplied with before it is subtracted. A
step is one update, one batch. Chapter 51 compares the schedules.
"""

import math
import numbers


def one_cycle(peak, steps, *, rise=0.3, start=0.04, final=0.0):
    """Learning rate that rises to its peak along a line and falls to nearly nothing along another.

    ``rate(t) = peak (start + (1 - start) t / T)`` for ``t < T``, then
    ``peak (final + (1 - final) (L - t) / (L - T))``, with the last step ``L = steps - 1`` and the
    step of the peak ``T = round(rise L)``.

    Args:
        peak: float, the highest learning rate.
        steps: int, updates in the whole training: epochs times batches an epoch. After them the
            rate stays at its last value.
        rise: float from 0 to 1, the part of the steps until the peak.
        start: float from 0 to 1, the first learning rate as a part of the peak.
        final: float from 0 to 1, the last one as a part of the peak.

    Returns:
        ``keras.optimizers.schedules.LearningRateSchedule``, saved and loaded with the model.

    Raises:
        TypeError: if an argument is not a number, or ``steps`` not an int.
        ValueError: if one is out of range.

    Reference:
        Smith & Topin, Super-convergence: very fast training of neural networks using large
        learning rates (2019), section 2.

    Example:
        >>> schedule = one_cycle(0.1, 11, rise=0.5, start=0.2)
        >>> [round(float(schedule(step)), 3) for step in (0, 5, 10, 50)]
        [0.02, 0.1, 0.0, 0.0]
    """
    _check_rate("peak", peak)
    _check_steps(steps)
    for name, value in (("rise", rise), ("start", start), ("final", final)):
        _check_share(name, value)
    from cnn_tutorial.training.one_cycle_rate import OneCycle

    return OneCycle(peak, steps, rise, start, final)


def cosine(peak, steps, *, warmup=0.05, final=0.0):
    """Learning rate that warms up along a line and falls along half a cosine.

    ``rate(t) = peak t / W`` for ``t < W``, then
    ``peak (final + (1 - final) (1 + cos(pi (t - W) / (steps - W))) / 2)``, with the steps of the
    warm-up ``W = round(warmup steps)``: Keras's ``CosineDecay``.

    Args:
        peak: float, the highest learning rate.
        steps: int, updates in the whole training: epochs times batches an epoch. After them the
            rate stays at its last value.
        warmup: float from 0 to 1 (excluded), the part of the steps until the peak; 0 for none.
        final: float from 0 to 1, the last learning rate as a part of the peak.

    Returns:
        ``keras.optimizers.schedules.CosineDecay``, saved and loaded with the model.

    Raises:
        TypeError: if an argument is not a number, or ``steps`` not an int.
        ValueError: if one is out of range.

    Reference:
        Loshchilov & Hutter, SGDR: stochastic gradient descent with warm restarts (2017),
        section 3.

    Example:
        >>> schedule = cosine(0.1, 100, warmup=0.1)
        >>> [round(float(schedule(step)), 3) for step in (0, 5, 10, 55, 100)]
        [0.0, 0.05, 0.1, 0.05, 0.0]
    """
    _check_rate("peak", peak)
    _check_steps(steps)
    _check_share("warmup", warmup)
    _check_share("final", final)
    rise = round(warmup * steps)
    if rise >= steps:
        raise ValueError(f"warmup must leave steps for the fall; received {warmup} of {steps}")
    import keras

    make = keras.optimizers.schedules.CosineDecay
    if rise == 0:
        return make(float(peak), steps, alpha=float(final))
    return make(0.0, steps - rise, alpha=float(final), warmup_target=float(peak), warmup_steps=rise)


def _check_number(name, value):
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number; received {value!r}")


def _check_rate(name, value):
    _check_number(name, value)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be positive and finite; received {value!r}")


def _check_share(name, value):
    _check_number(name, value)
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be a part from 0 to 1; received {value!r}")


def _check_steps(steps):
    if isinstance(steps, bool) or not isinstance(steps, numbers.Integral):
        raise TypeError(f"steps must be an int, the number of updates; received {steps!r}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1; received {steps}")

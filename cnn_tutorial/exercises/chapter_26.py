"""Checkers for chapter 26, A convolutional network from scratch."""

import numpy as np

from cnn_tutorial.exercises import compare_arrays, compare_numbers, run_cases


def check_scale_layer(answer):
    """Check the class ``Scale(channels)``: ``forward``, ``backward``, one gain a channel.

    Args:
        answer: the class, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_scale_layer(None)
        not attempted yet
    """
    rng = np.random.default_rng(26)
    cases = []
    for shape in [(1, 2, 2, 1), (3, 4, 5, 2), (2, 3, 3, 3)]:
        gain = rng.integers(2, 9, shape[-1]).astype(float)
        # Two batches: what the first left behind must not show in the second.
        batches = rng.integers(-9, 10, (2, 2, *shape)).astype(float)
        name = f"images of shape {shape}, gains {gain}"
        cases.append((name, (shape[-1],), (gain, batches)))
    run_cases(answer, cases, _compare_scale, done="Scale is right on 3 shapes, two batches each")


def _compare_scale(layer, expected):
    gain, batches = expected
    try:
        start = np.array(layer.parameters["gain"], dtype=float)
        difference = compare_arrays(start, np.ones(len(gain)))
        if difference:
            return f'parameters["gain"] at the start: {difference}'
        layer.parameters["gain"] = gain.copy()
        for images, grad in batches:
            outputs = layer.forward(images.copy())
            passed_on = layer.backward(grad.copy())
            in_gain = [np.sum(grad[..., c] * images[..., c]) for c in range(len(gain))]
            results = {
                "forward": (outputs, images * gain),
                "backward": (passed_on, grad * gain),
                'gradients["gain"]': (layer.gradients["gain"], np.array(in_gain)),
                'parameters["gain"] after backward': (layer.parameters["gain"], gain),
            }
            for name, (received, right) in results.items():
                difference = compare_arrays(received, right)
                if difference:
                    return f"{name}: {difference}"
    except Exception as error:
        return f"your class stopped with {type(error).__name__}: {error}"
    return None


def check_slope_at(answer):
    """Check ``slope_at(loss, parameter, index, step)``, a central difference in place.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_slope_at(None)
        not attempted yet
    """
    # Of x**3 - 2 x the central difference is 3 x**2 + h**2 - 2; one-sided ones have a term 3 x h.
    cases = []
    for start, index, step in [
        ([2.0], (0,), 0.5),
        ([[1.0, -3.0], [0.5, 4.0]], (0, 1), 0.25),
        ([0.1, 0.2, 0.3], (2,), 0.001),
        ([[0.7], [0.3]], (1, 0), 0.1),  # 0.3 + 0.1 - 0.2 + 0.1 is not 0.3 in floating point
    ]:
        x = np.array(start)[index]
        slope = 3 * x**2 + step**2 - 2
        name = f"the sum of x³ − 2x for x in {start}, entry {list(index)}, step {step}"
        cases.append((name, (start, index, step), slope))

    def call(start, index, step):
        parameter = np.array(start)
        before = parameter.copy()
        slope = answer(lambda: float(np.sum(parameter**3 - 2 * parameter)), parameter, index, step)
        if slope is not None and not np.array_equal(parameter, before):
            raise ValueError(f"it left parameter as {parameter.tolist()}, not {before.tolist()}")
        return slope

    def compare(received, expected):
        return compare_numbers(received, expected, tolerance=1e-8)

    done = f"slope_at is right on {len(cases)} cases"
    run_cases(call if callable(answer) else answer, cases, compare, done=done)


def check_find_suspects(answer):
    """Check ``find_suspects(agrees)``: the layers in which a single fault may lie.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_find_suspects(None)
        not attempted yet
    """
    # By hand: from the loss down, the first wrong layer, up to the right one above it; but if
    # something below is right, the gradient that went through was, and only the layer is left.
    by_hand = [
        ([None, False, None, True, None, None, True], [1, 2, 3]),
        ([None, True, None, True, None, None, True], []),
        ([None, True, None, False, None, None, True], [3]),
        ([None, True, None, True, None, None, False], [6]),
        ([None, False, None, False, None, None, True], [3, 4, 5, 6]),
        ([False, False, None], [1, 2]),
        ([False, None, None, True, None, True], [0, 1, 2, 3]),
        ([True, False, True, True], [1]),
        ([False], [0]),
    ]
    cases = [(f"agrees = {agrees}", (agrees,), suspects) for agrees, suspects in by_hand]

    def compare(received, expected):
        try:
            received = [int(number) for number in received]
        except (TypeError, ValueError):
            return f"expected a list of numbers, received {received!r}"
        return None if received == expected else f"expected {expected}, received {received}"

    run_cases(answer, cases, compare, done=f"find_suspects is right on {len(cases)} reports")


def check_split_batches(answer):
    """Check ``split_batches(count, batch_size, rng)``: every index once, in random order.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_split_batches(None)
        not attempted yet
    """
    settings = [(100, 10), (103, 10), (64, 64), (50, 80), (61, 1)]
    cases = [
        (f"{count} images in batches of {size}", (count, size), (count, size))
        for count, size in settings
    ]

    def call(count, size):
        batches = answer(count, size, np.random.default_rng(26))
        if batches is None:
            return None
        again = answer(count, size, np.random.default_rng(26))
        other = answer(count, size, np.random.default_rng(27))
        return [list(map(np.asarray, found)) for found in (batches, again, other)]

    run_cases(
        call if callable(answer) else answer,
        cases,
        _compare_batches,
        done=f"split_batches is right on {len(cases)} cases",
    )


def _compare_batches(received, expected):
    (batches, again, other), (count, size) = received, expected
    lengths = [batch.size for batch in batches]
    right_lengths = [min(size, count - first) for first in range(0, count, size)]
    if lengths != right_lengths:
        return f"expected batches of the lengths {right_lengths}, received {lengths}"
    orders = [np.concatenate([batch.ravel() for batch in one]) for one in (batches, again, other)]
    for order in orders:
        difference = compare_arrays(np.sort(order), np.arange(count))
        if difference:
            return f"all indices together, sorted: {difference}"
    if np.array_equal(orders[0], np.arange(count)):
        return "the order is not random: 0, 1, 2, …"
    for batch in batches if len(batches) > 1 else []:
        if batch.size >= 5 and np.ptp(batch) == batch.size - 1:
            low, high = batch.min(), batch.max()
            return f"a batch holds just {low} to {high}: shuffle the images, not the batches"
    if not np.array_equal(orders[0], orders[1]):
        return "two generators with the same seed gave different orders: take only rng's numbers"
    if np.array_equal(orders[0], orders[2]):
        return "generators with different seeds gave the same order"
    return None

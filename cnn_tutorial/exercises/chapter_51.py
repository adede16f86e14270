"""Checkers for chapter 51, What happens in fit, and what can go wrong?"""

import copy

import numpy as np

from cnn_tutorial.exercises import WrongAnswer, compare_arrays, compare_numbers, run_cases


def check_epoch_loss(answer):
    """Check ``epoch_loss(losses, sizes)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_epoch_loss(None)
        not attempted yet
    """
    rng = np.random.default_rng(51)
    cases = [
        (
            "batches of 2, 2 and 1 images, losses 3, 1, 6",
            (_array(3, 1, 6), _array(2, 2, 1)),
            14 / 5,
        ),
        ("two equal batches, losses 1 and 2", (_array(1, 2), _array(50, 50)), 1.5),
        ("a single batch", (_array(0.7), _array(32)), 0.7),
        ("100 images and one more", (_array(1, 0), _array(100, 1)), 100 / 101),
    ]
    images = rng.exponential(size=1050)  # the losses of single images, cut into batches of 100
    batches = np.split(images, range(100, 1050, 100))
    means, sizes = (np.array([f(batch) for batch in batches]) for f in (np.mean, len))
    cases.append(("1,050 images in batches of 100", (means, sizes), images.mean()))
    run_cases(answer, cases, compare_numbers, done=f"epoch_loss is right on {len(cases)} cases")


def check_cosine_rate(answer):
    """Check ``cosine_rate(step, peak, steps, warmup)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_cosine_rate(None)
        not attempted yet
    """
    # By hand: on the line of the warm-up, at the peak, and where the cosine is 1/2, 0, -1/2, -1.
    by_hand = {
        (0, 0.1, 100, 10): 0.0,
        (5, 0.1, 100, 10): 0.05,
        (9, 0.1, 100, 10): 0.09,
        (10, 0.1, 100, 10): 0.1,
        (40, 0.1, 100, 10): 0.075,
        (55, 0.1, 100, 10): 0.05,
        (70, 0.1, 100, 10): 0.025,
        (100, 0.1, 100, 10): 0.0,
        (0, 2.0, 60, 0): 2.0,
        (20, 2.0, 60, 0): 1.5,
        (30, 2.0, 60, 0): 1.0,
        (45, 3.0, 65, 5): 0.75,
    }
    cases = [
        (f"step {step} of {steps}, peak {peak}, warm-up {warmup}", given, expected)
        for given, expected in by_hand.items()
        for step, peak, steps, warmup in [given]
    ]
    run_cases(answer, cases, compare_numbers, done=f"cosine_rate is right on {len(cases)} steps")


def check_early_stop(answer):
    """Check ``early_stop(losses, patience)``, a pair ``(epochs_run, best_epoch)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_early_stop(None)
        not attempted yet
    """
    by_hand = [
        ("it falls for ever", [5, 4, 3, 2], 2, (4, 4)),
        ("patience 2, the best in epoch 2", [5, 3, 4, 4, 1], 2, (4, 2)),
        ("patience 3, it is worth waiting", [5, 3, 4, 4, 1], 3, (5, 5)),
        ("patience 1", [2, 3, 1, 0], 1, (2, 1)),
        ("the first epoch was the best", [1, 2, 3, 4, 5, 6], 3, (4, 1)),
        ("as low as before is not lower", [3, 2, 2, 2, 1], 2, (4, 2)),
        ("lower than before, but not than the best", [3, 1, 5, 4, 3, 2, 0], 4, (6, 2)),
        ("the epochs end before patience does", [3, 1, 2], 5, (3, 2)),
        ("a new best begins the count anew", [4, 5, 3, 4, 5, 2], 2, (5, 3)),
    ]
    cases = [
        (f"{what}: losses {losses}, patience {patience}", (list(losses), patience), expected)
        for what, losses, patience, expected in by_hand
    ]

    def compare(received, expected):
        return compare_arrays(received, np.array(expected, float))

    run_cases(answer, cases, compare, done=f"early_stop is right on {len(cases)} curves")


def check_go_on(answer):
    """Check ``go_on(state, gradient, steps)``: stopped and continued as if it never stopped.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_go_on(None)
        not attempted yet
    """
    if answer is None:
        print("not attempted yet")
        return
    cuts = [[1], [2], [7], [3, 4], [1, 1, 5], [20, 0, 30]]
    for cut in cuts:
        state = {"w": 3.0, "v": 0.0, "t": 0, "rng": np.random.default_rng(7)}
        for steps in cut:
            given = copy.deepcopy(state)
            try:
                received = answer(state, _slope, steps)
            except NotImplementedError:
                received = None
            except Exception as error:
                raise WrongAnswer(
                    f"{cut} steps: your function stopped with {type(error).__name__}: {error}"
                ) from error
            if received is None:
                print("not attempted yet")
                return
            _check_state(cut, received, given, state)
            state = copy.deepcopy(received)
        _compare_states(cut, state)
    print(f"✓ go_on is right on {len(cuts)} trainings, stopped and continued")


def _slope(w):
    """The gradient of ``(w - 1)**2``."""
    return 2 * (w - 1)


def _array(*values):
    return np.array(values, dtype=float)


def _descend(state, steps):
    """Momentum 0.9, a rate that falls with the step, noise on the gradient."""
    w, v, t, rng = state["w"], state["v"], state["t"], copy.deepcopy(state["rng"])
    for _ in range(steps):
        g = _slope(w) + rng.normal()
        v = 0.9 * v - 0.1 / (1 + t) * g
        w, t = w + v, t + 1
    return {"w": w, "v": v, "t": t, "rng": rng}


def _check_state(cut, received, given, state):
    if not isinstance(received, dict) or set(received) != {"w", "v", "t", "rng"}:
        raise WrongAnswer(
            f"{cut} steps: expected a dict with the keys w, v, t and rng, received {received!r}"
        )
    if not isinstance(received["rng"], np.random.Generator):
        raise WrongAnswer(
            f"{cut} steps: expected the generator itself as rng, received {received['rng']!r}"
        )
    kept = all(state[name] == given[name] for name in "wvt")
    if not kept or state["rng"].bit_generator.state != given["rng"].bit_generator.state:
        raise WrongAnswer(
            f"{cut} steps: the state that was passed in was changed. A checkpoint has to stay as "
            "it was saved: work on a copy (copy.deepcopy(state))"
        )


def _compare_states(cut, state):
    begin = {"w": 3.0, "v": 0.0, "t": 0, "rng": np.random.default_rng(7)}
    whole = _descend(begin, sum(cut))
    said = " + ".join(map(str, cut)) + " steps"
    for name, what in (("t", "step count"), ("w", "weight"), ("v", "velocity")):
        difference = compare_numbers(state[name], whole[name])
        if difference:
            raise WrongAnswer(f"{said}, against {sum(cut)} at once: {what} {name}: {difference}")
    if state["rng"].bit_generator.state != whole["rng"].bit_generator.state:
        raise WrongAnswer(f"{said}: rng has drawn more or fewer numbers than one a step")

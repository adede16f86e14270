"""Checkers of the chapters' exercises, one module a chapter.

``check_<exercise>(answer)`` prints ``✓`` and what was tried when the answer is right; says
«not attempted yet» when the answer is None or raises NotImplementedError, as a stub does; and
raises ``WrongAnswer``, with the first case that fails, when it is wrong or returns None.
"""

import numpy as np

__all__ = ["WrongAnswer"]


class WrongAnswer(AssertionError):
    """An answer that fails a checker; the message says at which case, and what was expected."""

    def _render_traceback_(self):
        # IPython calls this: a learner needs the message, not the checker's own stack.
        return [f"✗ {self}"]


def run_cases(answer, cases, compare, *, done):
    """Call the learner's function on each case and stop at the first that is wrong.

    Args:
        answer: callable, or None when it was not attempted.
        cases: list of (description, arguments, expected): str, tuple, object.
        compare: callable ``(received, expected)`` that returns None when they agree, or a str
            that says how they differ.
        done: str, printed after ``✓`` when every case is right.

    Raises:
        WrongAnswer: at the first case that is wrong or in which the answer raises.
        TypeError: if ``answer`` is neither a function nor None.
    """
    if answer is None:
        print("not attempted yet")
        return
    if not callable(answer):
        raise TypeError(
            f"the checker wants the function itself, without calling it; received {answer!r}"
        )
    for number, (description, arguments, expected) in enumerate(cases):
        # Copies, so that an answer that changes its arguments cannot change the next case.
        own = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        try:
            received = answer(*own)
        except NotImplementedError as error:
            if number == 0:
                print("not attempted yet")
                return
            raise WrongAnswer(f"{description}: your function is not written yet") from error
        except Exception as error:
            raise WrongAnswer(
                f"{description}: your function stopped with {type(error).__name__}: {error}"
            ) from error
        if received is None:
            raise WrongAnswer(f"{description}: your function returned None; is a return missing?")
        difference = compare(received, expected)
        if difference:
            raise WrongAnswer(f"{description}: {difference}")
    print(f"✓ {done}")


def compare_numbers(received, expected, *, tolerance=1e-9):
    """None if two numbers agree, else how they differ."""
    if isinstance(received, bool) or np.ndim(received) != 0:
        return f"expected a single number, received {received!r}"
    try:
        value = float(received)
    except (TypeError, ValueError):
        return f"expected a number, received {received!r}"
    if not abs(value - expected) <= tolerance * max(1.0, abs(expected)):
        return f"expected {expected:g}, received {value:g}"
    return None


def compare_arrays(received, expected, *, tolerance=1e-9):
    """None if two arrays agree in shape and every entry (nan with nan), else where not."""
    try:
        received = np.asarray(received, dtype=float)
    except (TypeError, ValueError):
        return f"expected an array of numbers, received {received!r}"
    if received.shape != expected.shape:
        return f"expected an array of shape {expected.shape}, received shape {received.shape}"
    close = np.abs(received - expected) <= tolerance * max(1.0, np.nanmax(np.abs(expected)))
    wrong = ~(close | (np.isnan(received) & np.isnan(expected)))
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        return (
            f"{wrong.sum()} of {wrong.size} entries are wrong; the first is {list(index)}: "
            f"expected {expected[index]:g}, received {received[index]:g}"
        )
    return None

"""Is this gradient right? Central differences answer without knowing how it was derived.

Chapter 25 explains them and checks every operation of the book with them.
"""

from dataclasses import dataclass

import numpy as np

from cnn_tutorial.numpy_ops.checks import as_number, as_real


def numerical_gradient(function, x, *, step=None):
    """The gradient of ``function`` at ``x`` by central differences.

    ``g_i = (f(x + h_i e_i) - f(x - h_i e_i)) / (2 h_i)``: the error is of the order of ``h^2``
    from what the difference leaves out, and of ``eps / h`` from rounding. The cube root of
    ``eps`` balances the two.

    Args:
        function: callable from an array of ``x``'s shape and dtype to one real number. It is
            called twice for each entry of ``x``.
        x: float array of any shape.
        step: float, the relative step ``s`` in ``h_i = s * max(1, |x_i|)``; or None for the
            cube root of the dtype's ``eps``: 6.1e-6 for float64, 4.9e-3 for float32.

    Returns:
        Array of ``x``'s shape and dtype.

    Raises:
        ValueError: if ``x`` is empty, ``step`` is not positive, or ``function`` does not return
            one number.
        TypeError: if ``x`` is not of a floating dtype, ``function`` not callable, or ``step`` not
            a number.

    Reference:
        Press et al., Numerical Recipes (3rd edition, 2007), section 5.7.

    Example:
        >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, 3.0])).round(6)
        array([2., 6.])
    """
    if not callable(function):
        raise TypeError(f"function must be callable; received {type(function).__name__}")
    x = np.asarray(x)
    if x.dtype.kind != "f":
        raise TypeError(f"x must be of a floating dtype; received {x.dtype}")
    if x.size == 0:
        raise ValueError(f"x must not be empty; received shape {x.shape}")
    step = np.cbrt(np.finfo(x.dtype).eps) if step is None else _as_positive("step", step)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        h = step * max(1.0, abs(x[index]))
        above[index] += h
        below[index] -= h
        width = above[index] - below[index]  # 2h, as x's dtype could hold it
        gradient[index] = (_number(function(above)) - _number(function(below))) / width
    return gradient


@dataclass(frozen=True)
class GradientReport:
    """How far a gradient is from central differences; ``print`` it to read it.

    Attributes:
        error: float, the largest difference, relative to the largest entry of both gradients.
        index: tuple of ints, the entry of ``x`` where it is.
        given: float, the gradient given there.
        expected: float, what central differences say there.
        tolerance: float, the error that is allowed.
    """

    error: float
    index: tuple
    given: float
    expected: float
    tolerance: float

    @property
    def passed(self):
        """Whether the error is within the tolerance; never where a NaN was met."""
        return bool(self.error <= self.tolerance)

    def __str__(self):
        """The verdict in one sentence."""
        verdict = "agrees with" if self.passed else "DIFFERS from"
        return (
            f"the gradient {verdict} central differences: largest relative error "
            f"{self.error:.1e} (tolerance {self.tolerance:.1e}) at {self.index}, where it is "
            f"{self.given:.9g} and should be {self.expected:.9g}"
        )


def check_gradient(function, gradient, x, *, tolerance=None, step=None):
    """Compare a gradient with central differences.

    The error of an entry is ``|given - expected|``, divided by the largest absolute entry of
    both gradients: an entry that happens to be nearly zero does not have to be right to as many
    digits of its own. Check in float64 where you can, and away from kinks: if ``relu`` or a
    maximum changes its branch within a step, central differences average the two slopes.

    Args:
        function: callable from an array of ``x``'s shape and dtype to one real number.
        gradient: array of ``x``'s shape, its gradient at ``x``; or a callable that computes it
            from ``x``.
        x: float array of any shape.
        tolerance: float, the largest relative error allowed; or None for 1e-7 in float64 and
            1e-2 in shorter dtypes, in which central differences are not more precise.
        step: float, the step of ``numerical_gradient``, or None.

    Returns:
        ``GradientReport`` with ``.passed``, ``.error``, ``.index``; its ``str`` is a sentence.

    Raises:
        ValueError: if ``gradient`` does not have ``x``'s shape, ``tolerance`` is not positive,
            and as ``numerical_gradient``.
        TypeError: if ``gradient`` is not real or ``tolerance`` not a number, and as
            ``numerical_gradient``.

    Example:
        >>> x = np.array([1.0, 3.0])
        >>> check_gradient(lambda x: (x**2).sum(), 2 * x, x).passed
        True
        >>> check_gradient(lambda x: (x**2).sum(), np.array([2.0, 5.0]), x).index
        (1,)
    """
    expected = numerical_gradient(function, x, step=step)
    given = as_real("gradient", gradient(np.array(x)) if callable(gradient) else gradient)
    if given.shape != expected.shape:
        raise ValueError(
            f"gradient must have the shape of x, {expected.shape}; received {given.shape}"
        )
    if tolerance is None:
        tolerance = 1e-7 if expected.dtype.itemsize >= 8 else 1e-2
    tolerance = _as_positive("tolerance", tolerance)
    scale = max(np.abs(given).max(), np.abs(expected).max())
    errors = np.abs(given - expected) / (scale if scale > 0 else 1.0)
    errors = np.where(np.isnan(errors), np.inf, errors)  # a NaN must never pass
    index = tuple(int(i) for i in np.unravel_index(errors.argmax(), errors.shape))
    return GradientReport(
        error=float(errors[index]),
        index=index,
        given=float(given[index]),
        expected=float(expected[index]),
        tolerance=tolerance,
    )


def check_gradients(function, gradients, arguments, *, tolerance=None, step=None):
    """Compare the gradients with respect to several arguments with central differences.

    Each argument is checked by ``check_gradient`` while the others keep their values.

    Args:
        function: callable that returns one real number for ``function(**arguments)``.
        gradients: dict from an argument's name to the gradient with respect to it, an array of
            its shape. An argument without an entry is taken as a constant.
        arguments: dict from name to value; float arrays where there is a gradient to check.
        tolerance: float, as in ``check_gradient``.
        step: float, as in ``check_gradient``.

    Returns:
        dict from name to ``GradientReport``, in the order of ``gradients``.

    Raises:
        ValueError: if ``gradients`` is empty or names what ``arguments`` does not have, and as
            ``check_gradient``, with a note that names the argument.
        TypeError: if ``function`` is not callable or one of the two is not a dict, and as
            ``check_gradient``, with a note that names the argument.

    Example:
        >>> def area(width, height):
        ...     return (width * height).sum()
        >>> sides = {"width": np.array([2.0]), "height": np.array([5.0])}
        >>> reports = check_gradients(area, {"width": [5.0], "height": [3.0]}, sides)
        >>> {name: report.passed for name, report in reports.items()}
        {'width': True, 'height': False}
    """
    if not callable(function):
        raise TypeError(f"function must be callable; received {type(function).__name__}")
    for name, value in (("gradients", gradients), ("arguments", arguments)):
        if not isinstance(value, dict):
            raise TypeError(
                f"{name} must be a dict from name to array; received {type(value).__name__}"
            )
    if not gradients or not gradients.keys() <= arguments.keys():
        raise ValueError(
            f"gradients must name some of the arguments {list(arguments)}; "
            f"received {list(gradients)}"
        )
    reports = {}
    for name, gradient in gradients.items():

        def of_one(value, name=name):
            return function(**{**arguments, name: value})

        try:
            reports[name] = check_gradient(
                of_one, gradient, arguments[name], tolerance=tolerance, step=step
            )
        except (TypeError, ValueError) as error:
            error.add_note(f"while checking the gradient with respect to {name!r}")
            raise
    return reports


def _as_positive(name, value):
    value = as_number(name, value)
    if value == 0:
        raise ValueError(f"{name} must be positive; received 0")
    return value


def _number(value):
    value = np.asarray(value)
    if value.ndim != 0 or value.dtype.kind not in "iuf":
        raise ValueError(
            "function must return one real number; received an array of shape "
            f"{value.shape} and dtype {value.dtype}"
        )
    return value[()]

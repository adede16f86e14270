"""What operations and networks ask of their arguments, with errors that name what came.

Nothing here is mathematics; the operations call it first.
"""

import numbers
import operator

import numpy as np


def as_real(name, array, axes=None):
    """``array`` as a non-empty NumPy array of real numbers, of the rank that ``axes`` spells out.

    Args:
        name: str, the argument's name in the error.
        array: what the caller gave.
        axes: str, the expected axes, ``"(N, H, W, C)"``; None takes any rank.

    Raises:
        TypeError: if it is boolean, complex or of objects.
        ValueError: if its rank differs, or it is empty.

    Example:
        >>> as_real("bias", [1, 2], "(c_out,)")
        array([1, 2])
    """
    array = np.asarray(array)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be an array of real numbers; received dtype {array.dtype}")
    if axes is not None and array.ndim != axes.count(",") + (not axes.endswith(",)")):
        raise ValueError(f"{name} must have shape {axes}; received {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty; received shape {array.shape}")
    return array


def as_floats(name, array, axes=None):
    """``array`` as ``as_real`` gives it, integers as float64: for what integers cannot hold.

    Example:
        >>> as_floats("x", [0, 1])
        array([0., 1.])
    """
    array = as_real(name, array, axes)
    return array.astype(np.float64) if array.dtype.kind in "iu" else array


def as_grad_output(grad_output, shape, operation):
    """``grad_output`` as an array; its shape must be the one of what ``operation`` returned.

    Example:
        >>> as_grad_output([1, 2], (2,), "relu")
        array([1, 2])
    """
    grad_output = as_real("grad_output", grad_output)
    if grad_output.shape != shape:
        raise ValueError(
            f"grad_output must have the shape of {operation}'s result, {shape}; "
            f"received {grad_output.shape}"
        )
    return grad_output


def as_number(name, value, *, minimum=0.0, below=np.inf):
    """``value`` as a float, at least ``minimum`` and less than ``below``.

    Example:
        >>> as_number("rate", 0, below=1.0)
        0.0
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number; received {type(value).__name__}: {value!r}")
    if not minimum <= value < below:
        limit = "finite" if below == np.inf else f"below {below:g}"
        raise ValueError(f"{name} must be at least {minimum:g} and {limit}; received {value!r}")
    return float(value)


def as_vector(name, vector, length, entry):
    """``vector`` as real numbers of shape ``(length,)``, one for each ``entry``, such as "unit".

    Example:
        >>> as_vector("bias", [1, 2], 2, "unit")
        array([1, 2])
    """
    vector = as_real(name, vector)
    if vector.shape != (length,):
        raise ValueError(
            f"{name} must have shape ({length},), one entry a {entry}; received {vector.shape}"
        )
    return vector


def as_operands(inputs, weights, bias, length, entry):
    """The operands in the dtype of their ``sum_dtype``; the bias as ``as_vector``, or None.

    Example:
        >>> as_operands(np.zeros(1, np.uint8), np.zeros(1, np.float32), [2], 1, "unit")
        (array([0.]), array([0.]), array([2.]))
        >>> as_operands(np.zeros(1, np.uint8), np.zeros(1, np.float32), None, 1, "unit")[2] is None
        True
    """
    operands = [inputs, weights]
    if bias is not None:
        operands.append(as_vector("bias", bias, length, entry))
    dtype = sum_dtype(*operands)
    inputs, weights, *rest = (operand.astype(dtype, copy=False) for operand in operands)
    return inputs, weights, rest[0] if rest else None


def check_finite(arrays):
    """Raise ``FloatingPointError`` with the first name whose array has a NaN or an infinity.

    Example:
        >>> check_finite({"inputs": np.ones(2), "outputs": np.array([1, np.inf])})
        Traceback (most recent call last):
        ...
        FloatingPointError: the first number that is not finite is in outputs
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise FloatingPointError(f"the first number that is not finite is in {name}")


def sum_dtype(*operands):
    """What NumPy promotes the operands to; what ``np.sum`` promotes that to if it is integer.

    Example:
        >>> sum_dtype(np.zeros(1, np.uint8), np.zeros(1, np.float32))
        dtype('float32')
        >>> sum_dtype(np.zeros(1, np.int8))
        dtype('int64')
    """
    dtype = np.result_type(*operands)
    return np.zeros(1, dtype).sum().dtype if dtype.kind in "iu" else dtype


def as_pair(name, value):
    """``value`` as a pair of ints of at least 1; an int stands for both.

    Example:
        >>> as_pair("strides", 2)
        (2, 2)
    """
    return as_ints(name, value, 2)


def as_int(name, value, *, minimum=1):
    """``value`` as an int of at least ``minimum``; a bool is refused, a NumPy integer is not.

    Example:
        >>> as_int("groups", np.int64(4))
        4
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} must be made of ints; received {type(value).__name__}: {value!r}"
        ) from None
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}; received {number}")
    return number


def as_ints(name, value, count, *, minimum=1):
    """``value`` as a tuple of ``count`` ints of at least ``minimum``; an int stands for all.

    Example:
        >>> as_ints("padding", (0, 2), 2, minimum=0)
        (0, 2)
    """
    if not isinstance(value, tuple | list | np.ndarray):
        return (as_int(name, value, minimum=minimum),) * count
    if len(value) != count:
        expected = "one int" if count == 1 else f"{count} ints"
        raise ValueError(f"{name} must be {expected}; received {value!r}")
    return tuple(as_int(name, entry, minimum=minimum) for entry in value)

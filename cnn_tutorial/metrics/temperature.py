"""Temperature scaling: one number that repairs the confidence of a network. Chapter 61."""

import numbers

import numpy as np

from cnn_tutorial.metrics.checks import as_binary, as_finite, as_rows


def apply_temperature(logits, temperature=1.0):
    """Probabilities of logits that were divided by a temperature.

    ``p = softmax(z / T)``, or ``p = 1 / (1 + exp(-z / T))`` for a single logit

    Above 1 it makes every answer less sure, below 1 surer; the order of the classes stays.

    Args:
        logits: ``(N, K)``, or ``(N,)`` of class 1 against class 0.
        temperature: float above 0.

    Returns:
        float64 array of the same shape.

    Raises:
        TypeError: if ``logits`` holds no numbers, or ``temperature`` is none.
        ValueError: if ``logits`` is empty, not finite or of another shape, or ``temperature`` is
            not finite and above 0.

    Reference:
        C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks,
        ICML 2017, section 4.

    Example:
        >>> apply_temperature([[0.0, 3.0]], temperature=1000).round(2)
        array([[0.5, 0.5]])
    """
    if isinstance(temperature, bool) or not isinstance(temperature, numbers.Real):
        raise TypeError(
            f"temperature must be a number; received {type(temperature).__name__}: {temperature!r}"
        )
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be above 0 and finite; received {temperature!r}")
    logits = as_finite("logits", logits)
    if logits.ndim == 1:
        return _softmax(_as_columns(logits), 1 / temperature)[:, 1]
    if logits.ndim != 2 or logits.shape[1] < 2:
        advice = "; give logits[:, 0]" if logits.ndim == 2 else ""
        raise ValueError(f"logits must have shape (N, K) or (N,); received {logits.shape}{advice}")
    return _softmax(logits, 1 / temperature)


def fit_temperature(labels, logits):
    """The temperature at which the labels are likeliest.

    ``T = argmin -(1 / N) sum_i log softmax(z_i / T)[y_i]``

    With ``b = 1 / T`` this is convex, and its derivative, the mean over the examples of
    ``sum_k p_k z_k - z_y``, rises with b: the minimum is found by halving an interval in which it
    changes sign. Fit it on validation images; those it was fitted on look too well calibrated.

    Args:
        labels: ``(N,)`` true classes, whole numbers from 0.
        logits: ``(N, K)``, or ``(N,)`` of class 1 against class 0.

    Returns:
        float above 0; more than 1 where the network is too sure of itself.

    Raises:
        TypeError: if an array holds no numbers.
        ValueError: if an array is empty, the shapes do not fit, a label is no class, a logit is
            NaN or infinite; if every label has the largest logit of its row, so that no
            temperature is low enough; or if the logits say no more than chance, so that none is
            high enough.

    Reference:
        C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks,
        ICML 2017, section 4.

    Example:
        >>> round(fit_temperature([1, 1, 1, 0], [2 * np.log(3.0)] * 4), 12)  # says 90 %, has 75 %
        2.0
    """
    if np.ndim(logits) < 2 or np.shape(logits)[1] == 1:
        labels, logits = as_binary(labels, logits, "logits")
        labels, logits = labels.astype(np.int64), _as_columns(logits)
    else:
        labels, logits = as_rows(labels, logits, "logits")
    # Only differences matter: with zero as the largest of each row nothing overflows.
    logits = logits - logits.max(axis=1, keepdims=True)
    low, high = _find_bracket(labels, logits)
    while (middle := (low + high) / 2) not in (low, high):
        if _slope(labels, logits, middle) < 0:
            low = middle
        else:
            high = middle
    return float(1 / high)


def _find_bracket(labels, logits):
    """Two inverse temperatures, one twice the other, between which the slope changes its sign."""
    own = logits[np.arange(len(labels)), labels]
    if (own == 0).all():
        raise ValueError(
            "labels must contradict the logits somewhere, or the lowest temperature is the "
            f"likeliest; received {len(labels)} labels that all have the largest logit: take more "
            "validation images"
        )
    if _slope(labels, logits, 0.0) >= 0:
        raise ValueError(
            "logits must be higher for the labels than for the other classes, on average, or the "
            f"highest temperature is the likeliest; received a mean of {own.mean():.3g} for the "
            f"labels and {logits.mean():.3g} for all classes, below each row's largest"
        )
    high = 1.0
    while _slope(labels, logits, high) < 0:
        high *= 2
    while _slope(labels, logits, high / 2) >= 0:
        high /= 2
    return high / 2, high


def _slope(labels, logits, inverse):
    """The derivative of the mean negative log-likelihood with respect to ``1 / T``."""
    expected = np.sum(_softmax(logits, inverse) * logits, axis=1)
    return np.mean(expected - logits[np.arange(len(labels)), labels])


def _softmax(logits, inverse):
    scaled = inverse * (logits - logits.max(axis=1, keepdims=True))
    powers = np.exp(scaled)
    return powers / powers.sum(axis=1, keepdims=True)


def _as_columns(logits):
    """One logit as the two of a softmax that gives the same probabilities."""
    return np.stack([np.zeros_like(logits), logits], axis=1)

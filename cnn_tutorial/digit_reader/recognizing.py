"""Which digit an image shows, or that it shows none: the last stage of chapter 71's reader."""

from typing import NamedTuple

import numpy as np

from cnn_tutorial import numpy_ops
from cnn_tutorial.digit_reader.checks import check_model
from cnn_tutorial.digit_reader.normalizing import SIDE

# The least probability that a digit is believed at; chosen on validation digits and nondigits.
THRESHOLD = 0.35


class Answer(NamedTuple):
    """What a network says of one image.

    Attributes:
        label: int 0 to 9, or None if refused.
        reason: str, why it was refused, or None.
        probs: float array ``(10,)`` of the digits; what they lack of 1 is «not a digit».
    """

    label: int | None
    reason: str | None
    probs: np.ndarray


def recognize_digits(images, model, *, threshold=THRESHOLD):
    """What a network says of every image: a digit, or that it is none.

    ``p = softmax(logits)`` over ten or eleven classes. The answer is the digit with the largest
    ``p``; it is refused where that is below the threshold, or «not a digit» has more.

    Args:
        images: uint8 array ``(N, 28, 28)``, as ``normalize_digit`` makes them.
        model: ``keras.Model``, or any function, from float32 ``(N, 28, 28, 1)`` in 0..255 to
            logits ``(N, 10)`` or ``(N, 11)``.
        threshold: float from 0 to 1; 0 believes every answer but «not a digit».

    Returns:
        list of N Answer.

    Raises:
        TypeError: if ``model`` cannot be called or ``images`` are not uint8.
        ValueError: if shapes or the threshold are not as described, or logits are not finite.

    Reference:
        Chow, On optimum recognition error and reject tradeoff, IEEE Transactions on Information
        Theory 16 (1970), for refusing below a threshold.

    Example:
        >>> sure_of_three = lambda images: np.eye(11)[[3] * len(images)] * 9
        >>> recognize_digits(np.zeros((1, 28, 28), np.uint8), sure_of_three)[0].label
        3
    """
    images = np.asarray(images)
    _check(images, model, threshold)
    if not len(images):
        return []
    logits = np.asarray(model(images[..., np.newaxis].astype(np.float32)), np.float64)
    if logits.ndim != 2 or logits.shape[0] != len(images) or logits.shape[1] not in (10, 11):
        raise ValueError(
            f"model must give logits ({len(images)}, 10) or ({len(images)}, 11); received shape "
            f"{logits.shape}"
        )
    if not np.isfinite(logits).all():
        raise ValueError("model must give finite logits; received NaN or infinity")
    return [_answer(row, threshold) for row in numpy_ops.softmax(logits)]


def _answer(probs, threshold):
    digits = probs[:10]
    label = int(np.argmax(digits))
    reason = None
    if len(probs) > 10 and probs[10] > digits[label]:
        reason = f"not a digit: {probs[10]:.0%} sure"
    elif digits[label] < threshold:
        reason = f"uncertain: {label} at {digits[label]:.0%}, below {threshold:.0%}"
    return Answer(label if reason is None else None, reason, digits)


def _check(images, model, threshold):
    check_model(model)
    if images.dtype != np.uint8:
        raise TypeError(f"images must be uint8, 0 to 255; received {images.dtype}")
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"images must be (N, 28, 28); received shape {images.shape}")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float | np.floating):
        raise TypeError(f"threshold must be a number; received {threshold!r}")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be from 0 to 1; received {threshold}")

"""A digit as MNIST has it: 20 pixels along its longer side, centre of mass in the middle of 28×28.

A network knows what it was trained on. A digit cut out of a photograph has another size, another
place and other greys than those of MNIST; this takes the differences away. Chapter 71 shows how
much that is worth.
"""

import numpy as np

SIDE = 28
BOX = 20
_CENTRE = 14  # MNIST's centres of mass lie at (14, 14), counted from 0, to half a pixel
_THINNEST = 1.6  # pixels of the box


def normalize_digit(ink, *, mask=None):
    """One digit, white on black, in the form of MNIST's.

    Its bounding box is scaled to 20 pixels along the longer side, keeping its shape, every new
    pixel the average of those that it covers; then it is shifted by whole pixels until its centre
    of mass lies at (14, 14). Strokes too thin to survive that are thickened before.

    Args:
        ink: array ``(H, W)``, more is more ink: bool, uint8 0..255, or float, 0 for none.
        mask: bool array ``(H, W)``, which pixels belong to this digit, or None for all. Where it
            is given, the ink is taken up to a pixel beyond it, for the sake of soft edges.

    Returns:
        uint8 array ``(28, 28)``; all 0 if there is no ink.

    Raises:
        TypeError: if ``ink`` does not hold real numbers.
        ValueError: if it has not two axes, is empty, not finite, or ``mask`` has another shape.

    Reference:
        LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to document
        recognition, Proceedings of the IEEE 86 (1998), section III.A.

    Example:
        >>> ink = np.zeros((90, 70))
        >>> ink[10:70, 30:40] = 1.0  # 60 by 10
        >>> digit = normalize_digit(ink)
        >>> rows, columns = np.nonzero(digit > 127)
        >>> int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())
        (4, 23, 13, 15)
    """
    import cv2

    ink = _check(ink, mask)
    strength = _stretch(ink, mask)
    rows, columns = (np.flatnonzero((strength > 0.5).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((SIDE, SIDE), np.uint8)
    digit = strength[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    digit = _thicken(digit)
    scale = BOX / max(digit.shape)
    size = [max(round(side * scale), 1) for side in digit.shape[::-1]]
    how = cv2.INTER_AREA if scale <= 1 else cv2.INTER_LINEAR
    digit = cv2.resize(digit, size, interpolation=how)
    return _centre(np.clip(np.rint(255 * digit), 0, 255).astype(np.uint8))


def _check(ink, mask):
    ink = np.asarray(ink)
    if ink.dtype.kind not in "buif":
        raise TypeError(f"ink must hold real numbers; received {ink.dtype}")
    if ink.ndim != 2 or not ink.size:
        raise ValueError(f"ink must be (H, W) and not empty; received shape {ink.shape}")
    ink = ink.astype(np.float32)
    if not np.isfinite(ink).all():
        raise ValueError("ink must be finite; received NaN or infinity")
    if mask is not None and np.shape(mask) != ink.shape:
        raise ValueError(f"mask must have ink's shape {ink.shape}; received {np.shape(mask)}")
    return ink


def _stretch(ink, mask):
    """The ink in 0..1: 0.5 where it is half as dark as in the middle of a stroke."""
    import cv2

    if mask is not None:
        mask = np.asarray(mask, np.uint8)
        ink = ink * cv2.dilate(mask, np.ones((3, 3), np.uint8))
    inked = ink[ink > 0.3 * ink.max()] if ink.max() > 0 else ink[:0]
    if not inked.size:
        return np.zeros(ink.shape, np.float32)
    level = np.quantile(inked, 0.7)
    return np.clip((ink / level - 0.25) / 0.5, 0, 1)


def _thicken(digit):
    """Strokes at least 1.6 pixels wide after scaling: thinner ones would end up grey."""
    import cv2

    scale = BOX / max(digit.shape)
    solid = np.pad(digit > 0.5, 1).astype(np.uint8)
    distance = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
    ridge = distance[(distance >= cv2.dilate(distance, np.ones((3, 3)))) & (distance > 0)]
    width = (2 * float(np.median(ridge)) - 1) * scale
    grow = round((_THINNEST - width) / scale)
    if grow < 1:
        return digit
    pad = -(-grow // 2)
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (grow + 1, grow + 1))
    return cv2.dilate(np.pad(digit, pad), ellipse)


def _centre(digit):
    """In 28×28, its centre of mass as close to (14, 14) as whole pixels allow."""
    total = max(int(digit.sum()), 1)
    image = np.zeros((SIDE, SIDE), np.uint8)
    corner = []
    for axis, side in enumerate(digit.shape):
        weight = digit.sum(axis=1 - axis, dtype=np.int64)
        middle = (weight * np.arange(side)).sum() / total
        corner.append(int(np.clip(np.rint(_CENTRE - middle), 0, SIDE - side)))
    top, left = corner
    image[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return image

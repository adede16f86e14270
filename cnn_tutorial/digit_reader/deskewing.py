"""The angle at which a number runs across the photograph, and the photograph turned back.

Chapter 71 explains it.
"""

import numpy as np

_LARGEST = 20.0  # degrees
_DOUBT = 7.0  # degrees between the lines and the row of digits


def estimate_skew(lines, boxes):
    """By how many degrees the number runs downhill.

    Ruled paper says it best: the median angle of its lines, the vertical ones counted a right
    angle less. On plain paper it is the slope of a straight line through the middles of the
    digits, if there are three or more; and so it is where the two differ by more than 7 degrees.

    Args:
        lines: list of ``ruling.Line``.
        boxes: array ``(N, 4)`` of (top, left, height, width) of the digits, in pixels.

    Returns:
        float, degrees, clockwise positive; 0.0 where nothing tells.

    Reference:
        Sen, Estimates of the regression coefficient based on Kendall's tau, Journal of the
        American Statistical Association 63 (1968), for the line through the middles.

    Example:
        >>> boxes = [(10 + 2 * k, 40 * k, 30, 20) for k in range(5)]  # 2 down every 40
        >>> round(estimate_skew([], boxes), 2)
        2.86
    """
    level = [line.angle for line in lines if line.is_horizontal]
    upright = [line.angle - 90 for line in lines if not line.is_horizontal]
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    slope = None
    if len(boxes) >= 3:
        slope = float(np.degrees(np.arctan(_median_slope(boxes[:, :2] + boxes[:, 2:] / 2))))
        slope = float(np.clip(slope, -_LARGEST, _LARGEST))
    if not level and not upright:
        return slope or 0.0
    # Perspective tilts the two directions differently; the number runs along the first.
    angle = float(np.median(level or upright))
    # One line may be the edge of a shadow: then the digits know better.
    return slope if slope is not None and abs(angle - slope) > _DOUBT else angle


def _median_slope(middles):
    """Theil and Sen's line: the median of the slopes of all pairs, the far ones counted more."""
    first, second = np.triu_indices(len(middles), 1)
    down, along = (middles[second] - middles[first]).T
    weight = np.abs(along)
    if not weight.any():
        return 0.0
    slopes = down[weight > 0] / along[weight > 0]
    weight = weight[weight > 0]
    order = np.argsort(slopes)
    total = np.cumsum(weight[order])
    return slopes[order][np.searchsorted(total, total[-1] / 2)]


def deskew(image, angle):
    """An image turned back by the angle at which it runs downhill, about its middle.

    Args:
        image: uint8 or float32 array ``(H, W)`` or ``(H, W, 3)``.
        angle: float, degrees, clockwise positive.

    Returns:
        Array of the same type, large enough to hold all of the image; what was outside is 0.

    Example:
        >>> deskew(np.zeros((50, 100), np.uint8), 90.0).shape
        (100, 50)
    """
    import cv2

    if not angle:
        return image
    matrix, size = find_turn(image.shape[:2], angle)
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)


def find_turn(shape, angle):
    """The affine map that turns an image back, and the size that holds all of it afterwards.

    Args:
        shape: (height, width) of the image.
        angle: float, degrees at which it runs downhill.

    Returns:
        float64 array ``(2, 3)`` that takes ``(x, y, 1)`` to a place in the turned image; and
        (width, height) of that.

    Example:
        >>> find_turn((50, 100), 90.0)[1]
        (50, 100)
    """
    import cv2

    height, width = shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    cos, sin = np.abs(matrix[0, :2])
    size = round(height * sin + width * cos), round(height * cos + width * sin)
    matrix[:, 2] += (np.array(size) - (width, height)) / 2
    return matrix, size

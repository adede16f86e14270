"""From a photograph to ink: grey, evenly lit, then a decision for every pixel.

The first stages of chapter 71's reader. *Darkness* here is how much of the paper's light a pixel
lacks: 0 is paper, 1 is black. It does not depend on how brightly the paper is lit.
"""

import numpy as np

LARGEST_SIDE = 1600  # pixels: larger photographs are reduced first
_PAPER = 6  # closing reaches over a sixth of the shorter side
_COARSE = 400  # pixels of the longer side on which the paper's light is looked for
_SMOOTHING = 0.8  # pixels
_FAINTEST = 0.12  # darkness that nothing below of is ink
_LOW, _HIGH = 0.3, 0.45  # the two thresholds, in parts of the ink's darkness
_SIGMAS = 5  # of the paper's own variation: as much for ink


def to_grey(image):
    """The brightness of a photograph, reduced if it is large.

    ``Y = 0.299 R + 0.587 G + 0.114 B``; the longer side is at most 1,600 pixels afterwards.

    Args:
        image: uint8 array ``(H, W)``, ``(H, W, 1)`` or ``(H, W, 3)`` (RGB).

    Returns:
        uint8 array ``(H', W')``.

    Raises:
        TypeError: if ``image`` is not a uint8 array.
        ValueError: if it has another shape, or a side below 8 pixels.

    Reference:
        ITU-R BT.601-7 (2011), section 2.5.1, for the weights.

    Example:
        >>> to_grey(np.full((10, 20, 3), (255, 0, 0), np.uint8))[0, 0]
        np.uint8(76)
    """
    import cv2

    if not isinstance(image, np.ndarray):
        raise TypeError(f"image must be a uint8 array or a path; received {type(image).__name__}")
    if image.dtype != np.uint8:
        raise TypeError(f"image must be uint8, 0 to 255; received {image.dtype}")
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[2] == 3):
        raise ValueError(f"image must be (H, W), (H, W, 1) or (H, W, 3); received {image.shape}")
    if min(image.shape[:2]) < 8:
        raise ValueError(f"image must be at least 8 pixels each way; received {image.shape}")
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    scale = LARGEST_SIDE / max(grey.shape)
    if scale < 1:
        size = [max(round(side * scale), 8) for side in grey.shape[::-1]]
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return grey


def estimate_paper(grey):
    """How bright the paper is at every pixel, under the ink too.

    A *closing*: the largest value of a neighbourhood wider than any stroke wipes the ink out, and
    the smallest of those values then puts edges of shadows back where they were.

    Args:
        grey: uint8 array ``(H, W)``.

    Returns:
        float32 array ``(H, W)``, at least 1.

    Reference:
        Serra, Image Analysis and Mathematical Morphology (1982), chapter II.

    Example:
        >>> grey = np.full((60, 60), 200, np.uint8)
        >>> grey[20:40, 28:32] = 30  # a stroke
        >>> np.abs(estimate_paper(grey) - 200).max() < 1
        np.True_
    """
    import cv2

    scale = min(1.0, _COARSE / max(grey.shape))
    size = [max(round(side * scale), 8) for side in grey.shape[::-1]]
    coarse = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    coarse = cv2.GaussianBlur(coarse, (0, 0), 1.0)
    reach = max(min(coarse.shape) // _PAPER, 3) | 1
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    paper = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, ellipse, borderType=cv2.BORDER_REPLICATE)
    paper = cv2.GaussianBlur(paper, (0, 0), reach / 6)
    paper = cv2.resize(paper, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.maximum(paper, 1.0)


def find_darkness(grey):
    """What part of the paper's light each pixel lacks: uneven light and shadows are gone.

    ``darkness = 1 - grey / paper``, smoothed a little, with its median (paper) at 0.

    Args:
        grey: uint8 array ``(H, W)``.

    Returns:
        float32 array ``(H, W)``, at most 1, about 0 on paper.

    Example:
        >>> light = np.linspace(100, 250, 90)  # from left to right
        >>> grey = np.tile(light, (60, 1)).astype(np.uint8)
        >>> grey[20:40, 43:47] = grey[20:40, 43:47] * 0.3
        >>> darkness = find_darkness(grey)
        >>> darkness[30, 45].round(1), np.abs(darkness[:15]).max() < 0.1
        (np.float32(0.7), np.True_)
    """
    import cv2

    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), _SMOOTHING)
    darkness = 1 - smooth / estimate_paper(grey)
    return darkness - np.median(darkness)


def estimate_variation(darkness):
    """Standard deviation of the darkness of paper alone: noise and grain.

    ``1.4826 median(|darkness|)``, which a little ink does not change.

    Example:
        >>> paper = np.random.default_rng(0).normal(0, 0.02, (100, 100))
        >>> round(float(estimate_variation(paper)), 3)
        0.02
    """
    return 1.4826 * np.median(np.abs(darkness))


def measure_paper(darkness):
    """What share of a photograph is as even as paper: not darker or lighter by more than 0.12.

    Of pages with a number it is 0.8 and more, of photographs of other things mostly less than 0.7.

    Args:
        darkness: float array ``(H, W)``, as ``find_darkness`` gives it.

    Returns:
        float from 0 to 1.

    Example:
        >>> round(measure_paper(np.array([[0.0, 0.05, -0.1, 0.8]])), 2)
        0.75
    """
    return float((np.abs(darkness) < _FAINTEST).mean())


def find_ink(darkness):
    """Which pixels are ink, and how dark this pen's ink is.

    Two thresholds (*hysteresis*): a pixel is ink if it is 0.3 times as dark as the pen and
    connected to one that is 0.45 times as dark. One low threshold would take grain for ink, one
    high threshold would tear thin strokes.

    Args:
        darkness: float array ``(H, W)``, as ``find_darkness`` gives it.

    Returns:
        bool array ``(H, W)``, and the ink's darkness, a float; 0.0 where there is no ink.

    Reference:
        Canny, A computational approach to edge detection, IEEE PAMI 8 (1986), section VI, for
        the two thresholds.

    Example:
        >>> darkness = np.zeros((30, 30), np.float32)
        >>> darkness[10:20, 14:17] = 0.8
        >>> ink, level = find_ink(darkness)
        >>> int(ink.sum()), round(level, 1)
        (30, 0.8)
    """
    from skimage.filters import apply_hysteresis_threshold

    least = max(_FAINTEST, _SIGMAS * float(estimate_variation(darkness)))
    dark = darkness[darkness > least]
    if dark.size < 12:
        return np.zeros(darkness.shape, bool), 0.0
    level = _typical_ink(darkness, least)
    low, high = max(_LOW * level, 0.8 * least), max(_HIGH * level, least)
    return apply_hysteresis_threshold(darkness, low, high), level


def _typical_ink(darkness, least):
    """The darkness of strokes' middles: of the pixels that are darkest among their neighbours."""
    import cv2

    ridge = darkness >= cv2.dilate(np.asarray(darkness, np.float32), np.ones((3, 3), np.uint8))
    peaks = darkness[ridge & (darkness > least)]
    if not peaks.size:
        return float(darkness.max())
    # Weighted by darkness, the many faint specks count less than the few strokes.
    order = np.sort(peaks)
    weight = np.cumsum(order**2)
    return float(order[np.searchsorted(weight, 0.6 * weight[-1])])

"""Training the reader's network: digits as the reader cuts them out, and nondigits.

Chapter 71 shows what each part is worth. The model and the digits are arguments: this module
makes the rest.
"""

import numpy as np

from cnn_tutorial.digit_reader.checks import check_images
from cnn_tutorial.digit_reader.nondigits import draw_letters, draw_scribbles, spoil_digits
from cnn_tutorial.digit_reader.normalizing import SIDE, normalize_digit

NOT_A_DIGIT = 10  # the eleventh class
_WORN = 0.25  # of the digits, besides all of them as they are
_NONDIGITS = 0.35  # as many, as a part of the digits
_LETTERS, _SCRIBBLES = 0.5, 0.25  # of these; the rest are spoilt digits
_FINE = 2  # times as large: where digits are worn
_BATCH = 128
_RATE = 0.004  # the highest learning rate
_SMOOTHING = 0.05  # of the labels: it keeps the logits small and the doubts apart


def wear_digits(images, *, seed=0):
    """Signs as the reader would cut them out of photographs, normalised again.

    Each is drawn larger, turned, slanted and stretched, its strokes made thicker or thinner; then
    blurred, made noisy, and at times cut by the trace of a line that was taken away.

    Args:
        images: uint8 array ``(N, H, W)`` or ``(N, H, W, 1)``, white on black.
        seed: int, not negative; or a ``numpy.random.Generator``.

    Returns:
        uint8 array ``(N, 28, 28, 1)``.

    Raises:
        TypeError, ValueError: if ``images`` are not uint8 images.

    Example:
        >>> image = np.zeros((1, 28, 28), np.uint8)
        >>> image[0, 4:24, 13:16] = 255
        >>> wear_digits(image).shape
        (1, 28, 28, 1)
    """
    rng = np.random.default_rng(seed)
    worn = [_wear(image, rng) for image in check_images("images", images)]
    return np.stack(worn)[..., np.newaxis]


def make_training_set(images, labels, *, nondigits=True, seed=0):
    """Digits as they are and as the reader cuts them out; and nondigits, as class 10.

    Args:
        images: uint8 array ``(N, 28, 28, 1)``, digits as MNIST has them.
        labels: int array ``(N,)``, 0 to 9.
        nondigits: bool, whether to add letters, scribbles and spoilt digits, in fonts and shapes
            of their own for training (``nondigits.py``).
        seed: int, not negative.

    Returns:
        uint8 array ``(M, 28, 28, 1)`` and int64 array ``(M,)`` with values 0 to 10.

    Raises:
        TypeError, ValueError: if images or labels are not as described.

    Example:
        >>> images = np.zeros((20, 28, 28, 1), np.uint8)
        >>> images[:, 4:24, 13:16] = 255
        >>> shown, targets = make_training_set(images, np.ones(20, int))
        >>> len(shown), int((targets == NOT_A_DIGIT).sum())
        (32, 7)
    """
    images, labels = _check_digits(images, labels)
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(images))[: round(_WORN * len(images))]
    parts = [images, wear_digits(images[chosen], seed=rng)]
    targets = [labels, labels[chosen]]
    if nondigits:
        count = round(_NONDIGITS * len(images))
        letters, scribbles = round(_LETTERS * count), round(_SCRIBBLES * count)
        spoilt = images[rng.permutation(len(images))[: count - letters - scribbles]]
        parts.append(make_nondigits(letters=letters, scribbles=scribbles, digits=spoilt, seed=rng))
        targets.append(np.full(count, NOT_A_DIGIT))
    return np.concatenate(parts), np.concatenate(targets).astype(np.int64)


def make_nondigits(*, letters=0, scribbles=0, digits=None, split="train", seed=0):
    """Letters, scribbles and spoilt digits, in this order, as the reader would cut them out.

    Args:
        letters: int, how many of them.
        scribbles: int, how many of them.
        digits: uint8 array ``(N, 28, 28, 1)``, the digits to spoil, or None.
        split: ``"train"``, ``"validation"`` or ``"test"``; see ``draw_letters``.
        seed: int, not negative; or a ``numpy.random.Generator``.

    Returns:
        uint8 array ``(letters + scribbles + N, 28, 28, 1)``.

    Raises:
        ValueError: if nothing is asked for, or ``split`` is none of the three.

    Example:
        >>> make_nondigits(letters=2, scribbles=1).shape
        (3, 28, 28, 1)
    """
    rng = np.random.default_rng(seed)
    parts = []
    if letters:
        parts.append(draw_letters(letters, split=split, seed=rng)[0])
    if scribbles:
        parts.append(draw_scribbles(scribbles, split=split, seed=rng))
    if digits is not None and len(digits):
        parts.append(spoil_digits(digits, seed=rng))
    if not parts:
        raise ValueError("letters, scribbles or digits must be given; received none of them")
    return wear_digits(np.concatenate(parts), seed=rng)


def train_digit_model(
    model, images, labels, *, validation=None, epochs=7, seed=0, progress=True, batch_size=_BATCH
):
    """Train a network for the reader, in place.

    Adam with a one-cycle learning rate, and labels smoothed by 0.05; every image is shifted,
    turned, scaled and slanted a little, anew in every epoch. A model with eleven logits also
    learns to say «not a digit»; one with ten learns the digits alone.

    Args:
        model: ``keras.Model`` from ``(N, 28, 28, 1)`` in 0..255 to 10 or 11 logits, such as
            ``models.make_digit_cnn()`` makes.
        images: uint8 array ``(N, 28, 28, 1)``, digits as MNIST has them.
        labels: int array ``(N,)``, 0 to 9.
        validation: pair of such arrays, looked at after every epoch, or None.
        epochs: int, at least 1.
        seed: int, not negative: of the nondigits and the order. The model's first weights are the
            caller's.
        progress: bool, whether to show a bar.
        batch_size: int, images a step.

    Returns:
        ``keras.callbacks.History``.

    Raises:
        TypeError, ValueError: if an argument is not as described.

    Reference:
        Ciresan, Meier & Schmidhuber, Multi-column deep neural networks for image classification,
        CVPR (2012), for distorting digits anew in every epoch.

    Example:
        >>> train_digit_model(None, np.zeros((1, 28, 28), np.uint8), [0])
        Traceback (most recent call last):
        ...
        ValueError: images must be (N, 28, 28, 1), N at least 1; received shape (1, 28, 28)
    """
    import keras

    from cnn_tutorial import training
    from cnn_tutorial.digit_reader.feeding import JitteredDigits

    images, labels = _check_digits(images, labels)
    logits = model.output_shape[-1]
    if logits not in (NOT_A_DIGIT, NOT_A_DIGIT + 1):
        raise ValueError(f"model must have 10 or 11 logits; received one with {logits}")
    images, labels = make_training_set(images, labels, nondigits=logits > NOT_A_DIGIT, seed=seed)
    one_hot = np.eye(logits, dtype=np.float32)
    if validation is not None:
        validation = (validation[0], one_hot[np.asarray(validation[1])])
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=_SMOOTHING),
        metrics=["accuracy"],
    )
    return training.fit(
        model,
        JitteredDigits(images, one_hot[labels], batch_size=batch_size, seed=seed),
        validation,
        epochs=epochs,
        schedule=lambda steps: training.one_cycle(_RATE, steps),
        progress=progress,
        seed=seed,
    )


def jitter(images, rng):
    """Images shifted, turned, scaled and slanted a little, each by its own amounts.

    Args:
        images: uint8 array ``(N, 28, 28, 1)``.
        rng: ``numpy.random.Generator``.

    Returns:
        uint8 array of the same shape.

    Example:
        >>> images = np.full((2, 28, 28, 1), 9, np.uint8)
        >>> jitter(images, np.random.default_rng(0)).shape
        (2, 28, 28, 1)
    """
    import cv2

    count = len(images)
    angle = rng.normal(0, 0.09, count)
    scale = np.exp(rng.normal(0, 0.05, (2, count)))
    slant = rng.normal(0, 0.08, count)
    shift = rng.normal(0, 0.7, (2, count))
    cos, sin = np.cos(angle), np.sin(angle)
    matrices = np.empty((count, 2, 3))
    matrices[:, 0, 0], matrices[:, 0, 1] = scale[0] * cos, scale[0] * (slant * cos - sin)
    matrices[:, 1, 0], matrices[:, 1, 1] = scale[1] * sin, scale[1] * (slant * sin + cos)
    middle = SIDE / 2
    matrices[:, :, 2] = middle + shift.T - matrices[:, :, :2].sum(axis=2) * middle
    moved = np.empty_like(images)
    for place in range(count):
        cv2.warpAffine(
            images[place, ..., 0], matrices[place], (SIDE, SIDE), dst=moved[place, ..., 0]
        )
    return moved


def _wear(image, rng):
    import cv2

    height, width = image.shape
    scale = _FINE * 28 / max(height, width)
    angle = float(np.clip(rng.normal(0, 0.1), -0.26, 0.26))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.array([[np.exp(rng.normal(0, 0.1)), rng.normal(0, 0.12)], [0, 1]])
    matrix = np.zeros((2, 3))
    matrix[:, :2] = 0.85 * scale * turn @ stretch
    side = _FINE * 28
    matrix[:, 2] = side / 2 - matrix[:, :2] @ (width / 2, height / 2)
    ink = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_CUBIC).astype(np.float32)
    ink = np.clip((ink / 255 - 0.5) * 2 + 0.5, 0, 1)
    width = int(rng.choice([-1, 0, 0, 0, 1, 2]))
    if width:
        change = cv2.dilate if width > 0 else cv2.erode
        reach = abs(width) + 1
        ink = change(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    if rng.random() < 0.2:
        _scratch(ink, rng)
    ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.1, 0.8) * _FINE)
    ink += rng.uniform(0, 0.06) * rng.standard_normal(ink.shape, np.float32)
    mask = (ink > 0.45).astype(np.uint8)
    worn = normalize_digit(np.maximum(ink, 0), mask=mask)
    return worn if worn.any() else cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _scratch(ink, rng):
    """A thin straight band without ink, almost level or almost upright."""
    import cv2

    side = len(ink)
    start, slope = rng.uniform(0.2, 0.8) * side, rng.uniform(-0.15, 0.15) * side
    ends = [(0, round(start - slope)), (side, round(start + slope))]
    if rng.random() < 0.4:
        ends = [end[::-1] for end in ends]
    cv2.line(ink, *ends, float(rng.uniform(0, 0.7)), int(rng.integers(1, 3)))


def _check_digits(images, labels):
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim != 4 or images.shape[1:] != (SIDE, SIDE, 1) or not len(images):
        raise ValueError(
            f"images must be (N, 28, 28, 1), N at least 1; received shape {images.shape}"
        )
    if images.dtype != np.uint8:
        raise TypeError(f"images must be uint8, 0 to 255; received {images.dtype}")
    if labels.shape != (len(images),):
        raise ValueError(
            f"labels must be one for each of the {len(images)} images; received {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers; received {labels.dtype}")
    if labels.min() < 0 or labels.max() > 9:
        raise ValueError(f"labels must be 0 to 9; received {labels.min()} to {labels.max()}")
    return images, labels

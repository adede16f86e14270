"""The softmax explorer of chapter 24."""

import html

import numpy as np

from cnn_tutorial.explorers import figure

LARGEST_LOGIT = 50


def show_softmax(logits, *, label=0, class_names=None, caption=None):
    """A figure that shows how logits become probabilities, a loss and its gradient.

    ``p_k = exp(z_k - max z) / sum_j exp(z_j - max z)``, ``L = -log p_y`` with the natural
    logarithm, and ``dL/dz_k = p_k - (1 if k == y else 0)``. The reader moves the logits, chooses
    the right class, adds one to all logits, doubles or halves them, and takes steps of gradient
    descent.

    Args:
        logits: 2 to 6 real numbers, at most 50 in size: the scores of one image.
        label: int, the class that is right, to begin with.
        class_names: one non-empty str for each class, all different; None numbers the classes.
        caption: str, the figure's title, or None for a general one.

    Returns:
        ``IPython.display.HTML``; the same arguments give the same text.

    Raises:
        TypeError: if the logits are not integers or floats, or an argument of the wrong kind.
        ValueError: if there are fewer than two or more than six logits, one is NaN or too large,
            ``label`` is no class, or ``class_names`` are not one for each class.

    Reference:
        Goodfellow, Bengio & Courville, Deep Learning (2016), sections 4.1 and 6.2.2.3.

    Example:
        >>> figure = show_softmax([2.0, 1.0, -1.0], label=1, class_names=["cat", "dog", "owl"])
        >>> "<softmax-explorer" in figure.data
        True
    """
    logits = figure.real_array("logits", logits)
    if logits.ndim != 1 or not 2 <= len(logits) <= 6:
        raise ValueError(f"logits must be 2 to 6 numbers; received shape {logits.shape}")
    figure.check_size("logits", logits, LARGEST_LOGIT)
    label = figure.check_int("label", label, 0, len(logits) - 1)
    names = _checked_names(class_names, len(logits))
    caption = figure.check_caption(caption, "Softmax explorer")
    data = {"logits": logits.tolist(), "label": label, "names": names, "caption": caption}
    fallback = _fallback(logits.astype(float), label, names, caption)
    return figure.make_figure("softmax", data, fallback)


def _checked_names(class_names, count):
    if class_names is None:
        return [f"class {k}" for k in range(count)]
    if not isinstance(class_names, list | tuple | np.ndarray):
        raise TypeError(
            f"class_names must be a list of str or None; received {type(class_names).__name__}: "
            f"{class_names!r}"
        )
    names = list(class_names)
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f"class_names must be non-empty str; received {name!r}")
    if len(set(names)) != count or len(names) != count:
        raise ValueError(
            f"class_names must be {count} different names, one for each logit; received {names}"
        )
    return [str(name) for name in names]


def _fallback(logits, label, names, caption):
    """One table of everything, and the loss."""
    shifted = logits - logits.max()
    exps = np.exp(shifted)
    probs = exps / exps.sum()
    loss = np.log(exps.sum()) - shifted[label]
    targets = np.eye(len(logits))[label]
    header = ["class", "logit z", "exp(z − max)", "probability p", "gradient p − y"]
    rows = [
        [name, *numbers]
        for name, *numbers in zip(names, logits, exps, probs, probs - targets, strict=True)
    ]
    return [
        f"<p><strong>{html.escape(caption)}</strong></p>",
        "<p>This figure is interactive where scripts run. It begins with "
        f"“{html.escape(names[label])}” as the right class and the loss "
        f"−ln p = {figure.format_number(loss)}:</p>",
        figure.make_table("From logits to the gradient", rows, header),
    ]

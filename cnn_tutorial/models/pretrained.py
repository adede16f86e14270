"""Networks with the weights that they were trained to; the book's own come with the package."""

from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).resolve().parents[1] / "static" / "digits.npz"


def load_digit_cnn():
    """The network that reads the digits of chapter 71, trained: ``make_digit_cnn()``'s.

    ``tools/export_digits.py`` trained it; ``results.load_result("digits")`` says how, and how
    well it reads.

    Returns:
        keras.Model from images ``(N, 28, 28, 1)``, white on black in 0..255, to logits
        ``(N, 11)``: of the ten digits and of «not a digit».

    Raises:
        FileNotFoundError: if the file of weights is not there.
        ValueError: if it is of another network.

    Example:
        >>> model = load_digit_cnn()
        >>> model.output_shape
        (None, 11)
    """
    from cnn_tutorial.models.zoo import make_digit_cnn

    if not WEIGHTS.is_file():
        raise FileNotFoundError(
            f"the weights {WEIGHTS.name} are not there: `python tools/export_digits.py` makes them"
        )
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        weights = [stored[f"arr_{place}"] for place in range(len(stored.files))]
    model = make_digit_cnn()
    wanted = [weight.shape for weight in model.get_weights()]
    found = [weight.shape for weight in weights]
    if found != wanted:
        raise ValueError(
            f"{WEIGHTS.name} must hold the weights of make_digit_cnn(), of shapes {wanted}; it "
            f"holds shapes {found}"
        )
    model.set_weights(weights)
    return model

"""Settings refuse what cannot be trained with, and say what was expected."""

import dataclasses

import pytest

from cnn_tutorial import recipes


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("epochs", 0, ValueError, "epochs must be at least 1; received 0"),
        ("epochs", 2.5, TypeError, "epochs must be an int; received 2.5"),
        ("batch_size", True, TypeError, "batch_size must be an int"),
        ("widths", (8, 8), ValueError, "widths must be a tuple of three ints"),
        ("widths", (8, 8, 0), ValueError, r"widths\[2\] must be at least 1"),
        ("small_epochs", 9, ValueError, "small_epochs must be at most epochs, 3; received 9"),
        ("small_side", 8, ValueError, "small_side must be at least 16"),
        ("small_side", 40, ValueError, "small_side must be at most 32"),
        ("shift", -1, ValueError, "shift must be at least 0"),
        ("shift", 9, ValueError, "shift must be at most 8"),
        ("shift_averaging", 9, ValueError, "shift_averaging must be at most 8"),
        ("rate", 0, ValueError, "rate must be positive; received 0"),
        ("bias_rate", float("nan"), ValueError, "bias_rate must be positive"),
        ("head_rate", "1", TypeError, "head_rate must be a number; received '1'"),
        ("weight_decay", -1e-9, ValueError, "weight_decay must be not negative"),
        ("label_smoothing", 1.0, ValueError, r"label_smoothing must be in \[0, 1\); received 1.0"),
        ("norm_momentum", None, TypeError, "norm_momentum must be a number"),
        ("averaging", 0.0, ValueError, "averaging must be between 0 and 1; received 0.0"),
        ("averaging", 1, ValueError, "averaging must be between 0 and 1; received 1"),
        ("whitening", 1, TypeError, "whitening must be True or False; received 1"),
        ("flips", "always", ValueError, "flips must be one of 'alternating', 'random', 'none'"),
        ("optimizer", "Adam", ValueError, "optimizer must be one of 'muon', 'sgd', 'adam'"),
        ("schedule", None, ValueError, "schedule must be one of 'linear', 'constant'"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(name, value, error, message):
    with pytest.raises(error, match=message):
        dataclasses.replace(recipes.FAST, **{name: value})


def test_settings_cannot_be_changed_by_accident():
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipes.FAST.epochs = 1

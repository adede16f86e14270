"""What the losses refuse, and what they say; and what they warn of."""

import warnings

import numpy as np
import pytest

from cnn_tutorial import numpy_ops

PROBS = np.array([[0.25, 0.75], [0.5, 0.5]])
LOGITS = np.array([[2.0, -1.0], [0.5, 3.0]])
ONE_HOT = np.eye(2)


def both(name):
    """The loss and its gradient, which must refuse the same."""
    return getattr(numpy_ops, name), getattr(numpy_ops, f"{name}_backward")


def assert_refused(name, operands, how, error, message):
    for function in both(name):
        with pytest.raises(error, match=message):
            function(*operands, **how)


CASES = {
    "mean_squared_error": [
        ([1.0], [[1.0]], r"targets must have the shape of predictions, \(1, 1\); received \(1,\)"),
        ([1.0], [[1.0]], r"give targets\[\.\.\., None\]"),
        ([[1.0]], [1.0], r"give targets\[\.\.\., 0\]"),
        ([1.0, 2.0], 1.0, r"predictions, \(\); received \(2,\)$"),
        ([], [], r"targets must not be empty; received shape \(0,\)"),
        (np.ones((2, 0)), np.ones((2, 0)), r"must not be empty; received shape \(2, 0\)"),
    ],
    "binary_cross_entropy": [
        (
            [1, 0],
            [[0.5], [0.5]],
            r"predictions, \(2, 1\); received \(2,\); give targets\[\.\.\., None\]",
        ),
        (
            [[1], [0]],
            [0.5, 0.5],
            r"predictions, \(2,\); received \(2, 1\); give targets\[\.\.\., 0\]",
        ),
        (
            [1, 2],
            [0.5, 0.5],
            "targets must be probabilities, from 0 to 1; received numbers from 1 to 2",
        ),
        ([1, -1], [0.5, 0.5], "targets must be probabilities, .* received numbers from -1 to 1"),
        ([1, 0], [0.5, 1.5], r"received numbers from 0.5 to 1.5; did you mean from_logits=True\?"),
        ([1, 0], [0.5, -2], r"predictions must be probabilities, .* from -2 to 0.5; did you mean"),
        ([1, np.nan], [0.5, -2], "predictions must be probabilities"),
        ([], [], "targets must not be empty"),
    ],
    "categorical_cross_entropy": [
        (
            [1, 0],
            PROBS,
            r"rows of 2 probabilities, .* received \(2,\): sparse_categorical_cross_ent",
        ),
        (
            [[1], [0]],
            PROBS,
            r"received \(2, 1\): sparse_categorical_cross_entropy takes class numbers",
        ),
        (
            np.eye(3)[:2],
            PROBS,
            r"targets must have the shape of predictions, \(2, 2\); received \(2, 3\)",
        ),
        (
            2 * ONE_HOT,
            PROBS,
            "targets must be probabilities, from 0 to 1; received numbers from 0 to 2",
        ),
        ([[1, -0.5], [0, 1]], PROBS, "targets must be probabilities"),
        (
            [[1, 0], [1, 1]],
            PROBS,
            r"every row of targets must sum to one .* sum of 2 in targets\[1\]",
        ),
        ([[1, 0], [0, 0]], PROBS, "every row of targets must sum to one"),
        (ONE_HOT, LOGITS, r"predictions must be probabilities, .* did you mean from_logits=True\?"),
        (
            ONE_HOT,
            PROBS / 2,
            r"sum to one within 0.001; received a sum of 0.5 in predictions\[0\]; did",
        ),
        (ONE_HOT, PROBS * 1.0011, "every row of predictions must sum to one"),
        (np.ones((0, 2)), np.ones((0, 2)), "predictions must not be empty"),
        (1.0, 1.0, "predictions must have an axis of classes; received a single number"),
    ],
    "sparse_categorical_cross_entropy": [
        ([0, 2], PROBS, "labels must be from 0 to 1, predictions having 2 classes; received 2"),
        ([0, -1], PROBS, "labels must be from 0 to 1, .* received -1"),
        ([0, 0.5], PROBS, "labels must be whole numbers; received 0.5"),
        ([0, np.nan], PROBS, "labels must be whole numbers; received nan"),
        ([0, np.inf], PROBS, "labels must be from 0 to 1, .* received inf"),
        (
            ONE_HOT,
            PROBS,
            r"received shape \(2, 2\): categorical_cross_entropy takes one-hot rows; or give",
        ),
        (
            [[0], [1]],
            PROBS,
            r"labels must be class numbers of shape \(2,\).* \(2, 1\); give labels\[\.\.\., 0\]",
        ),
        ([0, 1, 1], PROBS, r"one for each row of predictions \(2, 2\); received shape \(3,\)$"),
        (0, PROBS, r"received shape \(\)"),
        ([0, 1], LOGITS, r"did you mean from_logits=True\?"),
        ([0, 1], PROBS / 2, "every row of predictions must sum to one .* or forget softmax"),
        ([], np.ones((0, 2)), "predictions must not be empty"),
    ],
}


@pytest.mark.parametrize(
    ("name", "targets", "predictions", "message"),
    [(name, *case) for name, cases in CASES.items() for case in cases],
)
def test_values_and_shapes_that_cannot_be_are_refused(name, targets, predictions, message):
    assert_refused(name, (targets, predictions), {}, ValueError, message)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("bad", [[True, False], [1j, 0], [None, 1], ["0", "1"]], ids=str)
def test_arrays_that_are_not_of_real_numbers_are_refused(name, bad):
    good = [1.0, 0.0] if name.startswith(("mean", "binary")) else PROBS
    message = "(targets|labels|predictions) must be an array of real numbers; received dtype"
    shaped = np.array([bad, bad]) if name.startswith("categorical") else np.array(bad)
    assert_refused(name, (shaped, good), {}, TypeError, message)
    assert_refused(name, ([1.0, 0.0], np.array([bad, bad])), {}, TypeError, message)


@pytest.mark.parametrize("name", [name for name in CASES if name != "mean_squared_error"])
@pytest.mark.parametrize("flag", [1, None, "True", 0.1], ids=repr)
def test_from_logits_must_be_true_or_false(name, flag):
    operands = ([1.0, 0.0], [0.5, 0.5]) if name.startswith("binary") else (ONE_HOT, PROBS)
    message = "from_logits must be True or False; received"
    assert_refused(name, operands, {"from_logits": flag}, TypeError, message)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "categorical_cross_entropy"])
@pytest.mark.parametrize(
    ("smoothing", "error"),
    [
        (-0.1, ValueError),
        (1.0, ValueError),
        (np.nan, ValueError),
        (True, TypeError),
        ("0", TypeError),
    ],
)
def test_label_smoothing_must_be_a_share_below_one(name, smoothing, error):
    how = {"label_smoothing": smoothing}
    assert_refused(name, (ONE_HOT, PROBS), how, error, "label_smoothing must be")


@pytest.mark.parametrize("name", ["categorical_cross_entropy", "sparse_categorical_cross_entropy"])
@pytest.mark.parametrize("scale", [0.9991, 1.0009])
def test_rows_that_sum_to_one_within_a_thousandth_are_taken(name, scale):
    targets = ONE_HOT if name.startswith("categorical") else [0, 1]
    for function in both(name):
        received, expected = function(targets, scale * PROBS), function(targets, PROBS)
        np.testing.assert_allclose(received, expected, rtol=2e-3)


# Warnings


@pytest.mark.parametrize(
    ("name", "targets", "probs", "said"),
    [
        ("binary_cross_entropy", [1, 0, 1], [0.9, 0.2, 0.7], "they fill the range from 0 to 1"),
        ("categorical_cross_entropy", ONE_HOT, PROBS, "every row sums to one"),
        ("sparse_categorical_cross_entropy", [0, 1], PROBS, "every row sums to one"),
    ],
)
def test_probabilities_taken_for_logits_raise_a_warning_that_explains(name, targets, probs, said):
    for function in both(name):
        with pytest.warns(UserWarning, match="from_logits=True, but .* probabilities") as caught:
            function(targets, probs, from_logits=True)
        assert len(caught) == 1
        assert said in str(caught[0].message)
        assert "applied twice" in str(caught[0].message)
        assert caught[0].filename == __file__  # it points at the caller's line


@pytest.mark.parametrize(
    ("name", "targets", "logits"),
    [
        ("binary_cross_entropy", [1, 0, 1], [0.9, 0.2, 1.7]),
        ("binary_cross_entropy", [1, 0, 1], [0.0, 0.0, 0.0]),
        ("binary_cross_entropy", [1], [0.3]),
        ("binary_cross_entropy", [1, 0, 1], [0.1, 0.5, 0.7]),
        ("binary_cross_entropy", [1, 0, 1], [0.3, 0.5, 0.9]),
        ("categorical_cross_entropy", ONE_HOT, np.add(PROBS, [[0.01, 0], [0, 0]])),
        ("sparse_categorical_cross_entropy", [0, 1], [[0.25, 0.75], [-0.5, 1.5]]),
        ("sparse_categorical_cross_entropy", [0, 1], np.zeros((2, 2))),
    ],
)
def test_numbers_that_may_well_be_logits_raise_none(name, targets, logits):
    for function in both(name):
        with warnings.catch_warnings(action="error"):
            function(targets, logits, from_logits=True)


def test_a_single_class_raises_a_warning_that_names_the_binary_loss():
    for name, targets in [
        ("categorical_cross_entropy", [[1.0]]),
        ("sparse_categorical_cross_entropy", [0]),
    ]:
        for function in both(name):
            with pytest.warns(
                UserWarning, match="one class only .* use binary_cross_entropy"
            ) as caught:
                assert function(targets, np.array([[3.0]]), from_logits=True) == 0
            assert caught[0].filename == __file__

"""digit_reader.recognizing: a softmax, a threshold, and what a model may be."""

import numpy as np
import pytest
from scipy.special import softmax

from cnn_tutorial.digit_reader import recognize_digits

IMAGES = np.zeros((3, 28, 28), np.uint8)


def model_of(logits):
    return lambda images: np.asarray(logits, float)


def test_probabilities_are_the_softmax_over_all_classes_that_there_are(rng):
    for classes in (10, 11):
        logits = rng.normal(0, 3, (3, classes))
        answers = recognize_digits(IMAGES, model_of(logits), threshold=0)
        expected = softmax(logits, axis=1)[:, :10]
        np.testing.assert_allclose([answer.probs for answer in answers], expected, atol=1e-12)


def test_a_model_is_given_pixels_from_0_to_255_as_floats_with_a_channel():
    seen = []

    def model(images):
        seen.append(images)
        return np.zeros((len(images), 11))

    images = np.full((2, 28, 28), 200, np.uint8)
    recognize_digits(images, model)
    assert seen[0].shape == (2, 28, 28, 1)
    assert seen[0].dtype == np.float32
    assert seen[0].max() == 200


def test_the_largest_logit_is_the_answer_unless_it_is_that_of_no_digit():
    logits = np.zeros((3, 11))
    logits[0, 4] = logits[1, 10] = 9
    logits[2, 7], logits[2, 10] = 9, 8.9
    first, second, third = recognize_digits(IMAGES, model_of(logits), threshold=0)
    assert (first.label, first.reason) == (4, None)
    assert second.label is None
    assert second.reason.startswith("not a digit: ")
    assert third.label == 7


def test_the_threshold_decides_how_sure_a_model_has_to_be():
    logits = np.log([[0.7, *[0.03] * 10]] * 3)
    for threshold, label in ((0, 0), (0.69, 0), (0.71, None), (1, None)):
        answer = recognize_digits(IMAGES, model_of(logits), threshold=threshold)[0]
        assert answer.label == label
    assert answer.reason == "uncertain: 0 at 70%, below 100%"


def test_large_logits_do_not_overflow():
    (answer,) = recognize_digits(IMAGES[:1], model_of([[0.0] * 9 + [5000]]))
    assert answer.label == 9


def test_a_model_is_not_asked_about_nothing():
    assert recognize_digits(IMAGES[:0], model=len) == []


@pytest.mark.parametrize(
    ("images", "model", "threshold", "error", "says"),
    [
        (IMAGES, "model", 0.5, TypeError, "model must be a keras.Model or a function"),
        (
            IMAGES,
            model_of(np.zeros((3, 9))),
            0.5,
            ValueError,
            r"\(3, 11\); received shape \(3, 9\)",
        ),
        (IMAGES, model_of(np.zeros((2, 11))), 0.5, ValueError, r"received shape \(2, 11\)"),
        (IMAGES, model_of(np.full((3, 10), np.nan)), 0.5, ValueError, "finite logits"),
        (IMAGES.astype(float), len, 0.5, TypeError, "images must be uint8"),
        (np.zeros((3, 20, 20), np.uint8), len, 0.5, ValueError, r"images must be \(N, 28, 28\)"),
        (IMAGES, len, 1.5, ValueError, "threshold must be from 0 to 1; received 1.5"),
        (IMAGES, len, float("nan"), ValueError, "threshold must be from 0 to 1"),
        (IMAGES, len, "half", TypeError, "threshold must be a number"),
        (IMAGES, len, True, TypeError, "threshold must be a number"),
    ],
)
def test_what_cannot_be_recognized_is_refused(images, model, threshold, error, says):
    with pytest.raises(error, match=says):
        recognize_digits(images, model, threshold=threshold)

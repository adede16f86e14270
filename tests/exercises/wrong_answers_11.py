"""Answers to chapter 11's exercises that its checkers must refuse."""

import numpy as np


def _per_digit(labels, answers, share):
    return np.array([share(labels == digit, answers == digit) for digit in range(10)])


def _recall(is_digit, read_as_digit, absent=np.nan):
    return np.mean(read_as_digit[is_digit]) if is_digit.any() else absent


WRONG = {
    "check_accuracy_per_digit": [
        lambda labels, answers: np.mean(labels == answers),  # one number for all
        # The share of the answers that are right, not of the images that are read right.
        lambda labels, answers: _per_digit(labels, answers, lambda a, b: _recall(b, a)),
        lambda labels, answers: _per_digit(labels, answers, lambda a, b: np.sum(a & b)),  # counts
        lambda labels, answers: _per_digit(labels, answers, lambda a, b: _recall(a, b, 0)),
        lambda labels, answers: _per_digit(labels, answers, lambda a, b: 1 - _recall(a, b)),
        lambda labels, answers: 100 * _per_digit(labels, answers, _recall),  # per cent
    ],
    "check_majority_accuracy": [
        lambda train, test: np.mean(test == np.bincount(test).argmax()),  # peeks at the test
        lambda train, test: np.mean(train == np.bincount(train).argmax()),  # scores on training
        lambda train, test: np.mean(test == train.max()),  # the largest label, not the commonest
        lambda train, test: np.mean(  # in a tie the largest
            test == len(np.bincount(train)) - 1 - np.bincount(train)[::-1].argmax()
        ),
        lambda train, test: np.bincount(train).argmax(),  # the label itself
    ],
    "check_how_many_to_hand_over": [
        lambda confidence, wrong, allowed: wrong.sum() - allowed,  # mistakes, not images
        lambda confidence, wrong, allowed: max(wrong.sum() - allowed, 0),
        # Most certain first.
        lambda confidence, wrong, allowed: np.argmax(
            wrong.sum() - np.append(0, np.cumsum(wrong[np.argsort(-confidence)])) <= allowed
        ),
        # In the order in which they came.
        lambda confidence, wrong, allowed: np.argmax(
            wrong.sum() - np.append(0, np.cumsum(wrong)) <= allowed
        ),
        # Handing over none is forgotten.
        lambda confidence, wrong, allowed: (
            1 + np.argmax(wrong.sum() - np.cumsum(wrong[np.argsort(confidence)]) <= allowed)
        ),
        lambda confidence, wrong, allowed: np.argmax(
            wrong.sum() - np.append(0, np.cumsum(wrong[np.argsort(confidence)])) < allowed
        ),
    ],
}

"""Answers to chapter 61's exercises that its checkers must refuse."""

import numpy as np


def _f1_by_class(matrix):
    below = matrix.sum(axis=0) + matrix.sum(axis=1)
    return 2 * matrix.diagonal() / np.maximum(below, 1)


def _without_absent_classes(matrix):
    below = matrix.sum(axis=0) + matrix.sum(axis=1)
    return np.mean((2 * matrix.diagonal() / np.maximum(below, 1))[below > 0])


def _nan_for_absent_classes(matrix):
    with np.errstate(invalid="ignore"):
        return np.mean(2 * matrix.diagonal() / (matrix.sum(axis=0) + matrix.sum(axis=1)))


def _of_the_mean_precision_and_recall(matrix):
    precision = np.mean(matrix.diagonal() / np.maximum(matrix.sum(axis=0), 1))
    recall = np.mean(matrix.diagonal() / np.maximum(matrix.sum(axis=1), 1))
    return 2 * precision * recall / (precision + recall)


def _arithmetic_mean(matrix):
    precision = matrix.diagonal() / np.maximum(matrix.sum(axis=0), 1)
    recall = matrix.diagonal() / np.maximum(matrix.sum(axis=1), 1)
    return np.mean((precision + recall) / 2)


def _differences(labels, first, second, draws):
    return ((second == labels).astype(int) - (first == labels))[draws].mean(axis=1)


def _other_images_for_the_second(labels, first, second, draws):
    one, two = (first == labels)[draws].mean(axis=1), (second == labels)[draws[::-1]].mean(axis=1)
    return np.percentile(two - one, [2.5, 97.5])


def _difference_of_the_ends(labels, first, second, draws):
    ends = [
        np.percentile((answers == labels)[draws].mean(axis=1), [2.5, 97.5])
        for answers in (first, second)
    ]
    return ends[1] - ends[0]


def _extreme_ends(labels, first, second, draws):
    one, two = ((a == labels)[draws].mean(axis=1) for a in (first, second))
    return np.percentile(two, 2.5) - np.percentile(one, 97.5), np.percentile(
        two, 97.5
    ) - np.percentile(one, 2.5)


def _by_the_normal_curve(labels, first, second, draws):
    values = _differences(labels, first, second, draws)
    return values.mean() - 1.96 * values.std(), values.mean() + 1.96 * values.std()


WRONG = {
    "check_false_alarms_per_hit": [
        lambda share, tpr, fpr: fpr / tpr,  # the share forgotten
        lambda share, tpr, fpr: share * fpr / ((1 - share) * tpr),  # ones and zeros exchanged
        lambda share, tpr, fpr: (1 - share) * fpr / (share * tpr + (1 - share) * fpr),  # of calls
        lambda share, tpr, fpr: share * tpr / ((1 - share) * fpr) if fpr else np.inf,  # reciprocal
        lambda share, tpr, fpr: (1 - share) * fpr / share,  # as if all ones were found
        lambda share, tpr, fpr: fpr / (share * tpr),  # the zeros taken for everything
    ],
    "check_macro_f1": [
        lambda matrix: np.average(_f1_by_class(matrix), weights=matrix.sum(axis=1)),  # weighted
        lambda matrix: matrix.trace() / matrix.sum(),  # micro: the accuracy
        _f1_by_class,  # not averaged
        _without_absent_classes,  # they count as 0
        _nan_for_absent_classes,
        _of_the_mean_precision_and_recall,  # averages first
        _arithmetic_mean,  # for the harmonic one
        lambda matrix: np.mean(matrix.diagonal() / np.maximum(matrix.sum(axis=1), 1)),  # recall
    ],
    "check_cheapest_threshold": [
        lambda alarm, miss: miss / (alarm + miss),  # exchanged
        lambda alarm, miss: alarm / miss,  # the odds, not the probability
        lambda alarm, miss: 0.5,  # whatever it costs
        lambda alarm, miss: min(1.0, alarm / miss),
        lambda alarm, miss: 1 / (alarm + miss),
    ],
    "check_paired_interval": [
        _other_images_for_the_second,  # each model on draws of its own
        _difference_of_the_ends,  # two intervals subtracted
        _extreme_ends,  # as if the two were independent
        lambda *arrays: -_percentiles(arrays, [97.5, 2.5]),  # the first minus the second
        lambda *arrays: _percentiles(arrays, [5, 95]),  # 90 %
        lambda *arrays: _percentiles(arrays, [97.5, 2.5]),  # high, low
        lambda *arrays: _percentiles(arrays, [2.5, 97.5]) * len(arrays[0]),  # counts
        _by_the_normal_curve,
    ],
}


def _percentiles(arrays, ends):
    return np.percentile(_differences(*arrays), ends)

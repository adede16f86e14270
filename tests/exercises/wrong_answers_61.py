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


def _minus_one_where_answers_differ(labels, first, second, draws):
    difference = np.where(first == second, 0, np.where(second == labels, 1, -1))
    return np.percentile(difference[draws].mean(axis=1), [2.5, 97.5])


def _points(labels, scores):
    calls = scores >= np.unique(scores)[::-1, None]
    rates = [np.append(0, calls[:, labels == k].mean(axis=1)) for k in (0, 1)]
    return np.array(rates)


def _a_step_for_each_image(labels, scores):
    labels = labels[np.argsort(-scores, kind="stable")]
    rates = [np.append(0, np.cumsum(labels == k) / np.sum(labels == k)) for k in (0, 1)]
    return np.array(rates)


def _from_above_the_score(labels, scores):
    calls = scores > np.unique(scores)[::-1, None]
    return tuple(np.append(0, calls[:, labels == k].mean(axis=1)) for k in (0, 1))


def _shares_of_all_images(labels, scores):
    return _points(labels, scores) * np.array([[np.mean(labels == 0)], [np.mean(labels == 1)]])


def _precision_for_fpr(labels, scores):
    calls = scores >= np.unique(scores)[::-1, None]
    precision = calls[:, labels == 1].sum(axis=1) / calls.sum(axis=1)
    return np.append(1, precision), _points(labels, scores)[1]


def _ece(
    labels, probs, bins, *, of=lambda y, p: y, said=lambda p: p, over=sum, size=abs, cut=np.ceil
):
    place = np.clip(cut(probs * bins) - (cut is np.ceil), 0, bins - 1)
    gaps = of(labels, probs) - said(probs)
    return over(size(gaps[place == j].sum()) for j in range(bins)) / len(labels)


def _ece_with_a_bin_for_zero(labels, probs, bins):
    place = np.ceil(probs * bins)
    return sum(abs((labels - probs)[place == j].sum()) for j in range(bins + 1)) / len(labels)


def _ece_unweighted(labels, probs, bins):
    place = np.clip(np.ceil(probs * bins) - 1, 0, bins - 1)
    return np.mean([abs((labels - probs)[place == j].mean()) for j in set(place.tolist())])


WRONG = {
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
    "check_roc_points": [
        _a_step_for_each_image,  # equal scores are not passed in one step
        _from_above_the_score,  # > for >=
        lambda labels, scores: _points(labels, scores)[:, 1:],  # (0, 0) left out
        lambda labels, scores: _points(labels, scores)[::-1],  # (tpr, fpr)
        lambda labels, scores: _points(labels, scores)[:, ::-1],  # from the lowest score up
        _shares_of_all_images,  # not of the zeros, and of the ones
        _precision_for_fpr,
    ],
    "check_binary_ece": [
        lambda *case: _ece(*case, of=lambda labels, probs: (probs > 0.5) == labels),  # accuracy
        lambda *case: _ece(*case, said=lambda probs: np.maximum(probs, 1 - probs)),
        lambda *case: _ece(*case, over=max),  # the largest gap
        lambda *case: _ece(*case, size=lambda gap: gap),  # gaps of both signs cancel
        lambda *case: _ece(*case, cut=np.floor),  # an edge belongs to the bin above
        _ece_unweighted,
        _ece_with_a_bin_for_zero,
        lambda labels, probs, bins: np.mean((labels - probs) ** 2),  # the Brier score
        lambda labels, probs, bins: abs(labels.mean() - probs.mean()),  # one bin
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
        _minus_one_where_answers_differ,  # also where both are wrong, each in its way
    ],
}


def _percentiles(arrays, ends):
    return np.percentile(_differences(*arrays), ends)

"""Answers to chapter 26's exercises that its checkers must refuse."""

import numpy as np


class _Scale:
    def __init__(self, channels):
        self.parameters, self.gradients = {"gain": np.ones(channels)}, {}

    def forward(self, x):
        self.x = x
        return x * self.parameters["gain"]

    def backward(self, grad):
        self.gradients = {"gain": (grad * self.x).sum(axis=(0, 1, 2))}
        return grad * self.parameters["gain"]


class _PassesOnUnchanged(_Scale):
    def backward(self, grad):
        super().backward(grad)
        return grad


class _MeanOfTheWays(_Scale):
    def backward(self, grad):
        passed_on = super().backward(grad)
        self.gradients["gain"] = (grad * self.x).mean(axis=(0, 1, 2))
        return passed_on


class _KeepsOneGradientAnImage(_Scale):
    def backward(self, grad):
        passed_on = super().backward(grad)
        self.gradients["gain"] = (grad * self.x).sum(axis=(1, 2))
        return passed_on


class _ForgetsTheInputs(_Scale):
    def backward(self, grad):
        self.gradients = {"gain": grad.sum(axis=(0, 1, 2))}
        return grad * self.parameters["gain"]


class _AddsUpOverBatches(_Scale):
    def backward(self, grad):
        old = self.gradients.get("gain", 0)
        passed_on = super().backward(grad)
        self.gradients["gain"] = self.gradients["gain"] + old
        return passed_on


class _RemembersTheOutputs(_Scale):
    def forward(self, x):
        self.x = x * self.parameters["gain"]
        return self.x


class _OneGainForAll(_Scale):
    def __init__(self, channels):
        self.parameters, self.gradients = {"gain": np.ones(1)}, {}


class _StartsAtZero(_Scale):
    def __init__(self, channels):
        self.parameters, self.gradients = {"gain": np.zeros(channels)}, {}


def _slope_one_sided(loss, parameter, index, step):
    below, before = loss(), parameter[index]
    parameter[index] = before + step
    above = loss()
    parameter[index] = before
    return (above - below) / step


def _slope_over_one_step(loss, parameter, index, step):
    before, losses = parameter[index], []
    for value in (before + step, before - step):
        parameter[index] = value
        losses.append(loss())
    parameter[index] = before
    return (losses[0] - losses[1]) / step


def _slope_leaves_it_changed(loss, parameter, index, step):
    parameter[index] += step
    above = loss()
    parameter[index] -= 2 * step
    return (above - loss()) / (2 * step)


def _slope_goes_back_by_adding(loss, parameter, index, step):
    parameter[index] += step
    above = loss()
    parameter[index] -= 2 * step
    below = loss()
    parameter[index] += step
    return (above - below) / (2 * step)


def _slope_of_a_copy(loss, parameter, index, step):
    parameter = parameter.copy()
    parameter[index] += step
    above = loss()
    parameter[index] -= 2 * step
    return (above - loss()) / (2 * step)


def _slope_moves_all(loss, parameter, index, step):
    before = parameter.copy()
    parameter += step
    above = loss()
    parameter -= 2 * step
    below = loss()
    parameter[...] = before
    return (above - below) / (2 * step)


def _slope_of_the_wrong_sign(loss, parameter, index, step):
    return -_slope_over_one_step(loss, parameter, index, step) / 2


def _slope_without_a_sign(loss, parameter, index, step):
    return abs(_slope_over_one_step(loss, parameter, index, step)) / 2


def _slope_with_a_step_of_its_own(loss, parameter, index, step):
    return _slope_over_one_step(loss, parameter, index, 1e-5) / 2


def _wrong_places(agrees):
    return [k for k, one in enumerate(agrees) if one is False]


def _suspects_up_to_the_right_one(agrees, *, include=True):
    wrong = _wrong_places(agrees)
    if not wrong:
        return []
    right = [k for k in range(max(wrong) + 1, len(agrees)) if agrees[k] is True]
    last = min(right, default=len(agrees) - 1)
    return list(range(max(wrong), last + include))


def _suspects_below(agrees):
    wrong = _wrong_places(agrees)
    return list(range(min(wrong), max(wrong) + 1)) if wrong else []


def _falsy_is_wrong(agrees):
    wrong = [k for k, one in enumerate(agrees) if not one]
    return [max(wrong)] if wrong else []


def _suspects_that_learn(agrees):
    found = _suspects_up_to_the_right_one(agrees)
    return [k for k in found if agrees[k] is not None]


def _suspects_by_the_neighbour(agrees):
    found = _suspects_up_to_the_right_one(agrees)
    return found[:1] if found and found[0] > 0 and agrees[found[0] - 1] is True else found


def _shuffled_batches(count, batch_size, rng):
    starts = range(0, count, batch_size)
    batches = [rng.permutation(np.arange(k, min(k + batch_size, count))) for k in starts]
    order = rng.permutation(len(batches) - 1)
    return [*(batches[k] for k in order), batches[-1]]


def _turned_batches(count, batch_size, rng):
    order = np.roll(np.arange(count), rng.integers(1, count))
    return np.split(order, range(batch_size, count, batch_size))


class _StepsOnTheWayBack(_Scale):
    def backward(self, grad):
        passed_on = super().backward(grad)
        self.parameters["gain"] -= 0.1 * self.gradients["gain"]
        return passed_on


class _KeepsTheFirstGain(_Scale):
    def __init__(self, channels):
        super().__init__(channels)
        self.gain = self.parameters["gain"]

    def forward(self, x):
        self.x = x
        return x * self.gain


WRONG = {
    "check_scale_layer": [
        _PassesOnUnchanged,
        _MeanOfTheWays,
        _KeepsOneGradientAnImage,
        _ForgetsTheInputs,
        _AddsUpOverBatches,
        _RemembersTheOutputs,
        _OneGainForAll,
        _StartsAtZero,
        _StepsOnTheWayBack,
        _KeepsTheFirstGain,
    ],
    "check_slope_at": [
        _slope_one_sided,
        _slope_over_one_step,
        _slope_leaves_it_changed,
        _slope_goes_back_by_adding,
        _slope_of_a_copy,
        _slope_moves_all,
        _slope_of_the_wrong_sign,
        _slope_without_a_sign,
        _slope_with_a_step_of_its_own,
    ],
    "check_find_suspects": [
        _wrong_places,  # the wrong layers themselves
        lambda agrees: _wrong_places(agrees)[-1:],  # only the first wrong one from the loss
        _suspects_up_to_the_right_one,  # does not look below
        lambda agrees: _suspects_up_to_the_right_one(agrees, include=False),
        _suspects_below,
        _falsy_is_wrong,  # takes None for a failed check
        _suspects_that_learn,  # a layer without parameters may hold the fault, too
        _suspects_by_the_neighbour,  # looks at one layer below, not at all of them
    ],
    "check_split_batches": [
        lambda n, b, rng: [np.arange(n)[k : k + b] for k in range(0, n, b)],  # not shuffled
        lambda n, b, rng: [rng.integers(0, n, min(b, n - k)) for k in range(0, n, b)],  # repeats
        _shuffled_batches,  # neighbours stay together
        _turned_batches,  # one random number for all
        lambda n, b, rng: list(rng.permutation(n)[: n // b * b].reshape(-1, b)),  # loses the rest
        lambda n, b, rng: np.array_split(rng.permutation(n), -(-n // b)),  # evens them out
        lambda n, b, rng: [
            np.random.default_rng().permutation(n)[k : k + b] for k in range(0, n, b)
        ],
        lambda n, b, rng: [
            np.random.default_rng(0).permutation(n)[k : k + b] for k in range(0, n, b)
        ],
        lambda n, b, rng: [rng.permutation(np.arange(n)[k : k + b]) for k in range(0, n, b)],
    ],
}

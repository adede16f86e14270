"""Answers to chapter 51's exercises that its checkers must refuse."""

import copy
import math

import numpy as np


def _cosine(step, steps, warmup):
    return (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


def _without_the_warm_up_in_the_fall(step, peak, steps, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + math.cos(math.pi * step / steps)) / 2


def _fall_over_all_steps(step, peak, steps, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + math.cos(math.pi * (step - warmup) / steps)) / 2


def _a_step_ahead(step, peak, steps, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * _cosine(step, steps, warmup)


def _along_a_line(step, peak, steps, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * (steps - step) / (steps - warmup)


def _without_half(step, peak, steps, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


def _a_quarter_of_the_wave(step, peak, steps, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * math.cos(math.pi / 2 * (step - warmup) / (steps - warmup))


def _stop(losses, patience, *, lower=lambda loss, best: loss < best, extra=0):
    best, best_epoch, wait = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if lower(loss, best):
            best, best_epoch, wait = loss, epoch, 0
        else:
            wait += 1
        if wait >= patience + extra:
            return epoch, best_epoch
    return len(losses), best_epoch


def _against_the_epoch_before(losses, patience):
    wait = 0
    for epoch in range(1, len(losses)):
        wait = 0 if losses[epoch] < losses[epoch - 1] else wait + 1
        if wait >= patience:
            return epoch + 1, int(np.argmin(losses[: epoch + 1])) + 1
    return len(losses), int(np.argmin(losses)) + 1


def _never_begins_anew(losses, patience):
    best, best_epoch, wait = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        else:
            wait += 1
        if wait >= patience:
            return epoch, best_epoch
    return len(losses), best_epoch


def _best_of_all(losses, patience):
    return _stop(losses, patience)[0], int(np.argmin(losses)) + 1


def _last_epoch_for_best(losses, patience):
    return (_stop(losses, patience)[0],) * 2


def _descend(state, gradient, steps, *, late=0, draws=1):
    for _ in range(steps):
        g = gradient(state["w"]) + sum(state["rng"].normal() for _ in range(draws))
        state["v"] = 0.9 * state["v"] - 0.1 / (1 + state["t"] + late) * g
        state["w"] += state["v"]
        state["t"] += 1
    return state


def _velocity_forgotten(state, gradient, steps):
    return _descend(copy.deepcopy(state) | {"v": 0.0}, gradient, steps)


def _count_begins_anew(state, gradient, steps):
    return _descend(copy.deepcopy(state) | {"t": 0}, gradient, steps)


def _same_noise_again(state, gradient, steps):
    return _descend(copy.deepcopy(state) | {"rng": np.random.default_rng(7)}, gradient, steps)


def _generator_shared(state, gradient, steps):
    return _descend(dict(state), gradient, steps)


def _changed_in_place(state, gradient, steps):
    return _descend(state, gradient, steps)


def _weight_alone(state, gradient, steps):
    return _descend(copy.deepcopy(state), gradient, steps)["w"]


def _rate_of_the_next_step(state, gradient, steps):
    return _descend(copy.deepcopy(state), gradient, steps, late=1)


def _two_draws_a_step(state, gradient, steps):
    return _descend(copy.deepcopy(state), gradient, steps, draws=2)


def _noise_not_drawn(state, gradient, steps):
    return _descend(copy.deepcopy(state), gradient, steps, draws=0)


WRONG = {
    "check_epoch_loss": [
        lambda losses, sizes: np.mean(losses),  # as if all batches were equal
        lambda losses, sizes: losses[-1],
        lambda losses, sizes: np.sum(losses * sizes),  # not divided
        lambda losses, sizes: np.sum(losses * sizes) / len(losses),  # by the batches
        lambda losses, sizes: np.sum(losses) / np.sum(sizes),  # not weighted
        lambda losses, sizes: np.mean(losses[:-1]) if len(losses) > 1 else losses[0],
        lambda losses, sizes: np.cumsum(losses) / np.arange(1, len(losses) + 1),  # all of them
    ],
    "check_cosine_rate": [
        lambda step, peak, steps, warmup: peak * _cosine(step, steps, warmup),  # no warm-up
        _without_the_warm_up_in_the_fall,
        _fall_over_all_steps,
        _a_step_ahead,
        _along_a_line,
        _without_half,
        _a_quarter_of_the_wave,
        lambda step, peak, steps, warmup: peak * min(step / max(warmup, 1), 1),  # no fall
    ],
    "check_early_stop": [
        lambda losses, patience: _stop(losses, patience, extra=1),  # an epoch late
        lambda losses, patience: _stop(losses, patience, lower=lambda one, best: one <= best),
        lambda losses, patience: tuple(n - 1 for n in _stop(losses, patience)),  # from 0
        _against_the_epoch_before,
        _never_begins_anew,
        _best_of_all,  # it knows the epochs that were not run
        _last_epoch_for_best,
        lambda losses, patience: _stop(losses, patience)[::-1],  # exchanged
    ],
    "check_go_on": [
        _velocity_forgotten,
        _count_begins_anew,
        _same_noise_again,
        _generator_shared,
        _changed_in_place,
        _weight_alone,
        _rate_of_the_next_step,
        _two_draws_a_step,
        _noise_not_drawn,
    ],
}

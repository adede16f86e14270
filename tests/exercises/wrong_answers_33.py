"""Answers to chapter 33's exercises that its checkers must refuse."""

import numpy as np


def _by_block(items, buffer, rng):
    output = []
    for start in range(0, len(items), buffer):
        block = items[start : start + buffer]
        output += [block[place] for place in rng.permutation(len(block))]
    return output


def _without_the_rest(items, buffer, rng):
    waiting, output = list(items[:buffer]), []
    for item in items[buffer:]:
        place = rng.integers(len(waiting))
        output.append(waiting[place])
        waiting[place] = item
    return output


def _rest_in_order(items, buffer, rng):
    output = _without_the_rest(items, buffer, rng)
    gone = set(output)
    return output + [item for item in items if item not in gone]


def _with_repeats(items, buffer, rng):
    return [items[min(len(items) - 1, i + rng.integers(buffer))] for i in range(len(items))]


def _slots_in_turn(items, buffer, rng):
    """The first to come is the first to go, after a shuffle of the first buffer alone."""
    first = [items[place] for place in rng.permutation(min(buffer, len(items)))]
    return first + list(items[buffer:])


def _smaller(items, buffer, rng):
    """With a buffer of half the size."""
    return _shuffled(items, max(1, buffer // 2), rng)


def _newest_last(items, buffer, rng):
    """The item that came in last is never the next to go out."""
    items = list(items)
    waiting, coming = items[:buffer], items[buffer:]
    output = []
    while waiting:
        place = rng.integers(max(1, len(waiting) - 1))
        output.append(waiting.pop(place))
        if coming:
            waiting.append(coming.pop(0))
    return output


def _shuffled(items, buffer, rng):
    items = list(items)
    waiting, coming = items[:buffer], items[buffer:]
    output = []
    while waiting:
        output.append(waiting.pop(rng.integers(len(waiting))))
        if coming:
            waiting.append(coming.pop(0))
    return output


def _never_the_last_slot(items, buffer, rng):
    items = list(items)
    waiting, coming = items[:buffer], items[buffer:]
    output = []
    while waiting:
        place = rng.integers(max(1, len(waiting) - 1))
        output.append(waiting[place])
        if coming:
            waiting[place] = coming.pop(0)
        else:
            del waiting[place]
    return output


def _first_buffer_then_slots_in_turn(items, buffer, rng):
    items = list(items)
    waiting = [items[place] for place in rng.permutation(min(buffer, len(items)))]
    output = []
    for number, item in enumerate(items[buffer:]):
        output.append(waiting[number % buffer])
        waiting[number % buffer] = item
    return output + [waiting[place] for place in rng.permutation(len(waiting))]


def _dataset(names):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(names)


WRONG = {
    "check_epoch_time": [
        lambda n, d, m, ahead: n * (max(d, m) if ahead else d + m),  # the first batch forgotten
        lambda n, d, m, ahead: n * (d + m),  # prefetching ignored
        lambda n, d, m, ahead: d + n * max(d, m) if ahead else n * (d + m),
        lambda n, d, m, ahead: d + n * m if ahead else n * (d + m),  # as if the model were slower
        lambda n, d, m, ahead: n * d + m if ahead else n * (d + m),  # as if the data were
        lambda n, d, m, ahead: n * (d + m) / 2 if ahead else n * (d + m),  # always a factor of 2
        lambda n, d, m, ahead: n * min(d, m) if ahead else n * (d + m),
    ],
    "check_scale": [
        lambda h, w, a, b: next((s for s in (8, 4, 2) if h // s >= a and w // s >= b), 1),  # down
        lambda h, w, a, b: next((s for s in (8, 4, 2) if h / s >= a or w / s >= b), 1),
        lambda h, w, a, b: next((s for s in (2, 4, 8) if -(-h // s) >= a and -(-w // s) >= b), 1),
        lambda h, w, a, b: min(-(-h // a), -(-w // b)),  # any whole number
        lambda h, w, a, b: next((s for s in (8, 4, 2) if round(h / s) >= a <= round(w / s)), 1),
        lambda h, w, a, b: next((s for s in (8, 4, 2) if h // s + 1 >= a and w // s + 1 >= b), 1),
        lambda h, w, a, b: next((s for s in (8, 4, 2) if -(-h // s) >= a), 1),  # height alone
        lambda h, w, a, b: next((s for s in (8, 4, 2) if -(-h // s) >= b and -(-w // s) >= a), 1),
        lambda h, w, a, b: 2,
    ],
    "check_shuffled": [
        lambda items, buffer, rng: [items[i] for i in rng.permutation(len(items))],  # of all
        _by_block,
        _without_the_rest,
        _rest_in_order,
        _with_repeats,
        _slots_in_turn,
        _smaller,
        lambda items, buffer, rng: _shuffled(items, max(1, buffer - 1), rng),
        _newest_last,
        _never_the_last_slot,
        _first_buffer_then_slots_in_turn,
        lambda items, buffer, rng: _shuffled(items, buffer, np.random.default_rng(0)),  # for ever
        lambda items, buffer, rng: list(items),
        lambda items, buffer, rng: list(items)[::-1],
    ],
    "check_make_training_set": [
        # cached after the augmentation
        lambda n, load, augment, b: (
            _dataset(n).map(load).map(augment).cache().shuffle(len(n)).batch(b)
        ),
        # not cached
        lambda n, load, augment, b: _dataset(n).shuffle(len(n)).map(load).map(augment).batch(b),
        # the order frozen
        lambda n, load, augment, b: (
            _dataset(n).shuffle(len(n)).map(load).cache().map(augment).batch(b)
        ),
        # whole batches shuffled
        lambda n, load, augment, b: (
            _dataset(n).map(load).cache().map(augment).batch(b).shuffle(100)
        ),
        # a small buffer
        lambda n, load, augment, b: _dataset(n).map(load).cache().shuffle(10).map(augment).batch(b),
        # a buffer of half of them
        lambda n, load, augment, b: (
            _dataset(n).map(load).cache().shuffle(len(n) // 2).map(augment).batch(b)
        ),
        # the buffer of 1,000 that tutorials write
        lambda n, load, augment, b: (
            _dataset(n).map(load).cache().shuffle(1000).map(augment).batch(b)
        ),
        # no shuffle
        lambda n, load, augment, b: _dataset(n).map(load).cache().map(augment).batch(b),
        # the last batch dropped
        lambda n, load, augment, b: (
            _dataset(n).map(load).cache().shuffle(len(n)).map(augment).batch(b, drop_remainder=True)
        ),
        # no batches
        lambda n, load, augment, b: _dataset(n).map(load).cache().shuffle(len(n)).map(augment),
        # not augmented
        lambda n, load, augment, b: _dataset(n).map(load).cache().shuffle(len(n)).batch(b),
        # another order, but for ever the same one
        lambda n, load, augment, b: (
            _dataset(n)
            .map(load)
            .cache()
            .shuffle(len(n), reshuffle_each_iteration=False)
            .map(augment)
            .batch(b)
        ),
    ],
}

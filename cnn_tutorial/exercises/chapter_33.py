"""Checkers for chapter 33, Input pipelines."""

import threading

import numpy as np

from cnn_tutorial.exercises import compare_numbers, run_cases

_SEEDS = 80  # of shuffles of 3 items: a given one of six orders is missed once in two million
_ALL_ORDERS = {"012", "021", "102", "120", "201", "210"}


def check_epoch_time(answer):
    """Check ``epoch_time(batches, data_time, model_time, prefetch)``, in seconds.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_epoch_time(None)
        not attempted yet
    """
    settings = [(1, 2.0, 3.0), (10, 0.03, 0.03), (5, 0.5, 0.125), (5, 0.125, 0.5), (200, 0.2, 0.0)]
    cases = [
        (
            f"{batches} batches, data {data} s, model {model} s, "
            f"{'with' if prefetch else 'without'} prefetching",
            (batches, data, model, prefetch),
            _simulate(batches, data, model, prefetch),
        )
        for batches, data, model in settings
        for prefetch in (False, True)
    ]
    run_cases(answer, cases, compare_numbers, done=f"epoch_time is right on {len(cases)} cases")


def check_scale(answer):
    """Check ``scale(height, width, least_height, least_width)``: 8, 4, 2 or 1.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_scale(None)
        not attempted yet
    """
    by_hand = {
        (375, 500, 128, 128): 2,
        (375, 500, 94, 94): 4,  # 375 / 4 is rounded up
        (375, 500, 95, 95): 2,
        (373, 500, 94, 94): 4,  # 93.25 is rounded up, too, and not to the nearest
        (256, 256, 129, 129): 1,  # 256 / 2 divides: 128, and not 129
        (3000, 4000, 375, 500): 8,
        (4000, 3000, 375, 500): 4,  # on end: 3000 / 8 is too narrow
        (400, 4000, 300, 300): 1,
        (4000, 400, 300, 300): 1,
        (1000, 1000, 10, 10): 8,  # there is no smaller scale
        (100, 80, 150, 150): 1,  # too small already
        (256, 256, 128, 128): 2,
    }
    cases = [
        (f"{h}×{w} pixels, at least {rows}×{columns}", (h, w, rows, columns), expected)
        for (h, w, rows, columns), expected in by_hand.items()
    ]
    run_cases(answer, cases, compare_numbers, done=f"scale is right on {len(cases)} cases")


def check_shuffled(answer):
    """Check ``shuffled(items, buffer, rng)``: a list, shuffled with a buffer.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_shuffled(None)
        not attempted yet
    """
    cases = [
        (
            f"{count} items, a buffer of {buffer}",
            (list(range(count)), buffer, np.random.default_rng(number)),
            (count, buffer),
        )
        for number, (count, buffer) in enumerate(
            [(0, 3), (5, 1), (1000, 100), (1000, 10), (300, 300), (200, 5000)]
        )
    ]
    # Over many seeds: a buffer of 2 gives all four orders of 3 items, and one of 3 all six.
    for buffer, orders in [(2, {"012", "021", "102", "120"}), (3, _ALL_ORDERS)]:
        arguments = [0, 1, 2], buffer, np.random.default_rng(buffer)
        cases.append((f"3 items, a buffer of {buffer}", arguments, orders))

    def shuffle(items, buffer, rng):
        if len(items) != 3:
            return answer(items, buffer, rng)
        generators = (np.random.default_rng(seed) for seed in range(_SEEDS))
        return [answer(list(items), buffer, generator) for generator in generators]

    def compare(received, expected):
        find = _compare_orders if isinstance(expected, set) else _compare_order
        return find(received, expected)

    done = f"shuffled is right on {len(cases)} cases"
    run_cases(shuffle if callable(answer) else answer, cases, compare, done=done)


def check_make_training_set(answer):
    """Check ``make_training_set(names, load, augment, batch_size)``, over several epochs.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with what the pipeline does wrong.

    Example:
        >>> check_make_training_set(None)
        not attempted yet
    """
    cases = []
    # Epochs enough for one of the last tenth of the names to come in a first batch. The third set
    # is larger than the buffer of 1,000 that is often copied.
    for count, batch_size, epochs in [(200, 20, 12), (205, 20, 12), (3000, 500, 2)]:
        counter = _Counter()
        arguments = np.arange(count), counter.load, counter.augment, batch_size
        description = f"{count} names, batches of {batch_size}"
        cases.append((description, arguments, (counter, count, batch_size, epochs)))
    run_cases(
        answer,
        cases,
        _compare_training_set,
        done="every name is loaded once, augmented and ordered anew in every epoch",
    )


def _simulate(batches, data_time, model_time, prefetch):
    """The end of the last batch, event by event."""
    ready = finished = 0.0
    for _ in range(batches):
        ready = (ready if prefetch else finished) + data_time
        finished = max(ready, finished) + model_time
    return finished


def _compare_order(received, expected):
    """None if ``received`` is what a shuffle with a buffer can give, and one that shuffles."""
    count, buffer = expected
    if not isinstance(received, list):
        return f"expected a list, received {type(received).__name__}"
    received = [int(item) for item in received]
    if sorted(received) != list(range(count)):
        return f"expected each of the {count} items once, received {len(received)} items, " + (
            "of them others or some twice"
            if len(received) == count
            else f"{len(set(received))} of them different"
        )
    if buffer == 1:
        return None if received == sorted(received) else "a buffer of 1 cannot change the order"
    for place, item in enumerate(received):
        if place < item - buffer + 1:
            return (
                f"item {item} came out at place {place}; with a buffer of {buffer} it comes in "
                f"when {item - buffer + 1} are out, and not earlier"
            )
    if count < 2:
        return None
    moved = np.array(received) - np.arange(count)
    # Over one end of a block of `buffer` items, someone must have been swapped for a later one.
    ends = range(buffer, count, buffer)
    if count > buffer and not any(max(received[:end]) >= end for end in ends):
        return f"items never leave their block of {buffer}: the buffer is refilled one by one"
    # The longest of all waits is several times the mean, which is one buffer.
    if count >= 5 * buffer and -moved.min() < 1.5 * buffer:
        return (
            f"no item stayed longer than {-moved.min()} places; each is chosen with the same "
            "chance, so that some wait for long"
        )
    # With so many items, some item comes out as early as it can: the very newest in the buffer.
    if count >= 10 * buffer and moved.max() < buffer - 1:
        return (
            f"no item came out more than {moved.max()} places early; with a buffer of {buffer} "
            f"some come out {buffer - 1} early, as soon as they are in"
        )
    rest = received[-buffer:]
    if rest == sorted(rest):
        return "what is left in the buffer at the end comes out in order"
    if buffer >= count and abs(np.corrcoef(received, np.arange(count))[0, 1]) > 0.5:
        return "the items come out nearly in the order in which they came in, or its reverse"
    return None


def _compare_orders(received, expected):
    """None if shuffles of 3 items with many generators gave each possible order, and no other."""
    if any(not isinstance(order, list) for order in received):
        return "expected a list each time"
    found = {"".join(map(str, order)) for order in received}
    if found == expected:
        return None
    return (
        f"with {len(received)} different generators expected the orders {sorted(expected)}, "
        f"received {sorted(found)}; all that is random has to come from rng"
    )


class _Counter:
    """Functions for ``map`` that count how often they were called for each name."""

    def __init__(self):
        self.loaded, self.augmented = [], []
        self._lock = threading.Lock()

    def load(self, name):
        """The name, noted down."""
        return self._note(self.loaded, name)

    def augment(self, name):
        """The name, noted down, with a number that is another one in every call."""
        return self._note(self.augmented, name)

    def _note(self, notes, name):
        import tensorflow as tf

        def note(value):
            with self._lock:
                notes.append(int(value))
            return value

        return tf.ensure_shape(tf.numpy_function(note, [name], tf.int64), name.shape)


def _compare_training_set(dataset, expected):
    import tensorflow as tf

    counter, count, batch_size, number = expected
    if not isinstance(dataset, tf.data.Dataset):
        return f"expected a tf.data.Dataset, received {type(dataset).__name__}"
    epochs = []
    for _ in range(number):
        try:
            epochs.append([batch.tolist() for batch in dataset.as_numpy_iterator()])
        except tf.errors.OpError as error:
            return f"your pipeline stopped with {error.message.splitlines()[0]}"
    if not all(isinstance(batch, list) for batch in epochs[0]):
        return "expected batches, received single elements"
    sizes = [len(batch) for batch in epochs[0]]
    items = [[item for batch in epoch for item in batch] for epoch in epochs]
    if any(sorted(epoch) != list(range(count)) for epoch in items):
        return f"expected every name once an epoch, received {len(items[0])} of {count}"
    if max(sizes) != batch_size or sizes[:-1] != [batch_size] * (len(sizes) - 1):
        return f"expected batches of {batch_size}, received sizes {sizes}"
    if len(counter.loaded) != count:
        called = len(counter.loaded)
        return f"load was called {called} times in {number} epochs, expected {count}"
    if len(counter.augmented) != number * count:
        called, least = len(counter.augmented), number * count
        return f"augment was called {called} times in {number} epochs, expected {least}"
    if items[0] == items[1]:
        return "both epochs have the same order"
    if items[0] == sorted(items[0]):
        return "the names are in the order in which they came"
    together = [sorted(map(sorted, epoch)) for epoch in epochs]
    if together[0] == together[1]:
        return "the same names are together in a batch in both epochs"
    if max(max(epoch[:batch_size]) for epoch in items) < 0.9 * count:
        return "none of the last names ever comes in the first batch: a larger buffer"
    return None

"""From anything that can be indexed to batches for training; chapter 33 explains the steps.

One ``tf.data`` pipeline: indices, shuffled anew every epoch; a random number for each; a batch of
both; one Python function a batch, run for several batches at once. What it spends its time on
(decoding, resizing, warping) is C code that lets the other threads run meanwhile.
"""

import collections
import functools
import inspect
import weakref

import numpy as np

from cnn_tutorial.data.checks import check_int, check_seed

_ALIGNMENT = 64  # bytes; TensorFlow takes over an array that begins at a multiple without a copy
# Blocks that hold no batch any more, for the next ones: the system hands out new memory page by
# page, which takes as long as filling it. The oldest are let go.
_FREE = collections.deque(maxlen=6)
_LARGEST_KEPT = 2**25  # bytes


def array_dataset(images, labels, *, batch_size=32, augment=None, shuffle=True, seed=0):
    """Batches of images that are in memory, augmented anew in every epoch.

    Args:
        images: array (N, H, W, C), pixels in 0..255; not copied.
        labels: array (N, ...) of numbers, one label an image.
        batch_size: int; the last batch may be smaller.
        augment: ``RandomWarp`` (fast: it runs on arrays), another Keras layer, which is called
            with ``training=True``, or a function of a batch of images; or None.
        shuffle: bool, whether every epoch has an order of its own.
        seed: int, not negative; decides the orders and what ``RandomWarp`` draws, together with
            the seed that was set for the whole program, if one was. An image's draw does not
            depend on the number of threads.

    Returns:
        ``tf.data.Dataset`` of (images float32 ``(batch, H, W, C)`` in 0..255, labels int64 or,
        if they were floats, float32).

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if shapes do not fit, there are no images, or a number is out of range.

    Example:
        >>> images = np.zeros((5, 8, 8, 1), np.uint8)
        >>> dataset = array_dataset(images, np.arange(5), batch_size=2, shuffle=False)
        >>> [labels.numpy().tolist() for _, labels in dataset]
        [[0, 1], [2, 3], [4]]
    """
    images = np.asarray(images)
    if images.dtype.kind not in "uif":
        raise TypeError(f"images must be numbers; received the dtype {images.dtype}")
    if images.ndim != 4:
        raise ValueError(f"images must have the shape (N, H, W, C); received {images.shape}")
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images need as many labels; received {len(labels)}")
    return make_batches(
        images.__getitem__,
        labels,
        image_shape=images.shape[1:],
        batch_size=batch_size,
        augment=augment,
        shuffle=shuffle,
        seed=seed,
    )


def make_batches(load, labels, *, image_shape, batch_size, augment, shuffle, seed):
    """Batches of what a function loads: what ``array_dataset`` and ``folder_dataset`` stand on.

    Args:
        load: function of an index from 0 to N - 1 that returns an array of ``image_shape``, or
            None if that image cannot be had: its batch is then smaller. It is called from
            several threads at once. A batch of which no image can be had holds the next one
            instead that can, so that an epoch always has as many batches.
        labels: array (N, ...) of numbers.
        image_shape: (H, W, C).
        batch_size: int.
        augment: as for ``array_dataset``.
        shuffle: bool.
        seed: int, not negative.

    Returns:
        ``tf.data.Dataset``, as there.

    Raises:
        TypeError, ValueError: as there.
    """
    arguments = (load, labels := _check_labels(labels))
    settings = {"image_shape": image_shape, "batch_size": batch_size, "augment": augment}
    settings |= {"shuffle": shuffle, "seed": seed}
    check_int("batch_size", batch_size)
    check_seed(seed)
    if not isinstance(shuffle, (bool, np.bool_)):
        raise TypeError(f"shuffle must be True or False; received {shuffle!r}")
    if augment is not None and not callable(augment):
        raise TypeError(f"augment must be a Keras layer or a function; received {augment!r}")
    import tensorflow as tf

    make_warp = getattr(augment, "make_warp", None)
    make = _BatchMaker(load, labels, image_shape, make_warp)

    def make_tensors(*numbers):
        # Called stateless, since for a stateful function TensorFlow, once told to be
        # deterministic (session.start does), makes one batch after the other.
        dtypes = (tf.float32, labels.dtype)
        images, chosen = tf.numpy_function(make, numbers, dtypes, stateful=False)
        return (
            tf.ensure_shape(images, (None, *image_shape)),
            tf.ensure_shape(chosen, (None, *labels.shape[1:])),
        )

    indices = tf.data.Dataset.range(len(labels))
    if shuffle:
        indices = indices.shuffle(len(labels), seed=seed)
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    dataset = tf.data.Dataset.zip(indices, seeds).batch(batch_size)
    dataset = dataset.map(make_tensors, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    if augment is not None and make_warp is None:
        # One batch after the other: the layer's own random numbers come in a fixed order.
        function = as_function(augment)
        dataset = dataset.map(lambda images, labels: (function(images), labels))
    dataset = dataset.prefetch(2)
    # For training.fit: the same data set, whose epochs are counted from the first again.
    dataset.make_again = functools.partial(make_batches, *arguments, **settings)
    return dataset


def as_function(augment):
    """A function of a batch of images alone, of a Keras layer (training) or of any function."""
    import keras

    if not isinstance(augment, keras.layers.Layer):
        return augment
    if "training" not in inspect.signature(augment.call).parameters:
        return augment
    return lambda images: augment(images, training=True)


class _BatchMaker:
    """Called with the indices and the seeds of one batch, returns its images and labels."""

    def __init__(self, load, labels, image_shape, make_warp):
        self.load, self.labels = load, labels
        self.image_shape, self.make_warp = image_shape, make_warp

    def __call__(self, indices, seeds):
        # One image after the other, while it is in the processor's cache, to its place.
        images = aligned_empty((len(indices), *self.image_shape))
        change = make_change(self.make_warp, seeds, self.image_shape)
        kept = []
        for place, index in enumerate(indices):
            image = self.load(index)
            if image is not None:
                images[len(kept)] = change(image, place)
                kept.append(place)
        if kept:
            return images[: len(kept)], self.labels[indices[kept]]
        index, image = self._find_next(indices[-1])
        images[0] = change(image, 0)
        return images[:1], self.labels[[index]]

    def _find_next(self, last):
        """The first index after ``last`` whose image can be had, and the image."""
        for step in range(1, len(self.labels)):
            index = (last + step) % len(self.labels)
            image = self.load(index)
            if image is not None:
                return index, image
        raise RuntimeError(f"none of the {len(self.labels)} images can be had any more")


def make_change(make_warp, seeds, image_shape):
    """Function of an image and its place in a batch that returns it as it is to be.

    Args:
        make_warp: the method of ``RandomWarp``, or None for images that stay as they are.
        seeds: integer array (N,), one an image.
        image_shape: (H, W, C).
    """
    if make_warp is None:
        return lambda image, place: image
    warp = make_warp(seeds.astype(np.uint64), *image_shape[:2])

    def change(image, place):
        if image.dtype != np.uint8:
            image = image.astype(np.float32, copy=False)
        return warp(image, place)

    return change


def aligned_empty(shape):
    """A new float32 array, not filled, that TensorFlow takes over without copying it.

    Example:
        >>> aligned_empty((2, 3)).ctypes.data % 64
        0
    """
    size = 4 * int(np.prod(shape))
    block = _take_block(size + _ALIGNMENT)
    content = np.frombuffer(block, np.uint8)
    if len(block) <= _LARGEST_KEPT:
        # Called when nobody, TensorFlow included, holds the array or a view of it any more.
        weakref.finalize(content, _FREE.append, block).atexit = False
    start = -content.ctypes.data % _ALIGNMENT
    return content[start : start + size].view(np.float32).reshape(shape)


def _take_block(size):
    """A block of memory that was used before, or a new one."""
    for _ in range(len(_FREE)):
        try:
            block = _FREE.popleft()
        except IndexError:  # another thread was quicker
            break
        if len(block) == size:
            return block
        _FREE.append(block)
    return bytearray(size)


def _check_labels(labels):
    labels = np.asarray(labels)
    if labels.dtype.kind not in "buif":
        raise TypeError(f"labels must be numbers; received the dtype {labels.dtype}")
    if labels.ndim == 0 or len(labels) == 0:
        raise ValueError(f"at least one image and its label are needed; labels {labels!r}")
    return labels.astype(np.float32 if labels.dtype.kind == "f" else np.int64)

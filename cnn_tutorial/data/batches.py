"""From anything that can be indexed to batches for training; chapter 33 explains the steps.

One ``tf.data`` pipeline: indices, shuffled anew every epoch; a random number for each; a batch of
both; one Python function a batch, run for several batches at once. What it spends its time on
(decoding, resizing, warping) is C code that lets the other threads run meanwhile.
"""

import inspect

import numpy as np

from cnn_tutorial.data.checks import check_int, check_seed

_ALIGNMENT = 64  # bytes; TensorFlow takes over an array that begins at a multiple without a copy


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
    labels = _check_labels(labels)
    check_int("batch_size", batch_size)
    check_seed(seed)
    if not isinstance(shuffle, (bool, np.bool_)):
        raise TypeError(f"shuffle must be True or False; received {shuffle!r}")
    if augment is not None and not callable(augment):
        raise TypeError(f"augment must be a Keras layer or a function; received {augment!r}")
    import tensorflow as tf

    warp_batch = getattr(augment, "warp_batch", None)
    make = _BatchMaker(load, labels, warp_batch)

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
    if augment is not None and warp_batch is None:
        # One batch after the other: the layer's own random numbers come in a fixed order.
        function = as_function(augment)
        dataset = dataset.map(lambda images, labels: (function(images), labels))
    return dataset.prefetch(2)


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

    def __init__(self, load, labels, warp_batch):
        self.load, self.labels, self.warp_batch = load, labels, warp_batch

    def __call__(self, indices, seeds):
        loaded = [self.load(index) for index in indices]
        kept = [place for place, image in enumerate(loaded) if image is not None]
        if kept:
            images = np.stack([loaded[place] for place in kept])
            indices, seeds = indices[kept], seeds[kept]
        else:
            indices, images = self._find_next(indices[-1])
            seeds = seeds[:1]
        if images.dtype != np.uint8:
            images = images.astype(np.float32, copy=False)
        if self.warp_batch is not None:
            images = self.warp_batch(images, seeds.astype(np.uint64))
        if images.dtype != np.float32:  # bytes until here: a quarter as much to move
            whole = aligned_empty(images.shape)
            whole[...] = images
            images = whole
        return images, self.labels[indices]

    def _find_next(self, last):
        """The first index after ``last`` whose image can be had, and the image: a batch of one."""
        for step in range(1, len(self.labels)):
            index = (last + step) % len(self.labels)
            image = self.load(index)
            if image is not None:
                return np.array([index]), image[np.newaxis]
        raise RuntimeError(f"none of the {len(self.labels)} images can be had any more")


def aligned_empty(shape):
    """A new float32 array, not filled, that TensorFlow takes over without copying it.

    Example:
        >>> aligned_empty((2, 3)).ctypes.data % 64
        0
    """
    size = 4 * int(np.prod(shape))
    content = np.empty(size + _ALIGNMENT, np.uint8)
    start = -content.ctypes.data % _ALIGNMENT
    return content[start : start + size].view(np.float32).reshape(shape)


def _check_labels(labels):
    labels = np.asarray(labels)
    if labels.dtype.kind not in "buif":
        raise TypeError(f"labels must be numbers; received the dtype {labels.dtype}")
    if labels.ndim == 0 or len(labels) == 0:
        raise ValueError(f"at least one image and its label are needed; labels {labels!r}")
    return labels.astype(np.float32 if labels.dtype.kind == "f" else np.int64)

"""Which images are for training, for validation and for the test; and smaller subsets.

The parts of a data set are fixed: no argument moves an image from one to another, so that no
chapter can look at a test image by accident. Only which images a ``limit`` takes, and their
order, depends on ``seed``.
"""

import numpy as np

from cnn_tutorial.data.checks import check_int
from cnn_tutorial.data.fetching import fetch_arrays
from cnn_tutorial.data.sources import find_source

SPLITS = ("train", "validation", "train+validation", "test")


def load(name, *, split="train", limit=None, seed=0):
    """Images and labels of one part of a data set.

    The official test part is ``"test"``. Of the official training part every tenth image of
    each class is ``"validation"`` and the others are ``"train"``. The two sets without
    official parts are cut into 70, 10 and 20 %: of every ten images of a class in ``"digits"``,
    or of every ten people in ``"faces"``, the first seven are for training, the eighth for
    validation, the last two for the test. The parts, and their order, are always the same.

    The first call fetches the set and keeps it in a cache folder; see ``cache_folder``.

    Args:
        name: str, ``"digits"``, ``"mnist"``, ``"fashion_mnist"``, ``"cifar10"`` or ``"faces"``.
        split: str, ``"train"``, ``"validation"``, ``"train+validation"`` or ``"test"``.
        limit: int, how many images to take, as many of each class as its size allows, or None
            for the whole part in its own order. With the same seed a smaller limit takes a
            part of what a larger one takes.
        seed: int, not negative; which images ``limit`` takes, and their order. Without a limit
            it changes nothing.

    Returns:
        Images, uint8 ``(N, H, W, C)`` from 0 to 255; and labels, int64 ``(N,)``.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if ``name`` or ``split`` is unknown, or ``limit`` or ``seed`` out of range.
        DataUnavailableError: if no source is within reach; it says how to get the data by hand.

    Example:
        >>> images, labels = load("digits", split="test", limit=20)
        >>> images.shape, images.dtype, np.bincount(labels)
        ((20, 8, 8, 1), dtype('uint8'), array([2, 2, 2, 2, 2, 2, 2, 2, 2, 2]))
    """
    source = find_source(name)
    check_int("seed", seed, low=0)
    if limit is not None:
        check_int("limit", limit)
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}; received {split!r}")
    images, labels = fetch_arrays(source)
    indices = split_indices(labels, split, num_train=source.num_train, by_class=name == "faces")
    if limit is not None:
        indices = indices[balanced_subset(labels[indices], limit, seed)]
    return images[indices], labels[indices]


def split_indices(labels, split, *, num_train, by_class=False):
    """Positions of the images of one part, in increasing order.

    Args:
        labels: int array (N,) of the whole set, the official training part first.
        split: str, one of ``SPLITS``.
        num_train: int, size of the official training part, or None to cut the whole set.
        by_class: bool, whether the set is cut into whole classes (people) instead of images.

    Returns:
        int64 array.

    Example:
        >>> labels = np.repeat([0, 1], 10)
        >>> split_indices(labels, "test", num_train=None)
        array([ 8,  9, 18, 19])
        >>> split_indices(labels, "validation", num_train=20)
        array([ 9, 19])
    """
    place = labels if by_class else _rank_in_class(labels)
    tenth = place % 10
    if num_train is None:
        is_test, is_validation = tenth >= 8, tenth == 7
    else:
        is_test = np.arange(len(labels)) >= num_train
        is_validation = (tenth == 9) & ~is_test
    wanted = {
        "train": ~is_test & ~is_validation,
        "validation": is_validation,
        "train+validation": ~is_test,
        "test": is_test,
    }
    return np.flatnonzero(wanted[split])


def balanced_subset(labels, limit, seed):
    """Positions of ``limit`` images, as many of each class as its size allows, in random order.

    Args:
        labels: int array (N,).
        limit: int, from the number of classes to N.
        seed: int.

    Returns:
        int64 array (limit,).

    Raises:
        ValueError: if ``limit`` is out of range.
    """
    classes, sizes = np.unique(labels, return_counts=True)
    if not len(classes) <= limit <= len(labels):
        raise ValueError(
            f"limit must be from {len(classes)} (one image a class) to {len(labels)} (all of "
            f"this part); received {limit}"
        )
    # One image a class in turn, until the limit; a class that has run out is passed over.
    turns = np.concatenate([np.arange(size) for size in sizes])
    owners = np.repeat(np.arange(len(classes)), sizes)
    taken = np.bincount(owners[np.lexsort((owners, turns))[:limit]], minlength=len(classes))
    chosen = [
        np.random.default_rng([seed, label]).permutation(np.flatnonzero(labels == label))[:count]
        for label, count in zip(classes, taken, strict=True)
    ]
    return np.random.default_rng(seed).permutation(np.concatenate(chosen))


def _rank_in_class(labels):
    """How many earlier images have the same label, for each image: int64 (N,)."""
    rank = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rank[members] = np.arange(len(members))
    return rank

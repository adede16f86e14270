"""From the report on a folder to batches of its photographs; chapters 31 and 33 explain it.

A file that cannot be read any more when its turn comes is left out and named, and training goes
on.
"""

import os
import threading
import warnings

import numpy as np

from cnn_tutorial.data.batches import make_batches
from cnn_tutorial.data.checks import check_image_size
from cnn_tutorial.data.folders.assign import assign_splits, check_split
from cnn_tutorial.data.folders.caching import FolderCache, MemoryCache
from cnn_tutorial.data.folders.photographs import UnusablePhotographError
from cnn_tutorial.data.folders.reading import check_keep_aspect, read_resized

_MOST_WARNINGS = 10  # a disk that has gone is not worth a warning for each of its files


def folder_dataset(
    report,
    *,
    image_size,
    batch_size=32,
    split="train",
    validation=0.1,
    test=0.1,
    groups=None,
    keep_aspect=True,
    augment=None,
    shuffle=None,
    seed=0,
    cache=None,
):
    """Batches of a folder's photographs, of one of its three parts.

    Call it once for each part, with the same ``validation``, ``test``, ``groups`` and ``seed``:
    they decide which photographs are in which part (``assign_splits``).

    A file that has vanished or been damaged since the scan is left out: its batch is smaller,
    a warning names it, and ``report.skipped`` holds it with the reason. A batch that would be
    empty holds the next photograph that can be read.

    Args:
        report: ``FolderReport`` of ``scan_folder``.
        image_size: int or (height, width), in pixels, of every image in a batch.
        batch_size: int; the last batch may be smaller.
        split: str, ``"train"``, ``"validation"`` or ``"test"``.
        validation: float in [0, 1], the share for validation.
        test: float in [0, 1], the share for the test.
        groups: what must not be torn apart, such as the photographs of one patient: a sequence
            as long as ``report.files``, a function of a path, or a dict from paths.
        keep_aspect: True or ``"crop"`` cuts off what is too long, ``"pad"`` adds black to what
            is too short, both in the middle; False stretches.
        augment: ``RandomWarp`` (fast: it runs on arrays), another Keras layer, which is called
            with ``training=True``, or a function of a batch of images; or None. Only for
            ``split="train"``: the other parts measure photographs as they are.
        shuffle: bool, whether every epoch has an order of its own; None shuffles the training
            part and leaves the others in the order of ``report.files``.
        seed: int, not negative; decides the parts, the orders and what ``RandomWarp`` draws.
        cache: None, ``"memory"`` or a folder's path: where the photographs are kept, decoded
            and resized, from the first epoch on (``height · width · 3`` bytes each). They are
            augmented anew in every epoch. What lies in the folder serves later runs as well, as
            long as the photographs and the sizes are the same; deleting it does no harm.

    Returns:
        ``tf.data.Dataset`` of (images float32 ``(batch, height, width, 3)`` in 0..255, labels
        int64 ``(batch,)``). Its attributes ``class_names`` and ``file_paths`` are what those of
        Keras's ``image_dataset_from_directory`` are: ``file_paths`` in the order without
        shuffling.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument is out of range, the part is empty, or ``augment`` is given
            for another part than ``"train"``.

    Example:
        >>> folder_dataset(None, image_size=150, split="val")
        Traceback (most recent call last):
        ...
        ValueError: split must be one of train, validation, test; received 'val'
    """
    check_split(split)
    check_keep_aspect(keep_aspect)
    shape = (*check_image_size(image_size), 3)
    if augment is not None and split != "train":
        raise ValueError(
            'augment is for split="train" only, so that the other parts measure photographs as '
            f"they are; received it with split={split!r}"
        )
    if not hasattr(report, "hashes"):
        raise TypeError(f"report must be what scan_folder returns; received {report!r}")
    splits = assign_splits(report, validation=validation, test=test, groups=groups, seed=seed)
    chosen = np.flatnonzero(splits == split)
    if not len(chosen):
        raise ValueError(
            f"no photograph is in the part {split!r}: there are {len(splits)} in all, and "
            f"validation={validation}, test={test}"
        )
    files = [report.files[index] for index in chosen]
    dataset = make_batches(
        PhotographLoader(
            files,
            shape[:2],
            keep_aspect=keep_aspect,
            cache=_make_cache(cache, np.asarray(report.hashes)[chosen], shape, keep_aspect),
            skipped=report.skipped,
        ),
        np.asarray(report.labels)[chosen],
        image_shape=shape,
        batch_size=batch_size,
        augment=augment,
        shuffle=split == "train" if shuffle is None else shuffle,
        seed=seed,
    )
    dataset.class_names = list(report.class_names)
    dataset.file_paths = [str(file) for file in files]
    return dataset


class PhotographLoader:
    """A function of an index: the photograph, decoded and resized, or None if it has gone.

    Args:
        files: sequence of paths.
        size: (height, width) in pixels.
        keep_aspect: as for ``folder_dataset``.
        cache: ``MemoryCache``, ``FolderCache`` or None.
        skipped: list, to which (path, reason) of files that cannot be used is added.

    Example:
        >>> import warnings
        >>> load = PhotographLoader(["no_such_file.jpg"], (8, 8), skipped=[])
        >>> with warnings.catch_warnings(record=True):
        ...     print(load(0), load.skipped)
        None [('no_such_file.jpg', 'not there')]
    """

    def __init__(self, files, size, *, keep_aspect=True, cache=None, skipped):
        self.files, self.size, self.keep_aspect = files, size, keep_aspect
        self.cache, self.skipped = cache, skipped
        self._named = set()
        self._lock = threading.Lock()

    def __call__(self, index):
        """uint8 array (height, width, 3), or None."""
        if self.cache is not None:
            image = self.cache.get(index)
            if image is not None:
                return image
        try:
            image = read_resized(self.files[index], self.size, keep_aspect=self.keep_aspect)
        except UnusablePhotographError as error:
            self._skip(self.files[index], error.reason)
            return None
        if self.cache is not None:
            self.cache.put(index, image)
        return image

    def _skip(self, file, reason):
        with self._lock:  # several threads load photographs, and one warning a file is enough
            if file in self._named:
                return
            self._named.add(file)
            number = len(self._named)
            if (file, reason) not in self.skipped:
                self.skipped.append((file, reason))
        if number <= _MOST_WARNINGS:
            more = " Those that follow are in report.skipped." if number == _MOST_WARNINGS else ""
            warnings.warn(f"left out of training: {file}: {reason}.{more}", stacklevel=2)


def _make_cache(cache, hashes, shape, keep_aspect):
    if cache is None:
        return None
    if isinstance(cache, str) and cache == "memory":
        return MemoryCache(len(hashes), shape)
    if not isinstance(cache, (str, os.PathLike)):
        raise TypeError(f'cache must be None, "memory" or a folder; received {cache!r}')
    details = "crop" if keep_aspect is True else str(keep_aspect)
    return FolderCache(cache, hashes, shape, details)

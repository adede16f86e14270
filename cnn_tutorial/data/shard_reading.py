"""Batches from the shards that ``write_shards`` wrote; chapter 33 explains the steps.

Several shards are read at once, a record of each in turn; nothing but a buffer of records and a
few batches is ever in memory, however large the set is.
"""

import functools
import hashlib
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from cnn_tutorial.data.batches import aligned_empty, as_function, make_change
from cnn_tutorial.data.checks import check_image_size, check_int, check_seed
from cnn_tutorial.data.folders.photographs import UnusablePhotographError
from cnn_tutorial.data.folders.reading import check_keep_aspect, decode_resized
from cnn_tutorial.data.profile_report import count_cores
from cnn_tutorial.data.shard_writing import MANIFEST, VERSION

_READERS = 4  # shards that are read at once
_BUFFER_BYTES = 2**26  # of records that are waiting to be drawn from
_FEWEST_WAITING = 64  # records, however large they are
_REMEDY = "copy it anew from where it came, or write the shards anew with write_shards"


def shard_dataset(
    folder,
    *,
    image_size,
    batch_size=32,
    keep_aspect=True,
    augment=None,
    shuffle=None,
    seed=0,
    verify=True,
):
    """Batches of the images in a folder of shards.

    The images are decoded as ``folder_dataset`` decodes them: at a reduced scale where
    ``image_size`` is small, and equal to its images bit for bit, unless the shards were written
    at an ``image_size``: then an image has been a JPEG file once more, which changes its pixels by
    one or two grey levels on average, and few by more than ten.

    An order is drawn in two steps: of the shards, and then of the records in a buffer of about 64
    MiB. A set that fits in is shuffled as a whole. In a larger one records far apart never
    meet, which is why ``write_shards`` mixes them.

    Args:
        folder: str or path-like, where the shards are.
        image_size: int or (height, width), in pixels, of every image in a batch.
        batch_size: int; the last batch may be smaller.
        keep_aspect: as for ``folder_dataset``.
        augment: as for ``folder_dataset``, for shards of the training part only.
        shuffle: bool, whether every epoch has an order of its own; None shuffles the training
            part and leaves the others in the order in which they were written.
        seed: int, not negative; decides the orders and what ``RandomWarp`` draws.
        verify: bool, whether to compare every shard with its checksum first, at about a
            gigabyte a second; False looks at their sizes only.

    Returns:
        ``tf.data.Dataset`` of (images float32 ``(batch, height, width, 3)`` in 0..255, labels
        int64 ``(batch,)``). Its attribute ``class_names`` is that of ``folder_dataset``.

    Raises:
        FileNotFoundError: if a shard or the manifest is missing.
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument is out of range, or a shard is damaged.

    Example:
        >>> shard_dataset("no_such_folder", image_size=150)
        Traceback (most recent call last):
        ...
        FileNotFoundError: folder must be one that write_shards wrote; there is no
        manifest.json in 'no_such_folder'
    """
    settings = {"image_size": image_size, "batch_size": batch_size, "keep_aspect": keep_aspect}
    settings |= {"augment": augment, "shuffle": shuffle, "seed": seed, "verify": False}
    shape = (*check_image_size(image_size), 3)
    check_int("batch_size", batch_size)
    check_keep_aspect(keep_aspect)
    check_seed(seed)
    if not isinstance(shuffle, (bool, np.bool_, type(None))):
        raise TypeError(f"shuffle must be True, False or None; received {shuffle!r}")
    if augment is not None and not callable(augment):
        raise TypeError(f"augment must be a Keras layer or a function; received {augment!r}")
    manifest = read_manifest(folder)
    if augment is not None and manifest["split"] != "train":
        raise ValueError(
            "augment is for the training part only, so that the other parts measure photographs "
            f"as they are; these shards hold the part {manifest['split']!r}"
        )
    check_shards(folder, contents=verify)
    import tensorflow as tf

    shuffle = manifest["split"] == "train" if shuffle is None else shuffle
    records = _read_records(folder, manifest, seed if shuffle else None)
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    dataset = tf.data.Dataset.zip(records, seeds).batch(batch_size)
    make_warp = getattr(augment, "make_warp", None)
    decode = _Decoder(Path(folder), shape, keep_aspect, make_warp)
    dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    if augment is not None and make_warp is None:
        function = as_function(augment)
        dataset = dataset.map(lambda images, labels: (function(images), labels))
    batches = math.ceil(manifest["images"] / batch_size)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(batches)).prefetch(2)
    dataset.class_names = manifest["class_names"]
    dataset.make_again = functools.partial(shard_dataset, folder, **settings)
    return dataset


def read_manifest(folder):
    """What ``write_shards`` noted down about its shards.

    Args:
        folder: str or path-like, where the shards are.

    Returns:
        dict with ``"split"``, ``"class_names"``, ``"images"`` (how many), ``"counts"`` (by
        class), ``"image_size"`` (None: as they were), ``"skipped"`` (name and reason of what
        could not be read) and ``"shards"``: a dict for each, with ``"file"``, ``"images"``,
        ``"bytes"`` and ``"sha256"``.

    Raises:
        FileNotFoundError: if there is no manifest.
        ValueError: if it is damaged.

    Example:
        >>> read_manifest("shards")["images"]  # doctest: +SKIP
        800
    """
    path = Path(folder, MANIFEST)
    try:
        manifest = json.loads(path.read_text("utf-8"))
        if manifest["version"] != VERSION:
            raise ValueError(f"its version is {manifest['version']!r}; expected {VERSION}")
        for shard in manifest["shards"]:
            if Path(shard["file"]).name != shard["file"]:
                raise ValueError(f"{shard['file']!r} is no file's name")
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(
            f"folder must be one that write_shards wrote; there is no {MANIFEST} in {str(folder)!r}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}): {_REMEDY}") from error
    return manifest


def check_shards(folder, *, contents=True):
    """Raise unless every shard that the manifest names is there and whole.

    Args:
        folder: str or path-like, where the shards are.
        contents: bool, whether to compare checksums; False looks at sizes only.

    Raises:
        FileNotFoundError: if a shard is missing; names it.
        ValueError: if one is damaged; names it.

    Example:
        >>> check_shards("shards")  # doctest: +SKIP
    """

    def check(shard):
        path = Path(folder, shard["file"])
        try:
            size = path.stat().st_size
            if size != shard["bytes"]:
                raise ValueError(
                    f"{path} is damaged: it has {size:,} bytes, expected {shard['bytes']:,}; "
                    f"{_REMEDY}"
                )
            if not contents:
                return
            with path.open("rb") as file:
                checksum = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            raise FileNotFoundError(f"{path} is missing: {_REMEDY}") from None
        if checksum != shard["sha256"]:
            raise ValueError(f"{path} is damaged: its checksum is not the manifest's; {_REMEDY}")

    pool = ThreadPoolExecutor(count_cores())
    try:
        list(pool.map(check, read_manifest(folder)["shards"]))
    finally:
        pool.shutdown(cancel_futures=True)


def _read_records(folder, manifest, seed):
    """Serialised examples of all the shards; in another order every epoch if there is a seed."""
    import tensorflow as tf

    shards = [shard for shard in manifest["shards"] if shard["images"]]
    paths = [str(Path(folder, shard["file"]).absolute()) for shard in shards]
    dataset = tf.data.Dataset.from_tensor_slices(paths)
    if seed is not None:
        dataset = dataset.shuffle(len(paths), seed=seed)
    readers = min(_READERS, len(paths))
    dataset = dataset.interleave(
        tf.data.TFRecordDataset,
        cycle_length=readers,
        num_parallel_calls=readers,
        deterministic=True,
    )
    if seed is None:
        return dataset
    mean = sum(shard["bytes"] for shard in shards) / manifest["images"]
    buffer = min(max(int(_BUFFER_BYTES / mean), _FEWEST_WAITING), manifest["images"])
    return dataset.shuffle(buffer, seed=seed)


class _Decoder:
    """For ``Dataset.map``: a batch of serialised examples and seeds to images and labels."""

    def __init__(self, folder, shape, keep_aspect, make_warp):
        self.folder, self.shape, self.keep_aspect = folder, shape, keep_aspect
        self.make_warp = make_warp

    def __call__(self, records, seeds):
        import tensorflow as tf

        kinds = {"image": tf.string, "label": tf.int64, "name": tf.string}
        features = {name: tf.io.FixedLenFeature((), kind) for name, kind in kinds.items()}
        examples = tf.io.parse_example(records, features)
        # Not stateful: what it returns depends on what it is given alone. TensorFlow would else
        # run one call after the other when it is told to be deterministic.
        images = tf.numpy_function(
            self.make_images,
            (examples["image"], examples["name"], seeds),
            tf.float32,
            stateful=False,
        )
        return tf.ensure_shape(images, (None, *self.shape)), examples["label"]

    def make_images(self, contents, names, seeds):
        images = aligned_empty((len(contents), *self.shape))
        change = make_change(self.make_warp, seeds, self.shape)
        for place, (content, name) in enumerate(zip(contents, names, strict=True)):
            try:
                image = decode_resized(content, self.shape[:2], keep_aspect=self.keep_aspect)
            except UnusablePhotographError as error:
                raise ValueError(
                    f"{name.decode(errors='replace')} in {self.folder}: {error.reason}; "
                    "write the shards anew with write_shards"
                ) from error
            images[place] = change(image, place)
        return images

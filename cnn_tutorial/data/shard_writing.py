"""A folder of photographs as a few large files, written in parallel; chapter 33 says when.

A shard is a TFRecord file, one ``tf.train.Example`` an image, with the features ``image`` (the
bytes of a JPEG or PNG file), ``label`` (int64) and ``name`` (its path in the folder it came
from). Beside the shards lies ``manifest.json``: classes, counts, and a checksum a shard.
"""

import hashlib
import io
import json
import secrets
import shutil
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from cnn_tutorial.data.checks import check_image_size, check_int
from cnn_tutorial.data.folders.assign import assign_splits, check_split
from cnn_tutorial.data.folders.photographs import (
    UnusablePhotographError,
    decode_photograph,
    read_content,
)
from cnn_tutorial.data.folders.reading import check_keep_aspect, decode_resized
from cnn_tutorial.data.profile_report import count_cores
from cnn_tutorial.progress import Progress

MANIFEST = "manifest.json"
VERSION = 1  # of the layout
_SHARD_BYTES = 2**27  # of a shard, about, where their number is not given
_FEWEST_SHARDS = 8  # so that several can be read at once, in another order every time
_QUALITY = 95  # of the JPEG files that hold resized images
_AS_THEY_ARE = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")  # how JPEG and PNG files begin


def write_shards(
    report,
    folder,
    *,
    split="train",
    validation=0.1,
    test=0.1,
    groups=None,
    seed=0,
    image_size=None,
    keep_aspect=True,
    shards=None,
    progress=True,
):
    """Write one part of a folder of photographs as TFRecord shards.

    The photographs are mixed once, so that every shard holds a bit of everything. ``folder``
    appears when it is complete, in one step, or not at all. A photograph that has vanished or
    been damaged since the scan is left out, and a warning names it.

    Args:
        report: ``FolderReport`` of ``scan_folder``.
        folder: str or path-like, the folder to be made; it must not exist, or be empty.
        split: str, ``"train"``, ``"validation"`` or ``"test"``.
        validation: float in [0, 1], and ``test``, ``groups`` and ``seed``: as for
            ``folder_dataset``; the same ones give the same part.
        test: as there.
        groups: as there.
        seed: as there; it decides the order in the shards, too.
        image_size: int or (height, width) in pixels, at which every image is written, as a JPEG
            file of quality 95 with colour at full resolution. None: JPEG and PNG files are
            written byte for byte (a photograph that was taken with the camera turned says so in
            its EXIF data, which ``shard_dataset`` minds and ``tf.io.decode_jpeg`` does not),
            others as upright PNG.
        keep_aspect: as for ``folder_dataset``; of no effect without ``image_size``.
        shards: int, how many files; None makes them about 128 MiB large, and at least eight.
        progress: bool, whether to show a progress bar.

    Returns:
        dict, the manifest, as ``read_manifest(folder)`` gives it.

    Raises:
        FileExistsError: if ``folder`` is there and not empty.
        TypeError: if an argument is of the wrong type.
        ValueError: if one is out of range, or the part holds no photograph that can be read.

    Example:
        >>> write_shards(report, "shards", split="val")  # doctest: +SKIP
        Traceback (most recent call last):
        ...
        ValueError: split must be one of train, validation, test; received 'val'
    """
    check_split(split)
    check_keep_aspect(keep_aspect)
    size = None if image_size is None else check_image_size(image_size)
    if not hasattr(report, "hashes"):
        raise TypeError(f"report must be what scan_folder returns; received {report!r}")
    folder = Path(folder).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"folder must be a new one; there is something in {str(folder)!r}")
    splits = assign_splits(report, validation=validation, test=test, groups=groups, seed=seed)
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(splits == split))
    if not len(chosen):
        raise ValueError(f"no photograph is in the part {split!r}; there are {len(splits)} in all")
    number = _count_shards(shards, report, chosen, size)
    writer = _ShardWriter(report, size, keep_aspect)
    scratch = folder.with_name(f".{folder.name}-{secrets.token_hex(8)}")
    scratch.mkdir(parents=True)
    try:
        paths = [scratch / f"{split}-{n:05d}-of-{number:05d}.tfrecord" for n in range(number)]
        with Progress("writing shards", len(chosen), unit="images", shown=progress) as bar:
            entries = writer.write_all(paths, np.array_split(chosen, number), bar)
        manifest = {
            "version": VERSION,
            "split": split,
            "class_names": list(report.class_names),
            "images": sum(entry["images"] for entry in entries),
            "counts": {
                name: sum(entry["counts"][label] for entry in entries)
                for label, name in enumerate(report.class_names)
            },
            "image_size": None if size is None else list(size),
            "keep_aspect": None if size is None else keep_aspect,
            "skipped": sorted(writer.skipped),
            "shards": entries,
        }
        if not manifest["images"]:
            raise ValueError(f"none of the {len(chosen)} photographs can be read any more")
        text = json.dumps(manifest, indent=1) + "\n"
        (scratch / MANIFEST).write_text(text, encoding="utf-8")
        if folder.exists():
            folder.rmdir()  # it was empty, and not every system moves onto an empty folder
        scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if writer.skipped:
        name, reason = manifest["skipped"][0]
        warnings.warn(
            f"left out of the shards: {len(writer.skipped)} of {len(chosen)} photographs, which "
            f"{MANIFEST} lists; the first is {name}: {reason}",
            stacklevel=2,
        )
    return manifest


class _ShardWriter:
    """Writes shards of a report's photographs; several may be written at once."""

    def __init__(self, report, size, keep_aspect):
        self.report, self.size, self.keep_aspect = report, size, keep_aspect
        self.skipped = []  # (name, reason)

    def write_all(self, paths, parts, bar):
        """Write the photographs of each part (indices) to its path; the manifest's entries."""
        entries = []
        pool = ThreadPoolExecutor(count_cores())
        try:
            for entry in pool.map(self.write, paths, parts):
                entries.append(entry)
                bar.update(entry["images"])
        finally:
            pool.shutdown(cancel_futures=True)
        return entries

    def write(self, path, indices):
        """Write one shard; its entry in the manifest."""
        import tensorflow as tf

        report = self.report
        counts = [0] * len(report.class_names)
        with tf.io.TFRecordWriter(str(path)) as file:
            for index in indices:
                name = Path(report.files[index]).relative_to(report.path).as_posix()
                try:
                    content = self.encode(report.files[index], report.hashes[index])
                except UnusablePhotographError as error:
                    self.skipped.append([name, error.reason])
                    continue
                label = int(report.labels[index])
                file.write(_make_record(content, label, name))
                counts[label] += 1
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        return {
            "file": path.name,
            "images": sum(counts),
            "counts": counts,
            "bytes": path.stat().st_size,
            "sha256": checksum,
        }

    def encode(self, path, content_hash):
        """The bytes that a shard holds of a photograph."""
        content = read_content(path)
        if self.size is not None:
            return _encode(
                decode_resized(content, self.size, keep_aspect=self.keep_aspect),
                "JPEG",
                quality=_QUALITY,
                subsampling=0,
            )
        changed = hashlib.sha256(content).hexdigest() != content_hash
        if content.startswith(_AS_THEY_ARE) and not changed:  # the scan has decoded it
            return content
        pixels = decode_photograph(content)
        return content if content.startswith(_AS_THEY_ARE) else _encode(pixels, "PNG")


def _make_record(content, label, name):
    """One image as the bytes of a ``tf.train.Example``."""
    import tensorflow as tf

    train = tf.train
    name = name.encode("utf-8", "surrogateescape")
    features = {
        "image": train.Feature(bytes_list=train.BytesList(value=[content])),
        "label": train.Feature(int64_list=train.Int64List(value=[label])),
        "name": train.Feature(bytes_list=train.BytesList(value=[name])),
    }
    example = train.Example(features=train.Features(feature=features))
    return example.SerializeToString(deterministic=True)


def _encode(pixels, kind, **options):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def _count_shards(shards, report, chosen, size):
    """How many shards to write: what was asked for, or what suits."""
    if shards is None:
        each = np.prod(report.sizes[chosen], axis=1) if size is None else np.prod(size)
        guess = np.sum(each * np.ones(len(chosen))) / 4  # a JPEG takes 1 to 3 bits a pixel
        shards = min(max(_FEWEST_SHARDS, round(guess / _SHARD_BYTES)), len(chosen))
    check_int("shards", shards, high=len(chosen))  # none is empty
    return int(shards)

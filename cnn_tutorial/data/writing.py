"""A data set as a folder of image files, a subfolder a class: what chapter 31 reads again."""

import os
import re
import secrets
import shutil
from pathlib import Path

import numpy as np

from cnn_tutorial.data.checks import check_image_size, check_int
from cnn_tutorial.data.folders.reading import resize_image
from cnn_tutorial.data.sources import check_name, find_source
from cnn_tutorial.data.splits import balanced_subset, load
from cnn_tutorial.progress import Progress


def write_folder(name, path, *, classes=None, image_size=None, limit=None, split="train"):
    """Write images of a data set as PNG files, ``path/<class>/<name>-<number>.png``.

    The number is the image's place in ``load(name, split=split)``, so that the same image has
    the same name whatever else is written. What is not a letter, a digit, a space, ``.``, ``_``
    or ``-`` in a class's name becomes ``-`` in its folder's. ``path`` appears in one step when
    all is written.

    Args:
        name: str, a data set as ``load`` knows it.
        path: str or path-like, a folder that is not there yet, or empty, or holds exactly the
            same files already.
        classes: sequence of str, the names of the classes to write, or None for all.
        image_size: int or (height, width) in pixels, or None for the size that they have. The
            aspect is kept: what is too long is cut off.
        limit: int, how many images to write, as many of each class as its size allows, or None.
        split: str, the part to write, as for ``load``.

    Returns:
        ``pathlib.Path`` of the folder.

    Raises:
        FileExistsError: if ``path`` is there and holds other things; nothing is changed then.
        TypeError: if an argument is of the wrong type.
        ValueError: if a data set or a class is unknown, or a number out of range.
        DataUnavailableError: if no source of the data set is within reach.

    Example:
        >>> write_folder("digits", "folder", classes=["11"])
        Traceback (most recent call last):
        ...
        ValueError: name must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; received '11'...
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be a str or a path; received {path!r}")
    path = Path(path).absolute()
    labels_wanted = _find_labels(find_source(name).class_names, classes)
    size = None if image_size is None else check_image_size(image_size)
    images, labels = load(name, split=split)
    chosen = np.flatnonzero(np.isin(labels, labels_wanted))
    if limit is not None:
        check_int("limit", limit)
        chosen = np.sort(chosen[balanced_subset(labels[chosen], limit, 0)])
    whole = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        _write_images(name, whole, images, labels, chosen, size)
        _move(whole, path)
    finally:
        shutil.rmtree(whole, ignore_errors=True)
    return path


def _find_labels(class_names, classes):
    if classes is None:
        return np.arange(len(class_names))
    if isinstance(classes, str):
        raise TypeError(f"classes must be a sequence of names; received the str {classes!r}")
    classes = list(classes)
    if not classes:
        raise ValueError("classes must name at least one class; received none")
    for one in classes:
        check_name(one, class_names)
    return np.array([class_names.index(one) for one in classes])


def _write_images(name, folder, images, labels, chosen, size):
    from PIL import Image

    names = [re.sub(r"[^\w .-]", "-", one) for one in find_source(name).class_names]
    with Progress(f"writing {folder.name}", len(chosen), unit="images") as progress:
        for label in np.unique(labels[chosen]):
            (folder / names[label]).mkdir(parents=True)
        for index in chosen:
            image = images[index]
            if size is not None:
                image = resize_image(image, size).reshape(*size, -1)
            image = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
            image.save(folder / names[labels[index]] / f"{name}-{index:05d}.png")
            progress.update(1)


def _move(folder, target):
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
    if not target.exists():
        folder.replace(target)
    elif not _holds_the_same(folder, target):
        raise FileExistsError(
            f"path must be a folder that is not there yet, or empty; {str(target)!r} holds other "
            "things. Nothing was changed."
        )


def _holds_the_same(one, other):
    found = [
        {path.relative_to(folder): path for path in folder.rglob("*")} for folder in (one, other)
    ]
    return found[0].keys() == found[1].keys() and all(
        path.is_dir() or path.read_bytes() == found[1][name].read_bytes()
        for name, path in found[0].items()
    )

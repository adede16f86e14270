"""A folder of photographs as one is handed it, for chapter 31 to find out what is wrong with it."""

from pathlib import Path

import numpy as np

from cnn_tutorial.data.folders.photographs import read_photograph

_EACH = 40  # photographs of each class before anything is done to them
_PAGE = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>\n"


def make_messy_folder(path, photographs):
    """Copy 40 cats and 40 dogs, and do to some of them what happens to folders.

    Always to the same ones, and the function says to which: the value that it returns is the
    answer sheet. ``photographs`` stays as it is.

    Args:
        path: str or path-like, a folder that does not exist or is empty.
        photographs: the folder of ``fetch_folder("cats_dogs")``.

    Returns:
        dict of str to str: a path in the folder, and what is wrong there.

    Raises:
        FileExistsError: if there is something in the folder.

    Example:
        >>> make_messy_folder("notes.txt/pets", "cats_dogs")
        Traceback (most recent call last):
        ...
        FileNotFoundError: photographs must hold cat/cat.0.jpg; ...
    """
    path, source = Path(path), Path(photographs)
    if not (source / "cat" / "cat.0.jpg").is_file():
        raise FileNotFoundError(f"photographs must hold cat/cat.0.jpg; it is not in {source}")
    if path.exists() and any(path.iterdir()):
        raise FileExistsError(f"path must be a new or an empty folder; {path} holds something")
    for kind in ("cat", "dog"):
        (path / kind).mkdir(parents=True, exist_ok=True)
        for number in range(_EACH):
            name = f"{kind}/{kind}.{number}.jpg"
            (path / name).write_bytes((source / name).read_bytes())
    for folder in ("bird", "cat/new"):
        (path / folder).mkdir()
    return {**_damage(path), **_convert(path), **_copy(path), **_litter(path)}


def _damage(path):
    """Files that are no photographs any more."""
    whole = (path / "cat/cat.3.jpg").read_bytes()
    (path / "cat/cat.3.jpg").write_bytes(whole[: len(whole) * 6 // 10])
    (path / "cat/cat.7.jpg").write_bytes(b"")
    (path / "dog/dog.2.jpg").write_bytes(_PAGE)
    return {
        "cat/cat.3.jpg": "a download that broke off",
        "cat/cat.7.jpg": "an empty file",
        "dog/dog.2.jpg": "a web page that says the photograph is gone",
    }


def _convert(path):
    """Photographs in a form that a careless reader gets wrong."""
    from PIL import Image

    lying = Image.fromarray(np.rot90(read_photograph(path / "cat/cat.11.jpg")))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side: turn a quarter clockwise
    lying.save(path / "cat/cat.11.jpg", quality=90, exif=exif)

    Image.fromarray(read_photograph(path / "dog/dog.5.jpg")).save(path / "dog/dog.5.jpg", "PNG")
    ink = Image.fromarray(read_photograph(path / "dog/dog.8.jpg")).convert("CMYK")
    ink.save(path / "dog/dog.8.jpg", quality=90)

    grey = read_photograph(path / "cat/cat.19.jpg").mean(axis=-1)
    deep = Image.fromarray((grey * 257).round().astype(np.uint16))
    _replace(path / "cat/cat.19.jpg", ".png", deep)

    dog = read_photograph(path / "dog/dog.13.jpg")
    rows, columns = np.ogrid[-1 : 1 : dog.shape[0] * 1j, -1 : 1 : dog.shape[1] * 1j]
    seen = rows**2 + columns**2 < 1  # an oval; what is outside is black, and transparent
    cut_out = np.dstack([dog * seen[..., np.newaxis], 255 * seen.astype(np.uint8)])
    _replace(path / "dog/dog.13.jpg", ".png", Image.fromarray(cut_out))

    frames = [
        Image.fromarray(read_photograph(path / f"dog/dog.{number}.jpg")) for number in (17, 18)
    ]
    following = [frames[1].resize(frames[0].size)]
    _replace(path / "dog/dog.17.jpg", ".gif", frames[0], save_all=True, append_images=following)
    return {
        "cat/cat.11.jpg": "a photograph that lies on its side",
        "dog/dog.5.jpg": "a PNG file named .jpg",
        "dog/dog.8.jpg": "a photograph prepared for print",
        "cat/cat.19.png": "grey with 16 bits",
        "dog/dog.13.png": "cut out, the rest transparent",
        "dog/dog.17.gif": "an animation",
    }


def _copy(path):
    """The same photograph again: once as it is, once in the wrong class."""
    from PIL import Image, ImageEnhance

    (path / "cat/cat.14 (1).jpg").write_bytes((path / "cat/cat.14.jpg").read_bytes())
    cat = Image.fromarray(read_photograph(path / "cat/cat.12.jpg"))
    smaller = cat.resize((cat.width * 9 // 10, cat.height * 9 // 10))
    ImageEnhance.Brightness(smaller).enhance(1.1).save(path / "dog/photo 12.jpg", quality=80)
    return {
        "cat/cat.14 (1).jpg": "a copy of cat/cat.14.jpg",
        "dog/photo 12.jpg": "cat/cat.12.jpg again, smaller, brighter, among the dogs",
    }


def _litter(path):
    """What is no photograph and was never meant to be, and one in a folder too deep."""
    (path / "cat/cat.23.jpg").rename(path / "cat/new/cat.23.jpg")
    (path / "dog/Thumbs.db").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1"))
    (path / "cat/.DS_Store").write_bytes(b"\0\0\0\1Bud1")
    return {
        "cat/new/cat.23.jpg": "a photograph in a folder of its own",
        "dog/Thumbs.db": "left behind by Windows",
        "cat/.DS_Store": "left behind by macOS",
        "bird": "a class without photographs",
    }


def _replace(file, ending, image, **options):
    file.unlink()
    image.save(file.with_suffix(ending), **options)

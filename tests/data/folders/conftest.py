"""A folder of horrors: what people's folders of photographs really hold, one of each."""

import io
import os
import struct
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cnn_tutorial.data.folders import scan_folder


def _make_picture(seed, height=60, width=80):
    """Smooth blotches of colour, uint8 (H, W, 3): something that JPEG keeps well."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def _encode(pixels, kind="JPEG", mode=None, **options):
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    (image if mode is None else image.convert(mode)).save(buffer, kind, **options)
    return buffer.getvalue()


def _turned(pixels, orientation):
    """A JPEG file whose EXIF says how to turn it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return _encode(pixels, exif=exif)


def _declare_png(width, height):
    """A PNG file of a few bytes whose header declares any size."""

    def chunk(name, content):
        checksum = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture(scope="session")
def make_picture():
    return _make_picture


@pytest.fixture(scope="session")
def encode():
    return _encode


@pytest.fixture(scope="session")
def turned():
    return _turned


@pytest.fixture(scope="session")
def declare_png():
    return _declare_png


@pytest.fixture(scope="session")
def horrors(tmp_path_factory):
    """``path`` of the folder; ``problems`` and ``notes``: names in it -> what is to be said."""
    parent = tmp_path_factory.mktemp("horrors")
    root, outside = parent / "pets", parent / "outside"
    outside.mkdir()
    picture = _make_picture
    (outside / "secret.jpg").write_bytes(_encode(picture(99)))
    frames = [Image.fromarray(picture(seed)) for seed in (20, 21)]
    animated = {"save_all": True, "append_images": frames[1:]}
    long_name = "猫 ❤ ñandú.jpg"
    good = {  # name -> content, note
        "cat/plain.jpg": (_encode(picture(0)), None),
        "cat/plain.PNG": (_encode(picture(1), "PNG"), None),
        f"cat/{long_name}": (_encode(picture(2)), None),
        "cat/line\nbreak.jpg": (_encode(picture(3)), None),
        "cat/really a png.jpg": (_encode(picture(4), "PNG"), "named wrongly (is PNG)"),
        "cat/no ending": (_encode(picture(5)), "named wrongly (is JPEG)"),
        "cat/on its side.jpg": (_turned(picture(6), 6), "turned upright by EXIF (orientation 6)"),
        "cat/moving.gif": (
            _encode(frames[0], "GIF", **animated),
            "only the first image used (of an animation)",
        ),
        "cat/moving.webp": (
            _encode(frames[0], "WEBP", **animated),
            "only the first image used (of an animation)",
        ),
        "cat/pages.tif": (
            _encode(frames[0], "TIFF", **animated),
            "only the first image used (of its pages)",
        ),
        "cat/print.jpg": (_encode(picture(7), mode="CMYK"), "CMYK (colours approximate)"),
        "cat/deep.png": (
            _encode(picture(8)[..., 0].astype(np.uint16) * 257, "PNG"),
            "16 bits (scaled to 8)",
        ),
        "cat/few colours.png": (_encode(picture(9), "PNG", mode="P"), "palette"),
        "cat/see-through.png": (
            _encode(np.dstack([picture(10), picture(11)[..., 0]]), "PNG"),
            "transparent (laid on white)",
        ),
        "cat/grey.jpg": (_encode(picture(12), mode="L"), None),
        "cat/two colours.png": (_encode(picture(13), "PNG", mode="1"), None),
        "cat/dot.png": (_encode(picture(14, 1, 1), "PNG"), "very small (1×1)"),
        "cat/strip.png": (_encode(picture(15, 20, 200), "PNG"), "long and narrow (20×200)"),
        "cat/black.png": (_encode(np.zeros((40, 40, 3), np.uint8), "PNG"), "one grey all over"),
        "cat/kittens/2020/deep.jpg": (_encode(picture(16)), "deeper than its class's folder"),
        "dog/plain.jpg": (_encode(picture(17)), None),
    }
    bad = {  # name -> content, reason
        "cat/empty.jpg": (b"", "empty"),
        "cat/line\nbreak <b>.jpg": (b"", "empty"),
        "cat/half.jpg": (_encode(picture(30))[:900], "truncated"),
        "cat/half.png": (_encode(picture(31), "PNG")[:900], "truncated"),
        "cat/text.jpg": (b"not found\n", "not an image: it begins with b'not found\\n'"),
        "cat/page.jpg": (
            b"<!DOCTYPE html><html>",
            "not an image: it begins with b'<!DO",
        ),
        "cat/program.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        "cat/start only.png": (b"\x89PNG\r\n\x1a\n", "damaged: it begins as a PNG file does"),
        "cat/bomb.png": (_declare_png(30_000, 30_000), "a decompression bomb"),
        "cat/small bomb.png": (_declare_png(10_000, 9_000), "a decompression bomb"),
        "cat/float.tif": (
            _encode(np.ones((9, 9), np.float32), "TIFF"),
            "its floating-point values",
        ),
        "cat/.hidden.jpg": (_encode(picture(32)), "hidden"),
        "cat/Thumbs.db": (b"\xd0\xcf\x11\xe0", "made by the operating system"),
        "cat/.git/plain.jpg": (_encode(picture(33)), None),  # its folder is named
        "beside.jpg": (_encode(picture(34)), "not in a class's folder"),
        "broken only/empty.jpg": (b"", "empty"),
    }
    for name, (content, _) in (good | bad).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    reasons = {name: reason for name, (_, reason) in bad.items() if reason}
    reasons |= {
        "cat/.git": "hidden",
        "cat/folder.jpg": None,  # a folder, gone into; nothing is in it
        "broken only": "a folder without a usable photograph: no class",
        "nothing": "a folder without a usable photograph: no class",
        "links": "a folder without a usable photograph: no class",
        "links/broken.jpg": "a broken link",
        "links/circle.jpg": "a link that leads in a circle",
        "links/up": "a link to a folder",
        "links/outside.jpg": "a link that leads out of the folder",
        "links/by way of.jpg": "a link that leads out of the folder",
        "links/outside": "a link that leads out of the folder",
        "outside": "a link that leads out of the folder",
        "cat/pipe.jpg": "not a file but a special file",
    }
    for folder in ("nothing", "links", "cat/folder.jpg"):
        (root / folder).mkdir()
    for name, target in {
        "links/broken.jpg": "nowhere.jpg",
        "links/circle.jpg": "circle.jpg",
        "links/up": "..",
        "links/outside.jpg": outside / "secret.jpg",
        "links/by way of.jpg": "outside.jpg",
        "links/outside": outside,
        "outside": outside,
        "dog/inside.jpg": root / "cat" / "plain.jpg",
    }.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "cat" / "pipe.jpg")
    return SimpleNamespace(
        path=root,
        outside=outside,
        problems={name: reason for name, reason in reasons.items() if reason},
        notes={name: note for name, (_, note) in good.items() if note}
        | {"dog/inside.jpg": "a link"},
        usable=[*good, "dog/inside.jpg"],
        picture=picture,
    )


@pytest.fixture
def make_folder(tmp_path):
    """Function of the photographs a class -> report on a folder of them, 60×80 JPEG files."""

    def make(*counts):
        seed = 0
        for label, count in enumerate(counts):
            folder = tmp_path / "pets" / f"class {label}"
            folder.mkdir(parents=True, exist_ok=True)
            for _ in range(count):
                content = _encode(_make_picture(seed), quality=95)
                (folder / f"{seed:03d}.jpg").write_bytes(content)
                seed += 1
        return scan_folder(tmp_path / "pets", progress=False)

    return make

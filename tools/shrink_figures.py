"""Store a notebook's figures in a third of the space, when nobody can see the difference.

A chart has few colours, and most of those are shades at the edges of its lines. With a palette of
256 colours it is a third as large. A photograph has many; it stays as it is, packed more tightly.
`tools/run_notebooks.py` does this to what it stores.
"""

import base64
import io

LARGEST_CHANGE = 16  # of 255: what a pixel's red, green or blue may change by, unnoticed


def shrink_png(data):
    """The same picture in fewer bytes.

    Args:
        data: bytes of a PNG file.

    Returns:
        bytes of a PNG file: with a palette, if no channel of any pixel changes by more than
        LARGEST_CHANGE, else with every pixel as it was. Never longer than ``data``. A picture
        that is transparent, or has a palette already, is returned as it is.
    """
    import numpy as np
    from PIL import Image

    picture = Image.open(io.BytesIO(data))
    is_opaque = picture.mode == "RGBA" and picture.getextrema()[3][0] == 255
    if picture.mode == "P" or (picture.has_transparency_data and not is_opaque):
        return data
    picture = picture.convert("RGB")
    before = np.asarray(picture).astype(int)
    candidates = []
    for method in (Image.Quantize.MEDIANCUT, Image.Quantize.FASTOCTREE):
        reduced = picture.quantize(256, method=method, dither=Image.Dither.NONE)
        _keep_ground(picture, reduced)
        change = abs(np.asarray(reduced.convert("RGB")).astype(int) - before).max()
        candidates.append((change, len(candidates), reduced))
    change, _, reduced = min(candidates)
    best = reduced if change <= LARGEST_CHANGE else picture
    packed = io.BytesIO()
    best.save(packed, "PNG", optimize=True)
    return min(packed.getvalue(), data, key=len)


def _keep_ground(picture, reduced):
    """Give the commonest colour of a picture, its ground, to its copy with a palette exactly.

    A palette's colours are means: white comes out a little grey, which shows on a white page.
    """
    import numpy as np

    commonest = max(picture.getcolors(picture.width * picture.height))[1]
    ground = (np.asarray(picture) == commonest).all(axis=-1)
    index = int(np.asarray(reduced)[ground][0])
    palette = reduced.getpalette()
    palette[3 * index : 3 * index + 3] = commonest
    reduced.putpalette(palette)


def shrink_figures(notebook):
    """Shrink every PNG picture among the outputs of a notebook, in place.

    Args:
        notebook: Notebook.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            bundle = output.get("data", {})
            if "image/png" in bundle:
                smaller = shrink_png(base64.b64decode(bundle["image/png"]))
                bundle["image/png"] = base64.b64encode(smaller).decode()

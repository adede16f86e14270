"""Rotation, shift, shear, zoom and flip as one affine map, by NumPy and OpenCV (chapter 32).

A matrix says for every output pixel where in the input its value is to be looked up: the five
changes are one matrix product, and the image is interpolated once. Functions with an ``ops``
argument work on NumPy arrays and, with ``ops=keras.ops``, on tensors.
"""

import math

import numpy as np

from cnn_tutorial.data.warp_ranges import WarpParameters, cast, is_number

FILL_MODES = ("constant", "nearest", "reflect", "wrap")
# A position this far (in pixels) outside counts as on the edge: rounding must not cut off a row.
EDGE = 1e-4


def make_matrices(parameters, height, width, *, ops=np):
    """The 3×3 matrices that take an output pixel to its place in the input.

    ``M = centre · rotate · shift · shear · zoom · flip · centre⁻¹`` acts on columns ``(row,
    column, 1)``: from right to left, move the origin to the centre ``((height - 1)/2, (width -
    1)/2)``, flip, zoom by ``z``, shear by ``φ``, shift by ``t``, rotate by ``α``, and move the
    origin back::

        flip = 1  0  0    zoom = z₀ 0  0    shear =  cos φ  0  0
               0 -1  0           0  z₁ 0            -sin φ  1  0
               0  0  1           0  0  1             0      0  1

        shift = 1  0  t₀    rotate =  cos α  sin α  0
                0  1  t₁             -sin α  cos α  0
                0  0  1               0      0      1

    Args:
        parameters: ``WarpParameters`` of arrays (N,).
        height: int, pixels.
        width: int, pixels.
        ops: ``numpy`` or ``keras.ops``.

    Returns:
        Array (N, 3, 3).

    Reference:
        Keras's ``apply_affine_transform`` composes rotation, shift, shear and zoom in this
        order. It takes the centre's two coordinates in the wrong order, which matters only
        when height and width differ, and its generator draws ``tx``, which moves columns, from
        ``height_shift_range``. Here rows are rows.

    Example:
        >>> flip = WarpParameters(*np.array([[0], [0], [0], [0], [1], [1], [1]], float))
        >>> make_matrices(flip, 5, 5)[0] @ [2, 0, 1]
        array([2., 4., 1.])
    """
    p = WarpParameters(*parameters)
    one, zero = ops.ones_like(p.rotation), ops.zeros_like(p.rotation)
    theta, phi = p.rotation * (math.pi / 180), p.shear * (math.pi / 180)
    cos, sin = ops.cos(theta), ops.sin(theta)
    row, column = (cast(size, one.dtype, ops) * one / 2 - 0.5 for size in (height, width))

    def matrix(a, b, c, d, e, f):
        """(N, 3, 3) whose last row is 0 0 1."""
        rows = ops.stack([a, b, c, d, e, f, zero, zero, one], axis=-1)
        return ops.reshape(rows, (-1, 3, 3))

    product = matrix(one, zero, row, zero, one, column)
    for factor in (
        matrix(cos, sin, zero, -sin, cos, zero),
        matrix(one, zero, p.row_shift, zero, one, p.column_shift),
        matrix(ops.cos(phi), zero, zero, -ops.sin(phi), one, zero),
        matrix(p.row_zoom, zero, zero, zero, p.column_zoom, zero),
        matrix(one, zero, zero, zero, 1 - 2 * p.flip, zero),
        matrix(one, zero, -row, zero, one, -column),
    ):
        product = ops.matmul(product, factor)
    return product


def find_positions(matrices, height, width, *, ops=np):
    """Rows and columns in the input at which the output's pixels are looked up.

    Args:
        matrices: array (N, 3, 3).
        height: int, pixels.
        width: int, pixels.
        ops: ``numpy`` or ``keras.ops``.

    Returns:
        Two arrays (N, height, width).
    """
    m = matrices[:, :2, :, None, None]
    row = cast(ops.arange(height), matrices.dtype, ops)[:, None]
    column = cast(ops.arange(width), matrices.dtype, ops)
    rows, columns = (m[:, k, 0] * row + (m[:, k, 1] * column + m[:, k, 2]) for k in (0, 1))
    return rows, columns


def fold(positions, size, fill_mode, *, ops=np):
    """Positions brought into ``[0, size - 1]``, where ``fill_mode`` finds their values.

    SciPy's meanings: ``reflect`` repeats the edge (``c b a | a b c | c b a``), ``wrap`` lays the
    last pixel onto the first, so that the picture repeats after ``size - 1`` pixels.

    Args:
        positions: float array, pixels.
        size: int, pixels.
        fill_mode: one of ``FILL_MODES``; ``constant`` is clamped like ``nearest``.
        ops: ``numpy`` or ``keras.ops``.

    Returns:
        Array like ``positions``.

    Example:
        >>> fold(np.array([-1.0, 0.5, 3.0]), 3, "reflect"), fold(np.array([-1.0]), 3, "wrap")
        (array([0. , 0.5, 2. ]), array([1.]))
    """
    size = cast(size, positions.dtype, ops)
    if fill_mode == "reflect":
        around = (positions + 0.5) % (2 * size)
        positions = ops.minimum(around, 2 * size - around) - 0.5
    elif fill_mode == "wrap":
        wrapped = positions % ops.maximum(size - 1, 1)
        positions = ops.where(is_outside(positions, size), wrapped, positions)
    return ops.clip(positions, 0, size - 1)


def is_outside(positions, size):
    """Whether positions lie beyond the first and the last pixel's centre."""
    return (positions < -EDGE) | (positions > size - 1 + EDGE)


def warp_images(images, matrices, *, fill_mode="nearest", cval=0):
    """Images whose pixels are looked up where matrices say, by OpenCV, each interpolated once.

    ``out[n, i, j] = images[n, u, v]`` with ``(u, v, 1) = matrices[n] @ (i, j, 1)``: bilinear
    between the four pixels around ``(u, v)``, as ``scipy.ndimage.affine_transform(order=1)``.
    OpenCV 5 agrees with SciPy to 0.001 grey levels in float32 and rounds uint8; OpenCV 4 places
    positions on a grid of 1/32 pixel, so that a value can be off by 1/64 of the difference
    to its neighbours in each direction.

    Args:
        images: uint8 or float32 array (N, H, W, C).
        matrices: float array (N, 3, 3), see ``make_matrices``.
        fill_mode: ``"constant"``, ``"nearest"``, ``"reflect"`` or ``"wrap"``, in SciPy's meaning.
        cval: number, the value outside for ``"constant"``; rounded and clipped for uint8.

    Returns:
        A new array like ``images``.

    Raises:
        TypeError: if the images are neither uint8 nor float32.
        ValueError: if a shape does not fit, or ``fill_mode`` is unknown.

    Example:
        >>> two_to_the_right = np.array([[[1, 0, 0], [0, 1, -2], [0, 0, 1]]], float)
        >>> row = np.array([1, 2, 3, 4, 5], np.uint8).reshape(1, 1, 5, 1)
        >>> warp_images(row, two_to_the_right).ravel()
        array([1, 1, 1, 2, 3], dtype=uint8)
    """
    images, matrices = check_images(images), np.asarray(matrices, np.float64)
    check_fill(fill_mode, cval)
    if matrices.shape != (len(images), 3, 3):
        raise ValueError(
            f"matrices must have shape {(len(images), 3, 3)}, one an image; received "
            f"{matrices.shape}"
        )
    outputs = np.empty_like(images)
    if images.size:
        for image, matrix, output in zip(images, matrices, outputs, strict=True):
            output[...] = warp_image(image, matrix, fill_mode, cval)
    return outputs


def warp_image(image, matrix, fill_mode, cval):
    """One image of at least one pixel, changed as by ``warp_images``, which checks the arguments.

    Args:
        image: uint8 or float32 array (H, W, C).
        matrix: float64 array (3, 3).
        fill_mode: as there.
        cval: as there.

    Returns:
        A new array like ``image``.
    """
    import cv2

    height, width, num_channels = image.shape
    if fill_mode == "wrap":  # OpenCV's own repeats after ``size`` pixels, SciPy's one earlier
        rows, columns = find_positions(matrix[None], height, width)
        columns = fold(columns[0], width, "wrap").astype(np.float32)
        rows = fold(rows[0], height, "wrap").astype(np.float32)

        def warp(pixels, border):
            return cv2.remap(pixels, columns, rows, cv2.INTER_LINEAR, borderMode=border)

    else:
        (a, b, c), (d, e, f) = matrix[:2]
        x_first = np.array([[e, d, f], [b, a, c]])  # OpenCV counts (x, y) = (column, row)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

        def warp(pixels, border):
            return cv2.warpAffine(pixels, x_first, (width, height), flags=flags, borderMode=border)

    border = cv2.BORDER_REFLECT if fill_mode == "reflect" else cv2.BORDER_REPLICATE
    if num_channels == 3:  # a fourth costs less than it saves: OpenCV warps four much faster
        image = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
        warped = cv2.cvtColor(warp(image, border), cv2.COLOR_RGBA2RGB)
    elif num_channels in (1, 4):  # these OpenCV 5 interpolates exactly, others on a grid
        warped = warp(image, border).reshape(image.shape)
    else:
        channels = (image[..., k].copy() for k in range(num_channels))
        warped = np.stack([warp(channel, border) for channel in channels], axis=-1)
    if fill_mode == "constant":
        is_inside = warp(np.ones((height, width), np.float32), cv2.BORDER_CONSTANT) > 1 - EDGE
        if image.dtype == np.uint8:
            cval = min(max(round(cval), 0), 255)
        warped[~is_inside] = cval
    return warped


def check_fill(fill_mode, cval):
    """Raises an error unless ``fill_mode`` is one of ``FILL_MODES`` and ``cval`` a number."""
    if fill_mode not in FILL_MODES:
        raise ValueError(f"fill_mode must be one of {', '.join(FILL_MODES)}; got {fill_mode!r}")
    if not is_number(cval) or not math.isfinite(cval):
        raise TypeError(f"cval must be a number, in the images' units; received {cval!r}")


def check_images(images):
    """``images`` as an array, or an error unless it is (N, H, W, C) of uint8 or float32."""
    images = np.asarray(images)
    if images.dtype not in (np.uint8, np.float32):
        raise TypeError(f"images must be uint8 or float32; received {images.dtype}")
    if images.ndim != 4:
        raise ValueError(f"images must have shape (N, H, W, C); received {images.shape}")
    return images

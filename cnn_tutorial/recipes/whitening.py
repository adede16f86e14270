"""The filters of the first layer, computed from the images instead of trained."""

import numpy as np

# Of CIFAR-10's training images, by channel, for pixels from 0 to 255.
MEAN = (125.3, 123.0, 113.9)
DEVIATION = (63.0, 62.1, 66.7)


def find_whitening(images, *, size=2, epsilon=5e-4):
    """Filters that turn patches of images into numbers uncorrelated and of equal size.

    ``E[p p^T] = V diag(l) V^T`` over the patches ``p`` (of standardised pixels, flattened), then
    ``f_i = v_i / sqrt(l_i + epsilon)``. So ``E[(f_i p)(f_j p)]`` is ``l_i / (l_i + epsilon)`` for
    ``i = j`` and 0 otherwise. After them come their negatives: an activation that cuts negative
    numbers off then loses nothing.

    Args:
        images: uint8 array (N, H, W, 3); a few thousand are enough.
        size: int, height and width of a patch in pixels.
        epsilon: float, what keeps directions that hardly vary from being blown up.

    Returns:
        float32 array (size, size, 3, 6 size^2): a convolution's kernel, the directions that vary
        most first, then the negatives of all.

    Raises:
        ValueError: if ``images`` are not of this shape, or smaller than a patch.

    Reference:
        Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU (2024), section 3.2; the idea is
        Page's, How to Train Your ResNet 8 (2019).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> find_whitening(rng.integers(0, 256, (10, 8, 8, 3), dtype=np.uint8)).shape
        (2, 2, 3, 24)
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] != 3 or min(images.shape[1:3]) < size:
        raise ValueError(
            f"images must be (N, H, W, 3), of at least {size}x{size} pixels; received the shape "
            f"{images.shape}"
        )
    pixels = (images.astype("float32") - MEAN) / DEVIATION
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (size, size), axis=(1, 2))
    patches = np.moveaxis(windows, 3, -1).reshape(-1, 3 * size**2)
    values, vectors = np.linalg.eigh(patches.T @ patches / len(patches))
    filters = vectors[:, ::-1] / np.sqrt(values[::-1] + epsilon)
    return np.hstack([filters, -filters]).reshape(size, size, 3, -1).astype("float32")

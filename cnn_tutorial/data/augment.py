"""Random changes of training images: the layers that chapter 32 explains.

``RandomWarp`` is a Keras layer and runs wherever Keras runs. The datasets of this package call
its ``warp_batch`` instead, which does the same with OpenCV and is several times faster.
"""

import numbers
import sys

import keras
import numpy as np
from keras import ops

from cnn_tutorial.data import warp_ranges, warping


@keras.saving.register_keras_serializable(package="cnn_tutorial")
class RandomWarp(keras.layers.Layer):
    """Each image rotated, shifted, sheared, zoomed and flipped at random, interpolated once.

    ``out[i, j] = image[u, v]`` with ``(u, v, 1) = M (i, j, 1)``, see ``warping.make_matrices``;
    bilinear, as ``scipy.ndimage.affine_transform(order=1)``. The arguments mean what they mean
    in Keras's old ``ImageDataGenerator``.

    Called by itself, as in ``dataset.map(warp)``, the layer changes its images. In a model it
    does so only in training: ``model.fit`` changes them; ``model(x)``, ``model.predict`` and an
    exported model do not, where Keras's own random layers would in ``model(x)``.

    Given as ``augment=`` to a dataset of this package it runs fastest. ``dataset.map`` and a
    model compute the same with ``keras.ops``, a few times slower on a processor.

    Args:
        rotation_range: number of degrees; angles are uniform between minus and plus this.
        width_shift_range: a float below 1 is a fraction of the width, a float from 1 upwards a
            number of pixels: uniform between minus and plus this. An int ``n`` draws whole
            pixels between ``-n`` and ``n``, both excluded; a sequence one of its elements (all
            below 1: fractions), with either sign.
        height_shift_range: the same for the height.
        shear_range: number of DEGREES: ``0.2`` is a fifth of a degree.
        zoom_range: number ``z`` for zooms between ``1 - z`` and ``1 + z``, or a pair
            ``(low, high)``. Height and width are zoomed independently; above 1 the picture
            shrinks.
        horizontal_flip: bool, whether every second image, by chance, is mirrored left to right.
        fill_mode: what lies outside the image: ``"constant"``, ``"nearest"``, ``"reflect"`` or
            ``"wrap"``, in SciPy's meaning.
        cval: number, the value outside for ``"constant"``, in the images' units.
        seed: int or None; the same seed gives the same sequence of changes.

    Call arguments:
        images: float or uint8 tensor ``(N, H, W, C)`` or ``(H, W, C)``, any range of values.
        training: bool or None for what is said above.

    Returns:
        A tensor of the images' shape and dtype.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument is out of range, or the images have another rank.

    Reference:
        Keras's ``ImageDataGenerator`` (Keras 2, now legacy), ``get_random_transform`` and
        ``apply_transform``.

    Example:
        >>> warp = RandomWarp(horizontal_flip=True, seed=3)
        >>> image = np.arange(4, dtype="float32").reshape(1, 4, 1)
        >>> keras.ops.convert_to_numpy(warp(image, training=False)).ravel()
        array([0., 1., 2., 3.], dtype=float32)
        >>> warp.warp_batch(np.stack([image] * 2), seeds=[1, 2])[:, 0, :, 0]
        array([[0., 1., 2., 3.],
               [3., 2., 1., 0.]], dtype=float32)
    """

    def __init__(
        self,
        rotation_range=0,
        width_shift_range=0,
        height_shift_range=0,
        shear_range=0,
        zoom_range=0,
        horizontal_flip=False,
        fill_mode="nearest",
        cval=0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        arguments = {
            "rotation_range": rotation_range,
            "width_shift_range": width_shift_range,
            "height_shift_range": height_shift_range,
            "shear_range": shear_range,
            "zoom_range": zoom_range,
            "horizontal_flip": horizontal_flip,
        }
        self.ranges = warp_ranges.check_ranges(**arguments)
        warping.check_fill(fill_mode, cval)
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, numbers.Integral)):
            raise TypeError(f"seed must be an int or None; received {seed!r}")
        if seed is not None and seed < 0:
            raise ValueError(f"seed must not be negative; received {seed}")
        self._config = arguments | {"fill_mode": fill_mode, "cval": cval, "seed": seed}
        self.fill_mode, self.cval, self.seed = fill_mode, cval, seed
        self.generator = keras.random.SeedGenerator(seed)
        self._tf_data_rng = np.random.default_rng(seed)

    def warp_batch(self, images, seeds):
        """The images changed by OpenCV, each as its own seed says.

        Args:
            images: uint8 or float32 array (N, H, W, C).
            seeds: integer array (N,); an image's change depends on its seed, and on this
                layer's, alone.

        Returns:
            A new array like ``images``.

        Raises:
            TypeError: if the images are neither uint8 nor float32.
            ValueError: if a shape does not fit.
        """
        images, seeds = warping.check_images(images), np.asarray(seeds)
        if seeds.shape != images.shape[:1] or seeds.dtype.kind not in "iu":
            raise ValueError(
                f"seeds must be {len(images)} integers, one an image; received shape "
                f"{seeds.shape} of {seeds.dtype}"
            )
        warp = self.make_warp(seeds, *images.shape[1:3])
        outputs = np.empty_like(images)
        if images.size:
            for place, image in enumerate(images):
                outputs[place] = warp(image, place)
        return outputs

    def make_warp(self, seeds, height, width):
        """What ``warp_batch`` does, for images that come one by one.

        Args:
            seeds: integer array (N,).
            height: int, pixels.
            width: int, pixels.

        Returns:
            Function of a uint8 or float32 array (height, width, C) and a place in ``seeds``,
            which returns the changed image, a new array or, if nothing changes, the same.
        """
        if self.ranges.is_identity:
            return lambda image, place: image
        uniforms = warp_ranges.draw_uniforms(seeds, stream=self.seed or 0)
        parameters = warp_ranges.draw_parameters(uniforms, self.ranges, height, width)
        matrices = warping.make_matrices(parameters, height, width)

        def warp(image, place):
            return warping.warp_image(image, matrices[place], self.fill_mode, self.cval)

        return warp

    def __call__(self, images, *others, training=None):
        """The images changed, if ``training`` or, outside a model, unless it is False."""
        if others:  # Keras would take labels for ``training``
            raise TypeError(
                "RandomWarp takes images alone; map a dataset of images and labels by "
                "lambda images, labels: (warp(images), labels)"
            )
        if isinstance(images, keras.KerasTensor):  # a model is being built: nothing to decide
            return super().__call__(images, training=training)
        if training is None:
            training = not _called_by_a_model()
        if keras.backend.backend() != "tensorflow" and _is_tensorflow_symbol(images):
            return self._call_in_tf_data(images) if training else images
        return super().__call__(images, training=training)

    def call(self, images, training=False):
        """The same by ``keras.ops``, once Keras has set up its context."""
        _check_images(images)
        if not training or self.ranges.is_identity:
            return images
        batch = images if len(images.shape) == 4 else images[None]
        number, height, width, _ = ops.shape(batch)
        uniforms = keras.random.uniform(
            (number, warp_ranges.NUM_DRAWS), dtype="float32", seed=self.generator
        )
        parameters = warp_ranges.draw_parameters(uniforms, self.ranges, height, width, ops=ops)
        matrices = warping.make_matrices(parameters, height, width, ops=ops)
        warped = warp_tensors(batch, matrices, fill_mode=self.fill_mode, cval=self.cval)
        return warped if len(images.shape) == 4 else warped[0]

    def _call_in_tf_data(self, images):
        """``dataset.map`` where Keras runs on something else than TensorFlow."""
        import tensorflow as tf

        _check_images(images)
        rng = self._tf_data_rng

        def warp(array):
            batch = array if array.ndim == 4 else array[None]
            seeds = rng.integers(2**63, size=len(batch))
            return self.warp_batch(batch, seeds).reshape(array.shape)

        warped = tf.numpy_function(warp, [images], images.dtype, stateful=True)
        warped.set_shape(images.shape)
        return warped

    def compute_output_spec(self, images, training=False):
        """The shape and dtype that came in."""
        _check_images(images)
        return keras.KerasTensor(images.shape, dtype=images.dtype)

    def get_config(self):
        """The constructor's arguments, for ``model.save``."""
        plain = {name: np.asarray(value).tolist() for name, value in self._config.items()}
        return super().get_config() | plain


def warp_tensors(images, matrices, *, fill_mode="nearest", cval=0):
    """What ``warping.warp_images`` computes, by ``keras.ops``: on tensors, in a model.

    Args:
        images: float or uint8 tensor (N, H, W, C).
        matrices: float32 tensor (N, 3, 3), see ``warping.make_matrices``.
        fill_mode: ``"constant"``, ``"nearest"``, ``"reflect"`` or ``"wrap"``.
        cval: number, the value outside for ``"constant"``.

    Returns:
        Tensor like ``images``.
    """
    number, height, width, channels = ops.shape(images)
    rows, columns = warping.find_positions(matrices, height, width, ops=ops)
    outside = warping.is_outside(rows, warp_ranges.cast(height, "float32", ops))
    outside |= warping.is_outside(columns, warp_ranges.cast(width, "float32", ops))
    rows = warping.fold(rows, height, fill_mode, ops=ops)
    columns = warping.fold(columns, width, fill_mode, ops=ops)
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    top, left = ops.cast(top, "int32"), ops.cast(left, "int32")
    bottom, end = ops.minimum(top + 1, height - 1), ops.minimum(left + 1, width - 1)
    flat = ops.reshape(images, (-1, channels))
    first = (ops.arange(number) * (height * width))[:, None, None]

    def look_up(row, column):
        return ops.cast(ops.take(flat, first + row * width + column, axis=0), "float32")

    upper = look_up(top, left) * (1 - right) + look_up(top, end) * right
    lower = look_up(bottom, left) * (1 - right) + look_up(bottom, end) * right
    values = upper * (1 - down) + lower * down
    if fill_mode == "constant":
        values = ops.where(outside[..., None], ops.cast(cval, "float32"), values)
    if keras.backend.is_int_dtype(images.dtype):
        values = ops.clip(ops.round(values), 0, 255)
    return ops.cast(values, images.dtype)


def _check_images(images):
    if len(images.shape) not in (3, 4):
        raise ValueError(
            f"images must have shape (N, H, W, C) or (H, W, C); received {tuple(images.shape)}"
        )
    dtype = keras.backend.standardize_dtype(images.dtype)
    if dtype != "uint8" and not keras.backend.is_float_dtype(dtype):
        raise TypeError(f"images must be uint8 or floating point; received {dtype}")


def _called_by_a_model():
    """Whether this call comes from another layer's: Keras keeps the outermost one's context."""
    from keras.src.backend.common import global_state

    return global_state.get_global_attribute("current_call_ctx") is not None


def _is_tensorflow_symbol(images):
    """Whether images are a tensor of a TensorFlow graph, as inside ``dataset.map``."""
    tf = sys.modules.get("tensorflow")
    return tf is not None and tf.is_symbolic_tensor(images)

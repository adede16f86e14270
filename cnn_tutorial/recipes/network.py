"""The recipe's network: a whitened first layer, three groups of convolutions, scaled logits.

Its parts are where they are for speed: pooling comes before normalisation and activation, which
then have a quarter of the numbers to go through, and the first layer is not trained, so that no
gradient has to be sent back to it. Chapter 53 builds it up.
"""

import keras
import numpy as np
from keras import ops

from cnn_tutorial.recipes.whitening import DEVIATION, MEAN

_EPSILON = 1e-5


def make_network(settings, *, num_classes=10, seed=0):
    """The network of the recipe, its first layer not yet whitened.

    ``conv 2x2 -> act -> [conv 3x3 -> pool 2x2 -> norm -> act -> conv 3x3 -> norm -> act] x 3
    -> largest of every channel -> dense -> divided by the width``

    It takes images of any size from 16 pixels. The first layer's 24 filters are to be set to
    ``find_whitening``'s; with ``settings.whitening`` off it is trained like any other.

    Args:
        settings: ``CIFAR10``, of which ``widths``, ``whitening``, ``identity``, ``fused_norm``,
            ``norm_momentum`` and ``activation`` count.
        num_classes: int, at least 2.
        seed: int, of the first weights.

    Returns:
        ``keras.Model`` from images ``(N, H, W, 3)``, 0 to 255, to logits ``(N, num_classes)``.

    Raises:
        ValueError: if ``num_classes`` is below 2.

    Reference:
        Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU (2024), section 3.1.

    Example:
        >>> from cnn_tutorial.recipes import CIFAR10
        >>> model = make_network(CIFAR10(widths=(16, 64, 64)))
        >>> model.output_shape, model.count_params()
        ((None, 10), 127360)
    """
    if num_classes < 2:
        raise ValueError(f"num_classes must be at least 2; received {num_classes}")
    layers, widths = keras.layers, settings.widths
    images = keras.Input((None, None, 3), name="images")
    scale = 1 / np.array(DEVIATION)
    x = layers.Rescaling(scale.tolist(), (-scale * MEAN).tolist(), name="standardize")(images)
    x = layers.Conv2D(
        24,
        2,
        use_bias=False,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        trainable=not settings.whitening,
        name="whiten",
    )(x)
    x = layers.Activation(settings.activation, name="whiten_act")(x)
    for group, width in enumerate(widths, start=1):
        x = _add_group(x, settings, f"group{group}", width, seed + 2 * group)
    x = layers.GlobalMaxPooling2D(name="pool")(x)
    first = keras.initializers.RandomNormal(0, 1, seed)
    x = layers.Dense(num_classes, use_bias=False, kernel_initializer=first, name="head")(x)
    logits = layers.Rescaling(1 / widths[-1], name="logits")(x)
    return keras.Model(images, logits, name="cifar10_recipe")


def _add_group(x, settings, name, width, seed):
    """Two convolutions, with pooling after the first, before what costs memory traffic."""
    layers = keras.layers
    norm = FusedBatchNormalization if settings.fused_norm else layers.BatchNormalization
    for k in (1, 2):
        first = Identity(seed + k) if settings.identity else keras.initializers.HeUniform(seed + k)
        x = layers.Conv2D(
            width,
            3,
            padding="same",
            use_bias=False,
            kernel_initializer=first,
            name=f"{name}_conv{k}",
        )(x)
        if k == 1:
            x = layers.MaxPooling2D(2, name=f"{name}_pool")(x)
        x = norm(
            momentum=settings.norm_momentum, epsilon=_EPSILON, scale=False, name=f"{name}_norm{k}"
        )(x)
        x = layers.Activation(settings.activation, name=f"{name}_act{k}")(x)
    return x


@keras.saving.register_keras_serializable(package="cnn_tutorial")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalisation without a scale, by TensorFlow's fused kernel where there is one.

    ``y = (x - mean) / sqrt(variance + epsilon) + offset``, mean and variance over N, H and W.

    Keras composes it of elementary operations, each of which reads and writes all of memory, forth
    and back; in one kernel it takes a third of the time on a CPU. On another backend this is
    Keras's own layer. The running variance is the unbiased one, ``n / (n - 1)`` times Keras's.

    Args:
        **kwargs: those of ``keras.layers.BatchNormalization``; ``axis`` has to be the last, and
            ``scale`` False.
    """

    def call(self, inputs, training=None, mask=None):
        """Normalise ``(N, H, W, C)``, by the batch's moments in training."""
        if not training or not self.trainable or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=ops.ones_like(self.moving_mean),
            offset=ops.convert_to_tensor(self.beta),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1 - self.momentum))
        return outputs


@keras.saving.register_keras_serializable(package="cnn_tutorial")
class Identity(keras.initializers.Initializer):
    """A kernel whose first filters hand their channel on, and whose others are random.

    Args:
        seed: int.
    """

    def __init__(self, seed=0):
        self.seed = seed

    def __call__(self, shape, dtype=None):
        """A kernel ``(kh, kw, c_in, c_out)``."""
        height, width, c_in, c_out = shape
        bound = (height * width * c_in) ** -0.5
        kernel = np.random.default_rng(self.seed).uniform(-bound, bound, shape)
        handed = range(min(c_in, c_out))
        kernel[..., handed] = 0
        kernel[height // 2, width // 2, handed, handed] = 1
        return ops.convert_to_tensor(kernel.astype("float32"), dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {"seed": self.seed}

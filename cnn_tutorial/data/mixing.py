"""Mixup and CutMix for datasets whose labels are class numbers (chapter 32).

Keras has the layers. What they lack is a guard: given class numbers instead of probabilities
they compute without a word labels such as 1.4, "between class 1 and class 2". Everything else
that changes colours (``keras.layers.RandomColorJitter``, ``RandAugment``, both with
``value_range=(0, 255)``) serves as it is, in ``dataset.map`` and as ``augment=``.
"""

import numbers


def mix_dataset(dataset, layer, *, num_classes):
    """The dataset with images mixed in pairs, and labels that say how much of each class.

    Mixup: ``image = λ a + (1 - λ) b``, ``label = λ onehot(a) + (1 - λ) onehot(b)``. CutMix: a
    rectangle of ``b`` is laid over ``a``, and ``1 - λ`` is its part of the area (before its sides
    are rounded to pixels, so that on small images the label is a few hundredths off).

    Train on it with ``keras.losses.CategoricalCrossentropy``, for a network of ``num_classes``
    outputs. Validate on images that are not mixed.

    Args:
        dataset: ``tf.data.Dataset`` of batches: images ``(N, H, W, C)``, labels integers ``(N,)``
            from 0 to ``num_classes - 1``.
        layer: ``keras.layers.MixUp`` or ``keras.layers.CutMix``, or another that takes a
            dictionary of ``"images"`` and ``"labels"``.
        num_classes: int, at least 2.

    Returns:
        ``tf.data.Dataset`` of batches: images float32 ``(N, H, W, C)``, probabilities float32
        ``(N, num_classes)``.

    Raises:
        TypeError: if ``num_classes`` is no int, or the labels are no integers.
        ValueError: if ``num_classes`` is below 2, or the dataset has no batches of images and
            labels. A label that is out of range ends the iteration with TensorFlow's
            ``InvalidArgumentError``.

    Reference:
        Zhang, Cisse, Dauphin & Lopez-Paz, mixup: beyond empirical risk minimization, ICLR 2018.
        Yun et al., CutMix, ICCV 2019.

    Example:
        >>> import keras, numpy as np, tensorflow as tf
        >>> images, labels = np.zeros((4, 8, 8, 1)), np.array([0, 1, 2, 1])
        >>> batches = tf.data.Dataset.from_tensors((images, labels))
        >>> mixed = mix_dataset(batches, keras.layers.MixUp(seed=0), num_classes=3)
        >>> next(iter(mixed))[1].numpy().sum(axis=1)
        array([1., 1., 1., 1.], dtype=float32)
    """
    import tensorflow as tf

    if isinstance(num_classes, bool) or not isinstance(num_classes, numbers.Integral):
        raise TypeError(f"num_classes must be an int; received {num_classes!r}")
    if num_classes < 2:
        raise ValueError(f"num_classes must be at least 2; received {num_classes}")
    spec = dataset.element_spec
    if not (isinstance(spec, tuple) and len(spec) == 2 and spec[0].shape.rank == 4):
        raise ValueError(
            f"dataset must give batches of images (N, H, W, C) and labels; received {spec}"
        )
    if not spec[1].dtype.is_integer or spec[1].shape.rank != 1:
        raise TypeError(f"labels must be integers (N,), class numbers; received {spec[1]}")

    def mix(images, labels):
        in_range = (labels >= 0) & (labels < num_classes)
        tf.debugging.Assert(tf.reduce_all(in_range), ["labels must be below num_classes", labels])
        probs = tf.one_hot(labels, num_classes)
        mixed = layer({"images": images, "labels": probs}, training=True)
        return mixed["images"], mixed["labels"]

    mixed = dataset.map(mix)  # one after another: the layer's draws have an order
    if again := getattr(dataset, "make_again", None):
        mixed.make_again = lambda: mix_dataset(again(), layer, num_classes=num_classes)
    return mixed

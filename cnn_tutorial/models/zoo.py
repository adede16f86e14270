"""Builders of the book's networks, oldest first.

Each takes ``(input_shape, num_classes)`` and keyword-only sizes, and returns an uncompiled
``keras.Model``: pixels in 0..255 in, logits out, every layer named. Chapter 11 trains LeNet-5.
"""


def make_lenet5(input_shape=(28, 28, 1), num_classes=10, *, width=1):
    """LeNet-5 as it is built today: two convolutions with pooling, three dense layers.

    ``[conv 5x5 -> ReLU -> max pool 2x2] x 2 -> dense 120 -> dense 84 -> logits``

    The layer sizes are those of 1998. Today's parts replace three of that time: ReLU for the
    scaled tanh, max pooling for a trainable average, and a dense layer of logits for the
    radial basis functions at the end. The original's sparse table of connections between the
    first and the second convolution is left out too. At ``width=1`` on 28x28 grey images it
    has 61,706 parameters.

    Args:
        input_shape: (height, width, channels), ints; at least 12 pixels each way, so that the
            second pooling still has something to pool.
        num_classes: int, at least 2.
        width: positive number by which the filters and units of the hidden layers are
            multiplied (6 and 16 filters, 120 and 84 units), rounded, never below 1.

    Returns:
        keras.Model from images ``(N, height, width, channels)`` to logits ``(N, num_classes)``.

    Raises:
        TypeError: if a size is not an int, or ``width`` not a number.
        ValueError: if ``input_shape`` is not three sizes large enough, ``num_classes`` is below
            2, or ``width`` is not positive.

    Reference:
        LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to document
        recognition, Proceedings of the IEEE 86 (1998), section II.B.

    Example:
        >>> model = make_lenet5()
        >>> model.output_shape, model.count_params()
        ((None, 10), 61706)
    """
    _check_classifier(input_shape, num_classes, smallest=12)
    _check_multiplier("width", width)
    import keras

    def scaled(size):
        return max(1, round(size * width))

    return keras.Sequential(
        [
            keras.Input(input_shape, name="images"),
            keras.layers.Rescaling(1 / 255, name="rescale"),
            keras.layers.Conv2D(scaled(6), 5, padding="same", activation="relu", name="conv1"),
            keras.layers.MaxPooling2D(2, name="pool1"),
            keras.layers.Conv2D(scaled(16), 5, activation="relu", name="conv2"),
            keras.layers.MaxPooling2D(2, name="pool2"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(scaled(120), activation="relu", name="dense1"),
            keras.layers.Dense(scaled(84), activation="relu", name="dense2"),
            keras.layers.Dense(num_classes, name="logits"),
        ],
        name="lenet5",
    )


def _check_classifier(input_shape, num_classes, *, smallest):
    try:
        sizes = tuple(input_shape)
    except TypeError:
        sizes = (input_shape,)
    if any(isinstance(size, bool) or not isinstance(size, int) for size in sizes):
        raise TypeError(
            f"input_shape must be three ints (height, width, channels); received {input_shape!r}"
        )
    if len(sizes) != 3 or min(sizes[:2]) < smallest or sizes[2] < 1:
        raise ValueError(
            "input_shape must be (height, width, channels) with height and width of at least "
            f"{smallest} and a channel or more; received {input_shape!r}"
        )
    if isinstance(num_classes, bool) or not isinstance(num_classes, int):
        raise TypeError(f"num_classes must be an int; received {num_classes!r}")
    if num_classes < 2:
        raise ValueError(f"num_classes must be at least 2; received {num_classes}")


def _check_multiplier(name, value):
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number; received {value!r}")
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} must be positive and finite; received {value}")

"""Builders of the book's networks, simplest first.

Each returns an uncompiled ``keras.Model``: pixels in 0..255 in, logits out, every layer named.
Chapter 11 trains LeNet-5, chapter 41 takes the next two apart, chapter 71 reads digits.
"""

import numbers


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
    num_classes = _check_classifier(input_shape, num_classes, smallest=12)
    _check_width(width)
    import keras

    return keras.Sequential(
        [
            keras.Input(input_shape, name="images"),
            keras.layers.Rescaling(1 / 255, name="rescale"),
            keras.layers.Conv2D(
                _scaled(6, width), 5, padding="same", activation="relu", name="conv1"
            ),
            keras.layers.MaxPooling2D(2, name="pool1"),
            keras.layers.Conv2D(_scaled(16, width), 5, activation="relu", name="conv2"),
            keras.layers.MaxPooling2D(2, name="pool2"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(_scaled(120, width), activation="relu", name="dense1"),
            keras.layers.Dense(_scaled(84, width), activation="relu", name="dense2"),
            keras.layers.Dense(num_classes, name="logits"),
        ],
        name="lenet5",
    )


def make_cats_dogs_cnn(image_size=150, *, channels=3, width=1):
    """A network that tells two classes of photographs apart, with a single logit.

    ``[conv 3x3 -> ReLU -> max pool 2x2] x 3 -> dense 512 -> logit``, with 32, 64 and 128 filters

    The logit is that of class 1: ``sigmoid(logit)`` is its probability, and
    ``keras.losses.BinaryCrossentropy(from_logits=True)`` the loss to train with. At
    ``width=1`` on 150x150 photographs in colour it has 19,034,177 parameters, of which the
    dense layer behind the last pooling has 18,940,416.

    Args:
        image_size: int, or pair of ints (height, width), in pixels; at least 22 each way, so
            that the third pooling still has something to pool.
        channels: int, 3 for photographs in colour, 1 for grey ones.
        width: positive number by which the filters and the units are multiplied, rounded,
            never below 1.

    Returns:
        keras.Model from images ``(N, height, width, channels)`` to logits ``(N, 1)``.

    Raises:
        TypeError: if a size is not an int, or ``width`` not a number.
        ValueError: if ``image_size`` is too small or not one or two sizes, ``channels`` is
            neither 1 nor 3, or ``width`` is not positive.

    Reference:
        A larger relative of the network in Chollet, Building powerful image classification
        models using very little data, The Keras Blog (2016).

    Example:
        >>> model = make_cats_dogs_cnn()
        >>> model.output_shape, model.count_params()
        ((None, 1), 19034177)
    """
    height, width_in_pixels = _check_image_size(image_size, smallest=22)
    _check_channels("channels", channels)
    _check_width(width)
    import keras

    layers = [
        keras.Input((height, width_in_pixels, channels), name="images"),
        keras.layers.Rescaling(1 / 255, name="rescale"),
    ]
    for block, filters in enumerate((32, 64, 128), start=1):
        filters = _scaled(filters, width)
        layers += [
            keras.layers.Conv2D(filters, 3, activation="relu", name=f"conv{block}"),
            keras.layers.MaxPooling2D(2, name=f"pool{block}"),
        ]
    layers += [
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(_scaled(512, width), activation="relu", name="dense1"),
        keras.layers.Dense(1, name="logits"),
    ]
    return keras.Sequential(layers, name="cats_dogs_cnn")


def make_cifar10_cnn(num_classes=10, *, input_shape=(32, 32, 3), width=1):
    """A small network for small photographs such as CIFAR-10's.

    ``[conv 3x3 -> ReLU -> max pool 2x2] x 2 -> conv 3x3 -> ReLU -> dense 64 -> logits``, with
    32, 64 and 64 filters

    At ``width=1``, on images of 32x32 pixels in colour and for ten classes, it has 122,570
    parameters.

    Args:
        num_classes: int, at least 2.
        input_shape: (height, width, channels), ints; at least 18 pixels each way, so that the
            third convolution still fits, and 1 or 3 channels.
        width: positive number by which the filters and the units are multiplied, rounded,
            never below 1.

    Returns:
        keras.Model from images ``(N, height, width, channels)`` to logits ``(N, num_classes)``.

    Raises:
        TypeError: if a size is not an int, or ``width`` not a number.
        ValueError: if ``input_shape`` is not three sizes large enough, its channels are neither
            1 nor 3, ``num_classes`` is below 2, or ``width`` is not positive.

    Reference:
        TensorFlow's tutorial Convolutional Neural Network (CNN), which builds the same layers.

    Example:
        >>> model = make_cifar10_cnn()
        >>> model.output_shape, model.count_params()
        ((None, 10), 122570)
    """
    num_classes = _check_classifier(input_shape, num_classes, smallest=18)
    _check_channels("the third of input_shape", input_shape[2])
    _check_width(width)
    import keras

    return keras.Sequential(
        [
            keras.Input(input_shape, name="images"),
            keras.layers.Rescaling(1 / 255, name="rescale"),
            keras.layers.Conv2D(_scaled(32, width), 3, activation="relu", name="conv1"),
            keras.layers.MaxPooling2D(2, name="pool1"),
            keras.layers.Conv2D(_scaled(64, width), 3, activation="relu", name="conv2"),
            keras.layers.MaxPooling2D(2, name="pool2"),
            keras.layers.Conv2D(_scaled(64, width), 3, activation="relu", name="conv3"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(_scaled(64, width), activation="relu", name="dense1"),
            keras.layers.Dense(num_classes, name="logits"),
        ],
        name="cifar10_cnn",
    )


def make_digit_cnn(input_shape=(28, 28, 1), num_classes=11, *, width=1):
    """A small network that reads one digit, and says when it is none.

    ``conv 5x5 / 2 -> conv 3x3 -> max pool 2x2 -> conv 3x3 -> conv 3x3 -> logits``, with 16, 32,
    48 and 40 filters, each convolution followed by batch normalisation and ReLU

    The first ten logits are the digits', the eleventh is that of «not a digit». The stride of the
    first convolution makes everything after it four times cheaper. At ``width=1`` the network has
    47,667 parameters, 191 kB as float32: small enough for a page to load.

    Args:
        input_shape: (height, width, channels), ints; at least 11 pixels each way, so that the
            last convolution still fits.
        num_classes: int, at least 2.
        width: positive number by which the filters are multiplied, rounded, never below 1.

    Returns:
        keras.Model from images ``(N, height, width, channels)`` to logits ``(N, num_classes)``.

    Raises:
        TypeError: if a size is not an int, or ``width`` not a number.
        ValueError: if ``input_shape`` is not three sizes large enough, ``num_classes`` is below
            2, or ``width`` is not positive.

    Reference:
        Ioffe & Szegedy, Batch normalization: accelerating deep network training by reducing
        internal covariate shift, ICML (2015), for the order of the layers.

    Example:
        >>> model = make_digit_cnn()
        >>> model.output_shape, model.count_params()
        ((None, 11), 47667)
    """
    num_classes = _check_classifier(input_shape, num_classes, smallest=11)
    _check_width(width)
    import keras

    layers = [
        keras.Input(input_shape, name="images"),
        keras.layers.Rescaling(1 / 255, name="rescale"),
        *_normalized_convolution(1, _scaled(16, width), 5, strides=2),
        *_normalized_convolution(2, _scaled(32, width), 3),
        keras.layers.MaxPooling2D(2, name="pool2"),
        *_normalized_convolution(3, _scaled(48, width), 3),
        *_normalized_convolution(4, _scaled(40, width), 3, padding="valid"),
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(num_classes, name="logits"),
    ]
    return keras.Sequential(layers, name="digit_cnn")


def _normalized_convolution(number, filters, kernel_size, *, strides=1, padding="same"):
    """Convolution, batch normalisation, ReLU. The bias is the normalisation's."""
    import keras

    return (
        keras.layers.Conv2D(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            use_bias=False,
            name=f"conv{number}",
        ),
        # Few steps in all: the averages for inference have to follow within dozens of them.
        keras.layers.BatchNormalization(momentum=0.9, name=f"norm{number}"),
        keras.layers.ReLU(name=f"relu{number}"),
    )


def _scaled(size, width):
    return max(1, round(size * width))


def _check_image_size(image_size, *, smallest):
    pair = image_size if isinstance(image_size, tuple | list) else (image_size, image_size)
    if any(isinstance(size, bool) or not isinstance(size, numbers.Integral) for size in pair):
        raise TypeError(
            f"image_size must be an int or a pair of ints (height, width); received {image_size!r}"
        )
    if len(pair) != 2 or min(pair) < smallest:
        raise ValueError(
            f"image_size must be one or two sizes (height, width) of at least {smallest} pixels, "
            f"or nothing is left for the last layers; received {image_size!r}"
        )
    return pair


def _check_channels(name, channels):
    if isinstance(channels, bool) or not isinstance(channels, numbers.Integral):
        raise TypeError(f"{name} must be an int; received {channels!r}")
    if channels not in (1, 3):
        raise ValueError(f"{name} must be 3 (colour) or 1 (grey); received {channels}")


def _check_classifier(input_shape, num_classes, *, smallest):
    try:
        sizes = tuple(input_shape)
    except TypeError:
        sizes = (input_shape,)
    if any(isinstance(size, bool) or not isinstance(size, numbers.Integral) for size in sizes):
        raise TypeError(
            f"input_shape must be three ints (height, width, channels); received {input_shape!r}"
        )
    if len(sizes) != 3 or min(sizes[:2]) < smallest or sizes[2] < 1:
        raise ValueError(
            "input_shape must be (height, width, channels) with height and width of at least "
            f"{smallest} and a channel or more; received {input_shape!r}"
        )
    if isinstance(num_classes, bool) or not isinstance(num_classes, numbers.Integral):
        raise TypeError(f"num_classes must be an int; received {num_classes!r}")
    if num_classes < 2:
        raise ValueError(f"num_classes must be at least 2; received {num_classes}")
    return int(num_classes)  # Keras's layers refuse NumPy's ints


def _check_width(width):
    if isinstance(width, bool) or not isinstance(width, numbers.Real):
        raise TypeError(f"width must be a number; received {width!r}")
    if not 0 < width < float("inf"):
        raise ValueError(f"width must be positive and finite; received {width}")

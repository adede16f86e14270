"""Answers to chapter 41's exercises that its checkers must refuse."""


def _count(image_shape, filters, units, outputs, *, bias=1, lost=2, k=3, grow=True):
    height, width, channels = image_shape
    total = 0
    for number in filters:
        total += k * k * channels * number + bias * number
        height, width = (height - lost) // 2, (width - lost) // 2
        channels = number if grow else channels
    flat = height * width * channels
    return total + (flat + bias) * units + (units + bias) * outputs


def _square(image_shape, filters, units, outputs):
    height, _, channels = image_shape
    return _count((height, height, channels), filters, units, outputs)


def _rounded_up(image_shape, filters, units, outputs):
    height, width, channels = image_shape
    total = 0
    for number in filters:
        total += 9 * channels * number + number
        height, width, channels = -(-(height - 2) // 2), -(-(width - 2) // 2), number
    return total + (height * width * channels + 1) * units + (units + 1) * outputs


def _two_scales(
    sizes=(3, 5),
    join="Concatenate",
    pooling="GlobalAveragePooling2D",
    last=None,
    first=(),
    side=32,
    **changed,
):
    how = {"strides": 2, "padding": "same", "activation": "relu"} | changed

    def make_two_scales(filters, num_classes):
        import keras

        images = x = keras.Input((side, side, 3))
        for factor in first:
            x = keras.layers.Rescaling(factor)(x)
        pool = getattr(keras.layers, pooling)
        maps = [keras.layers.Conv2D(filters, size, **how)(x) for size in sizes]
        x = getattr(keras.layers, join)()([pool()(features) for features in maps])
        return keras.Model(images, keras.layers.Dense(num_classes, activation=last)(x))

    return make_two_scales


def _one_behind_the_other(filters, num_classes):
    import keras

    images = x = keras.Input((32, 32, 3))
    for size in (3, 5):
        x = keras.layers.Conv2D(filters, size, strides=2, padding="same", activation="relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(images, keras.layers.Dense(num_classes)(x))


WRONG = {
    "check_count_parameters": [
        lambda *network: _count(*network, bias=0),  # biases forgotten
        lambda *network: _count(*network, lost=0),  # as if padding were "same"
        lambda *network: _count(*network, lost=1),  # one row at an edge only
        lambda *network: _count(*network, grow=False),  # the image's channels all the way
        _square,
        _rounded_up,  # as if pooling kept the odd row
        lambda shape, f, units, out: _count(shape, f, units, out) - (units + 1) * out,
    ],
    "check_smallest_image": [
        lambda blocks: 2**blocks,  # the convolutions forgotten
        lambda blocks: 3 * blocks + 1,  # the pooling forgotten
        lambda blocks: 4**blocks,
        lambda blocks: 2 ** (blocks + 1) + 2 * blocks,
        lambda blocks: 3 * 2**blocks - 1,  # one row too many
        lambda blocks: 3 * 2**blocks - 3,
    ],
    "check_unseen_rows": [
        lambda height, blocks: 0,
        lambda height, blocks: height % 2,  # the first pooling only
        lambda height, blocks: height % 2**blocks,  # the convolutions forgotten
        lambda height, blocks: (height - 2) % 2 * blocks,
        lambda height, blocks: 2 * blocks,  # the rows by which convolutions shrink
        lambda height, blocks: height - 3 * 2**blocks + 2,  # as if one row were left
    ],
    "check_make_two_scales": [
        _two_scales(activation=None),  # without ReLU
        _two_scales(strides=1),
        _two_scales(padding="valid"),
        _two_scales(last="softmax"),  # probabilities, no logits
        _two_scales(join="Add"),
        _two_scales(pooling="GlobalMaxPooling2D"),
        _two_scales(pooling="Flatten"),
        _two_scales(sizes=(3, 3)),
        _two_scales(side=28),
        _two_scales(first=[1 / 255], strides=1),
        _two_scales(first=[1 / 255], padding="valid"),
        _two_scales(first=[1 / 255, 1 / 255]),  # twice
        _one_behind_the_other,
        lambda filters, num_classes: filters * num_classes,
    ],
}

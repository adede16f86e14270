"""Checkers for chapter 41, Building a network."""

import numpy as np

from cnn_tutorial.exercises import compare_numbers, run_cases


def check_count_parameters(answer):
    """Check ``count_parameters(image_shape, filters, units, outputs)``.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_count_parameters(None)
        not attempted yet
    """
    # Worked by hand; the first is the network for cats and dogs.
    by_hand = [
        ((150, 150, 3), [32, 64, 128], 512, 1, 19_034_177),
        ((6, 6, 1), [2], 3, 2, 20 + 27 + 8),  # 4×4×2, 2×2×2, 8 numbers
        ((9, 7, 3), [4], 5, 10, 112 + 125 + 60),  # 7×5×4, 3×2×4, 24 numbers
        ((10, 22, 1), [3, 2], 4, 1, 30 + 56 + 36 + 5),  # 4×10×3, 1×4×2, 8 numbers
        ((8, 5, 2), [], 3, 4, 243 + 16),  # no convolution: 80 numbers
    ]
    cases = [
        (f"image {shape}, filters {filters}, {units} units, {outputs} outputs", arguments, count)
        for *arguments, count in by_hand
        for shape, filters, units, outputs in [arguments]
    ]
    done = f"count_parameters is right on {len(cases)} networks"
    run_cases(answer, cases, compare_numbers, done=done)


def check_smallest_image(answer):
    """Check ``smallest_image(blocks)``, a height in pixels.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_smallest_image(None)
        not attempted yet
    """
    by_hand = {1: 4, 2: 10, 3: 22, 4: 46, 5: 94, 0: 1}
    cases = [(f"{blocks} blocks", (blocks,), size) for blocks, size in by_hand.items()]
    done = f"smallest_image is right on {len(cases)} cases"
    run_cases(answer, cases, compare_numbers, done=done)


def check_unseen_rows(answer):
    """Check ``unseen_rows(height, blocks)``, a number of rows.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_unseen_rows(None)
        not attempted yet
    """
    settings = [(5, 1), (4, 1), (32, 2), (31, 2), (150, 3), (29, 3), (22, 3), (45, 3), (7, 0)]
    cases = [
        (
            f"{height} rows, {blocks} blocks",
            (height, blocks),
            height - 1 - _last_row(height, blocks),
        )
        for height, blocks in settings
    ]
    done = f"unseen_rows is right on {len(cases)} cases"
    run_cases(answer, cases, compare_numbers, done=done)


def check_make_two_scales(answer):
    """Check ``make_two_scales(filters, num_classes)``, a Keras model.

    The weights are replaced by random ones, and the logits compared with those that follow from
    them.

    Args:
        answer: the function, or None.

    Raises:
        WrongAnswer: with the first case that fails.

    Example:
        >>> check_make_two_scales(None)
        not attempted yet
    """
    cases = [
        (f"{filters} filters, {classes} classes", (filters, classes), (filters, classes))
        for filters, classes in [(4, 3), (2, 10)]
    ]
    done = f"make_two_scales: shapes, parameters and logits are right on {len(cases)} networks"
    run_cases(answer, cases, _compare_two_scales, done=done)


def _compare_two_scales(model, expected):
    """None if the model is the one of exercise 4, else how it differs."""
    import keras

    if not isinstance(model, keras.Model):
        return f"expected a keras.Model, received {type(model).__name__}"
    filters, classes = expected
    rng = np.random.default_rng(0)
    images = rng.random((2, 32, 32, 3)).astype("float32")
    try:
        shape = tuple(model(images).shape)  # a subclassed model makes its weights only now
    except Exception as error:
        return f"on images of shape (2, 32, 32, 3) it stopped with {type(error).__name__}: {error}"
    if shape != (2, classes):
        return f"expected logits of shape {(2, classes)} for two images, received {shape}"
    count = (9 * 3 + 1) * filters + (25 * 3 + 1) * filters + (2 * filters + 1) * classes
    if model.count_params() != count:
        return f"expected {count} parameters, received {model.count_params()}"
    layers = {
        tuple(layer.kernel.shape): layer for layer in model.layers if hasattr(layer, "kernel")
    }
    for shape in [(3, 3, 3, filters), (5, 5, 3, filters), (2 * filters, classes)]:
        if shape not in layers:
            return f"no layer has a kernel of shape {shape}; there are {sorted(layers)}"
    means, seen = [], images
    for layer in model.layers:  # as most networks of the book, it may begin with Rescaling
        if isinstance(layer, keras.layers.Rescaling):
            images = 255 * images
            seen = np.array(layer(images))
    for size in (3, 5):
        kernel, bias = _set_random(layers[size, size, 3, filters], rng)
        maps = keras.ops.conv(seen, kernel, strides=2, padding="same") + bias
        means.append(np.maximum(np.array(maps), 0).mean(axis=(1, 2)))
    kernel, bias = _set_random(layers[2 * filters, classes], rng)
    received = np.array(model(images))
    for pair in (means, means[::-1]):  # either branch may come first
        if np.allclose(received, np.concatenate(pair, axis=1) @ kernel + bias, atol=1e-4):
            return None
    return (
        "shapes and parameters are right, the logits are not: look at the strides, the padding, "
        "the activations and the pooling"
    )


def _set_random(layer, rng):
    """Give a layer a random kernel and bias, and return both."""
    values = [rng.normal(size=weight.shape).astype("float32") for weight in layer.weights]
    layer.set_weights(values)
    return values


def _last_row(height, blocks):
    """The last row of the image that a row behind the blocks depends on: each row is followed."""
    last = list(range(height))
    for _ in range(blocks):
        last = [max(last[i : i + 3]) for i in range(len(last) - 2)]
        last = [max(last[i : i + 2]) for i in range(0, len(last) - 1, 2)]
    return max(last)

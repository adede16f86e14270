"""mix_dataset with Keras's MixUp and CutMix, on TensorFlow and on JAX."""

import numpy as np
import pytest

from cnn_tutorial import session

pytestmark = pytest.mark.slow

# Image n is 10 n everywhere, so that a mixed image's mean says how much of each it holds.
LABELS = np.arange(12)
IMAGES = np.tile(10.0 * LABELS[:, None, None, None], (1, 32, 30, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def mixed(request):
    """{layer's name: (images, probabilities) of two epochs} on a backend."""

    def look(images, labels):
        import keras
        import numpy as np
        import tensorflow as tf

        from cnn_tutorial.data import mix_dataset

        found = {}
        for name, layer in {
            "mixup": keras.layers.MixUp(alpha=0.4, seed=1),
            "cutmix": keras.layers.CutMix(seed=1),
        }.items():
            dataset = tf.data.Dataset.from_tensors((images, labels))
            mixed = mix_dataset(dataset, layer, num_classes=len(labels))
            found[name] = [
                tuple(np.array(part) for part in batch)
                for batch in mixed.repeat(2).as_numpy_iterator()
            ]
        found["backend"] = keras.backend.backend()
        return found

    found = session.run_with(request.param, look, IMAGES, LABELS)
    assert found["backend"] == request.param
    return found


# CutMix takes the share before it rounds the rectangle's sides: up to a pixel each way.
@pytest.mark.parametrize(("name", "tolerance"), [("mixup", 1e-3), ("cutmix", 8)])
def test_labels_say_how_much_of_each_image_there_is(mixed, name, tolerance):
    for images, probs in mixed[name]:
        assert images.dtype == probs.dtype == np.float32
        assert images.shape == IMAGES.shape
        assert probs.shape == (12, 12)
        np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-5)
        assert probs.min() >= 0
        np.testing.assert_allclose(
            images.mean(axis=(1, 2, 3)), probs @ (10.0 * LABELS), atol=tolerance
        )


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_images_are_mixed_and_anew_in_every_epoch(mixed, name):
    (images, probs), (later, _) = mixed[name]
    assert (probs.max(axis=1) < 0.999).sum() >= 4
    assert not np.array_equal(images, later)


def test_cutmix_lays_a_rectangle_of_one_image_over_another(mixed):
    for image in mixed["cutmix"][0][0]:
        values = np.unique(image)
        assert len(values) <= 2
        other = image[..., 0] == values[-1]
        rows, columns = other.any(axis=1), other.any(axis=0)
        rectangle = np.outer(rows, columns)
        complement = np.outer((~other).any(axis=1), (~other).any(axis=0))
        assert (other == rectangle).all() or (~other == complement).all()


def make_dataset(images=IMAGES, labels=LABELS):
    import tensorflow as tf

    return tf.data.Dataset.from_tensors((images, labels))


def mix(dataset, num_classes):
    import keras

    from cnn_tutorial.data import mix_dataset

    return mix_dataset(dataset, keras.layers.MixUp(seed=0), num_classes=num_classes)


def test_num_classes_is_the_length_of_a_label():
    for num_classes in (12, np.int64(20)):
        assert mix(make_dataset(), num_classes).element_spec[1].shape[-1] == num_classes


def test_keras_alone_makes_nonsense_of_class_numbers():
    """The reason for this module; when it fails, Keras refuses them itself."""
    import keras

    layer = keras.layers.CutMix(seed=1)
    labels = layer({"images": IMAGES, "labels": LABELS.astype(np.float32)}, training=True)
    labels = keras.ops.convert_to_numpy(labels["labels"])
    assert not np.isin(labels, LABELS).all()


def test_labels_out_of_range_end_the_iteration():
    import tensorflow as tf

    for labels in (LABELS + 1, LABELS - 1):
        with pytest.raises(tf.errors.InvalidArgumentError, match="num_classes"):
            next(iter(mix(make_dataset(labels=labels), 12)))


@pytest.mark.parametrize(
    ("dataset", "num_classes", "error", "message"),
    [
        ({}, 1, ValueError, "num_classes must be at least 2"),
        ({}, 3.0, TypeError, "num_classes must be an int"),
        ({}, True, TypeError, "num_classes must be an int"),
        ({"labels": LABELS * 1.0}, 12, TypeError, "labels must be integers"),
        ({"labels": np.eye(12, dtype=int)}, 12, TypeError, "labels must be integers"),
        ({"images": IMAGES[..., 0]}, 12, ValueError, "batches of images"),
    ],
)
def test_what_cannot_be_mixed_is_refused(dataset, num_classes, error, message):
    with pytest.raises(error, match=message):
        mix(make_dataset(**dataset), num_classes)


def test_a_dataset_without_labels_is_refused():
    import tensorflow as tf

    with pytest.raises(ValueError, match=r"images .* and labels"):
        mix(tf.data.Dataset.from_tensors(IMAGES), 12)

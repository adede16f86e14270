"""Averages over views, by a model whose answers can be worked out."""

import numpy as np
import pytest

from cnn_tutorial.recipes import predict_with_flips


class Corner:
    """A model whose logits are what stands in the upper left corner."""

    def predict(self, images, **_):
        return images[:, 0, 0].astype("float32")


IMAGES = np.arange(2 * 4 * 4 * 1, dtype=np.uint8).reshape(2, 4, 4, 1)


def test_flips_average_an_image_and_its_mirror_image():
    expected = (IMAGES[:, 0, 0].astype(float) + IMAGES[:, 0, -1]) / 2
    np.testing.assert_allclose(predict_with_flips(Corner(), IMAGES), expected)


def test_shifted_views_count_half_together():
    def view(r, c):
        padded = np.pad(IMAGES.astype(float), ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
        cut = padded[:, r : r + 4, c : c + 4]
        return (cut[:, 0, 0] + cut[:, 0, -1]) / 2

    expected = view(1, 1) / 2 + (view(0, 0) + view(2, 2)) / 4
    np.testing.assert_allclose(predict_with_flips(Corner(), IMAGES, shift=1), expected)


@pytest.mark.parametrize(
    ("images", "shift", "error", "message"),
    [
        (IMAGES[0], 0, ValueError, "images must be"),
        (IMAGES, 4, ValueError, "shift must be from 0 to less than a side; received 4"),
        (IMAGES, -1, ValueError, "shift must be from 0"),
        (IMAGES, 0.5, TypeError, "shift must be an int"),
    ],
)
def test_bad_arguments_are_refused(images, shift, error, message):
    with pytest.raises(error, match=message):
        predict_with_flips(Corner(), images, shift=shift)


@pytest.mark.slow
def test_the_batch_size_is_passed_on(keras):
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    one, other = (predict_with_flips(model, IMAGES, batch_size=size) for size in (1, 2))
    np.testing.assert_array_equal(one, other)

    class Sizes(Corner):
        def predict(self, images, batch_size, **_):
            self.size = batch_size
            return super().predict(images)

    sizes = Sizes()
    predict_with_flips(sizes, IMAGES, batch_size=7)
    assert sizes.size == 7

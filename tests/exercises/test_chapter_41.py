import pytest

from cnn_tutorial.exercises.chapter_41 import check_make_two_scales


def subclassed(filters, num_classes):
    import keras

    class TwoScales(keras.Model):
        def __init__(self):
            super().__init__()
            how = {"strides": 2, "padding": "same", "activation": "relu"}
            self.windows = [keras.layers.Conv2D(filters, size, **how) for size in (3, 5)]
            self.pool = keras.layers.GlobalAveragePooling2D()
            self.last = keras.layers.Dense(num_classes)

        def call(self, images):
            maps = [self.pool(window(images)) for window in self.windows]
            return self.last(keras.ops.concatenate(maps, axis=1))

    return TwoScales()


def rescaling_first(filters, num_classes):
    import keras

    images = keras.Input((32, 32, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(images)
    how = {"strides": 2, "padding": "same", "activation": "relu"}
    maps = [keras.layers.Conv2D(filters, size, **how)(scaled) for size in (5, 3)]
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Concatenate()(maps))
    return keras.Model(images, keras.layers.Dense(num_classes)(x))


@pytest.mark.slow  # loads Keras
@pytest.mark.parametrize("answer", [subclassed, rescaling_first])
def test_other_right_ways_to_make_two_scales_pass(answer, capsys):
    check_make_two_scales(answer)
    assert "✓" in capsys.readouterr().out

import numpy as np
import pytest

from cnn_tutorial.exercises.chapter_25 import ADAM_PLACES


@pytest.mark.slow  # loads Keras
@pytest.mark.parametrize(("settings", "places"), ADAM_PLACES.items(), ids=str)
def test_the_places_of_adam_are_those_of_keras(settings, places):
    import keras

    gradients, rate, epsilon = settings
    optimizer = keras.optimizers.Adam(rate, epsilon=epsilon)
    weight, path = keras.Variable(0.0, dtype="float64"), []
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float64")], [weight])
        path.append(float(weight))
    np.testing.assert_allclose(places, path, atol=2e-6)

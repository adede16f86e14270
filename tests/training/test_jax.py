"""What is fed in another way on JAX: arrays as slices, datasets whose labels Python looks at."""

import numpy as np
import pytest

pytestmark = pytest.mark.slow


def on_backend(backend, work):
    """What a function of the backend's name returns in a process of its own."""
    from cnn_tutorial import session

    return session.run_with(backend, work, backend, timeout=500)


def record_orders(backend):
    """The labels of three epochs of arrays, in the order in which ``train_step`` sees them."""
    from cnn_tutorial import session

    session.start(seed=0, backend=backend)
    import keras
    import numpy as np

    from cnn_tutorial import training

    seen = []

    class Record(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)
            self.build((None, 1))

        def build(self, shape):
            self.dense.build(shape)
            self.built = True

        def call(self, x):
            return self.dense(x)

        def train_step(self, *given):  # on JAX the state comes first
            seen.append(np.asarray(given[-1][1]).tolist())
            return super().train_step(*given)

    model, numbers = Record(), np.arange(10)
    model.compile("sgd", "mse", run_eagerly=True)
    arrays = numbers[:, None] / 10, numbers
    training.fit(model, arrays, epochs=3, seed=4, batch_size=4, progress=False)
    return seen


def test_arrays_come_in_the_documented_order_on_every_backend():
    orders = [np.random.default_rng((4, epoch)).permutation(10) for epoch in range(3)]
    expected = [order[start : start + 4].tolist() for order in orders for start in (0, 4, 8)]
    for backend in ("tensorflow", "jax"):
        assert on_backend(backend, record_orders) == expected


def go_on(backend):
    """For each kind of data: whether a killed training ends as a whole one; and what was begun."""
    from cnn_tutorial import session

    session.start(seed=0, backend=backend)
    import tempfile

    import keras
    import numpy as np
    import tensorflow as tf

    from cnn_tutorial import training

    rng = np.random.default_rng(0)
    images = 255 * rng.random((70, 2, 2, 1)).astype(np.float32)
    pairs, begun = (images, rng.integers(0, 3, 70)), []

    class Kill(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.steps = getattr(self, "steps", 0) + 1
            if self.steps == 11:  # in the third epoch, of four steps or five
                raise KeyError

    def make_model(seed=5):
        keras.utils.set_random_seed(seed)
        layers = keras.layers
        model = keras.Sequential([keras.Input((2, 2, 1)), layers.Rescaling(1 / 255)])
        for layer in (layers.Flatten(), layers.Dropout(0.3), layers.Dense(3)):
            model.add(layer)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss)
        keras.utils.set_random_seed(5)
        return model

    def shuffled():
        return tf.data.Dataset.from_tensor_slices(pairs).shuffle(70, seed=1)

    def noisy():  # 70 rows, of which an epoch uses 64: what follows must not be drawn for
        layer = keras.layers.RandomBrightness(0.5, seed=3)
        dataset = shuffled().map(lambda image, label: (layer(image, training=True), label))
        return dataset.batch(16, drop_remainder=True)

    def counted():
        def generate():
            begun.append(True)
            yield from zip(*pairs, strict=True)

        spec = tf.TensorSpec((2, 2, 1), tf.float32), tf.TensorSpec((), tf.int64)
        rows = tf.data.Dataset.from_generator(generate, output_signature=spec)
        claim = tf.data.experimental.assert_cardinality(5)
        return rows.shuffle(70, seed=2).batch(16).apply(claim)

    found = {}
    kinds = {"arrays": lambda: pairs, "noisy": noisy, "counted": counted}
    for name, make in kinds.items():
        whole, killed, resumed = (make_model(seed) for seed in (5, 5, 9))
        options = {"epochs": 4, "progress": False, "batch_size": 16}
        training.fit(whole, make(), **options)
        begun_once = len(begun)
        with tempfile.TemporaryDirectory() as folder:
            options["checkpoint"] = folder
            try:
                training.fit(killed, make(), callbacks=[Kill()], **options)
            except KeyError:
                training.fit(resumed, make(), **options)
        both = zip(whole.variables, resumed.variables, strict=True)
        same = [np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in both]
        found[name] = all(same), len(begun), begun_once
    return found


def test_on_jax_a_killed_training_ends_with_the_weights_of_one_that_was_not():
    found = on_backend("jax", go_on)
    assert [same for same, _, _ in found.values()] == [True, True, True]
    # Once an epoch: 4 of the whole run, 2 and a part of the killed one; going on begins its data
    # twice without reading, which a generator does not notice, and then for epochs 3 and 4.
    _, begun, begun_once = found["counted"]
    assert (begun_once, begun) == (4, 4 + 2 + 2)


def train_on_wrong_labels(backend):
    """What ``fit`` says of labels out of range in arrays, in a dataset and in its validation."""
    from cnn_tutorial import session

    session.start(seed=0, backend=backend)
    import keras
    import numpy as np
    import tensorflow as tf

    from cnn_tutorial import training

    images, labels = np.zeros((64, 4), np.float32), np.arange(64) % 3
    wrong = np.where(np.arange(64) == 40, 3, labels)  # in the third batch
    said = []

    def fit(train, validation=None):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", loss, run_eagerly=False)
        try:
            training.fit(model, train, validation, epochs=2, progress=False)
        except ValueError as error:
            said.append(str(error))

    def sliced(*arrays):
        return tf.data.Dataset.from_tensor_slices(arrays).batch(16)

    fit(sliced(images, labels), sliced(images, labels))  # nothing to say
    fit((images, wrong))
    fit(sliced(images, wrong))
    fit(sliced(images, wrong).filter(lambda *_: True))  # of unknown length
    fit(sliced(images, labels), sliced(images, wrong))
    return said


def test_on_jax_labels_out_of_range_are_said():
    loss = "the loss sparse_categorical_crossentropy takes labels from 0 to 2 with this model's"
    received = "outputs; received 0 to 3"
    begin = "labels do not fit the loss, in epoch 1: "
    assert on_backend("jax", train_on_wrong_labels) == [
        f"train: {loss} {received}",
        f"{begin}train: {loss} {received}",
        f"{begin}train: {loss} {received}",
        f"{begin}validation: {loss} {received}",
    ]

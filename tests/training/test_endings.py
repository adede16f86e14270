"""How a training ends: with which weights, when it is run again, and of which data it was."""

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def make_short(keras, numbers):
    """A function that makes a ``PyDataset`` of so many batches."""

    class Batches(keras.utils.PyDataset):
        def __init__(self, count):
            super().__init__()
            self.count = count

        def __len__(self):
            return self.count

        def __getitem__(self, place):
            return numbers[0][:16], numbers[1][:16]

    return Batches


@pytest.mark.parametrize("patience", [None, 9])
def test_more_epochs_under_averaging_end_as_if_they_had_been_asked_for_at_once(
    fit_numbers, keras, make_small, numbers, tmp_path, patience, have_equal_weights
):
    options = {"averaging": 0.9, "patience": patience}
    whole, longer = make_small(), make_small(seed=9)
    fit_numbers(whole, None, numbers, **options)
    fit_numbers(make_small(), None, numbers, checkpoint=tmp_path, **options | {"epochs": 2})
    fit_numbers(longer, None, numbers, checkpoint=tmp_path, **options)
    assert have_equal_weights(whole, longer)


def test_validation_does_not_change_an_averaged_training(
    fit_numbers, make_small, numbers, have_equal_weights
):
    one, other = make_small(), make_small()
    fit_numbers(one, averaging=0.9)
    fit_numbers(other, None, numbers, averaging=0.9)
    assert have_equal_weights(one, other)


def test_more_patience_goes_on_as_if_it_had_been_there_from_the_beginning(
    fit_numbers, keras, make_small, numbers, tmp_path, have_equal_weights
):
    validation = numbers[0], (numbers[1] + 1) % 3  # what is learned makes it worse

    def train(patience, checkpoint=None):
        model = make_small(keras.optimizers.SGD(0.5))
        history = fit_numbers(
            model, None, validation, patience=patience, epochs=9, checkpoint=checkpoint
        ).history
        return model, len(history["loss"])

    first, ended = train(2, tmp_path)
    with pytest.warns(UserWarning, match=rf"ended after epoch {ended}, .* is not continued"):
        again, count = train(2, tmp_path)
    assert have_equal_weights(first, again)
    whole, longer = train(4)
    assert ended == count < longer < 9
    with pytest.warns(UserWarning, match="patience was 2 and is 4"):
        resumed, count = train(4, tmp_path)
    assert count == longer
    assert have_equal_weights(whole, resumed)


@pytest.mark.parametrize("options", [{}, {"averaging": 0.9}, {"patience": 2}], ids=str)
def test_load_weights_gives_what_fit_ended_with(
    fit_numbers, training, keras, make_small, numbers, tmp_path, options, have_equal_weights
):
    model, loaded = make_small(keras.optimizers.SGD(0.5)), make_small(seed=9)
    validation = numbers[0], (numbers[1] + 1) % 3
    fit_numbers(model, None, validation, checkpoint=tmp_path, **options)
    training.load_weights(loaded, tmp_path)
    assert have_equal_weights(model, loaded)


def test_load_weights_takes_what_another_version_of_keras_describes_otherwise(
    fit_numbers, training, keras, make_small, tmp_path, monkeypatch, have_equal_weights
):
    model, loaded = make_small(), make_small(seed=9)
    fit_numbers(model, checkpoint=tmp_path, epochs=1)
    before = keras.layers.Dense.get_config
    monkeypatch.setattr(keras.layers.Dense, "get_config", lambda self: before(self) | {"new": 1})
    training.load_weights(loaded, tmp_path)
    assert have_equal_weights(model, loaded)
    other = make_small(layers=[keras.layers.EinsumDense("ab,bc->ac", 3, bias_axes="c")])
    with pytest.raises(training.CheckpointError, match="layers are of other classes"):
        training.load_weights(other, tmp_path)
    with pytest.raises(training.CheckpointError, match=r"variable 0 of shape \[4, 3\], here"):
        training.load_weights(make_small(layers=[keras.layers.Dense(2)]), tmp_path)


def test_what_was_saved_of_other_data_is_refused(
    fit_numbers, training, make_small, make_short, numbers, rows, tmp_path
):
    import tensorflow as tf

    images, labels = numbers
    other = (labels + 1) % 3
    moved = images.copy()
    moved[-1, 0] += 1

    def sliced(*arrays):
        return tf.data.Dataset.from_tensor_slices(arrays).batch(16)

    cases = {
        "arrays": (numbers, [(images[:16], labels[:16]), (images, other), (moved, labels)]),
        "rows": (
            rows().batch(16),
            [
                rows().batch(32),
                rows().take(32).batch(16),
                sliced(images, other),
                sliced(moved, labels),
            ],
        ),
        "PyDataset": (make_short(4), [make_short(3)]),
    }
    for name, (train, others) in cases.items():
        fit_numbers(make_small(), train, checkpoint=tmp_path / name, epochs=1)
        for one in others:
            with pytest.raises(training.CheckpointError, match="is of a training on other data"):
                fit_numbers(make_small(), one, checkpoint=tmp_path / name)
    with pytest.raises(
        training.CheckpointError, match=r": images .* shape was \[64, 4\] and is \[16"
    ):
        fit_numbers(make_small(), cases["arrays"][1][0], checkpoint=tmp_path / "arrays")
    with pytest.raises(training.CheckpointError, match="other data: labels has other values"):
        fit_numbers(make_small(), (images, other), checkpoint=tmp_path / "arrays")


def test_the_data_sets_of_this_package_are_known_by_their_arrays(numbers):
    from cnn_tutorial import data
    from cnn_tutorial.training import feeding

    images, labels = numbers[0].reshape(-1, 2, 2, 1), numbers[1]

    def describe(*arrays):
        dataset = data.array_dataset(*arrays, batch_size=16)
        return feeding.make_feed(dataset, batch_size=1, seed=0).describe()

    moved = images.copy()
    moved[5] += 1
    first = describe(images, labels)
    assert first == describe(images.copy(), labels.copy())
    assert first != describe(moved, labels)
    assert first != describe(images, (labels + 1) % 3)
    assert first["batches"] == 4


def test_a_large_array_is_known_by_some_of_its_rows(monkeypatch):
    from cnn_tutorial.training import fingerprints

    array = np.arange(1000.0)
    whole = fingerprints.describe_array(array)
    monkeypatch.setattr(fingerprints, "_BYTES", 800)
    sample = fingerprints.describe_array(array)
    assert sample["content"] != whole["content"]
    assert sample["content"] == fingerprints.describe_array(array[::10])["content"]
    assert fingerprints.describe_array(np.float32(3) * np.ones(()))["shape"] == []

"""Training, prediction, and the files that networks are saved in."""

import io
import sys

import numpy as np
import pytest

from cnn_tutorial import numpy_net, numpy_ops
from cnn_tutorial.numpy_net import SGD, Adam


def test_fit_is_steps_of_the_optimiser_on_shuffled_batches(
    make_network, make_data, compute_gradients, assert_close
):
    images, labels = make_data(10)
    network, by_hand = (make_network("float64", SGD(0.1)) for _ in range(2))
    history = network.fit(images, labels, epochs=2, batch_size=4, seed=7)
    rng, losses = np.random.default_rng(7), []
    for _ in range(2):
        order = rng.permutation(10)
        total = 0
        for batch in (order[:4], order[4:8], order[8:]):  # the last one is smaller, and counts
            loss, gradients = compute_gradients(by_hand, images[batch], labels[batch])
            total += loss * len(batch)
            for name, parameter in by_hand.collect("parameters").items():
                parameter -= 0.1 * gradients[name]
        losses.append(total / 10)
    assert_close(history["loss"], losses, 1e-12)
    for own, expected in zip(network.get_weights(), by_hand.get_weights(), strict=True):
        assert_close(own, expected, 1e-12)


@pytest.mark.parametrize("change", [{"seed": 1}, {"batch_size": 5}, {"epochs": 3}], ids=str)
def test_the_same_arguments_train_the_same_network_and_others_do_not(
    change, make_network, make_data
):
    settings = {"epochs": 2, "batch_size": 4, "seed": 0}
    trained = []
    for how in (settings, settings, settings | change):
        network = make_network()
        network.fit(*make_data(), **how)
        trained.append(network.get_weights()[0])
    assert (trained[0] == trained[1]).all()
    assert (trained[0] != trained[2]).any()


def test_history_holds_what_evaluate_says_of_the_validation_images(make_network, make_data):
    network, data = make_network(), make_data()
    validation = data[0][:5], data[1][:5]
    history = network.fit(*data, epochs=3, validation=validation)
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert all(len(values) == 3 for values in history.values())
    assert (history["val_loss"][-1], history["val_accuracy"][-1]) == network.evaluate(*validation)


def test_ten_images_with_random_labels_are_learned_by_heart(make_network, make_data):
    images, labels = make_data(10)
    network = make_network(optimizer=Adam(0.01))
    history = network.fit(images, labels, epochs=60, batch_size=10)
    assert history["loss"][-1] < 0.05
    assert history["accuracy"][-1] == 1


def test_a_second_fit_goes_on_with_the_optimisers_memory(make_network, make_data, assert_close):
    once, twice = (make_network(optimizer=SGD(0.1, momentum=0.9)) for _ in range(2))
    images, labels = make_data()
    for _ in range(2):
        twice.fit(images, labels, epochs=1, batch_size=len(images))
    once.fit(images, labels, epochs=2, batch_size=len(images))
    for one, other in zip(once.get_weights(), twice.get_weights(), strict=True):
        assert_close(one, other, 1e-4)  # the order within the batch differs


def test_predict_gives_the_same_in_batches_of_any_size(
    make_network, make_data, assert_close, monkeypatch
):
    network, (images, labels) = make_network(), make_data()
    logits = network.forward(images)
    for batch_size in (1, 5, 100):
        assert_close(network.predict(images, batch_size=batch_size), logits, 1e-6)
    assert_close(network.predict(images.astype(float)), logits, 1e-6)
    taken, forward = [], network.forward
    monkeypatch.setattr(network, "forward", lambda x: taken.append(len(x)) or forward(x))
    network.predict(images, batch_size=5)
    assert taken == [5, 5, 4]
    loss, accuracy = network.evaluate(images, labels)
    probs = numpy_ops.softmax(logits.astype(float))
    assert loss == pytest.approx(-np.log(probs[np.arange(len(labels)), labels]).mean())
    assert accuracy == np.mean(logits.argmax(axis=1) == labels)


def test_a_network_keeps_its_number_type(make_network, make_data):
    for dtype in ("float32", "float64"):
        network, (images, labels) = make_network(dtype), make_data()
        network.fit(images, labels, epochs=1)
        assert network.predict(images).dtype == dtype
        assert {array.dtype for array in network.get_weights()} == {np.dtype(dtype)}


def test_progress_is_shown_in_a_terminal_and_leaves_nothing(
    monkeypatch, capsys, make_network, make_data
):
    network, data = make_network(), make_data()
    network.fit(*data, epochs=1)
    assert capsys.readouterr() == ("", "")
    for progress in (True, False):
        terminal = io.StringIO()
        terminal.isatty = lambda: True
        monkeypatch.setattr(sys, "stderr", terminal)
        network.fit(*data, epochs=1, progress=progress)
        assert ("training" in terminal.getvalue()) == progress
        assert terminal.getvalue().split("\r")[-1].strip() == ""


# Files


def test_what_was_saved_is_loaded_to_the_last_bit(tmp_path, make_network, make_data):
    network, data = make_network(), make_data()
    network.fit(*data, epochs=1)
    network.save(tmp_path / "weights")
    assert [path.name for path in tmp_path.iterdir()] == ["weights"]
    other = make_network(seed=1)
    other.load(tmp_path / "weights")
    for own, loaded in zip(network.get_weights(), other.get_weights(), strict=True):
        assert (own == loaded).all()
    assert (network.predict(data[0]) == other.predict(data[0])).all()
    with np.load(tmp_path / "weights", allow_pickle=False) as file:
        assert file.files == list(network.collect("parameters", "statistics"))


def test_a_save_that_is_interrupted_leaves_the_old_file(tmp_path, monkeypatch, make_network):
    network, path = make_network(), tmp_path / "weights.npz"
    network.save(path)
    whole = path.read_bytes()

    def write_half(file, **arrays):
        with open(file, "wb") as half:
            half.write(whole[:100])
        raise OSError("no space left")

    monkeypatch.setattr(numpy_net.np, "savez", write_half)
    with pytest.raises(OSError, match="no space"):
        network.save(path)
    assert path.read_bytes() == whole

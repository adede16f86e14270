import pickle
import warnings

import numpy as np
import pytest

from cnn_tutorial.numpy_net import (
    SGD,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    MaxPool2D,
    ReLU,
    Rescaling,
    Sequential,
)

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1)).astype(np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0])


def make_network(learning_rate=0.1, layers=None):
    layers = layers or [Rescaling(1 / 255), Conv2D(2, 3), BatchNorm(), ReLU(), Flatten(), Dense(3)]
    network = Sequential(layers, SGD(learning_rate))
    network.build((8, 8, 1))
    return network


def train(network, images=IMAGES, labels=LABELS, **settings):
    return network.fit(images, labels, **({"epochs": 2, "batch_size": 2} | settings))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"labels": LABELS[:5]}, ValueError, r"labels must be .*\(6,\).*received shape \(5,\)"),
        ({"labels": LABELS + 1}, ValueError, "labels must be from 0 to 2.*received 3"),
        ({"labels": LABELS - 1}, ValueError, "labels must be from 0 to 2.*received -1"),
        ({"labels": LABELS + 0.5}, ValueError, "labels must be whole numbers.*received 0.5"),
        ({"labels": np.eye(3)[LABELS]}, ValueError, "one-hot"),
        ({"labels": LABELS > 1}, TypeError, "labels"),
        ({"labels": ["a"] * 6}, TypeError, "labels"),
        ({"labels": None}, TypeError, "labels must be .*real numbers; received dtype object"),
        ({"images": IMAGES[..., 0]}, ValueError, r"images must be .*received \(6, 8, 8\)"),
        ({"images": IMAGES[:, :7]}, ValueError, r"images must be .*received \(6, 7, 8, 1\)"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, ValueError, "images must not be empty"),
        ({"images": IMAGES > 9}, TypeError, "images must be .*real numbers"),
        ({"images": IMAGES * 1j}, TypeError, "images must be .*real numbers"),
        ({"images": IMAGES.astype(object)}, TypeError, "images must be .*real numbers"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        ({"epochs": 1.5}, TypeError, "epochs"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": None}, TypeError, "batch_size"),
        ({"validation": (IMAGES, LABELS[:2])}, ValueError, "labels"),
        ({"validation": (IMAGES[:, 1:], LABELS)}, ValueError, "images"),
        ({"validation": (IMAGES,)}, TypeError, "labels"),
        ({"validation": (IMAGES, None)}, TypeError, "labels must be .*real numbers"),
    ],
    ids=str,
)
def test_fit_refuses_what_does_not_fit_and_changes_nothing(change, error, message):
    network = make_network()
    before = network.get_weights()
    with pytest.raises(error, match=message):
        train(network, **change)
    for own, old in zip(network.get_weights(), before, strict=True):
        assert (own == old).all()


def test_evaluate_and_predict_refuse_what_does_not_fit():
    network = make_network()
    with pytest.raises(ValueError, match="labels must be from 0 to 2"):
        network.evaluate(IMAGES, LABELS + 1)
    with pytest.raises(ValueError, match=r"images must be \(N, \*\(8, 8, 1\)\)"):
        network.predict(IMAGES[0])
    with pytest.raises(ValueError, match="batch_size"):
        network.predict(IMAGES, batch_size=0)


@pytest.mark.parametrize(
    "use",
    [
        lambda network, path: network.predict(IMAGES),
        lambda network, path: network.evaluate(IMAGES, LABELS),
        lambda network, path: network.get_weights(),
        lambda network, path: network.set_weights([]),
        lambda network, path: network.save(path),
        lambda network, path: network.load(path),
    ],
)
def test_a_network_that_is_not_built_says_so(use, tmp_path):
    with pytest.raises(ValueError, match=r"not built yet: call build\(input_shape\) or fit first"):
        use(Sequential([Flatten(), Dense(3)]), tmp_path / "weights.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([], ValueError, "layers must be one or more"),
        ([Dense(3), Dense(3)] * 2, ValueError, "layers must be one or more, each once"),
        ([Dense(3)], ValueError, r"must end in \(N, classes\).*Flatten"),
        ([Flatten(), Conv2D(2, 3)], ValueError, r"1\.Conv2D cannot take \(1, 64\)"),
        ([Conv2D(2, 9), Flatten()], ValueError, "0.Conv2D cannot take .*kernel_size"),
        ([MaxPool2D(9), Flatten()], ValueError, "0.MaxPool2D cannot take"),
        ([Flatten], TypeError, "layers must be a list of Layer; received"),
        ([Flatten(), SGD()], TypeError, "layers must be a list of Layer; received"),
    ],
    ids=str,
)
def test_layers_that_do_not_fit_each_other_are_named(layers, error, message):
    with pytest.raises(error, match=message):
        Sequential(layers).build((8, 8, 1))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Conv2D(0, 3), ValueError, "filters must be at least 1"),
        (lambda: Conv2D(2.5, 3), TypeError, "filters"),
        (lambda: Conv2D(2, (3, 3, 3)), ValueError, "kernel_size must be 2 ints"),
        (lambda: Dense(0), ValueError, "units must be at least 1"),
        (lambda: Dense(True), TypeError, "units"),
        (lambda: Rescaling("1"), TypeError, "scale must be a number"),
        (lambda: Rescaling(np.inf), ValueError, "scale"),
        (lambda: BatchNorm(momentum=1.5), ValueError, "momentum"),
        (lambda: BatchNorm(epsilon=-1), ValueError, "epsilon"),
        (lambda: Sequential([Dense(2)], dtype="int32"), ValueError, "int32"),
        (lambda: Sequential([Dense(2)], "adam"), TypeError, "an Optimizer; received 'adam'"),
        (lambda: Sequential([Dense(2)], SGD), TypeError, "optimizer must be an Optimizer"),
        (lambda: Sequential([Dense(2)]).build(()), ValueError, r"0\.Dense cannot take \(1,\)"),
    ],
)
def test_bad_arguments_of_layers_are_refused_by_name(make, error, message):
    with pytest.raises(error, match=message):
        make()


# Numbers that stop being finite


def test_a_learning_rate_that_is_far_too_high_stops_fit_with_step_and_layer():
    network = make_network(learning_rate=1e30)
    before = network.get_weights()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the error says it all
        message = r"epoch 1, step [123]: .*not finite is in .*\d\.\w+.*smaller learning_rate"
        with pytest.raises(FloatingPointError, match=message):
            train(network)
    for own, old in zip(network.get_weights(), before, strict=True):
        assert (own == old).all()


@pytest.mark.parametrize(
    ("name", "place"),
    [("1.Conv2D.kernel", "outputs of 1.Conv2D"), ("5.Dense.bias", "outputs of 5.Dense")],
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_first_layer_whose_outputs_are_not_finite_is_named(name, place, value):
    network = make_network()
    network.collect("parameters")[name].flat[0] = value
    with pytest.raises(FloatingPointError, match=f"epoch 1, step 1: .* in the {place};"):
        train(network)


def test_images_that_are_not_finite_are_named_before_any_layer():
    images = IMAGES.astype("float32")
    images[3, 2, 2] = np.nan
    with pytest.raises(FloatingPointError, match=r"epoch 1, step [123]: .* in the images;"):
        train(make_network(), images)


def test_a_gradient_that_overflows_is_named():
    network = make_network(layers=[Rescaling(1e10), Flatten(), Dense(4), Dense(3)])
    weights = network.get_weights()
    network.set_weights([weights[0] * 1e-20, weights[1], weights[2] * 1e30, weights[3]])
    with pytest.raises(FloatingPointError, match=r"in the gradient of 2\.Dense\.kernel;"):
        train(network)


def test_of_several_gradients_the_one_nearest_to_the_loss_is_named(monkeypatch):
    network = make_network(layers=[Rescaling(1 / 255), Flatten(), Dense(4), Dense(3)])
    spoiled = staticmethod(lambda grad, inputs, kernel: (grad @ kernel.T, np.inf * kernel, grad[0]))
    monkeypatch.setattr(Dense, "gradient", spoiled)
    with pytest.raises(FloatingPointError, match=r"in the gradient of 3\.Dense\.kernel;"):
        train(network)


def test_a_parameter_that_overflows_in_the_last_step_is_named():
    network = make_network(learning_rate=1e39, layers=[Rescaling(1 / 255), Flatten(), Dense(3)])
    with pytest.raises(FloatingPointError, match=r"step 1: .* in 2\.Dense\.kernel;"):
        train(network, epochs=1, batch_size=6)


def test_the_epochs_before_the_one_that_failed_are_kept():
    kept, failing = make_network(), make_network()
    train(kept, epochs=1)
    original, calls = failing._step, []

    def fail_in_the_fifth_step(images, labels):
        calls.append(1)
        if len(calls) == 5:  # the second of the second epoch
            failing.layers[1].parameters["kernel"][0] = np.nan
        return original(images, labels)

    failing._step = fail_in_the_fifth_step
    with pytest.raises(FloatingPointError, match=r"epoch 2, step 2: .* outputs of 1\.Conv2D;"):
        train(failing, epochs=3)
    for own, expected in zip(failing.get_weights(), kept.get_weights(), strict=True):
        assert (own == expected).all()
    assert failing.optimizer.steps == 0
    assert not failing.optimizer.memory
    del failing._step
    train(failing)  # and training can go on
    assert np.isfinite(failing.get_weights()[0]).all()


# Weights and files of others


@pytest.mark.parametrize(
    "change",
    [
        lambda weights: weights[:-1],
        lambda weights: [*weights, np.zeros(3)],
        lambda weights: weights[::-1],
        lambda weights: [*weights[:-1], np.zeros(4)],
        lambda weights: [weights[0].T, *weights[1:]],
    ],
)
def test_weights_of_other_shapes_are_refused_and_nothing_is_changed(change):
    network = make_network()
    before = network.get_weights()
    with pytest.raises(ValueError, match="weights must be of the shapes"):
        network.set_weights(change([array + 1 for array in before]))
    for own, old in zip(network.get_weights(), before, strict=True):
        assert (own == old).all()


def test_weights_that_are_no_real_numbers_are_refused_and_nothing_is_changed():
    network = make_network()
    before = network.get_weights()
    with pytest.raises(TypeError, match=r"weights must be .*real numbers"):
        network.set_weights([*[array + 1 for array in before[:-1]], ["a", "b", "c"]])
    assert (network.get_weights()[0] == before[0]).all()


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def write_pickle(path):
    path.write_bytes(pickle.dumps(Evil()))


def write_objects(path):
    names = make_network().collect("parameters", "statistics")
    with open(path, "wb") as file:
        np.savez(file, **{name: np.array([Evil()], dtype=object) for name in names})


def write_array(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


def write_half(path):
    make_network().save(path)
    path.write_bytes(path.read_bytes()[:-200])


def write_damaged(path):
    make_network().save(path)
    data = bytearray(path.read_bytes())
    data[200] ^= 255  # within the first array
    path.write_bytes(data)


def write_without_its_beginning(path):
    make_network().save(path)
    path.write_bytes(path.read_bytes()[9:])


def write_in_an_unknown_version(path):
    make_network().save(path)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 6] = 255  # the version of zip that is needed
    path.write_bytes(data)


def write_other_names(path):
    network = Sequential([Rescaling(1), Conv2D(2, 3), ReLU(), BatchNorm(), Flatten(), Dense(3)])
    network.build((8, 8, 1))
    network.save(path)


def write_other_shapes(path):
    network = make_network(
        layers=[Rescaling(1), Conv2D(2, 2), BatchNorm(), ReLU(), Flatten(), Dense(3)]
    )
    network.save(path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("weights"),
        write_pickle,
        write_objects,
        write_array,
        write_half,
        write_damaged,
        write_without_its_beginning,
        write_in_an_unknown_version,
        write_other_names,
        write_other_shapes,
    ],
)
def test_other_files_are_refused_and_nothing_is_changed(write, tmp_path):
    network, path = make_network(), tmp_path / "weights.npz"
    before = network.get_weights()
    write(path)
    with pytest.raises(
        ValueError, match=r"weights\.npz is no file of|weights must be of the shapes"
    ):
        network.load(path)
    for own, old in zip(network.get_weights(), before, strict=True):
        assert (own == old).all()


def test_a_file_that_is_not_there_is_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        make_network().load(tmp_path / "nothing.npz")

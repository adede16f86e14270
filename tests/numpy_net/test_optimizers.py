import numpy as np
import pytest

from cnn_tutorial import numpy_net, numpy_ops

# Name, arguments (the same in Keras).
SETTINGS = [
    ("SGD", {"learning_rate": 0.1}),
    ("SGD", {"learning_rate": 0.1, "nesterov": True}),  # without momentum it has no effect
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.5, "epsilon": 1e-2}),
    ("RMSprop", {"learning_rate": 0.002, "momentum": 0.8}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.02, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2}),
    ("Adam", {"learning_rate": 0.02, "epsilon": 1.0}),  # as large as Keras's own advice
]
STEPS = 100


def make_quadratic():
    """A start and the gradient of a bowl that is a hundred times steeper one way than another."""
    rng = np.random.default_rng(0)
    rotation, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    curvature = (rotation * np.geomspace(0.1, 10, 6)) @ rotation.T
    minimum = rng.normal(size=6)

    def find_gradients(parameters):
        (position,) = parameters
        return [(curvature @ (position - minimum)).astype("float32")]

    return [rng.normal(size=6).astype("float32")], find_gradients


def make_small_network():
    """A start and the gradients of a network on batches that change from step to step."""
    layers = [
        numpy_net.Conv2D(3, 3),  # not right before BatchNorm: its bias would learn from rounding
        numpy_net.ReLU(),
        numpy_net.BatchNorm(),
        numpy_net.MaxPool2D(),
        numpy_net.Flatten(),
        numpy_net.Dense(4),
    ]
    network = numpy_net.Sequential(layers)
    network.build((8, 8, 1))
    parameters = network.collect("parameters")
    rng = np.random.default_rng(1)
    images, labels = rng.normal(size=(64, 8, 8, 1)), rng.integers(0, 4, 64)
    taken = {"steps": 0}

    def find_gradients(values):
        for parameter, value in zip(parameters.values(), values, strict=True):
            parameter[...] = value
        batch = np.arange(16) + 16 * (taken["steps"] % 4)
        taken["steps"] += 1
        logits = network.forward(images[batch], training=True)
        grad_logits = numpy_ops.sparse_categorical_cross_entropy_backward(
            labels[batch], logits, from_logits=True
        )
        network.backward(grad_logits)
        return list(network.collect("gradients").values())

    return [array.copy() for array in parameters.values()], find_gradients


def descend(name, settings, problem):
    """The parameters after every step of ours."""
    start, find_gradients = problem()
    parameters = {str(k): array.copy() for k, array in enumerate(start)}
    optimizer, path = getattr(numpy_net, name)(**settings), []
    for _ in range(STEPS):
        gradients = find_gradients(list(parameters.values()))
        optimizer.step(parameters, dict(zip(parameters, gradients, strict=True)))
        path.append([array.copy() for array in parameters.values()])
    return path


def descend_with_keras(keras, name, settings, problem):
    start, find_gradients = problem()
    variables = [keras.Variable(array) for array in start]
    optimizer, path = getattr(keras.optimizers, name)(**settings), []
    for _ in range(STEPS):
        gradients = find_gradients([variable.numpy() for variable in variables])
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients], variables)
        path.append([variable.numpy() for variable in variables])
    return path


@pytest.mark.parametrize("problem", [make_quadratic, make_small_network])
@pytest.mark.parametrize(("name", "settings"), SETTINGS, ids=str)
def test_a_hundred_steps_follow_those_of_keras(keras, name, settings, problem):
    ours = descend(name, settings, problem)
    theirs = descend_with_keras(keras, name, settings, problem)
    for step in range(STEPS):
        own, expected = (np.concatenate([a.ravel() for a in path[step]]) for path in (ours, theirs))
        assert np.abs(own - expected).max() <= 1e-5 * np.abs(expected).max(), step
    moved = np.abs(np.concatenate([a.ravel() for a in theirs[-1]]) - start_of(problem)).max()
    assert moved > 0.03  # a comparison of standing still would say nothing


def start_of(problem):
    return np.concatenate([array.ravel() for array in problem()[0]])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("SGD", {"learning_rate": 0.02}),
        ("SGD", {"momentum": 0.5}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("RMSprop", {"learning_rate": 0.02}),
        ("RMSprop", {"rho": 0.5}),
        ("RMSprop", {"momentum": 0.5}),
        ("RMSprop", {"epsilon": 0.1}),
        ("Adam", {"learning_rate": 0.02}),
        ("Adam", {"beta_1": 0.5}),
        ("Adam", {"beta_2": 0.5}),
        ("Adam", {"epsilon": 0.1}),
    ],
    ids=str,
)
def test_every_argument_changes_the_path(name, change):
    base = {"momentum": 0.9} if change.get("nesterov") else {}
    default, changed = (descend(name, how, make_quadratic)[-1][0] for how in (base, change))
    assert np.abs(default - changed).max() > 1e-3


def test_two_steps_worked_by_hand():
    # Gradient 2, then 4; everything else follows from the equations.
    expected = {
        numpy_net.SGD(0.5): [-1, -3],
        numpy_net.SGD(0.5, momentum=0.5): [-1, -1 - 0.5 - 2],
        numpy_net.SGD(0.5, momentum=0.5, nesterov=True): [-1.5, -1.5 - 1.25 - 2],
        numpy_net.RMSprop(1.0, rho=0.75, epsilon=0.0): [-2, -2 - 4 / np.sqrt(4.75)],
        numpy_net.Adam(1.0, beta_1=0.5, beta_2=0.5, epsilon=0.0): [
            -1,
            -1 - (2.5 / 0.75) / np.sqrt(9 / 0.75),
        ],
    }
    for optimizer, path in expected.items():
        parameters = {"w": np.zeros(1)}
        for gradient, position in zip((2.0, 4.0), path, strict=True):
            optimizer.step(parameters, {"w": np.array([gradient])})
            assert parameters["w"] == pytest.approx(position), optimizer


def test_adam_takes_first_steps_of_the_learning_rate_whatever_the_gradient():
    parameters = {"small": np.zeros(1), "large": np.zeros(1)}
    gradients = {"small": np.array([1e-3]), "large": np.array([-1e3])}
    numpy_net.Adam(0.01).step(parameters, gradients)
    assert parameters["small"] == pytest.approx(-0.01, rel=1e-2)
    assert parameters["large"] == pytest.approx(0.01, rel=1e-2)


def test_steps_change_arrays_in_place_and_only_those_that_have_a_gradient():
    moving, staying = np.ones(2, "float32"), np.ones(2, "float32")
    for optimizer in (numpy_net.SGD(0.5), numpy_net.RMSprop(0.5), numpy_net.Adam(0.5)):
        optimizer.step({"a": moving, "b": staying}, {"a": np.ones(2, "float32")})
    assert moving.max() < 1
    assert moving.dtype == "float32"
    assert (staying == 1).all()


@pytest.mark.parametrize(
    ("name", "arguments", "error", "message"),
    [
        ("SGD", {"learning_rate": -0.1}, ValueError, "learning_rate must be at least 0"),
        ("SGD", {"learning_rate": np.nan}, ValueError, "learning_rate"),
        ("SGD", {"learning_rate": np.inf}, ValueError, "learning_rate"),
        ("SGD", {"learning_rate": "0.1"}, TypeError, "learning_rate must be a number"),
        ("SGD", {"momentum": 1.0}, ValueError, "momentum must be at least 0 and below 1"),
        ("RMSprop", {"rho": 1.5}, ValueError, "rho"),
        ("RMSprop", {"momentum": True}, TypeError, "momentum"),
        ("Adam", {"beta_1": -0.5}, ValueError, "beta_1"),
        ("Adam", {"beta_2": 1}, ValueError, "beta_2"),
        ("Adam", {"epsilon": None}, TypeError, "epsilon"),
    ],
    ids=str,
)
def test_bad_settings_are_refused_by_name(name, arguments, error, message):
    with pytest.raises(error, match=message):
        getattr(numpy_net, name)(**arguments)

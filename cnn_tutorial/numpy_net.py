"""Layers, optimisers and a training loop on the operations of ``numpy_ops`` alone (chapter 26).

A layer is three things: what it computes, what it remembers of that, and what it passes back.
``Sequential`` sends images forwards through a list of layers and the gradient of the loss
backwards through the same list; an optimiser then moves the parameters. That is all.
"""

import os

import numpy as np

from cnn_tutorial import numpy_ops as ops
from cnn_tutorial.numpy_ops.checks import as_int, as_number, as_pair, as_real, check_finite
from cnn_tutorial.progress import Progress


class Layer:
    """One step of a network: an ``operation`` of ``numpy_ops`` and its ``gradient``.

    Both take the keyword arguments in ``settings``. ``parameters`` is a dict from name to array,
    what is learned; ``gradients`` has the same names, and ``statistics`` is what training records.
    A layer that is not ``trainable`` keeps all that as it is. ``needs_grad_inputs`` is False where
    no layer before this one learns. ``units`` and ``window`` are the sizes of the kernel, if any.
    """

    def __init__(self, *, trainable=True, **settings):
        self.trainable, self.needs_grad_inputs, self.settings = trainable, True, settings
        self.parameters, self.gradients, self.statistics = {}, {}, {}
        self.units, self.window = None, ()

    def build(self, input_shape, rng, dtype):
        """Start kernel and bias, if it has them: Glorot and Bengio's uniform (2010), and zeros."""
        if self.units:
            shape = (*self.window, input_shape[-1], self.units)
            limit = np.sqrt(6 / (np.prod(self.window) * (input_shape[-1] + self.units)))
            kernel = rng.uniform(-limit, limit, shape).astype(dtype)
            self.parameters = {"kernel": kernel, "bias": np.zeros(self.units, dtype)}

    def forward(self, inputs, training=False):
        """The outputs ``(N, ...)`` of inputs ``(N, ...)``, which are remembered."""
        self.inputs = inputs
        return self.operation(inputs, *self.parameters.values(), **self.settings)

    def backward(self, grad_output):
        """From the gradient of the outputs that of the inputs; keeps those of the parameters."""
        weights = list(self.parameters.values())[:1]  # no gradient depends on a bias
        found = self.gradient(grad_output, self.inputs, *weights, **self.settings)
        grad_inputs, *gradients = found if self.parameters else [found]
        if self.trainable:
            self.gradients = dict(zip(self.parameters, gradients, strict=True))
        return grad_inputs


class Conv2D(Layer):
    """A convolution with a bias; its kernel is ``(kh, kw, c_in, filters)`` (chapter 21)."""

    operation = staticmethod(ops.conv2d)

    def __init__(self, filters, kernel_size, *, strides=1, padding="valid", trainable=True):
        super().__init__(trainable=trainable, strides=strides, padding=padding)
        self.window, self.units = as_pair("kernel_size", kernel_size), as_int("filters", filters)

    def gradient(self, grad_output, images, kernel, **settings):
        if self.needs_grad_inputs:
            return ops.conv2d_backward(grad_output, images, kernel, **settings)
        # Leave out what takes longest. Forward is windows @ kernel, this windows.T @ grad_output.
        windows = ops.extract_windows(images, self.window, **settings)
        columns = grad_output.reshape(-1, self.units)
        grad_kernel = windows.reshape(len(columns), -1).T @ columns
        return None, grad_kernel.reshape(kernel.shape), columns.sum(axis=0)


class MaxPool2D(Layer):
    """The largest value of each window; its pixel takes all the gradient (chapter 23)."""

    operation, gradient = staticmethod(ops.max_pool2d), staticmethod(ops.max_pool2d_backward)

    def __init__(self, pool_size=2, *, strides=None, padding="valid"):
        super().__init__(pool_size=pool_size, strides=strides, padding=padding)


class ReLU(Layer):
    """``max(0, inputs)``: what was positive lets its gradient through (chapter 12)."""

    operation, gradient = staticmethod(ops.relu), staticmethod(ops.relu_backward)


class Dense(Layer):
    """``inputs @ kernel + bias``; its kernel is ``(inputs, units)`` (chapter 12)."""

    operation, gradient = staticmethod(ops.dense), staticmethod(ops.dense_backward)

    def __init__(self, units, *, trainable=True):
        super().__init__(trainable=trainable)
        self.units = as_int("units", units)


class Flatten(Layer):
    """Each image as one row of ``H * W * C`` numbers, the channels changing fastest."""

    operation = staticmethod(lambda inputs: inputs.reshape(len(inputs), -1))
    gradient = staticmethod(lambda grad_output, inputs: grad_output.reshape(inputs.shape))


class Rescaling(Layer):
    """``scale * inputs``: with 1 / 255, pixels from 0..255 come into 0..1."""

    operation = staticmethod(lambda inputs, scale: scale * inputs)
    gradient = staticmethod(lambda grad_output, inputs, scale: scale * grad_output)

    def __init__(self, scale):
        super().__init__(scale=as_number("scale", scale))


class BatchNorm(Layer):
    """``gamma * (inputs - mean) / sqrt(variance + epsilon) + beta``, by channel (chapter 43).

    In training, mean and variance are the batch's, and ``moving += (1 - momentum) * (batch -
    moving)`` is recorded of both. Otherwise, or frozen, they are those that were recorded.
    """

    gradient = staticmethod(ops.batch_norm_backward)

    def __init__(self, *, momentum=0.99, epsilon=1e-3, trainable=True):
        super().__init__(trainable=trainable, epsilon=as_number("epsilon", epsilon))
        self.momentum = as_number("momentum", momentum, below=1.0)

    def build(self, input_shape, rng, dtype):
        zeros, ones = np.zeros((2, input_shape[-1]), dtype), np.ones((2, input_shape[-1]), dtype)
        self.parameters = {"gamma": ones[0], "beta": zeros[0]}
        self.statistics = {"mean": zeros[1], "variance": ones[1]}

    def forward(self, inputs, training=False):
        self.inputs, self.settings = inputs, {"epsilon": self.settings["epsilon"]}
        if not (training and self.trainable):
            self.settings |= self.statistics  # constants, for the gradient too
            return ops.batch_norm(inputs, *self.parameters.values(), **self.settings)
        outputs, *batch = ops.batch_norm_train(inputs, *self.parameters.values(), **self.settings)
        for moving, new in zip(self.statistics.values(), batch, strict=True):
            moving += (1 - self.momentum) * (new - moving)
        return outputs


class Optimizer:
    """Moves parameters against gradients; remembers two arrays for each, zero at the start."""

    def __init__(self, learning_rate, *, epsilon=0.0, **fractions):
        self.learning_rate = as_number("learning_rate", learning_rate)
        self.epsilon = as_number("epsilon", epsilon)
        for name, value in fractions.items():
            setattr(self, name, as_number(name, value, below=1.0))
        self.steps, self.memory = 0, {}

    def step(self, parameters, gradients):
        """Move the arrays of one dict by those of the same names in the other."""
        self.steps += 1
        for name, gradient in gradients.items():
            memory = self.memory.setdefault(name, np.zeros((2, *gradient.shape), gradient.dtype))
            self._update(parameters[name], gradient, *memory)


class SGD(Optimizer):
    """``velocity = momentum * velocity - learning_rate * gradient``, ``parameter += velocity``.

    With Nesterov, ``parameter += momentum * velocity - learning_rate * gradient``. The paper
    (Sutskever et al., 2013) takes the gradient a step ahead, at ``parameter + momentum *
    velocity``; Keras, and this, keep that point as the parameter: the same path.
    """

    def __init__(self, learning_rate=0.01, *, momentum=0.0, nesterov=False):
        super().__init__(learning_rate, momentum=momentum)
        self.nesterov = nesterov

    def _update(self, parameter, gradient, velocity, _):
        descent = self.learning_rate * gradient
        velocity *= self.momentum
        velocity -= descent
        parameter += self.momentum * velocity - descent if self.nesterov else velocity


class RMSprop(Optimizer):
    """As SGD, with each gradient divided by ``sqrt(square + epsilon)``.

    ``square = rho * square + (1 - rho) * gradient**2``. The lecture (Hinton et al., 2012) has
    neither epsilon, which Keras, and this, put inside the root, nor momentum.
    """

    def __init__(self, learning_rate=0.001, *, rho=0.9, momentum=0.0, epsilon=1e-7):
        super().__init__(learning_rate, rho=rho, momentum=momentum, epsilon=epsilon)

    def _update(self, parameter, gradient, square, velocity):
        square += (1 - self.rho) * (gradient**2 - square)
        velocity *= self.momentum
        velocity -= self.learning_rate * gradient / np.sqrt(square + self.epsilon)
        parameter += velocity


class Adam(Optimizer):
    """``parameter -= learning_rate * correction * mean / (sqrt(square) + epsilon)``.

    ``mean`` and ``square`` are running means of ``gradient`` and ``gradient**2``; ``correction
    = sqrt(1 - beta_2**t) / (1 - beta_1**t)`` at step ``t``. The paper (Kingma & Ba, 2015) puts
    epsilon to the root of ``square / (1 - beta_2**t)``; Keras, and this, to that of ``square``.
    """

    def __init__(self, learning_rate=0.001, *, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)

    def _update(self, parameter, gradient, mean, square):
        mean += (1 - self.beta_1) * (gradient - mean)
        square += (1 - self.beta_2) * (gradient**2 - square)
        correction = (1 - self.beta_2**self.steps) ** 0.5 / (1 - self.beta_1**self.steps)
        parameter -= self.learning_rate * correction * mean / (np.sqrt(square) + self.epsilon)


class Sequential:
    """Layers one after the other, from images to logits, trained on softmax cross-entropy.

    Args:
        layers: list of Layer, each once; the last gives logits ``(N, classes)``.
        optimizer: Optimizer; None for ``Adam()``.
        seed: int, from which the weights start: Glorot uniform and zeros, as in Keras.
        dtype: ``"float32"``, or ``"float64"`` for gradient checks.

    Example:
        >>> network = Sequential([Rescaling(1 / 255), Flatten(), Dense(2)])
        >>> history = network.fit(np.eye(2).reshape(2, 2, 1, 1) * 255, [0, 1], epochs=3)
        >>> {name: array.shape for name, array in network.collect("parameters").items()}
        {'2.Dense.kernel': (2, 2), '2.Dense.bias': (2,)}
    """

    def __init__(self, layers, optimizer=None, *, seed=0, dtype="float32"):
        self.layers, self.optimizer = list(layers), optimizer or Adam()
        if not all(isinstance(layer, Layer) for layer in self.layers):
            raise TypeError(f"layers must be a list of Layer; received {self.layers}")
        if not self.layers or len(set(self.layers)) < len(self.layers):
            raise ValueError(f"layers must be one or more, each once; received {self.layers}")
        if not isinstance(self.optimizer, Optimizer):
            raise TypeError(f"optimizer must be an Optimizer; received {self.optimizer!r}")
        self.named = {f"{k}.{type(layer).__name__}": layer for k, layer in enumerate(self.layers)}
        self.seed, self.dtype, self.input_shape = seed, np.finfo(dtype).dtype, None

    def build(self, input_shape):
        """Start all weights anew, sending one black image of ``input_shape`` through."""
        rng, outputs = np.random.default_rng(self.seed), np.zeros((1, *input_shape), self.dtype)
        for name, layer in self.named.items():
            try:
                layer.build(outputs.shape[1:], rng, self.dtype)
                outputs = layer.forward(outputs)
            except (IndexError, ValueError) as error:
                raise ValueError(f"{name} cannot take {outputs.shape}: {error}") from error
        if outputs.ndim != 2:
            raise ValueError(f"layers must end in (N, classes), not {outputs.shape}: use Flatten")
        self.input_shape, self.classes = tuple(input_shape), outputs.shape[1]
        self.optimizer.steps, self.optimizer.memory = 0, {}

    def collect(self, *kinds):
        """Dict from "1.Conv2D.kernel" to array; kinds are "parameters", "gradients" and so on."""
        if self.input_shape is None:
            raise ValueError("the network is not built yet: call build(input_shape) or fit first")
        dicts = [(name, vars(layer)[kind]) for name, layer in self.named.items() for kind in kinds]
        return {f"{layer}.{name}": array for layer, one in dicts for name, array in one.items()}

    def get_weights(self):
        """Copies of parameters and statistics in a list, in the order of Keras's own."""
        return [array.copy() for array in self.collect("parameters", "statistics").values()]

    def set_weights(self, weights):
        """Take over what ``get_weights`` gave, here or of a Keras model; all of it or nothing."""
        own = list(self.collect("parameters", "statistics").values())
        weights = [as_real("weights", array) for array in weights]
        shapes, expected = ([array.shape for array in arrays] for arrays in (weights, own))
        if shapes != expected:
            raise ValueError(f"weights must be of the shapes {expected}; received {shapes}")
        for array, new in zip(own, weights, strict=True):
            array[...] = new

    def save(self, path):
        """Write parameters and statistics to a NumPy file, which appears whole or not at all."""
        np.savez(f"{path}.part.npz", **self.collect("parameters", "statistics"))
        os.replace(f"{path}.part.npz", path)

    def load(self, path):
        """Take over what ``save`` wrote, if names and shapes are those of this network."""
        names = list(self.collect("parameters", "statistics"))
        with open(path, "rb") as file:
            try:
                found = dict(np.load(file, allow_pickle=False))
                if list(found) != names:
                    raise ValueError(f"it holds {list(found)}, and this network {names}")
            except Exception as error:  # zipfile's are of many kinds
                raise ValueError(f"{path} is no file of this network's save: {error}") from error
        self.set_weights(found.values())

    def forward(self, images, training=False):
        """The logits ``(N, classes)`` of images ``(N, *input_shape)``."""
        outputs = np.asarray(images, self.dtype)
        for layer in self.layers:
            outputs = layer.forward(outputs, training)
        return outputs

    def backward(self, grad_output):
        """Pass the gradient of the loss back to the first layer that learns, and no further."""
        learns = [layer.trainable and bool(layer.parameters) for layer in self.layers]
        for place, layer in reversed(list(enumerate(self.layers))):
            layer.gradients, layer.needs_grad_inputs = {}, any(learns[:place])
            if any(learns[: place + 1]):
                grad_output = layer.backward(grad_output)

    def fit(self, images, labels, *, epochs, batch_size=64, validation=None, seed=0, progress=True):
        """Train: each epoch takes every image once, in a new order.

        Args:
            images: real array ``(N, *input_shape)``.
            labels: int array ``(N,)``, from 0 to classes - 1.
            epochs: int.
            batch_size: int; the last batch of an epoch may be smaller.
            validation: ``(images, labels)`` to evaluate after each epoch, or None.
            seed: int, from which the orders come.
            progress: bool, whether to show a bar, in a terminal or a notebook.

        Returns:
            dict from "loss", "accuracy", "val_loss", "val_accuracy" to lists, a float an epoch.

        Raises:
            FloatingPointError: if a number is not finite; the epoch is undone, the optimiser reset.
            TypeError, ValueError: if an argument is not as above; the weights have not changed.
        """
        if self.input_shape is None:
            self.build(as_real("images", images).shape[1:])
        images, labels = self._check(images, labels)
        validation = validation and self._check(*validation)
        cuts = range(as_int("batch_size", batch_size), len(images), batch_size)
        total = as_int("epochs", epochs) * len(images)
        rng, history = np.random.default_rng(seed), []
        with Progress("training", total, unit="images", shown=progress) as bar:
            for epoch in range(1, epochs + 1):
                before, scores, bar.text = self.get_weights(), [], f"epoch {epoch} of {epochs},"
                batches = np.split(rng.permutation(len(images)), cuts)
                try:
                    for batch in batches:
                        scores.append(self._step(images[batch], labels[batch]))
                        bar.update(len(batch))
                except FloatingPointError as error:
                    self.set_weights(before)
                    self.optimizer.steps, self.optimizer.memory = 0, {}
                    raise FloatingPointError(
                        f"epoch {epoch}, step {len(scores) + 1}: {error}; the weights are those "
                        "from before this epoch; try a smaller learning_rate"
                    ) from None
                scores = np.average(scores, axis=0, weights=[len(batch) for batch in batches])
                history.append([*scores, *(self.evaluate(*validation) if validation else ())])
        names = ("loss", "accuracy", "val_loss", "val_accuracy")
        return dict(zip(names, np.transpose(history).tolist(), strict=False))

    def predict(self, images, *, batch_size=256):
        """The logits ``(N, classes)``, computed a batch at a time."""
        images = self._check_images(images)
        starts = range(0, len(images), as_int("batch_size", batch_size))
        return np.concatenate([self.forward(images[k : k + batch_size]) for k in starts])

    def evaluate(self, images, labels):
        """The loss and the accuracy, means over the images."""
        return _score(self._check(images, labels)[1], self.predict(images))

    def _step(self, images, labels):
        """One step of training; the loss and the accuracy before it."""
        with np.errstate(all="ignore"):  # what is not finite is found below
            logits = self.forward(images, training=True)
            loss, accuracy = _score(labels, logits)
            if not np.isfinite(loss):
                outputs = [*(layer.inputs for layer in self.layers[1:]), logits]
                named = {f"the outputs of {n}": v for n, v in zip(self.named, outputs, strict=True)}
                check_finite({"the images": images, **named, "the loss": loss})
            grad = ops.sparse_categorical_cross_entropy_backward(labels, logits, from_logits=True)
            self.backward(grad)
            gradients = self.collect("gradients")
            self.optimizer.step(self.collect("parameters"), gradients)
            check_finite({f"the gradient of {n}": gradients[n] for n in reversed(gradients)})
            check_finite(self.collect("parameters", "statistics"))
        return loss, accuracy

    def _check_images(self, images):
        """Images as an array that fits the network."""
        images = as_real("images", images)
        self.collect()  # raises if it is not built yet
        if images.shape[1:] != self.input_shape:
            raise ValueError(f"images must be (N, *{self.input_shape}); received {images.shape}")
        return images

    def _check(self, images, labels):
        """Images and labels as arrays that fit the network and each other."""
        images = self._check_images(images)
        return images, ops.loss_checks.check_labels(labels, (len(images), self.classes))


def _score(labels, logits):
    loss = ops.sparse_categorical_cross_entropy(labels, logits, from_logits=True)
    return loss, float(np.mean(logits.argmax(axis=1) == labels))

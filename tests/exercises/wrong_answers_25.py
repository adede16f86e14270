"""Answers to chapter 25's exercises that its checkers must refuse."""

import numpy as np


def _neuron(x, w, b, y):
    out = 1 / (1 + np.exp(-(w * x + b)))
    return out, 2 * (out - y), out * (1 - out)


def _with_scale(to_z, x, w):
    return to_z * x, to_z, to_z * w


def _neuron_without(part):
    def answer(x, w, b, y):
        _, to_out, slope = _neuron(x, w, b, y)
        return _with_scale({"slope": to_out, "two": to_out / 2 * slope}[part], x, w)

    return answer


def _neuron_at_z(x, w, b, y):
    z = w * x + b
    return _with_scale(_neuron(x, w, b, y)[1] * z * (1 - z), x, w)  # slope of z, not of out


def _neuron_in_another_order(x, w, b, y):
    _, to_out, slope = _neuron(x, w, b, y)
    return to_out * slope * w, to_out * slope, to_out * slope * x


def _neuron_uphill(x, w, b, y):
    _, to_out, slope = _neuron(x, w, b, y)
    return _with_scale(-to_out * slope, x, w)


def _correlate(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijmn,mn->ij", windows, kernel)


def _largest_only(image, arrives):
    only = np.where(np.abs(arrives) == np.abs(arrives).max(), arrives, 0)
    return _correlate(image, only)


def _stamp(arrives, kernel, shape, stride, *, add=True):
    gradient = np.zeros(shape)
    kh, kw = kernel.shape
    for i, j in np.ndindex(arrives.shape):
        place = np.s_[i * stride : i * stride + kh, j * stride : j * stride + kw]
        gradient[place] = arrives[i, j] * kernel + (gradient[place] if add else 0)
    return gradient


def _cut_off(arrives, kernel, shape, stride):
    seen = [(n - 1) * stride + k for n, k in zip(arrives.shape, kernel.shape, strict=True)]
    return _stamp(arrives, kernel, shape, stride)[: seen[0], : seen[1]]


def _adam(correct=(True, True), epsilon_inside=False, paper=False, first=1):
    def answer(gradients, rate, epsilon):
        place, mean, square, path = 0.0, 0.0, 0.0, []
        for t, g in enumerate(gradients, start=first):
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
            of_mean = 1 - 0.9**t if correct[0] else 1
            of_square = 1 - 0.999**t if correct[1] else 1
            if paper:
                step = mean / of_mean / ((square / of_square) ** 0.5 + epsilon)
            elif epsilon_inside:
                step = of_square**0.5 / of_mean * mean / (square + epsilon) ** 0.5
            else:
                step = of_square**0.5 / of_mean * mean / (square**0.5 + epsilon)
            place -= rate * step
            path.append(place)
        return path

    return answer


WRONG = {
    "check_neuron_gradients": [
        _neuron_without("slope"),  # the sigmoid's slope forgotten
        _neuron_without("two"),  # the square's two forgotten
        _neuron_at_z,  # z (1 - z) instead of out (1 - out)
        _neuron_in_another_order,  # with respect to x, b, w
        _neuron_uphill,  # the sign of a step, not of the gradient
        lambda x, w, b, y: _with_scale(_neuron(x, w, b, y)[1] / 2, x, w),  # as after cross-entropy
        lambda x, w, b, y: _with_scale(np.prod(_neuron(x, w, b, y)[:2]), x, w),  # half of the slope
        lambda x, w, b, y: _neuron(x, w, b, y)[1] * _neuron(x, w, b, y)[2],  # one number
    ],
    "check_kernel_gradient": [
        lambda image, arrives: _correlate(
            image, arrives[::-1, ::-1]
        ),  # turned: that is the image's
        lambda image, arrives: _correlate(image, arrives)[::-1, ::-1],
        lambda image, arrives: _correlate(image, arrives) / arrives.size,  # a mean, not a sum
        lambda image, arrives: _correlate(image, np.ones_like(arrives)),  # what arrives forgotten
        lambda image, arrives: _correlate(image, arrives).T,
        _largest_only,  # as max pooling does it
        lambda image, arrives: np.full_like(_correlate(image, arrives), arrives.sum()),  # the bias
    ],
    "check_image_gradient": [
        lambda g, k, shape, s: _stamp(g, k[::-1, ::-1], shape, s),  # turned, and laid down
        lambda g, k, shape, s: _stamp(g, k, shape, s, add=False),  # overwrites where they overlap
        lambda g, k, shape, s: _stamp(g, k, shape, 1),  # the stride forgotten
        _cut_off,  # the pixels that no window saw are missing
        lambda g, k, shape, s: _stamp(np.ones_like(g), k, shape, s),  # what arrives forgotten
        lambda g, k, shape, s: _stamp(g, np.ones_like(k), shape, s),  # the kernel forgotten
        lambda g, k, shape, s: _stamp(g, k, shape, len(k)),  # windows side by side
    ],
    "check_adam_path": [
        _adam(paper=True),  # the paper's epsilon
        _adam(correct=(False, False)),  # no correction
        _adam(correct=(True, False)),
        _adam(correct=(False, True)),
        lambda gradients, rate, epsilon: [-x for x in _adam()(gradients, rate, epsilon)],  # uphill
        _adam(epsilon_inside=True),  # as RMSprop has it
        _adam(first=2),  # counted from 2
        lambda gradients, rate, epsilon: np.diff([0, *_adam()(gradients, rate, epsilon)]),  # steps
        lambda gradients, rate, epsilon: _adam()(gradients, rate, epsilon)[-1:],  # the last only
    ],
}

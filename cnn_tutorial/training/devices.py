"""What there is to compute on: ``find_device``. Chapter 53 begins with it."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

_BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
_FASTEST_FIRST = ("tpu", "gpu", "cpu")


@dataclass(frozen=True)
class Device:
    """What Keras computes on. Prints as a sentence.

    Attributes:
        kind: str, ``"gpu"``, ``"tpu"`` or ``"cpu"``.
        name: str, what it calls itself, such as ``"Tesla T4"``; empty if it does not say.
        count: int, how many there are; of a processor, the cores that this process may use.
        backend: str, Keras's backend, which sees what its own build can use, and no more.
    """

    kind: str
    name: str
    count: int
    backend: str

    def __str__(self):
        name, backend = self.name or "no name given", _BACKENDS.get(self.backend, self.backend)
        if self.kind != "cpu":
            several = "s" if self.count > 1 else ""
            return f"{backend} finds {self.count} {self.kind.upper()}{several}: {name}"
        cores = f"{self.count} core{'s' if self.count > 1 else ''}"
        return f"{backend} finds no GPU and no TPU; it has a processor with {cores}: {name}"


def find_device():
    """The fastest kind of device that Keras's backend can use: a TPU, else a GPU, else the CPU.

    Keras places models there by itself. A GPU that is in the machine but not in the answer cannot
    be used by this build of the backend, or is hidden from it.

    Returns:
        ``Device`` with ``.kind``, ``.name``, ``.count`` and ``.backend``.

    Example:
        >>> device = find_device()
        >>> device.kind in ("cpu", "gpu", "tpu"), device.count >= 1
        (True, True)
    """
    import keras

    backend = keras.backend.backend()
    for kind in _FASTEST_FIRST[:-1]:
        found = find_devices(kind)
        if found:
            return Device(kind, _describe(backend, kind), len(found), backend)
    return Device("cpu", _name_processor(), _count_cores(), backend)


def check_device(device):
    """Refuse to train where the kind of device that was asked for is missing.

    Raises:
        ValueError: if ``device`` is no kind of device.
        RuntimeError: if there is none of its kind; names those that there are.
    """
    if device is None:
        return
    if device not in _FASTEST_FIRST:
        kinds = ", ".join(_FASTEST_FIRST)
        raise ValueError(f"device must be None or one of {kinds}; received {device!r}")
    found = find_devices(device)
    if not found:
        import keras

        raise RuntimeError(
            f"device={device!r} was asked for, and {keras.backend.backend()} finds none; it finds "
            f"{', '.join(find_devices()) or 'nothing'}. In Colab: Runtime, Change runtime type. "
            "Elsewhere: a driver and a build of the backend for the device. device=None takes what "
            "there is"
        )


def find_devices(kind=None):
    """Names of the backend's devices, of one kind or of all."""
    import keras

    try:
        return list(keras.distribution.list_devices(kind))
    except RuntimeError:  # JAX, when there is none of the kind
        return []


def _describe(backend, kind):
    """What the first device of a kind calls itself."""
    if backend == "jax":
        import jax

        return jax.devices(kind)[0].device_kind
    if backend == "tensorflow":
        import tensorflow as tf

        device = tf.config.list_physical_devices(kind.upper())[:1]
        details = tf.config.experimental.get_device_details(device[0]) if device else {}
        return details.get("device_name", "")
    return ""


def _count_cores():
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _name_processor(path="/proc/cpuinfo"):
    """The processor's name on Linux; elsewhere what Python knows, at least its architecture."""
    try:
        lines = Path(path).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name" and value.strip():
            return value.strip()
    return platform.processor() or platform.machine()

"""The first call of every chapter, and the check that turns a claim into a test.

``start`` fixes what would otherwise differ from run to run: the random seed, the backend of
Keras, the number of threads, the look of the figures. ``check`` states a claim and proves it.
``run_with`` makes one call on another backend, in a process of its own, because Keras takes
one backend a process. Every chapter uses this module; chapter 11 introduces it.
"""

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import textwrap
import warnings
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")
THREADS_VARIABLE = "CNN_TUTORIAL_THREADS"
_STYLE = Path(__file__).with_name("figures.mplstyle")


def start(seed=0, backend="tensorflow", threads=None):
    """Make a run repeatable: seed, backend, threads, precision, quiet logs, figure style.

    Call it before Keras is imported, alone in its cell. The same seed on the same machine
    gives the same numbers; on another processor the last digits, and so what training makes
    of them, may differ.

    Args:
        seed: int in ``[0, 2**32)``; seeds Python, NumPy and the backend.
        backend: str, ``"tensorflow"``, ``"jax"`` or ``"torch"``.
        threads: int, the processor threads to use, or None for what the environment variable
            ``CNN_TUTORIAL_THREADS`` says, or else for all of them.

    Raises:
        TypeError: if ``seed`` or ``threads`` is not an int.
        ValueError: if ``seed``, ``backend`` or ``threads`` is out of range.
        RuntimeError: if Keras was already imported on another backend.

    Example:
        >>> start(seed=0)
    """
    _check_int("seed", seed, low=0, high=2**32 - 1)
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}; received {backend!r}")
    if threads is None and os.environ.get(THREADS_VARIABLE):
        try:
            threads = int(os.environ[THREADS_VARIABLE])
        except ValueError:
            raise ValueError(
                f"the environment variable {THREADS_VARIABLE} must be a whole number; "
                f"received {os.environ[THREADS_VARIABLE]!r}"
            ) from None
    if threads is not None:
        _check_int("threads", threads, low=1, high=4096)
    _set_backend(backend)
    _set_environment(backend, threads)
    with quiet_stderr():
        import keras

        if backend == "tensorflow":
            _start_tensorflow(threads)
    keras.utils.set_random_seed(seed)
    if threads is not None:
        import threadpoolctl

        threadpoolctl.threadpool_limits(threads)
    _quiet_tqdm()
    _start_figures()


def check(statement, holds):
    """Print ``✓ statement`` if it holds, stop with the statement if it does not.

    Args:
        statement: str, the claim in words, with its threshold: "test accuracy above 98.5 %".
        holds: bool, whether the claim was seen to hold. A whole array has to be reduced first,
            with ``.all()`` or ``.any()``, so that it is clear which was meant.

    Raises:
        TypeError: if ``holds`` is not a bool, or ``statement`` not a non-empty str.
        AssertionError: if ``holds`` is False.

    Example:
        >>> check("a half is more than a third", 1 / 2 > 1 / 3)
        ✓ a half is more than a third
    """
    if not isinstance(statement, str) or not statement.strip():
        raise TypeError(f"statement must be a sentence in a str; received {statement!r}")
    is_scalar_bool = isinstance(holds, bool) or (
        type(holds).__module__ == "numpy" and type(holds).__name__ in ("bool", "bool_")
    )
    if not is_scalar_bool:
        raise TypeError(
            "holds must be a single True or False (for an array, say which you mean with "
            f".all() or .any()); received {type(holds).__name__}: {holds!r}"
        )
    if not holds:
        raise AssertionError(f"✗ this does not hold: {statement}")
    print(f"✓ {statement}")


def run_with(backend, function, *arguments, timeout=300):
    """What ``function(*arguments)`` returns on another backend of Keras.

    The call runs in a fresh process, because Keras takes one backend a process. What it prints
    appears here.

    Args:
        backend: str, ``"tensorflow"``, ``"jax"`` or ``"torch"``.
        function: callable; it imports what it needs (Keras too) inside its body, and may be
            defined in a notebook cell.
        *arguments: passed on; they and the result must be picklable.
        timeout: float, seconds after which the process is ended.

    Raises:
        ValueError: if ``backend`` is not one of the three.
        RuntimeError: if the call failed there, with the error it failed with.
        TimeoutError: if it took longer than ``timeout``.

    Example:
        >>> def backend_in_use():
        ...     import keras
        ...
        ...     return keras.backend.backend()
        >>> run_with("jax", backend_in_use)
        'jax'
    """
    import cloudpickle

    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}; received {backend!r}")
    if not callable(function):
        raise TypeError(f"function must be callable; received {type(function).__name__}")
    with tempfile.TemporaryDirectory() as folder:
        task, result = Path(folder, "task"), Path(folder, "result")
        task.write_bytes(cloudpickle.dumps((function, arguments)))
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        try:
            process = subprocess.run(
                [sys.executable, "-c", _CHILD, str(task), str(result)],
                env=environment,
                capture_output=True,
                text=True,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the call on {backend} was ended after {timeout} seconds") from None
        print(process.stdout, end="")
        if not result.exists():
            last_lines = "\n".join(process.stderr.strip().splitlines()[-20:])
            raise RuntimeError(f"the call on {backend} failed:\n{last_lines}")
        return cloudpickle.loads(result.read_bytes())


_CHILD = textwrap.dedent("""
    import pathlib, sys
    import cloudpickle
    function, arguments = cloudpickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
    value = cloudpickle.dumps(function(*arguments))
    pathlib.Path(sys.argv[2]).write_bytes(value)
""")


def _check_int(name, value, *, low, high):
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int; received {type(value).__name__}: {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}; received {value}")


def _set_backend(backend):
    keras = sys.modules.get("keras")
    if keras is not None and keras.backend.backend() != backend:
        raise RuntimeError(
            f"Keras already runs on {keras.backend.backend()} in this process and cannot change "
            f"to {backend}. Restart the kernel and call session.start before importing Keras."
        )
    os.environ["KERAS_BACKEND"] = backend


def _set_environment(backend, threads):
    # XLA on a CPU takes its number of threads from its flags, and only before it starts.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if threads is not None and backend == "jax" and "jax" not in sys.modules:
        flags = "" if threads > 1 else " --xla_cpu_multi_thread_eigen=false"
        os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + flags


def _start_tensorflow(threads):
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    tf.config.experimental.enable_op_determinism()
    # GPUs since 2020 round float32 products to ten bits unless told not to: three digits, where
    # the chapters compare five. Chapter 53 is about such trades.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    # Looks for GPUs now, while what it writes about not finding one is not shown.
    tf.config.list_physical_devices()
    if threads is None:
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        warnings.warn(
            "TensorFlow was in use before session.start, so its number of threads stays as it "
            "was; restart the kernel to change it.",
            stacklevel=3,
        )


def _quiet_tqdm():
    # tqdm, which fetches of data show their progress with, warns where ipywidgets is missing. It
    # then falls back on text, and nobody has to do anything.
    warnings.filterwarnings("ignore", message="IProgress not found")


def _start_figures():
    import matplotlib.style

    if "IPython" in sys.modules:
        from IPython import get_ipython

        shell = get_ipython()
        if shell is not None and hasattr(shell, "kernel"):
            # Teaches the notebook to show a Figure as a picture.
            shell.run_line_magic("matplotlib", "inline")
    matplotlib.style.use(_STYLE)


@contextlib.contextmanager
def quiet_stderr():
    """Send the process's own stderr (descriptor 2) to nowhere for a moment.

    TensorFlow's C++ parts write there, whatever Python's ``sys.stderr`` is. If the block fails,
    what they wrote is shown.

    Example:
        >>> with quiet_stderr():
        ...     _ = os.write(2, b"a remark that nobody needs")
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            hidden.seek(0)
            os.write(2, hidden.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)

"""session: what a fresh process sees, because start has to come before Keras."""

import os
import subprocess
import sys

import numpy as np
import pytest

from cnn_tutorial import session


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
    )


def test_check_prints_the_statement_that_holds(capsys):
    session.check("two is even", 2 % 2 == 0)
    session.check("numpy's True counts", np.float64(1) > 0)
    assert capsys.readouterr().out == "✓ two is even\n✓ numpy's True counts\n"


@pytest.mark.parametrize("holds", [False, np.False_, float("nan") > 0.9])
def test_check_stops_with_the_statement_that_does_not_hold(holds, capsys):
    with pytest.raises(AssertionError, match="does not hold: accuracy above 90 %"):
        session.check("accuracy above 90 %", holds)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("holds", [1, 0.99, None, "yes", np.array([True]), [True], np.ones(3) > 0])
def test_check_wants_a_single_truth_value(holds):
    with pytest.raises(TypeError, match=r"single True or False .* received"):
        session.check("something", holds)


@pytest.mark.parametrize("statement", ["", "  ", None, True])
def test_check_wants_a_sentence(statement):
    with pytest.raises(TypeError, match="statement must be a sentence"):
        session.check(statement, True)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"seed": -1}, ValueError, "seed must be from 0 to 4294967295; received -1"),
        ({"seed": 1.5}, TypeError, "seed must be an int; received float"),
        ({"seed": True}, TypeError, "seed must be an int"),
        ({"backend": "theano"}, ValueError, "one of tensorflow, jax, torch; received 'theano'"),
        ({"threads": 0}, ValueError, "threads must be from 1"),
        ({"threads": "two"}, TypeError, "threads must be an int"),
    ],
)
def test_start_names_the_argument_that_is_wrong(arguments, error, says):
    with pytest.raises(error, match=says):
        session.start(**arguments)


def test_start_refuses_a_thread_count_in_the_environment_that_is_no_number(monkeypatch):
    monkeypatch.setenv(session.THREADS_VARIABLE, "many")
    with pytest.raises(ValueError, match="CNN_TUTORIAL_THREADS must be a whole number"):
        session.start()


DRAW = (
    "from cnn_tutorial import session; session.start(seed={seed}); import keras, numpy, random;"
    "print(keras.random.normal((2,)).numpy(), numpy.random.rand(), random.random())"
)


@pytest.mark.slow
def test_after_start_tqdm_does_not_warn_of_missing_widgets():
    # In a notebook, as tqdm tells it, whose ipywidgets cannot be imported.
    code = (
        "import sys, types, IPython; sys.modules['ipykernel.zmqshell'] = None;"
        "sys.modules['ipywidgets'] = None; IPython.get_ipython = lambda: 'a shell';"
        "from tqdm.auto import tqdm; print('loaded')"
    )
    start = "from cnn_tutorial import session; session._quiet_tqdm();"
    assert "IProgress not found" in run_python(code).stderr
    done = run_python(start + code)
    assert (done.stdout, done.stderr) == ("loaded\n", "")


@pytest.mark.slow
def test_start_prints_nothing_and_seeds_python_numpy_and_keras():
    first, again, other = (
        # A talkative TensorFlow, as JAX makes it when it is imported first.
        run_python(DRAW.format(seed=s), TF_CPP_MIN_LOG_LEVEL="1")
        for s in (7, 7, 8)
    )
    assert first.returncode == 0
    assert first.stderr == ""
    assert first.stdout == again.stdout
    assert all(
        a != b for a, b in zip(first.stdout.split("]"), other.stdout.split("]"), strict=True)
    )


@pytest.mark.slow
def test_start_sets_the_threads_of_tensorflow_and_of_numpy():
    code = (
        "from cnn_tutorial import session; session.start({});"
        "import tensorflow as tf, threadpoolctl, numpy;"
        "print(tf.config.threading.get_intra_op_parallelism_threads(),"
        " max(p['num_threads'] for p in threadpoolctl.threadpool_info()))"
    )
    assert run_python(code.format("threads=1")).stdout == "1 1\n"
    assert run_python(code.format(""), CNN_TUTORIAL_THREADS="1").stdout == "1 1\n"
    assert run_python(code.format(""), CNN_TUTORIAL_THREADS="").stdout.startswith("0 ")


@pytest.mark.slow
def test_start_keeps_every_digit_of_float32_on_gpus_too():
    code = (
        "from cnn_tutorial import session; session.start(); import tensorflow as tf;"
        "print(tf.config.experimental.tensor_float_32_execution_enabled())"
    )
    assert run_python(code).stdout == "False\n"


@pytest.mark.slow
def test_start_refuses_a_second_backend_in_the_same_process():
    done = run_python(
        "from cnn_tutorial import session; session.start(); session.start(backend='jax')"
    )
    assert "Keras already runs on tensorflow" in done.stderr
    assert "Restart the kernel" in done.stderr


@pytest.mark.slow
def test_start_shows_what_went_wrong_while_a_backend_was_loading(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os; os.write(2, b'a library is missing\\n'); raise ImportError('broken')"
    )
    done = run_python("from cnn_tutorial import session; session.start()", PYTHONPATH=str(tmp_path))
    assert done.returncode != 0
    assert "a library is missing" in done.stderr
    assert "broken" in done.stderr


@pytest.mark.slow
def test_run_with_returns_the_value_and_the_prints_of_another_backend(capsys):
    def halve(number):
        import keras

        print("on", keras.backend.backend())
        return float(keras.ops.convert_to_numpy(keras.ops.divide(number, 2)))

    assert session.run_with("jax", halve, 5.0) == 2.5
    assert capsys.readouterr().out == "on jax\n"


def test_run_with_reports_the_error_of_the_other_process():
    def fail():
        raise LookupError("no such kernel")

    with pytest.raises(RuntimeError, match=r"failed:(.|\n)*LookupError: no such kernel"):
        session.run_with("jax", fail)


def test_run_with_ends_a_call_that_takes_too_long():
    def sleep():
        import time

        time.sleep(60)

    with pytest.raises(TimeoutError, match=r"ended after 0\.5 seconds"):
        session.run_with("jax", sleep, timeout=0.5)


def test_run_with_refuses_an_unknown_backend_and_what_cannot_be_called():
    with pytest.raises(ValueError, match="received 'mxnet'"):
        session.run_with("mxnet", print)
    with pytest.raises(TypeError, match="function must be callable; received int"):
        session.run_with("jax", 3)

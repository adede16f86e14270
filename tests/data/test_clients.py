import hashlib
import sys
import time

import pytest

from cnn_tutorial import places
from cnn_tutorial.data import clients
from cnn_tutorial.data.sources import SOURCES, Package


def test_a_download_writes_what_the_server_sends(cache, server, tmp_path):
    server.files["/a"] = bytes(range(256)) * 1000
    clients.download(server.address + "a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == server.files["/a"]


@pytest.mark.slow
def test_a_host_out_of_reach_is_given_up_in_time_and_not_tried_again(cache, tmp_path, monkeypatch):
    attempts = []

    def hang(address, timeout):
        attempts.append((address, timeout))
        time.sleep(8)
        raise OSError

    monkeypatch.setattr(places.socket, "create_connection", hang)
    started = time.monotonic()
    with pytest.raises(clients.UnreachableError, match="no connection within 3 seconds"):
        clients.download("http://nowhere.invalid/a", tmp_path / "a")
    assert 2.5 < time.monotonic() - started < 6
    with pytest.raises(clients.UnreachableError, match="not tried again before a restart"):
        clients.download("http://nowhere.invalid/b", tmp_path / "b")
    assert attempts == [(("nowhere.invalid", 80), 3)]


def test_a_server_that_answers_with_an_error_is_tried_again(cache, server, tmp_path):
    with pytest.raises(ConnectionError, match="answered 404"):
        clients.download(server.address + "a", tmp_path / "a")
    server.files["/a"] = b"now"
    clients.download(server.address + "a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"now"


@pytest.fixture
def called(monkeypatch):
    """Records the commands of package managers; they bring nothing but the file asked for."""
    commands = []

    def call(command, folder, client):
        commands.append([str(part) for part in command])
        (folder / "file").write_bytes(b"content")
        return "registry=http://registry.invalid/\nhttps-proxy=null\n"

    monkeypatch.setattr(clients, "_call", call)
    monkeypatch.setattr(clients, "_check_connection", lambda address, key: None)
    return commands


DIGEST = hashlib.sha256(b"content").hexdigest()


@pytest.mark.parametrize(
    ("client", "words"),
    [
        ("npm", ["pack", "--ignore-scripts", "name@1.0"]),
        ("pip", ["download", "--no-deps", "--only-binary=:all:", "name==1.0"]),
    ],
)
def test_a_package_is_brought_without_running_anything_of_it(
    cache, called, tmp_path, client, words
):
    package = Package(client, "name", "1.0", "file", 1, DIGEST)
    assert clients.fetch_package(package, tmp_path).read_bytes() == b"content"
    assert set(words) <= set(called[-1])


@pytest.mark.parametrize(
    ("file", "digest", "kind", "message"),
    [
        ("file", "0" * 64, ValueError, "file has the wrong checksum"),
        ("other", DIGEST, OSError, "brought no file other"),
    ],
)
def test_a_package_with_another_file_is_refused(
    cache, called, tmp_path, file, digest, kind, message
):
    with pytest.raises(kind, match=message):
        clients.fetch_package(Package("npm", "name", "1.0", file, 1, digest), tmp_path)


def test_npm_that_is_not_there_is_named(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "find_npm", lambda: None)
    with pytest.raises(clients.UnreachableError, match="npm is not installed"):
        clients.fetch_package(Package("npm", "name", "1.0", "file", 1), tmp_path)


def test_apt_reads_the_package_lists_into_our_own_folder_where_the_machine_has_none(
    cache, tmp_path, monkeypatch
):
    commands = []

    def call(command, folder, client):
        commands.append([str(part) for part in command])
        if len(commands) == 1:
            raise OSError("E: Unable to locate package")
        return "'http://archive.invalid/tiny.deb' tiny.deb 10"

    monkeypatch.setattr(clients, "_call", call)
    monkeypatch.setattr(clients.shutil, "which", lambda name: f"/usr/bin/{name}")
    clients._apt(SOURCES["fashion_mnist"].package, tmp_path)
    of_apt_get = [command for command in commands[1:] if command[0].endswith("apt-get")]
    assert [command[-1] for command in of_apt_get] == ["update", *["dataset-fashion-mnist"] * 2]
    for command in of_apt_get:
        assert any(
            part.startswith("-oDir::State::Lists=") and str(tmp_path) in part for part in command
        )


def run(code):
    return [sys.executable, "-c", code]


def test_what_a_client_says_last_is_the_reason_given(cache, tmp_path):
    code = "import sys; print('first', file=sys.stderr); sys.exit('last')"
    with pytest.raises(OSError, match="npm failed: last") as error:
        clients._call(run(code), tmp_path, "npm")
    assert not isinstance(error.value, clients.UnreachableError)


def test_a_client_without_network_is_not_called_again(cache, tmp_path):
    with pytest.raises(clients.UnreachableError, match="ENOTFOUND"):
        clients._call(run("import sys; sys.exit('error ENOTFOUND')"), tmp_path, "npm")
    with pytest.raises(clients.UnreachableError, match="not tried again"):
        clients.fetch_package(Package("npm", "name", "1.0", "file", 1), tmp_path)


def test_a_client_that_never_ends_is_ended(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(clients, "_CLIENT_SECONDS", 0.5)
    with pytest.raises(OSError, match=r"npm was ended after 0\.5 seconds"):
        clients._call(run("import time; time.sleep(60)"), tmp_path, "npm")


def test_a_client_on_a_full_disk_is_not_taken_for_one_without_network(cache, tmp_path):
    with pytest.raises(OSError, match="No space left") as error:
        clients._call(run("import sys; sys.exit('npm error ENOSPC ETIMEDOUT')"), tmp_path, "npm")
    assert not isinstance(error.value, clients.UnreachableError)

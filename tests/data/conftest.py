"""A tiny stand-in for MNIST, a server on loopback that has its files, and an empty cache."""

import contextlib
import dataclasses
import gzip
import http.server
import struct
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from cnn_tutorial import places
from cnn_tutorial.data import clients, decoding, sources


def _idx(array):
    header = struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def idx():
    """Function: array of bytes -> content of an IDX file."""
    return _idx


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, no mirror, no proxy, and nothing that was given up before."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CNN_TUTORIAL_DATA", str(folder))
    monkeypatch.delenv("CNN_TUTORIAL_MIRROR", raising=False)
    monkeypatch.setattr(places, "getproxies", dict)
    monkeypatch.setenv("no_proxy", "*")
    with clients.forgetting_failures():
        yield folder


@pytest.fixture
def server():
    """A web server on loopback: ``files`` (path -> bytes), ``cut`` (paths sent by half)."""
    state = SimpleNamespace(files={}, cut=set(), requests=[], delay=0)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            state.requests.append(self.path)
            content = state.files.get(self.path)
            threading.Event().wait(state.delay)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(
                    content[: len(content) // 2] if self.path in state.cut else content
                )

        def log_message(self, *arguments):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{running.server_port}/"
    yield state
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def closed_address(server):
    """An address on loopback where nothing listens."""
    with http.server.HTTPServer(("127.0.0.1", 0), None) as other:
        port = other.server_port
    return f"http://127.0.0.1:{port}/"


@pytest.fixture
def tiny(cache, server, monkeypatch):
    """The entry ``mnist`` replaced by 40 images of 28×28 that the server has, 20 of them train."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (40, 28, 28)).astype(np.uint8)
    labels = np.tile(np.arange(2), 20)
    files = {
        "train-images-idx3-ubyte.gz": gzip.compress(_idx(images[:20])),
        "train-labels-idx1-ubyte.gz": gzip.compress(_idx(labels[:20])),
        "t10k-images-idx3-ubyte.gz": gzip.compress(_idx(images[20:])),
        "t10k-labels-idx1-ubyte.gz": gzip.compress(_idx(labels[20:])),
    }
    server.files.update({f"/{name}": content for name, content in files.items()})
    source = dataclasses.replace(
        sources.SOURCES["mnist"],
        num_images=40,
        num_train=20,
        canonical={name: (server.address + name,) for name in files},
        checksum=decoding.checksum(images[..., np.newaxis], labels),
    )

    def no_package(package, folder):
        raise OSError("the package index is out of reach")

    monkeypatch.setitem(sources.SOURCES, "mnist", source)
    monkeypatch.setattr(clients, "_CLIENTS", dict.fromkeys(("npm", "pip", "apt"), no_package))

    def use(**changes):
        monkeypatch.setitem(
            sources.SOURCES, "mnist", dataclasses.replace(sources.SOURCES["mnist"], **changes)
        )

    return SimpleNamespace(
        images=images[..., np.newaxis], labels=labels, files=files, source=source, use=use
    )

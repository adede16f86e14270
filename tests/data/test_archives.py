import gzip
import io
import re
import shutil
import subprocess
import tarfile
import zipfile

import pytest

from cnn_tutorial.data import archives

PATTERN = re.compile(r"(?:^|/)(wanted\d?)(?:\.gz)?$")


def make_tar(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for member, content in members:
            member = tarfile.TarInfo(member) if isinstance(member, str) else member
            if content is not None:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content or b""))
    return path


def make_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def make_deb(path, members):
    root = path.parent / "deb"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: tiny\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: tiny\n"
    )
    for name, content in members:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    subprocess.run(["dpkg-deb", "--build", root, path], check=True, capture_output=True)
    return path


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.tgz", make_tar),
        ("a.tar.gz", make_tar),
        ("a.zip", make_zip),
        ("a.whl", make_zip),
        pytest.param(
            "a.deb",
            make_deb,
            marks=pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="not Debian"),
        ),
    ],
)
def test_every_kind_of_archive_gives_the_wanted_files_expanded(tmp_path, name, make):
    path = make(
        tmp_path / name,
        [("x/wanted1", b"one"), ("x/wanted2.gz", gzip.compress(b"two")), ("x/other", b"no")],
    )
    expected = {"wanted1": b"one", "wanted2": b"two"}
    assert archives.read_files(path, PATTERN) == expected
    # The same archive in a folder, beside a loose file.
    folder = tmp_path / "folder"
    folder.mkdir()
    path.rename(folder / name)
    (folder / "wanted3").write_bytes(b"three")
    assert archives.read_files(folder, PATTERN) == expected | {"wanted3": b"three"}


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_an_archive_with_names_that_climb_out_writes_nothing(tmp_path, make):
    inner = tmp_path / "inner"
    inner.mkdir()
    members = [("../../wanted1", b"evil"), ("/tmp/../wanted2", b"evil")]
    path = make(inner / ("a.zip" if make is make_zip else "a.tgz"), members)
    before = sorted(tmp_path.rglob("*"))
    archives.read_files(path, PATTERN)
    assert sorted(tmp_path.rglob("*")) == before


def test_links_in_an_archive_are_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    members = []
    for name, kind in [("wanted1", tarfile.SYMTYPE), ("wanted2", tarfile.LNKTYPE)]:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, str(secret)
        members.append((member, None))
    assert archives.read_files(make_tar(tmp_path / "a.tgz", members), PATTERN) == {}


@pytest.mark.parametrize("name", ["a.tgz", "a.zip", "a.deb"])
def test_a_cut_archive_is_a_value_error_that_names_it(tmp_path, name):
    if name == "a.deb" and not shutil.which("dpkg-deb"):
        pytest.skip("not Debian")
    make = {"a.tgz": make_tar, "a.zip": make_zip, "a.deb": make_deb}[name]
    path = make(tmp_path / name, [("wanted1", bytes(range(256)) * 100)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=f"{name} is not a whole archive"):
        archives.read_files(path, PATTERN)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_file_that_expands_beyond_measure_is_refused(tmp_path, monkeypatch, compress):
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 1000)
    path = make_zip(tmp_path / "a.zip", [("wanted1", compress(bytes(1001)))])
    with pytest.raises(ValueError, match=r"wanted1 .* more than any file of the book"):
        archives.read_files(path, PATTERN)
    path = make_zip(tmp_path / "b.zip", [("wanted1", compress(bytes(900)))])
    assert archives.read_files(path, PATTERN) == {"wanted1": bytes(900)}

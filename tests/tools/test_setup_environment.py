"""Making the environments: which Python is taken, what is said when it cannot be done."""

import ast
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

import setup_environment as environment  # noqa: E402
import setup_trouble as trouble  # noqa: E402

REAL = sys.executable
ALL = ("3.13", "3.12", "3.11")
# A stand-in for Python: it answers the probe, makes environments of itself, and plays pip with the
# lines and the exit status that the test lays beside it. What it was asked goes to the file asked.
FAKE = """#!{python} -IS
import os, sys, time
here = {here!r}
arguments = sys.argv[1:]
told = eval(open(os.path.join(here, "told")).read())
with open(os.path.join(here, "asked"), "a") as file:
    file.write(" ".join(arguments) + "\\n")
if arguments[0] == "-c":
    if not told["pip"]:
        print("no pip")
    print("version", *{version})
    print("path", os.path.join(here, "python"))
elif arguments[:2] == ["-m", "venv"]:
    os.makedirs(os.path.join(arguments[3], "bin"), exist_ok=True)
    with open(os.path.join(arguments[3], "pyvenv.cfg"), "w") as file:
        file.write("version = {dotted}\\n")
    if not os.path.exists(os.path.join(arguments[3], "bin", "python")):
        os.symlink(os.path.join(here, "python"), os.path.join(arguments[3], "bin", "python"))
elif arguments[2] == "install":
    print(told["says"], flush=True)
    time.sleep(told["takes"])
    if told["status"] < 0:
        os.kill(os.getpid(), -told["status"])
    sys.exit(told["status"])
"""


class Fake:
    """A stand-in for a Python installation, and what it was asked."""

    def __init__(self, folder, version):
        folder.mkdir()
        self.folder, self.path = folder, folder / "python"
        dotted = ".".join(map(str, version))
        text = FAKE.format(python=REAL, here=str(folder), version=version, dotted=dotted)
        self.path.write_text(text)
        self.path.chmod(0o755)
        self.tell()

    def tell(self, says="", status=0, takes=0, pip=True):
        """Say how its pip behaves from now on."""
        told = {"says": says, "status": status, "takes": takes, "pip": pip}
        (self.folder / "told").write_text(repr(told))

    def asked(self):
        """What it was called with since the last time."""
        file = self.folder / "asked"
        lines = file.read_text().splitlines() if file.exists() else []
        file.write_text("")
        return lines


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A function that makes a stand-in; the first one made is "the running Python"."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.delenv("PYTHON", raising=False)
    (tmp_path / "bin").mkdir()

    def make(version, name=None):
        made = Fake(tmp_path / f"python-{'.'.join(map(str, version))}", version)
        if name:
            (tmp_path / "bin" / name).symlink_to(made.path)
        else:
            monkeypatch.setattr(sys, "executable", str(made.path))
        return made

    return make


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small project to make an environment for."""
    root = tmp_path / "project"
    (root / "requirements").mkdir(parents=True)
    (root / "requirements" / "book.txt").write_text("# lock\none==1\ntwo==2\n")
    (root / "pyproject.toml").write_text('[project]\ndependencies = ["one"]\n\n[tool.x]\ny = 1\n')
    monkeypatch.setattr(environment, "ROOT", str(root))
    monkeypatch.setattr(environment, "PAUSE", 0.02)
    monkeypatch.setattr(environment.is_finished, "__defaults__", (str(root),))
    monkeypatch.setattr(environment.fingerprint, "__defaults__", (str(root),))
    return root


@pytest.mark.parametrize("name", ["setup_environment.py", "setup_trouble.py"])
def test_an_old_python_can_read_the_tool(name):
    ast.parse((TOOLS / name).read_text("utf-8"), feature_version=(3, 6))


def test_the_running_python_is_taken_first(fake):
    fake((3, 13, 1), "python3.13")
    running = fake((3, 11, 7))
    assert trouble.find_python(ALL) == (str(running.path), "3.11.7")


def test_another_one_is_taken_where_the_running_one_does_not_fit(fake):
    fake((3, 9, 2))
    fake((3, 11, 4), "python3.11")
    newest = fake((3, 12, 3), "python3.12")
    assert trouble.find_python(ALL) == (str(newest.path), "3.12.3")


def test_a_python_that_pyenv_has_and_not_switched_on_is_found(fake, tmp_path):
    fake((3, 9, 2))
    other = fake((3, 13, 1), "elsewhere")
    folder = tmp_path / "pyenv" / "versions" / "3.13.1" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(other.path)
    assert trouble.find_python(ALL) == (str(other.path), "3.13.1")


def test_the_python_that_is_asked_for_is_taken(fake):
    fake((3, 11, 7))
    wanted = fake((3, 13, 0), "mine")
    assert trouble.find_python(ALL, str(wanted.path)) == (str(wanted.path), "3.13.0")


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ((3, 9, 2), "Python 3.11 to 3.13 is needed; found here: 3.9.2, which is too old. Install"),
        ((3, 14, 0), "found here: 3.14.0, which is too new: TensorFlow has no build for it yet."),
    ],
)
def test_a_python_that_does_not_fit_is_named(fake, version, sentence):
    fake(version)
    with pytest.raises(trouble.Trouble) as error:
        trouble.find_python(ALL)
    assert sentence in str(error.value)


def test_a_python_that_does_not_run_is_named(fake, tmp_path):
    fake((3, 11, 7))
    with pytest.raises(trouble.Trouble, match="nowhere/python does not run"):
        trouble.find_python(ALL, str(tmp_path / "nowhere/python"))


def test_a_python_without_ensurepip_leads_to_debians_package(fake):
    fake((3, 11, 2)).tell(pip=False)
    with pytest.raises(trouble.Trouble, match=r"apt install python3-venv.*python3\.11-venv"):
        trouble.find_python(ALL)


def test_inside_an_environment_the_python_behind_it_is_taken():
    version, has_pip, path = trouble.probe(sys.executable)
    assert version == sys.version_info[:3]
    assert has_pip
    assert Path(path) != Path(sys.executable) or sys.prefix == sys.base_prefix


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "The disk is full"),
        ("[Errno 30] Read-only file system: '.venv'", "This folder cannot be written to"),
        ("SSLError(SSLCertVerificationError(1, ...", "A proxy or a certificate"),
        (
            "NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary "
            "failure in name resolution\nERROR: No matching distribution found for one==1",
            "The package index cannot be reached. Check the network",
        ),
        ("ERROR: No matching distribution found for one==1", "There is no build of one==1"),
        (
            "something new\nwent wrong",
            "The installation failed; it said last:\n    something new\n    went wrong",
        ),
    ],
)
def test_a_failed_command_ends_with_a_sentence_that_helps(tree, says, sentence):
    log = tree / "log"
    log.write_text("of an earlier command: No space left on device\n")
    command = ["sh", "-c", 'printf "%s\\n" "$0"; exit 1', says]
    progress = environment.Progress(io.StringIO())
    with pytest.raises(trouble.Trouble) as error:
        environment.run_logged(command, str(log), progress, lambda said: "", 1)
    assert str(error.value).startswith(sentence)
    assert str(error.value).endswith("\n  Everything it said: log")
    assert says in log.read_text()


def test_a_failed_installation_leaves_no_finished_environment(fake, tree, capsys):
    fake((3, 11, 7)).tell(says="No space left on device", status=1)
    assert environment.main(["book"]) == 1
    assert "The disk is full. Free 0.4 GB" in capsys.readouterr().err
    assert "No space" in (tree / "_build/logs/setup-book.log").read_text()
    assert not environment.is_finished("book")


def test_an_installation_that_is_killed_says_so_and_is_taken_up_again(fake, tree, capsys):
    python = fake((3, 11, 7))
    python.tell(says="Installing collected packages: one", status=-9)
    assert environment.main(["book"]) == 1
    assert "ended from outside (signal 9; often the memory is full)" in capsys.readouterr().err
    python.tell()
    assert environment.main(["book"]) == 0


def test_too_small_a_disk_is_noticed_before_anything_is_written(fake, tree, capsys, monkeypatch):
    fake((3, 11, 7))
    usage = type("usage", (), {"free": 1e8})
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: usage)
    assert environment.main(["book"]) == 1
    assert "The disk is full. Free 0.4 GB" in capsys.readouterr().err
    assert not (tree / ".venv-book").exists()


def test_a_second_run_does_nothing(fake, tree, capsys):
    python = fake((3, 11, 7))
    assert environment.main(["book"]) == 0
    assert "Making .venv-book with Python 3.11.7: at most 2 packages" in capsys.readouterr().out
    assert any("install --no-deps -r" in line for line in python.asked())
    assert environment.main(["book"]) == 0
    assert capsys.readouterr().out == ""
    assert python.asked() == []


@pytest.mark.parametrize("file", ["requirements/book.txt", "pyproject.toml"])
def test_a_changed_lock_or_declaration_completes_the_environment(fake, tree, capsys, file):
    fake((3, 11, 7))
    environment.main(["book"])
    text = (tree / file).read_text()
    (tree / file).write_text(text.replace("one", "another"))
    capsys.readouterr()
    assert environment.main(["book"]) == 0
    assert "Completing .venv-book" in capsys.readouterr().out


def test_a_changed_setting_of_a_tool_changes_nothing(fake, tree):
    fake((3, 11, 7))
    environment.main(["book"])
    path = tree / "pyproject.toml"
    path.write_text(path.read_text().replace("y = 1", "y = 2"))
    assert environment.is_finished("book")


def test_an_environment_that_was_moved_is_not_taken_for_finished(fake, tree):
    fake((3, 11, 7))
    environment.main(["book"])
    moved = tree.rename(tree.with_name("elsewhere"))
    assert not environment.is_finished("book", str(moved))


def test_another_python_makes_the_environment_anew(fake, tree, capsys, monkeypatch):
    fake((3, 11, 7))
    environment.main(["book"])
    other = fake((3, 12, 1), "mine")
    monkeypatch.setenv("PYTHON", str(other.path))
    assert environment.main(["book"]) == 0
    assert "Making .venv-book with Python 3.12.1" in capsys.readouterr().out


def test_an_interrupted_installation_is_taken_up_again(fake, tree, capsys, monkeypatch):
    python = fake((3, 11, 7))
    python.tell(says="Collecting one", takes=30)

    def interrupt(self, text):
        if text.startswith("collecting: 1"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(environment.Progress, "show", interrupt)
        assert environment.main(["book"]) == 130
    assert "it goes on from where it was" in capsys.readouterr().err
    python.tell()
    python.asked()
    assert environment.main(["book"]) == 0
    assert "Completing" in capsys.readouterr().out
    assert not any("-m venv" in line for line in python.asked())
    assert environment.is_finished("book")


def test_a_half_installed_package_is_forgotten_and_a_whole_one_kept(tmp_path):
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    for name in ("whole-1.dist-info", "half-1.dist-info"):
        (site / name).mkdir(parents=True)
        (site / name / "METADATA").touch()
    (site / "whole-1.dist-info" / "INSTALLER").touch()
    environment.forget_half_installed(str(tmp_path))
    assert os.listdir(site) == ["whole-1.dist-info"]


def test_progress_counts_what_pip_says(tmp_path):
    describe = environment.describe_pip(str(tmp_path), 5)
    said = "Ignoring three: markers do not match\nCollecting one\nRequirement already satisfied: t"
    assert describe(said) == "collecting: 2 of 4 packages"
    assert describe(said + "\nInstalling collected packages: one").startswith("installing: 0 of 4")


def test_progress_rewrites_a_terminals_line_and_writes_few_lines_elsewhere():
    terminal, file = io.StringIO(), io.StringIO()
    terminal.isatty = lambda: True
    for stream in (terminal, file):
        progress = environment.Progress(stream)
        for number in range(20):
            progress.show(f"collecting: {number} of 20 packages")
        progress.close()
    assert "\n" not in terminal.getvalue()
    assert terminal.getvalue().count("\r") == 21
    assert file.getvalue().count("\n") == 1


def test_an_unknown_environment_is_refused(capsys):
    assert environment.main(["bok"]) == 2
    assert "book|all|colab" in capsys.readouterr().err


def test_a_finished_environment_costs_less_than_a_fifth_of_a_second(fake, tree):
    fake((3, 11, 7))
    environment.main(["book"])
    times = []
    for _ in range(3):
        started = time.perf_counter()
        environment.main(["book"])
        times.append(time.perf_counter() - started)
    assert min(times) < 0.05  # the start of Python comes on top


@pytest.mark.slow
def test_pips_own_words_without_a_network_are_understood(tree, capsys, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "1")
    (tree / "requirements/book.txt").write_text("no-such-package-here==1\n")
    assert environment.main(["book"]) == 1
    assert "The package index cannot be reached" in capsys.readouterr().err


@pytest.mark.slow
def test_a_real_environment_is_made_and_made_again_at_no_cost(tree, capsys):
    (tree / "requirements/book.txt").write_text("# nothing\n")
    assert environment.main(["book"]) == 0
    python = tree / ".venv-book/bin/python"
    said = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, text=True)
    assert str(tree) in said.stdout
    capsys.readouterr()
    assert environment.main(["book"]) == 0
    assert capsys.readouterr().out == ""

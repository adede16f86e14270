"""Make one of the book's Python environments: `make book` and `make test` call this first.

    python3 tools/setup_environment.py book|all|colab

Standard library only, and in the syntax of Python 3.6, so that an old Python can still say that
it is too old. The stamp is written last: an interrupted installation is taken up again, a
finished one costs nothing.
"""

import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections import namedtuple

from setup_trouble import Trouble, cause, find_python, probe

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAUSE = 0.3  # seconds between two looks at how far pip has come
# The lock's file, whether the checkout goes on the path, what it takes, the Pythons that will do.
Set = namedtuple("Set", "folder lock with_package gigabytes minutes versions")
SETS = {
    "book": Set(".venv-book", "requirements/book.txt", False, 0.4, "1", ("3.13", "3.12", "3.11")),
    "all": Set(".venv", "requirements/all.txt", True, 4, "3 to 8", ("3.13", "3.12", "3.11")),
    "colab": Set(".venv-colab", "requirements/colab.txt", True, 4, "3 to 8", ("3.13",)),
}


def fingerprint(name, version, root=ROOT):
    """What an environment was made from: lock, declared dependencies, Python, place.

    The place belongs to it because an environment that was moved does not work.
    """
    folder, lock = SETS[name].folder, SETS[name].lock
    with open(os.path.join(root, "pyproject.toml"), encoding="utf-8") as file:
        declared = file.read().split("\n[tool.")[0]
    with open(os.path.join(root, lock), encoding="utf-8") as file:
        parts = [file.read(), declared, version, os.path.join(root, folder)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def installed_version(folder):
    """The Python version that an environment was made with, such as "3.11.7", or ""."""
    try:
        with open(os.path.join(folder, "pyvenv.cfg"), encoding="utf-8") as file:
            found = re.search(r"^version\s*=\s*(\S+)", file.read(), re.M)
    except OSError:
        return ""
    return found.group(1) if found else ""


def is_finished(name, root=ROOT):
    """Whether the stamp says that the environment is whole and up to date."""
    folder = os.path.join(root, SETS[name].folder)
    version = installed_version(folder)
    try:
        with open(os.path.join(folder, "stamp"), encoding="utf-8") as file:
            stamped = file.read()
    except OSError:
        return False
    runs = os.path.exists(os.path.join(folder, "bin", "python"))
    return runs and stamped == fingerprint(name, version, root)


def installed(folder):
    """The records of the packages that lie in an environment."""
    return glob.glob(os.path.join(folder, "lib", "python3*", "site-packages", "*.dist-info"))


def forget_half_installed(folder):
    """Remove the record of packages whose installation was cut off, so that pip does them again.

    pip takes a package for installed as soon as its .dist-info folder is there, and writes the
    file INSTALLER when all the other files are in place.
    """
    for record in glob.glob(
        os.path.join(folder, "lib", "python3*", "site-packages", "*.dist-info")
    ):
        if not os.path.exists(os.path.join(record, "INSTALLER")):
            shutil.rmtree(record)


def lay_path(folder):
    """Make the checkout importable in an environment, as an editable installation does."""
    for site in glob.glob(os.path.join(folder, "lib", "python3*", "site-packages")):
        with open(os.path.join(site, "cnn_tutorial.pth"), "w", encoding="utf-8") as file:
            file.write(ROOT + "\n")


class Progress:
    """One line that is rewritten on a terminal, a plain line now and then elsewhere."""

    def __init__(self, stream=sys.stdout, every=30):
        self.stream, self.every = stream, every
        self.on_terminal = stream.isatty()
        self.started = self.shown = time.time()
        self.text = ""

    def show(self, text):
        """Show what is being done, with the seconds it has taken."""
        now = time.time()
        if self.on_terminal:
            self.stream.write(f"\r  {text} ({now - self.started:.0f} s)\033[K")
        elif text.split(" ")[0] != self.text.split(" ")[0] or now - self.shown > self.every:
            self.stream.write(f"  {text} ({now - self.started:.0f} s)\n")
            self.shown = now
        self.stream.flush()
        self.text = text

    def close(self):
        """Leave the terminal's line empty."""
        if self.on_terminal:
            self.stream.write("\r\033[K")
            self.stream.flush()


def run_logged(command, log, progress, describe, gigabytes):
    """Run a command with its output in the log; raise `Trouble` with its cause if it fails."""
    environment = dict(os.environ, PYTHONUNBUFFERED="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    environment.update(PIP_NO_INPUT="1", PIP_PROGRESS_BAR="off", PIP_USER="0")
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX"):
        environment.pop(name, None)
    start = os.path.getsize(log)
    with open(log, "ab") as file:
        child = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, env=environment
        )
        try:
            while child.poll() is None:
                progress.show(describe(read_from(log, start)))
                time.sleep(PAUSE)
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
            progress.close()
    if child.returncode:
        said = read_from(log, start)
        sentence = cause(said, gigabytes=gigabytes)
        if sentence is None:
            lines = [line for line in said.strip().splitlines() if "is ignored: it is" not in line]
            last = "\n".join("    " + line[:160] for line in lines[-12:])
            sentence = "The installation failed; it said last:\n" + last
        if child.returncode < 0:
            sentence = (
                f"The installation was ended from outside (signal {-child.returncode}; often the "
                "memory is full). Run it again: it goes on from where it was."
            )
        raise Trouble(f"{sentence}\n  Everything it said: {os.path.relpath(log, ROOT)}")


def read_from(path, start):
    """The text of a growing file from byte ``start`` on."""
    with open(path, "rb") as file:
        file.seek(start)
        return file.read().decode("utf-8", "replace")


def describe_pip(folder, total):
    """A function that turns pip's output so far into a line of progress."""

    def describe(said):
        wanted = total - len(re.findall(r"^Ignoring ", said, re.M))
        if "Installing collected packages" in said:
            return f"installing: {min(wanted, len(installed(folder)))} of {wanted} packages"
        done = len(re.findall(r"^(?:Collecting|Requirement already satisfied)", said, re.M))
        return f"collecting: {done} of {wanted} packages"

    return describe


def is_usable(folder, version):
    """Whether an environment with this Python is there and can run pip."""
    python = os.path.join(folder, "bin", "python")
    if installed_version(folder) != version or not probe(python):
        return False
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.call([python, "-m", "pip", "--version"], **quiet) == 0


def make(name, program, version):
    """Create or complete an environment with the given Python."""
    chosen = SETS[name]
    folder, lock = os.path.join(ROOT, chosen.folder), os.path.join(ROOT, chosen.lock)
    with open(lock, encoding="utf-8") as file:
        total = sum(1 for line in file if re.match(r"\w", line))
    resumed = is_usable(folder, version)
    print(
        f"{'Completing' if resumed else 'Making'} {chosen.folder} with Python {version}: at most "
        f"{total} packages, {chosen.gigabytes} GB, about {chosen.minutes} min",
        flush=True,
    )
    if not resumed and shutil.disk_usage(ROOT).free < chosen.gigabytes * 1e9:
        raise Trouble(cause("No space left on device", gigabytes=chosen.gigabytes))
    log = os.path.join(ROOT, "_build", "logs", f"setup-{name}.log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "wb"):
        pass  # emptied: it tells of this time only
    progress = Progress()

    def run(command, describe):
        run_logged(command, log, progress, describe, chosen.gigabytes)

    if resumed:
        forget_half_installed(folder)
    else:
        run([program, "-m", "venv", "--clear", folder], lambda said: "creating the environment")
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip"]
    # The lock is complete and consistent: pip has nothing to resolve, `pip check` verifies it.
    run([*pip, "install", "--no-deps", "-r", lock], describe_pip(folder, total))
    if chosen.with_package:
        lay_path(folder)
    run([*pip, "check"], lambda said: "verifying")
    with open(os.path.join(folder, "stamp"), "w", encoding="utf-8") as file:
        file.write(fingerprint(name, version))
    print(f"  done in {time.time() - progress.started:.0f} s", flush=True)


def main(arguments):
    """Make the environment that is named; return the exit status."""
    if len(arguments) != 1 or arguments[0] not in SETS:
        print("usage: setup_environment.py " + "|".join(SETS), file=sys.stderr)
        return 2
    name = arguments[0]
    # Set by `make PYTHON=...`, not by the Makefile's default; Colab's set needs its own Python.
    wanted = os.environ.get("COLAB_PYTHON" if name == "colab" else "PYTHON")
    try:
        if not wanted and is_finished(name):
            return 0
        program, version = find_python(SETS[name].versions, wanted)
        same = installed_version(os.path.join(ROOT, SETS[name].folder)) == version
        if not (same and is_finished(name)):
            make(name, program, version)
    except Trouble as trouble:
        print("\n" + str(trouble), file=sys.stderr)
        return 1
    except OSError as error:
        sentence = cause(str(error), gigabytes=SETS[name].gigabytes) or str(error)
        print("\n" + sentence, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run it again: it goes on from where it was.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Write the lock files in requirements/ anew from pyproject.toml: `make lock`.

    python tools/lock.py [--upgrade]

book.txt is the group "book" alone, with the versions of all.txt. colab.txt is what the package
and its tests need on Google Colab, with the versions that Colab has (colab.in).
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMPILE = ["-m", "uv", "pip", "compile", "--quiet", "--no-annotate", "--no-emit-find-links"]
COMPILE += ["--custom-compile-command", "make lock"]
UNIVERSAL = "--universal --fork-strategy fewest --python-version 3.11"
LOCKS = {
    "requirements/all.txt": f"pyproject.toml --all-extras --group book --group test {UNIVERSAL}",
    "requirements/book.txt": f"--group book -c requirements/all.txt {UNIVERSAL}",
    "requirements/colab.txt": "pyproject.toml requirements/colab.in --extra jax "
    "--python-version 3.13 --python-platform x86_64-manylinux_2_28",
}


def main():
    """Write the three files; without --upgrade, versions change only where they must."""
    for name, arguments in LOCKS.items():
        command = [sys.executable, *COMPILE, *arguments.split(), "-o", name, *sys.argv[1:]]
        status = subprocess.call(command, cwd=ROOT)
        if status:
            return status
        lines = (ROOT / name).read_text("utf-8").splitlines()
        print(f"  {name}: {sum(line[:1].isalnum() for line in lines)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())

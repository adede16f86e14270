"""Prove that installing the package changes no other package.

`make release` runs it in the environment with Google Colab's versions.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def would_install(root=ROOT):
    """The names and versions that pip would install or replace beside the package itself."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = ["--dry-run", "--quiet", "--no-build-isolation", "--report", str(report)]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, str(root)], check=True)
        items = json.loads(report.read_text("utf-8"))["install"]
    found = {item["metadata"]["name"]: item["metadata"]["version"] for item in items}
    found.pop("cnn-tutorial", None)
    return found


def main():
    """Say what would change; the status is 1 if anything would."""
    found = would_install()
    for name, version in found.items():
        print(f"pip would install {name} {version}: mend its range in pyproject.toml")
    print("installing the package changes nothing else" if not found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())

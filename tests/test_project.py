"""The files around the book agree with each other: versions, commands, addresses, licences."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import build_book  # noqa: E402
import set_repo  # noqa: E402
import setup_environment  # noqa: E402
import stages  # noqa: E402
from new_notebook import repository_url  # noqa: E402

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[1].split()) - {"env-book", "env-all"}
COLAB = (ROOT / "requirements/colab.in").read_text("utf-8")
# Put together here, so that this file does not name them itself.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ["pypi", "org"],
        ["pythonhosted", "org"],
        ["npmjs", "org"],
        ["npmjs", "com"],
        ["debian", "org"],
    )
]
FORBIDDEN = {
    "a package registry's host": "|".join(re.escape(host) for host in REGISTRIES),
    "an e-mail address": r"(?<![\w.+-])[\w.+-]{1,64}@(?!example\.)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b",
    "a path of somebody's machine": r"(?<![\w.~])/(?:root/\.|home/(?!someone)\w+/"
    r"|Users/\w+/|tmp/tmp\w+/)",
}


def pins(name):
    """The versions that a lock file gives, by normalised name; a name can have several."""
    found = {}
    for line in (ROOT / "requirements" / name).read_text("utf-8").splitlines():
        if line[:1].isalnum() and "==" in line:
            package, version = re.match(r"([\w.-]+)==([\w.!+]+)", line).groups()
            found.setdefault(canonicalize_name(package), set()).add(version)
    return found


def declared():
    """Every requirement of pyproject.toml: the package's, its extras', the groups'."""
    project = PYPROJECT["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    lists += PYPROJECT["dependency-groups"].values()
    return [Requirement(text) for texts in lists for text in texts]


def own_files():
    """Every file that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip("not a git checkout")
    return [path for name in run.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def plans():
    """Every stage of every plan of tools/stages.py."""
    names = ("check", "test", "pages", "bench", "release")
    return [stage for name in names for stage in stages.plan(name)]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_the_lock_satisfies_every_declared_range(requirement):
    locked = pins("all.txt").get(canonicalize_name(requirement.name))
    assert locked, f"{requirement.name} is not in requirements/all.txt: run `make lock`"
    assert all(version in requirement.specifier for version in locked)


def test_the_lock_of_the_book_is_a_part_of_the_whole_one_and_holds_no_tensorflow():
    book, everything = pins("book.txt"), pins("all.txt")
    assert {name: everything.get(name) for name in book} == book
    assert not [name for name in book if re.match("tensorflow|keras|jax|numpy", name)]
    group = {Requirement(text).name for text in PYPROJECT["dependency-groups"]["book"]}
    assert group <= set(book)


@pytest.mark.parametrize("pin", re.findall(r"^\S+==\S+", COLAB, re.M))
def test_the_ranges_admit_what_colab_has(pin):
    name, version = pin.split("==")
    project = PYPROJECT["project"]
    texts = project["dependencies"] + project["optional-dependencies"]["jax"]
    ranges = [Requirement(text) for text in texts]
    assert all(version in wanted.specifier for wanted in ranges if wanted.name == name)
    # pandas, say, is named for the case that something else brings it.
    assert pins("colab.txt").get(canonicalize_name(name), {version}) == {version}


def test_colabs_lock_has_all_that_the_package_needs():
    needed = {Requirement(text).name for text in PYPROJECT["project"]["dependencies"]}
    assert needed <= set(pins("colab.txt"))


def test_locks_name_no_host_and_no_path():
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text("utf-8")
        assert not re.search(r"://|^-|@ ", text, re.M), path.name


def test_environment_yml_takes_its_packages_from_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    python, pip, listed = environment["dependencies"]
    minors = [f"3.{minor}" for minor in range(8, 20)]
    offered = [minor for minor in minors if minor in Requirement(python).specifier]
    wanted = SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert all(minor in wanted for minor in offered)
    assert set(offered) == set(setup_environment.SETS["all"].versions)
    assert pip == "pip"
    (package,) = listed["pip"]
    extras = re.fullmatch(r"-e \.\[([\w,]+)\]", package)[1].split(",")
    assert set(extras) == set(PYPROJECT["project"]["optional-dependencies"])


def test_classifiers_name_the_pythons_that_set_up_accepts():
    classifiers = PYPROJECT["project"]["classifiers"]
    named = {c.rsplit(" ", 1)[1] for c in classifiers if re.search(r":: 3\.\d+$", c)}
    assert named == set(setup_environment.SETS["all"].versions)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in own_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a network
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert not found


def test_no_file_names_the_folder_of_this_checkout():
    if len(ROOT.parts) < 3:
        pytest.skip("the folder's path is too short to be told from other text")
    assert [path.name for path in own_files() if str(ROOT).encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a package registry's host", f"https://{REGISTRIES[0]}/simple"),
        ("an e-mail address", "somebody" + "@" + "university.edu"),
        ("a path of somebody's machine", "open('" + "/home" + "/somebody/data')"),
    ],
)
def test_the_search_for_forbidden_text_finds_it(what, text):
    assert re.search(FORBIDDEN[what], text)


def test_make_help_lists_every_target():
    run = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  make (\S+)", run.stdout, re.M)) == TARGETS
    plain = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert plain.stdout == run.stdout


def test_make_says_a_sentence_where_python_is_missing():
    command = ["make", "book", "PYTHON=no-such-python"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "No program 'no-such-python' here: install Python 3.11 to 3.13" in run.stderr


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "book/setup.md"])
def test_the_commands_that_a_page_names_exist(name):
    text = (ROOT / name).read_text("utf-8")
    named = re.findall(r"(?:`|^)make ([a-z]+)", text, re.M)
    assert set(named) <= TARGETS
    tools = re.findall(r"python (tools/\w+\.py)", text)
    assert [tool for tool in tools if not (ROOT / tool).exists()] == []
    assert named or tools


def test_the_readme_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 60
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert len(links) > 3
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_stage_runs_a_file_that_exists():
    named = {part for _, command in plans() for part in command if part.endswith(".py")}
    assert "tools/build_book.py" in named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_make_test_runs_the_chapters_as_the_issue_says():
    commands = [" ".join(command) for _, command in stages.plan("test")]
    assert "python -m pytest -q --nbval notebooks" in commands
    assert "python -m ruff format --check ." in commands


def test_one_version_everywhere():
    version = re.search(r'__version__ = "(.+)"', (ROOT / "cnn_tutorial/__init__.py").read_text())[1]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == version
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    title = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["title"]
    assert citation["title"] == title
    assert (ROOT / "README.md").read_text("utf-8").startswith(f"# {title.split(':')[0]}\n")


def test_the_repositorys_address_is_the_same_everywhere():
    url = repository_url(ROOT / "_config.yml")
    found = set_repo.changes(url)
    assert [str(path.relative_to(ROOT)) for path in found] == []


def test_the_wheel_holds_the_whole_package_and_the_recorded_runs(tmp_path):
    wheel = build_book.lay_wheel(tmp_path, ROOT)
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("cnn_tutorial/")}
    there = {path.relative_to(ROOT).as_posix() for path in own_files()}
    results = {f"cnn_tutorial/_results/{Path(name).name}" for name in there if "/_results/" in name}
    assert results
    assert {name for name in there if name.startswith("cnn_tutorial/")} | results == packed


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=lambda p: p.stem
)
def test_workflows_pin_major_versions_and_ask_for_few_rights(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    assert workflow["permissions"]["contents"] == "read"
    for job in workflow["jobs"].values():
        assert job["timeout-minutes" if "steps" in job and "needs" not in job else "steps"]
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/none@v1"))

"""Which photographs are for training, for validation and for the test; chapter 31 explains it.

A photograph's place is read off a hash of its content, as off a die that always falls the same
way. No other file has a say in it, so a folder may grow, shrink and be renamed, and none of its
photographs moves from training to test. Where groups are given, their names decide: what stays
is what keeps its group's name (``group_duplicates`` may change it when a copy comes or goes).
"""

import hashlib
import numbers
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cnn_tutorial.data.checks import check_seed

SPLITS = ("train", "validation", "test")


def assign_splits(report, *, validation=0.1, test=0.1, groups=None, seed=0):
    """Train, validation or test for every photograph of a folder.

    With ``u = hash(seed, content) / 2^64``, which lies in ``[0, 1)``, a photograph is for the
    test if ``u < test``, for validation if ``u >= 1 - validation``, and for training otherwise:

    - adding, removing or renaming files moves no file whose group keeps its name, and a
      larger ``validation`` or ``test`` only takes from the training part;
    - exact copies are always together; whatever the classes are, each is cut at the same two
      numbers. Its shares are not exact but scatter as coin tosses do: of ``n`` photographs of a
      class ``n p`` are to be expected in a part with the share ``p``, give or take
      ``sqrt(n p (1 - p))``; of 500 and a tenth, 50 ± 7. With groups of ``m_g`` photographs it
      is the groups that are tossed: ``sqrt(p (1 - p) sum_g m_g^2)``; of 50 groups of ten, 50 ± 21.

    Where several photographs show the same thing (a patient, a scene, frames of a video), give
    ``groups``: the hash is then taken of the group's name, and whole groups are together.

    Args:
        report: ``FolderReport`` of ``scan_folder``.
        validation: float in [0, 1], the share for validation; 0 makes no such part.
        test: float in [0, 1], the share for the test; with ``validation`` at most 1.
        groups: what each photograph belongs to, a str or an int, or None for those that belong
            to nothing: a sequence as long as ``report.files``; a function of a file's path; or
            a dict from paths, whole or within the folder. None stands for no groups at all.
        seed: int, not negative; another seed makes other parts.

    Returns:
        Array (N,) of ``"train"``, ``"validation"`` and ``"test"``, in the order of
        ``report.files``.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if a share is out of range, or ``groups`` does not fit the files.

    Example:
        >>> from types import SimpleNamespace
        >>> report = SimpleNamespace(
        ...     path=".", files=["a.jpg", "b.jpg", "copy of a.jpg"], hashes=["2a", "3b", "2a"],
        ...     labels=np.array([0, 0, 0]), class_names=["cat"],
        ... )
        >>> assign_splits(report, validation=0, test=0.5)
        array(['test', 'train', 'test'], dtype='<U10')
    """
    check_shares(validation, test)
    check_seed(seed)
    keys = _find_keys(report, groups)
    places = np.array([_place(key, seed) for key in keys])
    splits = np.full(len(keys), "train", dtype="<U10")
    splits[places >= 1 - validation] = "validation"
    splits[places < test] = "test"
    shares = {"train": 1 - validation - test, "validation": validation, "test": test}
    _warn_of_missing_classes(report, splits, [name for name in SPLITS if shares[name] > 1e-9])
    if groups is not None:
        _warn_of_copies(report, splits)
    return splits


def check_split(split):
    """Raise ValueError unless ``split`` is one of ``SPLITS``."""
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}; received {split!r}")


def check_shares(validation, test):
    """Raise unless both are numbers from 0 to 1, together at most 1."""
    for name, share in {"validation": validation, "test": test}.items():
        if isinstance(share, (bool, np.bool_)) or not isinstance(share, numbers.Real):
            raise TypeError(f"{name} must be a number; received {type(share).__name__}: {share!r}")
        if not 0 <= share <= 1:
            raise ValueError(f"{name} must be a share from 0 to 1; received {share}")
    if validation + test > 1 + 1e-9:
        raise ValueError(
            f"validation and test must be at most 1 together; received {validation} and {test}"
        )


def _place(key, seed):
    """A number in [0, 1) that depends on nothing but the two."""
    digest = hashlib.sha256(f"{seed} {key}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _find_keys(report, groups):
    """What is hashed for each file: its group's name, or else its content."""
    contents = [f"content {content}" for content in report.hashes]
    if groups is None:
        return contents
    return [
        content if group is None else f"group {group}"
        for content, group in zip(contents, _find_groups(report, groups), strict=True)
    ]


def _find_groups(report, groups):
    if isinstance(groups, Mapping):
        by_path = {Path(report.path, path): group for path, group in groups.items()}
        paths = [Path(report.path, path) for path in report.files]
        missing = [path for path in paths if path not in by_path]
        if missing:
            raise ValueError(
                f"groups must name a group for every file; it has none for {len(missing)} of "
                f"{len(paths)}, the first {str(missing[0])!r}"
            )
        found = [by_path[path] for path in paths]
    elif callable(groups):
        found = [groups(path) for path in report.files]
    elif isinstance(groups, (Sequence, np.ndarray)) and not isinstance(groups, (str, bytes)):
        if len(groups) != len(report.files):
            raise ValueError(
                f"groups must be as long as report.files, {len(report.files)}; "
                f"received {len(groups)}"
            )
        found = list(groups)
    else:
        raise TypeError(
            "groups must be a sequence, a function of a path or a dict from paths; "
            f"received {type(groups).__name__}"
        )
    for group in found:
        if isinstance(group, (bool, np.bool_)) or not isinstance(
            group, (str, numbers.Integral, type(None))
        ):
            raise TypeError(f"each of groups must be a str, an int or None; received {group!r}")
    return found


def _warn_of_missing_classes(report, splits, wanted):
    gaps = []
    for label, name in enumerate(report.class_names):
        members = splits[np.asarray(report.labels) == label]
        missing = [split for split in wanted if not (members == split).any()]
        if missing:
            gaps.append(f"{name!r} ({len(members)} in all) has none in {' and '.join(missing)}")
    if gaps:
        warnings.warn(
            f"a class is not in every split: {'; '.join(gaps)}. Nothing can be learned or "
            "measured of it there; larger shares or another seed may help.",
            stacklevel=3,
        )


def _warn_of_copies(report, splits):
    where = {}
    for content, split in zip(report.hashes, splits, strict=True):
        where.setdefault(content, set()).add(str(split))
    torn = sum(len(found) > 1 for found in where.values())
    if torn:
        warnings.warn(
            f"{torn} photograph(s) have exact copies in groups that lie in different splits: "
            "put such groups together, or the test shows what was learned by heart.",
            stacklevel=3,
        )

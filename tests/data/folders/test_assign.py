import hashlib
import math
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_tutorial.data.folders import assign_splits

ROOT = Path("/photographs")


def make_report(contents, labels=None, names=None):
    """A report on files with these contents; by default of one class and named by number."""
    labels = np.zeros(len(contents), int) if labels is None else np.asarray(labels)
    class_names = tuple(f"class {label}" for label in range(max(labels, default=-1) + 1))
    names = [f"{number}.jpg" for number in range(len(contents))] if names is None else names
    return SimpleNamespace(
        path=ROOT,
        files=tuple(
            ROOT / class_names[label] / name for label, name in zip(labels, names, strict=True)
        ),
        labels=labels,
        class_names=class_names,
        hashes=np.array([hashlib.sha256(str(one).encode()).hexdigest() for one in contents]),
    )


def assign(*arguments, **settings):
    """Without the warning that a small folder earns."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="a class is not in every split")
        return assign_splits(*arguments, **settings).tolist()


def is_near(count, number, share):
    """Within four standard deviations: one run in 16,000 would not be, but the runs are fixed."""
    return abs(count - number * share) < 4 * math.sqrt(number * share * (1 - share))


contents = st.lists(st.integers(0, 30), min_size=1, max_size=30)


@given(contents, contents, st.integers(0, 2**40))
def test_no_file_moves_when_others_are_added_removed_or_renamed(some, more, seed):
    names = [f"{number}.jpg" for number in range(len(some))]
    renamed = [f"{number} added.jpg" for number in range(len(more))] + names[::-1]
    settings = {"validation": 0.3, "test": 0.3, "seed": seed}
    before = assign(make_report(some, names=names), **settings)
    after = assign(make_report(more + some, names=renamed), **settings)
    assert after[len(more) :] == before


@given(contents, st.integers(0, 2**40))
def test_exact_copies_are_in_one_split_whatever_their_class(some, seed):
    labels = [0] * len(some) + [1] * len(some)
    found = assign(make_report(some * 2, labels), validation=0.3, test=0.3, seed=seed)
    assert len(set(zip(some * 2, found, strict=True))) == len(set(some))


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from("abcde")), min_size=1), st.integers())
def test_a_group_is_in_one_split_and_stays_there(files, seed):
    some, groups = zip(*files, strict=True)
    settings = {"validation": 0.3, "test": 0.3, "seed": abs(seed) % 2**63}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*exact copies in groups")
        found = assign(make_report(some), groups=groups, **settings)
        alone = assign(make_report(some[:1]), groups=groups[:1], **settings)
    assert len(set(zip(groups, found, strict=True))) == len(set(groups))
    assert found[0] == alone[0]


@pytest.mark.parametrize("shares", [(0.1, 0.1), (0.2, 0.0), (0.0, 0.4), (0.5, 0.5), (0.3, 0.05)])
def test_the_shares_hold_on_10000_files_within_four_standard_deviations(shares):
    found = assign(make_report(range(10_000)), validation=shares[0], test=shares[1])
    expected = {"train": 1 - sum(shares), "validation": shares[0], "test": shares[1]}
    for split, share in expected.items():
        assert found.count(split) == 0 if share == 0 else is_near(found.count(split), 10_000, share)


def test_groups_scatter_as_the_docstring_says():
    sizes = [1, 4, 10] * 20
    groups = np.repeat(np.arange(60), sizes)
    report = make_report(range(len(groups)))
    counts = [
        assign(report, validation=0, test=0.2, groups=groups, seed=seed).count("test")
        for seed in range(400)
    ]
    expected = math.sqrt(0.2 * 0.8 * sum(size**2 for size in sizes))
    assert np.std(counts) == pytest.approx(expected, rel=0.15)  # four times 1 / sqrt(800)
    assert expected > 2 * math.sqrt(len(groups) * 0.2 * 0.8)
    assert np.mean(counts) == pytest.approx(0.2 * len(groups), abs=4 * expected / 20)


def test_every_class_is_cut_at_the_same_shares():
    labels = np.arange(10_000) % 10 // 9  # nine to one
    found = np.array(assign(make_report(range(10_000), labels), validation=0.2, test=0.1))
    for label in (0, 1):
        of_class = found[labels == label]
        assert is_near((of_class == "validation").sum(), len(of_class), 0.2)
        assert is_near((of_class == "test").sum(), len(of_class), 0.1)


def test_the_hash_is_the_one_that_the_docstring_names():
    report = make_report(["a"])
    digest = hashlib.sha256(f"5 content {report.hashes[0]}".encode()).digest()
    u = int.from_bytes(digest[:8], "big") / 2**64
    for test, expected in {u - 1e-9: "train", u + 1e-9: "test"}.items():
        assert assign(report, validation=0, test=test, seed=5) == [expected]
    for validation, expected in {1 - u - 1e-9: "train", 1 - u + 1e-9: "validation"}.items():
        assert assign(report, validation=validation, test=0, seed=5) == [expected]


def test_the_splits_never_change_from_one_version_to_the_next():
    found = assign(make_report(range(1000)))
    digest = hashlib.sha256(" ".join(found).encode()).hexdigest()
    assert digest[:16] == "35796b1d5ba9e67a"


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_larger_share_takes_from_the_training_part_only(validation, test, larger):
    report = make_report(range(200))
    before = assign(report, validation=validation, test=test)
    for name, kept in {
        "validation": ("validation", "test"),
        "test": ("test", "validation"),
    }.items():
        shares = {"validation": validation, "test": test}
        shares[name] = max(shares[name], larger)
        after = assign(report, **shares)
        assert all(a == b for b, a in zip(before, after, strict=True) if b in kept)


def test_another_seed_makes_other_splits():
    report = make_report(range(200))
    assert assign(report, seed=0) == assign(report, seed=0) != assign(report, seed=1)
    groups = [number // 4 for number in range(200)]
    assert assign(report, groups=groups) != assign(report, groups=groups, seed=1)


def test_everything_may_go_into_one_split():
    report = make_report(range(100))
    assert set(assign(report, validation=0, test=0)) == {"train"}
    assert set(assign(report, validation=0, test=1)) == {"test"}
    assert set(assign(report, validation=1, test=0)) == {"validation"}


def test_groups_may_be_a_sequence_a_function_or_a_dict_from_paths():
    report = make_report(range(60), names=[f"{number % 7} {number}.jpg" for number in range(60)])
    patients = [path.name.split()[0] for path in report.files]
    expected = assign(report, groups=patients, validation=0.3)
    assert len(set(expected)) > 1
    forms = [
        np.array(patients),
        [int(patient) for patient in patients],
        lambda path: path.name.split()[0],
        dict(zip(report.files, patients, strict=True)),
        dict(zip(map(str, report.files), patients, strict=True)),
        {
            path.relative_to(ROOT).as_posix(): one
            for path, one in zip(report.files, patients, strict=True)
        },
    ]
    for groups in forms:
        assert assign(report, groups=groups, validation=0.3) == expected


def test_a_file_without_a_group_goes_by_its_content():
    report = make_report(range(50))
    groups = [None] * 25 + ["together"] * 25
    found = assign(report, groups=groups, validation=0.3)
    assert found[:25] == assign(report, validation=0.3)[:25]
    assert len(set(found[:25])) > 1
    assert len(set(found[25:])) == 1


def test_a_group_that_is_named_like_a_hash_does_not_go_by_it():
    report = make_report(range(200))
    assert assign(report, groups=report.hashes.tolist()) != assign(report)


def test_a_class_that_is_missing_from_a_split_is_named():
    labels = [0] * 500 + [1]
    with pytest.warns(UserWarning, match="not in every split") as caught:
        found = assign_splits(make_report(range(501), labels), validation=0.2, test=0)
    (message,) = [str(one.message) for one in caught]
    missing = {"train", "validation"} - {found[-1]}
    assert f"'class 1' (1 in all) has none in {missing.pop()}." in message
    assert "class 0" not in message
    assert caught[0].filename == __file__


def test_a_split_that_was_not_asked_for_is_not_missed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assign_splits(make_report(range(3)), validation=0, test=0)
        assign_splits(make_report(range(3)), validation=0, test=1)
        assign_splits(make_report(range(500)), validation=0.9, test=0.1)


def test_copies_in_groups_that_lie_apart_are_a_warning():
    copies = make_report([0] * 20)
    with pytest.warns(UserWarning, match=r"1 photograph\(s\) have exact copies in groups"):
        assign_splits(copies, groups=range(20), validation=0.3, test=0.3)


def test_a_report_without_files_has_nothing_to_assign():
    assert assign(make_report([])) == []


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"validation": -0.1}, ValueError, "validation must be a share from 0 to 1; received -0.1"),
        ({"test": 1.5}, ValueError, "test must be a share from 0 to 1; received 1.5"),
        ({"test": math.nan}, ValueError, "test must be a share from 0 to 1; received nan"),
        ({"validation": 0.6, "test": 0.5}, ValueError, "at most 1 together; received 0.6 and 0.5"),
        ({"validation": True}, TypeError, "validation must be a number; received bool: True"),
        ({"test": "0.1"}, TypeError, "test must be a number; received str: '0.1'"),
        ({"seed": -1}, ValueError, "seed must be an int from 0 to .*; received -1"),
        ({"seed": 1.0}, TypeError, "seed must be an int; received float: 1.0"),
        ({"groups": ["a"]}, ValueError, "groups must be as long as report.files, 3; received 1"),
        ({"groups": "abc"}, TypeError, "groups must be a sequence, a function .* received str"),
        ({"groups": 3}, TypeError, "groups must be a sequence, a function .* received int"),
        ({"groups": [1, 2, 0.5]}, TypeError, "must be a str, an int or None; received 0.5"),
        ({"groups": [1, 2, True]}, TypeError, "must be a str, an int or None; received True"),
        ({"groups": lambda path: []}, TypeError, r"must be a str, an int or None; received \[\]"),
        ({"groups": {"class 0/0.jpg": 1}}, ValueError, "none for 2 of 3, the first .*1.jpg"),
    ],
)
def test_bad_input_is_named(settings, error, message):
    with pytest.raises(error, match=message):
        assign_splits(make_report(range(3)), **settings)

import hashlib

import numpy as np
import pytest

from cnn_tutorial import data
from cnn_tutorial.data.splits import SPLITS, balanced_subset, split_indices

CASES = {
    "official": {"labels": np.arange(230) % 10, "num_train": 170, "by_class": False},
    "cut": {"labels": np.arange(203) % 10, "num_train": None, "by_class": False},
    "people": {"labels": np.repeat(np.arange(40), 10), "num_train": None, "by_class": True},
}


def indices(case, split):
    arguments = CASES[case]
    return split_indices(
        arguments["labels"],
        split,
        num_train=arguments["num_train"],
        by_class=arguments["by_class"],
    )


@pytest.mark.parametrize("case", CASES)
def test_the_three_parts_are_disjoint_and_together_the_whole_set(case):
    parts = [indices(case, split) for split in ("train", "validation", "test")]
    together = np.sort(np.concatenate(parts))
    np.testing.assert_array_equal(together, np.arange(len(CASES[case]["labels"])))


@pytest.mark.parametrize("case", CASES)
def test_train_plus_validation_is_train_and_validation_in_the_order_of_the_set(case):
    both = np.concatenate([indices(case, "train"), indices(case, "validation")])
    np.testing.assert_array_equal(indices(case, "train+validation"), np.sort(both))


def test_the_official_test_part_is_what_follows_the_official_training_part():
    np.testing.assert_array_equal(indices("official", "test"), np.arange(170, 230))


def test_validation_is_every_tenth_image_of_each_class():
    labels = CASES["official"]["labels"]
    # 17 training images a class: the tenth of each, and no twentieth.
    np.testing.assert_array_equal(indices("official", "validation"), np.arange(90, 100))
    assert (np.bincount(labels[indices("official", "validation")]) == 1).all()


def test_a_set_without_official_parts_is_cut_70_10_20_in_every_class():
    labels = np.arange(200) % 10
    for split, count in {"train": 14, "validation": 2, "test": 4}.items():
        chosen = split_indices(labels, split, num_train=None)
        assert (np.bincount(labels[chosen]) == count).all()


def test_no_person_is_in_two_parts():
    labels = CASES["people"]["labels"]
    people = {split: set(labels[indices("people", split)].tolist()) for split in SPLITS}
    assert [len(people[split]) for split in SPLITS] == [28, 4, 32, 8]
    assert not people["train+validation"] & people["test"]
    assert not people["train"] & people["validation"]


@pytest.mark.parametrize(
    ("split", "digest"),
    [
        ("train", "28b54fe2cff3cf32"),
        ("validation", "07e49dd8ab1d8d38"),
        ("train+validation", "28d0953fecdb870a"),
        ("test", "a0c2c007812bc872"),
    ],
)
def test_the_parts_of_digits_never_change(cache, split, digest):
    images, labels = data.load("digits", split=split)
    found = hashlib.sha256(images.tobytes() + labels.astype("<i8").tobytes()).hexdigest()
    assert found[:16] == digest


def test_without_a_limit_the_seed_changes_nothing(cache):
    first, second = data.load("digits", seed=0), data.load("digits", seed=1)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_with_a_limit_the_seed_decides_which_images(cache):
    first, again, other = (data.load("digits", limit=50, seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(np.sort(first, axis=0), np.sort(other, axis=0))


@pytest.mark.parametrize("limit", [10, 25, 100])
def test_a_limit_takes_as_many_of_each_class_as_of_any_other(limit):
    labels = np.random.default_rng(0).integers(0, 10, 1000)
    counts = np.bincount(labels[balanced_subset(labels, limit, seed=0)], minlength=10)
    assert counts.sum() == limit
    assert counts.max() - counts.min() <= 1


def test_a_class_that_runs_out_is_made_up_for_by_the_others():
    labels = np.repeat([0, 1, 2], [2, 10, 10])
    chosen = balanced_subset(labels, 14, seed=0)
    np.testing.assert_array_equal(np.bincount(labels[chosen]), [2, 6, 6])
    assert len(set(chosen.tolist())) == 14


def test_a_smaller_limit_takes_a_part_of_what_a_larger_one_takes():
    labels = np.random.default_rng(0).integers(0, 10, 1000)
    small, large = (set(balanced_subset(labels, limit, 7).tolist()) for limit in (30, 90))
    assert small < large


def test_a_limit_chooses_independently_in_each_class():
    labels = np.repeat([0, 1], 50)
    chosen = balanced_subset(labels, 20, seed=0)
    ranks = [set((chosen[labels[chosen] == label] - 50 * label).tolist()) for label in (0, 1)]
    assert ranks[0] != ranks[1]


def test_a_limited_set_is_not_sorted_by_class(cache):
    _, labels = data.load("digits", limit=100)
    assert (np.diff(labels) < 0).any()


def test_images_and_labels_have_the_promised_types_and_shapes(cache):
    images, labels = data.load("digits", split="validation", limit=20)
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    assert images.shape == (20, 8, 8, 1)
    assert images.max() == 255


def test_unknown_split_is_refused_with_the_list_of_splits(cache):
    with pytest.raises(ValueError, match=r"split must be one of train, validation.*received 'val'"):
        data.load("digits", split="val")


@pytest.mark.parametrize("limit", [9, 10**6])
def test_a_limit_out_of_range_is_refused_with_the_range(cache, limit):
    with pytest.raises(ValueError, match=rf"limit must be from 10 .* to 1266 .*received {limit}"):
        data.load("digits", limit=limit)


@pytest.mark.parametrize("wrong", [1.5, "20", True, [20]])
@pytest.mark.parametrize("argument", ["limit", "seed"])
def test_a_limit_or_seed_that_is_no_int_is_refused(cache, argument, wrong):
    with pytest.raises(TypeError, match=f"{argument} must be an int; received"):
        data.load("digits", **{argument: wrong})


@pytest.mark.parametrize(("argument", "value"), [("seed", -1), ("limit", 0), ("limit", -1)])
def test_a_negative_seed_and_no_images_at_all_are_refused(cache, argument, value):
    with pytest.raises(ValueError, match=rf"{argument} must be an int from \d; received {value}"):
        data.load("digits", **{"limit": 20, argument: value})


def test_a_numpy_integer_is_a_limit(cache):
    assert len(data.load("digits", limit=np.int64(20))[0]) == 20

import json
from types import SimpleNamespace

import numpy as np
import pytest

from cnn_tutorial.training import attributes


def through_json(plain):
    """What comes back from a checkpoint."""
    tree, arrays = attributes.split_arrays(plain, "memory")
    return attributes.join_arrays(json.loads(json.dumps(tree)), arrays)


def test_plain_attributes_come_back_and_others_are_left_alone():
    function = print
    thing = SimpleNamespace(
        wait=3,
        best=np.float32(0.25),
        name="a",
        none=None,
        weights=[np.ones(2), np.zeros((1, 2), np.int64)],
        history={"loss": [0.1, 0.2]},
        function=function,
        mixed=[1, function],
        params={"epochs": 3},
    )
    plain = through_json(attributes.take_plain(thing))
    assert plain.keys() == {"wait", "best", "name", "none", "weights", "history"}
    other = SimpleNamespace(function="kept", wait=0, best=None)
    attributes.put_plain(other, plain)
    assert (other.wait, float(other.best), other.name, other.none) == (3, 0.25, "a", None)
    np.testing.assert_array_equal(other.weights[0], np.ones(2))
    assert other.weights[1].dtype == np.int64
    assert other.history == {"loss": [0.1, 0.2]}
    assert other.function == "kept"


def test_arrays_that_were_taken_do_not_change_with_the_object():
    thing = SimpleNamespace(order=np.arange(3), history={"loss": [1.0]})
    plain = attributes.take_plain(thing)
    thing.order[0] = 9
    thing.history["loss"].append(2.0)
    assert plain["order"].tolist() == [0, 1, 2]
    assert plain["history"] == {"loss": [1.0]}


def test_a_generator_goes_on_where_it_was():
    thing = SimpleNamespace(rng=np.random.default_rng(3))
    thing.rng.random(5)
    plain = through_json(attributes.take_plain(thing))
    expected = thing.rng.random(4)
    other = SimpleNamespace(rng=np.random.default_rng(8))
    attributes.put_plain(other, plain)
    np.testing.assert_array_equal(other.rng.random(4), expected)


def test_a_dict_that_would_be_taken_for_an_array_is_left_out_and_named():
    marked = {attributes._MARK: "cifar"}
    thing = SimpleNamespace(settings=marked, nested=[{"a": marked}], wait=3)
    assert through_json(attributes.take_plain(thing)) == {"wait": 3}
    assert attributes.find_opaque(thing) == ["settings", "nested"]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b"}),
        ({"a": None}, {"a": [np.ones(1)]}, {"a"}),
        ({"a": [np.ones(1)]}, {"a": [np.ones(1)]}, set()),
        ({"a": {"b": [1]}}, {"a": {"b": [1, 2]}}, {"a"}),
        ({}, {"a": 1}, {"a"}),
        ({"a": np.zeros(2)}, {"a": np.zeros(3)}, {"a"}),
    ],
)
def test_only_what_changed_is_found(before, after, changed):
    assert attributes.find_changes(before, after).keys() == changed

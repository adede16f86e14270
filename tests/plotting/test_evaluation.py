"""plotting.evaluation: what is drawn, read back from the figure's own artists."""

import numpy as np
import pytest

from cnn_tutorial import plotting

CURVE = (np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.75, 1.0]))


def test_plot_confusion_writes_the_counts_and_colours_by_share_of_the_row():
    (axes,) = plotting.plot_confusion(np.array([[3, 1], [0, 2000]]), ["cat", "dog"]).axes
    assert [text.get_text() for text in axes.texts] == ["3", "1", "0", "2,000"]
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0, 1]]
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == ["cat", "dog"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


def test_plot_confusion_takes_shares_empty_rows_and_no_names():
    (axes,) = plotting.plot_confusion(np.array([[0.5, 0.5], [0.0, 0.0]])).axes
    assert [text.get_text() for text in axes.texts] == ["0.50", "0.50", "0.00", "0.00"]
    assert axes.images[0].get_array()[1].tolist() == [0, 0]
    assert axes.get_xticklabels()[1].get_text() == "1"


def test_plot_confusion_of_many_classes_leaves_the_numbers_out():
    (axes,) = plotting.plot_confusion(np.eye(100, dtype=int)).axes
    assert not axes.texts


@pytest.mark.parametrize(
    ("matrix", "names", "says"),
    [
        (np.zeros((2, 3)), None, r"shape \(K, K\); received \(2, 3\)"),
        (np.zeros((0, 0)), None, r"received \(0, 0\)"),
        (np.array([[1, -1], [0, 1]]), None, "at least 0; received -1"),
        (np.full((2, 2), np.nan), None, "at least 0; received nan"),
        (np.eye(2), ["a"], "one for each of 2 classes; received 1"),
    ],
)
def test_plot_confusion_refuses_what_it_cannot_draw(matrix, names, says):
    with pytest.raises(ValueError, match=says):
        plotting.plot_confusion(matrix, names)


def test_plot_rates_draws_curves_on_the_left_and_steps_on_the_right():
    found = plotting.plot_rates({"a": CURVE, "b": CURVE}, {"a": CURVE[::-1], "b": CURVE})
    left, right = found.axes
    assert [line.get_label() for line in left.lines] == ["a", "b", "chance"]
    np.testing.assert_array_equal(left.lines[0].get_xydata(), np.column_stack(CURVE))
    np.testing.assert_array_equal(right.lines[0].get_xydata(), np.column_stack(CURVE[::-1]))
    assert {line.get_drawstyle() for line in right.lines} == {"steps-post"}
    assert left.lines[0].get_linestyle() != left.lines[1].get_linestyle()


@pytest.mark.parametrize(("roc", "steps"), [({}, {}), ({"a": CURVE}, {"b": CURVE})])
def test_plot_rates_wants_the_same_curves_on_both_sides(roc, steps):
    with pytest.raises(ValueError, match="must hold the same curves, at least one; received"):
        plotting.plot_rates(roc, steps)


def test_plot_reliability_draws_bars_dots_and_counts_of_the_filled_bins():
    figure = plotting.plot_reliability(
        [np.nan, 0.25, 0.75], [np.nan, 0.5, 0.75], [0, 8, 4], [0, 0.25, 0.5, 1]
    )
    above, below = figure.axes
    assert [bar.get_height() for bar in above.patches] == [0.25, 0.75]
    assert [bar.get_x() for bar in above.patches] == [0.25, 0.5]
    assert [bar.get_width() for bar in above.patches] == [0.25, 0.5]
    assert [bar.get_height() for bar in below.patches] == [8, 4]
    assert above.lines[1].get_xydata().tolist() == [[0.5, 0.5], [0.75, 0.75]]


def test_plot_reliability_refuses_lengths_that_do_not_fit():
    with pytest.raises(ValueError, match=r"edges one more; received \(2,\), \(2,\), \(2,\) and"):
        plotting.plot_reliability([0, 1], [0, 1], [1, 1], [0, 1])

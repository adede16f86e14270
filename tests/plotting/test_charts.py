"""plotting.charts: what is drawn, read back from the figure's own artists."""

import numpy as np
import pytest

from cnn_tutorial import plotting


def written(axes):
    return [text.get_text() for text in axes.texts]


def test_plot_learning_curves_draws_training_validation_and_baseline():
    history = {"loss": [2, 1], "val_loss": [2, 1.5], "mae": [3, 2], "val_mae": [4, 3]}
    figure = plotting.plot_learning_curves(history, metric="mae", baseline=("bar", 2.5))
    loss, mae = figure.axes
    assert [list(line.get_ydata()) for line in loss.lines] == [[2, 1], [2, 1.5]]
    assert [list(line.get_ydata()) for line in mae.lines] == [[3, 2], [4, 3], [2.5, 2.5]]
    assert list(loss.lines[0].get_xdata()) == [1, 2]
    assert mae.get_ylabel() == "mae"


def test_plot_learning_curves_says_which_curve_is_missing():
    with pytest.raises(ValueError, match="missing: accuracy; received loss"):
        plotting.plot_learning_curves({"loss": [1.0]})


def test_plot_bars_writes_values_in_the_form_asked_for():
    figure = plotting.plot_bars({"a": 1.25, "b": 3}, xlabel="s", form="{:.2f}", highlight="b")
    axes = figure.axes[0]
    assert [bar.get_width() for bar in axes.patches] == [1.25, 3]
    assert written(axes) == ["1.25", "3.00"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.patches[0].get_facecolor() != axes.patches[1].get_facecolor()


@pytest.mark.parametrize("values", [{}, {"a": -1}, {"a": float("nan")}])
def test_plot_bars_refuses_values_that_are_no_length(values):
    with pytest.raises(ValueError, match="finite numbers of at least 0"):
        plotting.plot_bars(values, xlabel="s")


def test_plot_bars_refuses_to_highlight_a_name_that_is_not_there():
    with pytest.raises(ValueError, match="highlight must be one of"):
        plotting.plot_bars({"a": 1}, xlabel="s", highlight="b")


def test_plot_lines_draws_each_curve_over_its_own_or_the_common_axis():
    series = {"a": [1, 2, 3], "b": (np.array([5, 7]), np.array([0.5, 0.25]))}
    figure = plotting.plot_lines(series, x=[10, 20, 30], xlabel="s", ylabel="m", heading="two")
    (axes,) = figure.axes
    assert [list(line.get_xdata()) for line in axes.lines] == [[10, 20, 30], [5, 7]]
    assert [list(line.get_ydata()) for line in axes.lines] == [[1, 2, 3], [0.5, 0.25]]
    assert (axes.get_xlabel(), axes.get_ylabel(), figure.get_suptitle()) == ("s", "m", "two")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]
    assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()


def test_plot_lines_counts_from_zero_without_x_and_needs_no_legend_for_one():
    figure = plotting.plot_lines({"a": [3, 1]}, xlabel="step", ylabel="loss")
    assert list(figure.axes[0].lines[0].get_xdata()) == [0, 1]
    assert not figure.legends


def test_plot_lines_takes_logarithmic_axes_and_markers():
    labels = {"xlabel": "x", "ylabel": "y"}
    plain = plotting.plot_lines({"a": [1, 2]}, **labels).axes[0]
    scaled = plotting.plot_lines({"a": [1, 2]}, logx=True, logy=True, markers=True, **labels).axes[
        0
    ]
    assert (plain.get_xscale(), plain.get_yscale()) == ("linear", "linear")
    assert (scaled.get_xscale(), scaled.get_yscale()) == ("log", "log")
    assert plain.lines[0].get_marker() in ("None", None)
    assert scaled.lines[0].get_marker() == "o"


@pytest.mark.parametrize(
    ("series", "says"),
    [({}, "at least one curve"), ({"a": ([1, 2], [1, 2, 3])}, r"'a'.*received shapes \(2,\)")],
)
def test_plot_lines_refuses_what_it_cannot_draw(series, says):
    with pytest.raises(ValueError, match=says):
        plotting.plot_lines(series, xlabel="x", ylabel="y")


def bowl(x, y):
    return x**2 + 3 * y**2


def test_plot_paths_draws_the_paths_on_the_contours_of_the_function():
    paths = {"a": np.array([[1.0, 1.0], [0.5, 0.0]]), "b": np.array([[1.0, 1.0], [0.0, 0.25]])}
    figure = plotting.plot_paths(bowl, paths, xlim=(-2, 2), ylim=(-1, 1.5), minimum=(0, 0.125))
    (axes,) = figure.axes
    for line, path in zip(axes.lines, paths.values(), strict=False):
        np.testing.assert_array_equal(line.get_xydata(), path)
    assert axes.lines[-1].get_xydata().tolist() == [[0, 0.125]]
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2, 2), (-1, 1.5))
    # On a contour line the function has one value.
    (contours,) = axes.collections
    for level in contours.get_paths():
        heights = bowl(*level.vertices.T)
        if len(heights) > 20:
            np.testing.assert_allclose(heights, heights[0], rtol=0.05, atol=0.01)


def test_plot_paths_without_a_minimum_draws_no_star():
    figure = plotting.plot_paths(bowl, {"a": [[1, 1], [0, 0]]}, xlim=(-1, 1), ylim=(-1, 1))
    assert "*" not in [line.get_marker() for line in figure.axes[0].lines]


@pytest.mark.parametrize(
    ("paths", "says"),
    [({}, "at least one path"), ({"a": np.zeros((4, 3))}, r"\(steps, 2\); received \(4, 3\)")],
)
def test_plot_paths_refuses_what_it_cannot_draw(paths, says):
    with pytest.raises(ValueError, match=says):
        plotting.plot_paths(bowl, paths, xlim=(-1, 1), ylim=(-1, 1))


POINTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def test_plot_regions_paints_the_answers_and_marks_the_points():
    def right_half(points):
        return (points[:, 0] > 0.5).astype(int)

    def upper_half(points):
        return (points[:, 1] > 0.5).astype(int)

    labels = np.array([0, 1, 1, 0])
    figure = plotting.plot_regions([right_half, upper_half], POINTS, labels, titles=["x", "y"])
    first, second = (axes.images[0].get_array() for axes in figure.axes)
    assert (first[:, -1] == 1).all()
    assert (first[:, 0] == 0).all()
    np.testing.assert_array_equal(second, first.T)
    drawn = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert drawn == [POINTS[labels == 0].tolist(), POINTS[labels == 1].tolist()]
    assert [axes.get_title() for axes in figure.axes] == ["x", "y"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"points": np.zeros((4, 3))}, r"points must have shape \(N, 2\)"),
        ({"points": np.zeros((0, 2)), "labels": []}, r"points must have shape \(N, 2\)"),
        ({"classify": []}, "classify must hold at least one classifier"),
        ({"labels": [0, 1]}, r"received \(4, 2\) and \(2,\)"),
        ({"labels": [0, 1, 2, 4]}, "from 0 to 3; received"),
        ({"labels": [0, 1, 0.5, 0]}, "ints"),
        ({"titles": ["a", "b"]}, "titles must be as many"),
    ],
)
def test_plot_regions_refuses_what_it_cannot_draw(arguments, says):
    zeros = {"classify": lambda points: np.zeros(len(points), int)}
    with pytest.raises(ValueError, match=says):
        plotting.plot_regions(**{**zeros, "points": POINTS, "labels": [0, 1, 1, 0], **arguments})


def test_plot_regions_of_one_point_shows_its_surroundings():
    figure = plotting.plot_regions(lambda points: np.zeros(len(points), int), [[3.0, 5.0]], [0])
    assert (figure.axes[0].get_xlim(), figure.axes[0].get_ylim()) == ((2, 4), (4, 6))

import pytest

from cnn_tutorial.plotting import plot_graph

BOXES = {"a": (0, 0, 3, -6.5), "b": (0, 1, 2, 4), "a·b": (1, 0.5, 6, 1)}


def texts(figure):
    return {text.get_text(): text.get_position() for text in figure.axes[0].texts}


def test_the_value_stands_above_its_box_and_what_arrives_below():
    placed = texts(plot_graph(BOXES, []))
    assert placed["a·b"] == (1, 0.5)
    for name, value, gradient in [("a", "3", "−6.5"), ("b", "2", "4"), ("a·b", "6", "1")]:
        x, y = placed[name]
        assert placed[value][0] == placed[gradient][0] == x
        assert placed[value][1] > y > placed[gradient][1]


def test_a_zero_has_no_sign():
    assert {"0", "1"} < set(texts(plot_graph({"a": (0, 0, 1, -0.0)}, [])))


def test_every_arrow_leads_from_its_first_box_to_its_second():
    axes = plot_graph(BOXES, [("a", "a·b"), ("b", "a·b")]).axes[0]
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    ends = [(arrow.xyann, arrow.xy) for arrow in arrows]
    assert ends == [((0, 0), (1, 0.5)), ((0, 1), (1, 0.5))]


def test_all_boxes_lie_inside_the_picture():
    axes = plot_graph(BOXES, []).axes[0]
    for x, y, *_ in BOXES.values():
        assert axes.get_xlim()[0] < x < axes.get_xlim()[1]
        assert axes.get_ylim()[0] < y - 0.4 < y + 0.4 < axes.get_ylim()[1]


@pytest.mark.parametrize(
    ("boxes", "arrows", "message"),
    [
        ({}, [], "boxes must hold at least one box"),
        ({"a": (0, 0, 1)}, [], r"boxes\['a'\] must be \(x, y, value, gradient\); received"),
        (BOXES, [("a", "c")], "arrows must join boxes of .*; received c"),
    ],
)
def test_bad_arguments_are_refused(boxes, arrows, message):
    with pytest.raises(ValueError, match=message):
        plot_graph(boxes, arrows)

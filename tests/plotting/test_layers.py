"""plotting.plot_layers: lengths read back from the drawn blocks, and what can be read."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cnn_tutorial import models, plotting
from cnn_tutorial.plotting.width import WIDTH


def make_summary(*rows):
    """Rows from (name, kind, shape) or (name, kind, shape, inputs); the default is a chain."""
    made = []
    for name, kind, shape, *inputs in rows:
        before = (made[-1].name,) if made else ()
        row = {"name": name, "kind": kind, "output_shape": shape}
        row |= {"inputs": inputs[0] if inputs else before, "is_pointwise": kind == "ReLU"}
        made.append(SimpleNamespace(**row))
    return SimpleNamespace(rows=tuple(made))


CHAIN = (
    ("images", "Input", (40, 30, 3)),
    ("conv", "Conv2D", (20, 15, 60)),
    ("relu", "ReLU", (20, 15, 60)),
    ("flatten", "Flatten", (18000,)),
    ("dense", "Dense", (120,)),
    ("logits", "Dense", (10,)),
)


def face(figure, name):
    """(across, up) of the two edges of a face from its first corner, by its name."""
    (patch,) = [patch for patch in figure.axes[0].patches if patch.get_gid() == name]
    first, second, _, last = patch.get_xy()[:4]
    return second - first, last - first


def length(figure, name):
    return face(figure, f"{name}: front")[0][0]


def height(figure, name):
    return -face(figure, f"{name}: front")[1][1]


def drawn(figure):
    gids = [patch.get_gid() for patch in figure.axes[0].patches]
    return [gid.removesuffix(": front") for gid in gids if gid.endswith(": front")]


def arrows(figure):
    gids = [text.get_gid() for text in figure.axes[0].texts]
    return sorted(gid for gid in gids if gid)


def test_height_width_and_channels_are_to_scale():
    figure = plotting.plot_layers(make_summary(*CHAIN))
    assert height(figure, "images") == pytest.approx(2 * height(figure, "conv"))
    assert length(figure, "conv") == pytest.approx(20 * length(figure, "images"))
    assert length(figure, "dense") == pytest.approx(2 * length(figure, "conv"))
    assert length(figure, "logits") == pytest.approx(length(figure, "dense") / 12)
    slanted = [face(figure, f"{name}: top")[1] for name in ("images", "conv")]
    np.testing.assert_allclose(slanted[0], 2 * slanted[1])  # 30 and 15 pixels wide


def test_the_slanted_edge_is_the_width_and_not_the_height():
    wide = plotting.plot_layers(make_summary(("a", "Input", (10, 40, 3)), ("b", "C", (10, 20, 3))))
    assert height(wide, "a") == pytest.approx(height(wide, "b"))
    np.testing.assert_allclose(face(wide, "a: top")[1], 2 * face(wide, "b: top")[1])


def test_the_bars_below_measure_pixels_and_channels():
    figure = plotting.plot_layers(make_summary(*CHAIN))
    bars = {line.get_gid(): line.get_xydata() for line in figure.axes[0].lines if line.get_gid()}
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[-2:] == ["20 channels", "10 pixels"]
    across, down = (np.ptp(bars[name], axis=0).max() for name in ("channels", "pixels"))
    assert across == pytest.approx(20 / 60 * length(figure, "conv"))
    assert down == pytest.approx(10 / 20 * height(figure, "conv"))


def test_every_block_is_labelled_with_its_name_and_shape_and_a_relu_has_none():
    figure = plotting.plot_layers(make_summary(*CHAIN))
    assert drawn(figure) == ["images", "conv", "flatten", "dense", "logits"]
    texts = [text.get_text() for text in figure.axes[0].texts[:-2]]
    assert texts[::2] == drawn(figure)
    assert texts[1::2] == ["40×30×3", "20×15×60", "18000", "120", "10"]


def test_a_flattened_map_is_cut_with_a_mark_and_nothing_else_is():
    figure = plotting.plot_layers(make_summary(*CHAIN))
    cuts = [patch.get_gid() for patch in figure.axes[0].patches if "cut" in patch.get_gid()]
    assert cuts == ["flatten: cut"]
    assert length(figure, "flatten") == pytest.approx(length(figure, "dense"))
    short = plotting.plot_layers(
        make_summary(("m", "Input", (2, 2, 5)), ("f", "Flatten", (20,)), ("d", "Dense", (40,)))
    )
    assert length(short, "f") == pytest.approx(length(short, "d") / 2)
    assert not [patch for patch in short.axes[0].patches if "cut" in patch.get_gid()]


def test_a_chain_has_no_arrows_and_branches_have_one_for_every_input():
    assert arrows(plotting.plot_layers(make_summary(*CHAIN))) == []
    skip = make_summary(
        ("images", "Input", (8, 8, 3)),
        ("a", "Conv2D", (8, 8, 3)),
        ("relu", "ReLU", (8, 8, 3)),
        ("b", "Conv2D", (8, 8, 3), ("relu",)),
        ("add", "Add", (8, 8, 3), ("relu", "b")),
    )
    assert arrows(plotting.plot_layers(skip)) == ["a -> add", "a -> b", "b -> add", "images -> a"]


def test_arrows_that_pass_each_other_run_in_lanes_of_their_own():
    rows = [("x0", "Input", (8, 8, 3)), *((f"x{k}", "Conv2D", (8, 8, 3)) for k in range(1, 5))]
    summary = make_summary(*rows, ("join", "Concatenate", (8, 8, 12), ("x1", "x2", "x3", "x4")))
    figure = plotting.plot_layers(summary)
    paths = [line.get_xdata() for line in figure.axes[0].lines if len(line.get_xdata()) == 4]
    lanes = sorted(x[1] for x in paths)
    assert len(lanes) == 3
    assert np.diff(lanes).min() > 0.1
    assert lanes[0] > max(patch.get_xy()[:, 0].max() for patch in figure.axes[0].patches)
    assert lanes[-1] < WIDTH


def test_two_branches_of_the_image_are_not_drawn_as_a_chain():
    summary = make_summary(
        ("images", "Input", (8, 8, 3)),
        ("a", "Conv2D", (8, 8, 3)),
        ("b", "Conv2D", (8, 8, 3), ("images",)),
    )
    assert arrows(plotting.plot_layers(summary)) == ["images -> a", "images -> b"]


def test_long_names_are_shortened_at_their_beginning():
    name = "backbone/stage3/block12_conv"
    figure = plotting.plot_layers(make_summary(("images", "Input", (8, 8, 3)), (name, "C", (9,))))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "…stage3/block12_conv" in texts


def test_places_in_a_row_and_parts_of_a_layer_have_a_size():
    figure = plotting.plot_layers(
        make_summary(("tokens", "Input", (8, 3)), ("cube", "Other", (4, 4, 2, 6)))
    )
    assert height(figure, "tokens") == pytest.approx(2 * height(figure, "cube"))
    assert length(figure, "cube") == pytest.approx(4 * length(figure, "tokens"))


def test_a_network_on_vectors_is_drawn_as_bars_without_a_scale_of_pixels():
    figure = plotting.plot_layers(make_summary(("x", "Input", (20,)), ("y", "Dense", (10,))))
    assert length(figure, "x") == pytest.approx(2 * length(figure, "y"))
    assert height(figure, "x") < 0.1
    assert [text.get_text() for text in figure.axes[0].texts[4:]] == ["5 channels"]


def test_a_part_of_a_long_network_can_be_drawn_and_the_whole_is_refused():
    rows = [("images", "Input", (8, 8, 3)), *((f"c{k}", "Conv2D", (8, 8, 3)) for k in range(60))]
    summary = make_summary(*rows)
    with pytest.raises(ValueError, match="at most 60 blocks, to be legible; received 61"):
        plotting.plot_layers(summary)
    summary.rows = summary.rows[5:8]
    assert drawn(plotting.plot_layers(summary)) == ["c4", "c5", "c6"]


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "maker", [models.make_lenet5, models.make_cifar10_cnn, models.make_cats_dogs_cnn]
)
def test_the_books_networks_are_legible_on_a_phone(keras, maker, tmp_path):
    import matplotlib.style

    from cnn_tutorial import session

    summary = models.summarize(maker())
    with matplotlib.style.context(session._STYLE):
        figure = plotting.plot_layers(summary)
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.savefig(tmp_path / "network.png")  # without a warning
        texts = figure.axes[0].texts
        boxes = [text.get_window_extent(renderer) for text in texts]
    assert figure.get_figwidth() == WIDTH
    # 350 of a phone's 390 pixels for 5.6 inches: 11 points are 9.5 pixels.
    assert min(text.get_fontsize() for text in texts) >= 11
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
        assert box.x1 <= figure.bbox.x1
        assert box.y0 >= figure.bbox.y0
    labels = boxes[:-2]
    for patch in figure.axes[0].patches:
        drawn_at = patch.get_window_extent(renderer)
        assert not any(drawn_at.overlaps(label) for label in labels)
        assert figure.bbox.y0 <= drawn_at.y0 <= drawn_at.y1 <= figure.bbox.y1


@pytest.mark.parametrize(
    ("summary", "error", "says"),
    [
        ([1, 2], TypeError, "what models.summarize gives.*received list"),
        (SimpleNamespace(rows=[1]), TypeError, "name, kind, inputs, output_shape, is_pointwise"),
        (SimpleNamespace(rows=()), ValueError, "at least one row"),
    ],
)
def test_anything_but_a_summary_is_refused(summary, error, says):
    with pytest.raises(error, match=says):
        plotting.plot_layers(summary)

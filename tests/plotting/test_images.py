"""plotting.images: what is drawn, read back from the figure's own artists."""

import numpy as np
import pytest

from cnn_tutorial import plotting


def drawn_images(figure):
    return [axes.images[0] for axes in figure.axes if axes.images]


def test_plot_images_draws_every_image_with_its_title():
    images = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    figure = plotting.plot_images(images, titles=["a", "b", "c"], columns=2, heading="three")
    for drawn, image in zip(drawn_images(figure), images, strict=True):
        np.testing.assert_array_equal(drawn.get_array(), image)
        assert drawn.get_clim() == (0, 255)
    assert [axes.get_title() for axes in figure.axes[:3]] == ["a", "b", "c"]
    assert figure.get_suptitle() == "three"
    assert figure.axes[0].get_gridspec().ncols == 2


def test_plot_images_shares_one_signed_scale_when_diverging():
    figure = plotting.plot_images([np.array([[1.0, -4.0]]), np.array([[2.0, 0.0]])], diverging=True)
    assert [drawn.get_clim() for drawn in drawn_images(figure)] == [(-4, 4), (-4, 4)]
    assert drawn_images(figure)[0].get_cmap().name == "RdBu_r"


def test_plot_images_takes_limits_and_else_scales_each_image_by_itself():
    images = [np.array([[0.0, 10.0]]), np.array([[5.0, 6.0]])]
    free = plotting.plot_images(images)
    fixed = plotting.plot_images(images, limits=(0, 20))
    assert [drawn.get_clim() for drawn in drawn_images(free)] == [(0, 10), (5, 6)]
    assert [drawn.get_clim() for drawn in drawn_images(fixed)] == [(0, 20), (0, 20)]


def test_plot_images_draws_colour_as_it_is():
    colour = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        drawn_images(plotting.plot_images(colour))[0].get_array(), colour[0]
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"images": []}, "at least one image"),
        ({"images": np.zeros((2, 4))}, r"one of shape \(4,\)"),
        ({"images": np.zeros((1, 4, 4, 2))}, r"one of shape \(4, 4, 2\)"),
        ({"images": np.zeros((2, 4, 4)), "titles": ["one"]}, "as many as the images, 2"),
        ({"images": np.zeros((2, 4, 4)), "columns": 0}, "columns must be an int of at least 1"),
    ],
)
def test_plot_images_refuses_what_it_cannot_draw(arguments, says):
    with pytest.raises(ValueError, match=says):
        plotting.plot_images(**arguments)


def written(axes):
    return [text.get_text() for text in axes.texts]


def test_plot_numbers_writes_every_entry_with_a_true_minus():
    figure = plotting.plot_numbers([np.array([[1, -2], [0, 3]]), np.array([[0.25]])])
    assert written(figure.axes[0]) == ["1", "−2", "0", "3"]
    assert written(plotting.plot_numbers(np.array([[0.25, -0.001]]), digits=2).axes[0]) == [
        "0.25",
        "0.00",
    ]


def test_plot_numbers_outlines_the_block_that_is_asked_for():
    figure = plotting.plot_numbers([np.zeros((4, 5))], highlight=[(1, 2, 3, 2)])
    block = max(figure.axes[0].patches, key=lambda patch: patch.get_linewidth())
    assert (block.get_xy(), block.get_height(), block.get_width()) == ((1.5, 0.5), 3, 2)


def test_plot_numbers_colours_by_sign_or_in_greys():
    array = np.array([[-1.0, 1.0]])
    signed = plotting.plot_numbers(array).axes[0].images[0]
    greys = plotting.plot_numbers(array, diverging=False).axes[0].images[0]
    assert signed.get_cmap().name == "RdBu_r"
    assert greys.get_cmap().name == "gray"


def test_plot_numbers_lays_arrays_out_in_the_columns_asked_for():
    figure = plotting.plot_numbers([np.eye(2)] * 3, columns=2, titles=["a", "b", "c"])
    assert figure.axes[0].get_gridspec().ncols == 2
    assert [axes.get_title() for axes in figure.axes[:3]] == ["a", "b", "c"]
    assert plotting.plot_numbers([np.eye(2)], columns=5).axes[0].get_gridspec().ncols == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"arrays": [np.zeros(3)]}, r"2-D.*received shape \(3,\)"),
        ({"arrays": [np.zeros((21, 3))]}, "1 to 20"),
        ({"arrays": [np.zeros((0, 3))]}, "1 to 20"),
        ({"arrays": []}, "arrays must hold at least one array"),
        ({"arrays": [np.eye(2)], "columns": 0}, "columns must be an int of at least 1"),
        ({"arrays": [np.eye(2)], "titles": ["a", "b"]}, "titles must be as many"),
        ({"arrays": [np.eye(2)], "highlight": []}, "highlight must be as many"),
    ],
)
def test_plot_numbers_refuses_what_it_cannot_draw(arguments, says):
    with pytest.raises(ValueError, match=says):
        plotting.plot_numbers(**arguments)


def test_plot_images_takes_a_resolution():
    images = np.zeros((1, 4, 4))
    assert plotting.plot_images(images, dpi=50).dpi == 50
    assert plotting.plot_images(images).dpi != 50

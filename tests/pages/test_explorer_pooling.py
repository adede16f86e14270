"""The pooling explorer in Chromium: equal to numpy_ops, and usable by pointer, finger and keys."""

import re

import numpy as np
import pytest

from cnn_tutorial import numpy_ops
from cnn_tutorial.explorers import show_convolution, show_pooling, show_softmax

pytestmark = pytest.mark.browser

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(-9, 10, (6, 7))
IMAGES = {"signed": IMAGE, "grey": RNG.integers(0, 17, (8, 8)), "real": RNG.normal(size=(5, 4))}
POOL = {
    "max": (numpy_ops.max_pool2d, numpy_ops.max_pool2d_backward),
    "average": (numpy_ops.avg_pool2d, numpy_ops.avg_pool2d_backward),
}
LIVE = ".live"
LARGE = {"image": RNG.normal(0, 99, (16, 16)).tolist(), "pool_size": 4, "strides": 1}


def pool(image, mode="max", **settings):
    """The output, and the gradient at the image for a gradient of one in every output cell."""
    forward, backward = POOL[mode]
    batch = np.asarray(image, float)[None, :, :, None]
    output = forward(batch, **settings)
    return output[0, :, :, 0], backward(np.ones_like(output), batch, **settings)[0, :, :, 0]


@pytest.fixture
def open_page(open_figures):
    """A function that shows figures, or this one, on a page."""

    def show(*figures, **options):
        figures = figures or [show_pooling(IMAGES, caption="What is kept")]
        return open_figures(*figures, **options)

    return show


def explorer(page):
    return page.locator("pooling-explorer").first


def set_state(page, **state):
    explorer(page).evaluate("(element, state) => element.setState(state)", state)


def output_of(page):
    return np.array(explorer(page).evaluate("element => element.output"))


def gradient_of(page):
    """As numbers, with NaN where no window sees the pixel."""
    return np.array(explorer(page).evaluate("element => element.gradient"), float)


def cell_of(page, grid, row, column):
    role = "gridcell" if grid == "output" else "cell"
    return page.locator(f".{grid} [role=row]").nth(row).locator(f"[role={role}]").nth(column)


def chooser(page, name):
    return page.get_by_role("combobox", name=name, exact=True)


def positions(page, selector):
    """Row and column of each cell of the image that matches."""
    labels = page.locator(f".image {selector}").evaluate_all("all => all.map((c) => c.ariaLabel)")
    return [[int(n) for n in re.findall(r"\d+", label)[:2]] for label in labels]


def selected(page):
    """Row, column of the chosen cell: the one that is the grid's tab stop and says so."""
    cell = page.locator(".output [aria-selected=true]")
    assert cell.count() == 1
    assert page.locator(".output [tabindex='0']").count() == 1
    assert cell.get_attribute("tabindex") == "0"
    return [int(n) for n in re.findall(r"\d+", cell.get_attribute("aria-label"))[:2]]


def numbers(locator):
    return [float(word.replace("−", "-")) for word in locator.all_inner_texts()]


@pytest.mark.slow
def test_output_and_gradient_equal_numpy_ops_for_many_random_settings(open_page):
    page = open_page()
    rng = np.random.default_rng(1)
    for case in range(200):
        size = rng.integers(1, 17, 2)
        # Small integers, so that ties are common; or real numbers.
        image = rng.integers(-2, 3, size) if case % 2 else rng.normal(0, 9, size)
        settings = {
            "pool_size": int(rng.integers(1, 5)),
            "strides": [None, 1, 2, 3, 4][rng.integers(5)],
            "padding": ["valid", "same"][rng.integers(2)],
        }
        mode = ["max", "average"][rng.integers(2)]
        set_state(page, image=image.tolist(), mode=mode, **settings)
        if settings["padding"] == "valid" and settings["pool_size"] > size.min():
            assert explorer(page).evaluate("element => element.output") is None
            continue
        output, gradient = pool(image, mode, **settings)
        np.testing.assert_allclose(output_of(page), output, rtol=0, atol=1e-12)
        found = gradient_of(page)
        np.testing.assert_allclose(np.nan_to_num(found), gradient, rtol=0, atol=1e-12)
        # Every pixel counts one in an average: those that get nothing there are in no window.
        _, seen = pool(image, "average", **settings)
        np.testing.assert_array_equal(np.isnan(found), seen == 0)
        assert page.locator(".image .unseen").count() == np.sum(seen == 0)
        shape = "{} × {}".format(*output.shape)
        assert page.locator(".output .name").inner_text() == f"Output Y, {shape}"


def test_the_drawn_numbers_are_those_of_image_output_and_gradient(open_page):
    page = open_page(show_pooling(IMAGE, pool_size=3, strides=2, padding="same", mode="average"))
    page.get_by_label("Where the gradient goes").check()
    output, gradient = pool(IMAGE, "average", pool_size=3, strides=2, padding="same")
    for grid, expected in [("image", IMAGE), ("gradient", gradient)]:
        inner = page.locator(f".{grid} [role=cell]:not(.zero)")
        np.testing.assert_allclose(numbers(inner), expected.ravel(), rtol=0.005)
        # By hand: 6 rows and 7 columns, stride 2, window 3: ⌈6/2⌉ = 3 and ⌈7/2⌉ = 4 windows need
        # 2·2 + 3 = 7 rows and 2·3 + 3 = 9 columns, so 7·9 − 6·7 = 21 cells are padding.
        assert page.locator(f".{grid} .zero").all_inner_texts() == [""] * 21
    np.testing.assert_allclose(
        numbers(page.locator(".output [role=gridcell]")), output.ravel(), rtol=0.005
    )
    name = page.locator(".image .name").inner_text()
    assert name == "Image X, 6 × 7, with padding 7 × 9"
    label = page.locator(".image [role=cell]").first.get_attribute("aria-label")
    assert label == "row 0, column 0: padding"


def test_the_arithmetic_of_a_maximum_and_who_wins(open_page):
    page = open_page(show_pooling([[3, 1, 0, 2], [4, 1, 2, 2], [0, 0, 9, 9], [0, 0, 9, -9]]))
    for cell, line, note, winner, equal in [
        ([0, 0], "max(3, 1, 4, 1) = 4", "X[1, 0] wins and takes the gradient.", [1, 0], []),
        (
            [0, 1],
            "max(0, 2, 2, 2) = 2",
            "X[0, 3] wins and takes the gradient. "
            "2 more are as large; the first one, row by row, takes it all.",
            [0, 3],
            [[1, 2], [1, 3]],
        ),
        (
            [1, 1],
            "max(9, 9, 9, −9) = 9",
            "X[2, 2] wins and takes the gradient. "
            "2 more are as large; the first one, row by row, takes it all.",
            [2, 2],
            [[2, 3], [3, 2]],
        ),
    ]:
        cell_of(page, "output", *cell).click()
        assert page.locator(".line").inner_text() == f"Y{cell} = {line}"
        assert page.locator(".note").inner_text() == note
        assert positions(page, ".winner") == [winner]
        assert positions(page, ".equal") == equal
    where = "It looks at rows 1·2 = 2 to 3 and columns 1·2 = 2 to 3 of X."
    assert page.locator(".where").inner_text() == where
    assert page.locator(LIVE).inner_text() == f"{where} Y[1, 1] = {line} {note}"
    page.get_by_text("As text").click()
    assert "row 1: 0, 9" in page.locator(".text").inner_text()


def test_the_arithmetic_of_an_average_leaves_padding_out(open_page):
    page = open_page(show_pooling([[3, -1, 5]], mode="average", padding="same"))
    cell_of(page, "output", 0, 1).click()
    assert page.locator(".line").inner_text() == "Y[0, 1] = (5) / 1 = 5"
    cell_of(page, "output", 0, 0).click()
    assert page.locator(".line").inner_text() == "Y[0, 0] = (3 + (−1)) / 2 = 1"
    assert page.locator(".note").inner_text() == (
        "Each of the 2 takes 1/2 of the gradient. 2 of the 4 are padding and do not count."
    )
    assert page.locator(".image .winner, .image .equal").count() == 0


def test_pixels_that_no_window_sees_are_marked(open_page):
    page = open_page(show_pooling(np.arange(25).reshape(5, 5)))
    expected = [[r, c] for r in range(5) for c in range(5) if r == 4 or c == 4]
    assert positions(page, ".unseen") == expected
    labels = page.locator(".image .unseen").evaluate_all("all => all.map((c) => c.ariaLabel)")
    assert labels[0] == "row 0, column 4: 4, in no window"
    assert "in no window (9)" in page.locator(".legend").inner_text()
    chooser(page, "Padding").select_option("same")
    assert positions(page, ".unseen") == []
    assert "no window" not in page.locator(".legend").inner_text()


@pytest.mark.parametrize("mode", ["max", "average"])
def test_a_shift_is_cyclic_and_counts_what_changed(open_page, mode):
    page = open_page(show_pooling(IMAGES["grey"], mode=mode))
    image = IMAGES["grey"]
    before, _ = pool(image, mode)
    moved = page.locator(".moved")
    assert "so that nothing is lost" in moved.inner_text()
    offset = [0, 0]
    for name, step, words in [
        ("→ right", (0, 1), "1 right"),
        ("↓ down", (1, 0), "1 right and 1 down"),
        ("← left", (0, -1), "1 down"),
        ("← left", (0, -1), "1 left and 1 down"),
        ("↑ up", (-1, 0), "1 left"),
    ]:
        page.get_by_role("button", name=name).click()
        offset = np.add(offset, step)
        shifted = np.roll(image, offset, axis=(0, 1))
        output, _ = pool(shifted, mode)
        np.testing.assert_array_equal(output_of(page), output)
        cells, pixels = np.sum(output != before), np.sum(shifted != image)
        assert 0 < cells < 16 or mode == "average"
        assert moved.inner_text() == (
            f"Shifted {words}: {cells} of 16 output cells changed, "
            f"and {pixels} of the image's 64 pixels."
        )
        assert page.locator(LIVE).inner_text() == moved.inner_text()
        assert page.locator(".output .changed").count() == cells
    page.get_by_role("button", name="→ right").click()
    assert "so that nothing is lost" in moved.inner_text()
    np.testing.assert_array_equal(output_of(page), before)
    assert page.locator(".output .changed").count() == 0


def test_eight_shifts_of_an_eight_pixel_image_lead_back(open_page):
    page = open_page(show_pooling(IMAGES["grey"]))
    for _ in range(8):
        page.get_by_role("button", name="↑ up").click()
    assert "so that nothing is lost" in page.locator(".moved").inner_text()


def test_the_gradient_is_shown_when_asked_for_and_adds_up(open_page):
    page = open_page(show_pooling(IMAGES["grey"], pool_size=3, strides=1))
    assert page.locator(".gradient").is_hidden()
    page.get_by_label("Where the gradient goes").check()
    _, gradient = pool(IMAGES["grey"], pool_size=3, strides=1)
    np.testing.assert_array_equal(numbers(page.locator(".gradient [role=cell]")), gradient.ravel())
    words = (
        "Together 36, as many as Y has cells. "
        f"Something arrives at {np.count_nonzero(gradient)} of 64 pixels."
    )
    assert page.locator(".adds").inner_text() == words
    assert page.locator(LIVE).inner_text() == words
    chooser(page, "Take the").select_option("average")
    assert page.locator(".gradient").is_visible()
    assert "at 64 of 64 pixels" in page.locator(".adds").inner_text()


def test_outlines_lie_on_the_window_in_image_and_gradient(open_page):
    page = open_page(reduced_motion="reduce")
    page.get_by_label("Where the gradient goes").check()
    set_state(page, pool_size=3, strides=2, padding="same")
    cell_of(page, "output", 1, 2).click()
    for grid in ("image", "gradient"):
        outline = page.locator(f".{grid} .window").bounding_box()
        first = cell_of(page, grid, 2, 4).bounding_box()
        last = cell_of(page, grid, 4, 6).bounding_box()
        for axis, extent in [("x", "width"), ("y", "height")]:
            assert outline[axis] == pytest.approx(first[axis], abs=1)
            end = last[axis] + last[extent]
            assert outline[axis] + outline[extent] == pytest.approx(end, abs=1)


def test_a_click_or_a_tap_chooses(open_page):
    page = open_page(width=390, has_touch=True, is_mobile=True)
    cell_of(page, "output", 2, 1).tap()
    assert selected(page) == [2, 1]
    cell_of(page, "image", 1, 4).tap()
    assert selected(page) == [0, 2]


def test_everything_works_by_keys_alone(open_page):
    page = open_page()
    page.locator("h1").click()
    active = (
        "(() => { const e = document.querySelector('pooling-explorer').shadowRoot.activeElement;"
        "return e && (e.name || e.ariaLabel || e.type || e.localName) })()"
    )
    stops = []
    for _ in range(13):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(active))
    assert stops[:6] == ["image", "mode", "pool_size", "strides", "padding", "submit"]
    assert re.match(r"row \d, column \d: ", stops[6]), "the output is one stop"
    assert stops[7:] == ["submit"] * 4 + ["checkbox", "summary"]
    cell_of(page, "output", 0, 0).focus()
    for key, expected in [
        ("ArrowRight", [0, 1]),
        ("ArrowDown", [1, 1]),
        ("End", [1, 2]),
        ("ArrowRight", [1, 2]),
        ("Home", [1, 0]),
        ("Control+End", [2, 2]),
        ("ArrowUp", [1, 2]),
        ("Control+Home", [0, 0]),
    ]:
        page.keyboard.press(key)
        assert selected(page) == expected, key
        assert page.evaluate(active).startswith("row {}, column {}:".format(*expected))
        assert f"Y{expected} = " in page.locator(LIVE).inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(".moved").inner_text().startswith("Shifted 1 left")
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator(".gradient").is_visible()


def test_a_moving_pointer_previews_and_a_resting_one_leaves_the_keys_alone(open_page):
    page = open_page()
    cell_of(page, "output", 0, 0).click()
    box = cell_of(page, "output", 2, 2).bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    name = page.locator(".sum .name")
    assert name.inner_text() == "The arithmetic of Y[2, 2]"
    assert selected(page) == [0, 0]
    page.keyboard.press("ArrowDown")
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    assert name.inner_text() == "The arithmetic of Y[1, 0]"


def test_the_page_sees_no_key_that_was_meant_for_the_explorer(open_page):
    page = open_page()
    page.evaluate(
        "() => { window.keys = []; "
        "document.addEventListener('keydown', (event) => keys.push(event.key)); }"
    )
    cell_of(page, "output", 0, 0).focus()
    page.keyboard.press("ArrowRight")
    page.locator("h1").click()
    page.keyboard.press("a")
    assert page.evaluate("keys") == ["a"]


def test_the_controls_choose_and_reset_restores(open_page):
    page = open_page()
    first, start = output_of(page), selected(page)
    chooser(page, "Image").select_option("grey")
    chooser(page, "Take the").select_option("average")
    chooser(page, "Window k").select_option("3")
    np.testing.assert_allclose(
        output_of(page), pool(IMAGES["grey"], "average", pool_size=3)[0], atol=1e-12
    )
    chooser(page, "Stride s").select_option("2")
    chooser(page, "Padding").select_option("same")
    expected, _ = pool(IMAGES["grey"], "average", pool_size=3, strides=2, padding="same")
    np.testing.assert_allclose(output_of(page), expected, atol=1e-12)
    assert page.locator(LIVE).inner_text() == page.locator(".size").inner_text()
    chooser(page, "Stride s").select_option("as k")
    assert output_of(page).shape == (3, 3)
    page.get_by_role("button", name="↓ down").click()
    page.get_by_label("Where the gradient goes").check()
    page.get_by_role("button", name="Reset").click()
    np.testing.assert_array_equal(output_of(page), first)
    assert selected(page) == start
    assert page.locator(".gradient").is_hidden()
    values = page.locator("select").evaluate_all("all => all.map((select) => select.value)")
    assert values == ["signed", "max", "2", "", "valid"]


def test_what_the_caller_set_is_what_is_shown_first(open_page):
    page = open_page(show_pooling(IMAGE, pool_size=3, strides=1, padding="same", mode="average"))
    values = page.locator("select").evaluate_all("all => all.map((select) => select.value)")
    assert values[1:] == ["average", "3", "1", "same"]
    assert chooser(page, "Image").count() == 0


def test_a_window_that_does_not_fit_is_said_and_padding_brings_it_back(open_page):
    page = open_page()
    set_state(page, image=[[1, 2], [3, 4], [5, 6]], pool_size=4)
    words = "The 4 × 4 window does not fit into the 3 × 2 image: there is no output."
    assert page.locator(".size").inner_text() == words
    assert words in page.locator(".output").inner_text()
    assert page.locator(".sum").is_hidden()
    assert page.get_by_label("Where the gradient goes").is_hidden()
    page.locator(".image [role=cell]").first.click()
    chooser(page, "Padding").select_option("same")
    assert output_of(page).tolist() == [[6]]
    assert page.locator(".sum").is_visible()


def test_the_tables_give_way_to_the_explorer_and_stand_where_no_script_runs(open_page):
    assert open_page().locator("pooling-explorer > table").first.is_hidden()
    page = open_page(java_script_enabled=False)
    assert page.locator("pooling-explorer > table").count() == 3
    assert page.locator("pooling-explorer > table").first.is_visible()


def test_figures_on_one_page_do_not_disturb_each_other(open_page):
    page = open_page(
        show_pooling(IMAGE, caption="One"),
        show_softmax([1, 2]),
        show_pooling(IMAGE, caption="Two"),
        show_convolution(IMAGE, np.eye(2)),
    )
    both = page.locator("pooling-explorer")
    both.nth(0).evaluate("element => element.setState({pool_size: 3, shift: [1, 0]})")
    outputs = both.evaluate_all("all => all.map((element) => element.output)")
    np.testing.assert_array_equal(outputs[0], pool(np.roll(IMAGE, 1, axis=0), pool_size=3)[0])
    np.testing.assert_array_equal(outputs[1], pool(IMAGE)[0])
    assert page.locator("convolution-explorer .output [role=gridcell]").count() == 5 * 6


@pytest.mark.parametrize("state", [{"image": "grey"}, {**LARGE, "padding": "same"}])
@pytest.mark.parametrize("width", [390, 320])
def test_nothing_overflows_a_phone(open_page, state, width):
    page = open_page(width=width, reduced_motion="reduce")
    set_state(page, **state)
    page.get_by_label("Where the gradient goes").check()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".output [role=gridcell]").first.focus()
    page.keyboard.press("Control+End")
    box = page.locator(".output [role=gridcell]").last.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    for window in page.locator(".window").all():
        assert 0 <= window.bounding_box()["x"] < width


@pytest.mark.parametrize("width", [1280, 390])
def test_every_target_is_at_least_24_pixels(open_page, width):
    page = open_page(width=width)
    targets = page.locator("select, button, summary, input, .output [role=gridcell]")
    boxes = [target.bounding_box() for target in targets.all()]
    assert min(min(box["width"], box["height"]) for box in boxes) >= 24


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "state",
    [
        {"image": "grey", "shift": [1, 0]},
        {"image": "real", "padding": "same", "mode": "average"},
        {"image": [[1]]},
        {**LARGE, "padding": "same"},
    ],
)
def test_axe_finds_nothing(open_page, run_axe, theme, width, state):
    page = open_page(width=width, theme=theme)
    page.get_by_label("Where the gradient goes").check()
    set_state(page, **state)
    page.get_by_text("As text").click()
    assert run_axe(page) == []


def test_colours_forced_by_the_system_keep_window_choice_and_winner(open_page):
    page = open_page(forced_colors="active")
    for selector in (".output [aria-selected=true]", ".image .window", ".image .winner"):
        style = page.locator(selector).evaluate("element => getComputedStyle(element).outlineStyle")
        assert style == "solid"

"""The convolution explorer in Chromium: equal to conv2d, and usable by pointer, finger and keys."""

import itertools
import re

import numpy as np
import pytest

from cnn_tutorial import numpy_ops
from cnn_tutorial.explorers import show_convolution

pytestmark = pytest.mark.browser

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(-9, 10, (6, 7))
EDGE = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
IMAGES = {"signed": IMAGE, "grey": RNG.integers(0, 256, (10, 10)), "real": RNG.normal(size=(5, 4))}
KERNELS = {"edge": EDGE, "blur": np.full((3, 3), 1 / 9), "pair": np.array([[-1, 1]])}
LIVE = ".live"


def correlate(image, kernel, strides, padding):
    explicit = ((padding, padding),) * 2 if isinstance(padding, int) else padding
    image, kernel = (np.asarray(array, float) for array in (image, kernel))
    return numpy_ops.conv2d(
        image[None, :, :, None], kernel[:, :, None, None], strides=strides, padding=explicit
    )[0, :, :, 0]


@pytest.fixture
def open_page(open_figures):
    """A function that shows figures, or this one, on a page."""

    def show(*figures, **options):
        figures = figures or [show_convolution(IMAGES, KERNELS, caption="A kernel slides")]
        return open_figures(*figures, **options)

    return show


def explorer(page):
    return page.locator("convolution-explorer").first


def output_cell(page, row, column):
    return page.locator(".output [role=row]").nth(row).locator("[role=gridcell]").nth(column)


def kernel_input(page, row, column):
    return page.locator(".kernel [role=row]").nth(row).locator("input").nth(column)


def chooser(page, name):
    return page.get_by_role("combobox", name=name, exact=True)


def output_of(page):
    return np.array(explorer(page).evaluate("element => element.output"))


def selected(page):
    """Row, column of the chosen cell: the one that is the grid's tab stop and says so."""
    cell = page.locator(".output [aria-selected=true]")
    assert cell.count() == 1
    assert cell.get_attribute("tabindex") == "0"
    assert page.locator(".output [tabindex='0']").count() == 1
    return [int(n) for n in re.findall(r"\d+", cell.get_attribute("aria-label"))[:2]]


def focused_label(page):
    return page.evaluate(
        "document.querySelector('convolution-explorer').shadowRoot"
        ".activeElement?.getAttribute('aria-label')"
    )


@pytest.mark.slow
def test_the_output_equals_conv2d_for_every_size_kernel_stride_and_padding(open_page):
    page = open_page()
    sizes = [(8, 8), (7, 7), (5, 8), (9, 4)]
    kernels = [(1, 1), (2, 2), (3, 3), (4, 2), (1, 3), (5, 5)]
    cases = 0
    for size, kernel_size, strides, padding in itertools.product(
        sizes, kernels, (1, 2, 3), ("valid", "same", 1, 2)
    ):
        if padding == "valid" and min(np.subtract(size, kernel_size)) < 0:
            continue
        image, kernel = RNG.normal(0, 9, size), RNG.normal(size=kernel_size)
        state = {"image": image.tolist(), "kernel": kernel.tolist()}
        explorer(page).evaluate(
            "(element, state) => element.setState(state)",
            {**state, "strides": strides, "padding": padding},
        )
        expected = correlate(image, kernel, strides, padding)
        assert output_of(page).shape == expected.shape
        np.testing.assert_allclose(output_of(page), expected, rtol=0, atol=1e-12 * 200)
        shape = "{} × {}".format(*expected.shape)
        assert page.locator(".output .name").inner_text() == f"Output Y, {shape}"
        cases += 1
    assert cases > 250


def test_the_drawn_numbers_are_those_of_the_output(open_page):
    page = open_page(show_convolution(IMAGE, EDGE, padding=1))
    drawn = page.locator(".output [role=gridcell]").all_inner_texts()
    values = [float(number.replace("−", "-")) for number in drawn]
    np.testing.assert_array_equal(values, correlate(IMAGE, EDGE, 1, 1).ravel())
    padded = page.locator(".image [role=cell]")
    assert padded.count() == 8 * 9
    assert page.locator(".image .zero").count() == 8 * 9 - 6 * 7
    assert padded.nth(0).get_attribute("aria-label") == "row 0, column 0: 0, padding"
    name = f"row 1, column 1: {IMAGE[0, 0]}".replace("-", "−")
    assert padded.nth(10).get_attribute("aria-label") == name


def test_clicking_an_output_cell_writes_out_its_arithmetic(open_page):
    image = np.arange(16).reshape(4, 4)
    page = open_page(show_convolution(image, np.array([[1, -2], [0, 3]]), strides=2))
    output_cell(page, 1, 0).click()
    # By hand: the window is 8 9 / 12 13, so 8 − 18 + 0 + 39 = 29.
    assert selected(page) == [1, 0]
    assert page.locator(".sum td").all_inner_texts() == [
        "8·1\n8",
        "9·(−2)\n−18",
        "12·0\n0",
        "13·3\n39",
    ]
    assert page.locator(".products").inner_text() == "Y[1, 0] = 8 + (−18) + 0 + 39 = 29"
    spoken = "Y[1, 0] = 8·1 + 9·(−2) + 12·0 + 13·3 = 29"
    assert page.locator(LIVE).inner_text() == spoken
    rule = " ".join(page.locator(".rule").inner_text().split())
    assert "X[1·2 + m, 0·2 + n] · K[m, n] = X[2, 0]·K[0, 0] + … + X[3, 1]·K[1, 1]" in rule
    assert page.locator(".size").inner_text() == (
        "Output 2 × 2: height and width are ⌊(4 + 2·0 − 2) / 2⌋ + 1 = 2."
    )
    page.get_by_text("As text").click()
    words = page.locator(".text").inner_text()
    assert "row 1: 29, 33" in words
    assert spoken in words


def test_the_outline_lies_on_the_window_of_the_chosen_cell(open_page):
    page = open_page(reduced_motion="reduce")
    explorer(page).evaluate("element => element.setState({strides: 2, padding: '1'})")
    output_cell(page, 1, 2).click()
    outline = page.locator(".window").bounding_box()
    first = page.locator(".image [role=row]").nth(2).locator("[role=cell]").nth(4).bounding_box()
    last = page.locator(".image [role=row]").nth(4).locator("[role=cell]").nth(6).bounding_box()
    assert outline["x"] == pytest.approx(first["x"], abs=1)
    assert outline["y"] == pytest.approx(first["y"], abs=1)
    assert outline["x"] + outline["width"] == pytest.approx(last["x"] + last["width"], abs=1)
    assert outline["y"] + outline["height"] == pytest.approx(last["y"] + last["height"], abs=1)


def test_a_click_in_the_image_chooses_the_window_around_it(open_page):
    page = open_page()
    page.locator(".image [role=row]").nth(3).locator("[role=cell]").nth(2).click()
    assert selected(page) == [2, 1]
    page.locator(".image [role=cell]").first.click()
    assert selected(page) == [0, 0]


def test_a_tap_chooses_a_cell(open_page):
    page = open_page(width=390, has_touch=True, is_mobile=True)
    output_cell(page, 3, 4).tap()
    assert selected(page) == [3, 4]
    assert page.locator(".sum .name").inner_text() == "The arithmetic of Y[3, 4]"


def test_the_keys_move_through_the_output(open_page):
    page = open_page()
    output_cell(page, 0, 0).focus()
    for key, expected in [
        ("ArrowRight", [0, 1]),
        ("ArrowDown", [1, 1]),
        ("End", [1, 4]),
        ("ArrowRight", [1, 4]),
        ("ArrowLeft", [1, 3]),
        ("Home", [1, 0]),
        ("ArrowLeft", [1, 0]),
        ("ArrowUp", [0, 0]),
        ("ArrowUp", [0, 0]),
        ("Control+End", [3, 4]),
        ("ArrowDown", [3, 4]),
        ("Control+Home", [0, 0]),
    ]:
        page.keyboard.press(key)
        assert selected(page) == expected, key
        assert focused_label(page).startswith("row {}, column {}:".format(*expected))
        assert page.locator(LIVE).inner_text().startswith(f"Y{expected} = ")
    shadow = "getComputedStyle(element).outlineStyle"
    assert output_cell(page, 0, 0).evaluate(f"element => {shadow}") == "solid"


def test_the_page_sees_no_key_that_was_meant_for_the_explorer(open_page):
    page = open_page()
    page.evaluate(
        "() => { window.keys = []; "
        "document.addEventListener('keydown', (event) => keys.push(event.key)); }"
    )
    output_cell(page, 0, 0).focus()
    page.keyboard.press("ArrowRight")
    kernel_input(page, 0, 0).focus()
    page.keyboard.type("7")
    page.locator("h1").click()
    page.keyboard.press("a")
    assert page.evaluate("keys") == ["a"]


def test_each_grid_is_one_tab_stop(open_page):
    page = open_page()
    page.locator("h1").click()
    stops = []
    for _ in range(8):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                "(() => { const e = document.querySelector('convolution-explorer').shadowRoot"
                ".activeElement; return e && (e.name || e.localName) + "
                "(e.closest('.kernel') ? ' in kernel' : e.closest('.output') ? ' in output' : '');"
                "})()"
            )
        )
    assert stops == [
        *("image", "kernel", "strides", "padding", "button"),
        *("input in kernel", "div in output", "summary"),
    ]


def test_the_keys_move_through_the_kernel_and_leave_the_caret_its_own(open_page):
    page = open_page()
    kernel_input(page, 0, 0).focus()
    for key, expected in [
        ("ArrowRight", "K, row 0, column 1"),
        ("ArrowDown", "K, row 1, column 1"),
        ("Home", "K, row 1, column 0"),
        ("End", "K, row 1, column 2"),
    ]:
        page.keyboard.press(key)
        assert focused_label(page) == expected, key
    page.keyboard.type("12")
    page.keyboard.press("ArrowLeft")  # within the number
    page.keyboard.type("5")
    assert kernel_input(page, 1, 2).input_value() == "152"
    page.keyboard.press("Home")
    assert focused_label(page) == "K, row 1, column 2"
    page.keyboard.press("ArrowLeft")  # out of the number
    assert focused_label(page) == "K, row 1, column 1"


def test_a_moving_pointer_previews_and_a_resting_one_leaves_the_keys_alone(open_page):
    page = open_page()
    output_cell(page, 0, 0).click()
    before = page.locator(".output [role=gridcell]").element_handles()
    box = output_cell(page, 2, 2).bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    name = page.locator(".sum .name")
    assert name.inner_text() == "The arithmetic of Y[2, 2]"
    assert selected(page) == [0, 0]
    assert page.locator(LIVE).inner_text().startswith("Y[0, 0]")
    page.keyboard.press("ArrowDown")
    assert name.inner_text() == "The arithmetic of Y[1, 0]"
    page.mouse.move(box["x"] + 9, box["y"] + 9)  # sends an event, but from the same place
    page.wait_for_timeout(100)
    assert name.inner_text() == "The arithmetic of Y[1, 0]"
    page.mouse.wheel(0, 40)
    page.wait_for_timeout(200)
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(100)
    assert name.inner_text() == "The arithmetic of Y[2, 0]"
    assert all(cell.evaluate("cell => cell.isConnected") for cell in before)
    page.mouse.move(box["x"] + 12, box["y"] - 12)
    page.mouse.move(box["x"] + 14, box["y"] - 12)
    assert name.inner_text() != "The arithmetic of Y[2, 0]"
    page.mouse.move(2, 2)
    assert name.inner_text() == "The arithmetic of Y[2, 0]"


@pytest.mark.parametrize(
    ("entry", "value"), [("5", 5), ("−2.5", -2.5), ("-3", -3), ("1/9", 1 / 9), ("0,5", 0.5)]
)
def test_editing_a_kernel_value_changes_the_output_at_once(open_page, entry, value):
    page = open_page()
    kernel_input(page, 2, 1).fill(entry)
    kernel = EDGE.astype(float)
    kernel[2, 1] = value
    np.testing.assert_allclose(output_of(page), correlate(IMAGE, kernel, 1, "valid"), atol=1e-12)
    assert focused_label(page) == "K, row 2, column 1"
    assert page.locator(".kernel .name").inner_text() == "Kernel K, 3 × 3, edited"


@pytest.mark.parametrize("entry", ["", "abc", "-", "1/0", "1e400", "NaN", "1 2", "9999999"])
def test_what_is_not_a_number_is_named_and_changes_nothing(open_page, entry):
    page = open_page()
    before = output_of(page)
    kernel_input(page, 1, 0).fill(entry)
    assert kernel_input(page, 1, 0).get_attribute("aria-invalid") == "true"
    message = f"“{entry}” is not a number; K[1, 0] stays 2."
    if entry == "9999999":
        message = "“9999999” is too large; K[1, 0] stays 2."
    assert page.locator(".message").inner_text() == message
    np.testing.assert_array_equal(output_of(page), before)
    page.keyboard.press("Tab")
    assert kernel_input(page, 1, 0).input_value() == "2"
    assert kernel_input(page, 1, 0).get_attribute("aria-invalid") == "false"
    kernel_input(page, 1, 0).fill("3")
    assert page.locator(".message").inner_text() == ""


def test_the_controls_choose_and_reset_restores(open_page):
    page = open_page()
    first = output_of(page)
    start = selected(page)
    chooser(page, "Image").select_option("grey")
    chooser(page, "Kernel").select_option("pair")
    chooser(page, "Stride s").select_option("3")
    chooser(page, "Padding").select_option("same")
    expected = correlate(IMAGES["grey"], KERNELS["pair"], 3, "same")
    np.testing.assert_array_equal(output_of(page), expected)
    assert page.locator(LIVE).inner_text() == page.locator(".size").inner_text()
    kernel_input(page, 0, 1).fill("x")
    page.get_by_role("button", name="Reset").click()
    np.testing.assert_array_equal(output_of(page), first)
    assert selected(page) == start
    assert page.locator(".message").inner_text() == ""
    values = page.locator("select").evaluate_all("all => all.map((select) => select.value)")
    assert values == ["signed", "edge", "1", "valid"]


def test_a_single_image_or_kernel_leaves_nothing_to_choose(open_page):
    page = open_page(show_convolution(IMAGE, EDGE))
    assert chooser(page, "Image").count() == 0
    assert chooser(page, "Kernel").count() == 0


def test_a_kernel_that_does_not_fit_is_said_and_padding_brings_it_back(open_page):
    page = open_page()
    explorer(page).evaluate("element => element.setState({image: [[1, 2], [3, 4], [5, 6]]})")
    assert explorer(page).evaluate("element => element.output") is None
    words = "The 3 × 3 kernel does not fit into the 3 × 2 image: there is no output."
    assert page.locator(".size").inner_text() == words
    assert words in page.locator(".output").inner_text()
    assert page.locator(".sum").is_hidden()
    page.locator(".image [role=cell]").first.click()
    chooser(page, "Padding").select_option("1")
    assert output_of(page).shape == (3, 2)
    assert page.locator(".sum").is_visible()


def test_the_tables_give_way_to_the_explorer_and_stand_where_no_script_runs(open_page):
    assert open_page().locator("convolution-explorer > table").first.is_hidden()
    page = open_page(java_script_enabled=False)
    assert page.locator("convolution-explorer > table").count() == 3
    assert page.locator("convolution-explorer > table").first.is_visible()


def test_several_on_a_page_do_not_disturb_each_other(open_page):
    page = open_page(
        show_convolution(IMAGE, EDGE, caption="One"),
        show_convolution(IMAGE, np.eye(2), caption="Two"),
    )
    both = page.locator("convolution-explorer")
    both.nth(0).evaluate("element => element.setState({strides: 3})")
    outputs = both.evaluate_all("all => all.map((element) => element.output)")
    np.testing.assert_array_equal(outputs[0], correlate(IMAGE, EDGE, 3, "valid"))
    np.testing.assert_array_equal(outputs[1], correlate(IMAGE, np.eye(2), 1, "valid"))


LARGE = {"image": RNG.normal(0, 99, (16, 16)).tolist(), "kernel": RNG.normal(size=(5, 5)).tolist()}


@pytest.mark.parametrize("state", [{"image": "grey"}, {**LARGE, "padding": 2}])
@pytest.mark.parametrize("zoom", [100, 200])
@pytest.mark.parametrize("width", [390, 320])
def test_nothing_overflows_a_phone(open_page, state, zoom, width):
    page = open_page(width=width)
    page.evaluate(f"document.body.style.fontSize = '{16 * zoom / 100}px'")
    explorer(page).evaluate("(element, state) => element.setState(state)", state)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    last = page.locator(".output [role=gridcell]").last
    page.locator(".output [role=gridcell]").first.focus()
    page.keyboard.press("Control+End")
    box = last.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    window = page.locator(".window").bounding_box()
    assert window["x"] < width


@pytest.mark.parametrize("width", [1280, 390])
def test_every_target_is_at_least_24_pixels(open_page, width):
    page = open_page(width=width)
    targets = page.locator("select, button, summary, input, .output [role=gridcell]")
    small = [
        (cell["width"], cell["height"])
        for cell in (target.bounding_box() for target in targets.all())
        if cell["width"] < 24 or cell["height"] < 24
    ]
    assert small == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "state",
    [
        {"image": "grey"},
        {"image": "real", "kernel": "blur", "padding": "same"},
        {"image": [[1]]},
        {**LARGE, "padding": 2},
    ],
)
def test_axe_finds_nothing(open_page, run_axe, theme, width, state):
    page = open_page(width=width, theme=theme)
    explorer(page).evaluate("(element, state) => element.setState(state)", state)
    page.get_by_text("As text").click()
    kernel_input(page, 0, 0).fill("no number")
    assert run_axe(page) == []


def test_colours_forced_by_the_system_keep_numbers_outline_and_choice(open_page):
    page = open_page(forced_colors="active")
    cell = page.locator(".output [aria-selected=true]")
    for locator in (cell, page.locator(".window")):
        style = locator.evaluate("element => getComputedStyle(element).outlineStyle")
        assert style == "solid"
    ink, ground = cell.evaluate(
        "element => [getComputedStyle(element).color, getComputedStyle(element).backgroundColor]"
    )
    assert ink != ground


def test_the_window_glides_unless_the_reader_asked_for_less_motion(open_page):
    durations = [
        open_page(reduced_motion=motion)
        .locator(".window")
        .evaluate("element => getComputedStyle(element).transitionDuration")
        for motion in ("no-preference", "reduce")
    ]
    assert durations == ["0.15s", "0s"]

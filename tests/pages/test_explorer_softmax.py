"""The softmax explorer in Chromium: equal to scipy, and usable by pointer, finger and keys."""

import re

import numpy as np
import pytest
import scipy.special

from cnn_tutorial.explorers import show_pooling, show_softmax

pytestmark = pytest.mark.browser

NAMES = ["cat", "dog", "owl"]
LOGITS = [2.0, 1.0, -1.0]
LIVE = ".live"


def softmax(logits, label):
    """exp(z − max), probabilities, loss and gradient."""
    logits = np.asarray(logits, float)
    probs = scipy.special.softmax(logits)
    loss = -scipy.special.log_softmax(logits)[label]
    return np.exp(logits - logits.max()), probs, loss, probs - np.eye(len(logits))[label]


@pytest.fixture
def open_page(open_figures):
    """A function that shows figures, or this one, on a page."""

    def show(*figures, **options):
        figures = figures or [show_softmax(LOGITS, label=1, class_names=NAMES)]
        return open_figures(*figures, **options)

    return show


def explorer(page):
    return page.locator("softmax-explorer").first


def set_state(page, **state):
    explorer(page).evaluate("(element, state) => element.setState(state)", state)


def result_of(page):
    return explorer(page).evaluate("element => element.result")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def field(page, name):
    return page.get_by_role("textbox", name=f"logit of {name}")


def slider(page, name):
    return page.get_by_role("slider", name=f"logit of {name}")


def fields(page):
    return [float(box.input_value().replace("−", "-")) for box in page.get_by_role("textbox").all()]


def shown(page, column):
    """What the column e, p or g says, as numbers; «1 − 3.1e−8» is 1."""
    words = page.locator(f".{column}:not(.sums *)").all_inner_texts()
    words = [
        re.sub(r"^[^\d+−]*(exp\(z − max\)|probability p|gradient p − y)", "", w) for w in words
    ]
    return [float(word.split(" − ")[0].strip().replace("−", "-")) for word in words]


def loss_of(page):
    return float(page.locator(".loss b").inner_text().replace("−", "-"))


@pytest.mark.slow
def test_numbers_computed_and_shown_equal_scipy_for_many_random_settings(open_page):
    rng = np.random.default_rng(0)
    for classes in range(2, 7):
        page = open_page(show_softmax(np.zeros(classes)))
        for scale in (0.1, 1, 5, 30, 300):
            for _ in range(8):
                logits = np.clip(rng.normal(0, scale, classes), -1000, 1000)
                label = int(rng.integers(classes))
                set_state(page, logits=logits.tolist(), label=label)
                result = result_of(page)
                exps, probs, loss, gradient = softmax(logits, label)
                np.testing.assert_allclose(result["probs"], probs, rtol=1e-12, atol=1e-300)
                np.testing.assert_allclose(result["gradient"], gradient, rtol=1e-9, atol=1e-15)
                assert result["loss"] == pytest.approx(loss, rel=1e-12, abs=1e-15)
                for column, expected in [("e", exps), ("p", probs), ("g", gradient)]:
                    found = shown(page, column)
                    np.testing.assert_allclose(found, expected, rtol=0.06, atol=1.1e-3)
                    # Four decimals, or two digits where it is tiny.
                    big = np.abs(expected) > 1e-3
                    np.testing.assert_allclose(
                        np.array(found)[big], expected[big], rtol=0, atol=1.1e-3
                    )
                assert loss_of(page) == pytest.approx(loss, rel=0.06, abs=5.1e-5)


def test_a_case_by_hand(open_page):
    # exp(0), exp(−log 2), exp(−log 4) = 1, 1/2, 1/4: they sum to 7/4, so p = 4/7, 2/7, 1/7.
    page = open_page(show_softmax(np.log([4, 2, 1]), label=2, class_names=NAMES))
    assert shown(page, "e") == [1, 0.5, 0.25]
    assert page.locator(".sums [role=cell]").all_inner_texts() == ["", "1.7500", "1", "0"]
    assert shown(page, "p") == [0.5714, 0.2857, 0.1429]
    assert shown(page, "g") == [0.5714, 0.2857, -0.8571]
    signs = [word.strip()[0] for word in page.locator("[role=cell].g").all_inner_texts()]
    assert signs == ["+", "+", "−"]
    loss = " ".join(page.locator(".loss").inner_text().split())
    assert loss == "Loss L = −ln py = −ln(0.1429) = 1.9459"  # log 7
    stable = " ".join(page.locator(".stable").inner_text().split())
    assert stable.endswith("= ln(1.7500) − (−1.3863)")
    widths = page.locator(".g i").evaluate_all(
        "all => all.map((bar) => [bar.style.left, bar.style.width].map(parseFloat))"
    )
    expected = [[50, 200 / 7], [50, 100 / 7], [50 - 300 / 7, 300 / 7]]
    np.testing.assert_allclose(widths, expected, atol=0.01)


@pytest.mark.parametrize("logits", [[1000, -1000], [-1000, -1000, -1000], [1000, 999, 1000]])
@pytest.mark.parametrize("label", [0, 1])
def test_nothing_is_nan_at_a_thousand(open_page, logits, label):
    page = open_page(show_softmax(np.zeros(len(logits))))
    set_state(page, logits=logits, label=label)
    result = result_of(page)
    _, probs, loss, gradient = softmax(logits, label)
    np.testing.assert_allclose(result["probs"], probs, rtol=1e-12)
    np.testing.assert_allclose(result["gradient"], gradient, rtol=1e-12)
    assert result["loss"] == pytest.approx(loss, rel=1e-12)
    text = explorer(page).evaluate("element => element.shadowRoot.textContent")
    assert "NaN" not in text
    assert "Infinity" not in text
    assert loss_of(page) == pytest.approx(loss, rel=1e-4)


def test_a_loss_near_zero_and_its_gradient_keep_their_digits(open_page):
    page = open_page(show_softmax([20, 0]))
    small = np.exp(-20.0)  # 2.06e-9: log1p(small), which is small − small² / 2 + …
    result = result_of(page)
    assert result["loss"] == pytest.approx(small - small**2 / 2, rel=1e-12, abs=0)
    assert result["gradient"][0] == pytest.approx(-small / (1 + small), rel=1e-12, abs=0)
    assert page.locator("[role=cell].p").first.inner_text().strip() == "1 − 2.1e−9"
    assert page.locator("[role=cell].g").first.inner_text().strip() == "−2.1e−9"
    assert page.locator(".loss b").inner_text() == "2.1e−9"


def test_add_one_to_all_changes_no_probability(open_page):
    page = open_page()
    before, words = result_of(page), page.locator(".p, .g, .e, .loss").all_inner_texts()
    press(page, "Add 1 to all")
    assert fields(page) == [3, 2, 0]
    np.testing.assert_allclose(result_of(page)["probs"], before["probs"], rtol=1e-14)
    assert page.locator(".p, .g, .e, .loss").all_inner_texts() == words
    assert "no probability changed" in page.locator(".message").inner_text()


@pytest.mark.parametrize(("name", "factor"), [("Times 2", 2), ("Half", 0.5)])
def test_times_two_sharpens_and_half_flattens(open_page, name, factor):
    page = open_page()
    press(page, name)
    assert fields(page) == [factor * z for z in LOGITS]
    _, before, _, _ = softmax(LOGITS, 1)
    _, after, loss, _ = softmax(np.multiply(LOGITS, factor), 1)
    assert shown(page, "p") == [round(p, 4) for p in after]
    assert loss_of(page) == round(loss, 4)
    words = f"went from {before[0]:.4f} to {after[0]:.4f}"
    assert words in page.locator(".message").inner_text()
    assert page.locator(LIVE).inner_text().startswith(page.locator(".message").inner_text())


def test_gradient_steps_follow_the_gradient_and_the_loss_falls(open_page):
    page = open_page()
    logits, losses = np.array(LOGITS), [softmax(LOGITS, 1)[2]]
    for step in range(1, 9):
        press(page, "One gradient step")
        logits = logits - softmax(logits, 1)[3]
        losses.append(softmax(logits, 1)[2])
        np.testing.assert_allclose(fields(page), logits, rtol=1e-3, atol=1e-3)
        assert result_of(page)["loss"] == pytest.approx(losses[-1], rel=1e-12)
        steps = "1 step" if step == 1 else f"{step} steps"
        tail = " → ".join(f"{loss:.4f}" for loss in losses[-6:])
        dots = "… → " if step > 5 else ""
        words = f"{steps} of z ← z − (p − y): the loss went {dots}{tail}."
        assert page.locator(".message").inner_text() == words
    assert losses == sorted(losses, reverse=True)
    press(page, "Add 1 to all")
    press(page, "One gradient step")
    assert page.locator(".message").inner_text().startswith("1 step of")


def test_reset_restores_everything(open_page):
    page = open_page()
    before = result_of(page)
    press(page, "Times 2")
    press(page, "One gradient step")
    page.get_by_role("radio", name="owl").check()
    field(page, "cat").fill("x")
    press(page, "Reset")
    assert result_of(page) == before
    assert fields(page) == LOGITS
    assert page.get_by_role("radio", name="dog").is_checked()
    assert page.locator(".message").inner_text() == ""
    assert page.locator("[aria-invalid=true]").count() == 0


def test_a_field_moves_its_slider_and_a_slider_its_field(open_page):
    page = open_page()
    for entry, value in [("3.5", 3.5), ("−2", -2), ("0,25", 0.25), ("1/4", 0.25), ("-7", -7)]:
        field(page, "owl").fill(entry)
        logits = [2, 1, value]
        np.testing.assert_allclose(result_of(page)["probs"], softmax(logits, 1)[1], rtol=1e-12)
        assert float(slider(page, "owl").input_value()) == pytest.approx(value, abs=0.051)
        assert page.locator("[type=range]").nth(2).evaluate(
            "slider => slider.ariaValueText.replace('−', '-')"
        ) == str(value).removesuffix(".0")
    slider(page, "dog").fill("4.2")
    assert fields(page)[1] == 4.2
    np.testing.assert_allclose(result_of(page)["probs"], softmax([2, 4.2, -7], 1)[1], rtol=1e-12)
    assert page.locator(LIVE).inner_text().strip().startswith("Loss 0.1")


def test_the_sliders_reach_as_far_as_the_logits(open_page):
    page = open_page()
    assert slider(page, "cat").get_attribute("max") == "10"
    field(page, "cat").fill("30")
    page.keyboard.press("Tab")
    assert slider(page, "dog").get_attribute("min") == "-50"
    assert slider(page, "cat").input_value() == "30"
    field(page, "cat").fill("-900")
    page.keyboard.press("Tab")
    assert slider(page, "cat").input_value() == "-900"


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("", "not a number"),
        ("abc", "not a number"),
        ("1e400", "not a number"),
        ("1001", "too large"),
    ],
)
def test_what_is_no_number_is_named_and_changes_nothing(open_page, entry, fault):
    page = open_page()
    before = result_of(page)
    field(page, "owl").fill(entry)
    assert field(page, "owl").get_attribute("aria-invalid") == "true"
    words = f"“{entry}” is {fault}; the logit of owl stays −1."
    assert page.locator(".message").inner_text() == words
    assert result_of(page) == before
    page.keyboard.press("Tab")
    assert field(page, "owl").input_value() == "−1"
    assert field(page, "owl").get_attribute("aria-invalid") == "false"


def test_doubling_stops_before_a_thousand_is_passed(open_page):
    page = open_page(show_softmax([50, -50]))
    for _ in range(7):
        press(page, "Times 2")
    assert fields(page) == [800, -800]
    assert page.locator(".message").inner_text() == (
        "Nothing done: it would take a logit beyond ±1000."
    )


def test_everything_works_by_keys_alone(open_page):
    page = open_page()
    page.locator("h1").click()
    for _ in range(3):  # the cat's slider and field come first
        page.keyboard.press("Tab")
    assert page.get_by_role("radio", name="dog").evaluate("radio => radio.matches(':focus')")
    page.keyboard.press("ArrowDown")  # to the owl
    assert page.get_by_role("radio", name="owl").is_checked()
    assert result_of(page)["loss"] == pytest.approx(softmax(LOGITS, 2)[2])
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert fields(page) == [2, 1, -0.9]
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("3")
    assert fields(page) == [2, 1, 3]
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # one gradient step
    np.testing.assert_allclose(
        fields(page), np.subtract([2, 1, 3], softmax([2, 1, 3], 2)[3]), atol=1e-3
    )


def test_the_page_sees_no_key_that_was_meant_for_the_explorer(open_page):
    page = open_page()
    page.evaluate(
        "() => { window.keys = []; "
        "document.addEventListener('keydown', (event) => keys.push(event.key)); }"
    )
    field(page, "cat").focus()
    page.keyboard.type("7")
    page.locator("h1").click()
    page.keyboard.press("a")
    assert page.evaluate("keys") == ["a"]


def test_names_that_look_like_markup_stay_text(open_page):
    names = ["<b>bold</b>", "<img src=x>"]
    page = open_page(show_softmax([1, 2], class_names=names, caption="<i>"))
    assert page.locator("label span").all_inner_texts() == names
    field(page, names[0]).fill("<u>")
    assert page.locator(".message").inner_text().startswith("“<u>” is not a number")


def test_the_table_gives_way_to_the_explorer_and_stands_where_no_script_runs(open_page):
    assert open_page().locator("softmax-explorer > table").is_hidden()
    page = open_page(java_script_enabled=False)
    assert page.locator("softmax-explorer > table").is_visible()


def test_figures_on_one_page_do_not_disturb_each_other(open_page):
    page = open_page(show_softmax([1, 2]), show_pooling(np.eye(4)), show_softmax([1, 2]))
    both = page.locator("softmax-explorer")
    both.nth(0).get_by_role("radio", name="class 1").check()
    both.nth(0).get_by_role("button", name="Times 2").click()
    losses = both.evaluate_all("all => all.map((element) => element.result.loss)")
    np.testing.assert_allclose(losses, [softmax([2, 4], 1)[2], softmax([1, 2], 0)[2]])
    assert both.nth(1).get_by_role("radio", name="class 0").is_checked()
    assert page.locator("pooling-explorer .output [role=gridcell]").count() == 4


LONG = [*("a name of some length", "Antidisestablishmentarianism"), "x", "y", "z", "w"]


@pytest.mark.parametrize("width", [390, 320])
def test_nothing_overflows_a_phone(open_page, width):
    page = open_page(show_softmax(np.linspace(-50, 50, 6), class_names=LONG), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in (e.bounding_box() for e in page.locator("input, button, .bar").all()):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("width", [1280, 390])
def test_every_target_is_at_least_24_pixels(open_page, width):
    page = open_page(width=width)
    boxes = [target.bounding_box() for target in page.locator("input, button").all()]
    assert min(min(box["width"], box["height"]) for box in boxes) >= 24


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("classes", [2, 6])
def test_axe_finds_nothing(open_page, run_axe, theme, width, classes):
    figure = show_softmax(np.linspace(-20, 5, classes), class_names=LONG[:classes])
    page = open_page(figure, width=width, theme=theme)
    press(page, "One gradient step")
    assert run_axe(page) == []
    field(page, LONG[0]).fill("no number")
    assert run_axe(page) == []


def test_bars_glide_unless_the_reader_asked_for_less_motion(open_page):
    durations = [
        open_page(reduced_motion=motion)
        .locator(".bar i")
        .first.evaluate("element => getComputedStyle(element).transitionDuration")
        for motion in ("no-preference", "reduce")
    ]
    assert durations == ["0.15s", "0s"]

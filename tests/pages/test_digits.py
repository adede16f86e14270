"""The digit reader in Chromium: right, equal to Keras, quiet, usable by pen, finger and keys."""

import functools
import http.server
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from cnn_tutorial import data, digit_reader, models
from cnn_tutorial.explorers import draw_digits

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import lay_digit_reader  # noqa: E402

pytestmark = pytest.mark.browser

BUILT = ROOT / "_build" / "html"
CHAPTERS = [
    path.stem
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    if "draw_digits" in path.read_text("utf-8")
]
FOLDER = "_static/digit_reader"
SCRIPTS = {"element.mjs", "files.mjs", "models.mjs", "normalize.mjs"}
LOADED = {"ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm.gz", "digits.onnx"}
# As the theme begins every page: this is how the figure finds the book's files.
PAGE = """<!doctype html><html lang="en" data-content_root="../" data-theme="{theme}"><head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Digits</title>
<link rel="icon" href="data:,"><style>body {{ margin: 16px; font: 16px/1.5 sans-serif;
background: #fff; color: #222; }} [data-theme=dark] body {{ background: #121212; color: #ddd; }}
</style></head><body><main><h1>Digits</h1>{figures}</main></body></html>"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    """A folder as the built book has it, with the runtime: without it these tests mean nothing."""
    folder = tmp_path_factory.mktemp("book")
    missing = lay_digit_reader.lay_digit_reader(folder / FOLDER)
    if missing:
        pytest.fail(f"onnxruntime-web is missing: {missing}")
    (folder / "notebooks").mkdir()
    for theme in ("light", "dark"):
        page = PAGE.format(theme=theme, figures=draw_digits().data)
        (folder / "notebooks" / f"{theme}.html").write_text(page, "utf-8")
    page = PAGE.format(theme="light", figures=draw_digits().data * 2)
    (folder / "notebooks" / "two.html").write_text(page, "utf-8")
    return folder


@pytest.fixture(scope="module")
def serve():
    """A function: folder -> the address at which it is served."""
    servers = []

    def start(folder):
        handler = functools.partial(Quiet, directory=folder)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def site(laid, serve):
    return serve(laid)


@pytest.fixture
def open_page(browser, site):
    """A function that opens a page of the site; in the end nothing was complained of.

    ``page.fetched`` are the names of the files that it asked for.
    """
    contexts, faults = [], []

    def open_(name="light", width=1280, base=site, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.fetched, page.faults = [], faults
        bad = ("error", "warning")
        page.on("console", lambda message: message.type in bad and faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))

        def note(request):
            page.fetched.append(request.url.rsplit("/", 1)[-1])
            if not request.url.startswith((f"{base}/", "data:", "blob:")):
                faults.append(request.url)

        context.on("request", note)
        page.goto(f"{base}/notebooks/{name}.html")
        page.wait_for_function("!!document.querySelector('digit-reader').shadowRoot")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def reader(page):
    return page.locator("digit-reader").first


def load(page):
    page.locator(".load").first.click()
    page.locator(".load").first.wait_for(state="hidden", timeout=60_000)


def draw(page, rows):
    """What the reader answers to a picture: {"logits", "probs", "label"}."""
    rows = np.asarray(rows).tolist()
    return reader(page).evaluate("(element, rows) => element.draw(rows)", rows)


def result_of(page):
    return reader(page).evaluate("element => element.result")


def pixels_of(page):
    return np.array(reader(page).evaluate("element => element.pixels"), np.float32)


def ink_of(page):
    ink = reader(page).evaluate("element => [...element.ink]")
    return np.array(ink, np.float32).reshape(280, 280)


def on_paper(page, x, y):
    """The point of the page at a share of the paper's width and height."""
    box = page.locator(".paper").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def stroke(page, *points):
    """One stroke of the mouse through points given as shares of the paper."""
    page.locator(".paper").scroll_into_view_if_needed()
    page.mouse.move(*on_paper(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*on_paper(page, *point), steps=6)
    page.mouse.up()


def write_seven(page):
    stroke(page, (0.3, 0.2), (0.7, 0.2), (0.45, 0.85))


@pytest.fixture(scope="module")
def digits():
    """Test digits, as many of each class, and their labels."""
    images, labels = data.load("mnist", split="test", limit=600)
    return images[..., 0], labels


READ_ALL = """async (element, digits) => {
  const [answers, times] = [[], []];
  for (const rows of digits) {
    const start = performance.now();
    const { logits, label } = await element.draw(rows);
    times.push(performance.now() - start);
    answers.push({ logits, label, pixels: element.pixels });
  }
  return { answers, times };
}"""


@pytest.mark.slow
def test_digits_drawn_in_the_page_are_read_and_their_logits_equal_keras(open_page, digits, capsys):
    images, labels = digits
    page = open_page()
    load(page)
    found = reader(page).evaluate(READ_ALL, images.tolist())
    answers = found["answers"]
    correct = np.mean([a["label"] == label for a, label in zip(answers, labels, strict=True)])
    seen = np.array([a["pixels"] for a in answers], np.float32).reshape(-1, 28, 28, 1)
    expected = np.asarray(models.load_digit_cnn()(seen))
    largest = np.abs(np.array([a["logits"] for a in answers]) - expected).max()
    with capsys.disabled():
        print(
            f"\n  {len(labels)} test digits drawn in the page: {correct:.1%} right, logits within "
            f"{largest:.1e} of Keras's, {np.median(found['times']):.1f} ms an answer"
        )
    assert correct >= 0.97
    assert largest <= 1e-4
    assert np.median(found["times"]) < 5 * 20


def test_the_first_answer_comes_soon_after_the_click(open_page):
    page = open_page()
    write_seven(page)
    milliseconds = reader(page).evaluate(
        "async (element) => { const start = performance.now(); await element.load(); "
        "return performance.now() - start; }"
    )
    assert result_of(page)["label"] == 7
    assert milliseconds < 5 * 2000


def test_nothing_is_loaded_before_the_click_and_then_only_the_books_own_files(open_page):
    page = open_page()
    write_seven(page)
    assert set(page.fetched) == {"light.html", *SCRIPTS}
    load(page)
    assert set(page.fetched) == {"light.html", *SCRIPTS, *LOADED}
    assert "onnxruntime-web 1.30.0 computes." in page.locator(".note").inner_text()


def test_the_button_names_the_size_of_what_it_loads(open_page, laid):
    size = sum((laid / FOLDER / name).stat().st_size for name in LOADED)
    assert open_page().locator(".load").inner_text() == f"Load the model ({size / 1e6:.1f} MB)"


def test_the_scripts_without_the_runtime_are_below_15_kilobytes(laid):
    assert sum((laid / FOLDER / name).stat().st_size for name in SCRIPTS) < 15_000


def test_two_figures_share_one_network(open_page):
    page = open_page("two")
    load(page)
    page.locator(".load").nth(1).click()
    page.locator(".load").nth(1).wait_for(state="hidden")
    assert sorted(name for name in page.fetched if name in LOADED) == sorted(LOADED)


# ---- what the network sees -----------------------------------------------------------------


def normalized(ink):
    """MNIST's form with OpenCV's area averaging: crop, 20 pixels, centre of mass at (14, 14)."""
    import cv2

    rows, columns = (np.flatnonzero((ink > 127.5).any(axis=axis)) for axis in (1, 0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = [max(1, round(side * 20 / max(digit.shape))) for side in digit.shape]
    digit = np.rint(cv2.resize(digit, size[::-1], interpolation=cv2.INTER_AREA))
    middle = [(digit.sum(axis=1 - k) * np.arange(size[k])).sum() / digit.sum() for k in (0, 1)]
    place = [int(np.clip(np.rint(14 - m), 0, 28 - s)) for m, s in zip(middle, size, strict=True)]
    image = np.zeros((28, 28))
    image[place[0] : place[0] + size[0], place[1] : place[1] + size[1]] = digit
    return image


DRAWINGS = {
    "seven": [[(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)]],
    "one in a corner": [[(0.93, 0.6), (0.93, 0.98)]],
    "wide dash": [[(0.05, 0.5), (0.95, 0.55)]],
    "five of two strokes": [
        [(0.4, 0.2), (0.38, 0.45), (0.6, 0.5), (0.6, 0.75), (0.35, 0.8)],
        [(0.4, 0.2), (0.66, 0.18)],
    ],
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_takes_the_form_that_opencv_and_the_package_give_it(open_page, name):
    page = open_page()
    for points in DRAWINGS[name]:
        stroke(page, *points)
    seen, ink = pixels_of(page).reshape(28, 28), ink_of(page)
    np.testing.assert_allclose(seen, normalized(ink), atol=1.01)
    # The package's also stretches the greys at the strokes' edges.
    assert np.abs(seen - digit_reader.normalize_digit(ink)).mean() < 4


@pytest.mark.parametrize("shape", [(200, 50), (200, 70), (50, 200), (200, 45)])
def test_halves_are_rounded_as_the_package_rounds_them(open_page, shape):
    page = open_page()
    picture = np.zeros((280, 280), int)
    picture[40 : 40 + shape[0], 30 : 30 + shape[1]] = 255
    draw(page, picture)
    np.testing.assert_array_equal(pixels_of(page).reshape(28, 28), normalized(ink_of(page)))


def test_a_digit_of_mnist_comes_back_nearly_as_it_was(open_page, digits):
    page = open_page()
    alike = []
    for image in digits[0][:30]:
        draw(page, image)
        alike.append(np.corrcoef(pixels_of(page), image.ravel())[0, 1])
    # Not equal: a box that begins where the ink is half as strong is a little smaller.
    assert np.median(alike) > 0.93
    assert min(alike) > 0.75


def test_place_and_size_of_a_drawing_do_not_matter(open_page):
    page = open_page()
    picture = np.zeros((140, 140), int)
    picture[10:50, 10:18] = picture[42:50, 10:40] = 255
    draw(page, picture)
    first = pixels_of(page)
    draw(page, np.roll(picture, (60, 70), axis=(0, 1)))
    np.testing.assert_allclose(pixels_of(page), first, atol=3)
    doubled = np.zeros((140, 140), int)
    doubled[20:100, 20:36] = doubled[84:100, 20:80] = 255
    draw(page, doubled)
    np.testing.assert_allclose(pixels_of(page), first, atol=40)


def test_what_the_network_sees_is_shown_pixel_by_pixel(open_page):
    page = open_page()
    write_seven(page)
    shown = page.locator(".seen").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, k) => k % 4 === 0)"
    )
    np.testing.assert_allclose(shown, pixels_of(page), atol=0.5)


# ---- the answer ----------------------------------------------------------------------------


def test_bars_and_words_say_what_the_network_says(open_page):
    page = open_page()
    write_seven(page)
    assert page.locator(".answer").inner_text() == "Load the model to have this read."
    load(page)
    result = result_of(page)
    logits = np.array(result["logits"])
    probs = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    np.testing.assert_allclose(result["probs"], probs, rtol=1e-9)
    widths = page.locator("td i").evaluate_all("all => all.map((i) => parseFloat(i.style.width))")
    np.testing.assert_allclose(widths, 100 * probs, atol=0.01)
    names = page.locator("th").all_inner_texts()
    assert names == [*"0123456789", "not a digit"]
    assert page.locator("tr.best th").inner_text() == "7"
    assert page.locator(".answer").inner_text().startswith("I read a 7: ")
    assert page.locator(".live").inner_text().startswith("Ready after")
    page.get_by_role("button", name="Clear").click()
    assert page.locator(".answer").inner_text() == "Nothing is drawn yet."
    assert result_of(page) is None
    assert page.locator(".number").all_inner_texts() == ["–"] * 11


def test_the_live_region_speaks_when_the_pen_is_lifted(open_page):
    page = open_page()
    load(page)
    page.mouse.move(*on_paper(page, 0.5, 0.2))
    page.mouse.down()
    page.mouse.move(*on_paper(page, 0.5, 0.8), steps=5)
    page.wait_for_function("!!document.querySelector('digit-reader').result")
    assert page.locator(".live").inner_text().startswith("Ready after")
    page.mouse.up()
    page.wait_for_function(
        "document.querySelector('digit-reader').shadowRoot.querySelector('.live').textContent"
        ".startsWith('I read a 1')"
    )


def test_what_is_no_digit_is_refused_as_the_package_refuses_it(open_page, digits):
    page = open_page()
    load(page)
    letters = digit_reader.draw_letters(12, split="test", seed=3)[0]
    pictures = [np.asarray(image).reshape(image.shape[0], -1) for image in letters]
    found, expected = [], []
    for picture in [*pictures, *digits[0][:20]]:
        found.append(draw(page, picture)["label"])
        seen = pixels_of(page).reshape(1, 28, 28).astype(np.uint8)
        logits = np.array([result_of(page)["logits"]])
        (answer,) = digit_reader.recognize_digits(seen, lambda _, logits=logits: logits)
        expected.append(answer.label)
        words = page.locator(".answer").inner_text()
        assert words.startswith("Not a digit" if answer.label is None else "I read a")
    assert found == expected
    assert sum(label is None for label in found[:12]) >= 9


# ---- drawing -------------------------------------------------------------------------------


def test_undo_takes_strokes_back_one_by_one_and_clear_takes_all(open_page):
    page = open_page()
    stroke(page, (0.3, 0.2), (0.3, 0.8))
    first = pixels_of(page)
    stroke(page, (0.3, 0.2), (0.8, 0.2))
    assert not np.array_equal(pixels_of(page), first)
    page.get_by_role("button", name="Undo").click()
    np.testing.assert_array_equal(pixels_of(page), first)
    page.get_by_role("button", name="Undo").click()
    assert reader(page).evaluate("element => element.pixels") is None
    page.get_by_role("button", name="Undo").click()  # nothing is left: nothing happens
    stroke(page, (0.3, 0.2), (0.3, 0.8))
    page.get_by_role("button", name="Clear").click()
    assert reader(page).evaluate("element => element.pixels") is None


def test_other_buttons_of_the_mouse_and_second_fingers_do_not_draw(open_page):
    page = open_page()
    page.mouse.move(*on_paper(page, 0.5, 0.5))
    page.mouse.down(button="right")
    page.mouse.up(button="right")
    assert reader(page).evaluate("element => element.pixels") is None
    send = """(element, [kind, id, x, y]) => {
      const paper = element.shadowRoot.querySelector(".paper");
      paper.setPointerCapture = () => {};
      const box = paper.getBoundingClientRect();
      paper.dispatchEvent(new PointerEvent(kind, { pointerId: id, pointerType: "touch", button: 0,
        clientX: box.x + x * box.width, clientY: box.y + y * box.height }));
    }"""
    for event in [
        ["pointerdown", 1, 0.3, 0.2],
        ["pointerdown", 2, 0.9, 0.9],  # the palm
        ["pointermove", 2, 0.1, 0.9],
        ["pointermove", 1, 0.3, 0.5],
        ["pointerup", 2, 0.1, 0.9],
        ["pointermove", 1, 0.3, 0.8],
        ["pointerup", 1, 0.3, 0.8],
        ["pointermove", 1, 0.9, 0.8],  # lifted
    ]:
        reader(page).evaluate(send, event)
    rows, columns = np.nonzero(ink_of(page) > 127)
    assert (rows.min(), rows.max()) == pytest.approx((45, 235), abs=3)
    assert (columns.min(), columns.max()) == pytest.approx((73, 95), abs=3)


def test_a_finger_draws_and_does_not_scroll_the_page(open_page):
    page = open_page(width=390, has_touch=True)
    page.touchscreen.tap(*on_paper(page, 0.5, 0.5))
    rows, columns = np.nonzero(ink_of(page) > 127)
    assert (rows.mean(), columns.mean()) == pytest.approx((140, 140), abs=2)
    assert len(rows) == pytest.approx(np.pi * 11**2, rel=0.1)
    assert page.locator(".paper").evaluate("c => getComputedStyle(c).touchAction") == "none"


def test_a_digit_is_written_and_read_by_keys_alone(open_page):
    page = open_page()
    page.locator("h1").click()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "paper"
    page.keyboard.press("ArrowLeft")
    assert page.locator(".pen").is_visible()
    assert reader(page).evaluate("element => element.pixels") is None  # the pen is up
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    for _ in range(14):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowLeft") if _ % 3 == 0 else None
    page.keyboard.press("Space")
    before = pixels_of(page)
    page.keyboard.press("ArrowRight")  # the pen is up again
    np.testing.assert_array_equal(pixels_of(page), before)
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("!!document.querySelector('digit-reader').result", timeout=60_000)
    assert page.locator(".answer").inner_text().startswith("I read a 7")
    # The button is gone, and the focus is back on the paper; its keys undo, too.
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "paper"
    page.keyboard.press("Control+z")
    assert reader(page).evaluate("element => element.pixels") is None


def test_the_page_sees_no_key_that_was_meant_for_the_paper_and_all_others(open_page):
    page = open_page()
    page.evaluate(
        "() => { window.keys = []; "
        "document.addEventListener('keydown', (event) => keys.push(event.key)); }"
    )
    page.locator(".paper").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("Tab")
    page.locator("h1").click()
    page.keyboard.press("a")
    assert page.evaluate("keys") == ["a"]


# ---- where something is missing ------------------------------------------------------------


def test_without_the_runtime_plain_javascript_computes_the_same_and_says_so(
    open_page, serve, laid, tmp_path, monkeypatch, digits
):
    def unreachable(cache):
        raise lay_digit_reader.RuntimeMissing("npm is not installed")

    monkeypatch.setattr(lay_digit_reader, "fetch_archive", unreachable)
    folder = tmp_path / "book"
    missing = lay_digit_reader.lay_digit_reader(folder / FOLDER, cache=tmp_path)
    assert missing == "npm is not installed"
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "light.html").write_bytes(
        (laid / "notebooks" / "light.html").read_bytes()
    )
    whole, plain = open_page(), open_page(base=serve(folder))
    load(whole)
    load(plain)
    note = plain.locator(".note").inner_text()
    assert note.endswith("plain JavaScript computes (this build lacks onnxruntime-web).")
    for image in digits[0][:10]:
        expected, found = draw(whole, image)["logits"], draw(plain, image)["logits"]
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_an_embedded_figure_needs_no_file_and_reads_the_same(open_page, open_figures, digits):
    page = open_figures(draw_digits(embed=True))
    assert page.locator(".load").inner_text() == "Load the model"
    load(page)
    assert page.locator(".note").inner_text().endswith("plain JavaScript computes.")
    whole = open_page()
    load(whole)
    for image in digits[0][:10]:
        expected = draw(whole, image)
        found = draw(page, image)
        np.testing.assert_allclose(found["logits"], expected["logits"], atol=1e-4)
        assert found["label"] == expected["label"]


def test_outside_of_the_book_the_figure_says_what_works_there(open_figures):
    page = open_figures(draw_digits())
    assert "explorers.draw_digits(embed=True)" in page.locator(".where").inner_text()


def test_without_scripts_a_sentence_stands_instead(open_figures):
    page = open_figures(draw_digits(caption="Try <it>"), java_script_enabled=False)
    assert page.locator("strong").inner_text() == "Try <it>"
    assert "interactive where scripts run" in page.locator(".where").inner_text()


def test_a_page_opened_from_the_disk_says_that_it_needs_a_server(browser, laid):
    context = browser.new_context()
    page = context.new_page()
    page.goto((laid / "notebooks" / "light.html").as_uri())
    page.wait_for_function("document.querySelector('.where').textContent.includes('make serve')")
    context.close()


def test_a_model_that_does_not_arrive_can_be_asked_for_again(open_page):
    page = open_page()
    late = []
    page.route("**/digits.onnx", lambda route: route.fulfill(status=404, body=""))
    page.route(
        "**/*.wasm.gz", lambda route: late.append(route)
    )  # what else is on its way arrives later
    page.locator(".load").click()
    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    late[0].continue_()
    page.wait_for_timeout(500)
    assert again.is_visible()
    said = "The model could not be loaded: digits.onnx is not there (404)."
    assert page.locator(".note").inner_text() == said
    page.unroute("**/digits.onnx")
    page.unroute("**/*.wasm.gz")
    write_seven(page)
    load(page)
    assert result_of(page)["label"] == 7
    assert "404" in page.faults.pop()  # Chromium's own line


# ---- in the book ---------------------------------------------------------------------------


def test_the_figure_stands_in_chapters_11_and_71():
    assert {"11_first_classifier", "71_digit_reader"} <= set(CHAPTERS)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapters_figure_reads_a_digit_in_the_built_book(open_page, serve, name):
    """`make book` first: this reads `_build/html`."""
    page = open_page(name, base=serve(BUILT))
    assert not LOADED & set(page.fetched)
    load(page)
    write_seven(page)
    page.wait_for_function("document.querySelector('digit-reader').result?.label === 7")
    assert "onnxruntime-web" in page.locator(".note").inner_text()


# ---- for everybody -------------------------------------------------------------------------


@pytest.mark.parametrize("width", [390, 320])
def test_nothing_overflows_a_phone(open_page, width):
    page = open_page(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in (e.bounding_box() for e in page.locator("button, canvas, .bar").all()):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("width", [1280, 390])
def test_every_target_is_at_least_24_pixels(open_page, width):
    page = open_page(width=width)
    boxes = [target.bounding_box() for target in page.locator("button, .paper").all()]
    assert min(min(box["width"], box["height"]) for box in boxes) >= 24


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(open_page, run_axe, theme, width):
    page = open_page(theme, width)
    assert run_axe(page) == []
    page.locator(".paper").focus()
    page.keyboard.press("Space")
    load(page)
    assert run_axe(page) == []

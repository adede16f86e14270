import io
import sys
from types import SimpleNamespace

import pytest

from cnn_tutorial import progress


@pytest.fixture
def messages(monkeypatch):
    """What a notebook would be sent: (content, whether it replaces what is shown)."""
    from IPython import display

    sent = []

    def handle_display(self, content, raw):
        sent.append((content, False))

    def handle_update(self, content, raw):
        sent.append((content, True))

    monkeypatch.setattr(display.DisplayHandle, "display", handle_display)
    monkeypatch.setattr(display.DisplayHandle, "update", handle_update)
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    monkeypatch.setattr(progress.Progress, "_interval", 0)
    return sent


def test_in_a_notebook_the_first_and_the_last_content_are_empty(messages):
    with progress.Progress("fetching <a>", total=2_000_000) as bar:
        bar.update(500_000)
    assert messages[0] == ({}, False)
    assert messages[-1] == ({}, True)
    assert [replaces for _, replaces in messages] == [False] + [True] * (len(messages) - 1)
    assert messages[2][0]["text/plain"] == "fetching <a> 25% of 2.0 MB"
    assert 'value="0.250"' in messages[2][0]["text/html"]
    assert "fetching &lt;a&gt;" in messages[2][0]["text/html"]


def test_in_a_notebook_the_bar_goes_when_something_fails(messages):
    with pytest.raises(OSError, match="broken"), progress.Progress("fetching", total=10):
        raise OSError("broken")
    assert messages[-1] == ({}, True)


def test_without_a_total_the_bar_says_only_what_is_done(messages):
    with progress.Progress("fetching (11.5 MB)"):
        pass
    assert messages[1][0]["text/plain"] == "fetching (11.5 MB)"
    assert "value" not in messages[1][0]["text/html"]


def test_other_things_than_bytes_are_counted_by_their_name_under_a_text_that_may_change(messages):
    with progress.Progress("epoch 1", total=200, unit="images") as bar:
        bar.update(50)
        bar.text = "epoch 2"
        bar.update(100)
    shown = [content["text/plain"] for content, _ in messages[2:-1]]
    assert shown == ["epoch 1 25% of 200 images", "epoch 2 75% of 200 images"]


@pytest.mark.parametrize("unit", ["B", "images"])
def test_a_terminal_shows_the_unit(monkeypatch, unit):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_in_notebook", lambda: False)
    with progress.Progress("working", total=3_000_000, unit=unit):
        pass
    assert ("3.00M" in stream.getvalue()) == (unit == "B")
    assert ("images/s" in stream.getvalue()) == (unit == "images")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_gets_a_bar_and_a_log_gets_nothing(monkeypatch, is_terminal):
    stream = io.StringIO()
    stream.isatty = lambda: is_terminal
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_in_notebook", lambda: False)
    with progress.Progress("fetching it", total=100) as bar:
        bar.update(100)
    assert ("fetching it" in stream.getvalue()) == is_terminal


def test_what_is_not_to_be_shown_is_not(messages):
    with progress.Progress("working", total=10, shown=False) as bar:
        bar.update(5)
    assert messages == []


def test_a_kernel_counts_as_a_notebook_and_a_shell_does_not(monkeypatch):
    import IPython

    for shell, expected in [
        (None, False),
        (SimpleNamespace(kernel=None), False),
        (SimpleNamespace(kernel=object()), True),
    ]:
        monkeypatch.setattr(IPython, "get_ipython", lambda shell=shell: shell)
        assert progress._in_notebook() == expected


@pytest.mark.slow
def test_the_output_that_a_real_notebook_stores_is_empty():
    import nbclient
    import nbformat

    code = (
        "import time\nfrom cnn_tutorial.progress import Progress\n"
        "with Progress('fetching', total=10) as bar:\n    time.sleep(0.2)\n    bar.update(5)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert [dict(output["data"]) for output in notebook.cells[0].outputs] == [{}]


def test_timed_a_notebook_shows_rate_and_time_left(messages, monkeypatch):
    seconds = iter([0.0, 10.0, *[12.0] * 9])
    clock = SimpleNamespace(monotonic=lambda: now[0])
    now = [next(seconds)]
    monkeypatch.setattr(progress, "time", clock)
    with progress.Progress("training", total=1000, unit="steps", timed=True) as bar:
        for count in (10, 40, 60):
            bar.update(count)
            now[0] = next(seconds)
    texts = [content["text/plain"] for content, _ in messages[1:-1]]
    assert texts == [
        "training 0% of 1000 steps",
        "training 1% of 1000 steps",  # the first step, which compiles, is left out of the rate
        "training 5% of 1000 steps, 4 steps a second, 3 min 58 s left",
        "training 11% of 1000 steps, 8.33 steps a second, 1 min 47 s left",
    ]

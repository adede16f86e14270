"""A progress bar that suits where it is shown, and leaves nothing behind in a notebook.

In a notebook it is one display whose first and last content are empty, so that the stored
output is the same whether something had to be fetched or not. In a terminal it is tqdm's.
Where nobody watches (a log, a pipe) it shows nothing.
"""

import html
import sys
import time


class Progress:
    """Shows how far something has come; used as a context manager.

    Args:
        text: str, what is being done. May be set anew while it is being done.
        total: int, how much there is to do, or None where it is not known.
        unit: str, of what: ``"B"`` for bytes, shown in MB, or a word such as ``"images"``.
        shown: bool; False shows nothing anywhere.
        timed: bool, whether a notebook shows rate and time left too, as a terminal does.

    Example:
        >>> with Progress("reading", total=10) as progress:
        ...     progress.update(10)
    """

    _interval = 0.1  # seconds between two changes of what a notebook shows

    def __init__(self, text, total=None, *, unit="B", shown=True, timed=False):
        self.text, self.total, self.unit, self.shown = text, total, unit, shown
        self.timed, self._began = timed, None  # when something was first done, and how much
        self.done = 0
        self._drawn = -self._interval  # when a notebook was last changed, in seconds
        self._bar = self._handle = None

    def __enter__(self):
        if not self.shown:
            return self
        if _in_notebook():
            from IPython.display import DisplayHandle

            self._handle = DisplayHandle()
            self._handle.display({}, raw=True)
            self._show()
        elif sys.stderr is not None and sys.stderr.isatty():
            from tqdm import tqdm

            # Without a total there is nothing to draw a bar of: the line says what goes on.
            self._bar = tqdm(
                total=self.total,
                desc=self.text,
                unit=self.unit if self.unit == "B" else f" {self.unit}",
                unit_scale=self.unit == "B",
                leave=False,
            )
        return self

    def __exit__(self, *exception):
        if self._handle is not None:
            self._handle.update({}, raw=True)
        if self._bar is not None:
            self._bar.close()

    def update(self, count):
        """Count ``count`` further bytes, or whatever the unit is, as done."""
        self.done += count
        if self._began is None and self.done:
            self._began = time.monotonic(), self.done
        if self._bar is not None:
            self._bar.total = self.total
            self._bar.set_description(self.text, refresh=False)
            self._bar.update(count)
        elif self._handle is not None and time.monotonic() - self._drawn >= self._interval:
            self._show()

    def reset(self):
        """Begin again at nothing (called by pooch when a download is whole)."""
        self.done = 0
        if self._bar is not None:
            self._bar.reset(self.total)

    def close(self):
        """Do nothing: leaving the ``with`` block closes the bar (called by pooch)."""

    def _show(self):
        self._drawn = time.monotonic()
        text = self.text
        value = ""
        if self.total:
            share = min(self.done / self.total, 1)
            whole = (
                f"{self.total / 1e6:.1f} MB" if self.unit == "B" else f"{self.total} {self.unit}"
            )
            text += f" {share:.0%} of {whole}"
            value = f'value="{share:.3f}"'
        if self.timed:
            text += self._describe_rate()
        label = html.escape(text, quote=True)
        self._handle.update(
            {
                "text/plain": text,
                "text/html": f'<progress aria-label="{label}" {value}></progress> {label}',
            },
            raw=True,
        )

    def _describe_rate(self):
        """What was done a second, and how long the rest will take at this rate."""
        if self._began is None:
            return ""
        seconds, done = time.monotonic() - self._began[0], self.done - self._began[1]
        if not (seconds > 0 and done > 0):
            return ""
        text = f", {done / seconds:.3g} {self.unit} a second"
        if self.total:
            left = max(self.total - self.done, 0) * seconds / done
            minutes, left = divmod(round(left), 60)
            text += f", {minutes} min {left:02d} s left" if minutes else f", {left} s left"
        return text


def _in_notebook():
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None

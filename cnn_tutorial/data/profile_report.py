"""What ``profile`` found, as text, as a table, as a figure, and in words; chapter 33 shows it."""

import dataclasses
import html
import os

KEEPS_UP = 0.9  # of the model's own speed: above it, the data is called fast enough
BUSY = 0.85  # of the cores: above it, the processor is called full


@dataclasses.dataclass(frozen=True)
class Speed:
    """How fast one thing went: images a second, and how many processor cores it kept busy."""

    rate: float
    cores: float


@dataclasses.dataclass(frozen=True)
class Profile:
    """What ``profile`` measured.

    Attributes:
        data_speed, model_speed, both_speed: Speed of the data alone, of the model alone, of both
            together; the last two are None where no model was given.
        batch_size: int, images in the largest batch seen.
        first_pass: images a second in the whole first pass over the data, its start included,
            or None if it did not end within the time.
        seconds: float, how long each was measured.
    """

    data_speed: Speed
    model_speed: Speed | None
    both_speed: Speed | None
    batch_size: int
    first_pass: float | None
    seconds: float

    @property
    def data(self):
        """Images a second that the data delivers with nothing behind it."""
        return self.data_speed.rate

    @property
    def model(self):
        """Images a second that the model takes from a single batch, or None."""
        return None if self.model_speed is None else self.model_speed.rate

    @property
    def both(self):
        """Images a second of the two together, or None."""
        return None if self.both_speed is None else self.both_speed.rate

    @property
    def waiting(self):
        """The share of its time, 0 to 1, for which the model waits; None without a model."""
        return None if self.model is None else max(0.0, 1 - self.both / self.model)

    @property
    def verdict(self):
        """Who waits, by how much, and what to do about it, in a few sentences."""
        if self.model is None:
            return (
                f"The data delivers {self.data:,.0f} images a second: a model that takes more "
                "will wait for it. Give profile the compiled model to see which."
            )
        lost = f"{self.waiting:.0%}"
        if self.both >= KEEPS_UP * self.model:
            return (
                "The data keeps up: the model works at its own speed. Faster data could not "
                f"save more than {lost} of the time; a smaller model or image, or other "
                "hardware, could."
            )
        if self.data < self.model:
            return (
                f"The model waits for the data, {lost} of the time: it could take "
                f"{self.model:,.0f} images a second, and the data has {self.data:,.0f} at the "
                "most. Make an image cheaper (decode at a reduced scale, keep small copies, "
                "cache what is the same in every epoch), map in parallel, then prefetch."
            )
        together = f"Each alone is fast enough; together they lose {lost} of the model's time"
        turns = self.model / (self.data + self.model)  # lost if one works while the other rests
        if self.waiting > 1.5 * turns + 0.05:
            return (
                f"{together}, and the data's own work would explain {turns:.0%}. The rest is lost "
                "at the start of every pass, if passes are short (then use .repeat().prefetch(2) "
                "and fit's steps_per_epoch), or to another program. Profile again, for longer."
            )
        if self.both_speed.cores < BUSY * count_cores():
            return (
                f"{together}, and the processor is not full: they take turns. Prefetch at the "
                "end of the pipeline, so that the next batch is made while the model works. If it "
                "ends so already: TensorFlow, told to be deterministic, lets nothing work ahead "
                "of a function that it takes for stateful."
            )
        return (
            f"{together}, since both need the same processor cores, and those are full: working "
            "at once gains nothing more. Make an image cheaper: decode at a reduced scale, cache "
            "what is the same in every epoch."
        )

    def plot(self):
        """The speeds as bars: a ``matplotlib.figure.Figure``."""
        from cnn_tutorial import plotting

        return plotting.plot_bars(
            {name: speed.rate for name, speed in self._rows()},
            xlabel="images a second",
            form="{:,.0f}",
            highlight="both together" if self.model is not None else None,
        )

    def __str__(self):
        lines = [self._heading(), f"{'':30}{'images a second':>16}{'cores busy':>12}"]
        for name, speed in self._rows():
            lines.append(f"{name:30}{speed.rate:>16,.0f}{speed.cores:>12.1f}")
        return "\n".join([*lines, *self._remarks()])

    __repr__ = __str__

    def _repr_html_(self):
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{name}</th>'
            f"<td>{speed.rate:,.0f}</td><td>{speed.cores:.1f}</td></tr>"
            for name, speed in self._rows()
        )
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self._remarks())
        return (
            '<div class="book-report"><table><caption style="color: inherit">'
            f"{self._heading()}</caption><thead><tr><th scope='col'></th>"
            "<th scope='col'>images a second</th><th scope='col'>cores busy</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>{remarks}</div>"
        )

    def _heading(self):
        return (
            f"Batches of {self.batch_size}, {self.seconds:g} s each after a warm-up, "
            f"{count_cores()} cores"
        )

    def _rows(self):
        names = ("the data alone", "the model alone, on one batch", "both together")
        speeds = (self.data_speed, self.model_speed, self.both_speed)
        return [(name, speed) for name, speed in zip(names, speeds, strict=True) if speed]

    def _remarks(self):
        remarks = [self.verdict]
        if self.first_pass is None:
            remarks.append(
                "The data's first pass did not end within this time; if it has a cache, later "
                "passes are faster."
            )
        elif self.first_pass < self.data / 2:
            remarks.append(
                f"The first pass ran at {self.first_pass:,.0f} images a second, its start "
                "included; the table shows later passes."
            )
        return remarks


def count_cores():
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

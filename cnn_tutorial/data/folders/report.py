"""What a scan found: as text in a terminal, as tables and a contact sheet in a notebook."""

import collections
import dataclasses
import functools
import re
from pathlib import Path

import numpy as np

from cnn_tutorial.data.folders.duplicates import find_duplicates

_NAMED = 3  # files named for each kind of problem in the text


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class FolderReport:
    """What ``scan_folder`` found in a folder: N usable photographs, and what was set aside.

    ``print(report.summary())`` shows it as text; as the last line of a notebook's cell it shows
    itself as tables with a contact sheet.

    Attributes:
        path: ``pathlib.Path`` of the folder.
        files: tuple of N paths, sorted, class after class.
        labels: int64 array ``(N,)``, places in ``class_names``.
        class_names: tuple of str, sorted: the subfolders that hold usable photographs.
        problems: tuple of (path, reason): what is not used.
        notes: tuple of (path, note): what is odd about files that are used. A file may have
            several.
        sizes: int64 array ``(N, 2)``, height and width in pixels, upright.
        modes: str array ``(N,)``, how the pixels are stored, in Pillow's words: ``"RGB"``.
        hashes: str array ``(N,)``, SHA-256 of the bytes in hexadecimal.
        fingerprints: uint64 array ``(N,)``, close in bits where photographs look alike.
        skipped: list of (path, reason): files that were usable in the scan and could not be
            read later; the datasets made from the report add to it.

    Example:
        >>> report = FolderReport(
        ...     Path("pets"), (Path("pets/cat/a.jpg"),), np.array([0]), ("cat",), (), (),
        ...     np.array([[320, 400]]), np.array(["RGB"]), np.array(["1f"]),
        ...     np.array([3], np.uint64),
        ... )
        >>> report
        <FolderReport of pets: 1 photograph in 1 class, nothing set aside>
    """

    path: Path
    files: tuple
    labels: np.ndarray
    class_names: tuple
    problems: tuple
    notes: tuple
    sizes: np.ndarray
    modes: np.ndarray
    hashes: np.ndarray
    fingerprints: np.ndarray
    skipped: list = dataclasses.field(default_factory=list)

    @property
    def counts(self):
        """int64 array: how many photographs each class has, in the order of ``class_names``."""
        return np.bincount(self.labels, minlength=len(self.class_names))

    @functools.cached_property
    def duplicates(self):
        """What ``find_duplicates(report)`` gives, found once."""
        return find_duplicates(self)

    def summary(self):
        """The report as text, a str of several lines."""
        lines = [self._headline(), *self.remarks()]
        if self.files:
            lines += ["", *self._describe_classes(), "", *self._describe_pixels()]
        if self.duplicates:
            lines += ["", f"copies: {count(len(self.duplicates), 'group')}"]
            lines += [f"  {describe_group(self, group)}" for group in self.duplicates[:10]]
            lines += _and_more(self.duplicates, 10)
        for heading, items in (
            ("set aside", self.problems),
            ("used, but odd", self.notes),
            ("failed since the scan", self.skipped),
        ):
            if items:
                lines += ["", f"{heading}: {len(items):,}"]
                lines += [
                    f"  {len(paths):,} × {kind}: {self._name_some(paths)}"
                    for kind, paths in group_by_kind(items)
                ]
        return "\n".join(lines)

    def remarks(self):
        """Sentences on the folder as a whole that whoever trains on it should read."""
        remarks = []
        if not self.files:
            remarks.append("There is nothing to train on: expected is one subfolder a class.")
        elif len(self.class_names) == 1:
            remarks.append("There is one class only: nothing can be told from it.")
        else:
            largest = self.counts.argmax()
            share = self.counts[largest] / len(self.files)
            if self.counts.max() > 1.5 * self.counts.min():
                remarks.append(
                    "The classes are not balanced: always answering "
                    f"{show_path(self.class_names[largest])!r} is right for {share:.0%}."
                )
        splits = {"train", "training", "validation", "valid", "val", "test", "testing"}
        if len(splits & {name.lower() for name in self.class_names}) > 1:
            remarks.append("These classes are named like splits: scan each folder by itself.")
        torn = [group for group in self.duplicates if group.contradicts]
        if any(group.identical for group in torn):
            remarks.append("The same photograph lies in two classes: a label is wrong.")
        if not all(group.identical for group in torn):
            remarks.append(
                "Photographs in two classes look the same: look at them. If they are copies, a "
                "label is wrong."
            )
        return remarks

    def name(self, path):
        """A path as it may be shown: within the folder, with odd characters escaped."""
        path = Path(path)
        return show_path(path.relative_to(self.path) if path.is_relative_to(self.path) else path)

    def __len__(self):
        """The number of usable photographs."""
        return len(self.files)

    def __repr__(self):
        """One line."""
        return f"<FolderReport of {show_path(self.path.name)}: {self._headline()}>"

    def _repr_html_(self):
        """Tables and a contact sheet."""
        from cnn_tutorial.data.folders.report_html import render_report

        return render_report(self)

    def _headline(self):
        return (
            f"{count(len(self.files), 'photograph')} in "
            f"{count(len(self.class_names), 'class', 'classes')}, "
            f"{f'{len(self.problems):,}' if self.problems else 'nothing'} set aside"
        )

    def _describe_classes(self):
        names = [show_path(name) for name in self.class_names]
        width = max(map(len, [*names, "class"]))
        lines = [f"{'class':<{width}}  photographs   share"]
        for name, number in zip(names, self.counts, strict=True):
            lines.append(f"{name:<{width}}  {number:>11,}  {number / len(self.files):>6.1%}")
        return lines

    def _describe_pixels(self):
        return [f"{name}: {value}" for name, value in describe_pixels(self).items()]

    def _name_some(self, paths):
        named = ", ".join(self.name(path) for path in paths[:_NAMED])
        return named + (", …" if len(paths) > _NAMED else "")


def describe_pixels(report):
    """Sizes, shapes and modes of a report's photographs: a dict of name to text."""
    heights, widths = report.sizes.T
    areas = heights * widths
    aspects = widths / heights
    size = [f"{h}×{w}" for h, w in report.sizes[[areas.argmin(), areas.argmax()]]]
    modes = collections.Counter(report.modes.tolist()).most_common()
    return {
        "height × width": f"from {size[0]} to {size[1]}, "
        f"{count(len(np.unique(report.sizes, axis=0)), 'size')}",
        "width / height": f"from {aspects.min():.2f} to {aspects.max():.2f}, "
        f"median {np.median(aspects):.2f}",
        "stored as": ", ".join(f"{mode} ({number:,})" for mode, number in modes),
    }


def describe_group(report, group):
    """One line on a group of copies."""
    names = " = " if group.identical else " ≈ "
    text = names.join(report.name(file) for file in group.files[:4])
    text += f" and {len(group.files) - 4} more" if len(group.files) > 4 else ""
    return text + (" (in two classes)" if group.contradicts else "")


def group_by_kind(items):
    """(text, paths) of a list of (path, text), the most frequent kind of text first.

    The kind is the text up to a colon or a bracket, since what follows differs from file to
    file. Where it does not, it is kept.
    """
    kinds = {}
    for path, text in items:
        kinds.setdefault(re.split(r":| \(", text, maxsplit=1)[0], []).append((path, text))
    groups = []
    for kind, members in kinds.items():
        paths, texts = zip(*members, strict=True)
        groups.append((texts[0] if len(set(texts)) == 1 else kind, paths))
    return sorted(groups, key=lambda group: (-len(group[1]), group[0]))


def show_path(path):
    r"""A path or name as text that can be printed: line breaks, say, become ``\n``."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(path)
    )


def count(number, one, several=None):
    """A number with its noun: ``1 photograph``, ``2 photographs``."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _and_more(items, shown):
    return [f"  and {len(items) - shown:,} more"] if len(items) > shown else []

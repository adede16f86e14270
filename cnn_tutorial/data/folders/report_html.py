"""A ``FolderReport`` as HTML, for a notebook: tables, then a contact sheet.

Colours come from the page around it, light or dark; every table has a caption and headings.
"""

import base64
import html
import io

import numpy as np

from cnn_tutorial.data.folders.photographs import UnusablePhotographError, read_photograph
from cnn_tutorial.data.folders.report import (
    count,
    describe_group,
    describe_pixels,
    group_by_kind,
)

_SIDE = 64  # pixels of a photograph on the contact sheet
_COLUMNS = 6
_ROWS = 8  # classes shown on it
_NAMED = 5  # files named for each kind of problem
_GROUPS = 10  # groups of copies shown
_LEFT = 'style="text-align: left"'


def render_report(report):
    """HTML of a report, a str.

    Args:
        report: ``FolderReport``.
    """
    parts = [f"<p><strong>{_escape(report._headline())}</strong></p>"]
    parts += [f"<p>{_escape(remark)}</p>" for remark in report.remarks()]
    if report.files:
        shares = report.counts / len(report.files)
        rows = [
            (report.name(report.path / name), f"{number:,}", f"{share:.1%}")
            for name, number, share in zip(report.class_names, report.counts, shares, strict=True)
        ]
        parts.append(_table("Photographs a class", ("class", "photographs", "share"), rows))
        parts.append(
            _table("Their pixels", ("what", "found"), list(describe_pixels(report).items()))
        )
    if report.duplicates:
        groups = [
            (describe_group(report, group), "same bytes" if group.identical else "look alike")
            for group in report.duplicates
        ]
        heading = f"Copies: {count(len(groups), 'group')}"
        parts.append(_table(heading, ("files", "how"), groups[:_GROUPS]))
    for heading, items in (
        ("Set aside", report.problems),
        ("Used, but odd", report.notes),
        ("Failed since the scan", report.skipped),
    ):
        if items:
            parts.append(_problems(report, heading, items))
    if report.files:
        parts.append(_contact_sheet(report))
    return (
        '<div class="book-report" style="overflow-x: auto" tabindex="0" role="group" '
        f'aria-label="What was found in the folder">{"".join(parts)}</div>'
    )


def _problems(report, heading, items):
    rows = []
    for text, paths in group_by_kind(items):
        named = "; ".join(report.name(path) for path in paths[:_NAMED])
        named += f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
        rows.append((text, f"{len(paths):,}", named))
    return _table(f"{heading}: {len(items):,}", ("why", "files", "which"), rows)


def _table(caption, headings, rows):
    head = "".join(f'<th scope="col" {_LEFT}>{_escape(heading)}</th>' for heading in headings)
    body = "".join(
        f'<tr><th scope="row" {_LEFT}>{_escape(row[0])}</th>'
        + "".join(f"<td {_LEFT}>{_escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        '<table style="margin: 0 0 1em">'
        '<caption style="text-align: left; font-weight: bold; color: inherit">'
        f"{_escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _contact_sheet(report):
    """A few photographs of each class in a row, as one image."""
    from PIL import Image

    classes = report.class_names[:_ROWS]
    sheet = np.full((len(classes) * _SIDE, _COLUMNS * _SIDE, 3), 128, np.uint8)
    for row in range(len(classes)):
        members = np.flatnonzero(report.labels == row)
        chosen = members[np.linspace(0, len(members) - 1, _COLUMNS).astype(int)]
        for column, index in enumerate(dict.fromkeys(chosen.tolist())):
            thumbnail = _make_thumbnail(report.files[index])
            if thumbnail is not None:
                top, left = row * _SIDE, column * _SIDE
                height, width = thumbnail.shape[:2]
                sheet[top : top + height, left : left + width] = thumbnail
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "JPEG", quality=80)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    names = ", ".join(report.name(report.path / name) for name in classes)
    text = f"Contact sheet, one row a class, from top to bottom: {names}"
    return (
        f'<img alt="{_escape(text)}" src="data:image/jpeg;base64,{data}" '
        f'style="max-width: 100%; height: auto"><p>{_escape(text)}.</p>'
    )


def _make_thumbnail(file):
    """The photograph, whole, at most ``_SIDE`` high and wide; None if it is gone."""
    from PIL import Image

    try:
        image = Image.fromarray(read_photograph(file, at_least=_SIDE))
    except UnusablePhotographError:
        return None
    image.thumbnail((_SIDE, _SIDE))
    return np.asarray(image)


def _escape(text):
    return html.escape(str(text), quote=True)

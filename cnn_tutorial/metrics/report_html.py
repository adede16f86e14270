"""A ``Report`` as HTML, for a notebook: tables whose colours come from the page around them."""

import html

_LEFT = 'style="text-align: left"'
_RIGHT = 'style="text-align: right"'
_CELLS = 12  # classes up to which the confusion matrix is a table too


def render_report(report):
    """HTML of a report, a str.

    Args:
        report: ``Report``.

    Example:
        >>> from cnn_tutorial.metrics import make_report
        >>> "<caption" in render_report(make_report([0, 1], [0, 1]))
        True
    """
    summary = [(name, value, remark) for name, value, remark in report.lines()]
    heading = ("class", "precision", "recall", "F1", "examples")
    parts = [
        _table(report.headline(), ("what", "value", "remark"), summary),
        _table("By class", heading, report.rows()),
    ]
    if len(report.class_names) <= _CELLS:
        rows = zip(report.class_names, report.matrix.tolist(), strict=True)
        parts.append(
            _table(
                "Confusion matrix: a row for each true class, a column for each predicted one",
                ("true \\ predicted", *report.class_names),
                [(name, *(f"{count:,}" for count in row)) for name, row in rows],
            )
        )
    parts += [f"<p>{_escape(remark)}</p>" for remark in report.remarks()]
    return (
        '<div class="book-report" style="overflow-x: auto" tabindex="0" role="group" '
        f'aria-label="{_escape(report.headline())}">{"".join(parts)}</div>'
    )


def _table(caption, headings, rows):
    first, *others = headings
    head = f'<th scope="col" {_LEFT}>{_escape(first)}</th>'
    head += "".join(f'<th scope="col" {_RIGHT}>{_escape(heading)}</th>' for heading in others)
    body = "".join(
        f'<tr><th scope="row" {_LEFT}>{_escape(name)}</th>'
        + "".join(f"<td {_RIGHT}>{_escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    return (
        '<table style="margin: 0 0 1em">'
        '<caption style="text-align: left; font-weight: bold; color: inherit">'
        f"{_escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _escape(text):
    return html.escape(str(text), quote=True)

"""A ``Reading`` as HTML, for a notebook: the number, and a table of its signs."""

import base64
import html


def render_reading(reading):
    """HTML of a reading, a str.

    Args:
        reading: Reading.

    Example:
        >>> from cnn_tutorial.digit_reader.reading import Reading
        >>> "empty page" in render_reading(Reading("", (), 0.0, "an empty page", {}))
        True
    """
    text = html.escape(reading.text) or "nothing"
    parts = [
        f'<div class="book-report" style="overflow-x: auto" tabindex="0" role="region" '
        f'aria-label="Read: {text}">',
        f'<p>Read: <strong style="font-size: 1.6em">{text}</strong><br>'
        f"{html.escape(reading.remark)}</p>",
    ]
    if reading.digits:
        parts.append(_table(reading.digits))
    return "".join([*parts, "</div>"])


def _table(digits):
    rows = [
        ("seen", [_picture(digit) for digit in digits]),
        ("read", ["?" if digit.label is None else str(digit.label) for digit in digits]),
        ("most probable", [f"{int(d.probs.argmax())}: {d.probs.max():.0%}" for d in digits]),
    ]
    if any(digit.reason for digit in digits):
        rows.append(("refused", [html.escape(digit.reason or "") for digit in digits]))
    body = "".join(
        f'<tr><th scope="row" style="text-align: left">{name}</th>'
        + "".join(f'<td style="text-align: center">{cell}</td>' for cell in cells)
        + "</tr>"
        for name, cells in rows
    )
    return f"<table><tbody>{body}</tbody></table>"


def _picture(digit):
    import cv2

    encoded = base64.b64encode(cv2.imencode(".png", digit.image)[1].tobytes()).decode()
    answer = "refused" if digit.label is None else f"read as {digit.label}"
    return (
        f'<img src="data:image/png;base64,{encoded}" width="56" height="56" '
        f'alt="a sign cut from the photograph, {answer}" style="image-rendering: pixelated">'
    )

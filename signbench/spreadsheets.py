"""Tables that people open in a spreadsheet: no cell can be run as a formula, whatever separator the spreadsheet uses."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # accepted by spreadsheets in East Asia
_BEGINNING = r"(?:\A|[;|\t\r\n])(?:[^\S\t\r\n]|\")*"
"""The start of a cell, or of a part that becomes a cell if a spreadsheet uses a separator other than the comma."""

_RUNS = re.compile(rf"({_BEGINNING}'*)(?=[{_FORMULA}])|(\A'*)(?=[\t\r])")
_GUARDED = re.compile(rf"({_BEGINNING}'*)'(?=[{_FORMULA}])|(\A'*)'(?=[\t\r])")
_NUMBER = re.compile(r"-\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def inert(cell: object) -> object:
    """A cell that no spreadsheet runs: an apostrophe precedes anything that would start a formula.

    Lines are split at commas, but at semicolons, tabs or bars if a spreadsheet is configured that way; then a formula may start in
    the middle of a cell. Negative numbers and values that are not text stay unchanged.
    """
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell):
        return cell
    return _RUNS.sub(r"\g<0>'", cell)


def as_written(cell: str) -> str:
    """Undoes :func:`inert`."""
    return _GUARDED.sub(lambda found: found.group(1) or found.group(2) or "", cell)


def csv_text(rows: Iterable[Sequence[object]], header: Sequence[str]) -> str:
    """A table by RFC 4180, without cells that a spreadsheet would run.

    Args:
        rows: cells; None is an empty one.
        header: names of the columns.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([inert(name) for name in header])
    writer.writerows([inert(cell) for cell in row] for row in rows)
    return text.getvalue()


def csv_bytes(rows: Iterable[Sequence[object]], header: Sequence[str]) -> bytes:
    """:func:`csv_text` in UTF-8 with a byte-order mark, as spreadsheets expect."""
    return csv_text(rows, header).encode("utf-8-sig")

"""Tables that people open in a spreadsheet: no cell that one would run as a formula, whatever it takes for the separator."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # as spreadsheets of East Asia take them too
_BEGINNING = r"(?:\A|[;|\t\r\n])(?:[^\S\t\r\n]|\")*"
"""Where a cell begins, or begins once a spreadsheet splits the line at another separator than the comma."""

_RUNS = re.compile(rf"({_BEGINNING}'*)(?=[{_FORMULA}])|(\A'*)(?=[\t\r])")
_GUARDED = re.compile(rf"({_BEGINNING}'*)'(?=[{_FORMULA}])|(\A'*)'(?=[\t\r])")
_NUMBER = re.compile(r"-\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def inert(cell: object) -> object:
    """A cell that no spreadsheet runs: an apostrophe stands in front of whatever would begin a formula.

    A line is split at commas here and at semicolons, tabs or bars where a spreadsheet is set so; then a formula may begin in the
    middle of a cell. Negative numbers and what is no text stay as they are.
    """
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell):
        return cell
    return _RUNS.sub(r"\g<0>'", cell)


def as_written(cell: str) -> str:
    """Undoes :func:`inert`."""
    return _GUARDED.sub(lambda found: found.group(1) or found.group(2) or "", cell)


def csv_text(rows: Iterable[Sequence[object]], header: Sequence[str]) -> str:
    """A table by RFC 4180 for people and programs: no cell that a spreadsheet would run.

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
    """:func:`csv_text` in UTF-8 with a byte-order mark, as spreadsheets want it."""
    return csv_text(rows, header).encode("utf-8-sig")

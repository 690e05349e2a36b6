"""Annotations of data sets: text files with one clip a line, and cells that a character separates."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signbench.errors import InputError

MOST_BYTES = 2**28
"""A longer file is refused; the largest one of the field, How2Sign's train split, has 5 MB."""

_MARK = "\ufeff"
_NAMES = {"\t": "tabs", ",": "commas", "|": "vertical bars", ";": "semicolons"}

Note = Callable[[str], None]
"""Called with what was noticed in a file and does no harm."""


@dataclass(frozen=True)
class Line:
    """One line of such a file.

    Attributes:
        number: its number, from 1.
        cells: column -> text without surrounding spaces.
        where: the file and the line, for messages.
    """

    number: int
    cells: Mapping[str, str]
    where: str


def read_text(path: Path, note: Note | None = None) -> str:
    """The text of a UTF-8 file, with a line feed between its lines.

    Args:
        path: the file. A byte-order mark and the line ends of Windows are accepted.
        note: called with what was accepted.

    Raises:
        InputError: the file does not exist, is empty or too large, or is not UTF-8.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} has more than {MOST_BYTES:,} bytes, too many for annotations; copy it again.")
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; copy it from the data set.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line} is not UTF-8 text; copy the file again, as it was published.") from error
    if text.startswith(_MARK):
        text = text[1:]
        _say(note, f"{path} begins with a byte-order mark, which is skipped.")
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
        _say(note, f"{path} has the line ends of Windows, which are read as plain ones.")
    if not text.strip():
        raise InputError(f"{path} is empty; copy it again.")
    return text


def read_lines(
    path: Path, columns: Sequence[str], *, delimiter: str, quoted: bool = False, note: Note | None = None
) -> Iterator[Line]:
    """The lines of a file whose first line names its columns.

    Args:
        path: the file.
        columns: those that are needed; there may be others.
        delimiter: between the cells.
        quoted: whether cells that contain the delimiter are in double quotes; if not, quotes are text.
        note: called with what was accepted.

    Raises:
        InputError: the file is unreadable, lacks a column, has another delimiter, no lines, or a line with another number of cells;
            the message names the line.
    """
    text = read_text(path, note)
    rows = _quoted_rows(path, text, delimiter) if quoted else _plain_rows(text, delimiter)
    _, header = next(rows)
    header = [name.strip() for name in header]
    lacking = [column for column in columns if column not in header]
    if lacking:
        raise InputError(f"{path} has no column {lacking[0]}; {_advice(text, columns, delimiter)}.")
    count = 0
    for number, row in rows:
        if not row or row == [""]:
            continue
        if len(row) != len(header):
            raise InputError(f"{path}, line {number} has {len(row)} cells for {len(header)} columns; copy the file again.")
        count += 1
        yield Line(number, dict(zip(header, (cell.strip() for cell in row), strict=True)), f"{path}, line {number}")
    if count == 0:
        raise InputError(f"{path} has a line of column names and nothing below it; copy it again.")


def _plain_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # not splitlines, which also breaks at characters within a sentence
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, line.split(delimiter)


def _quoted_rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for row in reader:
            yield begin, row
            begin = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {begin} is not a line of a table ({error}); copy the file again.") from error


def _advice(text: str, columns: Sequence[str], delimiter: str) -> str:
    first = text.split("\n", 1)[0]
    for other, name in _NAMES.items():
        if other != delimiter and set(columns) <= {cell.strip().strip('"') for cell in first.split(other)}:
            return f"its columns are separated by {name} instead of {_NAMES[delimiter]}; copy it again, as it was published"
    return f"its first line should name the columns {', '.join(columns)}, separated by {_NAMES[delimiter]}"


def _say(note: Note | None, text: str) -> None:
    if note is not None:
        note(text)

"""Small tables of comma-separated values that name the rows and columns of other files."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from signbench.corpora.clip_ids import clip_id
from signbench.errors import InputError, nearest


@dataclass(frozen=True)
class IdRow:
    """A row of such a table.

    Attributes:
        line: its line number, from 1.
        cells: column -> text without surrounding spaces.
    """

    line: int
    cells: dict[str, str]


def read_id_table(
    table: Path, columns: Sequence[str], required: Sequence[str] = (), may_be_empty: Sequence[str] = ()
) -> dict[str, IdRow]:
    """Reads a table whose first line names its columns.

    Args:
        table: a UTF-8 file of comma-separated values, with or without a byte-order mark.
        columns: allowed columns besides ``id``.
        required: the required ones among them.
        may_be_empty: those whose cells may be empty.

    Returns:
        Clip id -> its row, in the table's order.

    Raises:
        InputError: the file does not exist or is unreadable, or has an unknown, missing or duplicate column, a row with the wrong
            number of cells, an empty cell, a bad or duplicate id, or no rows. The message names the line.
    """
    rows: dict[str, IdRow] = {}
    for line, cells in _rows(table, ("id", *columns), ("id", *required)):
        where = f"{table}, line {line}"
        empty = [column for column, text in cells.items() if not text and column not in may_be_empty]
        if empty:
            raise InputError(f"{where} has nothing in the column {empty[0]}; fill it in, or remove the row.")
        try:
            name = clip_id(cells["id"], suffix=False)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        if name in rows:
            raise InputError(f"{where}: the clip {name} is already in line {rows[name].line}; keep one row.")
        rows[name] = IdRow(line, cells)
    if not rows:
        raise InputError(f"{table} has a line of column names and nothing below it.")
    return rows


def _rows(table: Path, columns: Sequence[str], required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(table, header, columns, required)
            begin = reader.line_num + 1
            for row in reader:
                if row and len(row) != len(header):
                    raise InputError(
                        f"{table}, line {begin} has {len(row)} cells for {len(header)} columns; "
                        "put text with a comma into double quotes."
                    )
                if row:
                    yield begin, dict(zip(header, (cell.strip() for cell in row), strict=True))
                begin = reader.line_num + 1
    except FileNotFoundError:
        raise InputError(f"{table} does not exist; it names the clips, with the columns {', '.join(columns)}.") from None
    except OSError as error:
        raise InputError(f"{table} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{table} is not UTF-8 text; save it as UTF-8.") from error
    except csv.Error as error:
        raise InputError(f"{table} is not a table of comma-separated values ({error}).") from error


def _check_header(table: Path, header: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> None:
    for name in required:
        if name not in header:
            otherwise = any(mark in cell for cell in header for mark in "\t;|")
            hint = (
                "separate its columns by commas" if otherwise else f"its first line names the columns, some of {', '.join(columns)}"
            )
            raise InputError(f"{table} has no column {name}; {hint}.")
    for index, name in enumerate(header):
        if name not in columns:
            raise InputError(f"{table} has an unknown column {name!r}. {nearest(name, columns)}")
        if name in header[:index]:
            raise InputError(f"{table} has two columns named {name}; keep one.")

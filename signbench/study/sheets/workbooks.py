"""Reads and writes XLSX workbooks: cells as typed, formulas as their stored values; oversized archives are refused unread."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, Any, Literal
from xml.parsers import expat

from signbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_UNPACKED = 2**30
"""Largest unpacked size of a workbook, in bytes."""

Mark = Literal["formula", "value", "date"]
Marks = dict[tuple[int, int], Mark]
"""(row, column) of a cell, from 1 -> ``formula``: a formula without a stored value; ``value``: the stored value of a formula;
``date``: what the spreadsheet program converted to a date or time."""

_MOST_CELLS = 20_000_000
_CHUNK = 2**16


class _DoctypeError(Exception):
    """The XML has a document type definition."""


class _RootError(Exception):
    """The XML has reached its first element, so no document type definition can follow."""


def workbook_rows(content: bytes, name: str) -> dict[str, tuple[list[list[str]], Marks]]:
    """Reads all sheets of a workbook.

    Args:
        content: of the file.
        name: of the file, for messages.

    Returns:
        Title of the sheet -> its rows of cells as text, and the marks of cells that are not text. Empty rows are kept. A cell with
        a formula has its stored value, or the text of the formula if the value is an error or missing.

    Raises:
        InputError: the file is not a workbook, is damaged, is larger than 1 GB when unpacked or defines XML entities, or openpyxl
            is not installed.
    """
    _check_archive(content, name)
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(f"{name}: reading XLSX requires openpyxl; install signbench[study], or save the sheet as CSV.") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns about styles and validations that it drops
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
            found = {sheet.title: _rows(sheet, name) for sheet in book.worksheets}
            if any("formula" in marks.values() for _, marks in found.values()):
                book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
                for sheet in book.worksheets:
                    _take_values(sheet, *found[sheet.title])
            return found
    except InputError:
        raise
    except MemoryError:
        raise InputError(f"{name} is too large to be read; save it as CSV.") from None
    except Exception as error:  # openpyxl raises all kinds of exceptions for damaged workbooks
        raise InputError(f"{name} is a damaged workbook ({type(error).__name__}: {error}); save it again, or as CSV.") from error


def workbook_bytes(sheets: Mapping[str, Sequence[Sequence[str | int | None]]]) -> bytes:
    """Writes a workbook of text cells, which no spreadsheet program runs or converts to dates, with the first row frozen.

    Args:
        sheets: title -> rows; whole numbers stay numbers, None is an empty text cell.

    Raises:
        InputError: openpyxl is not installed.
    """
    try:
        import openpyxl
        from openpyxl.cell import WriteOnlyCell
    except ImportError as error:
        raise InputError("writing XLSX requires openpyxl; install signbench[study].") from error
    book = openpyxl.Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for row in rows:
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, value=value)
                if not isinstance(value, int):
                    cell.number_format = "@"
                    cell.data_type = "s" if value is not None else cell.data_type
                cells.append(cell)
            sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _rows(sheet: Any, name: str) -> tuple[list[list[str]], Marks]:
    sheet.reset_dimensions()  # the size that the file states may be wrong
    rows: list[list[str]] = []
    marks: Marks = {}
    cells = 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells += len(row) + 1
        if cells > _MOST_CELLS:
            raise InputError(f"{name}, sheet {sheet.title!r} has more than {_MOST_CELLS:,} cells; keep only the answers in it.")
        texts = []
        for column, cell in enumerate(row, start=1):
            if cell.value is not None and cell.data_type in ("f", "d"):
                marks[number, column] = "formula" if cell.data_type == "f" else "date"
            texts.append(_as_typed(cell.value))
        while texts and not texts[-1]:
            texts.pop()
        rows.append(texts)
    while rows and not rows[-1]:
        rows.pop()
    return rows, marks


def _take_values(sheet: Any, rows: list[list[str]], marks: Marks) -> None:
    """Replaces each formula with its stored value, unless the value is missing or an error."""
    sheet.reset_dimensions()
    wanted = {number for (number, _), mark in marks.items() if mark == "formula"}
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number not in wanted:
            continue
        for column, cell in enumerate(row, start=1):
            # an empty string is a value too, such as that of IF(A2="", "", ...)
            stored = cell.value is not None or cell.data_type == "str"
            if marks.get((number, column)) == "formula" and stored and cell.data_type != "e":
                rows[number - 1][column - 1] = _as_typed(cell.value)
                marks[number, column] = "value"


def _as_typed(value: Any) -> str:
    """A cell's value as text: whole numbers without a decimal point, dates and times in ISO 8601, formulas as written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return repr(value.total_seconds())
    return str(getattr(value, "text", value) or "")  # array formulas are objects with their text


def _check_archive(content: bytes, name: str) -> None:
    """Checks the archive before it is unpacked: its size, its type, encryption, and XML that defines entities.

    Raises:
        InputError: the archive fails one of the checks.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > MOST_UNPACKED:
                raise InputError(
                    f"{name} unpacks to {unpacked / 2**30:,.1f} GB, but at most 1 GB is read; save only its answers, as CSV."
                )
            if not any(member.filename == "[Content_Types].xml" for member in members):
                raise InputError(f"{name} is an archive, but not an XLSX workbook; save the sheet as XLSX or CSV.")
            if any(member.flag_bits & 1 for member in members):
                raise InputError(f"{name} is protected by a password; save it without a password.")
            for member in members:
                with archive.open(member) as stream:
                    if _has_doctype(stream):
                        raise InputError(
                            f"{name}: its part {member.filename} defines XML entities, which are unsafe to expand; save the sheet "
                            "again as XLSX or CSV."
                        )
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, OSError, ValueError) as error:
        raise InputError(f"{name} is not a readable XLSX workbook ({error}); save it again as XLSX or CSV.") from error


def _has_doctype(stream: IO[bytes]) -> bool:
    def doctype(*_: object) -> None:
        raise _DoctypeError

    def root(*_: object) -> None:
        raise _RootError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
    except _DoctypeError:
        return True
    except (_RootError, expat.ExpatError):  # an element, or not XML at all
        return False
    return False

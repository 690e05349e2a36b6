"""XLSX workbooks: read as typed, formulas by their stored values, and only after a look at what unpacking would cost."""

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
"""Bytes that a sheet may have unpacked."""

Mark = Literal["formula", "value", "date"]
Marks = dict[tuple[int, int], Mark]
"""Places of cells (row, column; from 1) that hold a formula of which no value is known, the value of a formula, or what the
spreadsheet took for a date or a time."""

_MOST_CELLS = 20_000_000
_CHUNK = 2**16


class _DoctypeError(Exception):
    """A document type definition was met."""


class _RootError(Exception):
    """The first element was met: no document type definition can follow."""


def workbook_rows(content: bytes, name: str) -> dict[str, tuple[list[list[str]], Marks]]:
    """All sheets of a workbook.

    Args:
        content: of the file.
        name: how messages call the file.

    Returns:
        Sheet -> its rows of cells as text, and which cells are more than text. Empty rows stay where they stand in the sheet. A
        cell with a formula has the value that was stored with it, or the formula's text where that is an error or is not there.

    Raises:
        InputError: no workbook, damaged, more than 1 GB unpacked, XML that defines entities (which expand), or openpyxl is not
            installed.
    """
    _check_archive(content, name)
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(f"{name}: reading XLSX needs openpyxl; install signbench[study], or save it as CSV.") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of styles and validations that it leaves out
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
    except Exception as error:  # a damaged workbook fails in openpyxl in whatever way it is damaged
        raise InputError(f"{name} is a damaged workbook ({type(error).__name__}: {error}); save it again, or as CSV.") from error


def workbook_bytes(sheets: Mapping[str, Sequence[Sequence[str | int | None]]]) -> bytes:
    """A workbook of text cells, which no spreadsheet runs or turns into dates; the first row of each sheet stays in view.

    Args:
        sheets: sheet -> its rows; numbers stay numbers, None is an empty cell for text.

    Raises:
        InputError: openpyxl is not installed.
    """
    try:
        import openpyxl
        from openpyxl.cell import WriteOnlyCell
    except ImportError as error:
        raise InputError("writing XLSX needs openpyxl; install signbench[study].") from error
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
    sheet.reset_dimensions()  # the size that the file states may be a lie
    rows: list[list[str]] = []
    marks: Marks = {}
    cells = 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells += len(row) + 1
        if cells > _MOST_CELLS:
            raise InputError(f"{name}, sheet {sheet.title!r} has more than {_MOST_CELLS:,} cells; keep the answers alone in it.")
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
    """Puts the stored value of each formula in its place, where there is one that is no error."""
    sheet.reset_dimensions()
    wanted = {number for (number, _), mark in marks.items() if mark == "formula"}
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number not in wanted:
            continue
        for column, cell in enumerate(row, start=1):
            stored = (
                cell.value is not None or cell.data_type == "str"
            )  # of which nothing is the value too, as of IF(A2="", "", ...)
            if marks.get((number, column)) == "formula" and stored and cell.data_type != "e":
                rows[number - 1][column - 1] = _as_typed(cell.value)
                marks[number, column] = "value"


def _as_typed(value: Any) -> str:
    """A cell's value as text: whole numbers without a decimal point, dates and times in ISO form, formulas as they are written."""
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
    """Looks at the directory of the archive before unpacking any of it, and at the heads of its parts before parsing them.

    Raises:
        InputError: says what is wrong with the archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > MOST_UNPACKED:
                raise InputError(
                    f"{name} would unpack to {unpacked / 2**30:,.1f} GB, and at most 1 GB is read; save its answers alone as CSV."
                )
            if not any(member.filename == "[Content_Types].xml" for member in members):
                raise InputError(f"{name} is an archive, but no XLSX workbook; save the sheet as XLSX or CSV.")
            if any(member.flag_bits & 1 for member in members):
                raise InputError(f"{name} is protected by a password; save it without one.")
            for member in members:
                with archive.open(member) as stream:
                    if _has_doctype(stream):
                        raise InputError(
                            f"{name}: its part {member.filename} defines XML entities, which no spreadsheet does and which could "
                            "expand without end; save the sheet again as XLSX or CSV."
                        )
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, OSError, ValueError) as error:
        raise InputError(f"{name} is no readable XLSX workbook ({error}); save it again as XLSX or CSV.") from error


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
    except (_RootError, expat.ExpatError):  # an element, or no XML at all
        return False
    return False

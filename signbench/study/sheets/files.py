"""Reads CSV, TSV and XLSX files as rows of text; finds out the encoding and delimiter of text files."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signbench.errors import InputError
from signbench.study.sheets.encodings import decoded
from signbench.study.sheets.workbooks import MOST_UNPACKED, Marks, workbook_rows

DELIMITERS = (",", ";", "\t", "|")
WORKBOOKS = (".xlsx", ".xlsm")
TEXTS = (".csv", ".tsv", ".tab", ".txt")
_TRIED_ROWS = 50


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet, as it was typed.

    Attributes:
        file: the file's name, with as much of its folder as is needed to make it unique.
        sheet: the sheet's name within a workbook, None for a text file.
        rows: cells of each row; the first is row 1.
        taken: the encoding and delimiter that were used, in words; ``XLSX`` for a workbook.
        ragged: whether rows have exactly the cells that were written, so that a different number of cells is an error.
        marks: cells that are a formula or a date rather than text.
    """

    file: str
    sheet: str | None
    rows: list[list[str]]
    taken: str
    ragged: bool
    marks: Marks = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name in messages."""
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheet!r}"


@dataclass(frozen=True)
class SheetFile:
    """A file with response sheets.

    Attributes:
        path: of the file.
        sha256: of its bytes, hexadecimal.
        content: its bytes.
        label: its name in messages; empty: the file name.
    """

    path: Path
    sha256: str
    content: bytes = field(repr=False)
    label: str = ""

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self.label or self.path.name

    @property
    def is_workbook(self) -> bool:
        """Whether it is XLSX, according to its first bytes or its name."""
        return self.content.startswith(b"PK\x03\x04") or self.path.suffix.lower() in WORKBOOKS

    def sheets(self, *, encoding: str | None = None, delimiter: str | None = None) -> list[Sheet]:
        """The sheets of the file, without the empty sheets of a workbook.

        Args:
            encoding: of a text file; None: detected.
            delimiter: of a text file; None: detected.

        Raises:
            InputError: the file cannot be read, or is empty.
        """
        name = self.name
        if not self.content.strip():
            raise InputError(f"{name} is empty; export the sheet again.")
        if self.is_workbook:
            books = workbook_rows(self.content, name)
            found = [
                Sheet(file=name, sheet=title, rows=rows, taken="XLSX", ragged=False, marks=marks)
                for title, (rows, marks) in books.items()
                if rows
            ]
            if not found:
                raise InputError(f"{name} contains only empty cells; export the sheet again.")
            return found
        if self.content.startswith(b"\xd0\xcf\x11\xe0"):
            raise InputError(f"{name} is an old .xls workbook or is protected by a password; save it as XLSX without a password.")
        if self.path.suffix.lower() not in TEXTS:
            raise InputError(f"{name} is not named as a CSV, TSV or XLSX file; save the sheet in one of these formats.")
        text, taken = decoded(self.content, name, encoding)
        if not text.strip('\r\n "' + "".join(DELIMITERS)):
            raise InputError(f"{name} is empty; export the sheet again.")
        rows, mark = _text_rows(text, name, delimiter, tabs=self.path.suffix.lower() in (".tsv", ".tab"))
        shown = "tab" if mark == "\t" else mark
        return [Sheet(file=name, sheet=None, rows=rows, taken=f"{taken}, delimiter {shown}", ragged=True)]


def read_file(path: Path) -> SheetFile:
    """Reads the bytes of a file with sheets.

    Raises:
        InputError: it does not exist, cannot be read, or is larger than 1 GB.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; name the files in it.")
        if path.stat().st_size > MOST_UNPACKED:
            raise InputError(f"{path} is larger than 1 GB; keep only the answers in it.")
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    return SheetFile(path, hashlib.sha256(content).hexdigest(), content)


def column_letter(index: int) -> str:
    """The letters of a column in a spreadsheet: index 0 is A."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _text_rows(text: str, name: str, delimiter: str | None, *, tabs: bool) -> tuple[list[list[str]], str]:
    first, end, rest = text.partition("\n")
    declared = first.strip().strip('"')
    if declared[:4].lower() == "sep=" and len(declared) == 5:  # written for spreadsheet programs, which do not count it as a row
        delimiter, text = delimiter or declared[4], rest if end else ""
    if delimiter is None:
        delimiter = "\t" if tabs else _delimiter(text, name)
    return _parsed(text, delimiter, name), delimiter


def _parsed(text: str, delimiter: str, name: str, most: int | None = None) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            rows.append(row)
            if most is not None and len(rows) == most:
                break
    except csv.Error as error:
        line = reader.line_num
        raise InputError(
            f"{name}, row {len(rows) + 1} (ends in line {line}) cannot be read ({error}): a quotation mark is missing or "
            "unescaped; correct it, or export the sheet again."
        ) from error
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _delimiter(text: str, name: str) -> str:
    """The delimiter with which most of the first rows have the same number of cells, and the largest number.

    Raises:
        InputError: no delimiter gives two columns.
    """
    found: list[tuple[float, int, str]] = []
    fault: InputError | None = None
    for mark in DELIMITERS:
        try:
            rows = [row for row in _parsed(text, mark, name, _TRIED_ROWS) if any(row)]
        except InputError as error:
            fault = fault or error
            continue
        width = _most_frequent([len(row) for row in rows])
        if width > 1:
            found.append((sum(len(row) == width for row in rows) / len(rows), width, mark))
    if found:
        return max(found)[2]
    if fault is not None:
        raise fault
    raise InputError(
        f"{name} has only one column with each of the delimiters comma, semicolon, tab and |; set 'delimiter:' in the mapping."
    )


def _most_frequent(numbers: Sequence[int]) -> int:
    return max(set(numbers), key=lambda number: (numbers.count(number), number)) if numbers else 0

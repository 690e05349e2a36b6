"""Text files as one side of a comparison: one text per line, or a table with a column of clip ids."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from signbench.corpora.clip import Clip, Side
from signbench.corpora.clip_ids import clip_id
from signbench.corpora.recordings import Stamp, file_stamp
from signbench.errors import InputError, nearest

_BY_LINE = (".txt",)
_TABLES = (".csv", ".tsv")
_DELIMITERS = (",", ";", "\t", "|")
_PHOENIX = ("name", "video", "start", "end", "speaker", "orth", "translation")
"""Columns of the PHOENIX-2014-T annotations."""


@dataclass(frozen=True)
class TextEntry:
    """The text, or the glosses, of one clip in a text file.

    Attributes:
        path: the file.
        text: the unmodified text; may be empty.
        line: its line number, from 1.
    """

    path: Path
    text: str
    line: int

    @property
    def label(self) -> str:
        return f"{self.path}, line {self.line}"

    def stamp(self) -> Stamp:
        return file_stamp(self.path)

    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_text_side(path: Path, id_column: str | None = None, text_column: str | None = None) -> Side:
    """Reads a text file; every clip has its text as ``written``.

    - ``.txt``: one text per line. Ids are line numbers, ``000001`` and so on; an empty line is an empty text.
    - ``.csv``, ``.tsv``: a table whose first line names its columns, separated by commas, semicolons, tabs or ``|``. With ``|``,
      quotation marks have no special meaning. The annotations of PHOENIX-2014-T are read directly: ``name`` is the id and
      ``translation`` the text; ``text_column="orth"`` selects the glosses.

    Files are UTF-8, with or without a byte-order mark.

    Args:
        path: the file.
        id_column: the column of clip ids; None: ``id``, or for the annotations of PHOENIX ``name``.
        text_column: the column of texts; None: ``text``, or for the annotations of PHOENIX ``translation``.

    Raises:
        InputError: the file does not exist, is of another kind, empty or not UTF-8; a column is missing; a row has too few or too
            many fields; an id is bad or duplicate. The message names the file, and the row or column.
    """
    suffix = path.suffix.lower()
    if suffix not in (*_BY_LINE, *_TABLES):
        raise InputError(f"{path} is not a text file; texts are read from .txt by line, or from .csv and .tsv by id.")
    content = _decoded(path)
    if suffix in _BY_LINE:
        if id_column is not None or text_column is not None:
            raise InputError(
                f"{path} has one text per line and no columns; use `id_column` and `text_column` only with .csv or .tsv files."
            )
        entries = {f"{line:06d}": TextEntry(path, text, line) for line, text in enumerate(_lines(content), start=1)}
    else:
        entries = _table(path, content, id_column, text_column)
    clips = {name: Clip(name, written=entries[name]) for name in sorted(entries)}
    return Side(str(path), clips, os.path.realpath(path))


def _decoded(path: Path) -> str:
    if path.is_dir():
        raise InputError(f"{path} is a folder; pass the text file itself.")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line} is not UTF-8; save the file as UTF-8.") from None
    if not text.strip():
        raise InputError(f"{path} is empty.")
    return text


def _lines(content: str) -> list[str]:
    """Lines without their ends. Other Unicode line breaks may occur within a sentence."""
    lines = content.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _table(path: Path, content: str, id_column: str | None, text_column: str | None) -> dict[str, TextEntry]:
    delimiter = _delimiter(path, content, [column for column in (id_column, text_column) if column is not None])
    rows = _rows(path, content, delimiter)
    _, header = next(rows, (1, []))
    columns = [name.strip() for name in header]
    phoenix = set(_PHOENIX) <= set(columns)
    ids = _column(path, columns, id_column, "name" if phoenix else "id", "id_column")
    texts = _column(path, columns, text_column, "translation" if phoenix else "text", "text_column")
    entries: dict[str, TextEntry] = {}
    for line, row in rows:
        if len(row) != len(columns):
            hint = (
                "; a field that holds the delimiter needs quotation marks" if len(row) > len(columns) and delimiter != "|" else ""
            )
            raise InputError(f"{path}, line {line} has {len(row)} fields for {len(columns)} columns{hint}.")
        try:
            name = clip_id(row[ids].strip(), suffix=False)
        except InputError as error:
            raise InputError(f"{path}, line {line}, column {columns[ids]}: {error}") from None
        if name in entries:
            raise InputError(f"{path}, line {line}: the clip id {name} is already in line {entries[name].line}; keep one.")
        entries[name] = TextEntry(path, row[texts], line)
    if not entries:
        raise InputError(f"{path} has a line of column names and nothing below it.")
    return entries


def _delimiter(path: Path, content: str, wanted: Sequence[str]) -> str:
    """The delimiter with which the first line holds the requested columns, and among these the one with the most columns."""
    if path.suffix.lower() == ".tsv":
        return "\t"

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            _, header = next(_rows(path, content, delimiter), (1, []))
        except InputError:  # quotation marks that only make sense with another delimiter
            return 0, 0
        columns = [name.strip() for name in header]
        return sum(name in columns for name in wanted), len(columns)

    return max(_DELIMITERS, key=fit)


def _rows(path: Path, content: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line in which it starts."""
    lines = (f"{line}\n" for line in _lines(content))
    if delimiter == "|":
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
    else:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begin = 1
    try:
        for row in reader:
            if len(row) > 1 or "".join(row).strip():
                yield begin, row
            begin = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {begin} cannot be divided into columns: {error}.") from None


def _column(path: Path, columns: Sequence[str], wanted: str | None, usual: str, parameter: str) -> int:
    name = usual if wanted is None else wanted
    if columns.count(name) > 1:
        raise InputError(f"{path} has {columns.count(name)} columns named {name}; rename all but one.")
    if name not in columns:
        hint = f"name it with `{parameter}=COLUMN`. Known: {', '.join(columns)}." if wanted is None else nearest(name, columns)
        raise InputError(f"{path} has no column {name}{'; ' if wanted is None else '. '}{hint}")
    return columns.index(name)

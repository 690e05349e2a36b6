"""Proposes a mapping for sheets from their headers, for a person to check and complete."""

from __future__ import annotations

import fnmatch
import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signbench.documents import yaml_text
from signbench.errors import InputError
from signbench.study.sheets.columns import Columns
from signbench.study.sheets.files import Sheet, SheetFile, column_letter
from signbench.study.sheets.headers import holds_no_answers, language_of, names_a
from signbench.study.sheets.survey_forms import folded, unfinished_cells

_HEAD = """\
# A mapping that signbench study import proposed from the headers of the sheets. Before you import with it:
# 1. check the language, the meaning of each column, and which rows are left out;
# 2. in a wide sheet, set the clip (the id in the run's per_clip.parquet) and the sign of each column;
# 3. under signs, list the accepted answers of each sign. docs/study.md explains every field.
"""


def propose(files: Sequence[SheetFile], encoding: str | None = None) -> str:
    """Proposes a mapping file.

    Args:
        files: with the sheets.
        encoding: of text files; None: detected.

    Returns:
        YAML with comments. The clips, signs and accepted answers of wide sheets have to be filled in before it can be used.

    Raises:
        InputError: a sheet cannot be read at all.
    """
    sheets: list[dict[str, Any]] = []
    signs: dict[str, list[str]] = {}
    languages: Counter[str] = Counter()
    copies: dict[object, list[tuple[SheetFile, dict[str, Any]]]] = defaultdict(list)
    for file in files:
        found = file.sheets(encoding=encoding)
        for sheet in found:
            try:
                columns = Columns(sheet)
            except InputError:
                if len(found) == 1:
                    raise
                sheets.append({"file": sheet.file, "sheet": sheet.sheet, "layout": "ignored"})  # such as a title page
                continue
            entry, seen = _sheet(columns, several=len(found) > 1)
            if encoding is not None and not file.is_workbook:
                entry["encoding"] = encoding
            sheets.append(entry)
            signs.update(seen)
            languages[language_of(columns.names, [cell for _, cells in columns.rows for cell in cells])] += 1
            if len(found) == 1 and (form := _form(columns, entry)) is not None:
                copies[form].append((file, entry))
    if not languages:
        raise InputError("no sheet has a header with rows of answers below it; export the sheets again.")
    for same in copies.values():
        _merge(same, files, sheets)
    language = max(sorted(languages), key=lambda name: languages[name])
    content = {"name": "study", "language": language, "sheets": sheets, "signs": signs, "dictionary": {}}
    content |= {"lemmatiser": "none", "blank": "wrong", "resubmissions": "refuse"}
    return _HEAD + yaml_text(content)


def write_proposal(files: Sequence[SheetFile], path: Path, encoding: str | None = None) -> None:
    """Writes the proposal into a new file.

    Raises:
        InputError: the file already exists, or cannot be written.
    """
    if path.exists():
        raise InputError(f"no `mapping` was given, and {path} already exists; use it with `mapping='{path}'`, or move it away.")
    text = propose(files, encoding)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}; run the command in another folder.") from error


def _form(columns: Columns, entry: dict[str, Any]) -> object:
    """A key that is equal for copies of one sheet filled in by different participants; None for a sheet of several participants."""
    if entry["layout"] == "wide":
        return tuple(columns.names) if len(columns.rows) == 1 else None
    clip = columns.find(entry["clip"], "clip")
    return tuple(columns.names), frozenset(cells[clip].strip() for _, cells in columns.rows)


def _merge(same: Sequence[tuple[SheetFile, dict[str, Any]]], files: Sequence[SheetFile], sheets: list[dict[str, Any]]) -> None:
    """Replaces the mappings of copies of one sheet by one, if a pattern matches their names and no other file's."""
    names = [file.path.name for file, _ in same]
    begin = _shared_beginning(names)
    end = _shared_beginning([name.removeprefix(begin)[::-1] for name in names])[::-1]
    pattern = f"{begin}*{end}"
    fitting = [file for file in files if fnmatch.fnmatchcase(file.path.name, pattern)]
    if len(same) < 2 or len(fitting) != len(same) or any(mark in begin for mark in "*?["):
        return
    kept = same[0][1]
    kept["file"] = pattern
    if "pack" in kept:
        kept["pack"] = begin.partition("(")[0].strip(" -_.") or "pack"
    for _, entry in same[1:]:
        sheets.remove(entry)


def _shared_beginning(names: Sequence[str]) -> str:
    letters = itertools.takewhile(lambda same: len(set(same)) == 1, zip(*names, strict=False))
    return "".join(first for first, *_ in letters)


def _sheet(columns: Columns, *, several: bool) -> tuple[dict[str, Any], dict[str, list[str]]]:
    sheet = columns.sheet
    entry: dict[str, Any] = {"file": sheet.file}
    if several:
        entry["sheet"] = sheet.sheet
    left_out = _rows_left_out(columns)
    fields = _fields(columns)
    named = {field: _reference(columns, index) for field, index in fields.items()}
    long = {"rater", "clip", "answer"} <= set(fields)
    if not long:
        for field in ("clip", "sign", "pack", "answer", "order"):
            fields.pop(field, None)
            named.pop(field, None)
    left = [index for index, name in enumerate(columns.names) if name and index not in fields.values()]
    if long:
        entry, signs = _long(entry, columns, fields, named, left)
    else:
        ignored = [index for index in left if _is_ignored(columns, index)]
        shown = [index for index in left if index not in ignored]
        entry |= {"layout": "wide", "pack": _pack(sheet, several=several)}
        entry |= {field: named[field] for field in ("rater", "group", "time") if field in named}
        entry["clips"] = {
            _reference(columns, index): {"clip": columns.names[index], "sign": columns.names[index]} for index in shown
        }
        if ignored:
            entry["ignored"] = [_reference(columns, index) for index in ignored]
        signs = {columns.names[index]: [] for index in shown}
    if left_out:
        entry["leave_out_rows"] = left_out
    return entry, signs


def _fields(columns: Columns) -> dict[str, int]:
    """Field of the mapping -> index of its column, by the column's name; the column of the raters has no empty cell."""
    fields: dict[str, int] = {}
    for field in ("clip", "sign", "answer", "time", "rater", "group", "pack", "order"):
        fitting = [index for index, name in enumerate(columns.names) if name and names_a(field, name)]
        free = [index for index in fitting if index not in fields.values()]
        if field == "rater":
            free = [index for index in free if all(cells[index].strip() for _, cells in columns.rows)]
            free.sort(key=lambda index: len({cells[index] for _, cells in columns.rows}) < len(columns.rows))
        if free:
            fields[field] = free[0]
    return fields


def _rows_left_out(columns: Columns) -> dict[str, list[str]]:
    """Proposes to leave out unfinished submissions, previews and tests, and removes these rows from ``columns``."""
    found = {
        index: sorted({cells[index].strip() for _, cells in columns.rows if folded(cells[index]) in marks})
        for index, marks in unfinished_cells(columns.names).items()
    }
    proposed = {_reference(columns, index): cells for index, cells in found.items() if cells}
    chosen = [row for row in columns.rows if not any(row[1][index].strip() in cells for index, cells in found.items())]
    columns.rows = chosen or columns.rows
    return proposed


def _is_ignored(columns: Columns, index: int) -> bool:
    name = columns.names[index]
    return names_a("ignored", name) or names_a("time", name) or holds_no_answers([cells[index] for _, cells in columns.rows])


def _long(
    entry: dict[str, Any], columns: Columns, fields: dict[str, int], named: dict[str, str], left: list[int]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    entry["layout"] = "long"
    if "pack" in named:
        named["pack_column"] = named.pop("pack")
    else:
        entry["pack"] = _pack(columns.sheet, several="sheet" in entry)
    entry |= {
        field: named[field]
        for field in ("rater", "clip", "sign", "pack_column", "answer", "order", "group", "time")
        if field in named
    }
    if left:
        entry["ignored"] = [_reference(columns, index) for index in left]
    if "sign" in fields:
        signs = sorted({cells[fields["sign"]].strip() for _, cells in columns.rows} - {""})
        return entry, {sign: [sign] for sign in signs}
    clips = sorted({cells[fields["clip"]].strip() for _, cells in columns.rows} - {""})
    entry["clips"] = {clip: {"clip": clip, "sign": clip} for clip in clips}
    return entry, {clip: [] for clip in clips}


def _reference(columns: Columns, index: int) -> str:
    name = columns.names[index]
    return name if columns.names.count(name) == 1 else f"column {column_letter(index)}"


def _pack(sheet: Sheet, *, several: bool) -> str:
    return sheet.sheet if several and sheet.sheet else Path(sheet.file).stem

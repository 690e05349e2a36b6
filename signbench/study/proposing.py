"""A first mapping for sheets that have none: what their headers suggest, for a person to correct."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signbench.documents import yaml_text
from signbench.errors import InputError
from signbench.study.columns import Columns
from signbench.study.sheets import Sheet, SheetFile, column_letter

_WORDS = {
    "time": r"timestamp|time ?stamp|zeitstempel|horodateur|marca temporal|carimbo|informazioni cronologiche|date|time|datetime|"
    r"submitted( at)?|отметка времени|позначка часу|дата|время|дата и время",
    "rater": r"(rater|participant|respondent|user|signer|person|subject)([ _]?(id|code|name))?|name|full name|id|.*e-?mail.*|"
    r".*электронн\w+ почт\w*.*|почта|имя|ваше имя|фио|имя и фамилия|участник\w*|респондент\w*|"
    r"(код|номер) участника|.*електронн\w+.*",
    "group": r"group|rater[ _]group|.*hearing status.*|группа|.*статус слуха.*|.*слышащ\w+.*",
    "clip": r"clip|video|stimulus|item|clip[ _]id|video[ _]id|клип|видео|ролик|видеоролик|стимул",
    "sign": r"sign|gloss|target|word|жест|слово|глосс\w?",
    "pack": r"pack|set|block|пак|набор|блок|часть",
    "answer": r"answer|response|text|free text|ответ|ответы|текст|текст ответа",
    "order": r"order|position|trial|порядок|порядковый номер|позиция|№",
    "ignored": r".*\b(age|gender|sex|comments?|remarks?|score|points|consent|city|region|language)\b.*|"
    r".*(возраст|комментари|замечани|балл|согласие|город|регион|стаж).*|(ваш )?пол",
}
_PATTERNS = {field: re.compile(words, re.IGNORECASE) for field, words in _WORDS.items()}
_HEAD = """\
# A proposal of signbench study import, from the headers of the sheets. Before you import with it:
# 1. check what each column is taken for;
# 2. in a wide sheet, give each column its clip (the id in the run's per_clip.parquet) and its sign;
# 3. under signs, list the accepted answers of each sign. docs/study.md explains every field.
"""


def propose(files: Sequence[SheetFile]) -> str:
    """A mapping file for a person to correct.

    Args:
        files: the sheets.

    Returns:
        YAML with comments; wide sheets need clips, signs and accepted answers before it can be used.

    Raises:
        InputError: a sheet cannot be read at all.
    """
    sheets: list[dict[str, Any]] = []
    signs: dict[str, list[str]] = {}
    for file in files:
        found = file.sheets()
        for sheet in found:
            entry, seen = _sheet(sheet, several=len(found) > 1)
            sheets.append(entry)
            signs.update(seen)
    content = {"name": "study", "language": "ru", "sheets": sheets, "signs": signs, "dictionary": {}}
    content |= {"lemmatiser": "none", "blank": "wrong", "resubmissions": "refuse"}
    return _HEAD + yaml_text(content)


def write_proposal(files: Sequence[SheetFile], path: Path) -> None:
    """Writes the proposal into a new file.

    Raises:
        InputError: the file is there already, or cannot be written.
    """
    if path.exists():
        raise InputError(f"no --mapping was given, and {path} is there already; use it with --mapping {path}, or move it away.")
    text = propose(files)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}; go to a folder that can.") from error


def _sheet(sheet: Sheet, *, several: bool) -> tuple[dict[str, Any], dict[str, list[str]]]:
    columns = Columns(sheet)
    fields: dict[str, int] = {}
    for field in ("time", "rater", "group", "clip", "sign", "pack", "answer", "order"):
        fitting = [index for index, name in enumerate(columns.names) if name and _PATTERNS[field].fullmatch(name)]
        free = [index for index in fitting if index not in fields.values()]
        if free:
            fields[field] = free[0]
    entry: dict[str, Any] = {"file": sheet.file}
    if several:
        entry["sheet"] = sheet.sheet
    named = {field: _reference(columns, index) for field, index in fields.items()}
    long = {"rater", "clip", "answer"} <= set(fields)
    if not long:
        for field in ("clip", "sign", "pack", "answer", "order"):
            fields.pop(field, None)
            named.pop(field, None)
    left = [index for index, name in enumerate(columns.names) if name and index not in fields.values()]
    if long:
        return _long(entry, columns, fields, named, left, sheet)
    ignored = [index for index in left if _PATTERNS["ignored"].fullmatch(columns.names[index])]
    shown = [index for index in left if index not in ignored]
    entry |= {"layout": "wide", "pack": _pack(sheet, several=several)}
    entry |= {field: named[field] for field in ("rater", "group", "time") if field in named}
    entry["clips"] = {_reference(columns, index): {"clip": columns.names[index], "sign": columns.names[index]} for index in shown}
    if ignored:
        entry["ignored"] = [_reference(columns, index) for index in ignored]
    return entry, {columns.names[index]: [] for index in shown}


def _long(
    entry: dict[str, Any], columns: Columns, fields: dict[str, int], named: dict[str, str], left: list[int], sheet: Sheet
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    entry["layout"] = "long"
    if "pack" in named:
        named["pack_column"] = named.pop("pack")
    else:
        entry["pack"] = _pack(sheet, several="sheet" in entry)
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

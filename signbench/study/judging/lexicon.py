"""The lexicon: what a person decided about answers that matched nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from signbench.errors import InputError, nearest
from signbench.spreadsheets import as_written
from signbench.study.sheets.files import Sheet, column_letter, read_file

COLUMNS = ("sign", "answer", "decision")
"""The columns that a lexicon needs; others are for people."""

_YES = frozenset(
    {
        *("yes", "y", "accept", "accepted", "correct", "да", "принять", "верно", "так", "ja", "richtig", "oui", "sí", "si", "evet"),
        *("sim", "tak", "نعم", "是", "对", "はい", "예"),
    }
)
_NO = frozenset(
    {
        *("no", "n", "reject", "rejected", "wrong", "нет", "отклонить", "неверно", "ні", "nein", "falsch", "non", "hayır", "não"),
        *("nie", "لا", "否", "不对", "错", "いいえ", "아니요"),
    }
)


@dataclass(frozen=True)
class Lexicon:
    """Decisions about answers.

    Attributes:
        decisions: (sign, answer) -> ``yes``, ``no``, or the lemma that was meant; ``sign: NAME`` names a sign that is called so.
        written: the same, as the person wrote it, where that was read as ``yes`` or ``no``.
        digest: SHA-256 of the decisions, hexadecimal; order, examples and counts of the file do not move it.
    """

    decisions: Mapping[tuple[str, str], str]
    written: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        rows = sorted([*key, decision] for key, decision in self.decisions.items())
        return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def read_lexicon(path: Path) -> Lexicon:
    """Reads a file that ``signbench study unmatched`` wrote and a person filled in, as CSV, TSV or XLSX.

    Rows without a decision stay open.

    Raises:
        InputError: it cannot be read, lacks a column, or decides one answer in two ways; names the row.
    """
    found = read_file(path).sheets()
    if len(found) > 1:
        raise InputError(f"{path.name} has {len(found)} sheets with something in them; keep one.")
    return _lexicon(found[0])


def _lexicon(sheet: Sheet) -> Lexicon:
    header = [cell.strip().lower() for cell in sheet.rows[0]]
    places = {}
    for column in COLUMNS:
        if header.count(column) != 1:
            how = "no column" if column not in header else f"{header.count(column)} columns"
            raise InputError(f"{sheet.label}, row 1 has {how} {column!r}; a lexicon has sign, answer and decision, once each.")
        places[column] = header.index(column)
    decisions: dict[tuple[str, str], str] = {}
    written: dict[tuple[str, str], str] = {}
    rows: dict[tuple[str, str], int] = {}
    for number, row in enumerate(sheet.rows[1:], start=2):
        if sheet.ragged and any(row) and len(row) != len(header):
            raise InputError(f"{sheet.label}, row {number} has {len(row)} cells and the header {len(header)}; correct it.")
        cells = {column: as_written(row[place].strip()) if place < len(row) else "" for column, place in places.items()}
        if not cells["decision"]:
            continue
        for column in ("sign", "answer"):
            if not cells[column]:
                where = f"row {number}, column {column_letter(places[column])}"
                raise InputError(f"{sheet.label}, {where} is empty, but the row has a decision; fill in the {column}.")
        key, decision = (cells["sign"], cells["answer"]), _decision(cells["decision"])
        if decisions.get(key, decision) != decision:
            raise InputError(
                f"{sheet.label}, rows {rows[key]} and {number} decide {key[1]!r} for the sign {key[0]!r} in two ways; keep one."
            )
        decisions[key] = decision
        rows.setdefault(key, number)
        if decision in ("yes", "no") and cells["decision"] not in ("yes", "no"):
            written.setdefault(key, cells["decision"])
    return Lexicon(decisions, written)


def check_signs(lexicon: Lexicon, signs: Mapping[str, object]) -> None:
    """Refuses a lexicon of another study.

    Raises:
        InputError: it speaks of a sign that the study does not have.
    """
    for sign, _ in lexicon.decisions:
        if sign not in signs:
            raise InputError(f"lexicon: there is no sign {sign!r} in this study. {nearest(sign, signs)}")


def _decision(cell: str) -> str:
    word = cell.casefold()
    return "yes" if word in _YES else "no" if word in _NO else cell

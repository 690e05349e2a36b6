"""The lexicon: decisions that a person made about answers that matched nothing."""

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
"""The columns that a lexicon needs; its other columns help the person who decides."""

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
        decisions: (sign, answer) -> ``yes``, ``no``, or the lemma that was meant; ``sign: NAME`` is a sign, even one called no.
        written: (sign, answer) -> the decision as the person wrote it, if it is another word for ``yes`` or ``no``.
        digest: SHA-256 of the decisions, hexadecimal; the order, examples and counts in the file do not change it.
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
        InputError: it cannot be read, lacks a column, or contradicts itself about an answer; names the row.
    """
    found = read_file(path).sheets()
    if len(found) > 1:
        raise InputError(f"{path.name} has {len(found)} sheets that are not empty; keep one.")
    return _lexicon(found[0])


def _lexicon(sheet: Sheet) -> Lexicon:
    header = [cell.strip().lower() for cell in sheet.rows[0]]
    indices = {}
    for column in COLUMNS:
        if header.count(column) != 1:
            how = "no column" if column not in header else f"{header.count(column)} columns"
            raise InputError(f"{sheet.label}, row 1 has {how} {column!r}; a lexicon needs one column each: sign, answer, decision.")
        indices[column] = header.index(column)
    decisions: dict[tuple[str, str], str] = {}
    written: dict[tuple[str, str], str] = {}
    rows: dict[tuple[str, str], int] = {}
    for number, row in enumerate(sheet.rows[1:], start=2):
        if sheet.ragged and any(row) and len(row) != len(header):
            raise InputError(f"{sheet.label}, row {number} has {len(row)} cells, but the header has {len(header)}; correct it.")
        cells = {column: as_written(row[index].strip()) if index < len(row) else "" for column, index in indices.items()}
        if not cells["decision"]:
            continue
        for column in ("sign", "answer"):
            if not cells[column]:
                where = f"row {number}, column {column_letter(indices[column])}"
                raise InputError(f"{sheet.label}, {where} is empty, but the row has a decision; fill in the {column}.")
        key, decision = (cells["sign"], cells["answer"]), _decision(cells["decision"])
        if decisions.get(key, decision) != decision:
            raise InputError(
                f"{sheet.label}, rows {rows[key]} and {number} have different decisions on {key[1]!r} for the sign {key[0]!r}; "
                "keep one."
            )
        decisions[key] = decision
        rows.setdefault(key, number)
        if decision in ("yes", "no") and cells["decision"] not in ("yes", "no"):
            written.setdefault(key, cells["decision"])
    return Lexicon(decisions, written)


def check_signs(lexicon: Lexicon, signs: Mapping[str, object]) -> None:
    """Refuses the lexicon of another study.

    Raises:
        InputError: it has a sign that the study does not have.
    """
    for sign, _ in lexicon.decisions:
        if sign not in signs:
            raise InputError(f"lexicon: this study has no sign {sign!r}. {nearest(sign, signs)}")


def _decision(cell: str) -> str:
    word = cell.casefold()
    return "yes" if word in _YES else "no" if word in _NO else cell

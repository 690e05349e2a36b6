"""Detection of cells that another program corrupted; undetected, they would be judged as wrong answers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from signbench.errors import InputError
from signbench.study.sheets.columns import Columns

_BETWEEN_WORDS = re.compile(r"[\s,.;:!/\-]+")
_WITHIN_WORD = re.compile(r"[^\W\d_]\?[^\W\d_]")
_FEWEST_WITHIN_WORDS = 3
_TAKEN_FOR = ("cp1252", "cp1251", "cp1250", "cp1254", "mac_roman")
_SPREADSHEET_ERRORS = frozenset({"#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#N/A", "#ИМЯ?", "#ЗНАЧ!", "#ССЫЛКА!"})


def check_letters(columns: Columns, indices: Iterable[int], answers: Iterable[int], *, question_marks: bool) -> None:
    """Refuses cells with lost letters, replacement characters, text decoded with the wrong encoding, and formula errors.

    Args:
        columns: the sheet.
        indices: of the columns that are used.
        answers: the indices of those that contain answers.
        question_marks: whether question marks stand for lost letters; otherwise raters typed them.

    Raises:
        InputError: names the first such cell, and how many there are.
    """
    used, of_answers = sorted(set(indices)), set(answers)
    cells = [(columns.header_row, index, columns.names[index]) for index in used]
    cells += [(number, index, row[index]) for number, row in columns.rows for index in used]
    found: dict[str, list[tuple[int, int, str]]] = {}
    for number, index, cell in cells:
        in_answer = index in of_answers and number != columns.header_row
        if kind := damage(cell, question_marks=question_marks, is_answer=in_answer):
            found.setdefault(kind, []).append((number, index, cell))
    within = [cell for cell in cells if question_marks and _WITHIN_WORD.search(cell[2]) and cell[0] != columns.header_row]
    if len(within) >= _FEWEST_WITHIN_WORDS:  # one or two may have forgotten a space
        found.setdefault("question marks", []).extend(within)
    for kind, damaged in found.items():
        number, index, cell = damaged[0]
        shown = repr(cell if len(cell) <= 40 else f"{cell[:37]}...")
        count = "" if len(damaged) == 1 else f", the first of {len(damaged)} such cells"
        raise InputError(f"{columns.where(index, number)}{count}: {shown} {_WORDS[kind]}")


_WORDS = {
    "question marks": "contains question marks where a program lost letters; export the sheet again as UTF-8 or XLSX, or set "
    "'question_marks: typed' in the mapping if the raters typed them.",
    "replacement": "contains the replacement character U+FFFD, so letters were lost; export the sheet again as UTF-8 or XLSX.",
    "mistaken": "is UTF-8 text that was decoded with another encoding; export the sheet again as UTF-8 or XLSX.",
    "error": "is a spreadsheet error instead of an answer, perhaps because the answer began with a dash; enter what the rater "
    "wrote.",
}


def damage(cell: str, *, question_marks: bool = True, is_answer: bool = True) -> str | None:
    """The kind of damage of a cell: ``question marks``, ``replacement``, ``mistaken`` or ``error``; None if there is none.

    Args:
        cell: its text in the sheet.
        question_marks: whether a cell of question marks alone is damaged.
        is_answer: the cell is an answer, which may end in several question marks.
    """
    text = cell.strip()
    if "\ufffd" in text:
        return "replacement"
    if question_marks and (_is_question_marks(text) or (not is_answer and text.startswith("??"))):
        return "question marks"
    if text in _SPREADSHEET_ERRORS and is_answer:
        return "error"
    return "mistaken" if _is_mistaken(text) else None


def _is_question_marks(text: str) -> bool:
    """Whether the text is nothing but question marks, and either four in a row or several words of two or more."""
    words = [word for word in _BETWEEN_WORDS.split(text) if word]
    return not any(word.strip("?") for word in words) and (
        any(len(word) > 3 for word in words) or sum(len(word) > 1 for word in words) > 1
    )


def _is_mistaken(text: str) -> bool:
    """Whether the text, encoded with a common encoding, is valid UTF-8 for two or more other letters, which is no accident."""
    if text.isascii():
        return False
    for encoding in _TAKEN_FOR:
        try:
            meant = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        others = sum(not letter.isascii() for letter in meant)
        if others > 1 or (others == 1 and encoding == "cp1252" and re.search("[\u00c2\u00c3\u00c4\u00c5]", text)):
            return True
    return False

"""Cells whose letters an earlier program has lost or mistaken: they look like answers and would be judged as wrong ones."""

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
    """Refuses cells of question marks alone, replacement characters, UTF-8 read as another encoding, and errors of formulas.

    Args:
        columns: the sheet.
        indices: of the columns that are used.
        answers: which of them hold answers.
        question_marks: whether cells of question marks alone are damage, and not what raters typed.

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
    within = [place for place in cells if question_marks and _WITHIN_WORD.search(place[2]) and place[0] != columns.header_row]
    if len(within) >= _FEWEST_WITHIN_WORDS:  # one or two may have forgotten a space
        found.setdefault("question marks", []).extend(within)
    for kind, places in found.items():
        number, index, cell = places[0]
        shown = repr(cell if len(cell) <= 40 else f"{cell[:37]}...")
        count = "" if len(places) == 1 else f", the first of {len(places)} such cells"
        raise InputError(f"{columns.where(index, number)}{count}: {shown} {_WORDS[kind]}")


_WORDS = {
    "question marks": "has what is left where a program could not write the letters; export the sheet again as UTF-8 or XLSX. (If "
    "raters typed it themselves, write 'question_marks: typed' into the mapping.)",
    "replacement": "holds the sign for a letter that could not be read (U+FFFD); export the sheet again as UTF-8 or XLSX.",
    "mistaken": "is UTF-8 text that a program took for another encoding; export the sheet again as UTF-8 or XLSX.",
    "error": "is an error of the spreadsheet and no answer (a cell that began with a dash, perhaps); write what the rater wrote.",
}


def damage(cell: str, *, question_marks: bool = True, is_answer: bool = True) -> str | None:
    """What has happened to a cell's letters, or None.

    Args:
        cell: as it stands in the sheet.
        question_marks: whether question marks alone are damage.
        is_answer: the cell holds an answer, in which words may end in several question marks.
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
    """Whether there is nothing but question marks, at least four together or several words of them."""
    words = [word for word in _BETWEEN_WORDS.split(text) if word]
    return not any(word.strip("?") for word in words) and (
        any(len(word) > 3 for word in words) or sum(len(word) > 1 for word in words) > 1
    )


def _is_mistaken(text: str) -> bool:
    """Whether the bytes that the text has in a common encoding are UTF-8 for two other letters or more, which is no accident."""
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

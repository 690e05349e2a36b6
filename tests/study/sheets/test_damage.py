from __future__ import annotations

import pytest

from signbench.errors import InputError
from signbench.study.importing import import_study
from signbench.study.settings import read_settings
from signbench.study.sheets.answers import read_study
from signbench.study.sheets.damage import damage
from tests.study.response_sheets import WIDE, WIDE_HEADER, WIDE_ROWS, changed, write_csv, write_mapping


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("????", "question marks"),
        ("?? ????", "question marks"),
        ("????, ????????", "question marks"),
        ("?? ??", "question marks"),
        ("?" * 100_000 + "x", None),  # and it takes no time
        ("и\ufffdти", "replacement"),
        ("идти".encode().decode("cp1251"), "mistaken"),
        ("für".encode().decode("cp1252"), "mistaken"),
        ("kapı".encode().decode("cp1254"), "mistaken"),
        ("走路".encode().decode("latin-1"), "mistaken"),
        ("#NAME?", "error"),
        ("?", None),
        ("???", None),  # as people write it who do not know
        ("идти???", None),
        ("идти ????", None),
        ("", None),
        *(
            (text, None)
            for text in ("идти", "für", "à pied", "mañana", "Ёж", "ÄÖÜ", "Â", "Straße", "走路", "يمشي", "kapı", "ходить?")
        ),
    ],
)
def test_damaged_cells_are_distinguished_from_answers(cell, kind):
    assert damage(cell) == kind


def imported(tmp_path, rows, **fields):
    path = write_csv(tmp_path / "pack.csv", rows)
    return import_study([path], read_settings(write_mapping(tmp_path / "m.yaml", changed(WIDE, **fields))), tmp_path / "study")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [*WIDE_ROWS, ["", "p", "????", "??????"]],
            r"pack\.csv, row 5, column C, the first of 2 such cells: '\?{4}' contains question marks where",
        ),
        ([*WIDE_ROWS, ["", "????", "идти", "ёлка"]], r"row 5, column B: '\?{4}' contains question marks where"),
        (
            [*WIDE_ROWS, ["", "p", "РёРґС‚Рё", "ёлка"]],
            r"row 5, column C: '.*' is UTF-8 text that was decoded with another encoding",
        ),
        ([*WIDE_ROWS, ["", "p", "ид\ufffdи", "ёлка"]], r"row 5, column C: .* contains the replacement character U\+FFFD"),
        ([*WIDE_ROWS, ["", "p", "#ИМЯ?", "ёлка"]], r"row 5, column C: '#ИМЯ\?' is a spreadsheet error instead of an answer"),
    ],
)
def test_a_sheet_with_damaged_cells_is_refused_with_the_first_of_them(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        imported(tmp_path, rows)
    assert not (tmp_path / "study").exists()


def test_a_column_whose_name_lost_its_letters_is_refused(tmp_path):
    rows = [[*WIDE_HEADER[:2], "????? 1", "Видео 2"], ["", "p", "идти", "ёлка"]]
    clips = {"????? 1": {"clip": "c1", "sign": "идти"}, "Видео 2": {"clip": "c2", "sign": "ёлка"}}
    with pytest.raises(InputError, match=r"row 1, column C: '\?{5} 1' contains question marks where a program lost letters"):
        imported(tmp_path, rows, sheet={"clips": clips})


def test_question_marks_that_raters_typed_can_be_declared(tmp_path):
    rows = [*WIDE_ROWS, ["", "p", "????", "?????????"]]
    done = imported(tmp_path, rows, question_marks="typed")
    assert "?????????" in {answer.text for answer in read_study(done.folder).answers}


def test_question_marks_within_words_are_lost_letters_where_there_are_several(tmp_path):
    two, three = ([*WIDE_ROWS, *(["", f"p{number}", "B?ume", "f?r"] for number in range(rows))] for rows in (1, 2))
    (tmp_path / "other").mkdir()
    assert imported(tmp_path / "other", two).counts["raters"] == 4
    with pytest.raises(InputError, match=r"row 5, column C, the first of 4 such cells: 'B\?ume' contains question marks where"):
        imported(tmp_path, three)

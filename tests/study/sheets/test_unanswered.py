from __future__ import annotations

import json

import pytest

from signbench.errors import InputError
from signbench.study.importing import import_study
from signbench.study.judging.normalisation import signature
from signbench.study.scoring import score_study
from signbench.study.settings import read_settings
from signbench.study.sheets.answers import read_study
from tests.study.response_sheets import write_csv, write_mapping

SIGNS = {sign: [sign] for sign in ("a", "b", "c", "d")}
TYPED = {
    "p1": {"a": "a", "b": "b", "c": "c", "d": "d"},
    "p2": {"a": "a", "b": "x", "c": "", "d": ""},
    "p3": {"a": "a", "b": "b", "c": "c", "d": ""},
    "p4": {"a": "", "b": " ", "c": "\u200b", "d": ""},
}
"""Of p1 to p3, 8 of 12 are right; p4 answered nothing."""


def wide(typed):
    sheet = {"file": "s.csv", "layout": "wide", "pack": "p", "rater": "who", "clips": {n: {"clip": n, "sign": n} for n in SIGNS}}
    return sheet, [["who", *SIGNS], *([who, *answers.values()] for who, answers in typed.items())]


def long(typed):
    sheet = {"file": "s.csv", "layout": "long", "pack": "p", "rater": "who", "clip": "clip", "sign": "sign", "answer": "answer"}
    rows = [[who, sign, sign, text] for who, answers in typed.items() for sign, text in answers.items()]
    return sheet, [["who", "clip", "sign", "answer"], *rows]


def long_without_empty_rows(typed):
    sheet, rows = long(typed)
    return sheet, [row for row in rows if row[-1].strip("\u200b ")]


@pytest.fixture
def study(tmp_path):
    """Imports a sheet and its rows; further fields are settings of the study."""

    def run(sheet, rows, name="study", **fields):
        path = write_csv(tmp_path / "s.csv", rows)
        settings = read_settings(write_mapping(tmp_path / "m.yaml", {"sheets": [sheet], "signs": SIGNS, **fields}))
        return read_study(import_study([path], settings, tmp_path / name).folder)

    return run


FORMS = [wide, long, long_without_empty_rows]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("fields", "answers", "sus"),
    [
        ({}, 12, 8 / 12),
        ({"unanswered": "blank"}, 12, 8 / 12),
        ({"blank": "leave-out"}, 12, (1 + 2 / 3 + 1 + 1) / 4),
        ({"unanswered": "not-shown"}, 9, (1 + 2 / 3 + 1 + 1) / 4),
    ],
)
def test_an_empty_cell_and_a_missing_row_mean_the_same(study, form, fields, answers, sus):
    found = study(*form(TYPED), **fields)
    assert len(found.answers) == answers
    assert score_study(found).mean_over_signs.value == pytest.approx(sus)


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_the_rows_changes_nothing(study, form):
    sheet, rows = form(TYPED)
    there, back = study(sheet, rows, "there"), study(sheet, [rows[0], *rows[:0:-1]], "back")
    assert sorted((row.clip, row.text) for row in there.answers) == sorted((row.clip, row.text) for row in back.answers)
    assert score_study(there).mean_over_signs == score_study(back).mean_over_signs


@pytest.mark.parametrize("form", FORMS[:2])
def test_a_participant_who_answered_nothing_is_not_a_rater_and_is_counted_in_the_notes(study, form):
    found = study(*form(TYPED))
    assert len({answer.rater for answer in found.answers}) == 3
    notes = json.loads((found.folder / "import.json").read_text())["notes"]
    assert "participants who answered nothing at all, left out: 1." in notes
    assert "missing answers of participants who answered other clips of the pack, counted as blank: 3." in notes


def test_a_participant_who_wrote_dont_know_took_part(study):
    found = study(*wide({**TYPED, "p4": dict.fromkeys(SIGNS, "?")}))
    assert len({answer.rater for answer in found.answers}) == 4
    assert score_study(found).mean_over_signs.value == pytest.approx(8 / 16)


def test_sheets_in_which_nobody_answered_are_refused(study):
    with pytest.raises(InputError, match="these sheets contain no answers at all"):
        study(*wide({"p1": dict.fromkeys(SIGNS, "")}))


def test_if_most_rows_are_missing_the_mapping_must_say_whether_the_clips_were_shown(study):
    few = {"p1": {"a": "a"}, "p2": {"b": "b"}, "p3": {"c": "x"}, "p4": {"d": "d"}}
    with pytest.raises(InputError, match=r"pack p: its participants have 4 rows, and 12 more .* Set 'unanswered: not-shown'"):
        study(*long(few))
    assert len(study(*long(few), "shown", unanswered="blank").answers) == 16
    assert len(study(*long(few), "not-shown", unanswered="not-shown").answers) == 4


def test_clips_that_nobody_answered_are_reported(study):
    found = study(*wide({"p1": {"a": "a", "b": "b", "c": "c", "d": ""}}))
    assert "clips that nobody answered (d): 1." in json.loads((found.folder / "import.json").read_text())["notes"]


def test_the_rule_is_in_the_signature(study):
    shown, not_shown = (study(*wide(TYPED), name, unanswered=name) for name in ("blank", "not-shown"))
    assert "unanswered:blank|answered-nothing:left-out" in signature(shown)
    assert "unanswered:not-shown|answered-nothing:left-out" in signature(not_shown)
    assert signature(study(*wide(TYPED), "unsaid")) == signature(shown)


def test_it_cannot_be_changed_after_the_import(study):
    path = study(*wide(TYPED)).folder / "study.yaml"
    path.write_text(path.read_text().replace("unanswered: null", "unanswered: not-shown"))
    with pytest.raises(InputError, match="'sheets', 'resubmissions' or 'unanswered' changed since the import"):
        read_study(path.parent)


def test_a_study_of_another_import_is_refused(study):
    path = study(*wide(TYPED)).folder / "import.json"
    path.write_text(path.read_text().replace('"import_version": 2', '"import_version": 1'))
    with pytest.raises(InputError, match="was written by an older signbench, which read sheets differently"):
        read_study(path.parent)

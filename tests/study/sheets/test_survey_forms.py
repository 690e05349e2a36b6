from __future__ import annotations

import json

import pytest

from signbench.errors import InputError
from signbench.study.importing import import_study
from signbench.study.settings import read_settings
from signbench.study.sheets.answers import read_study
from signbench.study.sheets.survey_forms import is_second_header, unfinished_cells
from tests.study.response_sheets import write_csv, write_mapping, write_xlsx

QUALTRICS = [
    ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Finished", "ResponseId", "DistributionChannel", "Q1", "Q2"],
    [
        "Start Date",
        "End Date",
        "Response Type",
        "IP Address",
        "Progress",
        "Finished",
        "Response ID",
        "Distribution Channel",
        "What did you see?",
        "And now?",
    ],
    [f'{{"ImportId":"{name}"}}' for name in "abcdefghij"],
    ["2026-03-07 10:00:00", "2026-03-07 10:05:00", "IP Address", "1.2.3.4", "100", "True", "R_1", "anonymous", "walk", "tree"],
    ["2026-03-07 11:00:00", "2026-03-07 11:05:00", "Survey Preview", "1.2.3.4", "100", "True", "R_2", "preview", "test", "test"],
    ["2026-03-07 12:00:00", "2026-03-07 12:05:00", "IP Address", "1.2.3.5", "40", "False", "R_3", "anonymous", "go", ""],
]
SOSCI = [
    ["CASE", "QUESTNNR", "MODE", "STARTED", "LASTDATA", "FINISHED", "Q_VIEWER", "A101_01", "A102_01"],
    [
        "Interview-Nummer",
        "Fragebogen",
        "Interview-Modus",
        "Zeitpunkt Beginn",
        "Zeitpunkt Ende",
        "Beendet",
        "Nur angesehen",
        "Video",
        "V",
    ],
    ["1", "base", "interview", "2026-03-07 10:00:00", "2026-03-07 10:05:00", "1", "0", "walk", "tree"],
    ["2", "base", "pretest", "2026-03-07 10:00:00", "2026-03-07 10:05:00", "1", "0", "test", "test"],
    ["3", "base", "interview", "2026-03-07 10:00:00", "2026-03-07 10:05:00", "0", "0", "go", ""],
    ["4", "base", "interview", "2026-03-07 10:00:00", "2026-03-07 10:05:00", "0", "1", "", ""],
]
LIMESURVEY = [
    ["id", "submitdate", "lastpage", "startlanguage", "V1", "V2"],
    ["1", "2026-03-07 10:00:00", "3", "de", "walk", "tree"],
    ["2", "", "1", "de", "go", ""],
]
CLIPS = {"clip": "c1", "sign": "walk"}, {"clip": "c2", "sign": "tree"}
EXPORTS = {
    "Qualtrics": (
        QUALTRICS,
        {
            "rater": "ResponseId",
            "clips": dict(zip(("Q1", "Q2"), CLIPS, strict=True)),
            "ignored": QUALTRICS[0][:6] + QUALTRICS[0][7:8],
        },
        {"Finished": ["False"], "Status": ["Survey Preview"]},
        2,
    ),
    "SoSci Survey": (
        SOSCI,
        {"rater": "CASE", "clips": dict(zip(("A101_01", "A102_01"), CLIPS, strict=True)), "ignored": SOSCI[0][1:7]},
        {"FINISHED": ["0"], "MODE": ["pretest"]},
        1,
    ),
    "LimeSurvey": (
        LIMESURVEY,
        {"rater": "id", "clips": dict(zip(("V1", "V2"), CLIPS, strict=True)), "ignored": LIMESURVEY[0][1:4]},
        {"submitdate": [""]},
        0,
    ),
}


@pytest.fixture
def run_import(tmp_path):
    def run(rows, fields, *, suffix="csv", **choice):
        path = tmp_path / f"export.{suffix}"
        write_xlsx(path, {"Sheet0": rows}) if suffix == "xlsx" else write_csv(path, rows)
        sheet = {"file": path.name, "layout": "wide", "pack": "p", **fields, **choice}
        mapping = {"sheets": [sheet], "signs": {"walk": ["walk"], "tree": ["tree"]}}
        return import_study([path], read_settings(write_mapping(tmp_path / "m.yaml", mapping)), tmp_path / "study")

    return run


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("program", EXPORTS)
def test_previews_and_unfinished_rows_are_left_out_by_the_mapping(run_import, program, suffix):
    rows, fields, leave_out, headers = EXPORTS[program]
    done = run_import(rows, fields, suffix=suffix, leave_out_rows=leave_out)
    assert sorted(answer.text for answer in read_study(done.folder).answers) == ["tree", "walk"]
    notes = " ".join(json.loads((done.folder / "import.json").read_text())["notes"])
    assert f"rows left out by leave_out_rows and keep_rows: {len(rows) - headers - 2}." in notes
    assert (f"additional header rows, left out: {headers}." in notes) == bool(headers)


@pytest.mark.parametrize("program", EXPORTS)
def test_a_mapping_that_does_not_mention_them_is_refused_with_what_to_write(run_import, program):
    rows, fields, leave_out, _ = EXPORTS[program]
    with pytest.raises(InputError, match=r"rows are unfinished, previews or tests\. Add 'leave_out_rows: \{\w+: \['"):
        run_import(rows, fields)
    first = next(iter(leave_out))
    with pytest.raises(InputError, match="rows are unfinished") if len(leave_out) > 1 else pytest.raises(InputError, match="q"):
        run_import(rows, fields, leave_out_rows={first: leave_out[first]} if len(leave_out) > 1 else {"q": []})


@pytest.mark.parametrize("program", EXPORTS)
def test_they_count_where_the_mapping_says_so(run_import, program):
    rows, fields, _, headers = EXPORTS[program]
    every = {rows[0][index]: [] for index in unfinished_cells(rows[0])}
    done = run_import(rows, fields, leave_out_rows=every)
    silent = sum(not any(row[-2:]) for row in rows)
    assert done.counts["raters"] == len(rows) - 1 - headers - silent


def test_rows_can_also_be_chosen_by_what_keeps_them(run_import):
    rows, fields, _, _ = EXPORTS["Qualtrics"]
    done = run_import(
        rows, fields, keep_rows={"DistributionChannel": ["Anonymous"], "Status": ["ip address"], "Finished": ["TRUE"]}
    )
    assert done.counts["raters"] == 1


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"leave_out_rows": {"Finishd": ["False"]}}, "has no column 'Finishd', which the mapping uses as leave_out_rows"),
        ({"keep_rows": {"Status": ["nothing"]}}, "exclude all 3 rows; correct the mapping"),
    ],
)
def test_a_choice_that_fits_nothing_is_refused(run_import, choice, message):
    rows, fields, _, _ = EXPORTS["Qualtrics"]
    with pytest.raises(InputError, match=message):
        run_import(rows, fields, **choice)


@pytest.mark.parametrize(
    ("names", "marked"),
    [
        (["Finished", "Status"], {0: "false", 1: "survey preview"}),
        (["status", "age"], {0: "partial"}),
        (["MODE", "name"], {}),  # a word of everybody's
        (["MODE", "QUESTNNR"], {0: "pretest"}),
        (["submitdate", "name"], {}),
        (["Date submitted", "Last page"], {0: ""}),
        (["Datum Abgeschickt", "Letzte Seite"], {0: ""}),
        (["Дата отправки", "Последняя страница"], {0: ""}),
        (["signs_complete", "record_id"], {0: "0"}),
        (["Timestamp", "Email Address", "Video 1"], {}),
    ],
)
def test_columns_that_mark_complete_submissions_are_recognised_by_the_other_columns(names, marked):
    found = unfinished_cells(names)
    assert found.keys() == marked.keys()
    assert all(cell in found[index] for index, cell in marked.items())


@pytest.mark.parametrize(
    ("names", "cells", "first_rows", "expected"),
    [
        (QUALTRICS[0], QUALTRICS[1], True, True),
        (QUALTRICS[0], QUALTRICS[2], True, True),
        (QUALTRICS[0], QUALTRICS[3], True, False),
        (QUALTRICS[0], QUALTRICS[1], False, False),
        (SOSCI[0], SOSCI[1], True, True),
        (["who", "Video 1"], ["Who", "video 1"], False, True),  # two exports joined
        (["sign", "answer"], ["sign", "tree"], True, False),
        (["Started", "answer"], ["yes", "tree"], True, False),
    ],
)
def test_an_additional_header_row_is_not_an_answer(names, cells, first_rows, expected):
    assert is_second_header(names, cells, first_rows=first_rows) is expected

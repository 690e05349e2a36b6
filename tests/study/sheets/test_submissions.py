from __future__ import annotations

import itertools
import json

import pytest

from signbench.errors import InputError
from signbench.study.importing import SHARED_NUMBERS, import_study
from signbench.study.settings import read_settings
from signbench.study.sheets.answers import read_study
from tests.study.response_sheets import write_csv, write_mapping

SIGNS = {"walk": ["walk"], "tree": ["tree"]}


def sheet(file, pack, sign, **fields):
    clips = {"V": {"clip": f"{pack} {sign}", "sign": sign}}
    return {"file": file, "layout": "wide", "pack": pack, "rater": "id", "clips": clips, **fields}


def numbered(raters=20, answer="walk"):
    return [["id", "V"], *([str(number), answer] for number in range(1, raters + 1))]


@pytest.fixture
def run_import(tmp_path):
    """Imports the sheets of a mapping, each with its own rows."""

    def run(sheets, tables, **fields):
        paths = [write_csv(tmp_path / name, rows) for name, rows in tables.items()]
        settings = read_settings(write_mapping(tmp_path / "m.yaml", {"sheets": sheets, "signs": SIGNS, **fields}))
        return import_study(paths, settings, tmp_path / "study")

    return run


@pytest.mark.parametrize(("ids", "raters"), [("study", 20), ("sheet", 40)])
def test_ids_are_those_of_the_study_or_of_each_sheet_as_the_mapping_says(run_import, ids, raters):
    sheets = [sheet("a.csv", "one", "walk", rater_ids=ids), sheet("b.csv", "two", "tree", rater_ids=ids)]
    done = run_import(sheets, {"a.csv": numbered(), "b.csv": numbered(answer="tree")})
    assert done.counts["raters"] == raters
    assert any(note == f"{SHARED_NUMBERS}: 20." for note in done.notes) == (ids == "study")


def test_addresses_in_several_sheets_need_no_note(run_import):
    rows = [["id", "V"], ["a@example.org", "walk"]]
    sheets = [sheet("a.csv", "one", "walk"), sheet("b.csv", "two", "tree")]
    done = run_import(sheets, {"a.csv": rows, "b.csv": [["id", "V"], ["A@example.org", "tree"]]})
    assert done.counts["raters"] == 1
    assert not any(SHARED_NUMBERS in note for note in done.notes)


def test_one_id_in_two_sheets_of_one_pack_is_refused_with_both_solutions(run_import):
    sheets = [sheet("a.csv", "one", "walk"), sheet("b.csv", "one", "walk")]
    tables = {"a.csv": numbered(), "b.csv": numbered(answer="go")}
    with pytest.raises(InputError, match=r"resubmissions: first' .* \(or 'rater_ids: sheet', if each sheet"):
        run_import(sheets, tables)
    apart = [{**one, "rater_ids": "sheet"} for one in sheets]
    assert run_import(apart, tables).counts["raters"] == 40


def test_ids_of_each_sheet_hold_within_many_files_of_one_form(run_import):
    tables = {f"room {room}.csv": numbered(3, f"answer {room}") for room in range(4)}
    done = run_import([sheet("room*", "one", "walk", rater_ids="sheet")], tables)
    assert done.counts["raters"] == 12


def test_a_file_that_matches_two_patterns_is_refused(run_import):
    sheets = [sheet("pack-1*", "one", "walk"), sheet("pack-*", "two", "tree")]
    with pytest.raises(InputError, match=r"pack-12\.csv matches both 'pack-1\*' and 'pack-\*' in the mapping; change the patterns"):
        run_import(sheets, {"pack-12.csv": numbered()})


def test_a_file_that_is_named_does_not_belong_to_a_pattern(run_import):
    sheets = [sheet("pack-*", "two", "tree", rater_ids="sheet"), sheet("pack-1.csv", "one", "walk", rater_ids="sheet")]
    done = run_import(sheets, {"pack-1.csv": numbered(2), "pack-2.csv": numbered(3, "tree"), "pack-3.csv": numbered(4, "oak")})
    assert (done.counts["raters"], done.counts["packs"]) == (9, 2)


@pytest.mark.parametrize(
    "rows", list(itertools.permutations([["1", " DEAF ", "x"], ["2", "deaf", "y"], ["3", "Deaf", "z"], ["4", "deaf", "w"]]))
)
def test_groups_that_differ_in_case_are_one_spelled_as_most_spell_it(run_import, rows):
    done = run_import([sheet("a.csv", "one", "walk", group="g")], {"a.csv": [["id", "g", "V"], *rows]})
    assert {answer.group for answer in read_study(done.folder).answers} == {"deaf"}


def test_a_group_in_one_row_of_a_rater_is_the_group_of_the_rater(run_import):
    clips = {"V": {"clip": "c", "sign": "walk"}}
    long = {"file": "a.csv", "layout": "long", "rater": "id", "group": "g", "clip": "v", "answer": "w", "clips": {}, "pack": "p"}
    long["clips"] = {"c": clips["V"], "d": {"clip": "d", "sign": "tree"}}
    done = run_import([long], {"a.csv": [["id", "g", "v", "w"], ["1", "deaf", "c", "walk"], ["1", "", "d", "tree"]]})
    assert [answer.group for answer in read_study(done.folder).answers] == ["deaf", "deaf"]


def test_the_later_submission_is_found_across_files_by_time(run_import):
    sheets = [sheet("a*", "one", "walk", time="t")]
    tables = {
        "a1.csv": [["id", "t", "V"], ["1", "2026-03-08 10:00", "late"]],
        "a2.csv": [["id", "t", "V"], ["1", "2026-03-07 10:00", "early"]],
    }
    done = run_import(sheets, tables, resubmissions="last")
    assert [answer.text for answer in read_study(done.folder).answers] == ["late"]
    assert json.loads((done.folder / "import.json").read_text())["counts"]["replaced"] == 1


@pytest.mark.parametrize("choice", ["first", "last"])
def test_an_empty_submission_never_replaces_an_answer(run_import, choice):
    clips = {"V": {"clip": "c", "sign": "walk"}, "W": {"clip": "d", "sign": "tree"}}
    rows = [["id", "V", "W"], ["1", "walk", ""], ["1", "", "tree"]]
    done = run_import([sheet("a.csv", "one", "walk", clips=clips)], {"a.csv": rows}, resubmissions=choice)
    assert sorted(answer.text for answer in read_study(done.folder).answers) == ["tree", "walk"]

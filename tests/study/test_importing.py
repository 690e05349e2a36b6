from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest

from signbench.errors import InputError
from signbench.study.importing import import_study
from signbench.study.settings import read_settings
from signbench.study.sheets.answers import COLUMNS, Answer, read_study
from tests.study.response_sheets import (
    LONG,
    LONG_HEADER,
    LONG_ROWS,
    WIDE,
    WIDE_HEADER,
    WIDE_ROWS,
    changed,
    write_csv,
    write_mapping,
    write_xlsx,
)


@pytest.fixture
def run_import(tmp_path):
    """Imports rows under the first sheet's name; returns what :func:`import_study` returns."""

    def run(mapping, rows, *more, name=None, **options):
        path = tmp_path / (name or mapping["sheets"][0]["file"])
        if path.suffix == ".xlsx":
            write_xlsx(path, {"Ответы": rows} if isinstance(rows, list) else rows)
        else:
            write_csv(path, rows)
        settings = read_settings(write_mapping(tmp_path / "mapping.yaml", mapping))
        return import_study([path, *more], settings, options.pop("out", tmp_path / "study"), **options)

    return run


def by_text(study):
    return {answer.text: answer for answer in study.answers}


def test_a_wide_sheet_becomes_one_row_per_answer(run_import):
    done = run_import(WIDE, WIDE_ROWS)
    study = read_study(done.folder)
    assert {name: done.counts[name] for name in ("answers", "raters", "clips", "signs", "packs")} == {
        "answers": 6,
        "raters": 3,
        "clips": 2,
        "signs": 2,
        "packs": 1,
    }
    answer = by_text(study)["Елка!"]
    assert (answer.clip, answer.sign, answer.pack, answer.order, answer.seconds, answer.group) == (
        "c2",
        "ёлка",
        "twenty",
        None,
        None,
        None,
    )
    assert sorted(answer.text for answer in study.answers) == ["", "Елка!", "Идти", "бежать", "не знаю", "ёлка"]
    assert {answer.rater for answer in study.answers} == {"r001", "r002", "r003"}


def test_a_wide_sheet_of_a_workbook_reads_the_same(run_import, tmp_path):
    done = run_import(changed(WIDE, sheet={"file": "pack.xlsx", "sheet": "Ответы"}), WIDE_ROWS)
    assert len(read_study(done.folder).answers) == 6


def test_a_long_sheet_keeps_order_group_and_seconds_since_the_raters_first_answer(run_import):
    answers = by_text(read_study(run_import(LONG, LONG_ROWS).folder))
    assert {text: (row.order, row.seconds, row.group, row.sign) for text, row in answers.items()} == {
        "go": (2, 30.0, "deaf", "walk"),
        "wood": (1, 0.0, "deaf", "tree"),
        "Walk, go": (1, 0.0, "hearing", "walk"),
        "tree": (2, 72.5, "hearing", "tree"),
    }
    assert answers["go"].rater == answers["wood"].rater != answers["tree"].rater


def test_several_sheets_and_files_share_their_raters(run_import, tmp_path):
    second = write_csv(tmp_path / "more.csv", [["who", "V3"], ["IVAN@example.org ", "кот"]], delimiter=";", encoding="cp1251")
    more = {"file": "more", "layout": "wide", "pack": "b", "rater": "who", "clips": {"V3": {"clip": "c3", "sign": "кот"}}}
    mapping = {**WIDE, "sheets": [*WIDE["sheets"], more], "signs": {**WIDE["signs"], "кот": ["кот"]}}
    study = read_study(run_import(mapping, WIDE_ROWS, second).folder)
    answers = by_text(study)
    assert answers["кот"].rater == answers["Идти"].rater
    assert len({answer.rater for answer in study.answers}) == 3
    assert [sheet["taken"] for sheet in json.loads((study.folder / "import.json").read_text())["sheets"]] == [
        "utf-8, delimiter ,",
        "cp1251, delimiter ;",
    ]


def test_a_pack_of_one_form_that_a_participant_did_not_see_is_not_blank(run_import):
    clips = {"Видео 1": {"clip": "c1", "sign": "идти", "pack": "a"}, "Видео 2": {"clip": "c2", "sign": "ёлка", "pack": "b"}}
    mapping = changed(WIDE, sheet={"clips": clips, "pack": None})
    done = run_import(mapping, [WIDE_HEADER, ["", "p1", "идти", ""], ["", "p2", "", "ёлка"]])
    assert sorted((row.pack, row.text) for row in read_study(done.folder).answers) == [("a", "идти"), ("b", "ёлка")]
    assert any("counted as not shown: 2" in note for note in done.notes)


def test_both_tables_have_the_same_content_and_only_csv_escapes_formulas(run_import):
    typed = ["=1+1", "+7", "-", "@SUM(A1)", "\tx", "'quoted"]
    rows = [WIDE_HEADER, *(["", f"p{number}", text, "ёлка"] for number, text in enumerate(typed))]
    study = read_study(run_import(WIDE, rows).folder)
    assert sorted(answer.text for answer in study.answers if answer.clip == "c1") == sorted(typed)
    with (study.folder / "answers.csv").open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert tuple(table[0]) == COLUMNS
    assert sorted(row["text"] for row in table if row["clip"] == "c1") == sorted(
        ["'=1+1", "'+7", "'-", "'@SUM(A1)", "'\tx", "'quoted"]
    )


def test_formulas_in_a_workbook_are_kept_as_text_and_reported_with_their_cell(run_import):
    rows = [WIDE_HEADER, ["", "p1", '=HYPERLINK("http://x.example")', "ёлка"]]
    done = run_import(changed(WIDE, sheet={"file": "pack.xlsx"}), rows)
    assert '=HYPERLINK("http://x.example")' in by_text(read_study(done.folder))
    assert any("sheet 'Ответы', row 2, column C" in note for note in done.notes)


def test_the_key_alone_leads_back_to_the_names(run_import, tmp_path):
    done = run_import(WIDE, WIDE_ROWS, key=tmp_path / "key.json")
    key = json.loads((tmp_path / "key.json").read_text(encoding="utf-8"))
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600
    answers = by_text(read_study(done.folder))
    assert key["raters"][answers["Идти"].rater] == "ivan@example.org"
    assert sorted(key["raters"]) == ["r001", "r002", "r003"]
    assert len(bytes.fromhex(key["secret"])) == 32


def test_no_name_address_or_clock_time_is_in_the_study(run_import, tmp_path):
    folder = run_import(WIDE, WIDE_ROWS, key=tmp_path / "key.json").folder
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    for secret in ("ivan", "anna", "oleg", "example.org", "14:05", "07.03", "2026"):
        assert secret.encode() not in kept
    assert sorted(path.name for path in folder.iterdir()) == ["answers.csv", "answers.parquet", "import.json", "study.yaml"]


def test_a_long_sheet_leaves_no_clock_time_either(run_import):
    folder = run_import(LONG, LONG_ROWS).folder
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    for secret in ("Zoe", "zoe", "2026", "10:00"):
        assert secret.encode() not in kept


def test_the_key_is_refused_inside_the_study_and_never_overwritten(run_import, tmp_path):
    with pytest.raises(InputError, match=r"the key file .* is in the study's folder"):
        run_import(WIDE, WIDE_ROWS, key=tmp_path / "study" / "sub" / ".." / "key.json")
    (tmp_path / "key.json").write_text("mine")
    with pytest.raises(InputError, match="never overwritten"):
        run_import(WIDE, WIDE_ROWS, key=tmp_path / "key.json")
    assert (tmp_path / "key.json").read_text() == "mine"
    assert not (tmp_path / "study").exists()


def test_numbers_do_not_follow_the_rows_of_the_sheet(run_import, tmp_path):
    rows = [WIDE_HEADER, *(["", f"person {number}", f"answer {number}", ""] for number in range(30))]
    answers = [a for a in read_study(run_import(WIDE, rows).folder).answers if a.clip == "c1"]
    assert [answer.text for answer in sorted(answers, key=lambda a: a.rater)] != [f"answer {number}" for number in range(30)]


def test_the_same_import_again_changes_nothing(run_import):
    before = {path.name: path.read_bytes() for path in run_import(WIDE, WIDE_ROWS).folder.iterdir()}
    again = run_import(WIDE, WIDE_ROWS)
    assert again.repeated
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == before


def test_another_import_is_refused_and_moved_aside_only_when_asked(run_import, tmp_path):
    run_import(WIDE, WIDE_ROWS)
    with pytest.raises(InputError, match=r"contains an import of other sheets .* `replace=True` to move it aside"):
        run_import(WIDE, WIDE_ROWS[:-1])
    assert len(read_study(tmp_path / "study").answers) == 6
    run_import(WIDE, WIDE_ROWS[:-1], replace=True)
    assert len(read_study(tmp_path / "study").answers) == 4
    assert len(read_study(tmp_path / "study.old-1").answers) == 6


def test_the_current_folder_is_never_replaced(run_import, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InputError, match="`out` is the current folder"):
        run_import(WIDE, WIDE_ROWS, out=Path(), key=tmp_path / "key.json")
    assert not (tmp_path / "key.json").exists()


def test_a_folder_of_other_files_is_never_touched(run_import, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "thesis.txt").write_text("years of work")
    for replace in (False, True):
        with pytest.raises(InputError, match="neither empty nor a study"):
            run_import(WIDE, WIDE_ROWS, replace=replace)
    assert (tmp_path / "study" / "thesis.txt").read_text() == "years of work"


TWICE = [*WIDE_ROWS, ["06.03.2026 09:00:00", "Ivan@Example.org", "стоять", "дом"]]


def test_a_participant_who_answers_twice_is_refused_with_both_rows(run_import):
    with pytest.raises(
        InputError, match=r"pack\.csv, row 2, column C and pack\.csv, row 5, column C are two answers of one participant"
    ):
        run_import(WIDE, TWICE)


@pytest.mark.parametrize(
    ("choice", "time", "kept"),
    [
        ("first", "Отметка времени", {"стоять", "дом"}),
        ("last", "Отметка времени", {"Идти", "ёлка"}),
        ("first", None, {"Идти", "ёлка"}),
        ("last", None, {"стоять", "дом"}),
    ],
)
def test_the_first_or_last_submission_is_kept_by_time_else_by_row(run_import, choice, time, kept):
    ignored = [] if time else ["Отметка времени"]
    done = run_import(changed(WIDE, sheet={"time": time, "ignored": ignored}, resubmissions=choice), TWICE)
    texts = {answer.text for answer in read_study(done.folder).answers}
    assert kept <= texts
    assert not {"стоять", "дом", "Идти", "ёлка"} - kept & texts
    assert done.counts["replaced"] == 2


def test_without_a_column_of_participants_each_row_is_another(run_import):
    mapping = changed(WIDE, sheet={"rater": None, "ignored": ["Электронная почта"]})
    assert run_import(mapping, TWICE).counts["raters"] == 4


def test_columns_of_one_name_can_be_named_by_their_letter(run_import):
    header = ["time", "who", "Что вы увидели?", "Что вы увидели?"]
    clips = {"column C": {"clip": "c1", "sign": "идти"}, "column D": {"clip": "c2", "sign": "ёлка"}}
    mapping = changed(WIDE, sheet={"rater": "who", "time": "time", "clips": clips})
    study = read_study(run_import(mapping, [header, ["", "p1", "a", "b"]]).folder)
    assert {answer.clip: answer.text for answer in study.answers} == {"c1": "a", "c2": "b"}


def test_rows_above_and_below_the_header_can_be_skipped(run_import):
    rows = [["Results of the study", "", "", ""], WIDE_HEADER, ["{id: 1}", "{id: 2}", "{id: 3}", "{id: 4}"], *WIDE_ROWS[1:]]
    assert run_import(changed(WIDE, sheet={"header_row": 2, "first_row": 4}), rows).counts["answers"] == 6


BAD_WIDE = {
    "a column that is not there": (
        WIDE,
        [["Отметка времени", "Электронная почта", "Видео 1", "Ролик 2"], ["", "p", "a", "b"]],
        r"pack\.csv, row 1 has no column 'Видео 2', which the mapping uses as clips\. Did you mean",
    ),
    "two columns of one name": (
        WIDE,
        [[*WIDE_HEADER, "Видео 1"], ["", "p", "a", "b", "c"]],
        r"pack\.csv, row 1: columns C and E have the same name 'Видео 1'; rename them, or write 'column C'",
    ),
    "a column that nobody mapped": (
        WIDE,
        [[*WIDE_HEADER, "Видео 3"], ["", "p", "a", "b", "c"]],
        r"pack\.csv, row 1: column E \('Видео 3'\) is not in the mapping; add it",
    ),
    "a column of two meanings": (
        changed(WIDE, sheet={"group": "Видео 1"}),
        WIDE_ROWS,
        r"pack\.csv, row 1, column C is used twice in the mapping, once as group",
    ),
    "two columns of one clip": (
        changed(WIDE, sheet={"clips": {name: {"clip": "c1", "sign": "идти"} for name in ("Видео 1", "Видео 2")}}),
        WIDE_ROWS,
        r"row 1, column C and pack\.csv, row 1, column D are both mapped to clip c1",
    ),
    "a merged header": (
        WIDE,
        [["Отметка времени", "Электронная почта", "Видео 1", ""], ["", "p", "a", "b"]],
        r"pack\.csv, row 1, column D has no name, but is not empty in row 2; the header may have merged cells",
    ),
    "no row of answers": (WIDE, [WIDE_HEADER], r"pack\.csv is empty: there are no rows below the header in row 1"),
    "no header": (
        WIDE,
        [["", "", "", ""], *WIDE_ROWS],
        r"pack\.csv, row 1 is empty, but should contain the column names; set header_row",
    ),
    "a row of another length": (
        WIDE,
        [*WIDE_ROWS, ["", "p4", "a"]],
        r"pack\.csv, row 5 has 3 cells, but the header in row 1 has 4",
    ),
    "answers of nobody": (
        WIDE,
        [*WIDE_ROWS, ["", "  ", "a", "b"]],
        r"pack\.csv, row 5, column B does not name a participant",
    ),
    "a sign without accepted answers": (
        changed(WIDE, signs={"идти": ["идти"], "елка": ["елка"]}),
        WIDE_ROWS,
        r"pack\.csv, row 1, column D: the sign 'ёлка' has no accepted answers; add it under signs .* Did you mean елка",
    ),
    "no pack": (changed(WIDE, sheet={"pack": None}), WIDE_ROWS, r"row 1, column C: the mapping does not name the pack"),
    "a sheet that is not there": (changed(WIDE, sheet={"sheet": "Лист1"}), WIDE_ROWS, r"pack\.csv has no sheet 'Лист1'"),
    "a file that was not given": (
        changed(WIDE, sheet={"file": "pack30.csv"}),
        WIDE_ROWS,
        r"the mapping names the file 'pack30\.csv', which was not given\. Did you mean pack\.csv",
    ),
}


@pytest.mark.parametrize("case", BAD_WIDE)
def test_a_bad_wide_sheet_is_refused_with_the_cell_and_nothing_is_written(run_import, tmp_path, case):
    mapping, rows, message = BAD_WIDE[case]
    with pytest.raises(InputError, match=message):
        run_import(mapping, rows, name="pack.csv")
    assert not (tmp_path / "study").exists()


def long_row(**cells):
    row = dict(zip(LONG_HEADER, LONG_ROWS[1], strict=True))
    return list({**row, **cells}.values())


BAD_LONG = {
    "an unknown clip": (
        changed(LONG, sheet={"sign": None, "ignored": ["sign"], "clips": {"c1": {"clip": "a", "sign": "walk"}}}),
        LONG_ROWS,
        r"long\.csv, row 3, column C: clip 'c2' is not in the mapping\. (Did you mean|Known:) c1",
    ),
    "a sign without accepted answers": (
        LONG,
        [*LONG_ROWS, long_row(participant="x", sign="wlak")],
        r"long\.csv, row 6, column D: the sign 'wlak' has no accepted answers; .* Did you mean walk",
    ),
    "a clip of two signs": (
        LONG,
        [*LONG_ROWS, long_row(participant="x", sign="tree")],
        r"long\.csv, row 6, column E: clip c1 shows the sign 'tree', but 'walk' in long\.csv, row 2, column E",
    ),
    "a rater of two groups": (
        LONG,
        [*LONG_ROWS, long_row(video="c3", group="hearing")],
        r"long\.csv, row 6: the participant's group is 'hearing', but 'deaf' in long\.csv, row 2",
    ),
    "the same answer twice": (
        LONG,
        [*LONG_ROWS, long_row(answer="x")],
        r"long\.csv, row 2, column E and long\.csv, row 6, column E are two answers of one participant to clip c1",
    ),
    "an empty clip": (LONG, [*LONG_ROWS, long_row(video=" ")], r"long\.csv, row 6, column C \(video\) is empty"),
    "an order that is none": (
        LONG,
        [*LONG_ROWS, long_row(video="c3", order="x")],
        r"row 6, column F: the order 'x' is not a whole number",
    ),
    "a time that is none": (LONG, [*LONG_ROWS, long_row(video="c3", time="x")], r"row 6, column G is a time in an unknown format"),
}


@pytest.mark.parametrize("case", BAD_LONG)
def test_a_bad_long_sheet_is_refused_with_the_cell_and_nothing_is_written(run_import, tmp_path, case):
    mapping, rows, message = BAD_LONG[case]
    with pytest.raises(InputError, match=message):
        run_import(mapping, rows)
    assert not (tmp_path / "study").exists()


def test_merged_header_cells_of_a_workbook_are_refused(tmp_path, run_import):
    import openpyxl

    path = tmp_path / "pack.xlsx"
    write_xlsx(path, {"Ответы": [["time", "who", "Видео", None], ["", "p1", "a", "b"]]})
    book = openpyxl.load_workbook(path)
    book["Ответы"].merge_cells("C1:D1")
    book.save(path)
    settings = read_settings(write_mapping(tmp_path / "m.yaml", changed(WIDE, sheet={"file": "pack.xlsx"})))
    with pytest.raises(InputError, match=r"pack\.xlsx, sheet 'Ответы', row 1, column D has no name, but is not empty in row 2"):
        import_study([path], settings, tmp_path / "study")


def test_a_sheet_of_a_workbook_that_the_mapping_forgot_is_refused_unless_ignored(run_import):
    sheets = {"Ответы": WIDE_ROWS, "Лист2": [["x"], ["y"]]}
    mapping = changed(WIDE, sheet={"file": "pack.xlsx", "sheet": "Ответы"})
    with pytest.raises(InputError, match=r"pack\.xlsx, sheet 'Лист2' is not in the mapping; add it, or ignore it"):
        run_import(mapping, sheets)
    with pytest.raises(InputError, match=r"pack\.xlsx has several sheets \('Ответы', 'Лист2'\); add 'sheet:'"):
        run_import(changed(mapping, sheet={"sheet": None}), sheets)
    mapping["sheets"].append({"file": "pack.xlsx", "sheet": "Лист2", "layout": "ignored"})
    assert run_import(mapping, sheets).counts["answers"] == 6


def test_a_file_that_the_mapping_forgot_is_refused(run_import, tmp_path):
    more = write_csv(tmp_path / "pack30.csv", [["a", "b"], ["c", "d"]])
    with pytest.raises(InputError, match=r"pack30\.csv is not in the mapping"):
        run_import(WIDE, WIDE_ROWS, more)


def test_one_sheet_under_two_names_is_refused(run_import, tmp_path):
    with pytest.raises(InputError, match="have the same content"):
        run_import(WIDE, WIDE_ROWS, write_csv(tmp_path / "copy.csv", WIDE_ROWS))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "study.yaml",
            "resubmissions: refuse",
            "resubmissions: last",
            "'sheets', 'resubmissions' or 'unanswered' changed since the import",
        ),
        ("import.json", '"answers_sha256": "', '"answers_sha256": "0', r"answers\.parquet changed since the import"),
        ("import.json", "{", "", "is not the record of an import, or is damaged"),
    ],
)
def test_a_study_that_changed_since_its_import_is_refused(run_import, file, old, new, message):
    path = run_import(WIDE, WIDE_ROWS).folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_study(path.parent)


def test_settings_that_only_affect_judging_may_change_after_the_import(run_import):
    path = run_import(WIDE, WIDE_ROWS).folder / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("blank: wrong", "blank: leave-out"), encoding="utf-8")
    assert read_study(path.parent).settings.blank == "leave-out"


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"does not contain answers\.parquet"):
        read_study(tmp_path)
    with pytest.raises(InputError, match="is not a study"):
        read_study(tmp_path / "nothing")


def test_a_hundred_thousand_answers_are_imported(run_import):
    header = ["who", *(f"V{clip}" for clip in range(100))]
    rows = [header, *([f"p{rater}", *(f"ответ {clip}" for clip in range(100))] for rater in range(1000))]
    clips = {f"V{clip}": {"clip": f"c{clip}", "sign": "идти"} for clip in range(100)}
    done = run_import(changed(WIDE, sheet={"rater": "who", "time": None, "clips": clips}), rows)
    answers = read_study(done.folder).answers
    assert len(answers) == 100_000
    assert answers[0] == Answer(rater="r0001", clip="c0", sign="идти", pack="twenty", text="ответ 0")


@pytest.mark.parametrize(
    ("row", "column", "cell"),
    [(0, 2, "row 1, column C"), (1, 1, "row 2, column B"), (2, 0, "row 3, column A")],
)
def test_a_formula_without_a_value_is_refused_if_it_identifies_people_clips_or_times(run_import, row, column, cell):
    rows = [list(cells) for cells in WIDE_ROWS]
    rows[row][column] = "=CONCATENATE(A1,B1)"
    mapping = changed(WIDE, sheet={"file": "pack.xlsx"})
    with pytest.raises(InputError, match=rf"{cell} is a formula without a stored value; replace it"):
        run_import(mapping, rows)

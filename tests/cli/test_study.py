from __future__ import annotations

import csv
import functools
import json
import sys

import pytest

from signbench.cli.main import main
from signbench.media.video_writer import write_video
from signbench.study.planning import sizes
from tests.cli.program import signbench as program
from tests.clips import moving_square
from tests.study.response_sheets import LONG, LONG_ROWS, WIDE, WIDE_ROWS, changed, write_csv, write_mapping, write_xlsx


@pytest.fixture
def signbench(monkeypatch, capsys, tmp_path):
    """Runs ``signbench study WORDS`` in this process, in a temporary folder: exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["signbench", "study", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def sheet_of(signs, raters, correct, first=1):
    """A wide sheet with exactly ``correct`` correct answers; the others match no sign."""
    rows = [["Timestamp", "Email Address", *(f"Video {sign}" for sign in signs)]]
    for rater in range(raters):
        answers = [sign if rater * len(signs) + index < correct else "что-то другое" for index, sign in enumerate(signs)]
        rows.append(["3/25/2026 10:00:00", f"rater{first + rater}@example.org", *answers])
    return rows


@pytest.fixture
def papers_study(tmp_path):
    """RuSignBot's study (section Experiments): packs of 20 and 30 signs, 20 raters each; table 2 has 0.668 and 0.845."""
    packs = {
        "pack20.xlsx": ([f"слово {n}" for n in range(20)], 267, 1),
        "pack30.csv": ([f"слово {n}" for n in range(20, 50)], 507, 21),
    }
    sheets = []
    for file, (signs, correct, first) in packs.items():
        rows = sheet_of(signs, 20, correct, first)
        if file.endswith("xlsx"):
            write_xlsx(tmp_path / file, {"Form Responses 1": rows})
        else:
            write_csv(tmp_path / file, rows, delimiter=";", encoding="cp1251")
        clips = {f"Video {sign}": {"clip": sign, "sign": sign} for sign in signs}
        entry = {"file": file, "layout": "wide", "pack": file[:6], "rater": "Email Address", "time": "Timestamp", "clips": clips}
        sheets.append(entry)
    mapping = {"name": "rsl-2026", "sheets": sheets, "signs": {sign: [sign] for signs, *_ in packs.values() for sign in signs}}
    write_mapping(tmp_path / "study.yaml", mapping)
    return tmp_path


def test_the_papers_table_from_sheets_to_scores(signbench, papers_study):
    code, out, err = signbench("import", "pack20.xlsx", "pack30.csv", "--mapping", "study.yaml", "--out", "studies/rsl-2026")
    assert code == 0, err
    assert out == "imported: 1,000 answers of 40 raters to 50 clips of 50 signs in packs: 2\n"
    assert "pack30.csv: read as cp1251, delimiter ;" in err
    assert "the names of the raters are not stored" in err

    code, out, _ = signbench("score", "studies/rsl-2026", "--json")
    assert code == 0
    result = json.loads(out)
    assert [pack["sus"]["value"] for pack in result["packs"]] == [pytest.approx(0.6675), pytest.approx(0.845)]
    assert result["mean_of_packs"]["value"] == pytest.approx(0.75625)
    assert result["mean_over_signs"]["value"] == pytest.approx(0.774)
    assert result["counts"]["open"] == 226

    code, out, err = signbench("score", "studies/rsl-2026")
    assert code == 0
    assert all(text in out for text in ("0.6675", "0.8450", "0.7563", "0.7740", "not the System Usability Scale"))
    assert "226 of 1000 answers are open" in err


def test_open_answers_are_decided_by_a_person_and_rescored(signbench, papers_study):
    signbench("import", "pack20.xlsx", "pack30.csv", "--mapping", "study.yaml", "--out", "study")
    code, out, err = signbench("unmatched", "study", "--out", "adjudicate.csv")
    assert code == 0
    assert out.startswith("open answers: 226 (")
    assert "adjudicate.csv" in err
    with (papers_study / "adjudicate.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (papers_study / "lexicon.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "decision": "yes" if row["sign"] == "слово 19" else "no"} for row in rows)
        writer.writerow({"sign": "слово 1", "answer": "never given", "decision": "no"})
    code, out, err = signbench("score", "study", "--lexicon", "lexicon.csv", "--json")
    assert code == 0
    assert "answers that nobody gave: never given (слово 1)" in err
    result = json.loads(out)
    assert result["counts"]["open"] == 0
    assert {row["sign"]: row["accuracy"] for row in result["per_sign"]}["слово 19"] == 1.0
    code, out, _ = signbench("unmatched", "study", "--lexicon", "lexicon.csv", "--out", "again.csv", "--json")
    assert (code, json.loads(out)) == (0, [])


def test_without_a_mapping_one_is_proposed_and_nothing_imported(signbench, tmp_path):
    write_csv(tmp_path / "long.csv", LONG_ROWS)
    code, out, err = signbench("import", "long.csv", "--out", "study")
    assert (code, out) == (2, "")
    assert "nothing was imported, because no --mapping was given. A proposal is in study.yaml" in err
    assert not (tmp_path / "study").exists()
    assert signbench("import", "long.csv", "--out", "study")[0] == 2  # the proposal may be corrected by now
    code, out, _ = signbench("import", "long.csv", "--mapping", "study.yaml", "--out", "study", "--key", "key.json", "--json")
    assert code == 0
    assert json.loads(out)["answers"] == 4
    assert json.loads((tmp_path / "key.json").read_text())["raters"].keys() == {"r001", "r002"}


def test_an_encoding_that_cannot_be_detected_must_be_named(signbench, tmp_path):
    write_csv(tmp_path / "form.csv", [["Zaman damgası", "Video 1"], ["", "ağaç"]], encoding="cp1254", delimiter=";")
    code, out, err = signbench("import", "form.csv", "--out", "study")
    assert (code, out) == (2, "")
    assert "'damgası' (cp1254)" in err
    code, _, err = signbench("import", "form.csv", "--out", "study", "--encoding", "cp1254")
    assert code == 2
    assert "A proposal is in study.yaml" in err
    code, _, err = signbench("import", "form.csv", "--out", "study", "--encoding", "cp1254", "--mapping", "study.yaml")
    assert code == 2
    filled = (tmp_path / "study.yaml").read_text(encoding="utf-8").replace("Video 1: []", "Video 1: [ağaç]")
    (tmp_path / "study.yaml").write_text(filled, encoding="utf-8")
    code, _, err = signbench("import", "form.csv", "--out", "study", "--encoding", "cp1254", "--mapping", "study.yaml")
    assert code == 2
    assert "add 'encoding: cp1254' to the sheet in study.yaml" in err
    assert signbench("import", "form.csv", "--out", "study", "--mapping", "study.yaml")[0] == 0


def test_repeating_an_import_is_reported(signbench, tmp_path):
    write_csv(tmp_path / "pack.csv", WIDE_ROWS)
    write_mapping(tmp_path / "m.yaml", WIDE)
    words = ("import", "pack.csv", "--mapping", "m.yaml", "--out", "study")
    assert signbench(*words)[1].startswith("imported: ")
    assert signbench(*words)[1].startswith("already imported: ")
    write_mapping(tmp_path / "m.yaml", changed(WIDE, name="another"))
    assert signbench(*words)[0] == 2
    assert signbench(*words, "--replace")[0] == 0
    assert (tmp_path / "study.old-1").is_dir()


def test_bad_sheets_end_with_one_sentence_and_code_2(signbench, tmp_path):
    write_csv(tmp_path / "long.csv", LONG_ROWS)
    write_mapping(tmp_path / "m.yaml", changed(LONG, signs={"walk": ["walk"]}))
    code, out, err = signbench("import", "long.csv", "--mapping", "m.yaml", "--out", "study")
    assert (code, out) == (2, "")
    assert err == (
        "signbench: long.csv, row 3, column D: the sign 'tree' has no accepted answers; "
        "add it under signs in the mapping. Known: walk.\n"
    )


def test_a_new_study_and_its_report(signbench, tmp_path):
    (tmp_path / "clips").mkdir()
    for number in range(6):
        write_video(tmp_path / "clips" / f"clip{number}.mkv", iter(moving_square(2, seed=number)), 25)
    code, out, err = signbench("new", "--videos", "clips", "--packs", "2,3", "--raters", "4", "--out", "begun", "--seed", "5")
    assert (code, out) == (0, "pack-1: 2 clips, 2 raters\npack-2: 3 clips, 2 raters\n")
    assert "signbench study import FILES --mapping begun/study.yaml" in err
    for name in ("pack-1.csv", "pack-2.csv"):
        rows = (tmp_path / "begun" / name).read_text(encoding="utf-8-sig").splitlines()
        (tmp_path / name).write_text("\n".join([rows[0], *(f"{row}walk" for row in rows[1:])]), encoding="utf-8")
    words = ("import", "pack-1.csv", "pack-2.csv", "--mapping", "begun/study.yaml", "--out", "study")
    assert signbench(*words)[:2] == (0, "imported: 10 answers of 4 raters to 5 clips of 5 signs in packs: 2\n")
    code, out, err = signbench("report", "study", "--out", "report")
    assert code == 0, err
    assert out.startswith("report")


def test_a_study_is_planned(signbench, monkeypatch):
    quick = functools.partial(sizes.plan, raters=(20, 40), signs=(10, 20), studies=20)
    monkeypatch.setattr(sizes, "plan", quick)
    code, out, _ = signbench("plan", "--expected", "0.75", "--half-width", "0.2", "--json")
    assert code == 0
    assert json.loads(out)["smallest"]["half_width"] <= 0.2
    assert "fewest answers" in signbench("plan", "--expected", "0.75", "--half-width", "0.2")[1]
    assert "No simulated design" in signbench("plan", "--expected", "0.75", "--half-width", "0.01")[1]
    assert signbench("plan", "--expected", "7", "--half-width", "0.2")[0] == 2


@pytest.mark.end_to_end
def test_the_program_imports_and_scores(papers_study):
    done = program(
        "study",
        "import",
        "pack20.xlsx",
        "pack30.csv",
        "--mapping",
        "study.yaml",
        "--out",
        "study",
        "--key",
        "k",
        folder=papers_study,
    )
    assert done.returncode == 0, done.stderr
    done = program("study", "score", "study", folder=papers_study)
    assert done.returncode == 0, done.stderr
    assert "0.7740" in done.stdout

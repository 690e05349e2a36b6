from __future__ import annotations

import csv
import io

import pytest

from signbench.errors import NotComparableError
from signbench.runs import side_by_side, tables
from signbench.runs.result import Judged, Level, Result, Score, Subset
from signbench.runs.side_by_side import as_csv, as_json, as_latex, as_markdown, ranked
from signbench.spreadsheets import as_written


def result(values, *, sees="prompts", refs="0123456789ab", status="complete", subset=None, directions=None):
    scores = []
    for metric, value in values.items():
        direction = (directions or {}).get(metric, "lower")
        scores.append(
            Score(
                metric=metric,
                headline=metric == "dtw",
                value=value,
                interval=None,
                unit="1",
                direction=direction,
                clips=3,
                coverage=1.0,
                reference_value=1.0 if direction == "reference" else None,
                signature=f"metric:{metric}|revision:1|clips:3|refs:{refs}",
            )
        )
    return Result(
        status=status, expected_clips=3, subset=subset, protocol={}, scores=tuple(scores), generator={"name": "g", "sees": sees}
    )


def test_runs_are_ranked_by_the_headline_and_anchors_have_no_place():
    table = ranked(
        {
            "noise": result({"ape": 1, "dtw": 9}),
            "nearest": result({"ape": 2, "dtw": 4}),
            "truth": result({"ape": 0, "dtw": 0}, sees="references"),
            "torn": result({"ape": 0, "dtw": 1}, status="incomplete"),
            "part": result({"ape": 0, "dtw": 2}, subset=Subset(limit=1)),
        }
    )
    rows = table.texts()
    assert [(row["place"], row["run"]) for row in rows] == [
        ("anchor", "truth"),
        ("incomplete", "torn"),
        ("subset", "part"),
        ("1", "nearest"),
        ("2", "noise"),
    ]
    assert list(rows[0]) == ["place", "run", "ape ↓", "dtw ↓"]


@pytest.mark.parametrize(("direction", "best"), [("lower", "small"), ("higher", "large"), ("reference", "right")])
def test_better_is_in_the_metric_s_own_direction(direction, best):
    runs = {
        name: result({"dtw": value}, directions={"dtw": direction})
        for name, value in (("small", 0.2), ("right", 1.1), ("large", 3))
    }
    assert ranked(runs).texts()[0]["run"] == best


def test_runs_that_measured_differently_are_not_ranked():
    with pytest.raises(NotComparableError, match="the references themselves: 0123456789ab against ffff"):
        ranked({"a": result({"dtw": 1}), "b": result({"dtw": 1}, refs="ffff")})
    with pytest.raises(NotComparableError, match="no metric in common"):
        ranked({"a": result({"dtw": 1}), "b": result({"ape": 1})})


HOSTILE = "runs/a|b_c & 50% \\input{x}\n=1+1\u202e"


def several():
    """Two runs with a place, of which one has a name that tries to break tables, an anchor, and one that is incomplete."""
    return {
        HOSTILE: result({"ape": 2, "dtw": 4.25}),
        "noise": result({"ape": 2, "dtw": 9, "l1": 7}),
        "truth": result({"ape": 0, "dtw": 0}, sees="references"),
        "torn": result({"ape": None, "dtw": 1}, status="incomplete"),
    }


def test_several_runs_in_latex_have_the_best_of_the_ranked_in_bold_and_the_signatures_below():
    lines = as_latex(several()).splitlines()
    assert lines[:4] == [
        r"\begin{tabular}{llrr}",
        r"\toprule",
        r"place & run & ape $\downarrow$ & dtw $\downarrow$ \\",
        r"\midrule",
    ]
    assert lines[4:8] == [
        r"anchor & truth & 0.0000 & 0.0000 \\",
        r"incomplete & torn & - & 1.0000 \\",
        r"1 & runs/a\textbar{}b\_c \& 50\% \textbackslash{}input\{x\} =1+1  & \textbf{2.0000} & \textbf{4.2500} \\",
        r"2 & noise & \textbf{2.0000} & 9.0000 \\",
    ]
    assert lines[8:10] == [r"\bottomrule", r"\end{tabular}"]
    note = [line for line in lines if line.startswith(r"\texttt{")]
    assert [line.replace(r"\textbar{}\allowbreak{}", "|") for line in note] == [
        rf"\texttt{{metric:{metric}|revision:1|clips:3|refs:0123456789ab}}\par" for metric in ("ape", "dtw")
    ]


def test_one_ranked_run_is_not_the_best_of_anything():
    assert r"\textbf" not in as_latex({"a": result({"dtw": 1}), "torn": result({"dtw": 2}, status="incomplete")})


def test_the_best_in_bold_goes_by_each_metric_s_own_direction():
    directions = {"dtw": "lower", "ssim": "higher", "total-distance": "reference"}
    runs = {
        "a": result({"dtw": 1, "ssim": 0.5, "total-distance": 1.5}, directions=directions),
        "b": result({"dtw": 2, "ssim": 0.75, "total-distance": 0.25}, directions=directions),
    }
    first, second = (line for line in as_latex(runs).splitlines() if line[:1].isdecimal())
    assert first == r"1 & a & \textbf{1.0000} & 0.5000 & \textbf{1.5000} \\"
    assert second == r"2 & b & 2.0000 & \textbf{0.7500} & 0.2500 \\"


def test_several_runs_in_markdown_have_the_signatures_below():
    lines = as_markdown(several()).splitlines()
    assert lines[0] == "| place | run | ape ↓ | dtw ↓ |"
    assert lines[4] == r"| 1 | runs/a\|b\_c &amp; 50% \\input{x} =1+1  | 2.0000 | 4.2500 |".replace("{x}", r"\{x\}")
    assert lines[6:] == ["", *(f"- `metric:{metric}|revision:1|clips:3|refs:0123456789ab`" for metric in ("ape", "dtw"))]


def test_several_runs_in_csv_have_a_row_for_each_run_and_metric():
    rows = list(csv.DictReader(io.StringIO(as_csv(several()), newline="")))
    assert [(row["place"], as_written(row["run"]), row["metric"]) for row in rows] == [
        *(("anchor", "truth", metric) for metric in ("ape", "dtw")),
        *(("incomplete", "torn", metric) for metric in ("ape", "dtw")),
        *(("1", HOSTILE, metric) for metric in ("ape", "dtw")),
        *(("2", "noise", metric) for metric in ("ape", "dtw", "l1")),
    ]
    assert float(rows[5]["value"]) == 4.25
    assert (rows[2]["value"], rows[2]["status"]) == ("", "incomplete")
    assert rows[8]["signature"] == "metric:l1|revision:1|clips:3|refs:0123456789ab"


def test_csv_of_several_runs_holds_all_that_a_score_holds():
    spelled = {"interval": {"low", "high"}, "samples": {"vectors", "reference_vectors"}, "judged": {"ceiling", "chance", "between"}}
    level = Level(value=0.5, interval=None, clips=3)
    plain = result({"dtw": 1})
    judged = plain.scores[0].model_copy(update={"judged": Judged(ceiling=level, chance=level, between=0.5)})
    header = as_csv({"a": plain.model_copy(update={"scores": (judged,)})}).splitlines()[0].split(",")
    lacking = [name for name in Score.model_fields if not spelled.get(name, {name}) <= set(header)]
    assert lacking == []


def test_the_rows_of_json_are_those_that_are_printed():
    found = as_json(several())
    assert found["rows"] == ranked(several()).texts()
    assert list(found["runs"]) == list(several())


@pytest.mark.parametrize("write", [as_csv, as_markdown, as_latex, as_json])
def test_no_form_puts_runs_together_that_measured_differently(write):
    with pytest.raises(NotComparableError, match="did not measure dtw the same way"):
        write({"a": result({"dtw": 1}), "b": result({"dtw": 1}, refs="ffff")})


def test_a_column_of_scores_is_added_in_one_place_for_every_form(monkeypatch):
    column = tables.ScoreColumn(
        "reference",
        lambda score: "" if score.reference_value is None else f"{score.reference_value:.1f}",
        numeric=True,
        optional=True,
        in_latex=True,
        side_by_side=True,
        fields={"twice": lambda score: None if score.reference_value is None else 2 * score.reference_value},
    )
    columns = (*tables.SCORE_COLUMNS[:4], column, *tables.SCORE_COLUMNS[4:])
    with_it = {name: result({"dtw": 1, "total-distance": 2}, directions={"total-distance": "reference"}) for name in "ab"}
    without = result({"dtw": 1})
    before = [tables.as_markdown(without), tables.as_latex(without), tables.as_csv(without), as_markdown({"a": without})]
    monkeypatch.setattr(tables, "SCORE_COLUMNS", columns)
    monkeypatch.setattr(side_by_side, "SCORE_COLUMNS", columns)
    assert before == [tables.as_markdown(without), tables.as_latex(without), tables.as_csv(without), as_markdown({"a": without})]
    assert "| total-distance → | 2.0000 | - | 1.0 |  |" in tables.as_markdown(with_it["a"])
    assert r"total-distance $\rightarrow$ & 2.0000 & -- & 1.0 & 3 \\" in tables.as_latex(with_it["a"])
    assert [row["twice"] for row in csv.DictReader(io.StringIO(tables.as_csv(with_it["a"])))] == ["", "2.0"]
    assert [row["twice"] for row in csv.DictReader(io.StringIO(as_csv(with_it)))] == ["", "2.0"] * 2
    assert list(ranked(with_it).texts()[0]) == ["place", "run", "dtw ↓", "total-distance →", "total-distance reference"]

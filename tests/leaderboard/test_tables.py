"""A leaderboard as a printed table, CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io

import pytest

from signbench.leaderboard import tables
from signbench.leaderboard.ranking import board
from tests.leaderboard.rows import TASK, run_of, small_task, submit, write_task
from tests.leaderboard.test_ranking import ANCHOR, publish

__all__ = ["small_task"]


@pytest.fixture
def found(small_task):
    publish(small_task)
    for run in (run_of("low_1 (50%)", 0.3), run_of("=high", 0.7), run_of("ceiling", 0.01, card=ANCHOR)):
        submit(run, small_task / "leaderboards")
    return board(TASK)


def test_a_printed_table_has_the_rank_first_and_anchors_last(found):
    rows = tables.table_of(found.blocks[0]).texts()
    assert [(row["rank"], row["row"]) for row in rows] == [("1", "low_1 (50%)"), ("2", "=high"), ("anchor", "ceiling")]
    assert list(rows[0])[3:] == ["l1 ↓", "ssim ↑", "duration-ratio →"]
    assert rows[0]["l1 ↓"].startswith("0.3001 [")
    assert rows[0]["ssim ↑"].endswith("(2)")
    assert any(line.startswith("metric:l1|") for line in tables.remarks(found.blocks[0]))


def test_csv_has_unrounded_numbers_and_no_formulas(found):
    rows = list(csv.DictReader(io.StringIO(tables.as_csv(found))))
    measured = [row for row in rows if row["block"] == "1"]
    assert len(measured) == 9
    first = next(row for row in measured if row["row"] == "low_1 (50%)" and row["metric"] == "l1")
    assert float(first["value"]) == found.blocks[0].rows[0].cells["l1"].value
    assert first["signature"].startswith("metric:l1|")
    assert {row["row"] for row in rows} == {"low_1 (50%)", "'=high", "ceiling", "Ours"}
    assert {row["model"] for row in rows if row["block"] == "published"} == {"Model"}
    assert [row["value"] for row in rows if row["block"] == "published"] == ["0.410", "140.9"]


def test_names_are_escaped_in_markdown(found):
    text = tables.as_markdown(found)
    assert "| 1 | low\\_1 (50%) | measured |" in text
    assert "**Published: Nobody: Nothing (arXiv 2501.00001), Table 1**" in text


def test_latex_is_escaped_and_anchors_are_below_a_rule(found):
    text = tables.as_latex(found)
    assert r"low\_1 (50\%)" in text
    assert r"l1 $\downarrow$" in text
    block = text[: text.index(r"\end{tabular}")]
    assert block.index(r"\midrule", block.index("=high")) < block.index("ceiling")
    assert text.count(r"\begin{tabular}") == 2


def test_a_block_that_was_measured_differently_says_so_in_its_title(small_task):
    write_task(small_task, known=False)
    for name, mean, references in (("one", 0.3, "a copy"), ("two", 0.4, "a copy"), ("copy", 0.7, "another copy")):
        submit(run_of(name, mean, card=None, own_copy=True, references=references), small_task / "leaderboards")
    found = board(TASK)
    assert "measured differently: the references themselves" in tables.title(found, 1)
    assert any("own copy of the references: copy" in line for line in tables.remarks(found.blocks[1]))

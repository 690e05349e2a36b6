"""Printed tables of a study: four decimals, signs of differences, and remarks."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.study.planning.sizes import plan
from signbench.study.report.score_tables import (
    agreement_rows,
    confusion_rows,
    correlation_rows,
    group_rows,
    overview,
    plan_rows,
    rater_rows,
    remarks,
    sign_rows,
)
from signbench.study.scores.result import Correlation, Estimate
from tests.study.judged import exactly, judged, scored


@pytest.fixture(scope="module")
def result():
    outcomes = exactly(125, 12, 12)
    outcomes[5] = "wrong"
    outcomes[6, :3] = "blank"
    return scored(judged(outcomes, group=lambda row: ("deaf", "hearing")[row % 2]))


def test_every_row_of_a_table_has_the_same_columns(result):
    for rows in (
        overview(result),
        sign_rows(result),
        confusion_rows(result),
        rater_rows(result),
        agreement_rows(result),
        group_rows(result),
    ):
        assert rows
        assert len({tuple(row) for row in rows}) == 1
        assert all(isinstance(cell, str) for row in rows for cell in row.values())


def test_accuracies_have_four_decimals_and_the_counts_behind_them(result):
    row, score = sign_rows(result)[0], result.per_sign[0]
    assert row["value"] == f"{score.accuracy:.4f}"
    assert row["correct"] == f"{score.counts.correct} of 12"


def test_the_most_frequent_confusions_come_first_where_only_some_are_asked_for(result):
    counts = [int(row["answers"]) for row in confusion_rows(result, most=5)]
    assert counts == sorted(counts, reverse=True) and len(counts) == 5
    assert max(row.answers for row in result.confusions) == counts[0]


def test_outliers_can_be_listed_alone(result):
    assert [row["rater"] for row in rater_rows(result, only_marked=True)] == ["r006"]


def test_remarks_say_how_blank_answers_are_counted(result):
    assert "3 blank answers count as wrong." in remarks(result)
    rows = judged(np.array([["correct", "blank"], ["wrong", "correct"]]))
    found = remarks(scored(rows, count_blank=False))
    assert "1 blank answer is left out." in found
    assert "SUS has no interval: fewer than 10 raters." in found


@pytest.mark.parametrize(
    ("direction", "value", "shown", "agrees"),
    [
        ("higher", 0.25, "+0.2500", "above 0"),
        ("lower", -0.25, "-0.2500", "below 0"),
        ("reference", -1e-9, "0.0000", "-"),
        (None, None, "-", "-"),
    ],
)
def test_a_coefficient_has_its_sign_and_what_it_means(direction, value, shown, agrees):
    row = Correlation(
        metric="m",
        direction=direction,
        coefficient="pearson",
        value=Estimate(value=value, interval=None, interval_note=""),
        within_packs=None,
        clips=50,
        p_value=0.25,
        p_adjusted=None,
        signature=None,
    )
    (cells,) = correlation_rows([row])
    assert (cells["value"], cells["agrees if"], cells["p"], cells["p (Holm)"]) == (shown, agrees, "0.2500", "-")


def test_a_plan_marks_the_design_with_the_fewest_answers():
    rows = plan_rows(plan(0.75, 0.15, raters=(10, 20), signs=(10, 20, 40), studies=10))
    assert [row[""] for row in rows].count("fewest answers") == 1

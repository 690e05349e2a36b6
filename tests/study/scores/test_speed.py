"""Time per answer, and raters who were too fast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from signbench.study.report.score_tables import rater_rows, remarks, speed_rows
from tests.study.judged import exactly, judged, scored


def timed(outcomes, seconds):
    """Judgements whose answers were given at ``(raters, signs)`` seconds; NaN where no time is known."""
    moments = iter(seconds.reshape(-1))
    return [
        replace(row, answer=replace(row.answer, seconds=None if np.isnan(moment := next(moments)) else float(moment)))
        for row in judged(outcomes)
    ]


def test_the_median_times_of_right_and_other_answers_are_those_between_answers():
    outcomes = np.array([["correct", "correct", "wrong", "open"]] * 2)
    result = scored(timed(outcomes, np.array([[0, 10, 40, 70], [0, 14, 50, 90]])))
    assert (result.speed.answers, result.speed.raters) == (6, 2)
    assert (result.speed.right, result.speed.wrong) == (12, 33)
    assert speed_rows(result) == [
        {"time for": "right answers", "median seconds": "12.0"},
        {"time for": "all other answers", "median seconds": "33.0"},
    ]
    assert [row["seconds"] for row in rater_rows(result)] == ["30.0", "36.0"]


def test_answers_in_another_order_than_the_table_are_timed_by_their_times():
    result = scored(timed(np.array([["correct", "wrong", "wrong"]]), np.array([[30, 0, 10]])))
    assert (result.speed.right, result.speed.wrong) == (20, 10)


def test_a_rater_who_needs_less_than_half_the_time_of_the_others_is_marked_and_stays_in_the_score():
    steps = np.full((6, 10), 20.0)
    steps[2] = 9.9
    steps[3] = 10.1
    result = scored(timed(exactly(40, 6, 10), np.cumsum(steps, axis=1)))
    assert [row.rater for row in result.per_rater if row.fast] == ["r003"]
    assert result.speed.fast_raters == 1 and result.counts.answers == 60
    assert any(remark.startswith("1 rater was more than twice as fast") for remark in remarks(result))
    assert [(row["rater"], row["marked"]) for row in rater_rows(result, only_marked=True)] == [("r003", "fast")]


def test_in_small_packs_nobody_is_fast():
    steps = np.full((4, 10), 20.0)
    steps[0] = 1
    assert scored(timed(exactly(20, 4, 10), np.cumsum(steps, axis=1))).speed.fast_raters == 0


@pytest.mark.parametrize(
    ("seconds", "note"),
    [(np.nan, "the sheets have no time for each answer"), (0.0, "all answers of a rater have the same time")],
)
def test_without_times_for_answers_there_is_no_speed_but_a_reason(seconds, note):
    result = scored(timed(exactly(20, 4, 10), np.full((4, 10), seconds)))
    assert (result.speed.answers, result.speed.right, result.speed.note) == (0, None, note)
    assert speed_rows(result) == []
    assert {row.seconds for row in result.per_rater} == {None}

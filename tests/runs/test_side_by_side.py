from __future__ import annotations

import pytest

from signbench.errors import NotComparableError
from signbench.runs.result import Result, Score, Subset
from signbench.runs.side_by_side import ranked


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
    rows = ranked(
        {
            "noise": result({"ape": 1, "dtw": 9}),
            "nearest": result({"ape": 2, "dtw": 4}),
            "truth": result({"ape": 0, "dtw": 0}, sees="references"),
            "torn": result({"ape": 0, "dtw": 1}, status="incomplete"),
            "part": result({"ape": 0, "dtw": 2}, subset=Subset(limit=1)),
        }
    )
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
    assert ranked(runs)[0]["run"] == best


def test_runs_that_measured_differently_are_not_ranked():
    with pytest.raises(NotComparableError, match="the references themselves: 0123456789ab against ffff"):
        ranked({"a": result({"dtw": 1}), "b": result({"dtw": 1}, refs="ffff")})
    with pytest.raises(NotComparableError, match="no metric in common"):
        ranked({"a": result({"dtw": 1}), "b": result({"ape": 1})})

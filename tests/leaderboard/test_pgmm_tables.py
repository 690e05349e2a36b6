"""Table 4 of PGMM's paper next to the rows of the leaderboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signbench.leaderboard.pgmm_tables import MODELS, TITLE, pgmm_tables

LEADERBOARDS = Path(__file__).parents[2] / "leaderboards" / "synthsign" / "reconstruction" / "test"


@pytest.fixture
def rows():
    """The table of the shipped rows."""
    return pgmm_tables()[TITLE]


def test_the_papers_six_rows_have_the_papers_numbers(rows):
    assert [row["row"] for row in rows] == ["baseline", "+pose", "+PFM", "+PFM, L_p", "+PFM, L_align", "Full Model"]
    assert [row["L1 (paper)"] for row in rows] == ["0.01487", "0.01426", "0.01396", "0.01396", "0.01375", "0.01380"]
    assert [row["WER (paper)"] for row in rows] == ["55.2", "44.0", "40.1", "39.4", "40.6", "39.7"]
    assert [row["model"] for row in rows] == list(MODELS.values())


def test_a_model_with_a_row_has_its_scores_with_intervals_and_the_others_are_not_measured(rows):
    measured = {path.parent.name: json.loads(path.read_text()) for path in LEADERBOARDS.glob("*/result.json")}
    assert "pgmm" in measured
    for row in rows:
        if row["model"] not in measured:
            assert row["L1"] == row["WER"] == "not measured"
            continue
        scores = {score["metric"]: score for score in measured[row["model"]]["scores"]}
        for column, metric, digits in (("L1", "l1", 4), ("WER", "wer@corrnet", 1)):
            value, (low, high) = scores[metric]["value"], scores[metric]["interval"]
            assert row[column] == f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"

"""Table 4 of PGMM's paper next to the rows of the leaderboard."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from signbench.leaderboard.pgmm_tables import MODELS, TITLE, pgmm_tables

LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"
ENTRY = "synthsign/reconstruction/test/first-frame"


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """The table if first-frame's row were the full model's, and the leaderboard had no other."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(LEADERBOARDS / ENTRY, tmp_path / "leaderboards" / ENTRY)
    shutil.copytree(LEADERBOARDS / "phoenix14t", tmp_path / "leaderboards" / "phoenix14t")
    card = tmp_path / "leaderboards" / ENTRY / "entry.yaml"
    card.write_text(card.read_text().replace("  name: first-frame", "  name: pgmm"))
    return pgmm_tables()[TITLE]


def test_the_papers_six_rows_have_the_papers_numbers(rows):
    assert [row["row"] for row in rows] == ["baseline", "+pose", "+PFM", "+PFM, L_p", "+PFM, L_align", "Full Model"]
    assert [row["L1 (paper)"] for row in rows] == ["0.01487", "0.01426", "0.01396", "0.01396", "0.01375", "0.01380"]
    assert [row["WER (paper)"] for row in rows] == ["55.2", "44.0", "40.1", "39.4", "40.6", "39.7"]
    assert [row["model"] for row in rows] == list(MODELS.values())


def test_a_model_with_a_row_has_its_scores_with_intervals_and_the_others_are_not_measured(rows):
    result = json.loads((LEADERBOARDS / ENTRY / "result.json").read_text())
    scores = {score["metric"]: score for score in result["scores"]}
    value, (low, high) = scores["l1"]["value"], scores["l1"]["interval"]
    assert rows[-1]["L1"] == f"{value:.4f} [{low:.4f}, {high:.4f}]"
    value, (low, high) = scores["wer@corrnet"]["value"], scores["wer@corrnet"]["interval"]
    assert rows[-1]["WER"] == f"{value:.1f} [{low:.1f}, {high:.1f}]"
    assert all(row["L1"] == "not measured" for row in rows[:-1])

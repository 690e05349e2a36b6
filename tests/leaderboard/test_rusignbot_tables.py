"""Tables 1 and 2 of RuSignBot's paper next to the rows of the leaderboard."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from signbench.leaderboard.rusignbot_tables import MODELS, TABLE_1, TABLE_2, rusignbot_tables
from signbench.weights.reference_models import recipe_of

LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"
ENTRY = "synthsign/word-to-video/word-sample/nearest"


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """The tables if the row of ``nearest`` were the adapted model's, and the leaderboard had no other."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(LEADERBOARDS / ENTRY, tmp_path / "leaderboards" / ENTRY)
    shutil.copytree(LEADERBOARDS / "slovo", tmp_path / "leaderboards" / "slovo")
    card = tmp_path / "leaderboards" / ENTRY / "entry.yaml"
    card.write_text(card.read_text().replace("  name: nearest", "  name: rusignbot"))
    return rusignbot_tables()


def test_the_rows_of_both_tables_have_the_papers_numbers(tables):
    first, second = tables[TABLE_1], tables[TABLE_2]
    assert [row["row"] for row in first] == ["Original MimicMotion", "SLG MimicMotion (Ours)"]
    assert [row["SSIM (paper)"] for row in first] == ["0.7597", "0.8169"]
    assert [row["PSNR (paper)"] for row in first] == ["19.7309", "21.1261"]
    assert [row["APE (paper)"] for row in first] == ["0.4723 ± 0.07", "0.4567 ± 0.05"]
    assert [row["SUS (paper)"] for row in second] == ["0.668", "0.845", "0.7565"]
    assert [row["PSNR (paper)"] for row in second] == ["20.767", "22.247", "21.907"]


def test_the_adapted_model_has_its_scores_with_intervals_and_the_base_is_not_measured(tables):
    base, adapted = tables[TABLE_1]
    scores = {score["metric"]: score for score in json.loads((LEADERBOARDS / ENTRY / "result.json").read_text())["scores"]}
    for metric, column, digits in (
        ("ssim", "SSIM", 4),
        ("psnr", "PSNR", 2),
        ("ape@pose-estimator", "APE", 2),
        ("accuracy@pose-estimator+nearest", "accuracy", 3),
    ):
        value, (low, high) = scores[metric]["value"], scores[metric]["interval"]
        assert adapted[column] == f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
        assert base[column] == "not measured"
    assert all(row["SSIM"] == "not measured" for row in tables[TABLE_2])


@pytest.mark.parametrize("model", MODELS.values())
def test_each_model_has_a_recipe(model):
    assert recipe_of(model).is_file()

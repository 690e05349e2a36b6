"""Tables 1 and 2 of RuSignBot's paper next to the rows of the leaderboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signbench.leaderboard.rusignbot_tables import MODELS, TABLE_1, TABLE_2, rusignbot_tables
from signbench.weights.reference_models import recipe_of

LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"
SPLIT = LEADERBOARDS / "synthsign" / "word-to-video" / "word-sample"


@pytest.fixture(scope="module")
def tables():
    return rusignbot_tables()


def test_the_rows_of_both_tables_have_the_papers_numbers(tables):
    first, second = tables[TABLE_1], tables[TABLE_2]
    assert [row["row"] for row in first] == ["Original MimicMotion", "SLG MimicMotion (Ours)"]
    assert [row["SSIM (paper)"] for row in first] == ["0.7597", "0.8169"]
    assert [row["PSNR (paper)"] for row in first] == ["19.7309", "21.1261"]
    assert [row["APE (paper)"] for row in first] == ["0.4723 ± 0.07", "0.4567 ± 0.05"]
    assert [row["SUS (paper)"] for row in second] == ["0.668", "0.845", "0.7565"]
    assert [row["PSNR (paper)"] for row in second] == ["20.767", "22.247", "21.907"]


COLUMNS = (
    ("ssim", "SSIM", 4),
    ("psnr", "PSNR", 2),
    ("ape@pose-estimator", "APE", 2),
    ("accuracy@pose-estimator+nearest", "accuracy", 3),
)


@pytest.mark.parametrize(("number", "entry"), enumerate(["rusignbot-checkpoint=mimicmotion-base", "rusignbot"]))
def test_base_and_adapted_have_the_scores_of_their_rows_with_intervals(tables, number, entry):
    scores = {score["metric"]: score for score in json.loads((SPLIT / entry / "result.json").read_text())["scores"]}
    for metric, column, digits in COLUMNS:
        value, (low, high) = scores[metric]["value"], scores[metric]["interval"]
        assert tables[TABLE_1][number][column] == f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def test_rows_that_nobody_measured_say_so(tables):
    assert {row[column] for row in tables[TABLE_2] for column in ("SSIM", "PSNR")} == {"not measured"}


@pytest.mark.parametrize("model", MODELS.values())
def test_each_model_has_a_recipe(model):
    assert recipe_of(model).is_file()

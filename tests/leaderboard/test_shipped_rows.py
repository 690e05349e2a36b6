"""The shipped measured rows pass the check, and no row is better than the ground truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from signbench.leaderboard.checking import check_entry
from signbench.leaderboard.entries import read_entry_result
from signbench.runs.side_by_side import distance
from signbench.tasks.loading import task

ROOT = Path(__file__).parents[2] / "leaderboards" / "synthsign"
FOLDERS = sorted(path.parent for path in ROOT.rglob("entry.yaml"))
TASKS = {
    "text-to-pose": 13,
    "word-generation": 8,
    "word-reconstruction": 8,
    "word-to-video": 9,
    "reconstruction": 11,
    "text-to-hamer": 11,
    "text-to-smplx": 11,
    "text-to-video": 11,
}


@pytest.mark.parametrize(("name", "rows"), TASKS.items())
def test_every_leaderboard_has_the_anchors_and_baselines(name, rows):
    names = {folder.name for folder in FOLDERS if folder.parts[-3] == name}
    assert len(names) == rows
    assert names >= {"ground-truth", "shuffled", "mean-pose", "first-frame", "noise"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: "/".join(folder.parts[-3:]))
def test_a_row_passes_the_check(folder):
    assert check_entry(folder) == []


@pytest.mark.parametrize("name", TASKS)
def test_nothing_is_better_than_the_references_by_the_first_headline_metric(name):
    split = ROOT / name / task(f"synthsign/{name}").default_split
    headline = task(f"synthsign/{name}").headlines[0]
    results = {folder.name: read_entry_result(folder) for folder in split.iterdir() if folder.is_dir()}
    away = {row: distance(result[headline]) for row, result in results.items()}
    assert min(away, key=lambda row: away[row]) == "ground-truth"

"""Verification: an entry with the same numbers becomes verified, differences are reported."""

from __future__ import annotations

import os

import numpy as np
import pytest
import yaml

from signbench.errors import InputError
from signbench.leaderboard.checking import check
from signbench.leaderboard.entries import read_card
from signbench.leaderboard.verification import _same_folds, verify
from signbench.media.video_writer import write_video
from signbench.runs.measured_run import measured_run
from signbench.scoring.task_runs import TaskRun, score_predictions
from signbench.statistics.paired import Folds
from signbench.tasks.loading import task
from tests.clips import moving_square
from tests.leaderboard.rows import resealed, submit
from tests.leaderboard.test_checking import edited
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import FPS, FRAMES, HEIGHT, IDS, WIDTH, fields

__all__ = ["tiny_corpus"]

pytestmark = pytest.mark.usefixtures("tiny_corpus")


def predictions_in(folder, shift=1):
    """Writes a prediction for every clip of the test split."""
    folder.mkdir(parents=True, exist_ok=True)
    for clip in IDS["test"]:
        write_video(folder / f"{clip}.mkv", iter(moving_square(FRAMES, HEIGHT, WIDTH, seed=int(clip[-4:]), shift=shift)), FPS)
    return folder


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """An entry whose predictions are in ``predictions``."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tasks" / "tiny" / "text-to-video.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(fields("video")))
    found = score_predictions(
        TaskRun.of(task("tiny/text-to-video")),
        predictions_in(tmp_path / "predictions"),
        tmp_path / "run",
        fresh=False,
        allow_missing=False,
    )
    assert found is not None
    with measured_run(found[0].path) as run:
        return submit(run, tmp_path / "leaderboards", row="mine")


def test_a_row_with_the_numbers_of_its_predictions_becomes_verified(entry, tmp_path):
    assert verify(entry, tmp_path / "predictions") == []
    assert read_card(entry / "entry.yaml").kind == "measured"
    assert verify(entry, tmp_path / "predictions", write=True) == []
    card = read_card(entry / "entry.yaml")
    assert card.kind == "verified"
    assert card.verified_with is not None
    assert check(entry).problems == ()


def test_other_predictions_are_named_and_nothing_is_verified(entry, tmp_path):
    write_video(tmp_path / "predictions" / "test-0002.mkv", iter(moving_square(FRAMES, HEIGHT, WIDTH, seed=77)), FPS)
    said = [problem.what for problem in verify(entry, tmp_path / "predictions", write=True)]
    assert said[0] == "1 of the predictions are not the files that it was measured from (test-0002)"
    assert said[1].startswith("result.json: l1: value is 0.") and "but the predictions give" in said[1]
    assert read_card(entry / "entry.yaml").kind == "measured"


def test_records_and_scores_that_were_made_up_together_are_found_by_the_predictions_alone(entry, tmp_path):
    from pyarrow import parquet

    from signbench.runs.records import pack, unpack

    path = entry / "records.parquet"
    table = parquet.read_table(path)
    records = [unpack(blob) for blob in table.column("record").to_pylist()]
    halved = [pack({**record, "sum": record["sum"] / 2}) for record in records]
    index = table.schema.get_field_index("record")
    parquet.write_table(table.set_column(index, table.schema.field(index), [halved]), path)
    edited(
        entry,
        lambda content: content["scores"][0].update(value=content["scores"][0]["value"] / 2, std=content["scores"][0]["std"] / 2),
    )
    resealed(entry)
    assert check(entry).problems == ()
    problems = verify(entry, tmp_path / "predictions", write=True)
    assert problems
    assert all("but the predictions give" in problem.what for problem in problems)
    assert read_card(entry / "entry.yaml").kind == "measured"


def test_an_invalid_entry_is_not_scored(entry, tmp_path):
    (entry / "more.txt").write_text("x")
    with pytest.raises(InputError, match="is not a valid entry"):
        verify(entry, tmp_path / "predictions")


def test_another_copy_of_the_references_is_found_by_its_digest(entry, tmp_path):
    copy = predictions_in(tmp_path / "copy", shift=0)
    assert any("the references themselves" in problem.what for problem in verify(entry, tmp_path / "predictions", references=copy))


def ground_truth(folder):
    """The references themselves, in files of another kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for clip in IDS["test"]:
        frames = moving_square(FRAMES, HEIGHT, WIDTH, seed=int(clip[-4:]))
        write_video(folder / f"{clip}.mkv", iter(frames), FPS)
    return folder


def test_the_ground_truth_cannot_be_submitted_as_predictions(entry, tmp_path):
    truth = ground_truth(tmp_path / "truth")
    found = score_predictions(TaskRun.of(task("tiny/text-to-video")), truth, tmp_path / "again", fresh=False, allow_missing=True)
    assert found is not None
    with measured_run(found[0].path) as run, pytest.raises(InputError, match="productions show the reference"):
        submit(run, tmp_path / "leaderboards", row="best of all")


def test_verification_finds_references_among_the_predictions(entry, tmp_path):
    said = [problem.what for problem in verify(entry, ground_truth(tmp_path / "truth"), write=True)]
    assert any("productions show the reference that they are compared with" in what for what in said)
    assert read_card(entry / "entry.yaml").kind == "measured"


def test_verification_uses_no_observation_of_an_earlier_run(entry, tmp_path, monkeypatch):
    from signbench.scoring import task_runs

    folders = []
    honest = task_runs.score_predictions

    def watched(*given, **named):
        folders.append(os.environ["SIGNBENCH_CACHE"])
        return honest(*given, **named)

    own = os.environ["SIGNBENCH_CACHE"]
    monkeypatch.setattr(task_runs, "score_predictions", watched)
    assert verify(entry, tmp_path / "predictions") == []
    assert folders and own not in folders
    assert os.environ["SIGNBENCH_CACHE"] == own


@pytest.mark.parametrize("field", ["value", "interval", "std", "clips"])
def test_verification_compares_every_field_of_a_score(entry, tmp_path, monkeypatch, field):
    """Also fields that a check would find."""
    lie = {"value": 0.5, "interval": [0.1, 0.2], "std": 0.3, "clips": 2}[field]
    edited(entry, lambda content: content["scores"][0].update({field: lie}))
    resealed(entry)
    monkeypatch.setattr("signbench.leaderboard.checking.check_entry", lambda folder: [])
    said = [problem.what for problem in verify(entry, tmp_path / "predictions", write=True)]
    assert any(f"l1: {field}" in what and "but the predictions give" in what for what in said)


def test_scores_without_groups_of_clips_are_compared_with_those_of_the_predictions():
    one, other = Folds(np.array([1.0, 2.0, 3.0]), None), Folds(np.array([1.0, 2.0, 3.1]), None)
    assert _same_folds(one, one, tolerance=1e-3)
    assert not _same_folds(one, other, tolerance=1e-3)
    assert not _same_folds(one, None, tolerance=1e-3)
    assert not _same_folds(one, Folds(one.scores, one.scores), tolerance=1e-3)
    assert not _same_folds(one, Folds(one.scores[:2], None), tolerance=1e-3)


def test_unregistered_weights_do_not_verify_a_row(entry, tmp_path, monkeypatch):
    monkeypatch.setattr("signbench.leaderboard.verification.unverified_networks", lambda plan: "fvd")
    said = [problem.what for problem in verify(entry, tmp_path / "predictions", write=True)]
    assert said == ["fvd depends on weights without a registered digest, so the network that measured it is unknown"]
    assert read_card(entry / "entry.yaml").kind == "measured"

"""Scoring predictions again: what is the same becomes verified, what is not is told."""

from __future__ import annotations

import pytest
import yaml

from signbench.errors import InputError
from signbench.leaderboard.checking import check
from signbench.leaderboard.entries import read_card
from signbench.leaderboard.verification import verify
from signbench.media.video_writer import write_video
from signbench.runs.measured_run import measured_run
from signbench.scoring.task_runs import TaskRun, score_predictions
from signbench.tasks.loading import task
from tests.clips import moving_square
from tests.leaderboard.rows import resealed, submit
from tests.leaderboard.test_checking import edited
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import FPS, FRAMES, HEIGHT, IDS, WIDTH, fields

__all__ = ["tiny_corpus"]

pytestmark = pytest.mark.usefixtures("tiny_corpus")


def handed_in(folder, shift=1):
    folder.mkdir(parents=True, exist_ok=True)
    for clip in IDS["test"]:
        write_video(folder / f"{clip}.mkv", iter(moving_square(FRAMES, HEIGHT, WIDTH, seed=int(clip[-4:]), shift=shift)), FPS)
    return folder


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """An entry whose predictions lie in ``hand-in``."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tasks" / "tiny" / "text-to-video.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(fields("video")))
    found = score_predictions(
        TaskRun.of(task("tiny/text-to-video")), handed_in(tmp_path / "hand-in"), tmp_path / "run", fresh=False, allow_missing=False
    )
    assert found is not None
    with measured_run(found[0].path) as run:
        return submit(run, tmp_path / "leaderboards", row="mine")


def test_predictions_that_give_the_same_make_a_row_verified(entry, tmp_path):
    assert verify(entry, tmp_path / "hand-in") == []
    assert read_card(entry / "entry.yaml").kind == "measured"
    assert verify(entry, tmp_path / "hand-in", write=True) == []
    card = read_card(entry / "entry.yaml")
    assert card.kind == "verified"
    assert card.verified_with is not None
    assert check(entry).problems == ()


def test_other_predictions_are_named_and_nothing_is_verified(entry, tmp_path):
    write_video(tmp_path / "hand-in" / "test-0002.mkv", iter(moving_square(FRAMES, HEIGHT, WIDTH, seed=77)), FPS)
    said = [problem.what for problem in verify(entry, tmp_path / "hand-in", write=True)]
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
    place = table.schema.get_field_index("record")
    parquet.write_table(table.set_column(place, table.schema.field(place), [halved]), path)
    edited(
        entry,
        lambda content: content["scores"][0].update(value=content["scores"][0]["value"] / 2, std=content["scores"][0]["std"] / 2),
    )
    resealed(entry)
    assert check(entry).problems == ()
    problems = verify(entry, tmp_path / "hand-in", write=True)
    assert problems
    assert all("but the predictions give" in problem.what for problem in problems)
    assert read_card(entry / "entry.yaml").kind == "measured"


def test_an_entry_that_is_not_in_order_is_not_scored(entry, tmp_path):
    (entry / "more.txt").write_text("x")
    with pytest.raises(InputError, match="is not in order"):
        verify(entry, tmp_path / "hand-in")


def test_an_own_copy_of_the_references_that_differs_is_told_by_its_digest(entry, tmp_path):
    copy = handed_in(tmp_path / "copy", shift=0)
    assert any("the references themselves" in problem.what for problem in verify(entry, tmp_path / "hand-in", references=copy))

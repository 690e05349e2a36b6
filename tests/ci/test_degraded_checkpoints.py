"""Productions that were degraded on purpose, scored like a task's predictions: the gate catches these and no others."""

from __future__ import annotations

import pytest

from signbench.ci.baselines import baseline, pin
from signbench.ci.configuration import Configuration
from signbench.ci.gate import check
from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from signbench.runs.measured_run import measured_run
from signbench.scoring.task_runs import TaskRun, score_predictions
from signbench.sensitivity.degradations import KEY_POINTS, VIDEO
from signbench.tasks.schema import ids_digest
from tests.clips import moving_square
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import FPS, FRAMES, HEIGHT, IDS, WIDTH, points, tiny_task

__all__ = ["tiny_corpus"]

CLIPS = [f"test-{number:04d}" for number in range(1, 31)]
BY_NAME = {"pose": {each.name: each for each in KEY_POINTS}, "video": {each.name: each for each in VIDEO}}
METRICS = {"pose": ("dtw", "ape"), "video": ("ssim", "l1")}


@pytest.fixture
def score(tmp_path, monkeypatch, tiny_corpus):
    """Scores the results of ``make(clip, reference)`` for 30 clips as a run of a task, without those that are None."""
    monkeypatch.setitem(IDS, "test", CLIPS)

    def scored(kind, name, make):
        metrics = [{"metric": metric, "on": None, "tier": "core", "headline": True} for metric in METRICS[kind]]
        clips = {"test": {"count": len(CLIPS), "ids_sha256": ids_digest(CLIPS)}}
        run = TaskRun.of(tiny_task(kind, splits=["test"], clips=clips, metrics=metrics))
        folder = tmp_path / f"{name} predictions"
        folder.mkdir()
        for number, clip in enumerate(CLIPS, start=1):
            reference = points(number) if kind == "pose" else moving_square(FRAMES, HEIGHT, WIDTH, seed=number)
            made = make(clip, reference)
            if made is None:
                continue
            if kind == "pose":
                write_pose(folder / f"{clip}.pose", made)
            else:
                write_video(folder / f"{clip}.mkv", iter(made), FPS)
        score_predictions(run, folder, tmp_path / name, fresh=False, allow_missing=True)
        return tmp_path / name

    return scored


def noisy(kind, strength, seed=""):
    noise = BY_NAME[kind]["joint noise" if kind == "pose" else "noise"]
    return lambda clip, reference: noise.of(reference, strength, f"{clip}{seed}")


def degraded(kind, name, strength):
    """The baseline's production, degraded."""
    worse = BY_NAME[kind][name]
    return lambda clip, reference: worse.of(noisy(kind, 3.0)(clip, reference), strength, clip)


def dropped(kind):
    """The baseline's production, without one clip in ten."""
    return lambda clip, reference: None if CLIPS.index(clip) % 10 == 4 else noisy(kind, 3.0)(clip, reference)


@pytest.mark.parametrize(
    ("kind", "make", "verdict", "regressed"),
    [
        ("pose", noisy("pose", 3.0, "another seed"), "passed", []),
        ("pose", noisy("pose", 3.02), "passed", []),  # 0.7 % worse on every clip
        ("pose", noisy("pose", 3.3), "regressed", ["dtw", "ape"]),
        ("pose", noisy("pose", 2.7), "improved", []),
        ("pose", degraded("pose", "hand swap", 10), "regressed", ["dtw", "ape"]),
        ("pose", dropped("pose"), "incomplete", []),
        ("video", noisy("video", 3.0, "another seed"), "passed", []),
        ("video", noisy("video", 3.5), "regressed", ["ssim", "l1"]),
        ("video", degraded("video", "blur", 2), "regressed", ["ssim", "l1"]),
        ("video", dropped("video"), "incomplete", []),
    ],
    ids=[
        "another seed of key points",
        "below the tolerance",
        "more noise on key points",
        "less noise on key points",
        "swapped hands",
        "poses dropped",
        "another seed of video",
        "more noise on video",
        "blur",
        "videos dropped",
    ],
)
def test_a_checkpoint_that_got_worse_is_caught(score, tmp_path, kind, make, verdict, regressed):
    with measured_run(score(kind, "base", noisy(kind, 3.0))) as run:
        pin(run, "main", tmp_path / "baselines", replace=False)
    pinned = baseline("main", tmp_path / "baselines")
    with measured_run(score(kind, "run", make)) as run:
        report = check(run, pinned, Configuration())
    assert report.verdict == verdict, report.summary
    assert [each.metric for each in report.checks if each.outcome == "regressed"] == regressed
    if verdict == "incomplete":
        assert report.exit_code == 3
        assert {each.lacking for each in report.checks} == {("test-0005", "test-0015", "test-0025")}

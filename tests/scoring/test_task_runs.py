from __future__ import annotations

import json
import os

import pytest

from signbench.errors import InputError
from signbench.generators import registry as generators
from signbench.generators.base import Card, Generator, Production
from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from signbench.runs.folder import RunFolder
from signbench.scoring.task_runs import Generation, TaskRun, run_generator, score_predictions
from tests.clips import moving_square
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import FPS, FRAMES, HEIGHT, IDS, WIDTH, TinyCorpus, points, tiny_task

__all__ = ["tiny_corpus"]

tiny = pytest.mark.usefixtures("tiny_corpus")
"""Replaces signbench's tasks with tasks on the tiny corpus."""


def submitted(folder, clips=IDS["test"], shift=1):
    folder.mkdir(parents=True, exist_ok=True)
    for clip in clips:
        frames = moving_square(FRAMES, HEIGHT, WIDTH, seed=int(clip[-4:]), shift=shift)
        write_video(folder / f"{clip}.mkv", iter(frames), FPS)
    return folder


def scored(tmp_path, task=None, *, allow_missing=False, out="run", fresh=False, **options):
    run = TaskRun.of(task or tiny_task(), **options)
    return score_predictions(run, tmp_path / "submission", tmp_path / out, fresh=fresh, allow_missing=allow_missing)[1]


def generated(tmp_path, name, task=None, *, out=None, **options):
    run = TaskRun.of(task or tiny_task(), **options)
    made_by = name if isinstance(name, Generator) else generators.create(name)
    return run_generator(Generation(run, made_by), tmp_path / (out or made_by.card.name), fresh=False)[1]


@tiny
def test_predictions_of_a_task_are_scored_under_its_name_and_protocol(tmp_path):
    submitted(tmp_path / "submission")
    result = scored(tmp_path)
    assert (result.kind, result.task.name, result.task.version, result.task.split) == ("score", "tiny/text-to-video", 1, "test")
    assert result.exit_code == 0
    score = result["l1"]
    assert score.headline
    assert score.value > 0
    assert "size:32x24|resize:opencv-area|fps:25|frames:equal|clips:4" in score.signature
    submitted(tmp_path / "perfect", shift=0)
    run = TaskRun.of(tiny_task())
    assert score_predictions(run, tmp_path / "perfect", tmp_path / "p", fresh=False, allow_missing=False)[1]["l1"].value == 0


@tiny
def test_all_problems_of_the_predictions_are_reported_before_anything_is_written(tmp_path):
    submitted(tmp_path / "submission", clips=IDS["test"][:3])
    write_video(tmp_path / "submission" / "test-0002.mkv", iter(moving_square(FRAMES, 20, 20)), FPS)
    with pytest.raises(InputError, match=r"test-0002.*20 x 20(.|\n)*1 clip without a file \(test-0004\)"):
        scored(tmp_path)
    assert not (tmp_path / "run").exists()


@tiny
def test_a_clip_that_may_be_missing_gets_the_worst_value_and_leaves_the_run_incomplete(tmp_path):
    submitted(tmp_path / "submission")
    whole = scored(tmp_path, out="whole")
    (tmp_path / "submission" / "test-0003.mkv").unlink()
    result = scored(tmp_path, allow_missing=True)
    score = result["l1"]
    assert result.exit_code == 3
    assert (score.clips, score.coverage) == (3, 0.75)
    assert [(clip.clip, clip.counted_as) for clip in score.missing] == [("test-0003", "worst value")]
    assert score.value > whole["l1"].value + 0.2
    assert score.signature == whole["l1"].signature
    assert scored(tmp_path, tiny_task(coverage_floor=0.75), allow_missing=True, out="floor").exit_code == 0


@tiny
@pytest.mark.parametrize("kind", ["video", "pose"])
@pytest.mark.parametrize("gone", ["test-0001", "test-0004"])
def test_a_missing_clip_changes_no_signature(tmp_path, kind, gone):
    task = tiny_task(kind)
    metrics = [
        {"metric": name, "on": None, "tier": "core", "headline": True} for name in (task.metrics[0].metric, "duration-ratio")
    ]
    task = tiny_task(kind, metrics=metrics)
    if kind == "video":
        submitted(tmp_path / "submission")
    else:
        (tmp_path / "submission").mkdir()
        for clip in IDS["test"]:
            write_pose(tmp_path / "submission" / f"{clip}.pose", points(seed=int(clip[-4:]) + 1))
    whole = scored(tmp_path, task, out="whole")
    next((tmp_path / "submission").glob(f"{gone}.*")).unlink()
    part = scored(tmp_path, task, allow_missing=True, out="part")
    assert part.exit_code == 3
    assert [score.signature for score in part.scores] == [score.signature for score in whole.scores]
    assert f"reader:{kind}-" in part["duration-ratio"].signature


@tiny
def test_a_submission_that_changed_is_refused_when_its_run_resumes(tmp_path):
    submitted(tmp_path / "submission")
    scored(tmp_path)
    write_video(tmp_path / "submission" / "test-0001.mkv", iter(moving_square(FRAMES, HEIGHT, WIDTH, seed=77)), FPS)
    with pytest.raises(InputError, match="changed since"):
        scored(tmp_path)
    assert scored(tmp_path, fresh=True).exit_code == 0


@tiny
def test_a_subset_of_a_task_is_marked_and_needs_no_other_clips(tmp_path):
    submitted(tmp_path / "submission")
    assert scored(tmp_path, limit=2).subset.limit == 2
    assert scored(tmp_path, out="chosen", clips=["test-0004"]).subset.clips == ("test-0004",)
    with pytest.raises(InputError, match="no clip nobody"):
        scored(tmp_path, clips=["nobody"])


@tiny
def test_a_copy_of_the_data_set_is_scored_like_the_corpus(tmp_path):
    submitted(tmp_path / "submission")
    copy = submitted(tmp_path / "copy", shift=0)
    by_corpus, by_copy = scored(tmp_path), scored(tmp_path, out="copy-run", references_dir=copy)
    assert by_copy["l1"].value == by_corpus["l1"].value
    assert by_copy.subset is None
    (copy / "test-0002.mkv").unlink()
    (tmp_path / "submission" / "test-0002.mkv").unlink()
    assert scored(tmp_path, out="part", references_dir=copy).subset.clips == ("test-0001", "test-0003", "test-0004")


@tiny
@pytest.mark.parametrize("kind", ["video", "pose", "motion"])
def test_the_ceiling_is_perfect_and_productions_are_kept_and_scored(tmp_path, kind):
    task = tiny_task(kind)
    metric = task.metrics[0].metric
    ceiling = generated(tmp_path, "ground-truth", task)
    assert ceiling.exit_code == 0
    assert ceiling[metric].value == pytest.approx(0, abs=1e-6)
    assert ceiling.generator["sees"] == "references"
    assert generated(tmp_path, "noise", task)[metric].value > 0
    assert generated(tmp_path, "first-frame", task)[metric].value > 0
    manifest = (tmp_path / "noise" / "predictions" / "manifest.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in manifest] == IDS["test"]


@tiny
def test_a_finished_run_is_not_generated_again(tmp_path, monkeypatch):
    first = generated(tmp_path, "noise")

    def refuse(*_):
        raise AssertionError("it was generated again")

    monkeypatch.setattr("signbench.generators.trivial.Noise.generate", refuse)
    monkeypatch.setattr("signbench.generators.trivial.Noise.prepare", refuse)
    assert generated(tmp_path, "noise") == first


class Stubborn(Generator):
    """Copies a train clip, and fails on one of the test clips."""

    card = Card(name="stubborn", version="1", modalities=("video",), prompt_fields=(), licence="CC0-1.0")
    breaks = True

    def prepare(self, train):
        self.frames = next(iter(train)).media.frames

    def generate(self, prompts, seeds):
        for prompt in prompts:
            if self.breaks and prompt.clip == "test-0002":
                raise RuntimeError("out of ideas")
            yield Production(prompt.clip, frames=iter(self.frames), fps=prompt.fps)


@tiny
def test_a_clip_that_the_generator_fails_on_is_missing_with_its_reason_and_retried(tmp_path):
    result = generated(tmp_path, Stubborn())
    score = result["l1"]
    assert result.exit_code == 3
    assert score.clips == 3
    assert "the generator failed on it" in score.missing[0].reason
    assert "out of ideas" in score.missing[0].reason
    repaired = Stubborn()
    repaired.breaks = False
    assert generated(tmp_path, repaired).exit_code == 0


@tiny
def test_a_generator_that_does_not_fit_the_task_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="makes video"):
        generated(tmp_path, Stubborn(), tiny_task("pose"))
    assert not (tmp_path / "stubborn").exists()


@tiny
def test_another_generator_in_the_same_folder_is_refused(tmp_path):
    generated(tmp_path, "noise", out="run")
    with pytest.raises(InputError, match=r"different specification.*generator"):
        generated(tmp_path, "first-frame", out="run")


@tiny
def test_clips_of_one_signer_are_one_cluster(tmp_path):
    submitted(tmp_path / "submission")
    result = scored(tmp_path, tiny_task(cluster="signer"))
    assert result["l1"].interval is None
    assert "fewer than" in result["l1"].interval_note


@tiny
def test_the_result_can_be_recomputed_without_corpus_and_predictions(tmp_path, monkeypatch):
    from signbench.runs.plan import RunPlan
    from signbench.scoring.engine import finish

    first = generated(tmp_path, "noise")
    monkeypatch.setattr(TinyCorpus, "clip", None)
    folder = RunFolder(tmp_path / "noise")
    folder.result_json.unlink()
    assert finish(RunPlan.from_run(folder.read()), folder) == first


@tiny
def test_poses_can_be_submitted_too(tmp_path):
    (tmp_path / "submission").mkdir()
    for clip in IDS["test"]:
        write_pose(tmp_path / "submission" / f"{clip}.pose", points(seed=int(clip[-4:]) + 1))
    assert scored(tmp_path, tiny_task("pose"))["dtw"].seen == 1.0


def test_across_persons_the_source_image_is_of_the_signer_who_performs_in_the_reference():
    from signbench.generators.base import Made
    from signbench.generators.training import TrainView
    from signbench.predictions.sampling import first_frame
    from signbench.predictions.source_images import source_video
    from signbench.tasks.loading import task

    run = TaskRun.of(task("synthsign/cross-person"), limit=3)
    generation = Generation(run, generators.create("first-frame"))
    corpus = generation.corpus
    train = TrainView.of_task(corpus, Made.of_task(run.task.made), split=run.split, references=run.task.references)
    for clip in run.clips:
        source = source_video(run.task, corpus, clip, train.split)
        there = corpus.clip(clip)
        assert corpus.clip(source.clip).signer == there.other_signer != there.signer
        reference = first_frame(run.references.side.clips[clip].video, (128, 128))
        image = first_frame(source, (128, 128)).astype(int)
        own = first_frame(there.video, (128, 128)).astype(int)
        assert abs(reference - image).mean() < abs(reference - own).mean()


@tiny
def test_a_production_that_was_overwritten_is_reported_and_generated_again(tmp_path, caplog):
    first = generated(tmp_path, "noise", tiny_task("pose"))
    path = next((tmp_path / "noise" / "predictions").glob("*-0002.*"))
    before, times = path.read_bytes(), path.stat()
    changed = bytearray(before)
    changed[-40] ^= 1
    path.write_bytes(bytes(changed))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert generated(tmp_path, "noise", tiny_task("pose")) == first
    assert path.read_bytes() == before
    assert "1 productions in" in caplog.text
    assert "generated again: test-0002" in caplog.text


@tiny
@pytest.mark.parametrize("side", ["submission", "references"])
def test_an_overwritten_input_with_the_same_size_and_time_is_not_assumed_unchanged(side, tmp_path):
    submitted(tmp_path / "submission")
    submitted(tmp_path / "references", shift=0)
    first = scored(tmp_path, references_dir=tmp_path / "references")
    path = tmp_path / side / "test-0003.mkv"
    times = path.stat()
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert scored(tmp_path, references_dir=tmp_path / "references") == first
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(bytes(changed))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (times.st_size, times.st_mtime_ns)
    with pytest.raises(InputError, match=r"test-0003.mkv changed since its record was made"):
        scored(tmp_path, references_dir=tmp_path / "references")


@tiny
def test_a_submission_is_checked_against_the_digests_of_its_manifest(tmp_path):
    generated(tmp_path, "noise", out="made")
    folder = tmp_path / "made" / "predictions"
    run = TaskRun.of(tiny_task())
    assert score_predictions(run, folder, tmp_path / "one", fresh=False, allow_missing=False)[1].exit_code == 0
    path = folder / "test-0001.mkv"
    path.write_bytes((folder / "test-0002.mkv").read_bytes())
    with pytest.raises(InputError, match=r"test-0001.*SHA-256 is not the one in manifest.jsonl"):
        score_predictions(run, folder, tmp_path / "two", fresh=False, allow_missing=False)
    assert not (tmp_path / "two").exists()

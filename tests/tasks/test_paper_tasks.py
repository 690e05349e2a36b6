"""The tasks of the papers' data sets: without a reader they list, show, say what is missing, and score a user's own copy."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from signbench.cli.main import main
from signbench.corpora import registry as corpora
from signbench.errors import InputError
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from signbench.tasks.freeze import freeze_below
from signbench.tasks.loading import known, task
from signbench.tasks.references import task_references
from signbench.tasks.schema import Expected
from tests.clips import moving_square

COUNTS = {
    "slovo/word-to-video": {"sample": 100, "pack-20": 20, "pack-30": 30},
    **{f"phoenix14t-plus/text-to-{made}": {"test": 642, "dev": 519} for made in ("video", "pose", "hamer", "smplx")},
    **{
        f"{corpus}/{stage}": counts
        for corpus, counts in {
            "lsa64": {"test": 400},
            "wlasl2000": {"test": 2878},
            "phoenix14t": {"test": 642, "dev": 519},
            "csl-daily": {"test": 1176, "dev": 1077},
        }.items()
        for stage in ("reconstruction", "cross-person")
    },
    **{
        f"{corpus}/{stage}": {"test": count}
        for corpus, count in {"asl3dword": 339, "asl3dword-30": None}.items()
        for stage in ("reconstruction", "generation")
    },
    "slrtp2025/text-to-pose": {"test": 642, "dev": 519},
}
"""Clips of each split, as the papers count them."""


@pytest.fixture
def signbench(monkeypatch, capsys, tmp_path):
    """Runs ``signbench WORDS`` in an empty folder: exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["signbench", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture
def score(signbench, tmp_path):
    """Scores predictions against a user's own copy and returns the result."""

    def run(name, references, predictions, *more):
        words = ["--references", references, "--predictions", predictions, "--workers", "1", "--no-progress", "--json", *more]
        code, out, err = signbench("score", name, *words)
        assert code == 0, err
        return json.loads(out)

    return run


def by_metric(result):
    return {item["metric"]: item["value"] for item in result["scores"]}


def without_judges(values):
    """Scores by metric without those through a judge, whose weights are not present."""
    assert {value for metric, value in values.items() if "@" in metric} == {None}
    return {metric: value for metric, value in values.items() if "@" not in metric}


BLEU = ("bleu:order=1", "bleu:order=2", "bleu:order=3", "bleu")
JUDGED = {
    "slrtp2025/text-to-pose": {f"{metric}@slt-slrtp2025" for metric in (*BLEU, "chrf", "rouge-l", "wer:cleaning=slrtp")},
    "phoenix14t-plus/text-to-pose": {f"{metric}@nslt-phoenix14t-plus" for metric in (*BLEU, "rouge-l", "wer")},
    **{
        f"phoenix14t-plus/text-to-{made}": {f"{metric}@gfslt-phoenix14t-plus" for metric in (*BLEU, "rouge-l")}
        for made in ("hamer", "smplx", "video")
    },
    **{
        f"{corpus}/{stage}": {f"{metric}@stgcn-asl3dword" for metric in ("accuracy", "motion-fid", "diversity", "multimodality")}
        for corpus in ("asl3dword", "asl3dword-30")
        for stage in ("reconstruction", "generation")
    },
    "phoenix14t/reconstruction": {"wer:cleaning=phoenix14t,variant=corrnet@corrnet-phoenix14t"},
    "csl-daily/reconstruction": {"wer:variant=corrnet@corrnet-csl-daily"},
    "slovo/word-to-video": {"ape@pose-estimator-wholebody", "pck@pose-estimator-wholebody"},
}
"""What each task measures through the judge of its paper; the other tasks have none."""


@pytest.mark.parametrize("name", COUNTS)
def test_what_a_paper_measures_through_a_network_is_extended(name):
    found = [item for item in task(name).metrics if item.on is not None]
    assert {item.key for item in found} == JUDGED.get(name, set())
    assert {item.tier for item in found} <= {"extended"}


def test_the_tasks_of_the_papers_are_there():
    assert {name for name in known() if not name.startswith("synthsign/")} >= set(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_a_task_counts_its_clips_as_its_paper_does_and_knows_no_ids(name):
    found = task(name)
    assert {split: clips.count for split, clips in found.clips.items()} == COUNTS[name]
    assert {clips.ids_sha256 for clips in found.clips.values()} == {None}
    assert found.paper is not None
    assert found.open_in_paper


@pytest.mark.parametrize("name", COUNTS)
def test_a_task_is_shown_with_the_corpus_that_is_missing_and_the_way_around_it(name, signbench):
    found = task(name)
    code, out, _ = signbench("tasks", "show", name)
    assert code == 0
    assert f"signbench score {name} --predictions DIR --references DIR" in out
    if found.corpus in corpora.known():
        assert f"signbench score {name} --predictions DIR --root DIR" in out
        assert f"those of your copy of {found.corpus}, in the layout of signbench corpora show {found.corpus}" in out
    else:
        assert f"signbench has no reader for {found.corpus}: the references are your own copy" in out


@pytest.mark.parametrize("name", COUNTS)
def test_a_generator_cannot_be_run_without_the_corpus_which_is_named(name, signbench):
    code, out, err = signbench("run", name, "--generator", "first-frame")
    assert (code, out) == (2, "")
    corpus = task(name).corpus
    if corpus in corpora.known():
        assert f"the task {name} needs the corpus {corpus}, which is not here: name its folder with --root DIR" in err
    else:
        assert f"the task {name} needs the corpus {corpus}, for which signbench has no reader; pass your own copy" in err


def test_predictions_cannot_be_scored_without_references(signbench, tmp_path):
    code, out, err = signbench("score", "lsa64/reconstruction", "--predictions", tmp_path)
    assert (code, out) == (2, "")
    assert "with --references DIR" in err


def test_a_video_task_scores_a_users_own_copy(score, tmp_path):
    ids = ["057_001_001", "057_001_002", "064_010_005"]
    for side in ("copy", "predictions"):
        (tmp_path / side).mkdir()
    for seed, name in enumerate(ids):
        write_video(tmp_path / "copy" / f"{name}.mkv", iter(moving_square(5, 128, 128, seed=seed)), 60)
        write_video(tmp_path / "predictions" / f"{name}.mkv", iter(moving_square(5, 128, 128, shift=1, seed=seed)), 60)
    result = score("lsa64/reconstruction", "copy", "predictions")
    assert [item["metric"] for item in result["scores"]] == [item.key for item in task("lsa64/reconstruction").metrics]
    assert 0 < by_metric(result)["l1"] < 0.1
    assert 0.5 < by_metric(result)["ssim"] < 1
    assert (result["own_copy"], result["subset"]["clips"]) == (True, ids)
    same = by_metric(score("lsa64/reconstruction", "copy", "copy"))
    assert (same["l1"], same["ssim"]) == (0, pytest.approx(1))


def test_references_of_another_size_are_brought_to_the_tasks(score, tmp_path):
    for side, size in (("copy", (96, 64)), ("predictions", (128, 128))):
        (tmp_path / side).mkdir()
        write_video(tmp_path / side / "057_001_001.mkv", iter(moving_square(4, *size)), 60)
    assert by_metric(score("lsa64/reconstruction", "copy", "predictions"))["l1"] > 0


def test_frames_that_state_no_rate_have_that_of_the_task(score, tmp_path):
    frames = moving_square(4, 260, 210)
    (tmp_path / "predictions").mkdir()
    write_video(tmp_path / "predictions" / "weather-1.mkv", iter(frames), 25)
    folder = tmp_path / "copy" / "weather-1"
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames, start=1):
        cv2.imwrite(str(folder / f"images{number:04d}.png"), frame[..., ::-1])
    values = by_metric(score("phoenix14t-plus/text-to-video", "copy", "predictions"))
    assert without_judges(values) == {"ssim": pytest.approx(1), "psnr": 100, "duration-ratio": 1, "fid": None}


def points(seed, frames=8, name="slrtp-178"):
    kind = layout(name)
    walk = np.random.Generator(np.random.PCG64(seed)).normal(0, 0.01, (frames, len(kind.joints), 3)).cumsum(axis=0)
    return Pose(walk.astype(np.float32), np.ones(walk.shape[:2], np.float32), kind, None)


def test_a_pose_task_scores_the_challenges_dictionaries_as_they_are(score, tmp_path):
    import torch

    ids = [f"01April_2010_Thursday_tagesschau-{number}" for number in (4330, 4331)]
    truth = {name: torch.from_numpy(points(seed).points) for seed, name in enumerate(ids)}
    torch.save(
        {name: {"name": name, "text": "regen", "gloss": "REGEN", "poses_3d": clip} for name, clip in truth.items()}, "test.pt"
    )
    torch.save({name: clip + 0.01 for name, clip in truth.items()}, "moved.pt")
    result = score("slrtp2025/text-to-pose", "test.pt", "moved.pt")
    moved = by_metric(result)
    assert moved["total-distance"] == pytest.approx(1, abs=1e-4)
    assert moved["duration-ratio"] == 1
    assert moved["dtw"] == pytest.approx(0.01 * 3**0.5, rel=0.1)
    assert (result["own_copy"], result["subset"]["clips"]) == (True, ids)
    assert by_metric(score("slrtp2025/text-to-pose", "test.pt", "test.pt"))["dtw:variant=slrtp-fastdtw"] == 0


def test_a_metric_without_the_weights_of_its_judge_is_left_out_with_the_command_that_brings_them(signbench, tmp_path):
    (tmp_path / "copy").mkdir()
    for seed in (1, 2):
        write_pose(tmp_path / f"copy/{seed}.npz", replace(points(seed), fps=25.0))
    words = ["--references", "copy", "--predictions", "copy", "--workers", "1", "--no-progress"]
    code, _, err = signbench("score", "slrtp2025/text-to-pose", *words)
    assert code == 0, err
    command = "signbench weights add FILE --as slt-slrtp2025 --model slt"
    for key in JUDGED["slrtp2025/text-to-pose"]:
        assert f"not measured ({key}): weights not present; {command} brings them." in err
    code, _, err = signbench("score", "slrtp2025/text-to-pose", *words, "--require", "all", "--out", "other")
    assert code == 2
    assert "the weights of the judge slt-slrtp2025 are not present" in err


def test_a_pose_task_scores_a_folder_with_a_table_of_clips(score, tmp_path):
    for side in ("copy", "predictions"):
        (tmp_path / side).mkdir()
    write_pose(tmp_path / "copy/a.npz", points(1))
    write_pose(tmp_path / "predictions/rain.npz", replace(points(1, frames=6), fps=25.0))
    (tmp_path / "copy/clips.csv").write_text("id,file,text,fps\nrain,a.npz,am montag regen,50\n", "utf-8")
    values = by_metric(score("slrtp2025/text-to-pose", "copy", "predictions"))
    assert values["duration-ratio"] == pytest.approx(6 / 4)


def test_where_the_number_of_clips_is_unknown_every_copy_is_whole(score, tmp_path):
    (tmp_path / "copy").mkdir()
    for name in ("book-1", "drink-1"):
        np.savez(tmp_path / "copy" / f"{name}.npz", rotations=np.zeros((4, 55, 3), np.float32), fps=25.0)
    result = score("asl3dword-30/generation", "copy", "copy")
    assert (result["own_copy"], result["subset"]) == (True, None)
    assert without_judges(by_metric(result)) == {"dtw": 0, "ape": 0, "duration-ratio": 1}


def test_a_prediction_of_another_form_is_refused_before_work(signbench, tmp_path):
    for side, size in (("copy", 128), ("predictions", 64)):
        (tmp_path / side).mkdir()
        write_video(tmp_path / side / "057_001_001.mkv", iter(moving_square(4, size, size)), 60)
    code, _, err = signbench("score", "lsa64/reconstruction", "--references", "copy", "--predictions", "predictions")
    assert code == 2
    assert "its frames are 64 x 64 pixels; write 128 x 128" in err


def test_a_copy_of_as_many_clips_as_the_paper_counts_is_not_a_subset(tmp_path):
    for number in range(20):
        write_pose(tmp_path / f"{number}.npz", points(number, frames=1))
    found = task("slrtp2025/text-to-pose")
    small = found.model_copy(update={"clips": {**found.clips, "test": Expected(count=20, ids_sha256=None)}})
    references = task_references(small, "test", tmp_path)
    assert (references.subset, references.own_copy, len(references.clips)) == (None, True, 20)


def test_freezing_all_tasks_leaves_those_without_their_corpus_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tasks/lsa64/reconstruction.yaml"
    path.parent.mkdir(parents=True)
    content = (
        "{name: lsa64/reconstruction, version: 1, corpus: lsa64, splits: [test], given: [word], length: equal, references: video,\n"
        " made: {modality: video, file: .mkv, size: 8x8, fps: null, joints: null}, seed: 1, samples_per_clip: 1, cluster: null,\n"
        " clips: {test: {count: null, ids_sha256: null}}, coverage_floor: 1.0, paper: null, open_in_paper: [],\n"
        " metrics: [{metric: l1, on: null, tier: core, headline: true}]}\n"
    )
    path.write_text(content, "utf-8")
    assert list(freeze_below(tmp_path / "tasks")) == [("lsa64/reconstruction", "no corpus")]
    assert path.read_text("utf-8") == content
    with pytest.raises(InputError, match="lsa64"):
        list(freeze_below(tmp_path / "tasks", ["lsa64/reconstruction"]))


def test_an_unknown_split_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean pack-20, pack-30"):
        task("slovo/word-to-video").split("pack20")

from __future__ import annotations

import errno
import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators.base import Card, Generator, Made, Production, clip_seed
from signbench.generators.producing import produce
from signbench.generators.registry import MODELS, known
from signbench.predictions.manifest import Line, failures, merge, productions_done
from signbench.predictions.productions import production_path, write_production
from signbench.sides.folder import read_side
from tests.generators.corpora import FPS, LAYOUT, MOTION, POSE, VIDEO, SmallCorpus, frames_of_clip, pose_of_clip
from tests.generators.runs import SEED, TASK, prepared, prompts, run

GIVEN = ["text", "gloss", "signer"]
CARD = Card(name="mine", version="2", modalities=("video", "pose", "motion"), prompt_fields=(), licence="MIT")
NO_FRAME: Any = "no frame"
NO_POSE: Any = np.zeros((4, 50, 3))
IDS = ["test-0001", "test-0002", "test-0003", "test-0004"]


def media(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.suffix != ".jsonl"}


def everything(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("made", [VIDEO, POSE, MOTION], ids=lambda made: made.modality)
@pytest.mark.parametrize("generator", [name for name in known() if name not in MODELS])
def test_any_order_subset_or_number_of_processes_gives_the_same_bytes(generator, made, tmp_path):
    run(generator, made, GIVEN, tmp_path / "one")
    run(generator, made, GIVEN, tmp_path / "backwards", clips=IDS[::-1])
    run(generator, made, GIVEN, tmp_path / "shards", ranks=2)
    run(generator, made, GIVEN, tmp_path / "part", clips=IDS[2:])
    whole = everything(tmp_path / "one")
    assert len(whole) == 6
    assert everything(tmp_path / "backwards") == whole
    assert everything(tmp_path / "shards") == whole
    part = media(tmp_path / "part")
    assert len(part) == 2
    assert part.items() <= whole.items()


@pytest.mark.parametrize(
    ("made", "suffix"),
    [(VIDEO, ".mkv"), (POSE, ".pose"), (MOTION, ".npz"), (replace(POSE, suffix=".npz"), ".npz")],
)
def test_productions_are_under_their_clips_ids_and_are_found_as_one_side(made, suffix, tmp_path):
    run("ground-truth", made, GIVEN, tmp_path)
    assert sorted(media(tmp_path)) == [f"{name}{suffix}" for name in IDS]
    assert list(read_side(tmp_path).clips) == IDS


def test_a_line_of_the_manifest_says_what_was_made_how(tmp_path):
    run("noise", VIDEO, [*GIVEN, "length"], tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "manifest.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == IDS
    content = (tmp_path / "test-0001.mkv").read_bytes()
    assert lines[0] == {
        "id": "test-0001",
        "file": "test-0001.mkv",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "frames": 10,
        "seconds": 0.4,
        "generator": "noise",
        "version": "3",
        "seed": clip_seed(TASK, SEED, "test-0001"),
    }
    assert (tmp_path / "failures.jsonl").read_bytes() == b""


def test_a_run_that_was_stopped_continues_where_it_stopped(tmp_path):
    run("noise", VIDEO, GIVEN, tmp_path / "whole")
    run("noise", VIDEO, GIVEN, tmp_path / "cut", clips=IDS[:3], finish=False)
    manifest = tmp_path / "cut" / "manifest-0.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-20])  # as a kill leaves it: the file is there, its line is not whole
    (tmp_path / "cut" / ".0123.part").write_bytes(b"half a file")
    assert list(productions_done(tmp_path / "cut")) == IDS[:2]
    (outcome,) = run("noise", VIDEO, GIVEN, tmp_path / "cut")
    assert (outcome.kept, [line.clip for line in outcome.made]) == (2, IDS[2:])
    assert everything(tmp_path / "cut") == everything(tmp_path / "whole")


@pytest.mark.parametrize("damage", ["remove", "shorten"])
def test_a_production_that_is_gone_or_cut_off_is_made_again(damage, tmp_path):
    run("noise", POSE, GIVEN, tmp_path)
    before = everything(tmp_path)
    path = tmp_path / "test-0002.pose"
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    (outcome,) = run("noise", POSE, GIVEN, tmp_path)
    assert [line.clip for line in outcome.made] == ["test-0002"]
    assert everything(tmp_path) == before


def test_another_seed_is_made_again(tmp_path):
    run("noise", POSE, GIVEN, tmp_path)
    found = prompts(POSE, GIVEN)
    generator = Mine(lambda prompt: pose_of_clip("x", 4))
    generator.card = replace(CARD, name="noise", version="3")
    outcome = produce(generator, IDS, found.__getitem__, folder=tmp_path, task=TASK, seed=SEED + 1)
    assert (outcome.kept, len(outcome.made)) == (0, 4)


def test_a_folder_of_another_generators_productions_is_refused(tmp_path):
    run("first-frame", POSE, GIVEN, tmp_path)
    before = everything(tmp_path)
    with pytest.raises(InputError, match=r"holds productions of first-frame 2 .*, not of noise 3; choose another folder"):
        run("noise", POSE, GIVEN, tmp_path)
    assert everything(tmp_path) == before


class Mine(Generator):
    """Makes key points with a function of the prompt."""

    card = CARD

    def __init__(self, make):
        self.make = make

    def generate(self, prompts, seeds):
        for prompt in prompts:
            yield Production(prompt.clip, pose=self.make(prompt), fps=FPS)


def fail_on(clips, error):
    def make(prompt):
        if prompt.clip in clips:
            raise error
        return pose_of_clip("x", 4)

    return Mine(make)


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_a_clip_that_fails_does_not_stop_the_others_and_is_tried_again(batch, tmp_path):
    failing = fail_on({"test-0001", "test-0003"}, ValueError("no idea\nhow"))
    failing.batch = batch
    (outcome,) = run(failing, POSE, GIVEN, tmp_path)
    assert [line.clip for line in outcome.made] == ["test-0002", "test-0004"]
    assert [(failure.clip, failure.reason) for failure in outcome.failed] == [
        ("test-0001", "ValueError: no idea how"),
        ("test-0003", "ValueError: no idea how"),
    ]
    assert [json.loads(line)["id"] for line in (tmp_path / "failures.jsonl").read_text().splitlines()] == ["test-0001", "test-0003"]
    (outcome,) = run(fail_on({"test-0003"}, InputError("still not.")), POSE, GIVEN, tmp_path)
    assert (outcome.kept, [line.clip for line in outcome.made]) == (2, ["test-0001"])
    assert [(failure.clip, failure.reason) for failure in failures(tmp_path).values()] == [("test-0003", "still not.")]


def test_frames_that_raise_when_they_are_taken_fail_their_clip_and_leave_no_file(tmp_path):
    class Breaking(Generator):
        card = CARD

        def generate(self, prompts, seeds):
            for prompt in prompts:
                yield Production(prompt.clip, frames=self.frames(prompt), fps=FPS)

        def frames(self, prompt):
            yield from frames_of_clip("x", 3, 24, 32)
            if prompt.clip == "test-0002":
                raise RuntimeError

    (outcome,) = run(Breaking(), VIDEO, GIVEN, tmp_path)
    assert [(failure.clip, failure.reason) for failure in outcome.failed] == [("test-0002", "RuntimeError")]
    assert sorted(media(tmp_path)) == ["test-0001.mkv", "test-0003.mkv", "test-0004.mkv"]


def broken_pose(frame=0):
    pose = pose_of_clip("x", 4)
    pose.points[frame, 3] = np.nan
    return pose


@pytest.mark.parametrize(
    ("production", "made", "said"),
    [
        (Production("c", fps=FPS), POSE, "must have either frames, key points or rotations, not none of them"),
        (Production("c", frames=iter([]), pose=pose_of_clip("x", 4), fps=FPS), POSE, "not frames and key points"),
        (Production("c", frames=iter([]), fps=FPS), POSE, "has frames; the task requires key points"),
        (Production("c", pose=pose_of_clip("x", 4), fps=FPS), VIDEO, "has key points; the task requires frames"),
        (Production("c", pose=pose_of_clip("x", 4), fps=30.0), POSE, "has 30 frames per second; the task requires 25"),
        (Production("c", frames=iter([]), fps=FPS), VIDEO, "has 0 frames; the task grants 4"),
        (Production("c", frames=iter(frames_of_clip("x", 3, 24, 32)), fps=FPS), VIDEO, "has 3 frames; the task grants 4"),
        (Production("c", frames=iter(frames_of_clip("x", 9, 24, 32)), fps=FPS), VIDEO, "more than the 4 frames"),
        (
            Production("c", frames=iter(frames_of_clip("x", 4)), fps=FPS),
            VIDEO,
            "frame 0 is 64 x 48 pixels; the task requires 32 x 24",
        ),
        (Production("c", frames=iter(frames_of_clip("x", 4, 24, 32) / 255), fps=FPS), VIDEO, "float64"),
        (Production("c", frames=iter([NO_FRAME]), fps=FPS), VIDEO, "frame 0 is 0 x 0 pixels"),
        (Production("c", pose=pose_of_clip("x", 5), fps=FPS), POSE, "has 5 frames; the task grants 4"),
        (Production("c", pose=NO_POSE, fps=FPS), POSE, "are a ndarray; return a signbench.Pose"),
        (Production("c", pose=broken_pose(), fps=FPS), POSE, "c: frame 0, joint .* is seen"),
        (
            Production("c", pose=pose_of_clip("x", 4).select(LAYOUT.joints[:3]), fps=FPS),
            POSE,
            "pt-50 of 3 joints; the task requires",
        ),
        (Production("../c", pose=pose_of_clip("x", 4), fps=FPS), POSE, "would lead out of its folder"),
        (Production("test/c", pose=pose_of_clip("x", 4), fps=FPS), POSE, "cannot be used as a file name"),
        (Production("a/.c", pose=pose_of_clip("x", 4), fps=FPS), POSE, "cannot be used as a file name"),
    ],
)
def test_a_production_that_is_not_what_the_task_wants_is_refused_with_what_is_wrong(production, made, said, tmp_path):
    with pytest.raises(InputError, match=said):
        write_production(tmp_path, production, made, generator=CARD.name, version=CARD.version, seed=1, length=4)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_nested_ids_are_in_folders(tmp_path):
    line = write_production(
        tmp_path,
        Production("day1/clip.a", pose=pose_of_clip("x", 4), fps=FPS),
        POSE,
        generator=CARD.name,
        version=CARD.version,
        seed=1,
    )
    assert line.file == "day1/clip.a.pose"
    assert list(read_side(tmp_path).clips) == ["day1/clip.a"]


def test_the_files_rate_is_the_tasks(tmp_path):
    pose = replace(pose_of_clip("x", 4), fps=None)
    write_production(tmp_path, Production("c", pose=pose, fps=FPS), POSE, generator=CARD.name, version=CARD.version, seed=1)
    assert read_side(tmp_path).clips["c"].pose.pose(None).fps == FPS


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda prompt: Production("another", pose=pose_of_clip("x", 4), fps=FPS), "makes the clip another unasked"),
        (lambda prompt: Production("test-0001", pose=pose_of_clip("x", 4), fps=FPS), "makes the clip test-0001 twice"),
        (lambda prompt: pose_of_clip("x", 4), "yields a Pose, not a Production"),
    ],
)
def test_a_generator_that_breaks_its_contract_gets_a_message(answer, said, tmp_path):
    class Wrong(Generator):
        card = CARD

        def generate(self, prompts, seeds):
            yield from map(answer, prompts)

    with pytest.raises(InputError, match=f"generator mine breaks its contract: it {said}"):
        run(Wrong(), POSE, GIVEN, tmp_path)


def test_a_clip_for_which_nothing_comes_is_a_failure(tmp_path):
    class Silent(Generator):
        card = CARD

        def generate(self, prompts, seeds):
            return iter(())

    (outcome,) = run(Silent(), POSE, GIVEN, tmp_path)
    assert {failure.reason for failure in outcome.failed} == {"the generator returned nothing for it."}
    assert len(outcome.failed) == 4


def test_a_full_disk_is_not_blamed_on_a_clip(tmp_path, monkeypatch):
    def full(path, pose):
        raise InputError(f"{path} cannot be written: No space left on device.") from OSError(
            errno.ENOSPC, "No space left on device"
        )

    monkeypatch.setattr("signbench.media.pose_files.write_pose", full)
    with pytest.raises(InputError, match="No space left"):
        run("noise", POSE, GIVEN, tmp_path)
    assert not failures(tmp_path)


def test_prompts_are_made_only_for_what_is_missing(tmp_path):
    run("noise", POSE, GIVEN, tmp_path, clips=IDS[:3])
    asked = []

    def prompt(clip):
        asked.append(clip)
        return prompts(POSE, GIVEN)[clip]

    produce(Mine(lambda prompt: pose_of_clip("x", 4)), IDS, prompt, folder=tmp_path / "other", task=TASK, seed=SEED)
    assert asked == IDS
    asked.clear()
    produce(prepared("noise", POSE), IDS, prompt, folder=tmp_path, task=TASK, seed=SEED)
    assert asked == ["test-0004"]


def test_progress_counts_what_was_there(tmp_path):
    run("noise", POSE, GIVEN, tmp_path, clips=IDS[:1])
    told = []
    ready = prepared("noise", POSE)
    ready.batch = 2
    produce(
        ready,
        IDS,
        prompts(POSE, GIVEN).__getitem__,
        folder=tmp_path,
        task=TASK,
        seed=SEED,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(3, 4), (4, 4)]


def test_an_empty_folder_has_nothing_done(tmp_path):
    assert productions_done(tmp_path / "nowhere") == {}
    assert merge(tmp_path) == ({}, {})


def test_baselines_never_request_test_clips_of_the_corpus(tmp_path):
    for name in ("first-frame", "mean-pose", "noise", "nearest", "stitched"):
        corpus = SmallCorpus(hidden=("test", "word-test"))
        ready = prepared(name, VIDEO, corpus=corpus)
        for production in ready.generate(list(prompts(VIDEO, GIVEN).values()), [1] * 4):
            assert list(production.frames)
        assert all(clip.startswith(("train-", "word-train-")) for clip in corpus.asked)


def test_a_path_is_the_id_with_the_tasks_suffix(tmp_path):
    assert production_path(tmp_path, "a/b", Made("pose", 25, suffix=".npz")) == tmp_path / "a" / "b.npz"


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"not json",
            b"[1]",
            b"3",
            b"{}",
            b'{"id": 3}',
            b'{"id": ["a"]}',
            b'{"id": "a"}',
            b'{"id": "a", "file": "a.pose"}',
            b"\xff",
        ),
        *(b'{"id": "a", "reason": 3}', b'{"id": "a", "sort": 1}'),
        json.dumps(dict.fromkeys(Line.__dataclass_fields__, 1) | {"id": "a", "file": "a\0b"}).encode(),
    ],
)
def test_lines_that_are_none_of_ours_are_passed_over(line, tmp_path):
    run("noise", POSE, GIVEN, tmp_path, clips=IDS[:1])
    for name in ("manifest.jsonl", "failures.jsonl"):
        with (tmp_path / name).open("ab") as stream:
            stream.write(line + b"\n")
    assert list(productions_done(tmp_path)) == IDS[:1]
    assert failures(tmp_path) == {}

"""What a training leaves for people to look at, and that it changes nothing else."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from signbench.training.base import Answer
from signbench.training.samples import FRAMES, keep_samples
from tests.clips import moving_square, swaying_pose


def answers(clip="a", **said):
    return [Answer(clip, said, said)]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("text", "im norden regen", "im norden regen"),
        ("text", "", ""),
        ("gloss", ("NORD", "REGEN"), "NORD REGEN"),
        ("label", ("book", "drink", "computer", "before"), "book, drink, computer"),
        ("label.generated", "book", "book"),
    ],
)
def test_words_are_kept_as_text(kind, value, text, tmp_path):
    made = keep_samples(tmp_path, 120, answers(**{kind: value}))
    assert made == tmp_path / "samples" / "00000120"
    (row,) = json.loads((made / "answers.json").read_text())
    assert row == {"clip": "a", "said": {kind: {"text": text}}, "expected": {kind: {"text": text}}}


@pytest.mark.parametrize(
    ("kind", "value", "size"),
    [
        ("video", moving_square(20, 48, 64), (48, 64 * FRAMES)),
        ("video", moving_square(20, 360, 480), (96, 128 * FRAMES)),
        ("video.other", moving_square(2, 48, 64), (48, 64 * 2)),
        ("pose", swaying_pose(30), (128, 128 * FRAMES)),
    ],
)
def test_pictures_are_kept_as_a_strip_of_evenly_spaced_frames(kind, value, size, tmp_path):
    made = keep_samples(tmp_path, 1, answers(**{kind: value}))
    (row,) = json.loads((made / "answers.json").read_text())
    assert row["said"] == {kind: {"picture": f"0-said-{kind}.jpg"}}
    strip = cv2.imread(str(made / f"0-said-{kind}.jpg"))
    assert strip.shape[:2] == size
    assert strip.std() > 3


def test_a_strip_begins_with_the_first_frame_and_ends_with_the_last(tmp_path):
    frames = np.zeros((25, 32, 32, 3), np.uint8)
    frames[0], frames[-1] = (250, 0, 0), (0, 0, 250)
    made = keep_samples(tmp_path, 1, answers(video=frames))
    strip = cv2.imread(str(made / "0-said-video.jpg"))[..., ::-1].astype(int)
    assert abs(strip[16, 16] - (250, 0, 0)).max() < 10
    assert abs(strip[16, -16] - (0, 0, 250)).max() < 10
    assert strip[:, 40:-40].max() < 40


def test_key_points_are_drawn_about_the_shoulders_at_any_scale(tmp_path):
    pose = swaying_pose(10, noise=0.0)
    far = type(pose)(pose.points * 7 + 1000, pose.confidence, pose.layout, pose.fps)
    strips = []
    for number, one in enumerate((pose, far)):
        made = keep_samples(tmp_path, number, answers(pose=one))
        strips.append(cv2.imread(str(made / "0-said-pose.jpg")).astype(int))
    assert np.abs(strips[0] - strips[1]).mean() < 1


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("rows", np.ones((1, 3), np.float32)),
        ("pose", swaying_pose(5, name="pt-50").first(0)),
        ("pose", "no pose"),
        ("video", []),
    ],
)
def test_what_cannot_be_shown_is_left_out(kind, value, tmp_path):
    made = keep_samples(tmp_path, 1, answers(text="a", **{kind: value}))
    (row,) = json.loads((made / "answers.json").read_text())
    assert list(row["said"]) == ["text"]
    assert [path.name for path in made.iterdir()] == ["answers.json"]


def test_the_same_answers_give_the_same_bytes(tmp_path):
    given = [*answers(video=moving_square(9)), *answers("b", pose=swaying_pose(9))]
    first, again = (keep_samples(tmp_path / name, 7, given) for name in "ab")
    assert {path.name: path.read_bytes() for path in first.iterdir()} == {path.name: path.read_bytes() for path in again.iterdir()}
    assert len(list(first.iterdir())) == 5

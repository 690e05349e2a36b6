"""Degradations of frames in training: what they change, and that key points stay on what they mark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from signbench.media.layouts import layout
from signbench.training.frame_degradations import FrameDegradations, jpeg, mirrored, opposite_joints, warped
from tests.clips import moving_square

NONE = FrameDegradations(share=1, shift=0, scale=0, turn=0, brightness=0, contrast=0, colour=0, blurred=0, grain=0, compressed=0)
ALONE = {
    "shift": {"shift": 0.1},
    "scale": {"scale": 0.2},
    "turn": {"turn": 10.0},
    "brightness": {"brightness": 40.0},
    "contrast": {"contrast": 0.4},
    "colour": {"colour": 0.3},
    "blur": {"blur": 5.0, "blurred": 1.0},
    "grain": {"grain": 20.0},
    "H.264": {"compressed": 1.0},
    "JPEG": {"compressed": 1.0, "codec": "jpeg"},
    "mirror": {"mirrored": 1.0},
}
POINTS = np.zeros((1, 133, 3), np.float32)
WHOLE_BODY = layout("coco-wholebody-133")


def random(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def test_a_share_of_0_leaves_a_clip_as_it_is():
    clip = moving_square(3)
    assert np.array_equal(FrameDegradations(share=0).of(clip, random()), clip)


@pytest.mark.parametrize("name", ALONE)
def test_each_changes_frames_and_leaves_the_original(name):
    clip, untouched = moving_square(4, 48, 64), moving_square(4, 48, 64)
    degradations = replace(NONE, **ALONE[name])
    first, second = degradations.of(clip, random(1)), degradations.of(clip, random(1))
    assert first.shape == clip.shape and first.dtype == np.uint8
    assert np.array_equal(first, second)
    assert not np.array_equal(first, clip)
    assert np.array_equal(clip, untouched)


@pytest.mark.parametrize("seed", range(6))
def test_key_points_move_with_the_picture(seed):
    height, width = 96, 128
    frame, (x, y) = np.zeros((1, height, width, 3), np.uint8), (70, 40)
    frame[0, y - 2 : y + 3, x - 2 : x + 3] = 255
    points = POINTS.copy()
    points[0, 0] = x, y, 0.9
    moved, followed = replace(NONE, shift=0.1, scale=0.2, turn=20.0, mirrored=0.5).with_points(frame, points, random(seed))
    light = moved[0, ..., 0].astype(float)
    rows, columns = np.mgrid[:height, :width]
    centre = (light * columns).sum() / light.sum(), (light * rows).sum() / light.sum()
    assert np.allclose(followed[0, 0, :2], centre, atol=0.15)
    assert followed[0, 0, 2] == np.float32(0.9)
    assert (followed[0, 1:] == 0).all()


def test_stronger_jpeg_is_farther_from_the_picture():
    clip = moving_square(2, 64, 64).astype(np.float64)
    errors = [np.abs(jpeg(clip.astype(np.uint8), factor) - clip).mean() for factor in (20, 28, 36)]
    assert errors[0] < errors[1] < errors[2]


def test_a_mirror_exchanges_left_and_right_joints():
    pairs = {"left_wrist": "right_wrist", "face_0": "face_16", "face_36": "face_45", "face_48": "face_54", "face_8": "face_8"}
    opposite = opposite_joints(WHOLE_BODY)
    assert {one: WHOLE_BODY.joints[opposite[WHOLE_BODY.joints.index(one)]] for one in pairs} == pairs
    assert [opposite[index] for index in opposite] == list(range(133))


def test_mirroring_twice_gives_the_same_points():
    points = np.concatenate([random().uniform(0, 99, (2, 133, 2)), np.ones((2, 133, 1))], axis=2).astype(np.float32)
    points[0, 7] = 0
    assert np.allclose(mirrored(mirrored(points, 100), 100), points, atol=1e-5)


@pytest.mark.parametrize("unsteady", [0.0, 0.4])
def test_warped_time_never_runs_backwards_and_has_the_length_of_the_speed(unsteady):
    for seed in range(20):
        index = warped(40, (0.8, 1.25), random(seed), unsteady)
        assert 32 <= len(index) <= 50
        assert (np.diff(index) >= 0).all()
        assert index[0] <= 1 and index[-1] >= 38
    assert warped(1, (0.5, 0.5), random()).tolist() == [0]

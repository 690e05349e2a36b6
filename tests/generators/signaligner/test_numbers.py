"""Key points and rotations as a frame's numbers, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from signbench.corpora.synthsign import SynthSign
from signbench.generators.signaligner.config import STREAMS, SignAlignerConfig
from signbench.generators.signaligner.numbers import (
    camera_of,
    motion_of_numbers,
    numbers_of_body,
    numbers_of_hands,
    numbers_of_points,
    parts,
    points_of,
    pose_of_numbers,
    width,
)
from signbench.media.layouts import layout
from signbench.media.rotations import matrix_from_axis_angle

PAPER = SignAlignerConfig.paper(4)
SMALL = SignAlignerConfig.small(4)


@pytest.fixture(scope="module")
def clip():
    corpus = SynthSign()
    pose = corpus.pose("word-test-0003")
    return np.concatenate([pose.points, pose.confidence[..., None]], axis=-1), corpus.motion("word-test-0003").rotations


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("points", ["body-hands", "body-hands-face"])
def test_points_come_back_from_their_numbers(clip, points, relative):
    config = replace(PAPER, points=points, relative=relative)
    given, _ = clip
    numbers, seen = numbers_of_points(given, config)
    assert numbers.shape == seen.shape == (len(given), width("pose", config))
    share = seen[:, ::2].mean(axis=0).astype(np.float32)
    pose = pose_of_numbers(numbers, config, camera_of(given), share)
    both = (pose.confidence > 0) & (given[..., 2] > 0)
    assert both.any(axis=0).sum() == (given[..., 2] > 0).mean(axis=0).__ge__(0.5).sum() - (0 if "face" in points else 68)
    np.testing.assert_allclose(pose.points[both], given[both][:, :2], atol=1e-2)
    assert pose.layout is layout("coco-wholebody-133")


def test_the_neck_is_between_the_shoulders_and_unseen_points_are_0(clip):
    given = clip[0].copy()
    given[2, 5, 2] = 0
    numbers, seen = numbers_of_points(given, PAPER)
    names = points_of("body-hands")
    neck, left, right = (names.index(name) for name in ("neck", "left_shoulder", "right_shoulder"))
    points = numbers.reshape(len(numbers), -1, 2)
    np.testing.assert_allclose(points[0, neck], (points[0, left] + points[0, right]) / 2, atol=1e-6)
    assert not seen[2, 2 * left]
    assert not seen[2, 2 * neck]
    assert not points[2, left].any()
    assert len(names) == 60


def test_hands_are_relative_to_the_wrist_and_move_with_it(clip):
    given = clip[0]
    numbers, _ = numbers_of_points(given, SMALL)
    moved = given.copy()
    arm = layout("coco-wholebody-133").index(["left_wrist", *points_of("body-hands")[18:39]])
    moved[:, arm, :2] += 20
    other, _ = numbers_of_points(moved, SMALL)
    left = parts("pose", SMALL)[1]
    np.testing.assert_allclose(other[:, left], numbers[:, left], atol=1e-5)
    assert np.abs(other - numbers).max() > 0.05


@pytest.mark.parametrize("rotations", ["axis-angle", "six"])
def test_a_body_and_its_hands_come_back_from_their_numbers(clip, rotations):
    config = replace(PAPER, rotations=rotations)
    given = clip[1]
    body, hands = numbers_of_body(given, config), numbers_of_hands(given, config)
    assert (body.shape[1], hands.shape[1]) == (width("smplx", config), width("hamer", config))
    for found in (motion_of_numbers(body, config), motion_of_numbers(body, config, hands)):
        np.testing.assert_allclose(matrix_from_axis_angle(found.rotations), matrix_from_axis_angle(given), atol=2e-5)
    assert found.fps == config.rate


def test_other_hands_are_put_on_the_same_arms(clip):
    given = clip[1]
    body, hands = numbers_of_body(given, SMALL), numbers_of_hands(given[::-1], SMALL)
    found = motion_of_numbers(body, SMALL, hands)
    again = numbers_of_hands(found.rotations, SMALL)
    np.testing.assert_allclose(again, hands, atol=2e-5)
    np.testing.assert_allclose(found.rotations[:, :20], given[:, :20], atol=2e-5)


@pytest.mark.parametrize("config", [PAPER, SMALL], ids=["paper", "small"])
@pytest.mark.parametrize("stream", STREAMS)
def test_parts_cover_every_number_once(stream, config):
    covered = np.zeros(width(stream, config), int)
    for part in parts(stream, config):
        covered[part] += 1
    assert (covered == 1).all()


def test_a_clip_without_shoulders_has_a_camera_of_all_its_points():
    points = np.zeros((2, 133, 3), np.float32)
    assert camera_of(points).tolist() == [0, 0, 1]
    points[:, 100] = [10, 20, 1]
    points[:, 101] = [30, 20, 1]
    assert camera_of(points)[:2].tolist() == [20, 20]

"""Pose pictures, with golden values from the original's code, and the alignment of a driving clip."""

from __future__ import annotations

import re

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators.mimicmotion.alignment import UnfitPictureError, alignment
from signbench.generators.mimicmotion.pose_pictures import BODY, PosePoints, drawn, pose_points
from signbench.media.layouts import layout
from signbench.media.pose import Pose

ROWS = np.arange(128)[:, None]
POINTS = 0.5 + 0.45 * np.sin(ROWS * np.array([1.7, 2.3]) + np.array([0, 1]))
CONFIDENCE = 0.5 + 0.5 * np.cos(ROWS[:, 0] * 0.9)
SCATTERED = PosePoints(POINTS[None], CONFIDENCE[None])

# What the original draws: sums and numbers of non-zero pixels of each channel, and some pixels at (row, column).
GOLDEN = [
    (
        (1024, 576),
        [1215097, 993440, 1154599],
        [18681, 18501, 18885],
        {(51, 413): [79, 0, 0], (428, 114): [0, 167, 83], (656, 423): [123, 0, 0], (790, 211): [85, 59, 0]},
    ),
    (
        (192, 256),
        [122559, 87090, 106532],
        [1921, 1787, 1882],
        {(10, 33): [124, 124, 124], (55, 53): [0, 124, 41], (125, 117): [227, 159, 0], (178, 215): [135, 0, 225]},
    ),
]


@pytest.mark.parametrize(("size", "sums", "counts", "pixels"), GOLDEN)
def test_a_picture_has_the_pixels_of_the_original(size, sums, counts, pixels):
    picture = drawn(SCATTERED, 0, size)
    assert picture.shape == (3, *size) and picture.dtype == np.uint8
    assert picture.sum((1, 2), dtype=int).tolist() == sums
    assert (picture > 0).sum((1, 2)).tolist() == counts
    assert {where: picture[:, where[0], where[1]].tolist() for where in pixels} == pixels


def person(confidence=1.0, **changed):
    """A person in the middle, and points that are moved or unsure."""
    points, sure = np.zeros((1, 128, 2)), np.zeros((1, 128))
    for row, (x, y) in enumerate([(50, 20), (50, 35), (38, 36), (32, 55), (30, 75), (62, 36), (68, 55), (70, 75)]):
        points[0, row], sure[0, row] = (x / 100, y / 100), confidence
    for joint, certainty in changed.items():
        sure[0, BODY.index(joint)] = certainty
    return PosePoints(points, sure)


def test_a_less_sure_point_is_darker_and_an_unsure_one_is_not_drawn():
    wrist = (slice(None), 1620, 648)
    sure, less, not_at_all = (drawn(person(right_wrist=value), 0, (2160, 2160))[wrist].max() for value in (1.0, 0.5, 0.3))
    assert sure == 255 and 110 < less < 140 and not_at_all == 0


def test_a_hand_is_drawn_however_unsure_and_its_points_are_in_the_first_channel():
    pose = person()
    pose.points[0, 86:107] = [0.7, 0.8]
    pose.confidence[0, 86:107] = 0.2
    assert drawn(pose, 0, (2160, 2160))[:, 1728, 1512].tolist() == [51, 0, 0]


def test_a_point_that_is_not_seen_is_not_drawn_wherever_the_alignment_moves_it():
    pose = PosePoints(np.zeros((1, 128, 2)), np.zeros((1, 128)))
    assert not drawn(pose.moved((1.0, 1.0), (0.4, 0.4)), 0, (64, 64)).any()


@pytest.mark.parametrize("far", [-1e12, 7.9, 1e12, np.nan])
def test_points_outside_the_picture_do_not_fail(far):
    pose = person()
    pose.points[0, 4] = far
    assert drawn(pose, 0, (64, 64)).shape == (3, 64, 64)


def test_a_smaller_canvas_keeps_strokes_that_vanish_from_a_small_picture():
    pose = person()
    lost, kept = (np.count_nonzero(drawn(pose, 0, (64, 64), canvas).any(axis=0)) for canvas in (2160, 240))
    assert kept > 100 > lost


@pytest.mark.parametrize("name", ["coco-wholebody-133", "dwpose-134", "halpe-136", "openpose-137", "openpose-135"])
def test_any_whole_body_layout_gives_the_same_points(name):
    known = layout(name)
    where = {joint: np.array([row % 13, row % 7]) * 10.0 + 5 for row, joint in enumerate(sorted(known.joints))}
    shoulders = where["left_shoulder"], where["right_shoulder"]
    where["neck"] = (shoulders[0] + shoulders[1]) / 2
    points = np.array([[where[joint] for joint in known.joints]], np.float32)
    found = pose_points(Pose(points, np.ones(points.shape[:2], np.float32), known, 25.0, picture=(200, 100)))
    assert found.points.shape == (1, 128, 2) and (found.confidence == 1).all()
    wanted = (np.array([where["neck"], where["left_wrist"]]) + 0.5) / [200, 100]
    assert np.allclose(found.body[0][0, [BODY.index("neck"), BODY.index("left_wrist")]], wanted)
    root = "left_hand_root" if "left_hand_root" in known else "left_wrist"
    assert np.allclose(found.hands[0][0][0, 0], (where[root] + 0.5) / [200, 100])


def test_a_neck_between_unsure_shoulders_is_not_seen():
    known = layout("coco-wholebody-133")
    confidence = np.ones((1, 133), np.float32)
    confidence[0, known.index(["left_shoulder"])] = 0.25
    found = pose_points(Pose(np.ones((1, 133, 2), np.float32), confidence, known, 25.0), (10, 10))
    assert found.confidence[0, BODY.index("neck")] == 0


@pytest.mark.parametrize(
    ("name", "picture", "words"),
    [
        ("coco-wholebody-133", None, "without the size of their picture"),
        ("smplx-55", (10, 10), "the layout smplx-55 has no"),
    ],
)
def test_key_points_that_cannot_be_drawn_are_refused(name, picture, words):
    known = layout(name)
    count = len(known.joints)
    pose = Pose(np.ones((1, count, 2), np.float32), np.ones((1, count), np.float32), known, 25.0, picture=picture)
    with pytest.raises(InputError, match=words):
        pose_points(pose)


SOURCE = PosePoints(POINTS[None], np.where(np.isin(np.arange(128), [8, 9, 10, 11, 12, 13]), 0.1, 1.0)[None])


def test_an_alignment_undoes_a_scale_and_an_offset():
    driving = PosePoints(np.repeat((SOURCE.points - [0.1, 0.2]) / [0.8, 0.8], 3, axis=0), np.ones((3, 128)))
    found = alignment(SOURCE, driving, 1.5, 1.5)
    assert np.allclose([*found.scale, *found.offset], [0.8, 0.8, 0.1, 0.2])
    assert np.allclose(found.of(driving).points, SOURCE.points)


def test_the_width_follows_the_shapes_of_both_pictures():
    driving = PosePoints(SOURCE.points, np.ones((1, 128)))
    found = alignment(SOURCE, driving, 1024 / 576, 720 / 1280)
    assert found.scale[1] == pytest.approx(1) and found.scale[0] == pytest.approx((1024 / 576) / (720 / 1280))


def test_points_that_the_driving_video_does_not_show_are_left_out():
    seen = np.ones((4, 128))
    seen[1:, :2] = 0
    points = np.where(seen[..., None] > 0, np.repeat(SOURCE.points, 4, axis=0), 0)
    found = alignment(SOURCE, PosePoints(points, seen), 1.0, 1.0)
    assert np.allclose([*found.scale, *found.offset], [1, 1, 0, 0])


def test_wrists_do_not_move_a_person():
    moved = np.array(SOURCE.points)
    moved[0, [BODY.index(f"{side}_{part}") for side in ("left", "right") for part in ("elbow", "wrist")]] += 0.3
    assert alignment(SOURCE, PosePoints(moved, np.ones((1, 128))), 1.0, 1.0).scale[1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("points", "confidence", "words"),
    [
        (SOURCE.points, np.zeros((1, 128)), "the same two or more of nose"),
        (np.full((1, 128, 2), 0.5), np.ones((1, 128)), "at different heights"),
        (SOURCE.points * [1, -1], np.ones((1, 128)), "upside down"),
    ],
)
def test_a_driving_person_that_cannot_be_moved_is_refused(points, confidence, words):
    with pytest.raises(InputError, match=re.escape(words)):
        alignment(SOURCE, PosePoints(points, confidence), 1.0, 1.0)


LEGS = np.array([1.0 if joint.endswith(("hip", "knee")) else 0.0 for joint in BODY] + [0.0] * (128 - len(BODY)))


@pytest.mark.parametrize(
    ("source", "driving", "fault"),
    [
        (np.zeros(128), np.ones(128), UnfitPictureError),
        (LEGS, 1 - LEGS, UnfitPictureError),
        (np.ones(128), np.zeros(128), InputError),
    ],
)
def test_a_picture_that_does_not_fit_is_another_fault_than_a_recording_that_shows_nobody(source, driving, fault):
    with pytest.raises(InputError) as raised:
        alignment(PosePoints(SOURCE.points, source[None]), PosePoints(SOURCE.points, driving[None]), 1.0, 1.0)
    assert type(raised.value) is fault

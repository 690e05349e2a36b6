"""Key points drawn as DWPose draws them."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.drawing import draw_pose
from signbench.media.layouts import layout
from signbench.media.pose import Pose

COCO = layout("coco-wholebody-133")


def pose(name: str = "coco-wholebody-133", **positions: tuple[float, float]) -> Pose:
    known = layout(name)
    points, confidence = np.zeros((2, len(known.joints), 2), np.float32), np.zeros((2, len(known.joints)), np.float32)
    for joint, position in positions.items():
        points[:, known.index([joint])], confidence[:, known.index([joint])] = position, 0.9
    return Pose(points, confidence, known, 25.0)


def test_limbs_joints_hands_and_face_have_dwposes_colours() -> None:
    made = pose(
        left_shoulder=(400, 200), right_shoulder=(100, 200), left_index_1=(300, 400), left_index_2=(300, 460), face_30=(250, 60)
    )
    frame = next(draw_pose(made, 512, 512))
    assert tuple(frame[200, 150]) == (153, 0, 0)  # neck to right shoulder: red at 0.6
    assert tuple(frame[200, 100]) == (255, 170, 0)  # the right shoulder, third colour
    assert tuple(frame[200, 250]) == (255, 85, 0)  # a neck half-way between the shoulders
    assert tuple(frame[400, 300]) == (0, 0, 255)
    assert frame[430, 300].max() > 200
    assert tuple(frame[60, 250]) == (255, 255, 255)


def test_uncertain_points_and_their_limbs_are_left_out() -> None:
    made = pose(left_shoulder=(400, 200), right_shoulder=(100, 200), nose=(250, 90))
    made.confidence[1, COCO.index(["nose"])] = 0.29
    first, second = draw_pose(made, 256, 512)
    assert first[45, 125].any()
    assert not second[:90].any()


def test_an_image_shows_the_extent_at_any_size() -> None:
    made = pose(left_shoulder=(400, 200), right_shoulder=(100, 200))
    small, large = (next(draw_pose(made, size, 512)).astype(float) for size in (128, 512))
    shrunk = large.reshape(128, 4, 128, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - shrunk).mean() < 1.5


def test_named_positions_are_drawn_in_their_order() -> None:
    made = pose(left_shoulder=(400, 200), right_shoulder=(100, 200))
    made.confidence[0] = 0
    frames = list(draw_pose(made, 64, 512, [1, 0, 1]))
    assert [bool(frame.any()) for frame in frames] == [True, False, True]


def test_other_layouts_are_drawn_by_their_names() -> None:
    made = pose("dwpose-134", neck=(250, 200), nose=(250, 90), left_shoulder=(400, 200))
    assert next(draw_pose(made, 128, 512)).any()


def test_a_layout_without_shoulders_is_refused() -> None:
    hands = pose().select(COCO.part("hands"))
    with pytest.raises(InputError, match="has no left_shoulder"):
        next(draw_pose(hands, 64, 512))

"""Key points in memory: sampling in time, layouts, and values that are not numbers."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout, layout
from signbench.media.pose import Pose, in_layout
from signbench.media.rates import sample_count

TWO = Layout("two", ("left_wrist", "right_wrist"), ("body", "body"))


def moving(frames: int, fps: float | None = 25.0, dimensions: int = 3, seed: int = 0) -> Pose:
    """Two wrists on a random walk, all seen."""
    random = np.random.Generator(np.random.PCG64(seed))
    points = random.normal(size=(frames, 2, dimensions)).cumsum(axis=0).astype(np.float32)
    confidence = random.uniform(0.1, 1, size=(frames, 2)).astype(np.float32)
    return Pose(points, confidence, TWO, fps)


def hiding(pose: Pose, *indices: tuple[int, int]) -> Pose:
    """The same with points (frame, joint) not seen."""
    points, confidence = pose.points.copy(), pose.confidence.copy()
    for index in indices:
        points[index], confidence[index] = 0, 0
    return Pose(points, confidence, pose.layout, pose.fps)


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 50, 51, 475])
@pytest.mark.parametrize("rates", [(25.0, 12.5), (50.0, 25.0), (30.0, 15.0)])
def test_halving_the_rate_takes_every_second_frame_bit_for_bit(frames, rates):
    pose = hiding(moving(frames, rates[0]), (frames // 2, 0))
    half = pose.at_rate(rates[1])
    assert half.fps == rates[1]
    assert half.points.tobytes() == pose.points[::2].tobytes()
    assert half.confidence.tobytes() == pose.confidence[::2].tobytes()


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_doubling_the_rate_puts_a_frame_between_neighbours_and_holds_the_last(frames):
    pose = moving(frames, 12.5)
    double = pose.at_rate(25.0)
    assert double.frames == 2 * frames
    np.testing.assert_array_equal(double.points[::2], pose.points)
    np.testing.assert_allclose(double.points[1:-1:2], (pose.points[:-1] + pose.points[1:]) / 2, rtol=1e-6)
    np.testing.assert_array_equal(double.points[-1], pose.points[-1])


@pytest.mark.parametrize(
    ("frames", "fps", "wanted", "count"), [(30, 30.0, 25.0, 25), (1, 25.0, 12.5, 1), (25, 25.0, 24.0, 24), (3, 25.0, 12.5, 2)]
)
def test_a_clip_keeps_its_duration_when_its_rate_changes(frames, fps, wanted, count):
    assert moving(frames, fps).at_rate(wanted).frames == count == sample_count(frames / fps, wanted)


def test_the_same_rate_gives_the_same_clip():
    pose = moving(5)
    assert pose.at_rate(25.0) is pose


def test_a_clip_without_a_rate_cannot_be_converted():
    with pytest.raises(InputError, match="`source_fps`"):
        moving(5, None).at_rate(25.0)


def test_integer_positions_return_frames_unchanged():
    pose = moving(6)
    order = np.array([5.0, 0.0, 3.0, 3.0])
    sampled = pose.at_positions(order)
    assert sampled.points.tobytes() == pose.points[[5, 0, 3, 3]].tobytes()
    assert sampled.confidence.tobytes() == pose.confidence[[5, 0, 3, 3]].tobytes()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_a_number_does_not_affect_integer_positions_of_its_neighbours(value):
    pose = moving(3)
    pose.points[1, 0, 0] = value
    sampled = pose.at_positions(np.array([0.0, 0.5, 1.0, 2.0]))
    np.testing.assert_array_equal(sampled.points[[0, 2, 3]], pose.points)
    assert not np.isfinite(sampled.points[1, 0, 0])


def test_a_point_between_frames_is_seen_only_where_both_saw_it_and_as_surely_as_the_less_sure():
    pose = hiding(moving(3), (1, 0))
    sampled = pose.at_positions(np.array([0.0, 0.25, 1.0, 1.5, 2.0]))
    assert sampled.seen[:, 0].tolist() == [True, False, False, False, True]
    assert sampled.seen[:, 1].all()
    assert not sampled.points[~sampled.seen].any()
    np.testing.assert_array_equal(sampled.confidence[1, 1], pose.confidence[:2, 1].min())


def test_a_quarter_of_the_way_is_a_quarter_of_the_way():
    pose = moving(2)
    np.testing.assert_allclose(
        pose.at_positions(np.array([0.25])).points[0], 0.75 * pose.points[0] + 0.25 * pose.points[1], rtol=1e-6
    )


def test_key_points_without_frames_cannot_be_sampled():
    with pytest.raises(MediaError, match="without a frame"):
        moving(0).at_positions(np.zeros(1))


def test_finite_coordinates_pass():
    hiding(moving(4), (0, 0), (3, 1)).check_finite()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_seen_point_without_numbers_is_named_by_frame_and_joint(value):
    pose = moving(4)
    pose.points[2, 1, 0] = value
    pose.points[3, 1, 0] = value
    with pytest.raises(MediaError, match=r"frame 2, joint right_wrist is seen .* 2 points are affected"):
        pose.check_finite()


def test_an_unseen_point_may_hold_anything():
    pose = hiding(moving(4), (2, 1))
    pose.points[2, 1] = np.nan
    pose.check_finite()


def test_a_clip_in_which_nothing_is_seen_is_refused():
    pose = moving(2)
    with pytest.raises(MediaError, match="nothing to score"):
        hiding(pose, (0, 0), (0, 1), (1, 0), (1, 1)).check_finite()


@pytest.mark.parametrize(
    ("points", "confidence"),
    [
        ((4, 3, 3), (4, 3)),
        ((4, 2, 4), (4, 2)),
        ((4, 2), (4, 2)),
        ((4, 2, 3), (5, 2)),
        ((4, 2, 3), (4, 2, 1)),
        ((1, 4, 2, 3), (1, 4)),
    ],
)
def test_arrays_that_do_not_match_are_refused(points, confidence):
    with pytest.raises(MediaError, match="do not fit the layout two of 2 joints"):
        Pose(np.zeros(points, np.float32), np.ones(confidence, np.float32), TWO, None)


def in_order(name: str) -> Pose:
    """Two frames in which a joint's first coordinate is its index in the layout."""
    known = layout(name)
    points = np.zeros((2, len(known.joints), 3), np.float32)
    points[..., 0] = np.arange(len(known.joints))
    return Pose(points, np.ones(points.shape[:2], np.float32), known, 25.0)


@pytest.mark.parametrize("name", ["mediapipe-holistic", "mediapipe-holistic-refined"])
def test_mediapipes_holistic_points_convert_to_its_178_by_name(name):
    pose, target = in_order(name), layout("mediapipe-178")
    converted = in_layout(pose, target)
    assert converted.layout is target
    assert converted.points[0, :, 0].tolist() == [pose.layout.joints.index(joint) for joint in target.joints]


def test_openpose_converts_to_dwpose_by_name():
    converted = in_layout(in_order("openpose-137"), layout("dwpose-134"))
    assert converted.points[0, [1, 2, 5, 8, 11, 113], 0].tolist() == [1, 2, 5, 9, 12, 116]


def test_a_layout_of_the_same_joints_needs_no_conversion():
    pose = in_order("pt-50")
    assert in_layout(pose, layout("pt-50")) is pose


@pytest.mark.parametrize(
    ("source", "target", "lacking"),
    [
        ("mediapipe-178", "slrtp-178", "slrtp_face_0"),
        ("mediapipe-178", "openpose-137", "nose, neck"),
        ("pt-50", "mediapipe-178", "left_hip"),
    ],
)
def test_joints_that_the_source_lacks_are_named(source, target, lacking):
    with pytest.raises(InputError, match=f"the layout {source} has no {lacking}.*which {target} has"):
        in_layout(in_order(source), layout(target))


def test_selected_joints_come_in_the_order_requested():
    pose = moving(3)
    chosen = pose.select(["right_wrist", "left_wrist"])
    np.testing.assert_array_equal(chosen.points, pose.points[:, ::-1])
    np.testing.assert_array_equal(chosen.confidence, pose.confidence[:, ::-1])

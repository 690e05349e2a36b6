"""Rotations in memory: sampling in time as joints are sampled, and values that are not numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.body_model import JAW, LEFT_ELBOW, PELVIS
from signbench.media.motion import Motion, read_motion, write_motion
from signbench.media.rates import positions_at_rate


def swaying(frames: int, fps: float | None = 25.0, step: float = 0.05) -> Motion:
    """All joints on a random walk."""
    random = np.random.Generator(np.random.PCG64(5))
    rotations = random.normal(0, step, (frames, 55, 3)).cumsum(axis=0)
    translation = random.normal(0, 0.01, (frames, 3)).cumsum(axis=0)
    return Motion(rotations.astype(np.float32), translation.astype(np.float32), fps)


def turning(angles: list[float], joint: int = JAW) -> Motion:
    """One joint at some angles about its first axis, all others at rest."""
    rotations = np.zeros((len(angles), 55, 3), np.float32)
    rotations[:, joint, 0] = angles
    return Motion(rotations, np.zeros((len(angles), 3), np.float32), 10.0)


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 51])
@pytest.mark.parametrize("rates", [(25.0, 12.5), (50.0, 25.0), (30.0, 15.0)])
def test_halving_the_rate_takes_every_second_frame_bit_for_bit(frames, rates):
    motion = swaying(frames, rates[0])
    half = motion.at_rate(rates[1])
    assert half.fps == rates[1]
    assert half.rotations.tobytes() == motion.rotations[::2].tobytes()
    assert half.translation.tobytes() == motion.translation[::2].tobytes()


@pytest.mark.parametrize("frames", [1, 2, 10, 33])
@pytest.mark.parametrize(
    "rates", [(25.0, 12.5), (25.0, 24.0), (25.0, 30.0), (24.0, 25.0), (12.5, 25.0), (30.0, 29.97), (25.0, 20.0)]
)
def test_rotations_at_another_rate_are_those_of_the_joints_at_that_rate(frames, rates):
    motion = swaying(frames, rates[0], step=0.01)
    joints, converted = motion.pose().at_rate(rates[1]), motion.at_rate(rates[1])
    assert (converted.frames, converted.fps) == (joints.frames, joints.fps)
    positions = positions_at_rate(frames, *rates)
    whole = positions == np.rint(positions)
    assert whole[0]
    np.testing.assert_array_equal(converted.pose().points[whole], joints.points[whole])
    # between two frames a turned joint is on an arc, and an interpolated position on its chord, less than a millimetre away
    assert np.abs(converted.pose().points - joints.points).max() < 1e-3


@pytest.mark.parametrize(
    ("angles", "halfway"),
    [
        ([0.2, 0.6], 0.4),
        ([0.6, 0.2], 0.4),
        ([-0.3, 0.3], 0.0),
        ([3.0, -3.0], np.pi),
        ([0.0, 0.0], 0.0),
    ],
)
def test_between_two_frames_a_joint_takes_the_shortest_turn(angles, halfway):
    found = turning(angles).at_positions(np.array([0.5])).rotations[0, JAW]
    assert np.abs(found[1:]).max() < 1e-6
    assert np.cos(found[0]) == pytest.approx(np.cos(halfway), abs=1e-6)
    assert np.sin(found[0]) == pytest.approx(np.sin(halfway), abs=1e-6)


def test_the_pelvis_moves_on_a_line_between_two_frames():
    motion = replace(turning([0.0, 1.0], PELVIS), translation=np.array([[0, 0, 0], [4, 2, 0]], np.float32))
    assert motion.at_positions(np.array([0.25])).translation.tolist() == [[1.0, 0.5, 0.0]]


def test_sampling_leaves_the_original_as_it_was():
    motion = swaying(5)
    before = motion.rotations.copy(), motion.translation.copy()
    made = motion.at_rate(20.0)
    made.rotations[:] = 9
    made.translation[:] = 9
    np.testing.assert_array_equal(motion.rotations, before[0])
    np.testing.assert_array_equal(motion.translation, before[1])


def test_the_same_rate_gives_the_same_clip():
    motion = swaying(5)
    assert motion.at_rate(25.0) is motion


@pytest.mark.parametrize(
    ("motion", "error", "said"),
    [
        (swaying(5, None), InputError, "declare it with `source_fps`"),
        (swaying(0), MediaError, "without a frame cannot be sampled"),
    ],
)
def test_a_clip_without_a_rate_or_a_frame_cannot_be_converted(motion, error, said):
    with pytest.raises(error, match=said):
        motion.at_rate(12.5)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda motion: motion.rotations.__setitem__((2, LEFT_ELBOW, 1), np.nan), "frame 2, joint left_elbow has the rotation"),
        (lambda motion: motion.rotations.__setitem__((0, JAW, 0), np.inf), r"frame 0, joint jaw .*; 1 rotations are affected"),
        (lambda motion: motion.translation.__setitem__((1, 0), np.nan), "frame 1 has the translation"),
    ],
)
def test_rotations_that_are_not_finite_are_refused(spoil, said):
    motion = swaying(4)
    motion.check_finite()
    spoil(motion)
    with pytest.raises(MediaError, match=said):
        motion.check_finite()


@pytest.mark.parametrize("fps", [25.0, 29.97, None])
def test_a_written_motion_reads_back_bit_for_bit(fps, tmp_path):
    motion = swaying(4, fps)
    write_motion(tmp_path / "a.npz", motion)
    read = read_motion(tmp_path / "a.npz")
    assert (read.rotations.tobytes(), read.translation.tobytes(), read.fps) == (
        motion.rotations.tobytes(),
        motion.translation.tobytes(),
        fps,
    )


def test_a_turn_of_the_jaw_moves_no_joint():
    still, open_mouth = turning([0.0, 0.0]), turning([0.1, 0.4])
    np.testing.assert_array_equal(still.pose().points, open_mouth.pose().points)

"""The joint tree and forward kinematics."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.media.body_model import (
    HEAD,
    JAW,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_SHOULDER,
    LEFT_WRIST,
    PARENTS,
    PELVIS,
    RIGHT_HIP,
    RIGHT_WRIST,
    Proportions,
    forward,
    hand_points,
    neutral_rig,
    rig,
)
from signbench.media.layouts import layout
from signbench.media.rotations import matrix_from_axis_angle

JOINTS = layout("smplx-55").joints


def rest(frames: int = 1) -> np.ndarray:
    return np.zeros((frames, 55, 3))


@pytest.mark.parametrize(
    ("joint", "parent"),
    [
        ("left_hip", "pelvis"),
        ("left_foot", "left_ankle"),
        ("left_collar", "spine_3"),
        ("neck", "spine_3"),
        ("head", "neck"),
        ("jaw", "head"),
        ("left_eyeball", "head"),
        ("left_shoulder", "left_collar"),
        ("right_wrist", "right_elbow"),
        ("left_pinky_1", "left_wrist"),
        ("right_thumb_1", "right_wrist"),
        ("right_ring_3", "right_ring_2"),
    ],
)
def test_a_joint_is_attached_to_its_parent(joint: str, parent: str) -> None:
    assert JOINTS[PARENTS[JOINTS.index(joint)]] == parent


def test_at_rest_a_body_stands_in_smplx_axes() -> None:
    joints = forward(rest(), neutral_rig()).joints[0]
    assert joints[PELVIS] == pytest.approx([0, 0, 0])
    assert joints[LEFT_WRIST][0] > joints[LEFT_ELBOW][0] > joints[LEFT_SHOULDER][0] > 0  # the left is at positive x
    assert joints[HEAD][1] > 0.5  # y is up
    assert joints[LEFT_HIP][1] < 0
    mirrored = {"left": "right", "right": "left"}
    for position, name in enumerate(JOINTS):
        side, _, rest_of_name = name.partition("_")
        other = JOINTS.index(f"{mirrored[side]}_{rest_of_name}") if side in mirrored else position
        assert joints[position] == pytest.approx(joints[other] * [-1, 1, 1])


def test_each_rotation_moves_its_descendants_and_nothing_else() -> None:
    turned = rest()
    turned[0, LEFT_SHOULDER] = [0, 0, np.pi / 2]
    before, after = (forward(rotations, neutral_rig()) for rotations in (rest(), turned))
    moved = {JOINTS[joint] for joint in np.nonzero(np.abs(after.joints - before.joints).max(axis=(0, 2)) > 1e-9)[0]}
    below = {
        name
        for name in JOINTS
        if name.startswith("left_") and name.split("_")[1] in {"elbow", "wrist", "index", "middle", "pinky", "ring", "thumb"}
    }
    assert moved == below
    # the stretched left arm goes up
    assert after.joints[0, LEFT_WRIST, 1] - after.joints[0, LEFT_SHOULDER, 1] == pytest.approx(0.27 + 0.245)


def test_rotations_compose_down_the_tree() -> None:
    generator = np.random.default_rng(5)
    rotations = generator.normal(size=(4, 55, 3)) * 0.4
    made = forward(rotations, neutral_rig(), [[1, 2, 3]] * 4)
    assert made.joints[:, PELVIS] == pytest.approx(np.array([[1, 2, 3]] * 4))
    local = matrix_from_axis_angle(rotations)
    for joint, parent in enumerate(PARENTS[1:], start=1):
        assert made.frames[:, joint] == pytest.approx(made.frames[:, parent] @ local[:, joint])
        along = np.einsum("tij,j->ti", made.frames[:, parent], neutral_rig().offsets[joint])
        assert made.joints[:, joint] - made.joints[:, parent] == pytest.approx(along)


def test_an_open_jaw_points_down() -> None:
    turned = rest()
    turned[0, JAW, 0] = 0.3
    assert (forward(turned, neutral_rig()).frames[0, JAW] @ [0, 0, 1])[1] < -0.2


def test_hand_points_run_from_the_thumb_to_the_little_finger_and_outward() -> None:
    made = forward(rest(), neutral_rig())
    left, right = hand_points(made)[:, 0]
    assert right == pytest.approx(left * [-1, 1, 1])
    assert right[0] == pytest.approx(made.joints[0, RIGHT_WRIST])
    # the palm is down and the thumb in front: from index to little finger z falls
    assert (np.diff(left[[5, 9, 13, 17], 2]) < 0).all()
    assert left[4, 2] > left[8, 2]
    for finger in range(5):
        assert (np.diff(left[1 + 4 * finger : 5 + 4 * finger, 0]) > 0).all()
    names = layout("coco-wholebody-133").joints[91:112]
    shared = [position for position, name in enumerate(names) if name in JOINTS]
    assert len(shared) == 15
    assert left[shared] == pytest.approx(made.joints[0, [JOINTS.index(names[position]) for position in shared]])


def test_proportions_change_bones() -> None:
    small, large = rig(Proportions(scale=0.9)), rig(Proportions(scale=1.0, shoulders=1.1, hands=1.2, arms=1.05))
    assert small.offsets == pytest.approx(neutral_rig().offsets * 0.9)
    assert large.offsets[LEFT_ELBOW] == pytest.approx([0.27 * 1.05, 0, 0])
    assert large.tips == pytest.approx(neutral_rig().tips * 1.2)
    width = [float(forward(rest(), body).joints[0, LEFT_SHOULDER, 0]) for body in (neutral_rig(), large)]
    assert width[1] == pytest.approx(1.1 * width[0])
    assert large.offsets[RIGHT_HIP] == pytest.approx(neutral_rig().offsets[RIGHT_HIP])

"""The joint tree of SMPL-X, and forward kinematics on a skeleton with signbench's own proportions.

Only the tree, the names and the axes are SMPL-X's (Pavlakos et al., "Expressive Body Capture", CVPR 2019): x to the body's left,
y up, z to the front; in the rest pose the arms are stretched out sideways with the palms down. Bone lengths are signbench's, so
that rotations can be compared as positions without the body model's licensed files, and without anyone's body shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signbench.arithmetic import product, sine_cosine, turned
from signbench.media.rotations import Array, matrix_from_axis_angle

# fmt: off
PARENTS = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15,
    20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35, 20, 37, 38,
    21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50, 21, 52, 53,
)
# fmt: on
"""Parent of each of the 55 joints; -1 at the pelvis."""

JOINT_COUNT = len(PARENTS)

(PELVIS, LEFT_HIP, RIGHT_HIP, SPINE_1, _, _, SPINE_2, _, _, SPINE_3, _, _, NECK, LEFT_COLLAR, RIGHT_COLLAR, HEAD) = range(16)
LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_ELBOW, RIGHT_ELBOW, LEFT_WRIST, RIGHT_WRIST, JAW, LEFT_EYE, RIGHT_EYE = range(16, 25)
LEFT_HAND, RIGHT_HAND = slice(25, 40), slice(40, 55)
"""The joints of MANO's hands: index, middle, little, ring finger, thumb; three each, from the palm outward."""

FINGER_ORDER = ("index", "middle", "pinky", "ring", "thumb")

FINGERS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], float]] = {
    "index": ((0.090, 0.000, 0.026), (0.045, 0.027, 0.021), 2.0),
    "middle": ((0.094, -0.003, 0.004), (0.049, 0.031, 0.022), 0.0),
    "pinky": ((0.079, 0.002, -0.036), (0.035, 0.021, 0.019), -4.0),
    "ring": ((0.088, -0.002, -0.017), (0.045, 0.029, 0.022), -2.0),
}
"""Finger -> knuckle from the wrist (along the hand, out of the palm, towards the thumb), bone lengths, rest splay (degrees)."""

THUMB_ROOT, THUMB_LENGTHS = (0.024, 0.010, 0.024), (0.046, 0.035, 0.028)
THUMB_REST = (0.762, 0.190, 0.619)
"""The thumb: its root relative to the wrist, the lengths of its bones, and the unit vector along which it points at rest; axes as
above."""

RIGHT_HAND_AXES: Array = np.array([-1.0, -1.0, 1.0])
"""At rest the axes along the right hand, out of its palm and towards its thumb are x, y and z, with these signs; the left hand is
the mirror image."""


@dataclass(frozen=True, eq=False)
class Proportions:
    """Bone lengths of a body.

    Attributes:
        scale: of the whole body.
        shoulders: width of the shoulders, relative to the body.
        hands: size of the hands, relative to the body.
        arms: length of upper arm and forearm, relative to the body.
    """

    scale: float = 1.0
    shoulders: float = 1.0
    hands: float = 1.0
    arms: float = 1.0


@dataclass(frozen=True, eq=False)
class Rig:
    """A rest pose.

    Attributes:
        offsets: float64 ``(55, 3)``, from the parent joint to the joint, metres; 0 at the pelvis.
        tips: float64 ``(2, 5, 3)``, from the last joint of each finger to its tip, left hand first, thumb to little finger.
    """

    offsets: Array
    tips: Array


@dataclass(frozen=True, eq=False)
class Posture:
    """A body in motion, T frames.

    Attributes:
        joints: float64 ``(T, 55, 3)``, metres.
        frames: float64 ``(T, 55, 3, 3)``, each joint's rotation from its rest pose, in world coordinates.
        tips: float64 ``(T, 2, 5, 3)``, finger tips, left hand first, thumb to little finger.
    """

    joints: Array
    frames: Array
    tips: Array


def rig(proportions: Proportions | None = None) -> Rig:
    """The rest pose of a body of given proportions; by default a neutral one, 39 cm between the shoulder joints."""
    body = proportions or Proportions()
    offsets = np.zeros((JOINT_COUNT, 3))
    offsets[SPINE_1], offsets[SPINE_2], offsets[SPINE_3] = (0, 0.10, 0), (0, 0.13, 0), (0, 0.06, 0)
    offsets[NECK], offsets[HEAD] = (0, 0.21, 0), (0, 0.09, 0.01)
    offsets[JAW] = (0, 0.095, 0.01)
    left = {
        1: (0.10, -0.05, 0),
        4: (0, -0.40, 0),
        7: (0, -0.41, -0.02),
        10: (0.02, -0.06, 0.12),
        LEFT_COLLAR: (0.05, 0.17, 0),
        LEFT_SHOULDER: (0.195 * body.shoulders - 0.05, 0.04, 0),
        LEFT_ELBOW: (0.27 * body.arms, 0, 0),
        LEFT_WRIST: (0.245 * body.arms, 0, 0),
        LEFT_EYE: (0.032, 0.127, 0.091),
    }
    for joint, offset in left.items():
        offsets[joint] = offset
    tips = np.zeros((2, 5, 3))
    for index, finger in enumerate(FINGER_ORDER):
        root, lengths, way = _finger(finger)
        first = LEFT_HAND.start + 3 * index
        mirrored = RIGHT_HAND_AXES * [-1, 1, 1]
        offsets[first] = mirrored * root * body.hands
        for bone in range(2):
            offsets[first + 1 + bone] = mirrored * way * lengths[bone] * body.hands
        # FINGER_ORDER is MANO's; key points run from the thumb to the little finger
        tips[0, (1, 2, 4, 3, 0)[index]] = mirrored * way * lengths[2] * body.hands
    right = {1: 2, 4: 5, 7: 8, 10: 11, 13: 14, 16: 17, 18: 19, 20: 21, 23: 24, **{25 + joint: 40 + joint for joint in range(15)}}
    for joint, other in right.items():
        offsets[other] = offsets[joint] * [-1, 1, 1]
    tips[1] = tips[0] * [-1, 1, 1]
    return Rig(offsets * body.scale, tips * body.scale)


@cache
def neutral_rig() -> Rig:
    """The body on which rotations become positions."""
    return rig()


def forward(rotations: ArrayLike, body: Rig, translation: ArrayLike | None = None) -> Posture:
    """Forward kinematics.

    Args:
        rotations: ``(T, 55, 3)`` axis-angle, each joint relative to its parent; the pelvis relative to the world.
        body: the rest pose.
        translation: ``(T, 3)``, the position of the pelvis, metres; by default the origin.
    """
    return posed(matrix_from_axis_angle(rotations), body, translation)


def posed(local: Array, body: Rig, translation: ArrayLike | None = None) -> Posture:
    """Forward kinematics of rotations as matrices ``(T, 55, 3, 3)``; see :func:`forward`."""
    count = len(local)
    frames, joints = np.empty_like(local), np.empty((count, JOINT_COUNT, 3))
    frames[:, PELVIS] = local[:, PELVIS]
    joints[:, PELVIS] = 0 if translation is None else np.asarray(translation, dtype=np.float64)
    for children, parents in _levels():
        above = frames[:, parents]
        frames[:, children] = product(above, local[:, children])
        joints[:, children] = joints[:, parents] + turned(above, body.offsets[children])
    last = _LAST_JOINTS
    tips = joints[:, last] + turned(frames[:, last], body.tips)
    return Posture(joints, frames, tips)


def hand_points(posture: Posture) -> Array:
    """The 21 points of each hand in the order of key-point layouts: float64 ``(2, T, 21, 3)``, the left hand first."""
    count = len(posture.joints)
    points = np.empty((2, count, 21, 3))
    for side, (wrist, joints) in enumerate(((LEFT_WRIST, LEFT_HAND), (RIGHT_WRIST, RIGHT_HAND))):
        points[side, :, 0] = posture.joints[:, wrist]
        for index, first in enumerate(_FIRST_JOINTS):
            own = joints.start + first
            points[side, :, 1 + 4 * index : 4 + 4 * index] = posture.joints[:, own : own + 3]
            points[side, :, 4 + 4 * index] = posture.tips[:, side, index]
    return points


# first joint of the thumb, index, middle, ring and little finger among a hand's 15
_FIRST_JOINTS = (12, 0, 3, 9, 6)
_LAST_JOINTS = np.array([[hand + first + 2 for first in _FIRST_JOINTS] for hand in (LEFT_HAND.start, RIGHT_HAND.start)])


def _finger(finger: str) -> tuple[Array, tuple[float, float, float], Array]:
    """Root, bone lengths and rest direction of a finger, in the hand's axes."""
    if finger == "thumb":
        return np.array(THUMB_ROOT), THUMB_LENGTHS, np.array(THUMB_REST)
    root, lengths, splay = FINGERS[finger]
    across, along = sine_cosine(np.radians(splay))
    return np.array(root), lengths, np.array([along, 0.0, across])


@cache
def _levels() -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]:
    """Joints grouped by their distance from the pelvis in the tree, with their parents."""
    depth = [0] * JOINT_COUNT
    for joint, parent in enumerate(PARENTS[1:], start=1):
        depth[joint] = depth[parent] + 1
    levels = [np.array([joint for joint in range(JOINT_COUNT) if depth[joint] == level]) for level in range(1, max(depth) + 1)]
    return tuple((children, np.array([PARENTS[joint] for joint in children])) for children in levels)

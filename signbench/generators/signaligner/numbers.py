"""The numbers of a frame in each stream: how key points and rotations become a network's inputs, and how its outputs become those.

Points are measured in shoulder widths from the middle of the shoulders, both taken from the whole clip, y downwards. Rotations of
hands are the wrist's in world coordinates, as HaMeR gives them, and those of the 15 joints of MANO.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import product
from signbench.generators.signaligner.config import SignAlignerConfig, Stream
from signbench.media.body_model import JOINT_COUNT, LEFT_HAND, LEFT_WRIST, PARENTS, RIGHT_HAND, RIGHT_WRIST
from signbench.media.layout_joints import face_68, hand
from signbench.media.layouts import Layout, layout
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from signbench.media.rotations import (
    axis_angle_from_matrix,
    axis_angle_from_six,
    matrix_from_axis_angle,
    matrix_from_six,
    six_from_axis_angle,
    six_from_matrix,
)

HAND_JOINTS = 16
"""The wrist and MANO's 15 joints."""

_WRISTS = (LEFT_WRIST, RIGHT_WRIST)
_FINGERS = (LEFT_HAND, RIGHT_HAND)
_WHOLE_BODY = "coco-wholebody-133"
_LEAST_SEEN = 0.5


@cache
def points_of(kind: str) -> tuple[str, ...]:
    """The names of the key points, in order.

    Args:
        kind: as in :class:`~signbench.generators.signaligner.config.SignAlignerConfig`.
    """
    if kind == "pt-50":
        return layout("pt-50").joints
    body = layout("dwpose-134").joints[:18]
    return (*body, *hand("left"), *hand("right"), *(face_68() if kind == "body-hands-face" else ()))


def width(stream: Stream, config: SignAlignerConfig) -> int:
    """Numbers of a frame of a stream, without the counter."""
    if stream == "pose":
        return len(points_of(config.points)) * (3 if config.points == "pt-50" else 2)
    turned = 3 if config.rotations == "axis-angle" else 6
    return turned * (2 * HAND_JOINTS if stream == "hamer" else JOINT_COUNT)


def parts(stream: Stream, config: SignAlignerConfig) -> list[slice]:
    """The parts of a frame's numbers: body, left hand, right hand, face."""
    if stream == "pose":
        each = 3 if config.points == "pt-50" else 2
        body = len(points_of(config.points)) - 42 - (68 if config.points == "body-hands-face" else 0)
        ends = [0, body, body + 21, body + 42, *([body + 110] if config.points == "body-hands-face" else [])]
    else:
        each = 3 if config.rotations == "axis-angle" else 6
        ends = [0, HAND_JOINTS, 2 * HAND_JOINTS] if stream == "hamer" else [0, LEFT_HAND.start, RIGHT_HAND.start, RIGHT_HAND.stop]
    return [slice(start * each, end * each) for start, end in pairwise(ends)]


def camera_of(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The middle of the shoulders and their distance over a clip.

    Args:
        points: float32 ``(T, 133, 3)``, x, y and confidence, in the layout ``coco-wholebody-133``.

    Returns:
        float32 ``(3,)``: x, y and the distance, in the units of the points; of all points if the shoulders are never seen.
    """
    left, right = layout(_WHOLE_BODY).index(("left_shoulder", "right_shoulder"))
    both = (points[:, left, 2] > 0) & (points[:, right, 2] > 0)
    if both.any():
        first, last = points[both, left, :2], points[both, right, :2]
        distance = float(np.median(np.sqrt(((first - last) ** 2).sum(axis=1))))
        if distance > 0:
            return np.array([*np.median((first + last) / 2, axis=0), distance], np.float32)
    seen = points[points[..., 2] > 0][:, :2]
    if not len(seen):
        return np.array([0, 0, 1], np.float32)
    return np.array([*np.median(seen, axis=0), max(1e-6, 2 * float(seen.std()))], np.float32)


def numbers_of_points(points: NDArray[np.float32], config: SignAlignerConfig) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The numbers of key points, and which of them were seen.

    Args:
        points: float32 ``(T, 133, 3)``, x, y and confidence, in the layout ``coco-wholebody-133``.
        config: which points, and relative to what.

    Returns:
        float32 ``(T, D)`` and bool ``(T, D)``; numbers of unseen points are 0.
    """
    index, shoulders, neck = _index(config.points)
    chosen, seen = points[:, index, :2].astype(np.float32), points[:, index, 2] > 0
    chosen[:, neck] = points[:, shoulders, :2].mean(axis=1)
    seen[:, neck] = np.all(points[:, shoulders, 2] > 0, axis=1)
    camera = camera_of(points)
    chosen = (chosen - camera[:2]) / camera[2]
    if config.relative:
        for members, anchor in _anchored(config.points):
            chosen[:, members] -= chosen[:, anchor : anchor + 1]
            seen[:, members] &= seen[:, anchor : anchor + 1]
    chosen[~seen] = 0
    return chosen.reshape(len(points), -1), np.repeat(seen, 2, axis=1)


def pose_of_numbers(
    numbers: NDArray[np.float32],
    config: SignAlignerConfig,
    camera: NDArray[np.float32],
    seen: NDArray[np.float32],
    whole: Layout | None = None,
) -> Pose:
    """Key points from their numbers.

    Args:
        numbers: float32 ``(T, D)``.
        config: which points, and relative to what.
        camera: of the train split, see :func:`camera_of`.
        seen: float32 ``(J,)``, in which share of train's frames each point is seen; one that is seen in less than half of them has
            confidence 0.
        whole: a layout of whole bodies with all of the points but perhaps the neck; None: ``coco-wholebody-133``.

    Returns:
        Key points in that layout, without those that the network does not make; or in ``pt-50``.
    """
    names = points_of(config.points)
    if config.points == "pt-50":
        points = numbers.reshape(len(numbers), len(names), 3)
        return Pose(points, np.ones(points.shape[:2], np.float32), layout("pt-50"), config.rate)
    points = numbers.reshape(len(numbers), len(names), 2).copy()
    if config.relative:
        for members, anchor in _anchored(config.points):
            points[:, members] += points[:, anchor : anchor + 1]
    points = points * camera[2] + camera[:2]
    whole = whole or layout(_WHOLE_BODY)
    known = {name: index for index, name in enumerate(whole.joints)}
    made = np.zeros((len(points), len(whole.joints), 2), np.float32)
    confidence = np.zeros(made.shape[:2], np.float32)
    for number, name in enumerate(names):
        if name in known and seen[number] >= _LEAST_SEEN:
            made[:, known[name]], confidence[:, known[name]] = points[:, number], 1
    return Pose(made, confidence, whole, config.rate)


@cache
def _index(kind: str) -> tuple[Any, Any, int]:
    """The points in ``coco-wholebody-133``; its shoulders; and the position of the neck, which that layout lacks."""
    names, whole = points_of(kind), layout(_WHOLE_BODY)
    index = np.array(whole.index(["nose" if name == "neck" else name for name in names]))
    return index, np.array(whole.index(("left_shoulder", "right_shoulder"))), names.index("neck")


@cache
def _anchored(kind: str) -> tuple[tuple[Any, int], ...]:
    """The points of hands and face, and the body point that each group is relative to."""
    names = points_of(kind)
    groups: list[tuple[tuple[str, ...], str]] = [(hand("left"), "left_wrist"), (hand("right"), "right_wrist")]
    groups += [(face_68(), "nose")] if kind == "body-hands-face" else []
    return tuple((np.array([names.index(name) for name in group]), names.index(anchor)) for group, anchor in groups)


def numbers_of_body(rotations: NDArray[np.float32], config: SignAlignerConfig) -> NDArray[np.float32]:
    """The numbers of a body's rotations, float32 ``(T, D)``.

    Args:
        rotations: axis-angle ``(T, 55, 3)``, radians.
        config: in which form they are.
    """
    found = rotations if config.rotations == "axis-angle" else six_from_axis_angle(rotations)
    return found.astype(np.float32).reshape(len(rotations), -1)


def numbers_of_hands(rotations: NDArray[np.float32], config: SignAlignerConfig) -> NDArray[np.float32]:
    """The numbers of both hands, left first: the wrist's orientation in the world, and the fingers' rotations.

    Args:
        rotations: of the body, axis-angle ``(T, 55, 3)``, radians.
        config: in which form they are.

    Returns:
        float32 ``(T, D)``.
    """
    six = config.rotations == "six"
    hands: list[NDArray[Any]] = []
    for wrist, fingers in zip(_WRISTS, _FINGERS, strict=True):
        turned = _orientation(rotations, wrist)
        own = rotations[:, fingers]
        hands.append(six_from_matrix(turned)[:, None] if six else axis_angle_from_matrix(turned)[:, None])
        hands.append(six_from_axis_angle(own) if six else own)
    return np.concatenate(hands, axis=1).astype(np.float32).reshape(len(rotations), -1)


def motion_of_numbers(body: NDArray[np.float32], config: SignAlignerConfig, hands: NDArray[np.float32] | None = None) -> Motion:
    """Rotations of a body from their numbers.

    Args:
        body: float32 ``(T, D)``.
        config: in which form they are.
        hands: numbers of both hands, float32 ``(T, D)``, which replace the body's; the body has their arms.

    Returns:
        The pelvis is at the origin in all frames.
    """
    rotations = _axis_angle(body, config)
    if hands is not None:
        own = hands.reshape(len(hands), 2, HAND_JOINTS, -1)
        for side, (wrist, fingers) in enumerate(zip(_WRISTS, _FINGERS, strict=True)):
            forearm = _orientation(rotations, PARENTS[wrist])
            turned = matrix_from_six(own[:, side, 0]) if config.rotations == "six" else matrix_from_axis_angle(own[:, side, 0])
            rotations[:, wrist] = axis_angle_from_matrix(product(np.swapaxes(forearm, -1, -2), turned))
            rotations[:, fingers] = _axis_angle(own[:, side, 1:].reshape(len(own), -1), config)
    return Motion(rotations, np.zeros((len(rotations), 3), np.float32), config.rate)


def _axis_angle(numbers: NDArray[np.float32], config: SignAlignerConfig) -> NDArray[np.float32]:
    if config.rotations == "axis-angle":
        return numbers.reshape(len(numbers), -1, 3).astype(np.float32)
    return axis_angle_from_six(numbers.reshape(len(numbers), -1, 6)).astype(np.float32)


def _orientation(rotations: NDArray[np.float32], joint: int) -> NDArray[np.float64]:
    """The orientation of a joint in the world, float64 ``(T, 3, 3)``: the product of the rotations from the pelvis to it."""
    chain = [joint]
    while PARENTS[chain[-1]] >= 0:
        chain.append(PARENTS[chain[-1]])
    turned = matrix_from_axis_angle(rotations[:, chain[-1]])
    for one in reversed(chain[:-1]):
        turned = product(turned, matrix_from_axis_angle(rotations[:, one]))
    return turned

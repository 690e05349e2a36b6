"""Key points as images: limbs, hands and face on black, as DWPose draws them.

Source of the colours, the order of the limbs and the widths: DWPose, ``ControlNet-v1-1-nightly/annotator/dwpose/util.py``, whose
widths are for images of about 512 pixels; here they scale with the image, and edges are anti-aliased.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import length, sine_cosine
from signbench.errors import InputError
from signbench.media.layout_joints import FINGERS
from signbench.media.pose import Pose

REVISION = 2
"""Rises when the pixels change."""

_LIMBS = (
    ("neck", "right_shoulder"),
    ("neck", "left_shoulder"),
    ("right_shoulder", "right_elbow"),
    ("right_elbow", "right_wrist"),
    ("left_shoulder", "left_elbow"),
    ("left_elbow", "left_wrist"),
    ("neck", "right_hip"),
    ("right_hip", "right_knee"),
    ("right_knee", "right_ankle"),
    ("neck", "left_hip"),
    ("left_hip", "left_knee"),
    ("left_knee", "left_ankle"),
    ("neck", "nose"),
    ("nose", "right_eye"),
    ("right_eye", "right_ear"),
    ("nose", "left_eye"),
    ("left_eye", "left_ear"),
)
# the order of OpenPose's COCO-18, which the colours follow
_BODY = (
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
)
SURE = 0.3
"""Points of a lower confidence are not drawn."""
_FRACTION = 8


def _rainbow() -> list[tuple[int, int, int]]:
    """18 colours, from red over green and blue to magenta."""
    steps = [0, 85, 170, 255]
    rising = [(255, step, 0) for step in steps] + [(255 - step, 255, 0) for step in steps[1:]]
    rising += [(0, 255, step) for step in steps[1:]] + [(0, 255 - step, 255) for step in steps[1:]]
    return rising + [(step, 0, 255) for step in steps[1:]] + [(255, 0, 255 - step) for step in steps[1:3]]


_COLOURS = _rainbow()
_CIRCLE = sine_cosine(np.linspace(0, 2 * np.pi, 24, endpoint=False)[:, None])


def draw_pose(pose: Pose, size: int, extent: float, positions: Iterable[int] | None = None) -> Iterator[NDArray[np.uint8]]:
    """Draws key points.

    Points with a confidence below 0.3 are left out, together with the limbs that they end. A layout without a neck gets one
    half-way between the shoulders.

    Args:
        pose: in a layout with the joints of an arm and a hand under the names that all layouts share; x to the right, y down.
        size: height and width of the images.
        extent: height and width, in the key points' units, of the area that the image shows; (0, 0) is the centre of its first
            pixel.
        positions: which frames; by default all.

    Yields:
        uint8 ``(size, size, 3)`` RGB.

    Raises:
        InputError: the layout has no shoulders.
    """
    import cv2

    names = pose.layout
    for joint in ("left_shoulder", "right_shoulder"):
        if joint not in names:
            raise InputError(f"the layout {names.name} has no {joint}, so it cannot be drawn.")
    index = {joint: number for number, joint in enumerate(names.joints)}
    flat = np.nan_to_num((pose.points[..., :2].astype(np.float64) + 0.5) * (size / extent) - 0.5)
    exact = np.clip(np.rint(flat * (1 << _FRACTION)), -(2**24), 2**24).astype(np.int64)
    sure = pose.confidence >= SURE
    unit = size / 512
    thick, point, dot = 4 * unit, round(4 * unit * 256), round(max(1.2, 2.2 * unit) * 256)
    line = max(1, round(2 * unit))
    hands = [[(f"{side}_{start}", f"{side}_{end}") for start, end in _hand_edges()] for side in ("left", "right")]
    face = [number for number, joint in enumerate(names.joints) if joint.startswith("face_")]

    for frame in range(pose.frames) if positions is None else positions:
        picture = np.zeros((size, size, 3), np.uint8)
        points = {joint: exact[frame, number] for joint, number in index.items() if sure[frame, number]}
        if "neck" not in index and "left_shoulder" in points and "right_shoulder" in points:
            points["neck"] = (points["left_shoulder"] + points["right_shoulder"]) // 2
        for colour, (first, last) in zip(_COLOURS, _LIMBS, strict=False):
            if first in points and last in points:
                corners = _spindle(points[first], points[last], thick)
                cv2.fillConvexPoly(picture, corners, tuple(value * 6 // 10 for value in colour), cv2.LINE_AA, _FRACTION)
        for colour, joint in zip(_COLOURS, _BODY, strict=True):
            if joint in points:
                _disc(picture, points[joint], point, colour)
        for edges in hands:
            for number, (first, last) in enumerate(edges):
                if first in points and last in points:
                    red, green, blue = colorsys.hsv_to_rgb(number / len(edges), 1, 1)
                    tone = (round(red * 255), round(green * 255), round(blue * 255))
                    start, end = points[first].tolist(), points[last].tolist()
                    cv2.line(picture, start, end, tone, line, cv2.LINE_AA, _FRACTION)
            for joint in dict.fromkeys(name for edge in edges for name in edge):
                if joint in points:
                    _disc(picture, points[joint], dot, (0, 0, 255))
        for number in face:
            if sure[frame, number]:
                _disc(picture, exact[frame, number], dot, (255, 255, 255))
        yield picture


def _hand_edges() -> list[tuple[str, str]]:
    edges = []
    for finger in FINGERS:
        chain = ["hand_root", *(f"{finger}_{index}" for index in range(1, 5))]
        edges += list(pairwise(chain))
    return edges


def _spindle(start: NDArray[np.int64], end: NDArray[np.int64], half_width: float) -> NDArray[np.int32]:
    """An ellipse around the line between two points as a polygon, all in 1/256 pixel."""
    middle, half = (start + end) / 2, (end - start) / 2
    far = max(float(length(half)), 1.0)
    across = np.array([-half[1], half[0]]) / far * half_width * (1 << _FRACTION)
    sine, cosine = _CIRCLE
    return np.asarray(np.rint(middle + cosine * half + sine * across).astype(np.int32))


def _disc(picture: NDArray[np.uint8], centre: NDArray[np.int64], radius: int, colour: tuple[int, int, int]) -> None:
    import cv2

    cv2.circle(picture, centre.tolist(), radius, colour, -1, cv2.LINE_AA, _FRACTION)

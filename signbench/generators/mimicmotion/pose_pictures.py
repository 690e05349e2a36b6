"""Confidence-aware pose pictures as MimicMotion sees them: key points on black, the darker the less sure they are.

Source: Tencent/MimicMotion, ``mimicmotion/dwpose/util.py`` and ``dwpose_detector.py``. Widths are in pixels of a canvas whose
shorter side has 2160; it is reduced without anti-aliasing, and the channels are reversed at the end. The network was trained on
such pictures, so all of this is kept.
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, listing
from signbench.media.layout_joints import face_68, hand
from signbench.media.layouts import Layout
from signbench.media.pose import Pose

CANVAS = 2160
"""Shorter side of the canvas in pixels."""

BODY = (
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
)
"""The 18 points of the body, in OpenPose's order."""

SURE = 0.3
"""Points of the body are drawn if their confidence is above this."""

LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10)),
    *((1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
"""The limbs that are drawn, as pairs of indices of ``BODY``."""

BONES = tuple((0 if part == 0 else 4 * finger + part, 4 * finger + part + 1) for finger in range(5) for part in range(4))
"""The bones of a hand, as pairs of indices of its 21 points."""

RAINBOW = (
    *((255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0), (0, 255, 85)),
    *((0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255), (170, 0, 255)),
    *((255, 0, 255), (255, 0, 170), (255, 0, 85)),
)
"""OpenPose's colours of limbs and points of the body, RGB."""

_HANDS = (hand("left"), hand("right"))
_POINTS = (*BODY, *face_68(), *_HANDS[0], *_HANDS[1])
_NEEDED = (*(joint for joint in BODY[2:8]), *(joint for points in _HANDS for joint in points[1:]))
_FACE_ROWS = slice(len(BODY), len(BODY) + 68)
_HAND_ROWS = (slice(_FACE_ROWS.stop, _FACE_ROWS.stop + 21), slice(_FACE_ROWS.stop + 21, _FACE_ROWS.stop + 42))

_HALF_WIDTH, _BODY_RADIUS, _HAND_RADIUS, _FACE_RADIUS, _BONE_WIDTH = 4, 4, 4, 3, 2
_DIMMED = (np.arange(256) * 0.6).astype(np.uint8)
# OpenCV's coordinates are 32-bit numbers
_FARTHEST = 8


@dataclass(frozen=True, eq=False)
class PosePoints:
    """Key points that are drawn, as shares of the picture.

    Attributes:
        points: float64 ``(T, 128, 2)``: x and y as shares of the picture's width and height; 18 points of the body, 68 of the face,
            21 of the left and 21 of the right hand.
        confidence: float64 ``(T, 128)`` in [0, 1]; 0: not seen.
    """

    points: NDArray[np.float64]
    confidence: NDArray[np.float64]

    def __len__(self) -> int:
        """The number of frames T."""
        return len(self.points)

    @property
    def body(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points ``(T, 18, 2)`` and confidences ``(T, 18)`` of the body."""
        return self.points[:, : len(BODY)], self.confidence[:, : len(BODY)]

    @property
    def face(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points ``(T, 68, 2)`` and confidences ``(T, 68)`` of the face."""
        return self.points[:, _FACE_ROWS], self.confidence[:, _FACE_ROWS]

    @property
    def hands(self) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
        """Points ``(T, 21, 2)`` and confidences ``(T, 21)`` of the left and of the right hand."""
        return tuple((self.points[:, rows], self.confidence[:, rows]) for rows in _HAND_ROWS)

    def moved(self, scale: tuple[float, float], offset: tuple[float, float]) -> PosePoints:
        """The points after ``scale * point + offset`` for x and y."""
        return replace(self, points=self.points * np.array(scale) + np.array(offset))

    def joined(self, later: PosePoints) -> PosePoints:
        """These frames, then others."""
        return PosePoints(np.concatenate([self.points, later.points]), np.concatenate([self.confidence, later.confidence]))


def pose_points(pose: Pose, picture: tuple[int, int] | None = None) -> PosePoints:
    """The points of a person that are drawn, from any whole-body layout.

    A layout without a neck gets one half-way between the shoulders, with confidence 1 if both are surer than 0.3, else 0, as DWPose
    makes it. One whose hands have no root gets the wrist of the body. Points of the legs and of the face that a layout does not
    have are not seen.

    Args:
        pose: key points in pixels; (0, 0) is the centre of the first pixel.
        picture: width and height in pixels, if the pose does not say.

    Raises:
        InputError: the layout has no arms or hands, or the size of the picture is not known.
    """
    size = pose.picture or picture
    if size is None:
        raise InputError("key points without the size of their picture cannot be drawn; they are shares of it.")
    lacking = [joint for joint in _NEEDED if joint not in pose.layout]
    if lacking:
        raise InputError(f"the layout {pose.layout.name} has no {listing(lacking)}, which a pose picture shows.")
    width, height = size
    given = np.where(pose.seen[..., None], pose.points[..., :2], 0).astype(np.float64)
    given = (given + 0.5) / np.array([width, height])
    sure = pose.confidence.astype(np.float64)
    points, confidence = np.zeros((pose.frames, len(_POINTS), 2)), np.zeros((pose.frames, len(_POINTS)))
    for row, joint in enumerate(_POINTS):
        name = _known(joint, pose.layout)
        if name is not None:
            (index,) = pose.layout.index([name])
            points[:, row], confidence[:, row] = given[:, index], sure[:, index]
    if "neck" not in pose.layout:
        shoulders = [BODY.index("left_shoulder"), BODY.index("right_shoulder")]
        points[:, BODY.index("neck")] = points[:, shoulders].mean(axis=1)
        confidence[:, BODY.index("neck")] = (confidence[:, shoulders] > SURE).all(axis=1)
    return PosePoints(np.where(confidence[..., None] > 0, points, 0), confidence)


def _known(joint: str, layout: Layout) -> str | None:
    """The name of a joint in a layout."""
    others = (joint, joint.replace("hand_root", "wrist")) if joint.endswith("hand_root") else (joint,)
    return next((name for name in others if name in layout), None)


def drawn(pose: PosePoints, frame: int, size: tuple[int, int], canvas: int = CANVAS) -> NDArray[np.uint8]:
    """Draws one frame.

    Args:
        pose: the points.
        frame: its index.
        size: height and width of the picture.
        canvas: shorter side of the canvas. Small networks use a smaller one: from 2160 to 64 pixels, most strokes would vanish.

    Returns:
        uint8 ``(3, H, W)``; hands' points are in the first channel.
    """
    height, width = size
    scale = canvas / min(height, width)
    rows, columns = int(height * scale), int(width * scale)
    picture = np.zeros((rows, columns, 3), np.uint8)
    corner = np.array([columns, rows], np.float64)
    inside = np.abs(pose.points[frame]) < _FARTHEST
    sure = np.where(inside.all(axis=1), pose.confidence[frame], 0.0)
    pixels = np.where(sure[:, None] > 0, pose.points[frame], 0.0) * corner
    body = len(BODY)
    picture = _with_body(picture, pixels[:body], sure[:body])
    for points in _HAND_ROWS:
        _draw_hand(picture, pixels[points], sure[points])
    for (x, y), certainty in zip(pixels[_FACE_ROWS].astype(int).tolist(), sure[_FACE_ROWS].tolist(), strict=True):
        if x > 0 and y > 0 and certainty > 0:
            cv2.circle(picture, (x, y), _FACE_RADIUS, (int(certainty * 255),) * 3, thickness=-1)
    reduced = cv2.resize(picture, (width, height))
    return np.ascontiguousarray(reduced[..., ::-1].transpose(2, 0, 1))


def _with_body(picture: NDArray[np.uint8], pixels: NDArray[np.float64], sure: NDArray[np.float64]) -> NDArray[np.uint8]:
    for (first, second), colour in zip(LIMBS, RAINBOW, strict=False):
        if sure[first] <= SURE or sure[second] <= SURE:
            continue
        (x1, y1), (x2, y2) = pixels[[first, second]].tolist()
        length = ((y1 - y2) ** 2 + (x1 - x2) ** 2) ** 0.5
        angle = math.degrees(math.atan2(y1 - y2, x1 - x2))
        middle = (int(np.mean([x1, x2])), int(np.mean([y1, y2])))
        outline = np.asarray(cv2.ellipse2Poly(middle, (int(length / 2), _HALF_WIDTH), int(angle), 0, 360, 1), np.int32)
        cv2.fillConvexPoly(picture, outline, _faded(colour, sure[first] * sure[second]))
    dimmed = cv2.LUT(picture, _DIMMED)
    for (x, y), certainty, colour in zip(pixels.astype(int).tolist(), sure.tolist(), RAINBOW, strict=True):
        if certainty > SURE:
            cv2.circle(dimmed, (x, y), _BODY_RADIUS, _faded(colour, certainty), thickness=-1)
    return np.asarray(dimmed, np.uint8)


def _draw_hand(picture: NDArray[np.uint8], pixels: NDArray[np.float64], sure: NDArray[np.float64]) -> None:
    whole = pixels.astype(int)
    # the original draws unsure points, too, in dark colours; a point that was not seen has no position
    shown = (whole > 0).all(axis=1) & (sure > 0)
    for number, (first, second) in enumerate(BONES):
        if shown[first] and shown[second]:
            level = int(sure[first] * sure[second] * 255)
            colour = [part * level for part in colorsys.hsv_to_rgb(number / len(BONES), 1.0, 1.0)]
            cv2.line(picture, whole[first].tolist(), whole[second].tolist(), colour, thickness=_BONE_WIDTH)
    for point, certainty in zip(whole[shown].tolist(), sure[shown].tolist(), strict=True):
        cv2.circle(picture, point, _HAND_RADIUS, (0, 0, int(certainty * 255)), thickness=-1)


def _faded(colour: tuple[int, int, int], share: float) -> tuple[int, ...]:
    return tuple(int(level * share) for level in colour)

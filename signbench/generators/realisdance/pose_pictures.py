"""Pose pictures as RealisDance sees them: OpenPose's colours on black, without confidences and without a face.

Source: damo-cv/RealisDance, branch RealisDance-SD, ``src/data/dwpose_utils/draw_pose.py``, which its authors call without faces.
Hands' points are drawn before their bones, and channels keep their order; in MimicMotion's pictures it is the other way round.
"""

from __future__ import annotations

import colorsys
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from signbench.generators.mimicmotion.pose_pictures import BODY, BONES, LIMBS, RAINBOW, SURE, PosePoints

_HALF_WIDTH, _RADIUS, _BONE_WIDTH = 4, 4, 2
# OpenCV's coordinates are 32-bit numbers
_FARTHEST = 8


def drawn(pose: PosePoints, frame: int, size: tuple[int, int], canvas: int) -> NDArray[np.uint8]:
    """Draws one frame.

    Args:
        pose: the points; those of the body are drawn if they are surer than 0.3, those of hands if they are seen.
        frame: its index.
        size: height and width of the picture.
        canvas: shorter side of the canvas, on which strokes are 2 to 8 pixels wide. It is reduced by area.

    Returns:
        uint8 ``(3, H, W)``.
    """
    height, width = size
    scale = canvas / min(height, width)
    rows, columns = round(height * scale), round(width * scale)
    inside = (np.abs(pose.points[frame]) < _FARTHEST).all(axis=1)
    pixels = np.where(inside[:, None], pose.points[frame], 0.0) * np.array([columns, rows], np.float64)
    sure = np.where(inside, pose.confidence[frame], 0.0)
    picture = np.zeros((rows, columns, 3), np.uint8)
    _draw_body(picture, pixels[: len(BODY)], sure[: len(BODY)] > SURE)
    for hand in (slice(-42, -21), slice(-21, None)):
        _draw_hand(picture, pixels[hand], sure[hand] > 0)
    if (rows, columns) != size:
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


def _draw_body(picture: NDArray[np.uint8], pixels: NDArray[np.float64], seen: NDArray[np.bool_]) -> None:
    for (first, second), colour in zip(LIMBS, RAINBOW, strict=False):
        if not (seen[first] and seen[second]):
            continue
        (x1, y1), (x2, y2) = pixels[[first, second]].tolist()
        length = ((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5
        angle = math.degrees(math.atan2(y1 - y2, x1 - x2))
        middle = (int(np.mean([x1, x2])), int(np.mean([y1, y2])))
        outline = cv2.ellipse2Poly(middle, (int(length / 2), _HALF_WIDTH), int(angle), 0, 360, 1)
        cv2.fillConvexPoly(picture, np.asarray(outline, np.int32), colour)
    picture[:] = (picture * 0.6).astype(np.uint8)
    for (x, y), shown, colour in zip(pixels.astype(int).tolist(), seen.tolist(), RAINBOW, strict=True):
        if shown:
            cv2.circle(picture, (x, y), _RADIUS, colour, thickness=-1)


def _draw_hand(picture: NDArray[np.uint8], pixels: NDArray[np.float64], seen: NDArray[np.bool_]) -> None:
    whole = pixels.astype(int)
    shown = (whole > 0).all(axis=1) & seen
    for point in whole[shown].tolist():
        cv2.circle(picture, point, _RADIUS, (0, 0, 255), thickness=-1)
    for number, (first, second) in enumerate(BONES):
        if shown[first] and shown[second]:
            colour = [level * 255 for level in colorsys.hsv_to_rgb(number / len(BONES), 1.0, 1.0)]
            cv2.line(picture, whole[first].tolist(), whole[second].tolist(), colour, thickness=_BONE_WIDTH)

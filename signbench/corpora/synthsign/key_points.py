"""The camera, and COCO-WholeBody's key points as it sees them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import inner, length
from signbench.corpora.synthsign.motion import FPS, Array
from signbench.corpora.synthsign.skeleton import Skeleton

EXTENT = 1.06
"""Width and height of the image in metres, at z = 0."""
_SHOULDERS_BELOW_TOP = 0.45
_CAMERA = 3.0
_NEAR = 0.045
"""How far an occluding limb extends to each side, as a share of the image."""


def project(points: Array) -> Array:
    """Projects 3D points ``(..., 3)`` to shares of the image's side ``(..., 2)``, with a camera three metres away."""
    middle = np.array([0.5, _SHOULDERS_BELOW_TOP / EXTENT])
    return np.asarray(points[..., :2] * nearness(points) / EXTENT + middle)


def nearness(points: Array) -> Array:
    """The magnification relative to z = 0 at 3D points ``(..., 3)``: ``(..., 1)``."""
    return np.asarray(_CAMERA / (_CAMERA - points[..., 2:]))


def key_points(body: Skeleton, size: int) -> tuple[Array, Array]:
    """COCO-WholeBody's 133 key points in pixels, with confidence.

    Source: Jin et al., "Whole-Body Human Pose Estimation in the Wild", ECCV 2020 (17 body, 6 feet, 68 face, 21 left and 21 right
    hand). Knees, ankles and feet are outside the image. A clearly visible point has confidence 0.95; motion blur lowers it by up to
    0.5, and points hidden by a hand or forearm have 0.3. Outside the image it is 0.

    Args:
        body: 3D points.
        size: side of the image in pixels; (0, 0) is the centre of the first pixel.

    Returns:
        Points float64 ``(T, 133, 2)``, confidence float64 ``(T, 133)`` in [0, 1]. Points with confidence 0 are 0.
    """
    pairs = [part[::-1] for part in (body.pupils, body.ears, body.shoulders, body.elbows, body.hands[:, :, 0], body.hips)]
    trunk = np.moveaxis(np.concatenate([body.face[None, :, 30], *pairs]), 0, 1)
    legs_and_feet = np.full((len(trunk), 4 + 6, 3), np.nan)
    space = np.concatenate([trunk, legs_and_feet, body.face, body.hands[1], body.hands[0]], axis=1)
    flat = project(space)

    # blur: shares of the image's side per second, as the mean of the incoming and outgoing speed
    step = length(np.diff(flat, axis=0)) * FPS
    speed = (np.concatenate([step[:1], step]) + np.concatenate([step, step[-1:]])) / 2
    confidence = 0.95 - np.clip(0.25 * np.nan_to_num(speed), 0, 0.5)
    confidence[_hidden(body, space, flat)] = 0.3
    points = flat * size - 0.5
    inside: NDArray[np.bool_] = np.all((points > -0.5) & (points < size - 0.5), axis=2)
    return np.where(inside[..., None], points, 0.0), np.where(inside, confidence, 0.0)


def _hidden(body: Skeleton, space: Array, flat: Array) -> NDArray[np.bool_]:
    """Whether a point is behind a palm or forearm that it does not belong to: bool ``(T, 133)``."""
    hidden = np.zeros(flat.shape[:2], dtype=bool)
    for side, own in ((0, [10, *range(112, 133)]), (1, [9, *range(91, 112)])):
        palm = body.hands[side][:, [0, 5, 17]].mean(axis=1)
        wrist, elbow = body.hands[side][:, 0], body.elbows[side]
        for start, end, reach in ((palm, body.hands[side][:, 9], _NEAR), (wrist, (wrist + elbow) / 2, 0.6 * _NEAR)):
            first, last = project(start), project(end)
            way = last - first
            share = inner(flat - first[:, None], way[:, None]) / np.maximum(inner(way, way), 1e-12)[:, None]
            share = np.clip(share, 0, 1)
            beside = length(flat - first[:, None] - share[..., None] * way[:, None])
            depth = start[:, None, 2] + share * (end - start)[:, None, 2]
            covered = (beside < reach) & (depth > space[..., 2] + 0.02)
            covered[:, own] = False
            hidden |= covered
    return hidden

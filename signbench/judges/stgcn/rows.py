"""What ST-GCN reads: rows of numbers for each joint, from rotations or from key points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.media.body_model import LEFT_EYE, PARENTS, RIGHT_EYE
from signbench.media.rotations import six_from_axis_angle

RATE = 25.0
"""Frames per second of the motion; rows have half of it."""

STRIDE = 2

KEPT = tuple(joint for joint in range(len(PARENTS)) if joint not in (LEFT_EYE, RIGHT_EYE))
"""SMPL-X's joints without the eyes. The jaw is kept."""

_WEIGHTS = np.array([1, 4, 6, 4, 1], np.float32) / 16


def rotation_rows(rotations: NDArray[np.float32]) -> NDArray[np.float32]:
    """6D rotations, smoothed over five frames, every second frame.

    Args:
        rotations: axis-angle ``(T, 55, 3)``, radians, 25 frames per second.

    Returns:
        float32 ``(ceil(T / 2), 53, 6)``.
    """
    return smoothed(six_from_axis_angle(rotations[:, KEPT]).astype(np.float32))


def smoothed(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every second frame as the weighted mean of five, with the first and last frames repeated.

    Args:
        values: ``(T, ...)``.
    """
    frames = len(values)
    centres = np.arange(0, frames, STRIDE)
    total = np.zeros((len(centres), *values.shape[1:]), np.float32)
    for shift, share in zip(range(-2, 3), _WEIGHTS, strict=True):
        total += share * values[np.clip(centres + shift, 0, frames - 1)]
    return total


def point_rows(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Key points with confidence, relative to the shoulders, smoothed, every second frame.

    Args:
        points: float32 ``(T, 133, 3)``: x, y, confidence; 25 frames per second.

    Returns:
        float32 ``(ceil(T / 2), 133, 3)``; a point that is not seen is 0.
    """
    seen = (points[..., 2] > 0).astype(np.float32)
    both = (seen[:, 5] > 0) & (seen[:, 6] > 0)
    known = points[both] if both.any() else points
    centre = np.median((known[:, 5, :2] + known[:, 6, :2]) / 2, axis=0)
    unit = max(1e-6, float(np.median(np.linalg.norm(known[:, 5, :2] - known[:, 6, :2], axis=1))))
    positions = (points[..., :2] - centre) / unit * seen[..., None]
    total = smoothed(np.concatenate([positions, seen[..., None]], axis=-1).astype(np.float32))
    weight = total[..., 2:]
    moved = np.where(weight > 0, total[..., :2] / np.maximum(weight, 1e-6), 0)
    return np.concatenate([np.clip(moved, -6, 6), weight], axis=-1).astype(np.float32)

"""The joints and numbers of SignAvatar: 53 of SMPL-X's 55 joints as 6D rotations, in the order of its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.media.body_model import JOINT_COUNT
from signbench.media.motion import Motion
from signbench.media.rotations import axis_angle_from_six, six_from_axis_angle

if TYPE_CHECKING:
    from collections.abc import Sequence

JOINTS = (*range(22), *range(25, 40), *range(40, 55), 22)
"""Indices in SMPL-X's order: pelvis and body, left hand, right hand, jaw; without the eyes."""

_LEGS = (1, 2, 4, 5, 7, 8, 10, 11)

UPPER = tuple(index for index, joint in enumerate(JOINTS) if joint not in (*_LEGS, 22))
"""Positions in :data:`JOINTS` of the 44 joints that the encoder reads: no legs and no jaw."""


def six_of(rotations: NDArray[np.float32]) -> NDArray[np.float32]:
    """The numbers that the network reads and writes.

    Args:
        rotations: axis-angle ``(T, 55, 3)``, radians.

    Returns:
        float32 ``(T, 53, 6)``, the first two rows of each matrix.
    """
    return six_from_axis_angle(rotations[:, JOINTS]).astype(np.float32)


def between_frames(six: NDArray[np.float32], positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """The network's output at fractional frame positions; between two frames each number changes along a line.

    The numbers are a continuous representation of rotations, so that joints turn almost evenly from one frame to the next.

    Args:
        six: ``(T, 53, 6)``.
        positions: float64 ``(S,)`` in [0, T - 1].

    Returns:
        float32 ``(S, 53, 6)``; at an integer position that frame's numbers.
    """
    lower = np.floor(positions).astype(np.int64)
    share = (positions - lower).astype(np.float32)[:, None, None]
    found = six[lower]
    if share.any():
        # in place: fresh memory takes longer than the arithmetic
        turn = six[np.minimum(lower + 1, len(six) - 1)]
        turn -= found
        turn *= share
        found += turn
    return found


def motion_of_six(six: NDArray[np.float32], rate: float, translation: Sequence[float] = (0.0, 0.0, 0.0)) -> Motion:
    """Rotations of SMPL-X's joints from the network's output; the eyes look ahead.

    Args:
        six: ``(T, 53, 6)``; the two rows of a joint need not be orthogonal.
        rate: frames per second.
        translation: position of the pelvis in all frames, metres.
    """
    rotations = np.zeros((len(six), JOINT_COUNT, 3), np.float32)
    rotations[:, JOINTS] = axis_angle_from_six(six)
    moved = np.broadcast_to(np.asarray(translation, np.float32), (len(six), 3)).copy()
    return Motion(rotations, moved, rate)

"""Frame rates: which are valid, which are considered equal, and how the frames of one rate map to those of another.

Video and key points share these rules, so that both forms of a clip stay in sync at any rate.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError

LARGEST_RATE = 1000.0
"""The highest frame rate that a file, a table or an option may state."""

SAME_RATE = 0.01
"""Rates within 1 % are considered equal: 30 and 29.97 frames per second are, 24 and 25 are not."""


def is_rate(fps: float) -> bool:
    """Whether a number is a valid frame rate: above 0 and at most 1000."""
    return math.isfinite(fps) and 0 < fps <= LARGEST_RATE


def check_rate(fps: float) -> None:
    """Refuses a number that is not a valid frame rate.

    Raises:
        InputError: the message states the bounds.
    """
    if not is_rate(fps):
        raise InputError(f"a frame rate must be above 0 and at most {LARGEST_RATE:g}, not {fps:g}.")


def same_rate(first: float, second: float) -> bool:
    """Whether two rates are considered equal."""
    return abs(first / second - 1) <= SAME_RATE


def sample_count(duration: float, fps: float) -> int:
    """Number of samples at times 0, 1/fps, 2/fps ... before ``duration`` seconds; at least 1."""
    return max(1, int(np.ceil(duration * fps - 1e-6)))


def positions_at_rate(frames: int, fps: float, target: float) -> NDArray[np.float64]:
    """The positions of another rate's frames among those of a clip, whose frame k is shown at k / fps.

    Args:
        frames: of the clip.
        fps: its rate.
        target: the other rate.

    Returns:
        float64 ``(S,)`` in [0, frames - 1]: sample k is at the time k / target, and samples end where the clip does. Positions that
        are integers up to rounding errors are integers. If the two rates are considered equal, sample k is frame k.
    """
    if same_rate(fps, target):
        return np.arange(frames, dtype=np.float64)
    positions = np.minimum(np.arange(sample_count(frames / fps, target)) * (fps / target), frames - 1)
    whole = np.rint(positions)
    settled: NDArray[np.float64] = np.where(np.abs(positions - whole) < 1e-6, whole, positions)
    return settled


def count_at_rate(frames: int, fps: float, target: float) -> int:
    """The number of samples that :func:`positions_at_rate` returns."""
    return frames if same_rate(fps, target) else sample_count(frames / fps, target)

"""Frame rates: which are rates at all, which count as one, and where the frames of one rate stand among those of another.

Video and key points share these rules, so that a clip's two forms keep step whatever rate they are brought to.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError

LARGEST_RATE = 1000.0
"""Frames per second that a file, a table or an option may name at most."""

SAME_RATE = 0.01
"""Rates nearer than 1 % count as one: 30 and 29.97 frames per second do, 24 and 25 do not."""


def is_rate(fps: float) -> bool:
    """Whether a number is a frame rate: above 0, up to 1000."""
    return math.isfinite(fps) and 0 < fps <= LARGEST_RATE


def check_rate(fps: float) -> None:
    """Refuses what is no frame rate.

    Raises:
        InputError: names the bounds.
    """
    if not is_rate(fps):
        raise InputError(f"a frame rate is above 0 and up to {LARGEST_RATE:g}, not {fps:g}.")


def same_rate(first: float, second: float) -> bool:
    """Whether two rates count as one."""
    return abs(first / second - 1) <= SAME_RATE


def sample_count(duration: float, fps: float) -> int:
    """Number of samples at times 0, 1/fps, 2/fps ... before ``duration`` seconds; at least 1."""
    return max(1, int(np.ceil(duration * fps - 1e-6)))


def positions_at_rate(frames: int, fps: float, target: float) -> NDArray[np.float64]:
    """Where the frames of another rate stand among a clip's, whose frame k is shown at k / fps.

    Args:
        frames: of the clip.
        fps: its rate.
        target: the other rate.

    Returns:
        float64 ``(S,)`` in [0, frames - 1]: sample k stands at the time k / target, and samples end where the clip does. What is a
        whole frame but for rounding is whole. Where the two rates count as one, frame k is sample k.
    """
    if same_rate(fps, target):
        return np.arange(frames, dtype=np.float64)
    positions = np.minimum(np.arange(sample_count(frames / fps, target)) * (fps / target), frames - 1)
    whole = np.rint(positions)
    settled: NDArray[np.float64] = np.where(np.abs(positions - whole) < 1e-6, whole, positions)
    return settled


def count_at_rate(frames: int, fps: float, target: float) -> int:
    """How many samples :func:`positions_at_rate` gives."""
    return frames if same_rate(fps, target) else sample_count(frames / fps, target)

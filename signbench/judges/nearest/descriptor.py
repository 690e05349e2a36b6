"""A clip of an isolated sign as one row of integers, so that distances are exact on every processor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose

MOMENTS = 24
"""The number of frames that every clip is resampled to; first and last frames are kept."""

GRID = 256
"""Steps per shoulder width."""

HAND_WEIGHT = 2
"""The factor of the fingers' positions relative to their wrist, because hand shapes are small."""

UNSEEN = np.iinfo(np.int16).min
"""The value of a coordinate that was not seen."""

_FARTHEST = 32_000
_SHOULDERS = ("left_shoulder", "right_shoulder")
_HANDS = (("left_hand", "left_wrist"), ("right_hand", "right_wrist"))

Descriptor = NDArray[np.int16]


def descriptor(pose: Pose) -> Descriptor:
    """Describes a clip by the row of numbers that the recogniser compares.

    Coordinates are centred on the midpoint between the shoulders and divided by the shoulder width, both as means over the clip.
    The fingers are added once more, relative to their wrist and :data:`HAND_WEIGHT` times as large. The clip is resampled linearly
    in time to :data:`MOMENTS` frames, and everything is rounded to 1 / :data:`GRID` of a shoulder width.

    Args:
        pose: key points of at least one frame, in any layout with both shoulders.

    Returns:
        int16 ``(D,)``, :data:`UNSEEN` where a point was not seen.

    Raises:
        MediaError: the layout has no shoulders, or no frame shows both.
    """
    layout = pose.layout
    if any(joint not in layout for joint in _SHOULDERS):
        raise MediaError(f"the layout {layout.name} has no shoulders, by which the judge nearest scales.")
    points, seen = pose.points.astype(np.float64), pose.seen
    left, right = layout.index(_SHOULDERS)
    both = np.flatnonzero(seen[:, left] & seen[:, right])
    if len(both) == 0:
        raise MediaError("no frame shows both shoulders, by which the judge nearest scales.")
    middle, width = np.zeros(points.shape[2]), 0.0
    for frame in both:  # in order: another order of summation changes the last digits
        middle += points[frame, left] + points[frame, right]
        gap = points[frame, left] - points[frame, right]
        width += float(np.sqrt(_squares(gap)))
    if not width > 0:
        raise MediaError("both shoulders coincide, so there is no shoulder width to measure by.")
    scaled = (points - middle / (2 * len(both))) / (width / len(both))
    columns = [(scaled, seen)]
    for part, wrist in _HANDS:
        columns.extend(_relative_to_wrist(scaled, seen, layout, part, wrist))
    values = np.concatenate([column for column, _ in columns], axis=1)
    known = np.concatenate([column for _, column in columns], axis=1)
    moments, present = _resampled(values, known)
    rounded = np.clip(np.rint(moments * GRID), -_FARTHEST, _FARTHEST)
    written = np.where(present[..., None], rounded, UNSEEN).astype(np.int16)
    return written.reshape(-1)


def distances(one: Descriptor, others: NDArray[np.int16]) -> NDArray[np.float64]:
    """Mean squared differences between one descriptor and many, over the coordinates that both have.

    Args:
        one: int16 ``(D,)``.
        others: int16 ``(N, D)``.

    Returns:
        float64 ``(N,)`` in squared steps of the grid; infinite if no coordinate is seen in both. Sums of integers are exact.
    """
    from signbench.judges.nearest.distance import sums_and_counts

    sums, counts = sums_and_counts(np.ascontiguousarray(one), np.ascontiguousarray(others), UNSEEN)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)


def _relative_to_wrist(
    points: NDArray[np.float64], seen: NDArray[np.bool_], layout: Layout, part: str, wrist: str
) -> list[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """The fingers of one hand relative to their wrist; empty if the layout has no such hand or wrist."""
    fingers = [joint for joint in layout.part(part) if joint != wrist]
    if not fingers or wrist not in layout:
        return []
    index, (root,) = layout.index(fingers), layout.index([wrist])
    return [((points[:, index] - points[:, [root]]) * HAND_WEIGHT, seen[:, index] & seen[:, [root]])]


def _resampled(values: NDArray[np.float64], known: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values ``(T, J, D)`` interpolated linearly at :data:`MOMENTS` times; known if both neighbours are."""
    last = len(values) - 1
    at = np.arange(MOMENTS) * last  # in units of 1 / (MOMENTS - 1) of a frame, so that nothing is rounded
    before, rest = np.divmod(at, MOMENTS - 1)
    after = np.minimum(before + 1, last)
    share = (rest / (MOMENTS - 1))[:, None, None]
    whole = (rest == 0)[:, None]
    present = np.where(whole, known[before], known[before] & known[after])
    mixed = values[before] * (1 - share) + values[after] * share
    return np.where(whole[..., None], values[before], mixed), present


def _squares(vector: NDArray[np.float64]) -> float:
    total = 0.0
    for value in vector.tolist():
        total += value * value
    return total

"""Dynamic time warping, compiled: the exact alignment, fastdtw's approximation with radius 1, and exact costs without a path.

Everything is float64 and strictly ordered (no fast-math, no threads), so that a result depends on its input alone. The costs of a
block of frames are computed just before they are needed; memory is one byte per pair of frames, and only if a path is requested.
Importing this module imports numba, which is slow: import it inside the functions that need it.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from signbench.compilation import compiled
from signbench.errors import MediaError

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Path = NDArray[np.int64]
"""int64 ``(P, 2)``: aligned frames (prediction, reference) from (0, 0) to the last frames; no step moves either side back."""

Cost = Literal["euclidean", "squared", "absolute"]
_COSTS: dict[Cost, int] = {"euclidean": 0, "squared": 1, "absolute": 2}

MOST_CELLS = 2**32
"""The maximum number of frame pairs for an exact alignment (4 GiB of steps)."""

_EUCLIDEAN, _ABSOLUTE = 0, 2
_ROWS = 16  # prediction frames whose costs are computed together: each reference frame is then read once for all of them
_COLUMNS = 128  # reference frames of a block, so that the running sums stay in the first-level cache
_DIAGONAL, _PREDICTION, _REFERENCE = 0, 1, 2  # the step that led to a pair of frames


@compiled
def _costs(frames: Floats, columns: Floats, first: int, last: int, kind: int, out: Floats) -> None:
    """Costs of prediction frames ``(R, D)`` against reference frames first to last - 1 of ``columns`` ``(D, S)``, into ``(R, S)``.

    Each cost sums its coordinates in order, independently of the block sizes; the inner loop runs over reference frames, which
    compilers vectorise without reordering any sum.
    """
    for start in range(first, last, _COLUMNS):
        stop = min(start + _COLUMNS, last)
        for row in range(frames.shape[0]):
            out[row, start:stop] = 0.0
        for axis in range(frames.shape[1]):
            column = columns[axis, start:stop]
            for row in range(frames.shape[0]):
                value = frames[row, axis]
                sums = out[row, start:stop]
                if kind == _ABSOLUTE:
                    for column_index in range(sums.size):
                        sums[column_index] += abs(value - column[column_index])
                else:
                    for column_index in range(sums.size):
                        difference = value - column[column_index]
                        sums[column_index] += difference * difference
        if kind == _EUCLIDEAN:
            for row in range(frames.shape[0]):
                sums = out[row, start:stop]
                for column_index in range(sums.size):
                    sums[column_index] = np.sqrt(sums[column_index])


@compiled
def _exact_steps(prediction: Floats, columns: Floats, kind: int) -> NDArray[np.uint8]:
    """The best step into every pair of frames, ``(T, S)``; ties prefer the diagonal, then the prediction, then the reference."""
    frames, width = prediction.shape[0], columns.shape[1]
    steps = np.empty((frames, width), dtype=np.uint8)
    costs = np.empty((_ROWS, width), dtype=np.float64)
    above = np.full(width + 1, np.inf)
    here = np.full(width + 1, np.inf)
    above[0] = 0.0
    for start in range(0, frames, _ROWS):
        stop = min(start + _ROWS, frames)
        _costs(prediction[start:stop], columns, 0, width, kind, costs)
        for frame in range(start, stop):
            for column_index in range(width):
                best, step = above[column_index], _DIAGONAL
                if above[column_index + 1] < best:
                    best, step = above[column_index + 1], _PREDICTION
                if here[column_index] < best:
                    best, step = here[column_index], _REFERENCE
                here[column_index + 1] = best + costs[frame - start, column_index]
                steps[frame, column_index] = step
            above, here = here, above
            here[0] = np.inf
            above[0] = np.inf
    return steps


@compiled
def _exact_cost(prediction: Floats, columns: Floats, kind: int) -> float:
    """The lowest accumulated cost of aligning prediction ``(T, D)`` with reference columns ``(D, S)``."""
    frames, width = prediction.shape[0], columns.shape[1]
    costs = np.empty((_ROWS, width), dtype=np.float64)
    above = np.full(width + 1, np.inf)
    here = np.full(width + 1, np.inf)
    above[0] = 0.0
    for start in range(0, frames, _ROWS):
        stop = min(start + _ROWS, frames)
        _costs(prediction[start:stop], columns, 0, width, kind, costs)
        for frame in range(start, stop):
            for column_index in range(width):
                here[column_index + 1] = (
                    min(above[column_index], above[column_index + 1], here[column_index]) + costs[frame - start, column_index]
                )
            above, here = here, above
            here[0] = np.inf
            above[0] = np.inf
    return float(above[width])


@compiled
def _trace(steps: NDArray[np.uint8]) -> Path:
    """The path through a full table of steps, from the first frames to the last."""
    frame, column_index = steps.shape[0] - 1, steps.shape[1] - 1
    path = np.empty((frame + column_index + 1, 2), dtype=np.int64)
    free = path.shape[0]
    while True:
        free -= 1
        path[free, 0] = frame
        path[free, 1] = column_index
        if frame == 0 and column_index == 0:
            return path[free:].copy()
        step = steps[frame, column_index]
        if step != _REFERENCE:
            frame -= 1
        if step != _PREDICTION:
            column_index -= 1


@compiled
def _band(
    prediction: Floats,
    columns: Floats,
    prediction_seen: Booleans,
    reference_seen: Booleans,
    alone: Floats,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> tuple[float, Path]:
    """Alignment within a band: prediction frame i may be paired with the reference frames first[i] to last[i] - 1.

    Ties are resolved as in the fastdtw package: a step of the prediction, then of the reference, then the diagonal, compared after
    the cost of the pair has been added. If the reference is not seen a pair costs nothing; if only the prediction is not seen,
    ``alone`` of the reference frame.
    """
    frames, width = prediction.shape[0], columns.shape[1]
    start_of = np.zeros(frames + 1, dtype=np.int64)
    for frame in range(frames):
        start_of[frame + 1] = start_of[frame] + last[frame] - first[frame]
    steps = np.empty(start_of[frames], dtype=np.uint8)
    costs = np.empty((1, width), dtype=np.float64)
    above = np.full(width + 1, np.inf)
    here = np.full(width + 1, np.inf)
    above[0] = 0.0
    for frame in range(frames):
        here[:] = np.inf
        _costs(prediction[frame : frame + 1], columns, first[frame], last[frame], _EUCLIDEAN, costs)
        for column_index in range(first[frame], last[frame]):
            cost = costs[0, column_index]
            if not reference_seen[column_index]:
                cost = 0.0
            elif not prediction_seen[frame]:
                cost = alone[column_index]
            best, step = above[column_index + 1] + cost, _PREDICTION
            if here[column_index] + cost < best:
                best, step = here[column_index] + cost, _REFERENCE
            if above[column_index] + cost < best:
                best, step = above[column_index] + cost, _DIAGONAL
            here[column_index + 1] = best
            steps[start_of[frame] + column_index - first[frame]] = step
        above, here = here, above

    frame, column_index = frames - 1, width - 1
    path = np.empty((frames + width, 2), dtype=np.int64)
    free = path.shape[0]
    while True:
        free -= 1
        path[free, 0] = frame
        path[free, 1] = column_index
        if frame == 0 and column_index == 0:
            return float(above[width]), path[free:].copy()
        step = steps[start_of[frame] + column_index - first[frame]]
        if step != _REFERENCE:
            frame -= 1
        if step != _PREDICTION:
            column_index -= 1


@compiled
def _window(path: Path, frames: int, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The band of a sequence around the path of its halves, widened by one frame of the halves on every side (radius 1)."""
    halves = path[-1, 0] + 1
    lowest = np.full(halves, width, dtype=np.int64)
    highest = np.zeros(halves, dtype=np.int64)
    for row in range(path.shape[0]):
        frame, column_index = path[row, 0], path[row, 1]
        lowest[frame] = min(lowest[frame], column_index)
        highest[frame] = max(highest[frame], column_index)
    first = np.empty(frames, dtype=np.int64)
    last = np.empty(frames, dtype=np.int64)
    for frame in range(frames):
        first[frame] = max(2 * (lowest[max(frame // 2 - 1, 0)] - 1), 0)
        last[frame] = min(2 * (highest[min(frame // 2 + 1, halves - 1)] + 1) + 2, width)
    return first, last


def _columns(reference: NDArray[np.floating[Any]]) -> Floats:
    return np.ascontiguousarray(reference.T, dtype=np.float64)


def _rows(prediction: NDArray[np.floating[Any]]) -> Floats:
    return np.ascontiguousarray(prediction, dtype=np.float64)


def exact_path(prediction: NDArray[np.floating[Any]], reference: NDArray[np.floating[Any]], cost: Cost = "euclidean") -> Path:
    """The alignment of lowest accumulated cost.

    Walking back from the last frames, each step goes to the neighbour with the lowest accumulated cost; on a tie to the diagonal
    one, then to a step of the prediction, then of the reference.

    Args:
        prediction: ``(T, D)``, T at least 1.
        reference: ``(S, D)``, S at least 1.
        cost: of a pair of frames.

    Returns:
        int64 ``(P, 2)``, max(T, S) <= P < T + S.

    Raises:
        MediaError: T times S exceeds :data:`MOST_CELLS`.
    """
    if prediction.shape[0] * reference.shape[0] > MOST_CELLS:
        raise MediaError(
            f"an exact alignment of {prediction.shape[0]} with {reference.shape[0]} frames does not fit in memory; cut the clip, "
            "or use the variant slrtp-fastdtw."
        )
    return _trace(_exact_steps(_rows(prediction), _columns(reference), _COSTS[cost]))


def exact_cost(prediction: NDArray[np.floating[Any]], reference: NDArray[np.floating[Any]], cost: Cost = "euclidean") -> float:
    """The lowest accumulated cost of an alignment: the sum of its pairs' costs.

    Args:
        prediction: ``(T, D)``, T at least 1.
        reference: ``(S, D)``, S at least 1.
        cost: of a pair of frames.
    """
    return float(_exact_cost(_rows(prediction), _columns(reference), _COSTS[cost]))


def fast_alignment(
    prediction: NDArray[np.floating[Any]],
    reference: NDArray[np.floating[Any]],
    prediction_seen: Booleans | None = None,
    reference_seen: Booleans | None = None,
) -> tuple[float, Path]:
    """The fastdtw algorithm (Salvador and Chan 2007) with radius 1: its approximate cost and its path.

    The path is the one that the Python package ``fastdtw`` finds, including ties. Both sides are halved (neighbouring frames
    averaged, an odd last frame dropped) until one is shorter than 3 frames, aligned exactly at that level, and the path is refined
    level by level within a band around it. The cost of a pair is the Euclidean distance, unless a side is marked as not seen: 0 if
    the reference frame is not seen, half the reference frame's norm if only the prediction's is not (Ham2Pose, ``metrics.py:
    masked_euclidean``). A halved frame is seen if both of its frames are.

    Args:
        prediction: ``(T, D)``, T at least 1.
        reference: ``(S, D)``, S at least 1.
        prediction_seen: bool ``(T,)``; None: all.
        reference_seen: bool ``(S,)``; None: all.

    Returns:
        The accumulated cost along the path, and the path, int64 ``(P, 2)``.
    """
    levels = [
        (
            _rows(prediction),
            _rows(reference),
            np.ones(len(prediction), dtype=np.bool_) if prediction_seen is None else prediction_seen,
            np.ones(len(reference), dtype=np.bool_) if reference_seen is None else reference_seen,
        )
    ]
    while min(len(levels[-1][0]), len(levels[-1][1])) >= 3:
        frames, others, frames_seen, others_seen = levels[-1]
        levels.append((_halved(frames), _halved(others), _both_seen(frames_seen), _both_seen(others_seen)))

    frames, others, frames_seen, others_seen = levels.pop()
    first = np.zeros(len(frames), dtype=np.int64)
    last = np.full(len(frames), len(others), dtype=np.int64)
    cost, path = _aligned(frames, others, frames_seen, others_seen, first, last)
    while levels:
        frames, others, frames_seen, others_seen = levels.pop()
        first, last = _window(path, len(frames), len(others))
        cost, path = _aligned(frames, others, frames_seen, others_seen, first, last)
    return float(cost), path


def _aligned(
    frames: Floats,
    others: Floats,
    frames_seen: Booleans,
    others_seen: Booleans,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> tuple[float, Path]:
    alone = np.sqrt((others * others).sum(axis=1)) / 2
    return _band(frames, _columns(others), frames_seen, others_seen, alone, first, last)


def _halved(frames: Floats) -> Floats:
    even = len(frames) - len(frames) % 2
    return np.asarray((frames[0:even:2] + frames[1:even:2]) / 2)


def _both_seen(seen: Booleans) -> Booleans:
    even = len(seen) - len(seen) % 2
    return np.asarray(seen[0:even:2] & seen[1:even:2])

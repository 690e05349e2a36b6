"""Digests of the visible contents of clips, and whether a production shows its own reference.

A digest of a file's bytes does not identify what the file shows: another container, another codec or one changed confidence gives
another digest. So the frames and key points that metrics see are digested on a coarse grid, whatever the file format, and every
production is compared with its own reference, frame by frame.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from signbench.media.pose import Pose
from signbench.runs.outcomes import FAR

CELLS = 16
"""Number of rows and columns of cells that an image is divided into."""

_SHARE_OF_POINTS, _SHARE_OF_FRAMES = 0.95, 0.9
_WINDOW = 12
_COARSE = 4
_FEW_POINTS = 24
_CANDIDATES = 3
_PIXEL_GRID, _FINE_GRID, _LARGEST_IN_METRES = 1e-3, 1e-5, 16.0


class SeenFrames:
    """Collects the frames of one side, each as the mean colours of its cells."""

    def __init__(self) -> None:
        self._chunks: list[NDArray[np.uint8]] = []

    def add(self, frames: NDArray[np.uint8]) -> None:
        """Adds the next frames, uint8 ``(n, H, W, 3)``."""
        self._chunks.append(cell_means(frames))

    @property
    def cells(self) -> NDArray[np.uint8]:
        """The mean colours, uint8 ``(T, rows, columns, 3)``."""
        return np.concatenate(self._chunks) if self._chunks else np.empty((0, CELLS, CELLS, 3), np.uint8)

    @property
    def content(self) -> str | None:
        """SHA-256 of the cells, in hexadecimal; None if there were no frames."""
        return _digest(self.cells) if self._chunks else None


def cell_means(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mean colour of each cell of each frame, in integer arithmetic, so that it is the same on every processor.

    Args:
        frames: uint8 ``(n, H, W, 3)``.

    Returns:
        uint8 ``(n, rows, columns, 3)``, with :data:`CELLS` rows and columns, or as many as there are pixels.
    """
    count, height, width, _ = frames.shape
    rows, columns = min(CELLS, height), min(CELLS, width)
    tops = np.arange(rows + 1) * height // rows
    lefts = np.arange(columns + 1) * width // columns
    bands = np.empty((count, rows, width, 3), np.uint32)
    for row in range(rows):
        np.add.reduce(frames[:, tops[row] : tops[row + 1]], axis=1, dtype=np.uint32, out=bands[:, row])
    sums = np.add.reduceat(bands, lefts[:-1], axis=2)
    areas = (np.diff(tops)[:, None] * np.diff(lefts))[..., None].astype(np.uint32)
    means: NDArray[np.uint8] = ((2 * sums + areas) // (2 * areas)).astype(np.uint8)
    return means


def pose_content(pose: Pose) -> str:
    """SHA-256 of key points on a grid, in hexadecimal; confidences do not matter, and neither do the coordinates of missing points.

    The grid spacing is 0.001 for coordinates in pixels, and 0.00001 for smaller units.
    """
    seen = pose.confidence > 0
    coordinates = np.where(seen[..., None], pose.points.astype(np.float64), 0)
    grid = _PIXEL_GRID if np.abs(coordinates).max(initial=0.0) > _LARGEST_IN_METRES else _FINE_GRID
    return _digest(np.rint(np.clip(coordinates / grid, -(2.0**53), 2.0**53)).astype(np.int64), seen)


def frames_departure(reference: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> float | None:
    """Distance of a production's frames from those of its reference.

    Every frame of the reference is compared with the production's frames around that time. The distance between two frames is that
    of their most different cell, as a share of white, after subtracting a difference in brightness that all cells have in common.

    Args:
        reference: cells, uint8 ``(T, rows, columns, 3)``.
        prediction: the same for the production.

    Returns:
        The distance within which 90 % of the reference's frames are found in the production, at most :data:`FAR`. None if a side
        has no frames, or the sides have different numbers of cells.
    """
    if not len(reference) or not len(prediction) or reference.shape[1:] != prediction.shape[1:]:
        return None
    fine = [side.reshape(len(side), -1, 3).astype(np.float32) for side in (reference, prediction)]
    coarse = [side[:, ::_COARSE, ::_COARSE].reshape(len(side), -1, 3).astype(np.float32) for side in (reference, prediction)]

    def furthest(sides: list[NDArray[np.float32]], frame: int, others: NDArray[np.int64]) -> NDArray[np.float32]:
        differences = sides[1][others] - sides[0][frame]
        differences -= differences.mean(axis=1, keepdims=True)
        furthest: NDArray[np.float32] = np.abs(differences).max(axis=(1, 2))
        return furthest

    def apart(frame: int, others: NDArray[np.int64], then: NDArray[np.int64]) -> float:
        nearest = others[np.argsort(furthest(coarse, frame, others), kind="stable")[:_CANDIDATES]]
        return float(furthest(fine, frame, np.union1d(nearest, then)).min()) / 255

    return _departure(len(reference), len(prediction), apart)


def pose_departure(reference: Pose, prediction: Pose) -> float | None:
    """Distance of a production's key points from those of its reference.

    The distance between two frames is the 95 % quantile over the points that both have, as a share of the points' extent (the root
    of their mean squared distance from their centre), after both were moved to one centre and scaled to one extent. A frame with
    fewer than half of the reference's points does not match it.

    Args:
        reference: ``(T, J, D)``.
        prediction: the same points of the production.

    Returns:
        As :func:`frames_departure`; None also if the reference has no points.
    """
    if reference.points.shape[1:] != prediction.points.shape[1:] or not prediction.frames:
        return None
    ours, theirs = reference.points.astype(np.float64), prediction.points.astype(np.float64)
    seen, shown = reference.confidence > 0, prediction.confidence > 0
    frames = np.flatnonzero(seen.sum(axis=1) > 1)
    if not len(frames):
        return None

    def apart(index: int, others: NDArray[np.int64], then: NDArray[np.int64]) -> float:
        frame = frames[index]
        both = shown[others] & seen[frame]
        others = others[2 * both.sum(axis=1) >= seen[frame].sum()]
        if not len(others):
            return FAR
        points = np.flatnonzero(seen[frame])
        few = points[:: -(-len(points) // _FEW_POINTS)]
        nearest = others[np.argsort(_distances(ours[frame], theirs[others], shown[others], few), kind="stable")[:_CANDIDATES]]
        nearest = np.union1d(nearest, np.intersect1d(others, then))
        return float(_distances(ours[frame], theirs[nearest], shown[nearest], points).min())

    return _departure(len(frames), prediction.frames, apart)


def _distances(
    frame: NDArray[np.float64], others: NDArray[np.float64], shown: NDArray[np.bool_], points: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Distances of several frames from one, over some of its points; :data:`FAR` if fewer than two are present."""
    both, others = shown[:, points], others[:, points]
    pair = [_centred(side, both) for side in (np.broadcast_to(frame[points], others.shape), others)]
    apart = np.where(both, np.sqrt(((pair[0] - pair[1]) ** 2).sum(axis=-1)), np.inf)
    apart.sort(axis=1)  # missing points come last
    counts = both.sum(axis=1)
    last = np.maximum(np.ceil(_SHARE_OF_POINTS * counts).astype(np.int64) - 1, 0)
    distances: NDArray[np.float64] = np.where(counts > 1, apart[np.arange(len(others)), last], FAR)
    return distances


def _centred(points: NDArray[np.float64], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Points of each frame relative to their centre, scaled by their extent."""
    count = np.maximum(seen.sum(axis=1), 1)[:, None]
    there = np.where(seen[..., None], points, 0)
    about = np.where(seen[..., None], points - (there.sum(axis=1) / count)[:, None], 0)
    extent = np.sqrt((about**2).sum(axis=(1, 2))[:, None] / count)
    return about / np.where(extent > 0, extent, 1)[..., None]


def _departure(frames: int, others: int, apart: Callable[[int, NDArray[np.int64], NDArray[np.int64]], float]) -> float:
    """The departure by a function of a frame, of the other side's frames at about its time, and of those at that very time.

    The nearest of many frames are sought by a part of each only, which differs little where signing is slow, and coding may differ
    more; so those of that very time are always compared.
    """
    allowed = frames - int(np.ceil(_SHARE_OF_FRAMES * frames))
    found: list[float] = []
    too_far = 0
    for frame in _spread(frames):
        then = _moments(frame, frames, others)
        distance = apart(frame, _about(then, others), then[(then >= 0) & (then < others)])
        found.append(distance)
        too_far += distance >= FAR
        if too_far > allowed:
            return FAR
    return round(min(FAR, sorted(found)[frames - allowed - 1]), 4)


def _spread(count: int) -> Iterator[int]:
    """All indices, in an order in which the first are far from one another."""
    for start in range(7):
        yield from range(start, count, 7)


def _moments(frame: int, frames: int, others: int) -> NDArray[np.int64]:
    """Frames of the other side at the same time, counted from the start, from the end, or as a share of the duration."""
    return np.unique((frame, frame + others - frames, frame * others // frames))


def _about(moments: NDArray[np.int64], others: int) -> NDArray[np.int64]:
    """Frames of the other side at about some times."""
    near = np.concatenate([np.arange(moment - _WINDOW, moment + _WINDOW + 1) for moment in moments])
    return np.unique(near[(near >= 0) & (near < others)])


def _digest(*arrays: NDArray[np.generic]) -> str:
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(f"{array.dtype.kind}{array.shape}".encode())
        whole.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return whole.hexdigest()

"""Sets of vectors for distances between distributions: how records hold them, and how folds read them.

A record holds ``prediction`` ``(n, D)`` and ``reference`` ``(m, D)``: the vectors of one clip, of both sides.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.metrics.base import Record, Records, Weights
from signbench.metrics.pairs import FeaturePair, ObservationPair, Pair

SideName = Literal["prediction", "reference"]
SIDES: tuple[SideName, SideName] = ("prediction", "reference")


class ObservationRecorder:
    """Keeps a network's rows of both sides: float32 ``(n, D)`` and ``(m, D)``."""

    def __init__(self, metric: str) -> None:
        """Args: metric: canonical name of the metric, for messages."""
        self.metric = metric
        self._rows: dict[SideName, list[NDArray[np.float32]]] = {side: [] for side in SIDES}

    def update(self, pair: Pair) -> None:
        if not isinstance(pair, ObservationPair):
            raise TypeError(f"metric {self.metric} compares observations, not {type(pair).__name__}")
        for side in SIDES:
            rows = getattr(pair, side)
            if len(rows):
                _check_shape(rows, self.metric, side)
                self._rows[side].append(np.array(rows, dtype=np.float32))

    def finish(self) -> Record:
        record: Record = {side: np.concatenate(rows) for side, rows in self._rows.items() if rows}
        if not all(side in record for side in SIDES):
            raise MediaError(f"metric {self.metric} needs at least one frame of each side; the clip has none.")
        _check_widths(record, self.metric)
        return record


class FeatureRecorder:
    """Keeps the single feature vector of each side of a clip, as ``(1, D)``, in the files' own precision."""

    def __init__(self, metric: str) -> None:
        """Args: metric: canonical name of the metric, for messages."""
        self.metric = metric
        self._record: Record = {}

    def update(self, pair: Pair) -> None:
        if not isinstance(pair, FeaturePair):
            raise TypeError(f"metric {self.metric} compares features, not {type(pair).__name__}")
        for side in SIDES:
            vector = np.asarray(getattr(pair, side))
            if vector.ndim != 1:
                raise InputError(f"metric {self.metric} needs one vector (D,) of each side; the {side}'s is {vector.shape}.")
            _check_shape(vector[None], self.metric, side)
            self._record[side] = vector[None].copy()
        _check_widths(self._record, self.metric)
        self.note(pair)

    def note(self, pair: FeaturePair) -> None:
        """Keeps further data of the clip that the metric needs."""

    def finish(self) -> Record:
        if not self._record:
            raise MediaError(f"metric {self.metric} needs the features of both sides; the clip has none.")
        return self._record


def _check_shape(rows: NDArray[Any], metric: str, side: str) -> None:
    """Refuses anything but ``(n, D)``, including a column, which is nearly always a row that was transposed by accident."""
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise InputError(f"metric {metric} needs vectors (n, D) of at least 2 numbers; the {side}'s are {rows.shape}.")
    if not np.isfinite(rows).all():
        raise InputError(f"metric {metric}: the {side}'s features contain a number that is not finite.")


def _check_widths(record: Record, metric: str) -> None:
    prediction, reference = (record[side].shape[1] for side in SIDES)
    if prediction != reference:
        raise InputError(
            f"metric {metric}: the prediction has {prediction} features, the reference {reference}; "
            "compute both with the same network."
        )


def read_vectors(records: Iterable[Record], side: SideName, metric: str) -> Iterator[NDArray[np.floating[Any]]]:
    """One side's vectors, clip by clip.

    Args:
        records: with both sides' vectors.
        side: ``prediction`` or ``reference``.
        metric: canonical name of the metric, for messages.

    Yields:
        ``(n, D)``, finite, D the same for all clips and at least 2; ``(0, 0)`` for a clip without vectors.

    Raises:
        InputError: a clip's vectors are not of that shape, or not finite.
    """
    width = None
    for record in records:
        rows = record[side]
        if len(rows) == 0:
            yield np.empty((0, 0))
            continue
        _check_shape(rows, metric, side)
        if width is None:
            width = rows.shape[1]
        elif rows.shape[1] != width:
            raise InputError(
                f"metric {metric}: one clip's {side} has {width} features, another's {rows.shape[1]}; "
                "compute all with the same network."
            )
        yield rows


def vector_counts(records: Records, side: SideName, metric: str) -> tuple[int, int]:
    """The number of vectors of a side, and their length; (0, 0) without clips."""
    count = width = 0
    for rows in read_vectors(records, side, metric):
        count += len(rows)
        width = max(width, rows.shape[1])
    return count, width


@dataclass(frozen=True, eq=False)
class VectorTable:
    """One side's vectors, in order of clip id, and in their own order within a clip.

    Attributes:
        rows: ``(n, D)``, on disk.
        clips: int64 ``(n,)``, index of the clip that each belongs to.
    """

    rows: NDArray[np.floating[Any]]
    clips: NDArray[np.int64]


@contextmanager
def vector_table(records: Records, side: SideName, metric: str, dtype: type[np.floating[Any]]) -> Iterator[VectorTable]:
    """One side's vectors in a temporary file, for folds that repeatedly select some of them.

    Args:
        records: with both sides' vectors.
        side: ``prediction`` or ``reference``.
        metric: canonical name of the metric, for messages.
        dtype: of the table.

    Raises:
        InputError: as :func:`read_vectors`, or there is no space for the file.
    """
    counts: list[int] = []
    width = 0
    with tempfile.TemporaryFile() as file:
        try:
            for rows in read_vectors(records, side, metric):
                counts.append(len(rows))
                width = max(width, rows.shape[1])
                file.write(np.ascontiguousarray(rows, dtype=dtype).tobytes())
            file.flush()
        except OSError as error:
            raise InputError(
                f"metric {metric}: the features do not fit into {tempfile.gettempdir()} ({error.strerror}); set TMPDIR."
            ) from error
        clips = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
        shape = (len(clips), width)
        yield VectorTable(
            np.memmap(file, dtype=dtype, mode="r", shape=shape) if len(clips) else np.empty(shape, dtype=dtype), clips
        )


def undefined(row: Weights, message: str) -> float:
    """The result for a score that cannot be computed: an error for the plain score, NaN if clips are left out or repeated.

    Args:
        row: int ``(N,)``, how often each clip counts.
        message: why there is no score, and what to do.

    Returns:
        NaN.

    Raises:
        InputError: every clip counts once; with the message.
    """
    if len(row) and (row == 1).all():
        raise InputError(message)
    return float("nan")

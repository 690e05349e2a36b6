"""Metrics of temporal consistency."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.metrics.base import Direction, Limits, Parameter, Record, Recorder, Records, Weights, spell, weighted_sum
from signbench.metrics.image import FrameRecorder, MeanOfFrames, frame_record
from signbench.metrics.pairs import FramePair

_CHANNELS_IN_REDUCTION = {"mean": Fraction(1), "max": Fraction(1), "sum": Fraction(3)}
"""The largest possible reduced difference, in units of the largest difference of one channel."""


class Tcd(MeanOfFrames):
    """Temporal consistency difference: the share of pixels far from the midpoint of the reference's neighbouring frames.

    ``D = |prediction[t] - (reference[t-1] + reference[t+1]) / 2|``, reduced over the channels; a frame's value is the share of
    pixels with ``D > threshold``, a clip's the mean over its N - 2 inner frames. Source: PGMM (arXiv 2409.16709), equations 12
    and 13 with threshold 0.5. The paper states neither the range of the samples nor the reduction over the channels, so both are
    parameters; none of the readings has been confirmed by its authors.

    The comparison is exact: for bytes it compares integers, ``|2 p - (a + b)|``, with the threshold as an exact decimal number. A
    difference that equals the threshold does not exceed it.

    It is not a reconstruction error: the midpoints themselves score 0, and a perfect copy of fast motion scores above 0. The score
    of the perfect copy is the reference value. A record holds ``sum`` and ``frames`` of the prediction, and ``reference_sum`` and
    ``reference_frames`` of the reference scored as a prediction; frames are inner frames.
    """

    name = "tcd"
    parameters = (
        Parameter("threshold", 0.5, "A pixel counts if its difference is larger than this; in units of the range."),
        Parameter("range", "unit", "Samples as numbers in [0, 1] (unit) or 0..255 (byte).", choices=("unit", "byte")),
        Parameter("reduce", "mean", "How a pixel's three differences are combined.", choices=("mean", "max", "sum")),
    )
    limits: ClassVar[Limits] = (0.0, 1.0)
    direction: ClassVar[Direction] = "lower"
    summary = "Share of pixels that differ from the midpoint of the reference's neighbouring frames."
    worst = 1.0

    def check(self) -> None:
        largest = _CHANNELS_IN_REDUCTION[self["reduce"]] * self._levels
        if not 0 <= self._threshold < largest:
            raise InputError(
                f"metric tcd: parameter threshold must be at least 0 and below {largest} for range={self['range']},"
                f"reduce={self['reduce']}, not {spell(self['threshold'])}; no difference could exceed it."
            )

    @property
    def _levels(self) -> int:
        return 1 if self["range"] == "unit" else 255

    @property
    def _threshold(self) -> Fraction:
        # 0.1 means one tenth, not the nearest binary number.
        return Fraction(repr(float(self["threshold"])))

    @property
    def limit(self) -> int:
        """The largest integer that does not exceed the threshold.

        It is compared with the sum, or with the maximum, of a pixel's three ``|2 p - (a + b)|`` on 0..255.
        """
        doubled_levels = 2 * 255 // self._levels
        channels = 3 if self["reduce"] == "mean" else 1
        return math.floor(self._threshold * doubled_levels * channels)

    def check_frames(self, height: int, width: int, frames: int) -> None:
        if frames < 3:
            raise MediaError(f"metric {self.canonical} needs clips of at least 3 frames, this one has {frames}.")

    def recorder(self) -> Recorder:
        return _TcdRecorder(self)

    def reference_score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        """The score of a perfect copy: the references against the midpoints of their own neighbouring frames.

        Clips whose production is missing were not compared with anything, so they are left out.

        Returns:
            float64 ``(B,)``; NaN if no clip counts.
        """
        rows = [(float(record["reference_sum"]), int(record["reference_frames"])) for record in records]
        values = np.array([total / frames if frames else 0.0 for total, frames in rows], dtype=np.float64)
        measured = np.array([frames > 0 for _, frames in rows], dtype=np.float64)
        with np.errstate(invalid="ignore"):
            return weighted_sum(values, weights) / weighted_sum(measured, weights)

    def missing(self) -> Record | None:
        return _record(self.worst, 1, 0.0, 0)


class _TcdRecorder(FrameRecorder):
    def __init__(self, metric: Tcd) -> None:
        super().__init__(metric.canonical)
        self._check_frames = metric.check_frames
        self._limit = metric.limit
        self._by_maximum = metric["reduce"] == "max"
        self._carried: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []
        self._over = 0
        self._reference_over = 0

    def take(self, pair: FramePair) -> None:
        count = _kernel()
        frames = [*self._carried, *zip(pair.prediction_rows, pair.reference_rows, strict=True)]
        for (_, before), (prediction, reference), (_, after) in zip(frames, frames[1:], frames[2:], strict=False):
            self._over += count(prediction, before, after, self._limit, self._by_maximum)
            self._reference_over += count(reference, before, after, self._limit, self._by_maximum)
        # Copies, because the decoder may reuse the memory for the next chunk.
        self._carried = [(prediction.copy(), reference.copy()) for prediction, reference in frames[-2:]]

    def fold(self) -> Record:
        self._check_frames(self.height, self.width, self.frames)
        pixels = self.height * self.width
        inner = self.frames - 2
        return _record(self._over / pixels, inner, self._reference_over / pixels, inner)


def _record(total: float, frames: int, reference_total: float, reference_frames: int) -> Record:
    references = frame_record(reference_total, reference_frames)
    return {**frame_record(total, frames), "reference_sum": references["sum"], "reference_frames": references["frames"]}


@cache
def _kernel() -> Callable[..., int]:
    import numba

    from signbench.compilation import compiled_for

    rows: Any = numba.types.Array(numba.uint8, 2, "C", readonly=True)
    return compiled_for(_count_over, rows, rows, rows, numba.int64, numba.boolean)


def _count_over(frame: NDArray[np.uint8], before: NDArray[np.uint8], after: NDArray[np.uint8], limit: int, by_maximum: bool) -> int:
    """Pixels of a frame ``(H, W * 3)`` whose reduced ``|2 frame - (before + after)|`` is larger than the limit; compiled."""
    height, width = frame.shape
    count = 0
    for row in range(height):
        middle, first, last = frame[row], before[row], after[row]
        for pixel in range(width // 3):
            j = 3 * pixel
            red = abs(2 * np.int32(middle[j]) - np.int32(first[j]) - np.int32(last[j]))
            green = abs(2 * np.int32(middle[j + 1]) - np.int32(first[j + 1]) - np.int32(last[j + 1]))
            blue = abs(2 * np.int32(middle[j + 2]) - np.int32(first[j + 2]) - np.int32(last[j + 2]))
            reduced = max(red, green, blue) if by_maximum else red + green + blue
            if reduced > limit:
                count += 1
    return count

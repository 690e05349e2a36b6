"""Shared parts of text metrics: records of counts, and folds that are functions of the counts' sums."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Metric, Parameter, Record, Recorder, Records, Value, Weights
from signbench.metrics.pairs import Pair, TextPair
from signbench.metrics.text_normalisation import composed, with_final_period

Totals = Mapping[str, NDArray[np.float64]]
"""Field of a record -> its weighted sums ``(B, ...)``."""

_BLOCK = 256
"""Clips whose counts are summed at once."""

FINAL_PERIOD = Parameter(
    "final_period",
    "keep",
    "The full stop at the end of both sides: kept (keep), removed (strip), or appended (append).",
    choices=("keep", "strip", "append"),
)


class TextMetric(Metric):
    """A metric of two texts.

    Each record holds, besides the metric's own counts, ``prediction_length`` and ``reference_length``, the numbers of tokens. Both
    sides are converted to Unicode's composed form (NFC) first. A missing production is measured as the empty text.
    """

    view = "text"
    pairs_frames = False

    @property
    def unit(self) -> str:
        return "%"

    def resolved(self) -> Mapping[str, Value]:
        return dict(sorted({**super().resolved(), "unicode": "nfc"}.items()))

    def recorder(self) -> Recorder:
        return _TextRecorder(self)

    @abstractmethod
    def measure(self, prediction: str, reference: str) -> Record:
        """The record of one clip.

        Args:
            prediction: in composed form, with the final full stop handled.
            reference: in composed form, with the final full stop handled.
        """

    def prepared(self, text: str) -> str:
        """The text as passed to :meth:`measure`."""
        settled = composed(text)
        return with_final_period(settled, self["final_period"]) if FINAL_PERIOD in self.parameters else settled

    def note(self, records: Records) -> str | None:
        """States how many predictions and references are empty."""
        found = []
        empty = {"prediction": 0, "reference": 0}
        for record in records:
            for side in empty:
                empty[side] += int(record[f"{side}_length"]) == 0
        for side, count in empty.items():
            if count:
                found.append(f"1 {side} is empty" if count == 1 else f"{count} {side}s are empty")
        return "; ".join(found) or None


class CorpusTextMetric(TextMetric):
    """A metric of text whose score is a function of its counts, summed over the clips."""

    @abstractmethod
    def fold(self, totals: Totals) -> NDArray[np.float64]:
        """The score from summed counts.

        Args:
            totals: field -> sums ``(B, ...)``; integers.

        Returns:
            float64 ``(B,)``; NaN if the counts leave it undefined.
        """

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        totals: dict[str, NDArray[np.float64]] = {}
        clips, start = iter(records), 0
        while block := list(islice(clips, _BLOCK)):
            weight = weights[:, start : start + len(block)].astype(np.float64)
            start += len(block)
            for field in block[0]:
                counts = np.array([record[field] for record in block], dtype=np.float64)
                # Sums of integers are exact below 2**53, in any order.
                added = (weight @ counts.reshape(len(block), -1)).reshape(len(weight), *counts.shape[1:])
                totals[field] = totals[field] + added if field in totals else added
        if not totals:
            return np.full(weights.shape[0], np.nan)
        return np.where(weights.any(axis=1), self.fold(totals), np.nan)

    def of_one(self, record: Record) -> float | None:
        """The score of a single clip, or None if it is undefined."""
        value = float(self.fold({field: counts[np.newaxis].astype(np.float64) for field, counts in record.items()})[0])
        return None if np.isnan(value) else value


def counts(**values: Any) -> Record:
    """A record of int64 arrays.

    Args:
        **values: integers, or sequences of them.
    """
    return {name: np.array(value, dtype=np.int64) for name, value in values.items()}


class _TextRecorder:
    def __init__(self, metric: TextMetric) -> None:
        self._metric = metric
        self._record: Record | None = None

    def update(self, pair: Pair) -> None:
        if not isinstance(pair, TextPair):
            raise TypeError(f"metric {self._metric.name} compares texts, not {type(pair).__name__}")
        if self._record is not None:
            raise ValueError("a clip has one text on each side")
        self._record = self._metric.measure(self._metric.prepared(pair.prediction), self._metric.prepared(pair.reference))

    def finish(self) -> Record:
        if self._record is None:
            raise ValueError("there is no text of the clip")
        return self._record

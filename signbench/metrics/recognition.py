"""Whether a recogniser understands the productions."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.metrics.base import (
    Direction,
    IntervalMethod,
    Limits,
    Metric,
    Parameter,
    Record,
    Recorder,
    Records,
    View,
    Weights,
    weighted_sum,
)
from signbench.metrics.pairs import LabelPair, Pair


class Accuracy(Metric):
    """Share of clips whose true label is among the recogniser's first ``top``.

    ``average=instance`` weights every clip equally; ``average=class`` first computes each label's own share, then the mean over the
    labels of the references. Source of both: ``dxli94/WLASL`` (``code/I3D/test_i3d.py``), top 1, 5 and 10.

    A record holds ``hit`` (int64, 0-d), ``known`` (int64, 0-d), whether the true label is one that the recogniser can give, as far
    as its ranking shows, ``named`` (int64, 0-d), whether the recogniser gives any label, and ``label`` (uint8 ``(L,)``), the true
    label in UTF-8. A clip without a label from the recogniser is wrong, and so is a missing production.
    """

    name = "accuracy"
    parameters = (
        Parameter("top", 1, "How many of the recogniser's labels count; above 1 it needs logits."),
        Parameter(
            "average",
            "instance",
            "instance: over clips; class: over the labels of the references, each by its own share.",
            choices=("instance", "class"),
        ),
    )
    limits: ClassVar[Limits] = (0.0, 1.0)
    direction: ClassVar[Direction] = "higher"
    view: ClassVar[View] = "labels"
    pairs_frames: ClassVar[bool] = False
    revision: ClassVar[int] = 2
    interval_method: ClassVar[IntervalMethod] = "share"
    summary = "Share of clips that a recogniser labels correctly."

    @property
    def unit(self) -> str:
        return "1"

    def clip_shares(self, records: Records) -> NDArray[np.float64]:
        if self["average"] == "instance":
            return super().clip_shares(records)
        classes = self._classes(records)
        shares = np.empty(len(records))
        for members in classes:
            shares[members] = 1 / (len(classes) * len(members))
        return shares

    @property
    def mean_of_clips(self) -> bool:
        return bool(self["average"] == "instance")

    def check(self) -> None:
        if self["top"] < 1:
            raise InputError(f"metric {self.name}: parameter top must be an integer of at least 1, not {self['top']}.")

    def recorder(self) -> Recorder:
        return _LabelRecorder(self)

    def clip_value(self, record: Record) -> float:
        return float(record["hit"])

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        weights = np.asarray(weights, dtype=np.int64)
        hits = np.array([int(record["hit"]) for record in records], dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self["average"] == "instance":
                return np.asarray(weighted_sum(hits, weights) / weights.sum(axis=1))
            total, present = np.zeros(len(weights)), np.zeros(len(weights))
            for members in self._classes(records):
                clips = weights[:, members].sum(axis=1)
                total += np.where(clips > 0, weights[:, members] @ hits[members] / clips, 0)
                present += clips > 0
            return np.asarray(total / present)

    def note(self, records: Records) -> str | None:
        unknown = sum(not int(record["known"]) for record in records)
        silent = sum(not int(record["named"]) for record in records)
        notes = [
            f"clips whose label the recogniser does not know, which count as wrong: {unknown}" if unknown else None,
            f"clips for which the recogniser names nothing, which count as wrong: {silent}" if silent else None,
        ]
        return "; ".join(filter(None, notes)) or None

    def missing(self) -> Record:
        return {"hit": np.array(0), "known": np.array(1), "named": np.array(1), "label": np.empty(0, np.uint8)}

    def _classes(self, records: Records) -> list[NDArray[np.int64]]:
        """Indices of the clips of each label, in order of the labels.

        Raises:
            InputError: a clip's label is not on record.
        """
        indices: dict[bytes, list[int]] = {}
        for index, record in enumerate(records):
            indices.setdefault(record["label"].tobytes(), []).append(index)
        if b"" in indices:
            raise InputError(
                f"metric {self.canonical} needs the label of every clip, but {len(indices[b''])} without a production have "
                "none; submit those, or use average=instance."
            )
        return [np.array(indices[label], dtype=np.int64) for label in sorted(indices)]


class _LabelRecorder:
    def __init__(self, metric: Accuracy) -> None:
        self._metric = metric.canonical
        self._top = metric["top"]
        self._record: Record = {}

    def update(self, pair: Pair) -> None:
        if not isinstance(pair, LabelPair):
            raise TypeError(f"metric {self._metric} compares labels, not {type(pair).__name__}")
        if not pair.reference:
            raise InputError(f"metric {self._metric} needs the true label of each clip; the reference has none.")
        if 0 < len(pair.ranked) < self._top:
            raise InputError(
                f"metric {self._metric} uses {self._top} labels, but the prediction ranks only {len(pair.ranked)}; provide "
                "logits for that many classes, or choose a smaller top."
            )
        self._record = {
            "hit": np.array(int(pair.reference in pair.ranked[: self._top])),
            "known": np.array(int(len(pair.ranked) < 2 or pair.reference in pair.ranked)),
            "named": np.array(int(bool(pair.ranked))),
            "label": np.frombuffer(pair.reference.encode(), dtype=np.uint8),
        }

    def finish(self) -> Record:
        if not self._record:
            raise MediaError(f"metric {self._metric} needs the labels of both sides; the clip has none.")
        return self._record

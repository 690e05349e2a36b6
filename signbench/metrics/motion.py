"""The variety of motions: mean distances between feature vectors, over all clips, and among clips of one sign.

The best value is that of the references: too little variety is as wrong as too much.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, listing
from signbench.metrics.base import (
    Direction,
    IntervalMethod,
    Limits,
    Metric,
    Parameter,
    Record,
    Recorder,
    Records,
    Value,
    View,
    Weights,
)
from signbench.metrics.one_thread import one_blas_thread
from signbench.metrics.pairs import FeaturePair
from signbench.metrics.vectors import SIDES, FeatureRecorder, SideName, undefined, vector_counts, vector_table

_BLOCK = 256
"""Rows of the distance matrix in memory at a time."""


def _parameters(size: int) -> tuple[Parameter, ...]:
    return (
        Parameter("size", size, "Number of drawn pairs for each group of clips."),
        Parameter("replacement", True, "Whether a clip may be drawn twice for one end of the pairs."),
        Parameter(
            "pairs",
            "drawn",
            "drawn: the mean over drawn pairs; all: its exact expectation, the mean over all ordered pairs.",
            choices=("drawn", "all"),
        ),
        Parameter("seed", 0, "Seed of the draws."),
        Parameter("repeats", 20, "Number of draws, which are averaged."),
    )


class MeanPairDistance(Metric):
    """The mean Euclidean distance between the two ends of pairs of clips, averaged over groups of clips.

    Both ends of a pair are drawn independently from the same group, so a clip may be paired with itself. Whether each end is drawn
    with or without replacement, every single pair is uniform over all ordered pairs of the group, and by the linearity of
    expectation the expected mean is ``1/n² · sum over i, j of |x_i - x_j|`` in both cases; ``pairs=all`` computes that.

    Draws are from the weighted multiset of clips in order of id, with ``PCG64(seed + repeat)``; groups are processed in order of
    their names. The predictions and the references get the same draws.
    """

    limits: ClassVar[Limits] = (0.0, None)
    direction: ClassVar[Direction] = "reference"
    view: ClassVar[View] = "features"
    pairs_frames: ClassVar[bool] = False
    interval_method: ClassVar[IntervalMethod] = "jackknife"

    @property
    def unit(self) -> str:
        return "1"

    def check(self) -> None:
        for name, fewest in (("size", 1), ("seed", 0), ("repeats", 1)):
            if self[name] < fewest:
                raise InputError(f"metric {self.name}: parameter {name} must be an integer of at least {fewest}, not {self[name]}.")

    def resolved(self) -> Mapping[str, Value]:
        return {"pairs": "all"} if self["pairs"] == "all" else super().resolved()

    def recorder(self) -> Recorder:
        return FeatureRecorder(self.canonical)

    def clip_value(self, record: Record) -> None:
        return None

    def samples(self, records: Records) -> tuple[int, int]:
        prediction, reference = (vector_counts(records, side, self.canonical)[0] for side in SIDES)
        return prediction, reference

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return self._fold(records, weights, "prediction")

    def reference_score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return self._fold(records, weights, "reference")

    @abstractmethod
    def groups(self, records: Records) -> Mapping[str, NDArray[np.int64]]:
        """Indices of the clips that may form pairs, by the group's name in messages, in order."""

    def _fold(self, records: Records, weights: Weights, side: SideName) -> NDArray[np.float64]:
        weights = np.asarray(weights, dtype=np.int64)
        groups = self.groups(records)
        scores = np.zeros(len(weights))
        for number, row in enumerate(weights):
            scores[number] = self._checked(groups, row)
        possible = np.flatnonzero(np.isfinite(scores))
        if len(possible) == 0:
            return scores
        with vector_table(records, side, self.canonical, np.float64) as table:
            if self["pairs"] == "all":
                scores[possible] = np.mean(
                    [mean_pair_distance(table.rows[members], weights[possible][:, members]) for members in groups.values()], axis=0
                )
            else:
                for which in possible:
                    scores[which] = self._drawn(table.rows, [np.repeat(own, weights[which][own]) for own in groups.values()])
        return scores

    def _checked(self, groups: Mapping[str, NDArray[np.int64]], row: Weights) -> float:
        """0, or NaN if a group is too small under these weights, or an error if it is too small altogether.

        A single clip could only be paired with itself, and without replacement no more clips can be drawn than there are.
        """
        fewest = 2 if self["replacement"] or self["pairs"] == "all" else max(2, self["size"])
        small = [f"{name} {int(row[members].sum())}" for name, members in groups.items() if row[members].sum() < fewest]
        if not small:
            return 0.0
        hint = " or choose a smaller size, or replacement=true" if fewest > 2 else ""
        return undefined(
            row, f"metric {self.canonical} needs at least {fewest} clips of each group; of {listing(small)}: add clips{hint}."
        )

    def _drawn(self, vectors: NDArray[np.floating], groups: Sequence[NDArray[np.int64]]) -> float:
        # A memory map is slow to index; a view of it as a plain array is not.
        rows, members = np.asarray(vectors), np.concatenate(groups)
        means = []
        for ends in _pairs(tuple(map(len, groups)), self["size"], self["replacement"], self["seed"], self["repeats"]):
            first, second = (members[end].ravel() for end in ends)
            distances = np.linalg.norm(rows[first] - rows[second], axis=1)
            means.append(distances.reshape(len(groups), -1).mean(axis=1))
        return float(np.mean(np.concatenate(means)))


@lru_cache(maxsize=32)
def _pairs(counts: tuple[int, ...], size: int, replacement: bool, seed: int, repeats: int) -> NDArray[np.int32]:
    """The drawn pairs, which depend on nothing but the sizes of the groups; rows of one task and sides of one run share them.

    Args:
        counts: number of clips of each group, in order; their members are numbered one group after the other.
        size: pairs of each group.
        replacement: whether a clip may be drawn twice for one end.
        seed: of the first draw.
        repeats: number of draws.

    Returns:
        int32 ``(repeats, 2, groups, size)``: the indices of both ends.
    """
    found = np.empty((repeats, 2, len(counts), size), np.int32)
    starts = np.cumsum((0, *counts))
    for repeat in range(repeats):
        generator = np.random.Generator(np.random.PCG64(seed + repeat))
        for group, count in enumerate(counts):
            for end in range(2):
                drawn = generator.integers(0, count, size) if replacement else generator.permutation(count)[:size]
                found[repeat, end, group] = drawn + starts[group]
    found.flags.writeable = False
    return found


class Diversity(MeanPairDistance):
    """The variety of motions in the whole set.

    Action2Motion and ACTOR: the defaults, in ACTOR with one draw for each of 20 seeds. Text-to-motion: ``size=300`` and
    ``replacement=false``. Source: ``EricGuo5513/action-to-motion`` (``eval_scripts/final_evaluation.py``), ``Mathux/ACTOR``
    (``src/evaluate/action2motion/diversity.py``), ``EricGuo5513/text-to-motion`` (``utils/metrics.py``).
    """

    name = "diversity"
    parameters = _parameters(200)
    summary = "Mean distance between feature vectors of two random clips."

    def groups(self, records: Records) -> Mapping[str, NDArray[np.int64]]:
        return {"all": np.arange(len(records))} if len(records) else {}


class Multimodality(MeanPairDistance):
    """The variety of motions of one sign, averaged over signs.

    Action2Motion and ACTOR: the defaults. Text-to-motion: ``size=10`` and ``replacement=false``, of 30 motions for each of 100
    texts. Sources as :class:`Diversity`. Implementations that draw clips until every sign has its pairs never end if a sign has no
    clip; here a sign needs at least 2 clips. Signs are the references' labels.
    """

    name = "multimodality"
    parameters = _parameters(20)
    revision = 2
    needs_labels = True
    summary = "Mean distance between feature vectors of two clips of one sign, averaged over signs."

    def recorder(self) -> Recorder:
        return _LabelledRecorder(self.canonical)

    def groups(self, records: Records) -> Mapping[str, NDArray[np.int64]]:
        indices: dict[str, list[int]] = {}
        for index, record in enumerate(records):
            indices.setdefault(record["label"].tobytes().decode(), []).append(index)
        return {label: np.array(indices[label], dtype=np.int64) for label in sorted(indices)}


class _LabelledRecorder(FeatureRecorder):
    """Also keeps the clip's sign, as UTF-8 in uint8 ``(L,)``."""

    def note(self, pair: FeaturePair) -> None:
        if not pair.label:
            raise InputError(f"metric {self.metric} needs the sign of each reference; add a column label to their ids.csv.")
        self._record["label"] = np.frombuffer(pair.label.encode(), dtype=np.uint8)


@one_blas_thread()
def mean_pair_distance(vectors: NDArray[np.floating], weights: Weights) -> NDArray[np.float64]:
    """Mean Euclidean distance over all ordered pairs of a weighted multiset, including each with itself.

    Args:
        vectors: ``(N, D)``.
        weights: int ``(B, N)``, each row adding up to at least 1.

    Returns:
        float64 ``(B,)``.
    """
    from scipy.spatial.distance import cdist

    often = weights.astype(np.float64)
    total = np.zeros(len(often))
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        end = start + len(block)
        distances = cdist(block, vectors[start:])
        own = often[:, start:end]
        total += np.sum((own @ distances[:, : len(block)]) * own, axis=1)
        total += 2 * np.sum((own @ distances[:, len(block) :]) * often[:, end:], axis=1)
    return np.asarray(total / often.sum(axis=1) ** 2)

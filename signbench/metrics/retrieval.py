"""Whether a production's features lead to its own reference among all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
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
from signbench.metrics.vectors import SIDES, FeatureRecorder, undefined, vector_counts, vector_table

_BLOCK = 256


class Retrieval(Metric):
    """The share of productions whose own reference is among the nearest references, or the mean reciprocal rank.

    References are ranked by the Euclidean distance between their features and the production's. With one correct answer the mean
    average precision is the mean of 1 / rank. A reference that is exactly as near as the correct one counts as nearer, so that
    productions that are all alike find nothing.

    With ``pool=32`` the clips are divided at random into groups of 32, and a production is compared with the references of its
    group: text-to-motion's R-precision is ``retrieval:pool=32`` with ``at`` 1, 2 and 3 (there between texts and motions). Clips
    that do not fill a group are left out of that draw.

    Source: Guo et al. 2022, ``EricGuo5513/text-to-motion``, ``utils/metrics.py: calculate_R_precision``; recall and average
    precision as in cross-modal retrieval.
    """

    name = "retrieval"
    parameters = (
        Parameter("measure", "recall", "recall: found among the nearest; map: mean reciprocal rank.", choices=("recall", "map")),
        Parameter("at", 1, "Of recall: number of nearest references among which the correct one counts."),
        Parameter("pool", 0, "Size of random groups within which is searched; 0: all clips."),
        Parameter("seed", 0, "Seed of the groups."),
        Parameter("repeats", 20, "Number of divisions into groups, which are averaged."),
    )
    limits: ClassVar[Limits] = (0.0, 1.0)
    direction: ClassVar[Direction] = "higher"
    view: ClassVar[View] = "features"
    pairs_frames: ClassVar[bool] = False
    interval_method: ClassVar[IntervalMethod] = "jackknife"
    summary = "Share of productions that lead to their own reference by their features."

    @property
    def unit(self) -> str:
        return "1"

    def check(self) -> None:
        for name, fewest in (("at", 1), ("pool", 0), ("seed", 0), ("repeats", 1)):
            if self[name] < fewest:
                raise InputError(f"metric retrieval: parameter {name} must be an integer of at least {fewest}, not {self[name]}.")
        if self["pool"] == 1 or (self["pool"] and self["measure"] == "recall" and self["at"] >= self["pool"]):
            raise InputError(f"metric {self.canonical}: a group of {self['pool']} always has the reference among its nearest.")

    def resolved(self) -> Mapping[str, Value]:
        drawn = ("pool", "seed", "repeats") if self["pool"] else ("pool",)
        nearest = ("at",) if self["measure"] == "recall" else ()
        return {name: self[name] for name in sorted(("measure", *nearest, *drawn))}

    def recorder(self) -> Recorder:
        return FeatureRecorder(self.canonical)

    def clip_value(self, record: Record) -> None:
        return None

    def samples(self, records: Records) -> tuple[int, int]:
        prediction, reference = (vector_counts(records, side, self.canonical)[0] for side in SIDES)
        return prediction, reference

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        weights = np.asarray(weights, dtype=np.int64)
        scores = np.full(len(weights), np.nan)
        with (
            vector_table(records, "prediction", self.canonical, np.float64) as ours,
            vector_table(records, "reference", self.canonical, np.float64) as theirs,
        ):
            for number, row in enumerate(weights):
                present = np.flatnonzero(row)
                if len(present) < max(2, self["pool"]):
                    fewest = max(2, self["pool"])
                    scores[number] = undefined(
                        row, f"metric {self.canonical} needs at least {fewest} clips, not {len(present)}: add clips."
                    )
                    continue
                scores[number] = self._found(ours.rows, theirs.rows, present, row[present].astype(np.float64))
        return scores

    def _found(
        self, ours: NDArray[np.floating], theirs: NDArray[np.floating], present: NDArray[np.int64], often: NDArray[np.float64]
    ) -> float:
        if not self["pool"]:
            return float(np.average(self._credit(ranks(ours[present], theirs[present])), weights=often))
        means = []
        for repeat in range(self["repeats"]):
            order = np.random.Generator(np.random.PCG64(self["seed"] + repeat)).permutation(len(present))
            groups = order[: len(order) // self["pool"] * self["pool"]].reshape(-1, self["pool"])
            values = np.concatenate([self._credit(ranks(ours[present[group]], theirs[present[group]])) for group in groups])
            means.append(np.average(values, weights=often[groups.ravel()]))
        return float(np.mean(means))

    def _credit(self, rank: NDArray[np.int64]) -> NDArray[np.float64]:
        return (rank <= self["at"]).astype(np.float64) if self["measure"] == "recall" else 1 / rank


@one_blas_thread()
def ranks(predictions: NDArray[np.floating], references: NDArray[np.floating]) -> NDArray[np.int64]:
    """The rank of each production's own reference among all references, from 1; equal distances count as nearer.

    Args:
        predictions: ``(N, D)``.
        references: ``(N, D)``, in the same order.

    Returns:
        int64 ``(N,)``.
    """
    from scipy.spatial.distance import cdist

    found = np.empty(len(predictions), np.int64)
    for start in range(0, len(predictions), _BLOCK):
        distances = cdist(predictions[start : start + _BLOCK], references)
        own = distances[np.arange(len(distances)), np.arange(start, start + len(distances))]
        found[start : start + len(distances)] = (distances <= own[:, None]).sum(axis=1)
    return found

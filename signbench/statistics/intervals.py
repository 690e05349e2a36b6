"""The 95 % interval of a metric's score: which method it takes, and why there is none where there is none."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.metrics.base import Metric, Records, Weights
from signbench.statistics import bootstrap, jackknife

FEWEST_CLIPS = 10
FEWEST_CLUSTERS = 5
BOOTSTRAP_CLUSTERS = 20
"""From this number of clusters on the clusters are resampled; below, each is left out in turn."""


@dataclass(frozen=True)
class Interval:
    """A 95 % interval, or the reason why there is none.

    Attributes:
        low: lower end in the metric's unit, or None.
        high: upper end in the metric's unit, or None.
        method: ``bootstrap``, ``jackknife``, ``cluster-bootstrap`` or ``cluster-jackknife``; what was done or would have been.
        reason: why there is no interval, in a few words, or None where there is one.
        score: the score of all clips, where it was folded on the way; NaN where it is undefined.
    """

    low: float | None
    high: float | None
    method: str
    reason: str | None = None
    score: float | None = field(default=None, compare=False)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """(low, high), or None where there is no interval."""
        return None if self.low is None or self.high is None else (self.low, self.high)


def interval(metric: Metric, records: Records, clusters: Sequence[Hashable] | None = None) -> Interval:
    """The 95 % interval of a metric's score.

    Metrics are resampled over clips (``interval_method`` = ``bootstrap``, the default) or have groups of clips left out
    (``jackknife``). With clusters, whole clusters are resampled or left out. The interval of a metric of direction ``reference`` is
    that of its value, not of the value's distance from the reference.

    Args:
        metric: the metric.
        records: its N records in order of clip id.
        clusters: each clip's cluster (such as its signer), in the same order; None: clips are independent.

    Returns:
        The interval, or the reason for its absence: fewer than 10 clips, fewer than 5 clusters, or an undefined score in more than
        5 % of the draws or without one of the groups.

    Raises:
        InputError: the number of cluster labels is not the number of records.
    """
    clips = len(records)
    jackknifed = metric.interval_method == "jackknife"
    cluster: NDArray[np.int64] | None = None
    units = clips
    method = "jackknife" if jackknifed else "bootstrap"
    if clusters is not None:
        if len(clusters) != clips:
            raise InputError(f"metric {metric.canonical}: {len(clusters)} cluster labels for {clips} clips; give one per clip.")
        cluster = numbered(clusters)
        units = len(set(clusters))
        jackknifed = jackknifed or units < BOOTSTRAP_CLUSTERS
        method = "cluster-jackknife" if jackknifed else "cluster-bootstrap"
    if clips < FEWEST_CLIPS:
        return Interval(None, None, method, f"fewer than {FEWEST_CLIPS} clips")
    if cluster is not None and units < FEWEST_CLUSTERS:
        return Interval(None, None, method, f"fewer than {FEWEST_CLUSTERS} clusters")

    if jackknifed:
        group = jackknife.groups(units)
        without = jackknife.leave_out(group if cluster is None else group[cluster])
        # the plain score rides along as a first row of ones, so that the records are read once
        scores = metric.score(records, np.concatenate([np.ones((1, clips), dtype=np.uint8), without]))
        plain: float | None = float(scores[0])
        bounds = jackknife.t_interval(float(scores[0]), scores[1:])
        reason = "the score is undefined when some clips are left out"
    else:
        plain = None
        weights: Weights = _shared_draws(units)
        if cluster is not None:
            weights = bootstrap.over_clusters(weights, cluster)
        scores = metric.score(records, weights)
        bounds = bootstrap.percentile_interval(scores)
        reason = f"the score is undefined in {int((~np.isfinite(scores)).sum())} of {len(scores)} draws"
    return Interval(None, None, method, reason, plain) if bounds is None else Interval(*bounds, method, None, plain)


def numbered(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    """Labels as numbers from 0 on, in order of first appearance.

    So clusters of one clip each give the very draws that the clips themselves would get.

    Returns:
        int64 ``(N,)``.
    """
    number: dict[Hashable, int] = {}
    return np.array([number.setdefault(label, len(number)) for label in labels], dtype=np.int64)


@lru_cache(maxsize=1)
def _shared_draws(units: int) -> Weights:
    """The draws that all metrics of a run share; read-only because they are shared."""
    weights = bootstrap.draws(units)
    weights.flags.writeable = False
    return weights

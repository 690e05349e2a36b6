"""The 95 % interval of a metric's score: the choice of method, and the reasons why there may be none."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Limits, Metric, Records
from signbench.statistics import jackknife, quantiles, shares, studentised
from signbench.statistics.units import Units

METHODS = "bootstrap-t+wilson+jackknife"
"""The version of the interval methods, as named in the provenance of a run."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A 95 % interval, or the reason why there is none.

    Attributes:
        low: lower end in the metric's unit, or None.
        high: upper end in the metric's unit, or None.
        method: the method, even if it gave no interval: ``bootstrap-t``, ``wilson`` or ``jackknife``, preceded by ``cluster-`` if
            clusters are the units.
        reason: why there is no interval, in a few words, or None if there is one.
        score: the score of all clips, if it was computed in the process; NaN if it is undefined.
    """

    low: float | None = None
    high: float | None = None
    method: str
    reason: str | None = None
    score: float | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls, found: tuple[float, float] | str, method: str, limits: Limits = (None, None), score: float | None = None
    ) -> Interval:
        """From its ends, which are clipped to the range of the metric; or from the reason why there are none."""
        if isinstance(found, str):
            return cls(method=method, reason=found, score=score)
        low, high = found
        return cls(
            low=low if limits[0] is None else max(low, limits[0]),
            high=high if limits[1] is None else min(high, limits[1]),
            method=method,
            score=score,
        )

    @property
    def bounds(self) -> tuple[float, float] | None:
        """(low, high), or None if there is no interval."""
        return None if self.low is None or self.high is None else (self.low, self.high)


def interval(metric: Metric, records: Records, clusters: Sequence[Hashable] | None = None) -> Interval:
    """The 95 % interval of a metric's score.

    The method is the metric's ``interval_method``: the studentised bootstrap over clips (``bootstrap``, the default), Wilson's
    interval (``share``), or the jackknife over groups of clips (``jackknife``). With clusters, whole clusters are drawn or left
    out. The interval of a metric of direction ``reference`` is that of its value, not of the value's distance from the reference.

    Args:
        metric: the metric.
        records: its N records in order of clip id.
        clusters: each clip's cluster (such as its signer), in the same order; None: clips are independent.

    Returns:
        The interval, or the reason for its absence: fewer than 10 clips, fewer than 5 clusters, clips that do not differ, or a
        score that is undefined without some of them.

    Raises:
        InputError: the number of cluster labels is not the number of records.
    """
    units = Units.of(len(records), clusters)
    method = units.named({"bootstrap": "bootstrap-t", "share": "wilson", "jackknife": "jackknife"}[metric.interval_method])
    if (reason := units.too_few()) is not None:
        return Interval(method=method, reason=reason)
    if metric.interval_method == "jackknife":
        scores = metric.score(records, units.leave_out())
        return of_left_out(scores, units, metric.limits)
    if metric.interval_method == "share":
        return Interval.of(_share(metric, records, units), method)
    return Interval.of(studentised.bounds(partial(metric.score, records), units), method, metric.limits)


def of_left_out(scores: NDArray[np.float64], units: Units, limits: Limits) -> Interval:
    """The interval of a score by the jackknife.

    Args:
        scores: float64 ``(1 + G,)``, the score of all clips and without each group of units.
        units: the units that were left out.
        limits: range of the metric; scores that cannot be negative are treated on a logarithmic scale, where their spread is
            symmetric.
    """
    method = units.named("jackknife")
    value, without = float(scores[0]), scores[1:]
    freedom = units.freedom(len(without))
    if not np.isfinite(scores).all():
        found: tuple[float, float] | str = "the score is undefined when some clips are left out"
    elif jackknife.standard_error(without) <= studentised.TIE * abs(value):
        found = studentised.same(units)
    elif limits[0] == 0:
        found = jackknife.log_interval(value, without, freedom) or "the score is too close to 0 to tell how far from it"
    else:
        found = jackknife.t_interval(value, without, freedom)
    return Interval.of(found, method, limits, value)


def _share(metric: Metric, records: Records, units: Units) -> tuple[float, float] | str:
    share = float(metric.score(records, np.ones((1, units.clips), dtype=np.uint8))[0])
    if not np.isfinite(share):
        return "the score is undefined"
    number = shares.effective_number(metric.clip_shares(records))
    if units.cluster is None:
        return shares.wilson(share, number)
    influence = studentised.influences(partial(metric.score, records), units)
    if not np.isfinite(influence).all():
        return "the score is undefined when some clips are left out"
    error = float(np.sqrt(np.sum(influence**2) / (units.count * (units.count - 1))))
    number = shares.clustered_number(share, error, number, units.effective)
    return shares.wilson(share, number, quantiles.students(units.freedom()))

"""Each clip's own score, by which rows are compared for duplicates and records are checked against a metric's limits."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Metric, Record
from signbench.runs.packed import PackedRun


def own_scores(records: PackedRun) -> dict[str, NDArray[np.float64]]:
    """Metric -> each clip's own score, float64 ``(N,)``, for metrics where every clip has one.

    Args:
        records: an entry's records.
    """
    found: dict[str, NDArray[np.float64]] = {}
    plan, store = records.plan, records.store
    for item in plan.measured:
        kept = [store.record(clip, item.key) for clip in plan.clips] if item.key else []
        values = [own_score(item.metric, record) for record in kept if record is not None]
        if len(values) == len(plan.clips) and None not in values:
            found[item.name] = np.array(values, dtype=np.float64)
    return found


def own_score(metric: Metric, record: Record) -> float | None:
    """The score of one clip by itself; None if it has none, or if the metric compares whole distributions."""
    value = metric.clip_value(record)
    if value is None and metric.interval_method != "jackknife":
        with np.errstate(all="ignore"):
            value = float(metric.score([record], np.ones((1, 1), dtype=np.int64))[0])
    return value if value is not None and math.isfinite(value) else None

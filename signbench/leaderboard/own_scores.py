"""What each clip of an entry scores alone: rows of a leaderboard are compared by it, and every such score lies within limits."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Metric, Record
from signbench.runs.packed import PackedRun


def own_scores(records: PackedRun) -> dict[str, NDArray[np.float64]]:
    """Metric -> each clip's own score, float64 ``(N,)``, where every clip has one.

    Args:
        records: of an entry.
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
    """The score of a clip alone; None where it has none, or where the metric is one of whole distributions."""
    value = metric.clip_value(record)
    if value is None and metric.interval_method != "jackknife":
        with np.errstate(all="ignore"):
            value = float(metric.score([record], np.ones((1, 1), dtype=np.int64))[0])
    return value if value is not None and math.isfinite(value) else None

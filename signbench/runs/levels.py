"""The levels with which scores through judges are compared: ceiling and chance, and whether the judge distinguishes them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import SignbenchError
from signbench.foreign.isolation import is_own
from signbench.metrics.base import Metric
from signbench.runs.outcomes import Failure
from signbench.runs.plan import Measured, RunPlan
from signbench.runs.result import Judged, Level
from signbench.runs.store import RecordStore, StoredRecords
from signbench.statistics.intervals import Interval, interval
from signbench.statistics.paired import Paired, paired

SIGNIFICANT = 0.05
"""Significance level at which a judge's ceiling must exceed its chance level."""

NOT_TRIED = Failure("it has not been scored yet; rerun the command to resume.", "pair")

Found = TypeVar("Found")
_known: dict[bytes, Any] = {}
"""Levels and tests of this process, by what they depend on."""

_MOST_KNOWN = 512


def counted_clips(plan: RunPlan, store: RecordStore, metric: Metric, key: str) -> tuple[list[str], dict[str, Failure]]:
    """The clips that enter a metric's score, and those without a record.

    Args:
        plan: the plan of the run.
        store: its records.
        metric: the metric.
        key: the key of its records.

    Returns:
        The scored clips, in order (measured ones, and missing productions if the metric has a worst value); and the failures.
    """
    failures = {clip: store.failure(clip, key) or NOT_TRIED for clip in plan.clips if not store.has(clip, key)}
    costs = metric.missing() is not None
    counted = [clip for clip in plan.clips if clip not in failures or (costs and failures[clip].fault == "prediction")]
    return counted, failures


def judged_levels(plan: RunPlan, store: RecordStore, item: Measured, value: float) -> tuple[Judged | None, str | None, str | None]:
    """Ceiling, chance and the score between them.

    A reference that the judge cannot judge is treated like a production that it cannot judge, so that the ground truth scores the
    ceiling. On a subset a judge is not refused, because few clips are not enough evidence.

    Returns:
        Ceiling, chance and the score between them; why the judge is refused, if it does not distinguish them on the task; and a
        note on the references that it could not judge.
    """
    if not item.levels:
        return None, None, None
    found: list[Level] = []
    folded: list[StoredRecords] = []
    for key, metric in item.levels:
        counted, failures = counted_clips(plan, store, metric, key)
        measured = len(plan.clips) - len(failures)
        records = StoredRecords(store, key, counted, metric.missing())
        level, bounds, _ = _level(metric, records, plan.clusters_of(counted)) if measured else (None, None, None)
        spread = None if bounds is None or bounds.low is None or bounds.high is None else (bounds.low, bounds.high)
        found.append(Level(value=level, interval=spread, clips=measured))
        folded.append(records)
    unjudged = None
    if (lacking := len(plan.clips) - found[0].clips) > 0:
        costs = "count as wrong in" if item.metric.missing() is not None else "are left out of"
        unjudged = f"references that the judge could not judge, which {costs} its ceiling: {lacking}"
    ceiling, chance = found
    span = None if ceiling.value is None or chance.value is None else ceiling.value - chance.value
    between = (value - chance.value) / span + 0.0 if span and chance.value is not None else None  # never -0
    judged = Judged(ceiling=ceiling, chance=chance, between=between)
    refusal = None if plan.subset is not None else _refusal(item.metric, folded[0], folded[1], plan)
    if refusal is not None:
        levels = " and ".join("unknown" if level.value is None else f"{level.value:.6g}" for level in found)
        refusal = f"refused: {refusal} ({levels})"
    return judged, refusal, unjudged


def _refusal(metric: Metric, ceiling: StoredRecords, chance: StoredRecords, plan: RunPlan) -> str | None:
    """Why the references are not judged significantly better than references dealt to other clips (one-sided, 5 %), or None."""
    other = set(chance.clips)
    clips = [clip for clip in ceiling.clips if clip in other]
    if len(clips) >= 2:
        pair = [StoredRecords(records.store, records.metric, clips, metric.missing()) for records in (ceiling, chance)]
        found = _tested(metric, pair[0], pair[1], plan.clusters_of(clips))
        if found.p is not None and found.p.worse <= SIGNIFICANT:
            return None
        if (found.smallest_p or 0.0) <= SIGNIFICANT:
            return "the judge's ceiling is not significantly above chance here"
    return "too few clips to show that the judge's ceiling is above chance here"


def _level(
    metric: Metric, records: StoredRecords, clusters: Sequence[str] | None
) -> tuple[float | None, Interval | None, str | None]:
    """As :func:`value_of`, computed once for equal records."""
    return _once("level", metric, (records,), clusters, lambda: value_of(metric, records, clusters))


def _tested(metric: Metric, ceiling: StoredRecords, chance: StoredRecords, clusters: Sequence[str] | None) -> Paired:
    """The paired test of a judge's chance level against its ceiling, computed once for equal records."""
    return _once("test", metric, (ceiling, chance), clusters, lambda: paired(metric, ceiling, chance, clusters, tests=1))


def _once(
    what: str, metric: Metric, sides: Sequence[StoredRecords], clusters: Sequence[str] | None, compute: Callable[[], Found]
) -> Found:
    """A result of own metrics that depends on nothing else; rows of one leaderboard have the same ceilings and chance levels."""
    if not is_own(metric):
        return compute()
    digest = hashlib.sha256(repr((what, metric.canonical, metric.signed_revision, clusters)).encode())
    for side in sides:
        for record in side:
            for name, array in record.items():
                digest.update(f"{name} {array.dtype} {array.shape} ".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
    key = digest.digest()
    if key not in _known:
        while len(_known) >= _MOST_KNOWN:
            _known.pop(next(iter(_known)))
        _known[key] = compute()
    found: Found = _known[key]
    return found


def value_of(
    metric: Metric, records: StoredRecords, clusters: Sequence[str] | None
) -> tuple[float | None, Interval | None, str | None]:
    """A score and its interval; or why there is no score, such as fewer clips than the metric needs.

    Jackknifed scores are expensive, and their interval computes the plain score anyway.
    """
    try:
        bounds = interval(metric, records, clusters) if metric.interval_method == "jackknife" else None
        if bounds is not None and bounds.score is not None:
            value = bounds.score if math.isfinite(bounds.score) else None
        else:
            value = number_of(metric.score(records, np.ones((1, len(records)), dtype=np.int64)))
    except SignbenchError as error:
        return None, None, str(error).rstrip(".")
    if value is None:
        return None, None, "the measured clips leave the score undefined"
    return value, bounds or interval(metric, records, clusters), None


def number_of(values: NDArray[np.float64] | None) -> float | None:
    """The score in an array ``(1,)``; None if there is none, or if it is undefined."""
    if values is None:
        return None
    number = float(values[0])
    return number if math.isfinite(number) else None

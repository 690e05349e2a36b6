"""One metric of two runs with its paired test, even if one keeps scores without groups of clips instead of records."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from signbench.runs.measured_run import MeasuredMetric, MeasuredRun
from signbench.statistics.paired import Folds, Paired, leave_out_folds, paired, paired_jackknife
from signbench.statistics.units import Units


def paired_metric(first: MeasuredRun, second: MeasuredRun, name: str, *, tests: int) -> tuple[list[str], Paired]:
    """Compares one metric of two runs with the same expected clips.

    Args:
        first: a run.
        second: another run.
        name: canonical name of the metric, which both measured the same way.
        tests: number of tests in the family.

    Returns:
        The clips that are scored in both, and the comparison.
    """
    ours, theirs = first.metrics[name], second.metrics[name]
    clips = [clip for clip in first.plan.clips if clip in ours.counted and clip in theirs.counted]
    clusters = first.clusters(clips)
    if ours.left_out is None and theirs.left_out is None:
        return clips, paired(ours.metric, ours.records(clips), theirs.records(clips), clusters, tests=tests)
    units = Units.of(len(clips), clusters)
    folds = [_folds(measured, clips, units) for measured in (ours, theirs)]
    return clips, paired_jackknife(ours.metric.direction, folds[0], folds[1], units)


def _folds(measured: MeasuredMetric, clips: Sequence[str], units: Units) -> Folds:
    """A run's scores without each group of clips: kept ones, if they are of exactly these clips, or computed from the records."""
    kept = measured.left_out
    if kept is None:
        return leave_out_folds(measured.metric, measured.records(clips), units)
    if len(measured.counted) == len(clips):
        return kept
    undefined = np.full_like(kept.scores, np.nan)
    return Folds(undefined, None if kept.references is None else undefined)

"""One metric of two runs with its paired test, even if one keeps scores without groups of clips instead of records."""

from __future__ import annotations

from signbench.runs.measured_run import MeasuredRun
from signbench.statistics.paired import Paired, paired, paired_jackknife
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
    if ours.metric.interval_method != "jackknife":
        return clips, paired(ours.metric, ours.records(clips), theirs.records(clips), clusters, tests=tests)
    units = Units.of(len(clips), clusters)
    return clips, paired_jackknife(ours.metric.direction, ours.leave_out_folds(clips), theirs.leave_out_folds(clips), units)

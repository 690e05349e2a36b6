"""The regression gate: whether a run is significantly and noticeably worse than a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import computed_field

from signbench.ci import worst_clips
from signbench.ci.baselines import Baseline
from signbench.ci.configuration import Configuration
from signbench.documents.models import Document, VersionedDocument
from signbench.documents.versions import Form
from signbench.errors import InputError, nearest
from signbench.metrics.base import Direction
from signbench.runs.comparison import MOST_MOVED, MovedClip, distance_of_clip, moved_clips, why_not_comparable
from signbench.runs.measured_run import MeasuredMetric, MeasuredRun
from signbench.runs.paired_metrics import paired_metric
from signbench.runs.result import Judged, TaskSplit
from signbench.statistics.multiplicity import holm
from signbench.statistics.paired import Paired

Outcome = Literal["passed", "improved", "regressed", "clips broken", "clips missing", "not tested", "not comparable"]
Verdict = Literal["passed", "improved", "regressed", "incomplete", "not comparable"]


class Check(Document):
    """A metric of a run, compared with the baseline."""

    metric: str
    """Canonical name."""
    outcome: Outcome
    """``not tested`` if it could not be measured, or there are too few clips for a test."""
    reason: str
    """The explanation of the outcome, as a sentence."""
    unit: str = "1"
    """The metric's unit; ``1`` for a pure number."""
    direction: Direction | None = None
    """Which way is better."""
    baseline: float | None = None
    """The baseline's score over the clips that both sides have."""
    run: float | None = None
    """The run's score over the same clips."""
    difference: float | None = None
    """run - baseline; with direction ``reference``, of the scores' distances from the reference value."""
    interval: tuple[float, float] | None = None
    """95 % interval of the difference, not corrected for the number of metrics."""
    p: float | None = None
    """One-sided p-value: the probability of a loss this large by chance alone."""
    p_holm: float | None = None
    """The p-value after Holm's correction for the checks of this report."""
    tolerance: float | None = None
    """How much worse the metric may be, in its unit."""
    test: str | None = None
    """``randomisation`` or ``jackknife``, preceded by ``cluster-`` if whole clusters are the units."""
    judged: Judged | None = None
    """If a judge was used: the ceiling, the chance level, and the position of the run's score between them."""
    lacking: tuple[str, ...] = ()
    """Clips that the baseline measured and the run did not."""
    broken: tuple[MovedClip, ...] = ()
    """Clips that are far worse than any of the baseline's, largest loss first; ``first`` is the baseline."""
    moved: tuple[MovedClip, ...] = ()
    """The ten clips with the largest differences; ``first`` is the baseline."""


class GateReport(VersionedDocument):
    """The result of a check. JUnit, annotations, Markdown and JSON are all rendered from it."""

    form = Form("a report of the gate", "report_version", 2, again="check the run again")

    report_version: Literal[2] = 2
    """Version of this document."""
    run: str
    """Label of the run."""
    generator: str | None
    """Name and version of the generator, if signbench ran it."""
    baseline: str
    """Name of the baseline."""
    task: TaskSplit | None
    """The run's task and split, if it has one."""
    alpha: float
    """Highest probability of a false alarm, over all metrics together."""
    complete: bool
    """Whether the run reaches the required coverage."""
    reasons: tuple[str, ...]
    """Why the run and the baseline could not be compared; empty if they could."""
    checks: tuple[Check, ...]
    """One for each metric of the family."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Verdict:
        """The outcome of the check as a whole."""
        verdicts: dict[int, Verdict] = {4: "not comparable", 3: "incomplete", 1: "regressed"}
        improved = any(check.outcome == "improved" for check in self.checks)
        return verdicts.get(self.exit_code, "improved" if improved else "passed")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def exit_code(self) -> int:
        """4 if something could not be compared or tested, 3 if the run is incomplete, 1 if it is worse, else 0."""
        outcomes = {check.outcome for check in self.checks}
        if self.reasons or not self.checks or outcomes & {"not comparable", "not tested"}:
            return 4
        if not self.complete:
            return 3
        return 1 if outcomes & {"regressed", "clips broken", "clips missing"} else 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def summary(self) -> str:
        """The outcome as a sentence."""
        if self.reasons:
            return f"{self.run} cannot be compared with the baseline {self.baseline}: {'; '.join(self.reasons)}."
        counts = {outcome: sum(check.outcome == outcome for check in self.checks) for outcome in _ORDER}
        parts = [f"{count} {outcome}" for outcome, count in counts.items() if count]
        ending = "" if self.complete else "; the run is incomplete"
        return f"{self.run} against the baseline {self.baseline}: {', '.join(parts) or 'nothing checked'}{ending}."


_ORDER: tuple[Outcome, ...] = ("regressed", "clips broken", "clips missing", "not comparable", "not tested", "improved", "passed")


def check(run: MeasuredRun, baseline: Baseline, configuration: Configuration) -> GateReport:
    """Checks a run against a baseline.

    A metric fails if the run is worse in the metric's direction, significantly (one-sided, with Holm's correction over the family)
    and by more than the tolerance. It also fails if the run breaks single clips, or lacks a clip that the baseline has.

    Args:
        run: the run.
        baseline: the baseline that the run is compared with.
        configuration: the metrics to check, and their tolerances.

    Raises:
        InputError: the configuration names a metric that the baseline does not have.
    """
    family = _family(baseline, configuration)
    reasons = task_differences(run.result.task, baseline)
    measured = [] if reasons else [_measured(run, baseline, name, len(family)) for name in family]
    worse = holm([each.found.p.worse if each.found is not None and each.found.p is not None else None for each in measured])
    better = holm([each.found.p.better if each.found is not None and each.found.p is not None else None for each in measured])
    card = run.result.generator
    return GateReport(
        run=run.label,
        generator=None if card is None else f"{card['name']} {card['version']}",
        baseline=baseline.name,
        task=run.result.task,
        alpha=configuration.alpha,
        complete=run.result.status == "complete",
        reasons=tuple(reasons),
        checks=tuple(
            _judged(each, configuration, run, baseline, *corrected)
            for each, *corrected in zip(measured, worse, better, strict=True)
        ),
    )


def task_differences(task: TaskSplit | None, baseline: Baseline) -> list[str]:
    """Why runs of a task cannot be compared with a baseline, as sentences; empty if they can.

    Args:
        task: the task and split, or None for a run without a task.
        baseline: the baseline.
    """
    pinned = baseline.run.result.task
    if task is None or pinned is None:
        return [] if task is pinned else [f"one of the two has no task: {_said(task)} against {_said(pinned)}"]
    fields = (("task", "name"), ("task version", "version"), ("split", "split"))
    return [
        f"the {word} differs: {getattr(task, field)} against {getattr(pinned, field)}"
        for word, field in fields
        if getattr(task, field) != getattr(pinned, field)
    ]


@dataclass(frozen=True)
class _Measured:
    """A metric's comparison before the correction over the family."""

    metric: str
    reasons: tuple[str, ...] = ()
    found: Paired | None = None
    lacking: tuple[str, ...] = ()
    moved: tuple[MovedClip, ...] = ()
    broken: tuple[MovedClip, ...] = ()
    tests: int = 1


def _family(baseline: Baseline, configuration: Configuration) -> Sequence[str]:
    if configuration.metrics is None:
        return baseline.family
    for name in configuration.metrics:
        if name not in baseline.run.metrics:
            raise InputError(f"the baseline {baseline.name} has no metric {name}. {nearest(name, baseline.run.metrics)}")
    return list(configuration.metrics)


def _measured(run: MeasuredRun, baseline: Baseline, name: str, tests: int) -> _Measured:
    reasons = why_not_comparable(baseline.run, run, name)
    if reasons:
        return _Measured(name, reasons)
    theirs, ours = baseline.run.metrics[name], run.metrics[name]
    lacking = tuple(clip for clip in run.plan.clips if clip in theirs.recorded and clip not in ours.recorded)
    if lacking and theirs.left_out is not None:
        # The baseline's scores without each group are of all its clips, so there is nothing to compare the others with.
        return _Measured(name, (), None, lacking)
    clips, found = paired_metric(baseline.run, run, name, tests=tests)
    by_clip = moved_clips(theirs, ours, clips)
    if by_clip is None:
        return _Measured(name, (), found, lacking, tests=tests)
    moved = tuple(each for each in by_clip[0][:MOST_MOVED] if each.difference)
    return _Measured(name, (), found, lacking, moved, _broken(theirs, ours, clips, by_clip[0]), tests)


def _broken(
    theirs: MeasuredMetric, ours: MeasuredMetric, clips: Sequence[str], moved: Sequence[MovedClip]
) -> tuple[MovedClip, ...]:
    """Clips that the run breaks, among those that both sides have a production for."""
    both = [clip for clip in clips if clip in theirs.recorded and clip in ours.recorded]
    if not worst_clips.covers(theirs.metric) or not both:
        return ()
    of_clip = {each.clip: each for each in moved}
    distances = np.array(
        [
            [
                distance_of_clip(theirs.metric, value, record)
                for record, value in zip(side.records(both), (getattr(of_clip[clip], which) for clip in both), strict=True)
            ]
            for side, which in ((theirs, "first"), (ours, "second"))
        ],
        dtype=np.float64,
    )
    return tuple(of_clip[both[index]] for index in worst_clips.broken(*distances))


def _judged(
    measured: _Measured,
    configuration: Configuration,
    run: MeasuredRun,
    baseline: Baseline,
    p_worse: float | None,
    p_better: float | None,
) -> Check:
    name, found = measured.metric, measured.found
    if measured.reasons:
        return Check(metric=name, outcome="not comparable", reason=f"{'; '.join(measured.reasons)}.")
    pinned = baseline.run.metrics[name]
    tolerance = None
    values = pinned.score.value, run.metrics[name].score.value
    difference = interval = None
    if values[1] is None:
        outcome: Outcome = "not tested"
        reason = f"not measured: {run.metrics[name].score.note}"
    elif found is None or found.p is None or found.worsening is None or found.first is None:
        outcome = "not tested" if found is not None else "clips missing"
        reason = f"not tested: {found.reason if found is not None else 'without these clips there is nothing to compare'}"
    else:
        values, difference, interval = (found.first, found.second), found.difference, found.interval.bounds
        tolerance = configuration.of(name).of(found.first)
        outcome, reason = _outcome(found.worsening, tolerance, p_worse, p_better, configuration.alpha)
        least = (found.smallest_p or 0.0) * measured.tests
        if found.worsening > tolerance and least > configuration.alpha:
            # no result could fail, so a pass would mean nothing
            outcome = "not tested"
            reason = f"{reason}; so few clips or clusters give no p below {least:.2g} after correction, whatever they are"
    broken = measured.broken if configuration.broken_clips else ()
    if broken:
        if outcome in ("passed", "improved"):
            outcome = "clips broken"
        which = "1 clip is" if len(broken) == 1 else f"{len(broken)} clips are"
        reason = f"{which} far worse than any of the baseline's; {reason}"
    if measured.lacking:
        if outcome not in ("regressed", "not tested"):
            outcome = "clips missing"
        reason = f"{len(measured.lacking)} of the clips that the baseline has were not measured; {reason}"
    return Check(
        metric=name,
        outcome=outcome,
        reason=f"{reason}.",
        unit=pinned.metric.unit,
        direction=pinned.metric.direction,
        baseline=values[0],
        run=values[1],
        difference=difference,
        interval=interval,
        p=found.p.worse if found is not None and found.p is not None else None,
        p_holm=p_worse,
        tolerance=tolerance,
        test=found.method if found is not None else None,
        judged=run.metrics[name].score.judged,
        lacking=measured.lacking,
        broken=broken,
        moved=measured.moved,
    )


def _outcome(
    worsening: float, tolerance: float, p_worse: float | None, p_better: float | None, alpha: float
) -> tuple[Outcome, str]:
    """Applies the gate's rule; the outcome, and its explanation."""
    size = f"{abs(worsening):.4g}"
    if worsening == 0:
        return "passed", "no difference"
    way, p = ("worse", p_worse) if worsening > 0 else ("better", p_better)
    if abs(worsening) <= tolerance:
        return "passed", f"{way} by {size}, within the tolerance of {tolerance:.4g}"
    beyond = f"{way} by {size}, beyond the tolerance of {tolerance:.4g}"
    if p is None or p > alpha:
        chance = "no test" if p is None else f"p = {p:.3g}"
        return "passed", f"{beyond}, but not significantly ({chance} after correction, alpha {alpha:g})"
    return "regressed" if worsening > 0 else "improved", f"{beyond}, and significantly (p = {p:.3g} after correction)"


def _said(task: TaskSplit | None) -> str:
    return "none" if task is None else f"{task.name} {task.version} ({task.split})"

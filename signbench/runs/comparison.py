"""Two or more runs on the same clips: the differences, their uncertainty, and the clips that moved. A versioned document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from signbench.documents.models import Document, VersionedDocument
from signbench.documents.versions import Form
from signbench.errors import InputError, NotComparableError, listing, nearest
from signbench.metrics.base import Direction, Metric, Record
from signbench.progress import Progress, silent
from signbench.runs import signature
from signbench.runs.measured_run import MeasuredMetric, MeasuredRun
from signbench.runs.paired_metrics import paired_metric
from signbench.runs.result import Judged, TaskSplit
from signbench.statistics.multiplicity import holm
from signbench.statistics.paired import effect_size

MOST_MOVED = 10


class RunFacts(Document):
    """A compared run."""

    run: str
    """As the user named it."""
    status: Literal["complete", "incomplete"]
    """Incomplete if a metric measured fewer clips than the coverage floor requires."""
    task: TaskSplit | None
    """The scored task, if there is one."""
    generator: str | None
    """Name and version, if signbench generated."""
    anchor: bool
    """Its generator sees the references, so it is never ranked."""


class MovedClip(Document):
    """A clip whose own value differs between the two runs."""

    clip: str
    """Its id."""
    first: float
    """Its value in the first run."""
    second: float
    """Its value in the second run."""
    difference: float
    """second - first; with direction ``reference``, of the distances from the reference's own value."""
    missing_in: tuple[Literal["first", "second"], ...] = ()
    """Runs that have no production for it, in which it counts as the metric's worst value."""


class MetricComparison(Document):
    """One metric of two runs on the same clips."""

    metric: str
    """Canonical name."""
    headline: bool
    """Whether it is in a leaderboard's first columns."""
    unit: str
    """``1`` for a pure number."""
    direction: Direction
    """Which way is better."""
    first: float | None
    """The first run's score over the compared clips."""
    second: float | None
    """The second run's score over the same clips."""
    reference_value: float | None
    """The score of the references themselves, if direction is ``reference``."""
    difference: float | None
    """second - first; with direction ``reference``, of the scores' distances from the reference value."""
    better: Literal["first", "second"] | None
    """The run with the better score, significant or not; null if they are equal or a score is undefined."""
    interval: tuple[float, float] | None
    """95 % interval of the difference, not corrected for the number of metrics; null with the reason in ``interval_note``."""
    interval_note: str
    """The method of the interval, or why there is none."""
    p: float | None
    """Two-sided p-value of the paired test; null with the reason in ``test_note``."""
    p_holm: float | None
    """The same, corrected by Holm's method for all tests of this comparison."""
    test: str
    """``randomisation`` or ``jackknife``, preceded by ``cluster-`` if whole clusters are the units."""
    test_note: str | None
    """Why there is no test."""
    draws: int | None
    """Random exchanges of the test; null for the jackknife."""
    effect_size: float | None
    """Mean of the clips' differences divided by their standard deviation, if the score is a mean of clips."""
    wins: int | None
    """Clips on which the second run is better; null if a clip has no value of its own."""
    ties: int | None
    """Clips on which both are equal."""
    losses: int | None
    """Clips on which the second run is worse."""
    clips: int
    """Number of compared clips."""
    worst_value: tuple[int, int]
    """Number of these that the first and the second run lack, which count as the metric's worst value."""
    left_out: tuple[str, ...]
    """Expected clips that one of the runs lacks, if the metric has no worst value; left out on both sides."""
    moved: tuple[MovedClip, ...]
    """The ten clips that moved most."""
    judged: tuple[Judged, Judged] | None = Field(default=None, exclude_if=lambda judged: judged is None)
    """Ceiling and chance level of both runs' complete scores, if they use a judge; otherwise left out."""
    signature: str
    """How both were measured."""


class NotComparable(Document):
    """A metric that was not measured the same way, or not by both."""

    metric: str
    """Canonical name."""
    reasons: tuple[str, ...]
    """The reasons, as sentences."""


class PairOfRuns(Document):
    """The first run compared with another one."""

    second: RunFacts
    """The run that is compared with the first."""
    metrics: tuple[MetricComparison, ...]
    """In the first run's order."""
    not_comparable: tuple[NotComparable, ...]
    """Metrics of either run that could not be compared."""
    notes: tuple[str, ...]
    """Notes that the reader should know before using the numbers."""


class Comparison(VersionedDocument):
    """Runs on the same clips; each is compared with the first."""

    form = Form("a comparison", "schema_version", 1, again="compare the runs again")

    schema_version: Literal[1] = 1
    """Version of this document."""
    first: RunFacts
    """The run with which the others are compared."""
    expected_clips: int
    """Number of expected clips of the runs."""
    tests: int = Field(ge=0)
    """Number of tests in Holm's correction: all metrics of all pairs."""
    pairs: tuple[PairOfRuns, ...]
    """In the requested order."""

    @property
    def exit_code(self) -> int:
        """4 if a pair has nothing to compare, 3 if a run is incomplete, else 0."""
        if any(all(metric.difference is None for metric in pair.metrics) for pair in self.pairs):
            return 4
        return 3 if any(facts.status != "complete" for facts in (self.first, *(pair.second for pair in self.pairs))) else 0


def compare(runs: Sequence[MeasuredRun], metrics: Sequence[str] | None = None, progress: Progress = silent) -> Comparison:
    """Compares runs with the first of them.

    Args:
        runs: two or more, of the same expected clips.
        metrics: names of the metrics to compare; None: all that the runs share.
        progress: called with the number of compared metrics.

    Raises:
        InputError: there are fewer than two runs, one of them is named twice, or the first run did not measure a metric.
        NotComparableError: the runs do not have the same expected clips; the message lists those that differ.
    """
    if len(runs) < 2:
        raise InputError("a comparison needs at least two runs; name another run folder.")
    if len({run.label for run in runs}) < len(runs):
        raise InputError("a run is named twice; name each once.")
    first, *others = runs
    wanted = None if metrics is None else [_named(first, name) for name in metrics]
    for other in others:
        _check_clips(first, other)
    shared = [_comparable(first, other, wanted) for other in others]
    tests = sum(len(names) for names, _ in shared)
    pairs: list[list[MetricComparison]] = []
    for other, (names, _) in zip(others, shared, strict=True):
        pairs.append([])
        for name in names:
            progress("comparing", sum(map(len, pairs)), tests)
            pairs[-1].append(_metric(first, other, name, tests))
    corrected = iter(holm([metric.p for pair in pairs for metric in pair]))
    return Comparison(
        first=_facts(first),
        expected_clips=len(first.plan.clips),
        tests=sum(metric.p is not None for pair in pairs for metric in pair),
        pairs=tuple(
            PairOfRuns(
                second=_facts(other),
                metrics=tuple(metric.model_copy(update={"p_holm": next(corrected)}) for metric in pair),
                not_comparable=lacking,
                notes=_notes(first, other),
            )
            for other, pair, (_, lacking) in zip(others, pairs, shared, strict=True)
        ),
    )


def why_not_comparable(first: MeasuredRun, second: MeasuredRun, name: str) -> tuple[str, ...]:
    """Why a metric of two runs cannot be compared, as sentences; empty if it can.

    Args:
        first: a run.
        second: another run.
        name: canonical name of the metric.
    """
    reasons = [f"{run.label} did not measure it" for run in (first, second) if name not in run.metrics]
    if reasons:
        return tuple(reasons)
    reasons = signature.differences(first.metrics[name].signature, second.metrics[name].signature)
    if not reasons:
        reasons = [
            f"the records of {run.label} were made by another revision of the metric than this installation has; score it again"
            for run in (first, second)
            if run.metrics[name].of_another_revision
        ]
    return tuple(reasons)


def moved_clips(
    first: MeasuredMetric, second: MeasuredMetric, clips: Sequence[str]
) -> tuple[list[MovedClip], tuple[int, int, int]] | None:
    """The differences of the clips' own values between two runs.

    Args:
        first: a metric of a run.
        second: the same of another run.
        clips: ids of clips that are scored in both.

    Returns:
        Every clip, those that moved most first; and the numbers on which the second run is better, equal, and worse. None if a clip
        has no value of its own, or a run does not keep its records.
    """
    if first.left_out is not None or second.left_out is not None:
        return None
    moved, outcomes = [], [0, 0, 0]
    metric = first.metric
    for clip, record, other in zip(clips, first.records(clips), second.records(clips), strict=True):
        values = metric.clip_value(record), metric.clip_value(other)
        if values[0] is None or values[1] is None:
            return None
        distances = distance_of_clip(metric, values[0], record), distance_of_clip(metric, values[1], other)
        worsening = distances[1] - distances[0]
        outcomes[0 if worsening < 0 else 2 if worsening > 0 else 1] += 1
        sides: tuple[tuple[Literal["first", "second"], MeasuredMetric], ...] = (("first", first), ("second", second))
        moved.append(
            MovedClip(
                clip=clip,
                first=values[0],
                second=values[1],
                difference=worsening if metric.direction == "reference" else values[1] - values[0],
                missing_in=tuple(side for side, measured in sides if clip not in measured.recorded),
            )
        )
    moved.sort(key=lambda each: (-abs(each.difference), each.clip))
    return moved, (outcomes[0], outcomes[1], outcomes[2])


def distance_of_clip(metric: Metric, value: float, record: Record) -> float:
    """The distance of a clip's value from the best possible one, for comparing it with another; larger is worse."""
    if metric.direction != "reference":
        return value if metric.direction == "lower" else -value
    reference = metric.reference_score([record], np.ones((1, 1), dtype=np.uint8))
    return abs(value - (float(reference[0]) if reference is not None else 0.0))


def _metric(first: MeasuredRun, second: MeasuredRun, name: str, tests: int) -> MetricComparison:
    ours, theirs = first.metrics[name], second.metrics[name]
    clips, found = paired_metric(first, second, name, tests=tests)
    by_clip = moved_clips(ours, theirs, clips)
    wins, ties, losses = by_clip[1] if by_clip is not None else (None, None, None)
    effect = None
    if by_clip is not None and ours.metric.mean_of_clips and ours.metric.direction != "reference":
        effect = effect_size(np.array([each.difference for each in by_clip[0]], dtype=np.float64))
    better: Literal["first", "second"] | None = None
    if found.worsening:
        better = "first" if found.worsening > 0 else "second"
    return MetricComparison(
        metric=name,
        headline=ours.score.headline,
        unit=ours.metric.unit,
        direction=ours.metric.direction,
        first=found.first,
        second=found.second,
        reference_value=_reference_value(ours, clips),
        difference=found.difference,
        better=better,
        interval=found.interval.bounds,
        interval_note=found.interval.reason or found.interval.method,
        p=found.p.two_sided if found.p is not None else None,
        p_holm=None,
        test=found.method,
        test_note=found.reason,
        draws=found.draws,
        effect_size=effect,
        wins=wins,
        ties=ties,
        losses=losses,
        clips=len(clips),
        worst_value=(len(set(clips) - ours.recorded), len(set(clips) - theirs.recorded)),
        left_out=tuple(sorted(set(first.plan.clips) - set(clips))),
        moved=tuple(each for each in by_clip[0][:MOST_MOVED] if each.difference) if by_clip is not None else (),
        judged=None if ours.score.judged is None or theirs.score.judged is None else (ours.score.judged, theirs.score.judged),
        signature=ours.signature,
    )


def _reference_value(measured: MeasuredMetric, clips: Sequence[str]) -> float | None:
    if measured.metric.direction != "reference" or not clips:
        return None
    if measured.left_out is not None:
        return measured.score.reference_value if len(clips) == len(measured.counted) else None
    found = measured.metric.reference_score(measured.records(clips), np.ones((1, len(clips)), dtype=np.uint8))
    return None if found is None or not math.isfinite(found[0]) else float(found[0])


def _named(run: MeasuredRun, text: str) -> str:
    try:
        return run.result[text].metric
    except KeyError:
        raise InputError(f"{run.label} did not measure {text}. {nearest(text, run.metrics)}") from None


def _check_clips(first: MeasuredRun, second: MeasuredRun) -> None:
    ours, theirs = set(first.plan.clips), set(second.plan.clips)
    parts = [
        f"{len(alone)} only in {run.label} ({listing(sorted(alone))})"
        for run, alone in ((first, ours - theirs), (second, theirs - ours))
        if alone
    ]
    if parts:
        raise NotComparableError(f"{first.label} and {second.label} are not about the same clips: {', '.join(parts)}.")


def _comparable(
    first: MeasuredRun, second: MeasuredRun, wanted: Sequence[str] | None
) -> tuple[list[str], tuple[NotComparable, ...]]:
    names = wanted if wanted is not None else list(dict.fromkeys([*first.metrics, *second.metrics]))
    reasons = {name: why_not_comparable(first, second, name) for name in names}
    lacking = tuple(NotComparable(metric=name, reasons=words) for name, words in reasons.items() if words)
    return [name for name, words in reasons.items() if not words], lacking


def _facts(run: MeasuredRun) -> RunFacts:
    card = run.result.generator
    return RunFacts(
        run=run.label,
        status=run.result.status,
        task=run.result.task,
        generator=None if card is None else f"{card['name']} {card['version']}",
        anchor=run.sees_references,
    )


def _notes(first: MeasuredRun, second: MeasuredRun) -> tuple[str, ...]:
    notes = [f"{run.label} is incomplete." for run in (first, second) if run.result.status != "complete"]
    if first.result.subset is not None or second.result.subset is not None:
        notes.append("Only a subset of the clips; not for leaderboards or baselines.")
    if first.result.task != second.result.task:
        said = [
            f"{run.result.task.name} {run.result.task.version} ({run.result.task.split})" if run.result.task else "no task"
            for run in (first, second)
        ]
        notes.append(f"The runs are not of one task: {said[0]} against {said[1]}. What the models were given may differ.")
    notes += [f"{run.label} is an anchor: its generator is shown the references." for run in (first, second) if run.sees_references]
    return tuple(notes)

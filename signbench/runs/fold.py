"""From a run's records to its result: a pure function, in order of clip id, in float64."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from signbench.foreign.isolation import guarded, is_own
from signbench.media.modalities import FileKind
from signbench.media.rates import same_rate
from signbench.metrics.base import Metric, Records, Weights
from signbench.metrics.pairs import LengthPair
from signbench.runs import signature
from signbench.runs.levels import NOT_TRIED, counted_clips, judged_levels, number_of, value_of
from signbench.runs.plan import Measured, RunPlan, modality_of, reader
from signbench.runs.result import MissingClip, Result, Score
from signbench.runs.store import RecordStore, StoredRecords

_MOST_RATES = 4


def fold(plan: RunPlan, store: RecordStore) -> Result:
    """Folds a run's records into its result.

    Equal records give equal bytes of ``result.json``, whichever processes wrote them, in any order.

    Args:
        plan: the plan of the run.
        store: its records.
    """
    inputs = _inputs(plan, store)
    scores = tuple(
        _unavailable(plan, item) if item.unavailable is not None else _scored(plan, store, item, found)
        for item, found in zip(plan.measured, inputs, strict=True)
    )
    complete = all(
        score.coverage >= plan.coverage_floor and (score.value is not None or _too_few(plan, score))
        for score, item in zip(scores, plan.measured, strict=True)
        if item.unavailable is None
    )
    return Result(
        kind=plan.kind,
        task=plan.task,
        generator=plan.generator,
        coverage_floor=plan.coverage_floor,
        own_copy=plan.own_copy,
        status="complete" if complete else "incomplete",
        expected_clips=len(plan.clips),
        subset=plan.subset,
        protocol=plan.protocol.as_json(),
        scores=scores,
    )


def _too_few(plan: RunPlan, score: Score) -> bool:
    """Whether a score is undefined on part of a task's clips, all of which were measured: a metric may need more of them."""
    return plan.task is not None and plan.subset is not None and score.clips > 0


def _scored(plan: RunPlan, store: RecordStore, item: Measured, inputs: _Inputs) -> Score:
    """The score of a metric; errors in foreign code, of the metric or its judge, are reported as such.

    Raises:
        InputError: the metric, or its judge, is from another package, and the records cannot be folded.
    """
    if is_own(item.metric) and "+code-" not in (item.judge or ""):
        return _score(plan, store, item, inputs)
    return guarded(lambda: _score(plan, store, item, inputs), f"metric {item.metric.canonical} cannot fold its records")


def _unavailable(plan: RunPlan, item: Measured) -> Score:
    """The score of a metric without its weights: it says so, and affects neither the status nor the exit code."""
    return Score(
        metric=item.metric.canonical,
        label=item.label,
        headline=item.metric.canonical in plan.headlines,
        value=None,
        interval=None,
        interval_note=item.unavailable,
        unit=item.metric.unit,
        direction=item.metric.direction,
        clips=0,
        coverage=0.0,
        unavailable=True,
        note=item.unavailable,
        signature=None,
    )


def _score(plan: RunPlan, store: RecordStore, item: Measured, inputs: _Inputs) -> Score:
    metric, key = item.metric, item.key or ""
    counted, failures = counted_clips(plan, store, metric, key)
    records = StoredRecords(store, key, counted, metric.missing())
    measured = len(plan.clips) - len(failures)
    once: Weights = np.ones((1, len(counted)), dtype=np.int64)
    value, bounds, undefined = (
        value_of(metric, records, plan.clusters_of(counted)) if measured else (None, None, "no clip could be measured")
    )
    judged, refused, unjudged = judged_levels(plan, store, item, value) if value is not None else (None, None, None)
    if refused is not None:
        value, bounds, undefined = None, None, refused
    note = metric.note(records) if measured else None
    if unjudged is not None:
        note = unjudged if note is None else f"{note}; {unjudged}"
    samples = metric.samples(records) if measured else None
    if undefined is not None:
        note = f"{undefined}; {note}" if note is not None else undefined
    worst = frozenset(counted)
    return Score(
        metric=metric.canonical,
        label=item.label,
        headline=metric.canonical in plan.headlines,
        value=value,
        interval=None if bounds is None or bounds.low is None or bounds.high is None else (bounds.low, bounds.high),
        interval_note=note if bounds is None else bounds.reason or bounds.method,
        samples=samples,
        warnings=metric.warnings(records) if measured else (),
        unit=metric.unit,
        direction=metric.direction,
        clips=measured,
        coverage=measured / len(plan.clips),
        std=_deviation(metric, records) if metric.mean_of_clips and value is not None else None,
        reference_value=number_of(metric.reference_score(records, once)) if value is not None else None,
        seen=number_of(metric.seen(records, once)) if measured else None,
        surplus=number_of(metric.surplus(records, once)) if measured else None,
        pixels=inputs.families("prediction"),
        duration_ratio=None if metric.pairs_frames and plan.protocol.frames == "equal" else inputs.ratio,
        note=note,
        judged=judged,
        missing=tuple(
            MissingClip(clip=clip, reason=failures[clip].reason, counted_as="worst value" if clip in worst else "left out")
            for clip in sorted(failures)
        ),
        signature=signature.measure_part(
            metric,
            plan.protocol,
            readers=reader(inputs.modality),
            layout=inputs.layout,
            pixels=inputs.families("reference"),
            extractor=item.extractor,
            judge=item.judge,
            samples=samples,
            rate=inputs.rate if plan.protocol.fps is None else None,
            unit=inputs.unit,
            clips=len(plan.clips),
            refs=signature.references_digest(inputs.references(plan.clips)),
            subset=_subset(plan),
            task=plan.own_task,
        ),
    )


@dataclass
class _Inputs:
    """The inputs from which the records of one metric were computed.

    Attributes:
        metric: the metric.
        kinds: modalities in which any clip was read; a single clip may have failed before it was read.
        layouts: the references' key-point layouts.
        lengths: modality -> lengths of both sides of the measured clips.
        expected: modality -> the same for all clips whose reference could be read.
        digests: modality -> clip id -> SHA-256 of the reference.
        pixels: side -> the families of its stored pixels.
    """

    metric: Metric
    kinds: set[str] = field(default_factory=set)
    layouts: set[str] = field(default_factory=set)
    lengths: dict[str, list[LengthPair]] = field(default_factory=dict)
    expected: dict[str, list[LengthPair]] = field(default_factory=dict)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    pixels: dict[str, set[str]] = field(default_factory=dict)

    @property
    def modality(self) -> FileKind:
        return modality_of(self.metric, self.kinds)

    @property
    def layout(self) -> str | None:
        return "+".join(sorted(self.layouts)) or None

    def families(self, side: str) -> str | None:
        """The families of a side's pixels, if the metric uses pixels."""
        seen = self.metric.view in ("frames", "observations") or (self.metric.view == "judged" and self.modality == "video")
        return "+".join(sorted(self.pixels.get(side, ()))) or None if seen else None

    @property
    def ratio(self) -> float | None:
        """Mean ratio of durations, for metrics of video or key points."""
        ratios = [pair.ratio for pair in self._lengths] if self.metric.view != "lengths" else []
        return math.fsum(ratios) / len(ratios) if ratios else None

    @property
    def rate(self) -> str | None:
        """The rates that the references state, and those of the predictions if they differ; as in the signature."""
        expected = self.expected.get(self.modality)
        if not self.metric.needs_rate or not expected:
            return None
        # Clips that could not be measured still belong to the references, but state no rate of the predictions.
        theirs, ours = _rates(expected, "reference"), _rates(self._lengths, "prediction")
        known = [rate for rate in theirs if rate is not None]
        if all(rate in theirs if rate is None else any(same_rate(rate, other) for other in known) for rate in ours):
            return _spelled(theirs)
        return f"{_spelled(theirs)}/{_spelled(ours)}"

    @property
    def unit(self) -> str | None:
        """The unit of a metric of durations, depending on what the references state."""
        if self.metric.view != "lengths":
            return None
        expected = self.expected.get(self.modality, [])
        return "+".join(sorted({"frames" if pair.reference_seconds is None else "seconds" for pair in expected})) or None

    @property
    def _lengths(self) -> list[LengthPair]:
        return self.lengths.get(self.modality, [])

    def references(self, clips: Sequence[str]) -> dict[str, str]:
        """SHA-256 of each clip's reference, ``unread`` if it could not be read."""
        known = [self.digests.get(kind, {}) for kind in self._compared]
        return {clip: "+".join(of_kind.get(clip, "unread") for of_kind in known) for clip in clips}

    @property
    def _compared(self) -> tuple[str, ...]:
        """The inputs of the references that the score depends on: their media, the corpus's answers, or both."""
        truth = getattr(self.metric, "truth", None)  # of metrics through judges, and of what stands for them
        if truth is None:
            return (self.modality,)
        return (truth,) if getattr(self.metric, "has_levels", False) else (self.modality, truth)


def _inputs(plan: RunPlan, store: RecordStore) -> list[_Inputs]:
    """The inputs of each metric's records, in one pass over the clips."""
    found = [_Inputs(metric) for metric in plan.metrics]
    for clip in plan.clips:
        for metric, key, inputs in zip(plan.metrics, plan.keys, found, strict=True):
            row = store.row(clip, key)
            if row is None:
                continue
            if row.layout is not None and metric.view == "pose":
                inputs.layouts.add(row.layout)
            for name, file in row.inputs.items():
                side, _, kind = name.partition(".")
                inputs.kinds.add(kind)
                if file.pixels is not None:
                    inputs.pixels.setdefault(side, set()).add(file.pixels)
                if side == "reference":
                    inputs.digests.setdefault(kind, {})[clip] = file.sha256
            for kind, lengths in row.lengths.items():
                inputs.expected.setdefault(kind, []).append(lengths)
                if store.has(clip, key):
                    inputs.lengths.setdefault(kind, []).append(lengths)
    return found


def _rates(lengths: Sequence[LengthPair], side: Literal["reference", "prediction"]) -> set[float | None]:
    """The frame rates of one side, to six digits; None if a clip states none."""
    pairs = ((getattr(pair, side), getattr(pair, f"{side}_seconds")) for pair in lengths)
    return {float(f"{frames / seconds:.6g}") if seconds else None for frames, seconds in pairs}


def _spelled(rates: set[float | None]) -> str:
    """Rates in order; if there are many, their number and range."""
    known = sorted(rate for rate in rates if rate is not None)
    words = [f"{rate:g}" for rate in known]
    if len(words) > _MOST_RATES:
        words = [f"{len(words)} from {words[0]} to {words[-1]}"]
    return "+".join([*words, "unstated"] if None in rates else words)


def _subset(plan: RunPlan) -> str | None:
    if plan.subset is None:
        return None
    return f"limit={plan.subset.limit}" if plan.subset.limit is not None else f"clips={len(plan.subset.clips or ())}"


def _deviation(metric: Metric, records: Records) -> float | None:
    """Standard deviation over clips (N - 1), by the two-pass formula in order of clip id."""
    values = [metric.clip_value(record) for record in records]
    known = [value for value in values if value is not None]
    if len(known) < 2 or len(known) != len(values):
        return None
    mean = math.fsum(known) / len(known)
    return math.sqrt(math.fsum((value - mean) * (value - mean) for value in known) / (len(known) - 1))


def per_clip_rows(plan: RunPlan, store: RecordStore) -> tuple[Sequence[str], list[tuple[str, str, float | None, str | None]]]:
    """One row per clip and metric, for notebooks.

    Returns:
        Column names, and rows of clip id, canonical metric name, the clip's own value (None if it has none) and the reason if it is
        missing.
    """
    rows: list[tuple[str, str, float | None, str | None]] = []
    for clip in plan.clips:
        for metric, key in zip(plan.metrics, plan.keys, strict=True):
            if not key:
                continue
            record = store.record(clip, key)
            if record is None:
                rows.append((clip, metric.canonical, None, (store.failure(clip, key) or NOT_TRIED).reason))
            else:
                rows.append((clip, metric.canonical, metric.clip_value(record), None))
    return ("clip", "metric", "value", "missing_because"), rows

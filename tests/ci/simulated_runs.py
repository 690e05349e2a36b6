"""Runs with made-up records, so that tests can afford many of them."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Literal

import numpy as np

from signbench.documents import json_bytes
from signbench.errors import InputError
from signbench.metrics import registry
from signbench.metrics.base import Direction, Metric, weighted_sum
from signbench.metrics.image import frame_record
from signbench.metrics.pairs import LengthPair
from signbench.metrics.pose import scalars
from signbench.runs.fold import fold
from signbench.runs.folder import RunFolder
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.outcomes import ClipOutcome, Failure, Input
from signbench.runs.plan import Measured, RunPlan
from signbench.runs.protocol import Protocol
from signbench.runs.records import ClipRow, RecordFile
from signbench.runs.result import Subset, TaskSplit
from signbench.runs.store import RecordStore
from signbench.whole_files import write_atomically

TASK = TaskSplit(name="tiny/text-to-video", version=1, split="test")
CARD = {"name": "model", "version": "1", "sees": "prompts", "checkpoint": None}


class Spread(Metric):
    """Standard deviation over clips, compared with 1 for the references: a stand-in for distances between distributions."""

    name = "spread"
    direction: ClassVar[Direction] = "reference"
    view = "lengths"
    pairs_frames = False
    unit = "1"
    summary = "For tests."
    interval_method: ClassVar[Literal["bootstrap", "jackknife"]] = "jackknife"

    def recorder(self):
        raise AssertionError("the records are made up")

    def clip_value(self, record):
        return None

    def score(self, records, weights):
        values = np.array([float(record["value"]) for record in records])
        number = weighted_sum(np.ones_like(values), weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = weighted_sum(values, weights) / number
            return np.sqrt(weighted_sum(values**2, weights) / number - mean**2)

    def reference_score(self, records, weights):
        return np.ones(weights.shape[0])


class InMemory(RecordStore):
    """The records of a run without a file, which is ten times as fast."""

    def __init__(self, outcomes, keys):
        super().__init__([])
        self.outcomes = outcomes
        self.number = {key: number for number, key in enumerate(keys)}

    def has(self, clip, metric):
        return self.number.get(metric) in self.outcomes[clip].records

    def record(self, clip, metric):
        return self.outcomes[clip].records.get(self.number.get(metric))

    def failure(self, clip, metric):
        return self.outcomes[clip].failures.get(self.number.get(metric))

    def row(self, clip, metric=None):
        outcome = self.outcomes[clip]
        return ClipRow(outcome.inputs, outcome.lengths, outcome.layout)


def with_spread(monkeypatch):
    """Registers the stand-in."""
    monkeypatch.setitem(registry.METRICS.built_in, "spread", f"{Spread.__module__}:Spread")


def record_of(metric, value):
    match metric.name:
        case "dtw":
            return scalars(sum=2 * value, count=2, seen=1, seen_of=1, surplus=0, surplus_of=1, capped=0)
        case "duration-ratio":
            return scalars(ratio=value)
        case "spread":
            return scalars(value=value)
        case _:
            return frame_record(value, 1)


def clip_ids(count):
    return tuple(f"clip-{number:04d}" for number in range(count))


def simulated(
    values: dict[str, Any],
    label="run",
    *,
    lacking=(),
    fault="prediction",
    clips=None,
    clusters=None,
    subset=None,
    task: TaskSplit | None = TASK,
    floor=1.0,
    references="same",
    headlines=None,
    card=CARD,
    size=None,
    out=None,
):
    """A run with as many clips as there are values.

    Args:
        values: metric -> each clip's own value.
        label: the run's label.
        lacking: indices of clips without a record.
        fault: whose fault the missing records are.
        clips: ids, in order; default: numbered.
        clusters: the clips' clusters.
        subset: number of clips that the run was limited to.
        task: the task and split.
        floor: the coverage floor.
        references: any text; another text stands for other references.
        headlines: the headline metrics; default: the first metric.
        card: the generator's card.
        size: the size that images were resized to.
        out: a folder to write the run into; default: it stays in memory.
    """
    metrics = [registry.create(name) for name in values]
    count = len(next(iter(values.values())))
    plan = RunPlan(
        references="references",
        predictions="predictions",
        measured=tuple(Measured.of(metric, Protocol(size=size)) for metric in metrics),
        protocol=Protocol(size=size),
        clips=clips or clip_ids(count),
        subset=Subset(limit=subset) if subset is not None else None,
        kind="run",
        task=task,
        generator=card,
        coverage_floor=floor,
        clusters=tuple(clusters) if clusters is not None else None,
        headlines=tuple(headlines if headlines is not None else [metrics[0].canonical]),
    )
    outcomes = {}
    for index, clip in enumerate(plan.clips):
        outcome = outcomes[clip] = ClipOutcome(clip)
        for number, (metric, row) in enumerate(zip(metrics, values.values(), strict=True)):
            kind = "pose" if metric.view == "pose" else "video"
            outcome.inputs[f"reference.{kind}"] = Input(
                size=1, modified=1, sha256=hashlib.sha256(f"{references} {clip}".encode()).hexdigest()
            )
            outcome.lengths[kind] = LengthPair(5, 5, 0.2, 0.2)
            if index in lacking:
                outcome.failures[number] = Failure(f"clip {clip}: there is no production of it.", fault)
            else:
                outcome.records[number] = record_of(metric, row[index])
    store = InMemory(outcomes, plan.keys)
    result = fold(plan, store)
    if out is not None:
        out.mkdir(parents=True)
        with RecordFile(RunFolder(out).records(0), write=True) as file:
            for outcome in outcomes.values():
                file.add(outcome, plan.keys)
        measured = [item.as_json() for item in plan.measured]
        description = {
            "run_version": 1,
            "spec": plan.spec(),
            "measured": measured,
            "clips": list(plan.clips),
            "status": result.status,
        }
        write_atomically(RunFolder(out).run_json, json_bytes({**description, "exit_code": result.exit_code, "provenance": "here"}))
        write_atomically(RunFolder(out).result_json, json_bytes(result.as_json()))
    return MeasuredRun(label=label, plan=plan, result=result, store=store, provenance="here")


def normal(seed, clips, mean=10.0, spread=1.0):
    return np.random.default_rng(seed).normal(mean, spread, clips)


def refused(action):
    """The message of the error that an action raises."""
    try:
        action()
    except InputError as error:
        return str(error)
    raise AssertionError("it was not refused")

"""Runs of a small task with made-up records, and entries of these runs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from signbench.leaderboard.submission import submit_run
from signbench.metrics import registry
from signbench.metrics.pairs import LengthPair
from signbench.runs.fold import fold
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.outcomes import FAR, ClipOutcome, Failure, Input
from signbench.runs.plan import Measured, RunPlan
from signbench.runs.records import RecordFile
from signbench.runs.result import Subset, TaskSplit
from signbench.runs.store import RecordStore
from signbench.tasks.schema import Task, ids_digest
from tests.ci.simulated_runs import CARD, clip_ids, normal, record_of
from tests.tasks.tiny import fields

TASK = "tiny/text-to-video"
CLIPS = clip_ids(40)
METRICS = ("l1", "ssim", "duration-ratio")


def task_fields(metrics=METRICS, clips=CLIPS, *, known=True, extended=(), **changes) -> dict[str, Any]:
    listed = [{"metric": name, "on": None, "tier": "core", "headline": index == 0} for index, name in enumerate(metrics)]
    listed += [{"metric": name, "on": None, "tier": "extended", "headline": False} for name in extended]
    expected = {
        "test": {"count": len(clips), "ids_sha256": ids_digest(clips) if known else None},
        "dev": {"count": None, "ids_sha256": None},
    }
    return fields("video", metrics=listed, clips=expected, splits=["test", "dev"], **changes)


def write_task(folder, **changes) -> None:
    content = task_fields(**changes)
    path = folder / "tasks" / f"{content['name']}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture
def small_task(tmp_path, monkeypatch):
    """A current folder with the small task in it."""
    monkeypatch.chdir(tmp_path)
    write_task(tmp_path)
    return tmp_path


def digest(word):
    """The digest of a word."""
    return hashlib.sha256(word.encode()).hexdigest()


def seen_as(word):
    """A file whose content the word identifies."""
    return Input(size=1, modified=1, sha256=digest(f"bytes of {word}"), content=digest(word))


def run_of(
    name="model",
    mean=0.5,
    *,
    seed=1,
    metrics=METRICS,
    clips=CLIPS,
    version=1,
    split="test",
    subset=None,
    lacking=(),
    references="the corpus",
    productions=None,
    departures=MappingProxyType({}),
    kind=None,
    tiers=None,
    card=CARD,
    own_copy=False,
    spread=0.05,
) -> MeasuredRun:
    """A run of the small task.

    Args:
        name: name of the generator.
        mean: mean of the first metric's values; each further metric's is 0.1 higher.
        seed: seed of the values.
        metrics: names of the metrics, in order.
        clips: ids of the clips.
        version: version of the task.
        split: split of the task.
        subset: the limit on the number of clips.
        lacking: indices of clips without a production.
        references: a word that identifies the references.
        productions: clip -> a word that identifies what its production shows.
        departures: clip -> how far its production is from its reference; the others are far.
        kind: the kind of run.
        tiers: the metrics' tiers; None: all core.
        card: the generator's card, or None.
        own_copy: whether the references are the submitter's own copy.
        spread: standard deviation of the values.
    """
    task = Task.model_validate(task_fields(metrics, clips))
    made = [registry.create(metric) for metric in metrics]
    plan = RunPlan(
        references="references",
        predictions=f"predictions/{name}",
        measured=tuple(
            Measured.of(metric, task.protocol(), tier=tier)
            for metric, tier in zip(made, tiers or ["core"] * len(made), strict=True)
        ),
        protocol=task.protocol(),
        clips=clips,
        subset=Subset(limit=subset) if subset is not None else None,
        kind=kind or ("run" if card is not None else "score"),
        task=TaskSplit(name=task.name, version=version, split=split),
        generator=None if card is None else {**card, "name": name},
        coverage_floor=task.coverage_floor,
        clusters=None,
        headlines=task.headlines,
        own_copy=own_copy,
    )
    values = {
        metric.canonical: abs(normal(seed + 100 * number, len(clips), mean + number / 10, spread))
        for number, metric in enumerate(made)
    }
    file = RecordFile(None, write=True)
    for index, clip in enumerate(clips):
        outcome = ClipOutcome(clip)
        outcome.inputs["reference.video"] = seen_as(f"{references} {clip}")
        ratio = values["duration-ratio"][index] if "duration-ratio" in values else 1.0
        outcome.lengths["video"] = LengthPair(5, 5, 0.2 * ratio, 0.2)
        if index not in lacking:
            shown = (productions or {}).get(clip, f"{name} {clip}")
            outcome.inputs["prediction.video"] = replace(seen_as(shown), departure=departures.get(clip, FAR))
        for number, metric in enumerate(made):
            if index in lacking:
                outcome.failures[number] = Failure(f"clip {clip}: there is no production of it.", "prediction")
            else:
                outcome.records[number] = record_of(metric, values[metric.canonical][index])
        file.add(outcome, plan.keys)
    file.commit()
    store = RecordStore([file])
    return MeasuredRun(label=name, plan=plan, result=fold(plan, store), store=store, provenance="signbench:0")


def submit(run, leaderboards, *, row=None, replace=False, **fields):
    """Submits a run and returns the entry's folder."""
    given = {"licence": "CC0-1.0", "contact": "nobody", "citation": None, "url": None, **fields}
    return submit_run(run, leaderboards, name=row, replace=replace, **given)[0]


def rewritten(folder, **changes) -> None:
    """Changes fields of an entry's ``entry.yaml``."""
    path = folder / "entry.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**content, **changes}, allow_unicode=True), encoding="utf-8")


def resealed(folder) -> None:
    """Updates the digests of an entry's files, as somebody who cheats would."""
    names = ("result.json", "records.parquet")
    rewritten(folder, sha256={name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names})

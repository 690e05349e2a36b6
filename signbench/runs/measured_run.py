"""A finished run, opened for comparisons, baselines and gates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from signbench.errors import IncompleteError, InputError
from signbench.metrics.base import Metric
from signbench.runs.fold import fold
from signbench.runs.folder import RunFolder
from signbench.runs.levels import counted_clips
from signbench.runs.plan import RunPlan
from signbench.runs.records import RecordFile
from signbench.runs.result import Result, Score, read_result
from signbench.runs.store import RecordStore, StoredRecords
from signbench.statistics.paired import Folds, leave_out_folds
from signbench.statistics.units import Units


@dataclass(frozen=True, eq=False, kw_only=True)
class MeasuredMetric:
    """One metric of a run: its score and its records.

    Attributes:
        metric: the metric with its parameters.
        key: the key of its records.
        score: its score in the result.
        signature: how it was measured.
        plan: the plan of the run.
        store: the run's records.
        left_out: its scores of all clips and without each group of clips, if records are not kept.
    """

    metric: Metric
    key: str
    score: Score
    signature: str
    plan: RunPlan
    store: RecordStore
    left_out: Folds | None = None
    _folds: dict[tuple[str, ...], Folds] = field(default_factory=dict, repr=False)

    @cached_property
    def recorded(self) -> frozenset[str]:
        """Clips that were measured."""
        return frozenset(clip for clip in self.plan.clips if self.store.has(clip, self.key))

    @cached_property
    def counted(self) -> frozenset[str]:
        """Clips that enter the score: measured ones, and missing productions if the metric has a worst value."""
        return frozenset(counted_clips(self.plan, self.store, self.metric, self.key)[0])

    def records(self, clips: Sequence[str]) -> StoredRecords:
        """The records of scored clips, in the given order."""
        return StoredRecords(self.store, self.key, clips, self.metric.missing())

    def leave_out_folds(self, clips: Sequence[str]) -> Folds:
        """Its scores of the given clips and without each group of them, for a jackknife.

        They are computed once for the same clips, since a leaderboard compares each run with every other.
        """
        kept = self.left_out
        if kept is not None:
            if len(self.counted) == len(clips):
                return kept
            undefined = np.full_like(kept.scores, np.nan)
            return Folds(undefined, None if kept.references is None else undefined)
        known = tuple(clips)
        if known not in self._folds:
            units = Units.of(len(clips), self.plan.clusters_of(clips))
            self._folds[known] = leave_out_folds(self.metric, self.records(clips), units)
        return self._folds[known]

    @property
    def of_another_revision(self) -> bool:
        """Whether the run's records were made by a metric or reader of another revision, so that none can be used."""
        return self.score.value is not None and not self.recorded


@dataclass(frozen=True, eq=False, kw_only=True)
class MeasuredRun:
    """A run with its result and its records.

    Attributes:
        label: its name for the user, such as its folder.
        plan: its plan.
        result: its scores.
        store: its records.
        provenance: versions and device, from ``run.json``.
        left_out: metric -> its scores of all clips and without each group of clips, if the store does not keep its records.
    """

    label: str
    plan: RunPlan
    result: Result
    store: RecordStore
    provenance: str = ""
    left_out: Mapping[str, Folds] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def metrics(self) -> dict[str, MeasuredMetric]:
        """Each metric by the name of its score, in the run's order, without those whose weights were not present."""
        return {
            score.metric: MeasuredMetric(
                metric=metric,
                key=key,
                score=score,
                signature=score.signature,
                plan=self.plan,
                store=self.store,
                left_out=self.left_out.get(score.metric),
            )
            for metric, key, score in zip(self.plan.metrics, self.plan.keys, self.result.scores, strict=True)
            if score.signature is not None
        }

    def clusters(self, clips: Sequence[str]) -> list[str] | None:
        """Each clip's cluster, or None if clips are independent."""
        return self.plan.clusters_of(clips)

    @property
    def sees_references(self) -> bool:
        """Whether its generator is an anchor, which is never ranked."""
        return self.result.generator is not None and self.result.generator.get("sees") == "references"


@contextmanager
def measured_run(path: Path) -> Iterator[MeasuredRun]:
    """Opens a run's folder.

    Args:
        path: the folder.

    Raises:
        InputError: it is not a run folder, or is damaged.
        IncompleteError: the run has not finished.
    """
    folder = RunFolder(path)
    description: dict[str, Any] = folder.read()
    if description.get("exit_code") not in (0, 3, 4):
        raise IncompleteError(f"{path} has not finished (it is {description.get('status')}); rerun its command to resume.")
    with ExitStack() as stack:
        store = RecordStore([stack.enter_context(RecordFile(file, write=False)) for file in folder.all_records()])
        try:
            plan = RunPlan.from_run(description)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{folder.run_json} is damaged or of another version ({error}); repeat the run's command.") from error
        result = read_result(folder.result_json) if folder.result_json.exists() else fold(plan, store)
        yield MeasuredRun(label=str(path), plan=plan, result=result, store=store, provenance=str(description.get("provenance", "")))

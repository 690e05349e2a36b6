"""What a run measures: everything that the fold needs to know besides the records."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from signbench.metrics import registry
from signbench.metrics.base import Metric, spell
from signbench.runs.folder import Spec, spec_hash
from signbench.runs.result import Subset, TaskSplit
from signbench.scoring.protocol import Protocol


@dataclass(frozen=True, eq=False)
class RunPlan:
    """What a run measures.

    Attributes:
        references: where the references lie, or None for arrays in memory.
        predictions: where the predictions lie, or None for arrays in memory.
        metrics: in the order asked for.
        protocol: how the two sides are brought together.
        clips: ids of the expected clips, in order.
        subset: what the run was limited to, or None.
        kind: ``measure``, ``score`` or ``run``.
        task: the task and split, or None.
        generator: the card of the generator, or None.
        coverage_floor: share of the clips below which a metric leaves the run incomplete.
        clusters: each expected clip's cluster, in order, or None where clips are independent.
        headlines: keys of the metrics that stand in a leaderboard's first columns.
        own_copy: the references are a user's own copy, whose clips the task does not know.
    """

    references: str | None
    predictions: str | None
    metrics: tuple[Metric, ...]
    protocol: Protocol
    clips: tuple[str, ...]
    subset: Subset | None
    kind: Literal["measure", "score", "run"] = "measure"
    task: TaskSplit | None = None
    generator: dict[str, Any] | None = None
    coverage_floor: float = 1.0
    clusters: tuple[str, ...] | None = None
    headlines: tuple[str, ...] = ()
    own_copy: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The name under which each metric's records are kept; it changes when the records would."""
        return tuple(record_key(metric) for metric in self.metrics)

    def spec(self) -> Spec:
        """What may move a number, as plain JSON values; the clips themselves are bound by their digests."""
        return {
            "kind": self.kind,
            "task": self.task.model_dump(mode="json") if self.task else None,
            "generator": self.generator,
            "coverage_floor": self.coverage_floor,
            "clusters": list(self.clusters) if self.clusters else None,
            "headlines": list(self.headlines),
            "own_copy": self.own_copy,
            "references": self.references,
            "predictions": self.predictions,
            "metrics": [metric.canonical for metric in self.metrics],
            "records": list(self.keys),
            "protocol": self.protocol.as_json(),
            "subset": self.subset.model_dump(mode="json") if self.subset else None,
        }

    def default_folder(self) -> Path:
        """``runs/<task or "measure">-<generator or predictions>-<first 8 digits of the specification's hash>``."""
        subject = self.task.name if self.task is not None else "measure"
        made_by = self.generator["name"] if self.generator is not None else Path(self.predictions or "arrays").stem
        name = re.sub(r"[^\w.=-]+", "_", f"{subject}-{made_by}")
        return Path("runs") / f"{name}-{spec_hash(self.spec())[:8]}"

    @classmethod
    def from_run(cls, run: dict[str, Any]) -> RunPlan:
        """The plan that ``run.json`` holds."""
        spec = run["spec"]
        protocol = dict(spec["protocol"])
        protocol["size"] = tuple(protocol["size"]) if protocol["size"] else None
        return cls(
            spec["references"],
            spec["predictions"],
            tuple(registry.create(name) for name in spec["metrics"]),
            Protocol(**protocol),
            tuple(run["clips"]),
            Subset.model_validate(spec["subset"]) if spec["subset"] else None,
            spec["kind"],
            TaskSplit.model_validate(spec["task"]) if spec["task"] else None,
            spec["generator"],
            spec["coverage_floor"],
            tuple(spec["clusters"]) if spec["clusters"] else None,
            tuple(spec["headlines"]),
            spec["own_copy"],
        )


def modality_of(metric: Metric, lengths: Collection[str]) -> str:
    """The kind of file that a metric's record was made from: ``video`` or ``pose``.

    Args:
        metric: the metric.
        lengths: modalities whose lengths were taken; a metric of lengths used key points where they are among them.
    """
    if metric.view == "lengths":
        return "pose" if "pose" in lengths else "video"
    return "pose" if metric.view == "pose" else "video"


def reader(modality: str) -> str:
    """The reader of a modality and its revision, as the signature has it."""
    if modality == "pose":
        from signbench.media.pose_files import READER_REVISION

        return f"pose-{READER_REVISION}"
    from signbench.media.video import READER_REVISION as VIDEO_REVISION

    return f"video-{VIDEO_REVISION}"


def record_key(metric: Metric) -> str:
    """A metric's name, every parameter and revision, and the revisions of the readers."""
    parameters = ",".join(f"{name}={spell(value)}" for name, value in metric.resolved().items())
    readers = {"frames": ["video"], "pose": ["pose"], "lengths": ["video", "pose"]}[metric.view]
    return "|".join([metric.name, parameters, str(metric.revision), *(reader(modality) for modality in readers)])

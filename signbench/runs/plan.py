"""What a run measures: everything that the fold needs to know besides the records."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from signbench.metrics import registry
from signbench.metrics.base import Metric, spell
from signbench.runs.folder import Spec
from signbench.runs.result import Subset
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
    """

    references: str | None
    predictions: str | None
    metrics: tuple[Metric, ...]
    protocol: Protocol
    clips: tuple[str, ...]
    subset: Subset | None

    @property
    def keys(self) -> tuple[str, ...]:
        """The name under which each metric's records are kept; it changes when the records would."""
        return tuple(record_key(metric) for metric in self.metrics)

    def spec(self) -> Spec:
        """What may move a number, as plain JSON values; the clips themselves are bound by their digests."""
        return {
            "kind": "measure",
            "references": self.references,
            "predictions": self.predictions,
            "metrics": [metric.canonical for metric in self.metrics],
            "records": list(self.keys),
            "protocol": self.protocol.as_json(),
            "subset": self.subset.model_dump(mode="json") if self.subset else None,
        }

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

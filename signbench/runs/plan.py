"""The plan of a run: everything that the fold needs besides the records."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from signbench.errors import InputError
from signbench.foreign.isolation import guarded, is_own
from signbench.judges.registry import judge_class, lacking, missing_package
from signbench.media.modalities import FileKind
from signbench.metrics import registry
from signbench.metrics.base import EITHER_KIND, FILE_KIND_OF_VIEW, Metric, spell
from signbench.metrics.judged import JudgedMetric, Role, of_judge, recorded
from signbench.runs.folder import Spec, spec_hash
from signbench.runs.protocol import Protocol
from signbench.runs.result import Subset, TaskSplit

if TYPE_CHECKING:
    from signbench.judges.base import Judge

_Said = TypeVar("_Said")
Tier = Literal["core", "extended"]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One metric of a run.

    Attributes:
        metric: the metric with its parameters.
        extractor: signature of the network that it uses, or None.
        judge: signature of the judge through which it is measured, and the compared output; or None.
        tier: ``core``, or ``extended``: it needs weights that may not be present.
        label: name of its row in a suite, or None.
        unavailable: why it is not measured, with the command that fetches what is missing; or None.
    """

    metric: Metric
    extractor: str | None = None
    tier: Tier = "core"
    label: str | None = None
    unavailable: str | None = None
    judge: str | None = None

    @classmethod
    def of(
        cls,
        metric: Metric,
        protocol: Protocol,
        *,
        tier: Tier = "core",
        label: str | None = None,
        judges: Mapping[str, Judge] | None = None,
    ) -> Measured:
        """A metric as measurable on this machine.

        Args:
            metric: the metric with its parameters.
            protocol: the protocol of the run.
            tier: an ``extended`` metric is not measured if its weights, or a package that its judge needs, are missing.
            label: name of its row in a suite.
            judges: name -> judge, ready for its signature, for metrics through judges.

        Raises:
            InputError: weights or a package that a ``core`` metric needs are not present, or there is no such judge.
        """
        seen = None
        if isinstance(metric, JudgedMetric):
            judge = (judges or {}).get(metric.judge)
            if judge is None and judges is not None and (command := lacking(metric.judge)) is not None:
                if tier == "extended":
                    return cls(metric=metric, tier=tier, label=label, unavailable=f"weights not present; {command} brings them")
                raise InputError(
                    f"the weights of the judge {metric.judge} are not present, and {metric.canonical} needs it; run: {command}."
                )
            if judge is None:
                raise InputError(f"metric {metric.canonical} is measured on a task, which provides its judge; use signbench score.")
            if (missing := missing_package(judge)) is not None:
                package, command = missing
                if tier == "extended":
                    unavailable = f"{package} is not installed; {command} brings it"
                    return cls(metric=metric, tier=tier, label=label, unavailable=unavailable)
                raise InputError(f"{metric.canonical} needs {package}, which is not installed; run: {command}.")
            metric = of_judge(metric.inner, metric.on, judge_class(metric.judge))
            if tier == "extended" and (absent := lacking_weights(_said_by(judge, lambda: tuple(judge.needs)))):
                return cls(metric=metric, tier=tier, label=label, unavailable=_bring(absent))
            return cls(metric=metric, tier=tier, label=label, judge=f"{_said_by(judge, lambda: judge.signed)}+{metric.gives}")
        if metric.extractor is not None:
            extractor = replace(metric.extractor, precision=protocol.precision)
            if tier == "extended" and (absent := lacking_weights(extractor.needs)):
                return cls(metric=metric, tier=tier, label=label, unavailable=_bring(absent))
            seen = extractor.signature()
        return cls(metric=metric, extractor=seen, tier=tier, label=label)

    @property
    def name(self) -> str:
        """The name of its score in the result."""
        return self.metric.canonical

    @property
    def key(self) -> str | None:
        """The key of its records, which changes whenever the records would; None if it is not measured."""
        return record_key(self.metric, self.extractor or self.judge) if self.unavailable is None else None

    @property
    def levels(self) -> tuple[tuple[str, Metric], ...]:
        """Key and metric of its ceiling and its chance level, if it has them."""
        if self.key is None or not isinstance(self.metric, JudgedMetric) or not self.metric.has_levels:
            return ()
        roles: tuple[Role, ...] = ("ceiling", "chance")
        return tuple((f"{self.key}|{role}", self.metric.at(role)) for role in roles)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for ``run.json``."""
        plain = {
            "metric": self.metric.canonical,
            "extractor": self.extractor,
            "tier": self.tier,
            "label": self.label,
            "unavailable": self.unavailable,
        }
        return plain if self.judge is None else {**plain, "judge": self.judge}


@dataclass(frozen=True, eq=False, kw_only=True)
class RunPlan:
    """The plan of a run.

    Attributes:
        references: path of the references, or None for arrays in memory.
        predictions: path of the predictions, or None for arrays in memory.
        measured: the metrics, in the requested order.
        protocol: how the two sides are aligned.
        clips: ids of the expected clips, in order.
        subset: the subset to which the run is limited, or None.
        kind: ``measure``, ``score`` or ``run``.
        task: the task and split, or None.
        generator: the card of the generator, or None.
        coverage_floor: share of the clips below which a metric leaves the run incomplete.
        clusters: each expected clip's cluster, in order, or None if clips are independent.
        headlines: keys of the metrics in a leaderboard's first columns.
        own_copy: whether the references are a user's own copy, whose clips the task does not know.
        own_task: the first digits of the digest of a task that differs from the shipped one of that name, or None.
        content: everything else that can change a number, by content: the task's fields, the generator's source files, checkpoints
            and parameters.
    """

    references: str | None
    predictions: str | None
    measured: tuple[Measured, ...]
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
    own_task: str | None = None
    content: Mapping[str, str] = field(default_factory=dict)

    def clusters_of(self, clips: Sequence[str]) -> list[str] | None:
        """The clusters of the given clips, in their order; None if clips are independent."""
        if self.clusters is None:
            return None
        of_clip = dict(zip(self.clips, self.clusters, strict=True))
        return [of_clip[clip] for clip in clips]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics, in the requested order."""
        return tuple(item.metric for item in self.measured)

    @property
    def keys(self) -> tuple[str, ...]:
        """The key of each metric's records; empty for those that are not measured."""
        return tuple(item.key or "" for item in self.measured)

    @property
    def recorded(self) -> tuple[tuple[str, Metric], ...]:
        """Key and metric of everything that is recorded for a clip: the metrics in order, then their ceilings and chance levels.

        The key is empty for metrics that are not measured.
        """
        return (*zip(self.keys, self.metrics, strict=True), *(level for item in self.measured for level in item.levels))

    def spec(self) -> Spec:
        """Everything that can change a number, as plain JSON values; the clips themselves are identified by their digests.

        Weights of an extended metric may come later, when the run is resumed, so its records' key is not part of this.
        """
        return {
            "kind": self.kind,
            "task": self.task.model_dump(mode="json") if self.task else None,
            "generator": self.generator,
            "coverage_floor": self.coverage_floor,
            "clusters": list(self.clusters) if self.clusters else None,
            "headlines": list(self.headlines),
            "own_copy": self.own_copy,
            "own_task": self.own_task,
            "content": dict(sorted(self.content.items())),
            "references": self.references,
            "predictions": self.predictions,
            "metrics": [metric.canonical for metric in self.metrics],
            "labels": [item.label for item in self.measured],
            "records": [item.key if item.tier == "core" else "extended" for item in self.measured],
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
        """The plan from ``run.json``."""
        spec = run["spec"]
        protocol = dict(spec["protocol"])
        protocol["size"] = tuple(protocol["size"]) if protocol["size"] else None
        return cls(
            references=spec["references"],
            predictions=spec["predictions"],
            measured=tuple(_measured(item) for item in run["measured"]),
            protocol=Protocol(**protocol),
            clips=tuple(run["clips"]),
            subset=Subset.model_validate(spec["subset"]) if spec["subset"] else None,
            kind=spec["kind"],
            task=TaskSplit.model_validate(spec["task"]) if spec["task"] else None,
            generator=spec["generator"],
            coverage_floor=spec["coverage_floor"],
            clusters=tuple(spec["clusters"]) if spec["clusters"] else None,
            headlines=tuple(spec["headlines"]),
            own_copy=spec["own_copy"],
            own_task=spec.get("own_task"),
            content=spec.get("content") or {},
        )


def _measured(item: dict[str, Any]) -> Measured:
    name, at, on = str(item["metric"]).partition("@")
    metric = registry.create(name)
    return Measured(**{**item, "metric": recorded(metric, on, item.get("judge")) if at else metric})


def _said_by(judge: Judge, call: Callable[[], _Said]) -> _Said:
    """The signature of a judge; one from another package may raise any error."""
    return call() if is_own(judge) else guarded(call, f"the judge {judge.name} does not give its signature")


def lacking_weights(needs: Sequence[str]) -> list[str]:
    """The named weights that this machine lacks."""
    from signbench.weights.store import present

    return [name for name in needs if not present(name)]


def _bring(lacking: Sequence[str]) -> str:
    return f"weights not present; signbench weights fetch {' '.join(lacking)} brings them"


def modality_of(metric: Metric, lengths: Collection[str]) -> FileKind:
    """The kind of file from which a metric's record is computed.

    Args:
        metric: the metric.
        lengths: kinds of file whose lengths were read; a metric of lengths, or a judge, uses key points if they are among them.
    """
    if metric.view in EITHER_KIND:
        return "pose" if "pose" in lengths else "video"
    return FILE_KIND_OF_VIEW[metric.view]


def reader(modality: FileKind) -> str:
    """The reader of a modality and its revision, as in the signature."""
    if modality == "pose":
        from signbench.media.pose_files import READER_REVISION

        return f"pose-{READER_REVISION}"
    if modality == "video":
        from signbench.media.video import READER_REVISION as VIDEO_REVISION

        return f"video-{VIDEO_REVISION}"
    return f"{modality}-1"


def record_key(metric: Metric, extractor: str | None = None) -> str:
    """A metric's name, every parameter and revision, the revisions of the readers, and its network."""
    parameters = ",".join(f"{name}={spell(value)}" for name, value in metric.resolved().items())
    modalities: tuple[FileKind, ...] = ("video", "pose") if metric.view in EITHER_KIND else (FILE_KIND_OF_VIEW[metric.view],)
    parts = [metric.name, parameters, metric.signed_revision, *(reader(modality) for modality in modalities)]
    return "|".join([*parts, extractor] if extractor is not None else parts)

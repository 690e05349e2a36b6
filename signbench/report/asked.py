"""The judges of a run that a report may ask again: they are here, are signbench's own, and are those of the run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signbench.errors import SignbenchError, in_flags
from signbench.judges.base import Gives, Judge
from signbench.judges.registry import is_custom
from signbench.metrics.judged import JudgedMetric
from signbench.report.sources import Sources
from signbench.runs.measured_run import MeasuredRun
from signbench.scoring.task_judges import judges_of


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Judges that can be asked.

    Attributes:
        metrics: one metric for each judge and each kind of answer, by the name under which it is shown.
        judges: the judges by name.
        notes: why others cannot be asked, as sentences.
    """

    metrics: dict[str, JudgedMetric] = field(default_factory=dict)
    judges: dict[str, Judge] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def asked(run: MeasuredRun, sources: Sources, *kinds: Gives, root: Path | None = None) -> Asked:
    """The judges of a run whose answers are of some kinds.

    Args:
        run: the run.
        sources: the clips behind it.
        kinds: of answers.
        root: the folder of the corpus, if it lies on disk; None: the configured one.
    """
    metrics: dict[str, JudgedMetric] = {}
    signed: dict[str, str] = {}
    for item in run.plan.measured:
        if isinstance(item.metric, JudgedMetric) and item.judge is not None and item.metric.gives in kinds:
            name = f"{item.metric.judge}, {item.metric.gives}"
            metrics.setdefault(name, item.metric)
            signed.setdefault(name, item.judge)
    if not metrics or sources.task is None or run.plan.task is None:
        return Asked()
    try:
        judges = judges_of(sources.task, run.plan.task.split, _own(metrics.values()), root=root)
    except SignbenchError as error:
        return Asked(notes=[f"What the judges said is not shown: {in_flags(str(error))}"])
    reasons = {name: _obstacle(metric, judges.get(metric.judge), signed[name]) for name, metric in metrics.items()}
    return Asked(
        metrics={name: metric for name, metric in metrics.items() if reasons[name] is None},
        judges=judges,
        notes=[f"What the judge {name} said is not shown: {why}." for name, why in reasons.items() if why is not None],
    )


def wanted(metrics: dict[str, JudgedMetric], metric: JudgedMetric) -> tuple[Gives, ...]:
    """All kinds of answers that metrics need from one metric's judge, so that it is asked once."""
    return tuple(dict.fromkeys(other.gives for other in metrics.values() if other.judge == metric.judge))


def _own(metrics: Collection[JudgedMetric]) -> Sequence[str]:
    return [metric.judge for metric in metrics if not is_custom(metric.judge)]


def _obstacle(metric: JudgedMetric, judge: Judge | None, signed: str) -> str | None:
    """Why a judge's answers are not shown."""
    if is_custom(metric.judge):
        return "its code is not signbench's, and a report does not run it"
    if judge is None:
        return "its weights are not present"
    if f"{judge.signed}+{metric.gives}" != signed:
        return "the judge of that name is no longer the one of the run"
    return None

"""Checks what an entry says about its run against its task, the registry of metrics and the corpus.

The entry's own files also say how it was measured, but their author can write anything there.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from signbench.errors import SignbenchError, listing
from signbench.leaderboard.entries import RECORDS, RESULT, read_entry_result
from signbench.leaderboard.problems import Problem
from signbench.metrics.base import Metric
from signbench.metrics.judged import JudgedMetric
from signbench.runs import signature
from signbench.runs.packed import PackedRun
from signbench.runs.plan import Measured, RunPlan, lacking_weights
from signbench.shipped import own_folder
from signbench.tasks.schema import Task, ids_digest

_AGAIN = "score the predictions again"
_NO_WEIGHTS = re.compile(r"weights not present; signbench weights fetch ([\w. -]+) brings them")
_NO_MODEL = re.compile(
    r"weights not present; (?:signbench train (?P<recipe>\S+) --out reference_models/(?P<trained>\S+)"
    r"|signbench weights add FILE --as (?P<added>\S+) --model [a-z-]+) brings them"
)


def plan_problems(folder: Path, records: PackedRun, task: Task, *, thorough: bool = True) -> Iterator[Problem]:
    """Checks that the records have the task's clips, protocol, metrics and networks.

    Args:
        folder: the entry's folder.
        records: its ``records.parquet``.
        task: the entry's task.
        thorough: let judges that learn from the train split do so; otherwise rely on the shipped rows for what they learn, if there
            are any.
    """
    entry, plan = str(folder), records.plan
    split = plan.task.split if plan.task is not None and plan.task.split in task.clips else task.default_split
    yield from _clip_problems(entry, plan, task, split)
    yield from _own_copy_problems(entry, plan, task, split)
    if plan.protocol != task.protocol() or plan.coverage_floor != task.coverage_floor:
        yield Problem(entry, "task", "it was not measured with the task's protocol", _AGAIN)
    if plan.clusters != _clusters(task, plan.clips, plan.clusters):
        yield Problem(entry, "task", "it does not cluster clips as the task says", _AGAIN)
    if plan.kind == "measure" or (plan.kind == "run") != (plan.generator is not None):
        what = f"{RECORDS} is of kind {plan.kind}, but its run {'has a' if plan.generator else 'has no'} generator"
        yield Problem(entry, "records", what, "submit the run of signbench run or signbench score")
    if plan.headlines != task.headlines:
        yield Problem(entry, "result", "its headlines are not the task's", "submit the run again")
    for item in plan.measured:
        yield from _metric_problems(entry, item, task, split, thorough=thorough)


def _clip_problems(entry: str, plan: RunPlan, task: Task, split: str) -> Iterator[Problem]:
    wanted = task.clips[split]
    if wanted.ids_sha256 is not None and ids_digest(plan.clips) != wanted.ids_sha256:
        what = f"its {len(plan.clips)} clips are not those of the task's split {split}"
        yield Problem(entry, "clips", what if plan.subset is None else f"{what}: a subset", "run the whole split")
    elif wanted.count not in (None, len(plan.clips)):
        yield Problem(entry, "clips", f"it has {len(plan.clips)} clips, but the task has {wanted.count}", "run the whole split")


def _own_copy_problems(entry: str, plan: RunPlan, task: Task, split: str) -> Iterator[Problem]:
    """Checks whose references were used: the submitter's own copy is allowed only if the task does not fix the clips."""
    from signbench.corpora import registry

    known, readable = task.clips[split].ids_sha256 is not None, registry.is_made(task.corpus)
    if plan.own_copy and known:
        yield Problem(entry, "task", "it says references: own copy, but the task fixes the clips", _AGAIN)
    elif not plan.own_copy and not known and not readable:
        what = f"it says references: task, but signbench cannot read {task.corpus} to confirm it"
        yield Problem(entry, "task", what, "say references: own copy, or score the predictions again")


def _clusters(task: Task, clips: Sequence[str], said: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The clusters of a task's clips; if signbench cannot read the corpus, those of the entry, provided that it has some."""
    from signbench.corpora import registry

    if task.cluster is None:
        return None
    if registry.is_made(task.corpus):
        corpus = registry.corpus(task.corpus)
        known = {clip for split in task.splits if split in corpus.splits for clip in corpus.ids(split)}
        return tuple(str(corpus.clip(clip).signer) if clip in known else "" for clip in clips)
    return said if said is not None and len(said) == len(clips) else ()


def _metric_problems(entry: str, item: Measured, task: Task, split: str, *, thorough: bool) -> Iterator[Problem]:
    name = item.name
    wanted = next((metric for metric in task.metrics if metric.key == name), None)
    if wanted is None:
        return  # reported with its signature
    if item.tier != wanted.tier or item.label is not None:
        what = f"{RECORDS} calls {name} {item.label or item.tier}, but it is {wanted.tier} in the task"
        yield Problem(entry, "records", what, _AGAIN)
    if item.unavailable is not None:
        if wanted.tier == "core" or not is_reason(item.unavailable, item.metric):
            what = f"{RECORDS} gives an invalid reason why {name} was not measured ({item.unavailable[:80]!r})"
            yield Problem(entry, "records", what, _AGAIN)
    elif (why := _extractor_error(item, task) or _judge_error(item, task, split, thorough=thorough)) is not None:
        yield Problem(entry, "signature", f"{name} {why}", _AGAIN)


def is_reason(unavailable: str, metric: Metric) -> bool:
    """Whether a reason why a run did not measure a metric is valid: it lacks weights or a package that the metric needs.

    Args:
        unavailable: the reason, as the run states it.
        metric: the metric.
    """
    from signbench.judges import registry

    if isinstance(metric, JudgedMetric) and (model := _NO_MODEL.fullmatch(unavailable)) is not None:
        known = model["recipe"] in (None, "RECIPE.yaml", model["trained"])
        return known and metric.judge in (model["trained"], model["added"])
    if isinstance(metric, JudgedMetric) and not registry.is_custom(metric.judge):
        packages = registry.judge_class(metric.judge).packages
        if unavailable in (f"{package} is not installed; {command} brings it" for package, command in packages.items()):
            return True
    found = _NO_WEIGHTS.fullmatch(unavailable)
    return found is not None and set(found[1].split()) <= set(_needs(metric))


def _extractor_error(item: Measured, task: Task) -> str | None:
    """Why the network that a metric was measured through is not the metric's; None if it is."""
    extractor = item.metric.extractor
    if extractor is None:
        return None if item.extractor is None else f"needs no network, but was measured through {item.extractor[:80]!r}"
    wanted = replace(extractor, precision=task.protocol().precision).registered_signature()
    pattern = re.escape(wanted).replace("unverified", "unverified-[0-9a-f]{12}")
    if item.extractor is None or re.fullmatch(pattern, item.extractor) is None:
        return f"was measured through {str(item.extractor)[:100]!r}, not through {wanted}"
    return None


def _needs(metric: Metric) -> tuple[str, ...]:
    """Names, in the registry of weights, of those that a metric needs."""
    from signbench.judges import registry

    if isinstance(metric, JudgedMetric):
        if registry.is_custom(metric.judge) or registry.lacking(metric.judge) is not None:
            return ()
        return registry.create(metric.judge).needs
    return metric.extractor.needs if metric.extractor is not None else ()


def _judge_error(item: Measured, task: Task, split: str, *, thorough: bool) -> str | None:
    """Why the judge that a metric was measured through is not the task's; None if it is, or if that cannot be determined here.

    Learning from the train split takes too long to show a leaderboard, so the judge is read from the shipped rows, if there are
    any, unless the check is thorough. The code of a custom judge is not run.
    """
    from signbench.corpora import registry as corpora
    from signbench.judges import registry
    from signbench.scoring.task_judges import judges_of

    metric = item.metric
    if not isinstance(metric, JudgedMetric):
        return None if item.judge is None else f"needs no judge, but was measured through {item.judge[:80]!r}"
    if registry.is_custom(metric.judge) or registry.lacking(metric.judge) is not None or lacking_weights(_needs(metric)):
        return None
    known: Collection[str] = ()
    if registry.judge_class(metric.judge).learns:
        if not corpora.is_made(task.corpus):
            return None
        known = () if thorough else _shipped_judges(task, split, item.name)
    if not known:
        try:
            judge = judges_of(task, split, [metric.judge])[metric.judge]
            known = (f"{judge.signed}+{metric.gives}",)
        except SignbenchError as error:
            return f"cannot be compared with the task's judge ({str(error).rstrip('.')})"
    return None if item.judge in known else f"was measured through {str(item.judge)[:100]!r}, not through {' or '.join(known)}"


def _shipped_judges(task: Task, split: str, metric: str) -> list[str]:
    """The signatures of a metric's judge in the rows that signbench ships for a task and split."""
    folder = own_folder("leaderboards").joinpath(*task.name.split("/"), split)
    found: set[str] = set()
    for path in sorted(folder.glob(f"*/{RESULT}")):
        with contextlib.suppress(SignbenchError):
            scores = {score.metric: score for score in read_entry_result(path.parent).scores}
            if metric in scores and scores[metric].signature is not None:
                found.add(signature.parse(scores[metric].signature or "").get("judge", ""))
    return sorted(found - {""})


def unverified_networks(plan: RunPlan) -> str | None:
    """Names of the metrics that depend on weights without a registered digest; None if there are none."""
    found = [item.name for item in plan.measured if "unverified" in (item.extractor or item.judge or "")]
    return listing(found) if found else None

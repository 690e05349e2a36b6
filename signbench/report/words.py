"""What was measured and how, in words and tables for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from signbench.errors import SignbenchError
from signbench.report.sources import Sources
from signbench.runs import signature
from signbench.runs.measured_run import MeasuredMetric, MeasuredRun
from signbench.runs.tables import ARROWS, decimals_of, number
from signbench.tasks.schema import Task

MOST_GROUPS = 40
"""Rows of a table by signer or gloss."""
MOST_EXAMPLES = 5


@dataclass(frozen=True)
class Fact:
    """A line of how something was measured: its meaning, and its value."""

    name: str
    value: str


@dataclass(frozen=True)
class Group:
    """Clips that share a signer or a gloss.

    Attributes:
        name: of the signer or gloss.
        clips: their number.
        scores: metric -> the score over these clips as text, a dash if there is none.
        orders: metric -> the number by which the column is sorted, or None.
    """

    name: str
    clips: int
    scores: dict[str, str]
    orders: dict[str, float | None]


def task_facts(task: Task) -> list[Fact]:
    """A task in words."""
    from signbench.tasks.sheet import GRANTS, LENGTHS, REFERENCES

    made = {"video": "video", "pose": "key points", "motion": "motion of a body model"}[task.made.modality]
    size = f" of {task.made.size} pixels" if task.made.size else ""
    rate = f" at {task.made.fps:g} frames per second" if task.made.fps is not None else ""
    facts = [
        Fact("corpus", task.corpus),
        Fact("given, for each clip", "; ".join(GRANTS[grant] for grant in task.given)),
        Fact("output", f"{made}{size}{rate}"),
        Fact("compared with", REFERENCES[task.references]),
        Fact("length of a production", LENGTHS[task.length]),
    ]
    if task.paper is not None:
        facts.append(Fact("corresponds to", f"{task.paper.table} of {task.paper.citation}"))
    return facts


def generator_facts(run: MeasuredRun) -> list[Fact]:
    """The generator's card in words; where the productions come from if it is not known."""
    card = run.result.generator
    if card is None:
        return [Fact("productions", "submitted; who made them is not part of the run")]
    sees = "the references: it is an anchor, which is never ranked" if run.sees_references else "prompts and the train split"
    facts = [Fact("generator", f"{card['name']}, version {card['version']}"), Fact("sees", sees)]
    names = {"checkpoint": "checkpoint", "licence": "licence", "citation": "to cite"}
    return facts + [Fact(word, str(card[name])) for name, word in names.items() if card.get(name)]


def judge_facts(run: MeasuredRun) -> list[Fact]:
    """The judges of a run: what each is, and its signature."""
    from signbench.judges.registry import judge_class
    from signbench.metrics.judged import JudgedMetric

    found: dict[str, str] = {}
    for item in run.plan.measured:
        if isinstance(item.metric, JudgedMetric) and item.judge is not None:
            said = item.judge.removesuffix(f"+{item.metric.gives}")
            try:
                summary = judge_class(item.metric.judge).summary
            except SignbenchError:
                summary = "A custom judge."
            found[item.metric.judge] = f"{summary} ({said})"
    return [Fact(name, value) for name, value in found.items()]


def signature_facts(run: MeasuredRun) -> tuple[list[Fact], dict[str, list[Fact]]]:
    """Signatures in words: what all metrics of a run share, and what each has of its own."""
    parsed = {name: signature.in_words(text) for name, text in run.result.signatures.items()}
    shared = [fact for fact in next(iter(parsed.values()), []) if all(fact in facts for facts in parsed.values())]
    own = {name: [Fact(*fact) for fact in facts if fact not in shared] for name, facts in parsed.items()}
    return [Fact(*fact) for fact in shared], own


def failures(run: MeasuredRun) -> list[dict[str, Any]]:
    """Why clips could not be measured: each reason with its clips and metrics, the most frequent first."""
    clips: dict[str, set[str]] = {}
    metrics: dict[str, dict[str, str]] = {}
    for score in run.result.scores:
        for item in score.missing:
            reason = item.reason.removeprefix(f"clip {item.clip}: ")
            clips.setdefault(reason, set()).add(item.clip)
            metrics.setdefault(reason, {})[score.metric] = item.counted_as
    rows = [
        {
            "reason": reason,
            "clips": len(found),
            "examples": sorted(found)[:MOST_EXAMPLES],
            "counted_as": [f"{name}: {how}" for name, how in metrics[reason].items()],
        }
        for reason, found in clips.items()
    ]
    return sorted(rows, key=lambda row: (-row["clips"], row["reason"]))


def groups(run: MeasuredRun, members: Mapping[str, Sequence[str]], metrics: Sequence[str]) -> list[Group]:
    """The scores over groups of clips, the largest groups first.

    Args:
        run: the run.
        members: name of the group -> its clips.
        metrics: names of the metrics.
    """
    rows = []
    for name, clips in sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST_GROUPS]:
        values = {metric: score_over(run.metrics[metric], clips) for metric in metrics}
        texts = {metric: number(value, decimals_of(value)) for metric, value in values.items()}
        orders = {metric: _order(run.metrics[metric], value) for metric, value in values.items()}
        rows.append(Group(name, len(clips), texts, orders))
    return rows


def score_over(measured: MeasuredMetric, clips: Sequence[str]) -> float | None:
    """A metric's score over some of a run's clips; None if none of them was measured, or the score is undefined."""
    having = sorted(clip for clip in clips if clip in measured.counted)
    if not having or measured.left_out is not None:
        return None
    value = float(measured.metric.score(measured.records(having), np.ones((1, len(having)), dtype=np.uint8))[0])
    return value if np.isfinite(value) else None


def _order(measured: MeasuredMetric, value: float | None) -> float | None:
    from signbench.runs.side_by_side import from_best

    return None if value is None else from_best(value, measured.metric.direction, measured.score.reference_value)


def by_signer(sources: Sources, clips: Sequence[str]) -> dict[str, list[str]]:
    """Clips by the person who signs them; empty if fewer than two are known."""
    members: dict[str, list[str]] = {}
    for clip in clips:
        found = sources.annotated.get(clip)
        if found is not None and found.signer is not None:
            members.setdefault(found.signer, []).append(clip)
    return members if len(members) > 1 else {}


def by_gloss(sources: Sources, clips: Sequence[str]) -> dict[str, list[str]]:
    """Clips by the glosses that they contain; empty if fewer than two are known."""
    members: dict[str, list[str]] = {}
    for clip in clips:
        found = sources.annotated.get(clip)
        for gloss in dict.fromkeys(found.gloss) if found is not None else ():
            members.setdefault(gloss, []).append(clip)
    return members if len(members) > 1 else {}


def heading(measured: MeasuredMetric) -> str:
    """A metric with its arrow."""
    return f"{measured.score.metric} {ARROWS[measured.score.direction]}"

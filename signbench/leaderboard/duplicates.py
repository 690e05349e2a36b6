"""Rows that are one row (by productions, records or names that look alike), and rows that contradict one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.judges.registry import JUDGES, judge_class
from signbench.leaderboard.plain_text import skeleton
from signbench.leaderboard.problems import Problem
from signbench.metrics.judged import judge_of
from signbench.runs.tables import number

if TYPE_CHECKING:
    from signbench.leaderboard.entries import Entry

MOST_SHARED = 0.5
"""Of the productions: two rows with more in common are one. Retrieval may find some of the clips that other retrieval finds."""

NEAR = 0.25
"""Of the spread over clips: where two rows differ by less from clip to clip, they are counted as one.

Rows of different generators differ by more than their spread; the nearest two among signbench's own by 0.65 of it.
"""

_ROUNDING = 1e-6

NEAR_LEVELS = 0.02
"""How far a judge's ceiling and chance level may be apart on two machines, where it is a network: a clip or two may tip over."""


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Entries with those first that stay where two are one: verified ones, then measured ones, then anchors, by folder."""
    kinds = ("verified", "measured", "anchor")
    return sorted(entries, key=lambda entry: (kinds.index(entry.card.kind), entry.folder.name))


def duplicate_problems(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Which entries of one task and split repeat another; the later one is told of.

    Args:
        entries: those first that stay where two are one.
    """
    for place, entry in enumerate(entries):
        for other in entries[:place]:
            if skeleton(other.card.row) == skeleton(entry.card.row):
                alike = "has the same name" if other.card.row == entry.card.row else "has a name that looks like this one"
                yield _problem(entry, f"{other.folder} {alike}, {other.card.row}", "choose another `name`")
            for contradiction in _other_levels(entry, other):
                yield Problem(str(entry.folder), "score", contradiction, "score the predictions of both again")
            if entry.card.kind == "anchor" and other.card.kind == "anchor":
                continue
            if (what := _same(entry, other)) is not None:
                yield _problem(entry, f"{other.folder} {what}", "keep one of the two")


def _problem(entry: Entry, what: str, remedy: str) -> Problem:
    return Problem(str(entry.folder), "duplicate", what, remedy)


def _other_levels(entry: Entry, other: Entry) -> Iterator[str]:
    """In which metrics the judge says something else of the same references in one row than in the other.

    Ceiling and chance do not depend on the productions, so rows that were measured the same way against the same files agree.
    """
    theirs = {score.metric: score for score in other.result.scores}
    for score in entry.result.scores:
        same = theirs.get(score.metric)
        if score.judged is None or same is None or same.judged is None or score.signature != same.signature:
            continue
        if entry.records.references() != other.records.references():
            continue
        tolerance = _ROUNDING if _is_exact(judge_of(score.metric.partition("@")[2])) else NEAR_LEVELS
        for name in ("ceiling", "chance"):
            ours, others = getattr(score.judged, name), getattr(same.judged, name)
            if ours.clips == others.clips and _close(ours.value, others.value, tolerance):
                continue
            said, wanted = (number(level.value, 4) for level in (ours, others))
            yield f"its judge's {name} of {score.metric} is {said}, and {wanted} in {other.folder}, on the same references"


def _is_exact(judge: str) -> bool:
    """Whether a judge says the same on every machine; of those of other packages nobody knows."""
    return JUDGES.is_built_in(judge) and not judge_class(judge).has_network


def _close(first: float | None, second: float | None, tolerance: float) -> bool:
    if first is None or second is None:
        return first is second
    return bool(np.isclose(first, second, rtol=tolerance, atol=tolerance))


def _same(entry: Entry, other: Entry) -> str | None:
    """What two rows have in common that one row alone has, or None."""
    if entry.card.predictions_sha256 == other.card.predictions_sha256:
        return "has the same predictions"
    for name, ours, theirs in (
        ("productions", entry.records.predictions(), other.records.predictions()),
        ("productions in another form", entry.records.contents(), other.records.contents()),
    ):
        shared = sum(digest == theirs.get(clip) for clip, digest in ours.items())
        if shared > MOST_SHARED * len(entry.records.plan.clips):
            return f"has {shared} of the same {len(entry.records.plan.clips)} {name}"
    tables = entry.own_scores, other.own_scores
    shared_metrics = sorted(set(tables[0]) & set(tables[1]))
    if shared_metrics:
        equal = [np.isclose(tables[0][metric], tables[1][metric], rtol=_ROUNDING, atol=1e-12) for metric in shared_metrics]
        telling = [metric for metric in shared_metrics if all(np.ptp(table[metric]) > 0 for table in tables)]
        if telling and np.mean(np.all(equal, axis=0)) > MOST_SHARED:
            return "has the same records"
    return None


def apart(first: Entry, second: Entry) -> float:
    """How far two rows are apart from clip to clip, by their most different metric.

    That is the root mean squared difference of the clips' own scores over the larger of their standard deviations; infinite where
    the rows have no metric in common that tells.
    """
    ours, theirs = first.own_scores, second.own_scores
    shared = [metric for metric in sorted(ours) if metric in theirs and len(ours[metric]) == len(theirs[metric])]
    found = [_over_spread(ours[metric], theirs[metric]) for metric in shared]
    telling = [distance for distance in found if distance is not None]
    return max(telling) if telling else np.inf


def _over_spread(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float | None:
    spread = max(float(ours.std()), float(theirs.std()))
    difference = float(np.sqrt(np.mean((ours - theirs) ** 2)))
    if spread == 0:
        return None if difference == 0 else np.inf
    return difference / spread


def groups(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries that hardly differ, together; the first of each group, by :func:`in_order`, stands for it."""
    found: list[list[Entry]] = []
    for entry in in_order(entries):
        for group in found:
            if apart(group[0], entry) < NEAR:
                group.append(entry)
                break
        else:
            found.append([entry])
    return found

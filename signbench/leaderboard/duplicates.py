"""Duplicate rows (by productions, records or names that look alike), and rows that contradict one another."""

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
"""The largest share of productions that two rows may have in common: two retrieval generators may find the same clips."""

NEAR = 0.25
"""Rows whose clip scores differ by less than this share of their spread over clips count as one.

Rows of different generators usually differ by more than their spread; the two closest shipped rows by 0.65 of it.
"""

_ROUNDING = 1e-6

NEAR_LEVELS = 0.02
"""The tolerance of a network judge's ceiling and chance level between machines, where single clips may be judged differently."""


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Sorts entries so that of two duplicates the one to keep comes first: verified, then measured, then anchors, by folder."""
    kinds = ("verified", "measured", "anchor")
    return sorted(entries, key=lambda entry: (kinds.index(entry.card.kind), entry.folder.name))


def duplicate_problems(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Entries of one task and split that repeat an earlier one.

    Args:
        entries: sorted by :func:`in_order`, so that the later of two is the duplicate.
    """
    for index, entry in enumerate(entries):
        for other in entries[:index]:
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
    """Metrics whose ceiling or chance level differs between two rows with the same references.

    Ceiling and chance do not depend on the productions, so rows that were measured in the same way on the same files agree.
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
            yield f"its judge's {name} of {score.metric} is {said}, but {wanted} in {other.folder}, on the same references"


def _is_exact(judge: str) -> bool:
    """Whether a judge returns the same on every machine, which is only known of built-in ones."""
    return JUDGES.is_built_in(judge) and not judge_class(judge).has_network


def _close(first: float | None, second: float | None, tolerance: float) -> bool:
    if first is None or second is None:
        return first is second
    return bool(np.isclose(first, second, rtol=tolerance, atol=tolerance))


def _same(entry: Entry, other: Entry) -> str | None:
    """What two rows share that different rows do not, for a message; None if nothing."""
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
        varying = [metric for metric in shared_metrics if all(np.ptp(table[metric]) > 0 for table in tables)]
        if varying and np.mean(np.all(equal, axis=0)) > MOST_SHARED:
            return "has the same records"
    return None


def apart(first: Entry, second: Entry) -> float:
    """How much two rows differ from clip to clip, by their most different metric.

    That is the root mean squared difference of the clips' own scores over the larger of their standard deviations; infinite if
    the rows share no metric that varies over clips.
    """
    ours, theirs = first.own_scores, second.own_scores
    shared = [metric for metric in sorted(ours) if metric in theirs and len(ours[metric]) == len(theirs[metric])]
    found = [_over_spread(ours[metric], theirs[metric]) for metric in shared]
    known = [distance for distance in found if distance is not None]
    return max(known) if known else np.inf


def _over_spread(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float | None:
    spread = max(float(ours.std()), float(theirs.std()))
    difference = float(np.sqrt(np.mean((ours - theirs) ** 2)))
    if spread == 0:
        return None if difference == 0 else np.inf
    return difference / spread


def groups(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Groups of entries that hardly differ; the first of each, by :func:`in_order`, represents the group."""
    found: list[list[Entry]] = []
    for entry in in_order(entries):
        for group in found:
            if apart(group[0], entry) < NEAR:
                group.append(entry)
                break
        else:
            found.append([entry])
    return found

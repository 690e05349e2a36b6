"""How long raters took for an answer: right ones, wrong ones, and who was too fast to have looked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from signbench.study.judging.normalisation import Judgement
from signbench.study.scores.result import Speed

FASTER = 0.5
FEWEST_RATERS = 5
SEALED = "all answers of each rater bear one time"
RULE = (
    f"A rater is fast where the median of their times is less than {FASTER:g} of the median over the raters of the pack (after "
    "Greszki, Meyer and Schoen, 2015). A time is what passed between one answer of a pack and the next; the first has none. Packs "
    f"in which fewer than {FEWEST_RATERS} raters have times have no fast ones. Fast raters are marked, and stay in every score."
)
"""The rule in words."""


def times(judgements: Sequence[Judgement]) -> dict[tuple[str, str], list[tuple[float, Judgement]]]:
    """What each answer took: (pack, rater) -> seconds since that rater's answer before in the pack, and the answer.

    A rater whose answers all bear one time has none: the sheet says when they were sent, not when each was given.

    Args:
        judgements: of the answers of those who took part.
    """
    of_rater: defaultdict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for row in judgements:
        if row.answer.seconds is not None:
            of_rater[row.answer.pack, row.answer.rater].append(row)
    found = {}
    for key, rows in of_rater.items():
        rows.sort(key=lambda row: (row.answer.seconds or 0.0, row.answer.order or 0, row.answer.clip))
        if (rows[0].answer.seconds or 0.0) < (rows[-1].answer.seconds or 0.0):
            found[key] = [
                (round((row.answer.seconds or 0.0) - (before.answer.seconds or 0.0), 3), row) for before, row in pairwise(rows)
            ]
    return found


def medians(judgements: Sequence[Judgement]) -> dict[tuple[str, str], float]:
    """The median time of each rater in each pack: (pack, rater) -> seconds; without those who have no times."""
    return {key: median(seconds for seconds, _ in rows) for key, rows in times(judgements).items()}


def fast(of_rater: dict[tuple[str, str], float]) -> frozenset[tuple[str, str]]:
    """Who is fast by :data:`RULE`.

    Args:
        of_rater: see :func:`medians`.
    """
    of_pack: defaultdict[str, list[float]] = defaultdict(list)
    for (pack, _), seconds in of_rater.items():
        of_pack[pack].append(seconds)
    return frozenset(
        (pack, rater)
        for (pack, rater), seconds in of_rater.items()
        if len(of_pack[pack]) >= FEWEST_RATERS and seconds < FASTER * median(of_pack[pack])
    )


def speed(judgements: Sequence[Judgement]) -> Speed:
    """Median times of right and of wrong answers.

    Args:
        judgements: of the answers of those who took part.
    """
    timed = [pair for rows in times(judgements).values() for pair in rows]
    if not timed:
        sealed = any(row.answer.seconds is not None for row in judgements)
        note = SEALED if sealed else "the sheets have no time for each answer"
        return Speed(answers=0, right=None, wrong=None, raters=0, fast_raters=0, fast_rule=RULE, note=note)
    right = [seconds for seconds, row in timed if row.outcome == "correct"]
    wrong = [seconds for seconds, row in timed if row.outcome != "correct"]
    of_rater = medians(judgements)
    return Speed(
        answers=len(timed),
        right=round(median(right), 3) if right else None,
        wrong=round(median(wrong), 3) if wrong else None,
        raters=len(of_rater),
        fast_raters=len(fast(of_rater)),
        fast_rule=RULE,
        note=None,
    )

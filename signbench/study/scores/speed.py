"""Time per answer: medians of right and wrong answers, and raters who were too fast to have watched the clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from signbench.study.judging.normalisation import Judgement
from signbench.study.scores.result import Speed

FASTER = 0.5
FEWEST_RATERS = 5
ONE_TIME = "all answers of a rater have the same time"
"""The note of a study whose sheets give the time of a whole form only."""
RULE = (
    f"A rater is fast if their median time is less than {FASTER:g} times the median over the raters of the pack (after Greszki, "
    "Meyer and Schoen, 2015). A time is measured from one answer of a pack to the next; the first answer has none. In packs with "
    f"fewer than {FEWEST_RATERS} raters with times, nobody is fast. Fast raters are marked, but not excluded from any score."
)
"""The rule in words."""


def times(judgements: Sequence[Judgement]) -> dict[tuple[str, str], list[tuple[float, Judgement]]]:
    """The time that each answer took.

    Raters whose answers all have the same time are omitted: their sheet says when the form was sent, not when each answer was
    given.

    Args:
        judgements: of the answers of those who took part.

    Returns:
        (pack, rater) -> seconds since that rater's previous answer in the pack, and the answer.
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
    """The median time of each rater in each pack, (pack, rater) -> seconds; raters without times are omitted."""
    return {key: median(seconds for seconds, _ in rows) for key, rows in times(judgements).items()}


def fast(of_rater: dict[tuple[str, str], float]) -> frozenset[tuple[str, str]]:
    """The raters who are fast according to :data:`RULE`, as (pack, rater).

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
        one_time = any(row.answer.seconds is not None for row in judgements)
        note = ONE_TIME if one_time else "the sheets have no time for each answer"
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

"""Fatigue of raters: accuracy by position in each rater's order of presentation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from signbench.statistics.bootstrap import SEED
from signbench.statistics.intervals import Interval
from signbench.study.judging.normalisation import Judgement
from signbench.study.scores.intervals import (
    DRAWS,
    FEWEST,
    Draws,
    SampleSize,
    draw,
    expanded,
    interval,
    redrawn,
    score_interval,
    weighed,
    why_none,
)
from signbench.study.scores.responses import PackResponses, Responses, share
from signbench.study.scores.result import Estimate, Fatigue, OrderPart

PARTS = 4
FEWEST_CLIPS = 8
"""Clips that a rater must have seen in a pack: two in each quarter."""


def fatigue(judgements: Sequence[Judgement], found: Responses, *, count_blank: bool) -> Fatigue:
    """Accuracy in each quarter of the raters' orders of presentation, and the change from the first quarter to the last.

    A quarter is scored like the study: the mean over signs of the accuracy of its answers. The change is over signs that some
    raters saw in the first quarter and others in the last, so that hard signs at the end are not mistaken for fatigue.

    Args:
        judgements: of the answers of those who took part.
        found: the same answers as arrays.
        count_blank: blank answers count as wrong; otherwise they are left out.
    """
    parts, with_order = _parts(judgements)
    without = len({(row.answer.pack, row.answer.rater) for row in judgements}) - with_order
    if not parts:
        reason = (
            "the sheets give no order"
            if not any(row.answer.order is not None for row in judgements)
            else f"no rater has an order of at least {FEWEST_CLIPS} clips in a pack"
        )
        return Fatigue(parts=(), change=_none(reason), raters_without=without)
    quarters = [_quarter(judgements, found, parts, part, count_blank=count_blank) for part in range(PARTS)]
    drawn = draw(found.linked(), [len(pack.signs) for pack in found.packs])
    return Fatigue(
        parts=tuple(_scored(packs, found, drawn, part) for part, packs in enumerate(quarters)),
        change=_change(quarters[0], quarters[-1], found, drawn),
        raters_without=without,
    )


def _parts(judgements: Sequence[Judgement]) -> tuple[dict[tuple[str, str, str], int], int]:
    """(pack, rater, clip) -> quarter of that rater's order, from 0; and the number of raters with an order, summed over packs.

    An answer without a position, such as a blank one for a missing row of a sheet, is in no quarter.
    """
    orders: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for row in judgements:
        answer = row.answer
        if answer.order is not None:
            orders[answer.pack, answer.rater].append((answer.order, answer.clip))
    parts = {}
    usable = 0
    for (pack, rater), clips in orders.items():
        if len({position for position, _ in clips}) < len(clips) or len(clips) < FEWEST_CLIPS:
            continue
        usable += 1
        for rank, (_, clip) in enumerate(sorted(clips)):
            parts[pack, rater, clip] = rank * PARTS // len(clips)
    return parts, usable


def _quarter(
    judgements: Sequence[Judgement], found: Responses, parts: dict[tuple[str, str, str], int], part: int, *, count_blank: bool
) -> list[PackResponses]:
    """The answers of one quarter, as packs with the same raters and signs as the study's."""
    counts: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
    rows = {pack.name: {found.raters[rater]: row for row, rater in enumerate(pack.raters)} for pack in found.packs}
    columns = {pack.name: {sign: column for column, sign in enumerate(pack.signs)} for pack in found.packs}
    for pack in found.packs:
        counts[pack.name] = (np.zeros_like(pack.correct), np.zeros_like(pack.answered))
    for judgement in judgements:
        answer = judgement.answer
        counted = count_blank or judgement.outcome != "blank"
        if counted and parts.get((answer.pack, answer.rater, answer.clip)) == part:
            cell = rows[answer.pack][answer.rater], columns[answer.pack][answer.sign]
            correct, answered = counts[answer.pack]
            answered[cell] += 1
            correct[cell] += judgement.outcome == "correct"
    return [
        PackResponses(name=pack.name, signs=pack.signs, raters=pack.raters, correct=correct, answered=answered)
        for pack in found.packs
        for correct, answered in [counts[pack.name]]
    ]


def _scored(packs: list[PackResponses], found: Responses, drawn: Draws, part: int) -> OrderPart:
    accuracies = np.concatenate([pack.accuracies() for pack in packs])
    known = accuracies[np.isfinite(accuracies)]
    value = float(known.mean()) if len(known) else None
    sums = [redrawn(pack, drawn.raters[:, pack.raters], signs) for pack, signs in zip(packs, drawn.signs, strict=True)]
    scores = share(np.sum([one[0] for one in sums], axis=0), np.sum([one[1] for one in sums], axis=0))
    bounds = score_interval(value, scores, size=SampleSize.of(found.packs, found.linked()), reason=why_none(found.packs))
    return OrderPart(
        part=part + 1,
        parts=PARTS,
        answers=int(sum(float(pack.answered.sum()) for pack in packs)),
        correct=int(sum(float(pack.correct.sum()) for pack in packs)),
        sus=Estimate(value=value, interval=bounds.bounds, interval_note=bounds.reason or _how()),
    )


def _change(first: list[PackResponses], last: list[PackResponses], found: Responses, drawn: Draws) -> Estimate:
    """Accuracy of the last quarter minus that of the first, over signs that were seen in both."""
    everyone = np.ones((1, len(found.raters)), dtype=np.float32)
    differences = np.concatenate([_differences(*pair, everyone)[0] for pair in zip(first, last, strict=True)])
    signs = int(np.isfinite(differences).sum())
    if not signs:
        return _none("every sign was shown in only one part of the order, so fatigue cannot be distinguished from hard signs")
    reason = why_none(found.packs)
    if signs < FEWEST:
        reason = f"fewer than {FEWEST} signs were seen both early and late"
    parts = [
        weighed(_differences(*pair, drawn.raters), signs)
        for pair, signs in zip(zip(first, last, strict=True), drawn.signs, strict=True)
    ]
    scores = share(np.sum([one[0] for one in parts], axis=0), np.sum([one[1] for one in parts], axis=0))
    size = SampleSize.of(found.packs, found.linked())
    below = expanded(min(size.degrees, signs - 1), size.smallest) if reason is None else float("nan")
    bounds: Interval = interval(scores, below=below, reason=reason)
    return Estimate(
        value=float(np.nanmean(differences)), interval=bounds.bounds, interval_note=bounds.reason or f"{_how()}; over {signs} signs"
    )


def _differences(first: PackResponses, last: PackResponses, raters: NDArray[np.float32]) -> NDArray[np.float64]:
    """Accuracy in the last quarter minus that in the first, for each draw of raters and each sign: float64 ``(B, S)``."""
    drawn = raters[:, first.raters]
    return share(drawn @ last.correct, drawn @ last.answered) - share(drawn @ first.correct, drawn @ first.answered)


def _none(reason: str) -> Estimate:
    return Estimate(value=None, interval=None, interval_note=reason)


def _how() -> str:
    return f"two-way bootstrap over raters and signs within packs, {DRAWS} draws, seed {SEED}"

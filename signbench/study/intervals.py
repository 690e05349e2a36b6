"""How sure an accuracy is: Wilson's interval for one sign, and the two-way bootstrap for means over signs.

A study's raters and signs are both samples, so both are drawn again, independently of each other; the packs are fixed. Source:
Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007). Its variance is never too small in large studies, and up to
three times too large where neither raters nor signs differ. With few raters or signs any bootstrap is too narrow: the variance by
(n - 1) / n, the normal quantile against Student's. The percentiles are moved outwards to make up for both. Source: Hesterberg,
"What teachers should know about the bootstrap", The American Statistician 69 (2015), the expanded percentile interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.statistics.bootstrap import MOST_UNDEFINED, SEED
from signbench.statistics.intervals import Interval
from signbench.study.responses import PackResponses, Responses, share

DRAWS = 2000
FEWEST = 10
"""Raters, and signs, that a score needs for an interval."""

FEWEST_IN_PACK = 5
"""Raters, and signs, that each pack of several needs for the study's interval."""

METHOD = "two-way-bootstrap"
_NORMAL = 1.959963984540054  # 97.5 % quantile of the normal distribution


def wilson(correct: NDArray[np.float64], answered: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's 95 % score interval of a proportion, without continuity correction.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Args:
        correct: float64 ``(N,)``, successes.
        answered: float64 ``(N,)``, trials.

    Returns:
        Lower and upper ends, float64 ``(N,)`` in [0, 1]; NaN where there are no trials.
    """
    proportion = share(correct, answered)
    spread = share(np.full_like(answered, _NORMAL**2), answered)
    centre = (proportion + spread / 2) / (1 + spread)
    half = np.sqrt(proportion * (1 - proportion) * spread + spread**2 / 4) / (1 + spread)
    # the ends are exact where rounding would leave 1e-17
    low = np.where(correct == 0, proportion, centre - half)
    high = np.where(correct == answered, proportion, centre + half)
    return low, high


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each rater and each sign counts in each draw.

    Attributes:
        raters: float32 ``(B, R)``, whole numbers, over all raters of the study.
        signs: for each pack, float32 ``(B, S)``, whole numbers; each row sums to S.
    """

    raters: NDArray[np.float32]
    signs: tuple[NDArray[np.float32], ...]


def draw(strata: NDArray[np.int64], signs: Sequence[int], size: int = DRAWS, seed: int = SEED) -> Draws:
    """Draws raters within strata and signs within packs, with replacement, independently of each other.

    Args:
        strata: int64 ``(R,)``, each rater's stratum: :meth:`Responses.linked`, or finer.
        signs: number of signs of each pack.
        size: number of draws B.
        seed: of ``PCG64``; strata come first, in rising order, then packs.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    raters = np.zeros((size, len(strata)), dtype=np.float32)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        raters[:, members] = _multiplicities(generator, len(members), size)
    return Draws(raters, tuple(_multiplicities(generator, count, size) for count in signs))


def redrawn(pack: PackResponses, raters: NDArray[np.float32], signs: NDArray[np.float32]) -> tuple[NDArray[np.float64], ...]:
    """Sum of accuracies over the drawn signs of a pack, and the number of drawn signs that have one.

    Args:
        pack: its answers.
        raters: float32 ``(B, R)``, how often each rater of the pack counts.
        signs: float32 ``(B, S)``, how often each sign counts.

    Returns:
        Two arrays float64 ``(B,)``.
    """
    return weighed(share(raters @ pack.correct, raters @ pack.answered), signs)


def weighed(values: NDArray[np.float64], signs: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum over the drawn signs of their values, and how many there are, where a value may be undefined.

    Args:
        values: float64 ``(B, S)``, NaN where undefined.
        signs: float32 ``(B, S)``, how often each sign counts.

    Returns:
        Two arrays float64 ``(B,)``.
    """
    defined = np.isfinite(values)
    return (np.where(defined, values, 0.0) * signs).sum(axis=1), (defined * signs).sum(axis=1, dtype=np.float64)


def sus_draws(packs: Sequence[PackResponses], draws: Draws) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The scores of each draw.

    Args:
        packs: in the order of ``draws.signs``.
        draws: how often raters and signs count.

    Returns:
        Each pack's SUS float64 ``(P, B)``, the mean over all signs float64 ``(B,)``, the mean of the packs float64 ``(B,)``.
    """
    parts = [redrawn(pack, draws.raters[:, pack.raters], signs) for pack, signs in zip(packs, draws.signs, strict=True)]
    sums, counts = np.array([part[0] for part in parts]), np.array([part[1] for part in parts])
    each = share(sums, counts)
    return each, share(sums.sum(axis=0), counts.sum(axis=0)), each.mean(axis=0)


def tail(packs: Sequence[PackResponses], linked: NDArray[np.int64]) -> float:
    """Share of the draws below the interval's lower end: Phi(t(d, 0.025) x sqrt(n / (n - 1))).

    n is the smallest number of raters or of signs in any pack. d counts degrees of freedom: the sum over packs of signs - 1, or of
    raters - 1 over packs without common raters, whichever is less.

    Args:
        packs: that the score is made of.
        linked: int64, each rater's number by :meth:`Responses.linked`.

    Returns:
        0.025 for endless raters and signs, less for fewer; NaN with one rater or sign.
    """
    taking_part = np.unique(np.concatenate([pack.raters for pack in packs]))
    smallest = min(min(pack.answered.shape) for pack in packs)
    signs = sum(len(pack.signs) - 1 for pack in packs)
    raters = len(taking_part) - len(np.unique(linked[taking_part]))
    return expanded(min(signs, raters), smallest) if smallest > 1 else float("nan")


def expanded(degrees: int, smallest: int) -> float:
    """The lower percentile, as a share, that makes up for a small sample; see the head of this module.

    Args:
        degrees: of freedom, at least 1.
        smallest: sample size n, at least 2.
    """
    from scipy.special import ndtr, stdtrit

    return float(ndtr(stdtrit(degrees, 0.025) * np.sqrt(smallest / (smallest - 1))))


def why_none(packs: Sequence[PackResponses]) -> str | None:
    """Why a mean over the signs of these packs has no interval; None where it may have one."""
    raters = len(np.unique(np.concatenate([pack.raters for pack in packs])))
    signs = sum(len(pack.signs) for pack in packs)
    if raters < FEWEST or signs < FEWEST:
        return f"fewer than {FEWEST} {'raters' if raters < FEWEST else 'signs'}"
    for pack in packs:
        if min(pack.answered.shape) < FEWEST_IN_PACK:
            fewer = "raters" if len(pack.raters) < FEWEST_IN_PACK else "signs"
            return f"fewer than {FEWEST_IN_PACK} {fewer} in pack {pack.name}"
    correct = sum(float(pack.correct.sum()) for pack in packs)
    answered = sum(float(pack.answered.sum()) for pack in packs)
    if correct in (0, answered):
        return "every answer is right, so no draw differs" if correct else "every answer is wrong, so no draw differs"
    return None


def interval(scores: NDArray[np.float64], below: float, reason: str | None) -> Interval:
    """The interval between two percentiles of the draws' scores, linear between neighbours.

    Args:
        scores: float64 ``(B,)``, NaN where a draw has none; up to 5 % of such draws are left out.
        below: share of the draws below the lower end, and above the upper one; see :func:`tail`.
        reason: why there is no interval, where that is known already.
    """
    defined = scores[np.isfinite(scores)]
    if reason is None and len(defined) < (1 - MOST_UNDEFINED) * len(scores):
        reason = f"the score is undefined in {len(scores) - len(defined)} of {len(scores)} draws"
    if reason is not None:
        return Interval(None, None, METHOD, reason)
    low, high = np.percentile(defined, [100 * below, 100 * (1 - below)], method="linear")
    return Interval(float(low), float(high), METHOD)


def study_intervals(responses: Responses, draws: Draws | None = None) -> tuple[list[Interval], Interval, Interval]:
    """The 95 % intervals of each pack's SUS, of the mean over signs and of the mean of packs.

    Args:
        responses: of the study.
        draws: of raters and signs; default: the seeded ones.
    """
    packs, linked = responses.packs, responses.linked()
    draws = draws or draw(linked, [len(pack.signs) for pack in packs])
    each, over_signs, of_packs = sus_draws(packs, draws)
    single = [interval(scores, tail([pack], linked), why_none([pack])) for pack, scores in zip(packs, each, strict=True)]
    below, reason = tail(packs, linked), why_none(packs)
    return single, interval(over_signs, below, reason), interval(of_packs, below, reason)


def _multiplicities(generator: np.random.Generator, count: int, size: int) -> NDArray[np.float32]:
    return generator.multinomial(count, np.full(count, 1 / count), size=size).astype(np.float32)

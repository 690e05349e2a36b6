"""How sure an accuracy is: Wilson's interval for one sign, and the two-way bootstrap for means over signs.

A study's raters and signs are both samples, so both are drawn again, independently of each other; the packs are fixed. Source:
Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007). Its variance is never too small in large studies, and up to
three times too large where neither raters nor signs differ. With few raters or signs any bootstrap's variance is too small by
(n - 1) / n, which is put right.

A score is a share, and near 0 or 1 its draws lean to one side, so the interval does not lie between percentiles of the draws. The
variance says of how many independent answers the score is worth, and the interval is Wilson's for as many, with Student's quantile
for the normal one. Where every answer is right, or wrong, the draws say nothing, and a sign or a rater is taken for one answer,
whichever are fewer. Source of the effective number: Korn and Graubard, "Confidence intervals for proportions with small expected
number of positive counts estimated from survey data", Survey Methodology 24 (1998). Differences of two scores lie between
percentiles that are moved outwards for few raters or signs. Source: Hesterberg, "What teachers should know about the bootstrap",
The American Statistician 69 (2015), the expanded percentile interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.statistics.bootstrap import MOST_UNDEFINED, SEED
from signbench.statistics.intervals import Interval
from signbench.study.scores.responses import PackResponses, Responses, share

DRAWS = 2000
FEWEST = 10
"""Raters, and signs, that a score needs for an interval."""

FEWEST_IN_PACK = 5
"""Raters, and signs, that each pack of several needs for the study's interval."""

ALIKE = 1e-9
"""Draws that differ by less than this do not differ."""

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
    spread = share(np.full_like(answered, _NORMAL * _NORMAL), answered)
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


@dataclass(frozen=True)
class SampleSize:
    """How much there is to draw from.

    Attributes:
        smallest: number of raters or of signs in any pack, whichever is least.
        degrees: of freedom: the sum over packs of signs - 1, or of raters - 1 over packs without common raters, whichever is less.
    """

    smallest: int
    degrees: int

    @classmethod
    def of(cls, packs: Sequence[PackResponses], linked: NDArray[np.int64]) -> SampleSize:
        """That of a score.

        Args:
            packs: that the score is made of.
            linked: int64, each rater's number by :meth:`Responses.linked`.
        """
        taking_part = np.unique(np.concatenate([pack.raters for pack in packs]))
        signs = sum(len(pack.signs) - 1 for pack in packs)
        raters = len(taking_part) - len(np.unique(linked[taking_part]))
        return cls(min(min(pack.answered.shape) for pack in packs), min(signs, raters))


def wilson_for_draws(
    value: NDArray[np.float64], variance: NDArray[np.float64], size: SampleSize
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's 95 % interval of shares whose variance is known from draws; see the head of this module.

    Args:
        value: float64 ``(K,)``, the shares, between 0 and 1.
        variance: float64 ``(K,)`` above 0, of their draws.
        size: of the samples that were drawn from.

    Returns:
        Lower and upper ends, float64 ``(K,)`` in (0, 1).
    """
    from scipy.special import stdtrit

    quantile = -float(stdtrit(size.degrees, 0.025))
    corrected = variance * (size.smallest / (size.smallest - 1))
    # per effective answer; a variance above that of a single answer is none of a share
    spread = quantile**2 * np.minimum(corrected / (value * (1 - value)), 1.0)
    centre = (value + spread / 2) / (1 + spread)
    half = np.sqrt(value * (1 - value) * spread + spread**2 / 4) / (1 + spread)
    return centre - half, centre + half


def expanded(degrees: int, smallest: int) -> float:
    """The lower percentile, as a share, that makes up for a small sample; see the head of this module.

    Args:
        degrees: of freedom, at least 1.
        smallest: sample size n, at least 2.
    """
    from scipy.special import ndtr, stdtrit

    return float(ndtr(stdtrit(degrees, 0.025) * np.sqrt(smallest / (smallest - 1))))


def why_none(packs: Sequence[PackResponses]) -> str | None:
    """Why a mean over the signs of these packs has no interval: too few raters or signs; None where there are enough."""
    raters = len(np.unique(np.concatenate([pack.raters for pack in packs])))
    signs = sum(len(pack.signs) for pack in packs)
    if raters < FEWEST or signs < FEWEST:
        return f"fewer than {FEWEST} {'raters' if raters < FEWEST else 'signs'}"
    for pack in packs:
        if min(pack.answered.shape) < FEWEST_IN_PACK:
            fewer = "raters" if len(pack.raters) < FEWEST_IN_PACK else "signs"
            return f"fewer than {FEWEST_IN_PACK} {fewer} in pack {pack.name}"
    return None


def interval(scores: NDArray[np.float64], below: float, reason: str | None) -> Interval:
    """The interval between two percentiles of the draws' differences, linear between neighbours.

    Args:
        scores: float64 ``(B,)``, NaN where a draw has none; up to 5 % of such draws are left out.
        below: share of the draws below the lower end, and above the upper one; see :func:`expanded`.
        reason: why there is no interval, where that is known already.
    """
    defined, reason = _defined(scores, reason)
    if reason is not None:
        return Interval(None, None, METHOD, reason)
    low, high = np.percentile(defined, [100 * below, 100 * (1 - below)], method="linear")
    return Interval(float(low), float(high), METHOD)


def score_interval(value: float | None, scores: NDArray[np.float64], size: SampleSize, reason: str | None) -> Interval:
    """The interval of a score: Wilson's for as many answers as its draws say that it is worth.

    Args:
        value: the score.
        scores: float64 ``(B,)``, the score of each draw, NaN where a draw has none; up to 5 % of such draws are left out.
        size: of the samples that were drawn from.
        reason: why there is no interval, where that is known already.
    """
    if value in (0, 1) and reason is None:
        return Interval(*at_bound(value == 1, size), METHOD)
    defined, reason = _defined(scores, reason)
    if reason is not None or value is None:
        return Interval(None, None, METHOD, reason or "no answer counts")
    low, high = wilson_for_draws(np.array([value]), np.array([defined.var()]), size)
    return Interval(float(low[0]), float(high[0]), METHOD)


def at_bound(right: bool, size: SampleSize) -> tuple[float, float]:
    """Wilson's interval where every answer is right, or wrong, and no draw says how far raters and signs differ.

    At worst all answers to one sign, or all of one rater, are one answer.
    """
    from scipy.special import stdtrit

    answers = size.degrees + 1
    low = answers / (answers + float(stdtrit(size.degrees, 0.025)) ** 2)
    return (low, 1.0) if right else (0.0, 1 - low)


def _defined(scores: NDArray[np.float64], reason: str | None) -> tuple[NDArray[np.float64], str | None]:
    """The draws that have a score, and why they make no interval."""
    defined = scores[np.isfinite(scores)]
    if reason is None and len(defined) < (1 - MOST_UNDEFINED) * len(scores):
        reason = f"the score is undefined in {len(scores) - len(defined)} of {len(scores)} draws"
    if reason is None and np.ptp(defined) < ALIKE:
        reason = "no draw differs from another"
    return defined, reason


def study_intervals(responses: Responses, draws: Draws | None = None) -> tuple[list[Interval], Interval, Interval]:
    """The 95 % intervals of each pack's SUS, of the mean over signs and of the mean of packs.

    Args:
        responses: of the study.
        draws: of raters and signs; default: the seeded ones.
    """
    packs, linked = responses.packs, responses.linked()
    draws = draws or draw(linked, [len(pack.signs) for pack in packs])
    each, over_signs, of_packs = sus_draws(packs, draws)
    shares = [pack.accuracies() for pack in packs]
    means = [_mean(values) for values in shares]
    single = [
        score_interval(mean, scores, SampleSize.of([pack], linked), why_none([pack]))
        for pack, mean, scores in zip(packs, means, each, strict=True)
    ]
    size, reason = SampleSize.of(packs, linked), why_none(packs)
    mean_of_packs = _mean(np.array([mean for mean in means if mean is not None]))
    return (
        single,
        score_interval(_mean(np.concatenate(shares)), over_signs, size, reason),
        score_interval(mean_of_packs, of_packs, size, reason),
    )


def _mean(shares: NDArray[np.float64]) -> float | None:
    known = shares[np.isfinite(shares)]
    return float(known.mean()) if len(known) else None


def _multiplicities(generator: np.random.Generator, count: int, size: int) -> NDArray[np.float32]:
    return generator.multinomial(count, np.full(count, 1 / count), size=size).astype(np.float32)

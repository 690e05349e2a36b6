"""Confidence intervals: Wilson's for the accuracy of one sign, and a two-way bootstrap for means over signs.

A study's raters and signs are both samples, so both are resampled, independently of each other; the packs are fixed. Source:
Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007). The variance of the draws is never too small in large
studies, and up to three times too large if neither raters nor signs differ. With few raters or signs, the variance of any
bootstrap is too small by a factor of (n - 1) / n, which is corrected.

A score is a share, and near 0 or 1 its draws are skewed, so the interval is not made of percentiles of the draws. Instead, the
variance of the draws gives the effective number of independent answers, and the interval is Wilson's for that number, with
Student's quantile instead of the normal one. If every answer is right, or every answer wrong, the draws do not vary; then the
effective number is the number of signs or of raters, whichever is smaller. Source of the effective number: Korn and Graubard,
"Confidence intervals for proportions with small expected number of positive counts estimated from survey data", Survey Methodology
24 (1998). The interval of a difference of two scores is made of percentiles, widened for few raters or signs. Source: Hesterberg,
"What teachers should know about the bootstrap", The American Statistician 69 (2015), the expanded percentile interval.
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
"""A score has an interval from this number of raters and of signs on."""

FEWEST_IN_PACK = 5
"""A study of several packs has an interval if each pack has this number of raters and of signs."""

ALIKE = 1e-9
"""Draws whose values differ by less than this count as equal."""

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
    # exact ends, where rounding would give 1e-17
    low = np.where(correct == 0, proportion, centre - half)
    high = np.where(correct == answered, proportion, centre + half)
    return low, high


@dataclass(frozen=True, eq=False)
class Draws:
    """The multiplicity of each rater and each sign in each draw.

    Attributes:
        raters: float32 ``(B, R)``, whole numbers, over all raters of the study.
        signs: for each pack, float32 ``(B, S)``, whole numbers; each row sums to S.
    """

    raters: NDArray[np.float32]
    signs: tuple[NDArray[np.float32], ...]


def draw(strata: NDArray[np.int64], signs: Sequence[int], *, size: int = DRAWS, seed: int = SEED) -> Draws:
    """Draws raters within strata and signs within packs, with replacement, independently of each other.

    Args:
        strata: int64 ``(R,)``, each rater's stratum: :meth:`Responses.linked`, or finer.
        signs: number of signs of each pack.
        size: number of draws B.
        seed: of ``PCG64``; strata are drawn first, in ascending order, then packs.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    raters = np.zeros((size, len(strata)), dtype=np.float32)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        raters[:, members] = _multiplicities(generator, len(members), size)
    return Draws(raters, tuple(_multiplicities(generator, count, size) for count in signs))


def redrawn(pack: PackResponses, raters: NDArray[np.float32], signs: NDArray[np.float32]) -> tuple[NDArray[np.float64], ...]:
    """Sum of the accuracies of the drawn signs of a pack, and the number of drawn signs that have an accuracy.

    Args:
        pack: its answers.
        raters: float32 ``(B, R)``, multiplicity of each rater of the pack.
        signs: float32 ``(B, S)``, multiplicity of each sign.

    Returns:
        Two arrays float64 ``(B,)``.
    """
    return weighed(share(raters @ pack.correct, raters @ pack.answered), signs)


def weighed(values: NDArray[np.float64], signs: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum of the values of the drawn signs, and the number of drawn signs with a value.

    Args:
        values: float64 ``(B, S)``, NaN where undefined.
        signs: float32 ``(B, S)``, multiplicity of each sign.

    Returns:
        Two arrays float64 ``(B,)``.
    """
    defined = np.isfinite(values)
    return (np.where(defined, values, 0.0) * signs).sum(axis=1), (defined * signs).sum(axis=1, dtype=np.float64)


def sus_draws(packs: Sequence[PackResponses], draws: Draws) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The scores of each draw.

    Args:
        packs: in the order of ``draws.signs``.
        draws: multiplicities of raters and signs.

    Returns:
        Each pack's SUS float64 ``(P, B)``, the mean over all signs float64 ``(B,)``, the mean of the packs float64 ``(B,)``.
    """
    parts = [redrawn(pack, draws.raters[:, pack.raters], signs) for pack, signs in zip(packs, draws.signs, strict=True)]
    sums, counts = np.array([part[0] for part in parts]), np.array([part[1] for part in parts])
    each = share(sums, counts)
    return each, share(sums.sum(axis=0), counts.sum(axis=0)), each.mean(axis=0)


@dataclass(frozen=True)
class SampleSize:
    """The size of the samples of raters and signs.

    Attributes:
        smallest: the smallest number of raters or of signs in any pack.
        degrees: of freedom: the sum over packs of signs - 1, or of raters - 1 over packs without common raters, whichever is less.
    """

    smallest: int
    degrees: int

    @classmethod
    def of(cls, packs: Sequence[PackResponses], linked: NDArray[np.int64]) -> SampleSize:
        """The sample size of a score.

        Args:
            packs: of the score.
            linked: int64, each rater's number by :meth:`Responses.linked`.
        """
        taking_part = np.unique(np.concatenate([pack.raters for pack in packs]))
        signs = sum(len(pack.signs) - 1 for pack in packs)
        raters = len(taking_part) - len(np.unique(linked[taking_part]))
        return cls(min(min(pack.answered.shape) for pack in packs), min(signs, raters))


def wilson_for_draws(
    value: NDArray[np.float64], variance: NDArray[np.float64], size: SampleSize
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's 95 % interval of shares, for the effective number of answers that the variance of their draws gives.

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
    # per effective answer; a share cannot have a larger variance than a single answer
    spread = quantile**2 * np.minimum(corrected / (value * (1 - value)), 1.0)
    centre = (value + spread / 2) / (1 + spread)
    half = np.sqrt(value * (1 - value) * spread + spread**2 / 4) / (1 + spread)
    return centre - half, centre + half


def expanded(degrees: int, smallest: int) -> float:
    """The lower percentile, as a share, of an expanded percentile interval; see the module's docstring.

    Args:
        degrees: of freedom, at least 1.
        smallest: sample size n, at least 2.
    """
    from scipy.special import ndtr, stdtrit

    return float(ndtr(stdtrit(degrees, 0.025) * np.sqrt(smallest / (smallest - 1))))


def why_none(packs: Sequence[PackResponses]) -> str | None:
    """Why a mean over the signs of these packs has no interval (too few raters or signs); None if it has one."""
    raters = len(np.unique(np.concatenate([pack.raters for pack in packs])))
    signs = sum(len(pack.signs) for pack in packs)
    if raters < FEWEST or signs < FEWEST:
        return f"fewer than {FEWEST} {'raters' if raters < FEWEST else 'signs'}"
    for pack in packs:
        if min(pack.answered.shape) < FEWEST_IN_PACK:
            fewer = "raters" if len(pack.raters) < FEWEST_IN_PACK else "signs"
            return f"fewer than {FEWEST_IN_PACK} {fewer} in pack {pack.name}"
    return None


def interval(scores: NDArray[np.float64], *, below: float, reason: str | None) -> Interval:
    """The interval between two percentiles of the draws' differences, linear between neighbours.

    Args:
        scores: float64 ``(B,)``, NaN for an undefined draw; up to 5 % may be undefined.
        below: share of the draws below the lower end, and above the upper end; see :func:`expanded`.
        reason: why there is no interval, if that is already known.
    """
    defined, reason = _defined(scores, reason)
    if reason is not None:
        return Interval(method=METHOD, reason=reason)
    low, high = np.percentile(defined, [100 * below, 100 * (1 - below)], method="linear")
    return Interval(low=float(low), high=float(high), method=METHOD)


def score_interval(value: float | None, scores: NDArray[np.float64], *, size: SampleSize, reason: str | None) -> Interval:
    """The interval of a score: Wilson's for the effective number of answers that its draws give.

    Args:
        value: the score.
        scores: float64 ``(B,)``, the score of each draw, NaN for an undefined draw; up to 5 % may be undefined.
        size: of the samples that were drawn from.
        reason: why there is no interval, if that is already known.
    """
    if value in (0, 1) and reason is None:
        low, high = at_bound(value == 1, size)
        return Interval(low=low, high=high, method=METHOD)
    defined, reason = _defined(scores, reason)
    if reason is not None or value is None:
        return Interval(method=METHOD, reason=reason or "no answer counts")
    lower, upper = wilson_for_draws(np.array([value]), np.array([defined.var()]), size)
    return Interval(low=float(lower[0]), high=float(upper[0]), method=METHOD)


def at_bound(right: bool, size: SampleSize) -> tuple[float, float]:
    """Wilson's interval of a score of 0 or 1, whose draws do not vary.

    In the worst case all answers to one sign, or all answers of one rater, are worth one answer.
    """
    from scipy.special import stdtrit

    answers = size.degrees + 1
    low = answers / (answers + float(stdtrit(size.degrees, 0.025)) ** 2)
    return (low, 1.0) if right else (0.0, 1 - low)


def _defined(scores: NDArray[np.float64], reason: str | None) -> tuple[NDArray[np.float64], str | None]:
    """The draws that have a score, and why they give no interval, or None."""
    defined = scores[np.isfinite(scores)]
    if reason is None and len(defined) < (1 - MOST_UNDEFINED) * len(scores):
        reason = f"the score is undefined in {len(scores) - len(defined)} of {len(scores)} draws"
    if reason is None and np.ptp(defined) < ALIKE:
        reason = "all draws are equal"
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
        score_interval(mean, scores, size=SampleSize.of([pack], linked), reason=why_none([pack]))
        for pack, mean, scores in zip(packs, means, each, strict=True)
    ]
    size, reason = SampleSize.of(packs, linked), why_none(packs)
    mean_of_packs = _mean(np.array([mean for mean in means if mean is not None]))
    return (
        single,
        score_interval(_mean(np.concatenate(shares)), over_signs, size=size, reason=reason),
        score_interval(mean_of_packs, of_packs, size=size, reason=reason),
    )


def _mean(shares: NDArray[np.float64]) -> float | None:
    known = shares[np.isfinite(shares)]
    return float(known.mean()) if len(known) else None


def _multiplicities(generator: np.random.Generator, count: int, size: int) -> NDArray[np.float32]:
    return generator.multinomial(count, np.full(count, 1 / count), size=size).astype(np.float32)

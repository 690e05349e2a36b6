"""Studentised bootstrap: each draw's distance from the score is measured in units of the draw's own standard error.

The percentiles of the draws' scores themselves are too narrow for few clips, especially if the clips' values are skewed: for 20
clips they cover the true value in 85 to 90 % of cases instead of 95. A draw that happens to lack the long tail has a low score
*and* a small error, which the ratio of the two takes into account. Source: Efron and Tibshirani, *An Introduction to the Bootstrap*
(1993), section 12.5 (the bootstrap-t interval); Davison and Hinkley, *Bootstrap Methods and their Application* (1997), section
2.7.2 (errors from influence values).

A unit's influence is how much the score would change without it. The N scores without one unit each give the score's error and,
with weights, that of every draw; only the metric's own fold is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Weights, weighted_sum
from signbench.statistics import bootstrap, quantiles
from signbench.statistics.units import Units

Fold = Callable[[Weights], NDArray[np.float64]]
"""Weights of clips, int ``(B, N)`` -> scores, float64 ``(B,)``."""

TIE = 1e-10
"""An error below this share of the score is due to rounding: the clips do not differ."""

_BLOCK_CELLS = 1 << 24
_NO_SPREAD = 1e-10
_FARTHEST = 5.0


def bounds(fold: Fold, units: Units, *, scale: float | None = None, what: str = "score") -> tuple[float, float] | str:
    """A score's 95 % interval.

    With U_i the units' influences, n_i their clips over the mean number of clips, and a draw's score S* and weights w_i::

        influence    U_i = (C - 1) (mean of S_without_j - S_without_i)
        error        SE² = sum of U_i² / (C (C - 1))
        of a draw    SE*² = sum of w_i (U_i - (S* - S) n_i)² / (C (C - 1)) x (C / sum of w_i n_i)²
        interval     S - t_high SE ... S - t_low SE

    where t_low and t_high are the 25th smallest and the 25th largest of 1,000 values of (S* - S) / SE*. Neither end is nearer than
    that of Student's t. A draw without a score, or without any spread, counts as the most extreme in both directions. If an end
    would be more than five times as far as that of Student's t, there is no interval: a few clips decide the score, such as two of
    20 that are not perfect, and their number is due to chance.

    Args:
        fold: the fold over clips.
        units: the units of these clips; not too few.
        scale: magnitude of the numbers whose difference the score is, to distinguish rounding from spread; None: the score's.
        what: name of the score in reasons.

    Returns:
        (low, high), or the reason why there is none.
    """
    value = float(fold(np.ones((1, units.clips), dtype=np.uint8))[0])
    influence = influences(fold, units)
    if not (np.isfinite(value) and np.isfinite(influence).all()):
        return f"the {what} is undefined when some clips are left out"
    count = units.count
    error = float(np.sqrt(np.sum(influence**2) / (count * (count - 1))))
    if error <= TIE * (abs(value) if scale is None else scale):
        return same(units, what)
    weights = shared_draws(count)
    away = fold(units.spread(weights)) - value
    size = units.sizes / np.mean(units.sizes)
    with np.errstate(invalid="ignore", divide="ignore"):
        square = (
            weighted_sum(influence**2, weights)
            - 2 * away * weighted_sum(influence * size, weights)
            + away**2 * weighted_sum(size**2, weights)
        )
        square *= (count / weighted_sum(size, weights)) ** 2 / (count * (count - 1))
        t = away / np.sqrt(square)
    known = np.isfinite(away) & (square > _NO_SPREAD * error**2)
    outside = len(t) // 40
    low, high = (np.sort(np.where(known, t, end))[rank] for end, rank in ((-np.inf, outside - 1), (np.inf, -outside)))
    student = quantiles.students(units.freedom())
    if max(float(high), -float(low)) > _FARTHEST * student:
        return f"the {what} hangs on too few {units.word} for its error to be known"
    return value - max(float(high), student) * error, value - min(float(low), -student) * error


def same(units: Units, what: str = "score") -> str:
    """Why there is no interval if the units do not differ."""
    return f"the {what} is the same without any of the {units.word}"


def influences(fold: Fold, units: Units) -> NDArray[np.float64]:
    """The influence of each unit, from the score without it.

    Args:
        fold: the fold over clips.
        units: the units of these clips.

    Returns:
        float64 ``(count,)``, adding up to 0; NaN if a score without one unit is undefined.
    """
    count = units.count
    scores = np.empty(count, dtype=np.float64)
    rows = max(1, _BLOCK_CELLS // max(units.clips, 1))
    indices = np.arange(count)
    for start in range(0, count, rows):
        block = indices[start : start + rows]
        scores[block] = fold(units.spread(np.asfortranarray((block[:, None] != indices[None, :]).astype(np.uint8))))
    with np.errstate(invalid="ignore"):
        return np.asarray((count - 1) * (np.mean(scores) - scores))


@lru_cache(maxsize=1)
def shared_draws(units: int) -> Weights:
    """The draws that all metrics of a run share; read-only because they are shared."""
    weights = bootstrap.draws(units)
    weights.flags.writeable = False
    return weights

"""Jackknife that leaves out groups of clips, for scores whose bootstrap is biased, and for few clusters.

Repeated clips make a sample look less varied than it is, so the bootstrap of a Fréchet distance is off to one side of the score.
Leaving clips out repeats nothing. Source: Kott, "The delete-a-group jackknife", Journal of Official Statistics 17 (2001).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import exponential, logarithm
from signbench.statistics import quantiles
from signbench.statistics.bootstrap import SEED

GROUPS = 20

_MOST_LOG_HALF_WIDTH = 4.605170186
"""Natural logarithm of 100: if the interval extends beyond a hundredth to a hundredfold, the score is noise around 0."""


def groups(units: int, count: int = GROUPS, seed: int = SEED) -> NDArray[np.int64]:
    """Deals units (clips in id order, or clusters) into groups whose sizes differ by at most 1.

    The unit at position p of the seeded permutation goes to group ``p % count``. With fewer units than ``count`` each unit is its
    own group, which is the ordinary delete-one jackknife.

    Args:
        units: number of units N.
        count: requested number of groups G.
        seed: of ``PCG64``.

    Returns:
        int64 ``(N,)``, each unit's group in [0, min(G, N)).
    """
    order = np.random.Generator(np.random.PCG64(seed)).permutation(units)
    group = np.empty(units, dtype=np.int64)
    group[order] = np.arange(units) % min(count, units)
    return group


def leave_out(group: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Weights that leave out one group at a time.

    Args:
        group: int64 ``(N,)``, each clip's group in [0, G), none of them empty.

    Returns:
        uint8 ``(G, N)``: row g is 0 for the clips of group g and 1 for the others.
    """
    count = int(group.max()) + 1
    return np.asfortranarray(group[None, :] != np.arange(count)[:, None]).astype(np.uint8)


def standard_error(scores: NDArray[np.float64]) -> float:
    """Jackknife standard error: SE^2 = (G - 1) / G x sum of (score_g - mean)^2.

    Args:
        scores: float64 ``(G,)``, the score without each group; G at least 2.

    Returns:
        The standard error; NaN or infinite if one of the scores is.
    """
    count = len(scores)
    return float(np.sqrt((count - 1) / count * np.sum((scores - np.mean(scores)) ** 2)))


def t_interval(value: float, scores: NDArray[np.float64], freedom: int | None = None) -> tuple[float, float]:
    """The score plus and minus its jackknife standard error times the 97.5 % quantile of Student's t.

    Args:
        value: the score of all clips.
        scores: float64 ``(G,)``, the score without each group; G at least 2.
        freedom: degrees of freedom; None: G - 1.

    Returns:
        (low, high); NaN if a score is undefined.
    """
    half = quantiles.students(freedom or len(scores) - 1) * standard_error(scores)
    return value - half, value + half


def log_interval(value: float, scores: NDArray[np.float64], freedom: int | None = None) -> tuple[float, float] | None:
    """The same on a logarithmic scale, for scores that cannot be negative.

    The error of a Fréchet distance grows with the distance, so that upward errors are larger than downward errors. On a logarithmic
    scale they are symmetric, and no end is below 0.

    Args:
        value: the score of all clips.
        scores: float64 ``(G,)``, the score without each group; G at least 2.
        freedom: degrees of freedom; None: G - 1.

    Returns:
        (low, high); None if a score is not above 0, or its order of magnitude is unknown.
    """
    if not (value > 0 and (scores > 0).all()):
        return None
    half = quantiles.students(freedom or len(scores) - 1) * standard_error(logarithm(scores))
    if not half < _MOST_LOG_HALF_WIDTH:
        return None
    factor = float(exponential(half))
    return value / factor, value * factor

"""Intervals of shares of correct clips, for which the bootstrap knows nothing beyond the sample.

If all of 12 clips are correct, every draw is correct. Wilson's interval covers the true shares that would often give the observed
one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from signbench.statistics.quantiles import NORMAL


def wilson(share: float, number: float, quantile: float = NORMAL) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Args:
        share: of correct clips, in [0, 1].
        number: of clips; not an integer if they are weighted unequally or depend on each other.
        quantile: 97.5 % quantile, of the normal distribution or of Student's t.

    Returns:
        (low, high) in [0, 1], never of width 0.
    """
    share = min(max(share, 0.0), 1.0)
    square = quantile * quantile / number
    centre = (share + square / 2) / (1 + square)
    half = quantile / (1 + square) * math.sqrt(share * (1 - share) / number + square / (4 * number))
    return 0.0 if share == 0 else max(0.0, centre - half), 1.0 if share == 1 else min(1.0, centre + half)


def effective_number(shares: NDArray[np.float64]) -> float:
    """The effective number of clips with unequal weights: 1 / sum of squares.

    Source: Kish, *Survey Sampling* (1965).

    Args:
        shares: float64 ``(N,)``, each clip's part of the score, adding up to 1.
    """
    return float(1 / np.sum(shares**2))


def clustered_number(share: float, error: float, clips: float, clusters: float) -> float:
    """The effective number of independent clips for clips in few clusters, from the spread among the clusters.

    Source: Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated from
    survey data", Survey Methodology 24 (1998).

    Args:
        share: of correct clips.
        error: its standard error over clusters.
        clips: their number, or effective number.
        clusters: their number, or effective number.

    Returns:
        At most ``clips``. If all are correct or all are wrong, nothing is known about the spread, and each cluster counts once.
    """
    if not error > 0 or not 0 < share < 1:
        return clusters
    return min(clips, share * (1 - share) / (error * error))


def paired_difference(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[float, float]:
    """95 % interval of the difference of two shares over the same clips: Wald's, with one clip added for each way to differ.

    Source: Bonett and Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data",
    Journal of Educational and Behavioral Statistics 37 (2012).

    Args:
        first: bool ``(N,)``, whether each clip is correct in the first run.
        second: the same for the second run.

    Returns:
        (low, high) of second - first, in [-1, 1].
    """
    number = len(first) + 2
    won, lost = (int(np.sum(one & ~other)) + 1 for one, other in ((second, first), (first, second)))
    difference = (won - lost) / number
    half = NORMAL * math.sqrt(((won + lost) / number - difference * difference) / number)
    return max(-1.0, difference - half), min(1.0, difference + half)

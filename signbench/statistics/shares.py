"""Intervals of shares: of clips that are right or wrong, where the bootstrap knows nothing beyond what it saw.

Of 12 clips, all of them right, every draw is right. Wilson's interval asks instead which true shares would often give what was
seen.
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
        share: of the clips that are right, in [0, 1].
        number: of clips; not whole where they count unequally or depend on each other.
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
    """How many equally counting clips so many unequally counting ones are worth: 1 / sum of squares.

    Source: Kish, *Survey Sampling* (1965).

    Args:
        shares: float64 ``(N,)``, each clip's part of the score, adding up to 1.
    """
    return float(1 / np.sum(shares**2))


def clustered_number(share: float, error: float, clips: float, clusters: float) -> float:
    """How many independent clips so many clips of few clusters are worth, from the spread among the clusters.

    Source: Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated from
    survey data", Survey Methodology 24 (1998).

    Args:
        share: of the clips that are right.
        error: its standard error over clusters.
        clips: how many there are, or are worth.
        clusters: how many there are, or are worth.

    Returns:
        At most ``clips``. Where all are right or all wrong, nothing is known of the spread, and each cluster counts once.
    """
    if not error > 0 or not 0 < share < 1:
        return clusters
    return min(clips, share * (1 - share) / (error * error))


def paired_difference(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[float, float]:
    """95 % interval of the difference of two shares over the same clips: Wald's, with one more clip for each way to differ.

    Source: Bonett and Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data",
    Journal of Educational and Behavioral Statistics 37 (2012).

    Args:
        first: bool ``(N,)``, whether each clip is right in the first run.
        second: the same of the second run.

    Returns:
        (low, high) of second - first, in [-1, 1].
    """
    number = len(first) + 2
    won, lost = (int(np.sum(one & ~other)) + 1 for one, other in ((second, first), (first, second)))
    difference = (won - lost) / number
    half = NORMAL * math.sqrt(((won + lost) / number - difference * difference) / number)
    return max(-1.0, difference - half), min(1.0, difference + half)

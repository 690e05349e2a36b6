"""Raters whose accuracy differs strongly from that of the others of their pack."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.study.scores.responses import PackResponses, share

FARTHEST = 3.5
FEWEST_RATERS = 5
RULE = (
    "A rater is an outlier if their deviation (accuracy minus the mean accuracy of all raters on the same signs) is more than "
    f"{FARTHEST} units from the median deviation of their pack. The unit is 1.4826 x the median absolute deviation (Iglewicz and "
    "Hoaglin, 1993), but at least the standard deviation by chance of a rater with as many answers and the pack's accuracy. Packs "
    f"with fewer than {FEWEST_RATERS} raters have no outliers. Outliers are marked, but not excluded from any score."
)
"""The rule in words."""


def deviations(pack: PackResponses) -> NDArray[np.float64]:
    """Each rater's accuracy minus the mean accuracy of all raters on the signs that the rater answered.

    Returns:
        float64 ``(R,)``, NaN for a rater without an answer that counts.
    """
    expected = np.nan_to_num(pack.accuracies())
    answered = pack.answered.sum(axis=1, dtype=np.float64)
    return share(pack.correct.sum(axis=1, dtype=np.float64) - (pack.answered * expected).sum(axis=1), answered)


def outliers(pack: PackResponses) -> NDArray[np.bool_]:
    """Which raters are outliers according to :data:`RULE`: bool ``(R,)``."""
    deviation = deviations(pack)
    known = np.isfinite(deviation)
    if known.sum() < FEWEST_RATERS:
        return np.zeros(len(deviation), dtype=bool)
    distance = np.abs(deviation - np.median(deviation[known]))
    answered = pack.answered.sum(axis=1, dtype=np.float64)
    accuracy = float(pack.correct.sum(dtype=np.float64) / answered.sum())
    by_chance = np.sqrt(share(np.full_like(answered, accuracy * (1 - accuracy)), answered))
    unit = np.maximum(1.4826 * np.median(distance[known]), by_chance)
    return np.where(known, distance > FARTHEST * unit, False)

"""Krippendorff's alpha for nominal values, a measure of agreement between raters beyond chance.

Source: Krippendorff, *Computing Krippendorff's Alpha-Reliability* (University of Pennsylvania, 2011), section C:
any number of raters, missing values.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Alpha:
    """Agreement between raters.

    Attributes:
        value: 1 is full agreement, 0 agreement by chance, below 0 less than by chance; None if it is undefined.
        units: number of units with at least two values.
        values: number of values of these units.
        reason: why there is no value; None if there is one.
    """

    value: float | None
    units: int
    values: int
    reason: str | None = None


def nominal_alpha(ratings: Iterable[tuple[Hashable, Hashable]]) -> Alpha:
    """Krippendorff's alpha of nominal values.

    alpha = 1 - (n - 1) x sum_u [(n_u^2 - sum_c n_uc^2) / (n_u - 1)] / (n^2 - sum_c n_c^2), over units u with n_u >= 2 values, of
    which n_uc are c; n is the number of all values and n_c that of values c. This equals the formula with the coincidence matrix.

    Args:
        ratings: unit and value of each rating; missing ratings are omitted. Values are compared with ``==``.

    Returns:
        The agreement; undefined if no unit has two values, or if all values are the same.
    """
    values_of: defaultdict[Hashable, Counter[Hashable]] = defaultdict(Counter)
    for unit, value in ratings:
        values_of[unit][value] += 1
    paired = [counts for counts in values_of.values() if counts.total() > 1]
    totals: Counter[Hashable] = Counter()
    for counts in paired:
        totals.update(counts)
    values = totals.total()
    if not paired:
        return Alpha(None, 0, 0, "no clip was answered by two raters")
    if len(totals) == 1:
        return Alpha(None, len(paired), values, "all values are the same, so agreement by chance would be perfect too")
    # fsum rounds once, so the order of the units does not matter
    observed = math.fsum((counts.total() ** 2 - _squares(counts)) / (counts.total() - 1) for counts in paired)
    return Alpha(1 - (values - 1) * observed / (values**2 - _squares(totals)), len(paired), values)


def _squares(counts: Counter[Hashable]) -> int:
    return sum(count * count for count in counts.values())

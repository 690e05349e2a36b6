"""Tests by permutation, and Holm's correction for several of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 10_000
_ROUNDING = 1e-12


def two_sided(observed: float, permuted: NDArray[np.float64]) -> float:
    """The p-value (c + 1) / (n + 1), where c of n permutations are at least as far from 0 as what was observed.

    Counting what was observed among them keeps the test exact. Source: Phipson and Smyth, "Permutation p-values should never be
    zero", Statistical Applications in Genetics and Molecular Biology 9 (2010).

    Args:
        observed: the statistic.
        permuted: float64 ``(n,)``, the statistic of each permutation; an undefined one counts as far away.
    """
    nearer = np.abs(permuted) < abs(observed) - _ROUNDING * max(1.0, abs(observed))
    return float((len(permuted) - nearer.sum() + 1) / (len(permuted) + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the same order.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979).

    Args:
        p_values: of all tests of the family.
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted

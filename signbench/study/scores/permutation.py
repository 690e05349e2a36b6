"""p-values of permutation tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 10_000
_ROUNDING = 1e-12


def two_sided(observed: float, permuted: NDArray[np.float64]) -> float:
    """The p-value (c + 1) / (n + 1), where c of n permutations are at least as far from 0 as the observed statistic.

    Counting the observed statistic as one of the permutations keeps the test exact. Source: Phipson and Smyth, "Permutation
    p-values should never be zero", Statistical Applications in Genetics and Molecular Biology 9 (2010).

    Args:
        observed: the statistic.
        permuted: float64 ``(n,)``, the statistic of each permutation; an undefined one counts as extreme.
    """
    nearer = np.abs(permuted) < abs(observed) - _ROUNDING * max(1.0, abs(observed))
    return float((len(permuted) - nearer.sum() + 1) / (len(permuted) + 1))

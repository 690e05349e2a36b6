"""The compiled loop of the nearest neighbour's distances. Importing it imports numba, which is slow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.compilation import compiled


@compiled
def sums_and_counts(one: NDArray[np.int16], others: NDArray[np.int16], unseen: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sums of squared differences between one row and many, and the number of columns that both have; compiled.

    Args:
        one: int16 ``(D,)``.
        others: int16 ``(N, D)``.
        unseen: the value of a missing column.

    Returns:
        int64 ``(N,)`` each.
    """
    sums = np.zeros(len(others), dtype=np.int64)
    counts = np.zeros(len(others), dtype=np.int64)
    for row in range(len(others)):
        total, shared = np.int64(0), np.int64(0)
        for column in range(len(one)):
            mine, other = one[column], others[row, column]
            if unseen not in (mine, other):
                difference = np.int64(other) - np.int64(mine)
                total += difference * difference
                shared += 1
        sums[row] = total
        counts[row] = shared
    return sums, counts

"""The compiled loop behind the nearest neighbour's distances. Importing it imports numba, which takes a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.compilation import compiled


@compiled
def sums_and_counts(one: NDArray[np.int16], others: NDArray[np.int16], unseen: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sums of squared differences of one row and many, and over how many columns; columns that either lacks are left out; compiled.

    Args:
        one: int16 ``(D,)``.
        others: int16 ``(N, D)``.
        unseen: the value that stands for nothing.

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
                apart = np.int64(other) - np.int64(mine)
                total += apart * apart
                shared += 1
        sums[row] = total
        counts[row] = shared
    return sums, counts

"""The kernel distance of two sets of vectors: the squared maximum mean discrepancy under a polynomial kernel, over random subsets.

    k(x, y) = (x·y / D + 1)^degree
    MMD²    = mean of k(x, x') + mean of k(y, y') - 2 mean of k(x, y)        over x ≠ x' and y ≠ y'

which is unbiased, and therefore can be negative if the sets are similar. Source: Binkowski, Sutherland, Arbel and Gretton,
"Demystifying MMD GANs" (ICLR 2018), section 4 and appendix E.
"""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Records, Weights
from signbench.metrics.one_thread import one_blas_thread
from signbench.metrics.vectors import SideName, VectorTable, undefined, vector_table

_SIDES: tuple[SideName, SideName] = ("reference", "prediction")
"""The order of the draws, so that those of the references do not depend on the number of predictions."""
_BLOCK = 512
"""Rows of a kernel matrix in memory at a time."""


@one_blas_thread()
def kernel_scores(
    records: Records, weights: Weights, metric: str, *, degree: int, subsets: int, size: int, seed: int
) -> NDArray[np.float64]:
    """The mean of MMD² over random subsets, once per row of weights.

    For subset s the generator ``PCG64(seed + s)`` gives a number in [0, 1) to every vector of the references, in order of clip id,
    then to every vector of the predictions, then to their second copies, and so on up to the largest weight. The subset of a row of
    weights is the ``size`` vectors with the smallest numbers among the copies in that row. So the subsets of two rows that differ
    in few clips share most of their vectors, and each pair of vectors is compared once for all rows.

    The vectors are in a temporary file; memory grows with the size of a subset and the differences between rows.

    Args:
        records: N records with ``prediction`` ``(n, D)`` and ``reference`` ``(m, D)``.
        weights: int ``(B, N)``.
        metric: canonical name of the metric, for messages.
        degree: degree of the kernel, at least 1.
        subsets: number of subsets.
        size: vectors of each side in a subset, at least 2.
        seed: seed of the draws, at least 0.

    Returns:
        float64 ``(B,)``; NaN for a row that leaves a side fewer than ``size`` vectors.

    Raises:
        InputError: the clips together have fewer than ``size`` vectors on a side, or vectors that do not match.
    """
    weights = np.asarray(weights, dtype=np.int64)
    with ExitStack() as files:
        tables = [files.enter_context(vector_table(records, side, metric, np.float32)) for side in _SIDES]
        scores = np.zeros(len(weights))
        for row_index, row in enumerate(weights):
            counts = [int(row[table.clips].sum()) for table in reversed(tables)]
            if min(counts) < size:
                scores[row_index] = undefined(
                    row,
                    f"metric {metric} draws subsets of {size} vectors, but there are {counts[0]} of the predictions and "
                    f"{counts[1]} of the references; choose size={max(min(counts), 2)} or less.",
                )
        possible = np.flatnonzero(np.isfinite(scores))
        if len(possible) == 0:
            return scores
        rows = weights[possible]
        copies = int(rows.max())
        total = np.zeros(len(rows))
        for subset in range(subsets):
            generator = np.random.Generator(np.random.PCG64(seed + subset))
            keys = [[generator.random(len(table.clips)) for table in tables] for _ in range(copies)]
            reference, prediction = (
                _Drawn(table, np.stack(own), rows, size) for table, own in zip(tables, zip(*keys, strict=True), strict=True)
            )
            total += squared_discrepancies(reference.vectors, reference.often, prediction.vectors, prediction.often, degree)
    scores[possible] = total / subsets
    return scores


class _Drawn:
    """One side's subset under each row of weights.

    Attributes:
        vectors: float64 ``(U, D)``, all vectors drawn by any row.
        often: float64 ``(B, U)``, how often each row drew each vector.
    """

    def __init__(self, table: VectorTable, keys: NDArray[np.float64], rows: Weights, size: int) -> None:
        """Args: keys: float64 ``(copies, n)``; rows: int ``(B, N)``."""
        count = len(table.clips)
        copy = np.arange(len(keys))[:, None]
        drawn = []
        for row in rows:
            allowed = np.where(copy < row[table.clips], keys, np.inf).reshape(-1)
            drawn.append(np.argpartition(allowed, size - 1)[:size] % count)
        indices = np.unique(np.concatenate(drawn))
        self.vectors: NDArray[np.float64] = table.rows[indices].astype(np.float64)
        self.often: NDArray[np.float64] = np.stack(
            [np.bincount(np.searchsorted(indices, chosen), minlength=len(indices)) for chosen in drawn]
        ).astype(np.float64)


def squared_discrepancies(
    first: NDArray[np.float64],
    first_often: NDArray[np.float64],
    second: NDArray[np.float64],
    second_often: NDArray[np.float64],
    degree: int,
) -> NDArray[np.float64]:
    """The unbiased estimate of MMD² of two weighted sets, once per row of weights.

    Args:
        first: float64 ``(n, D)``.
        first_often: integers as float64 ``(B, n)``, adding up to at least 2 in each row.
        second: float64 ``(m, D)``.
        second_often: float64 ``(B, m)``.
        degree: degree of the kernel.

    Returns:
        float64 ``(B,)``; may be negative.
    """
    within = [_pairs_within(first, first_often, degree), _pairs_within(second, second_often, degree)]
    across = np.zeros(len(first_often))
    for start in range(0, len(first), _BLOCK):
        rows = slice(start, start + _BLOCK)
        across += np.sum((first_often[:, rows] @ _kernel(first[rows], second, degree)) * second_often, axis=1)
    size1, size2 = first_often.sum(axis=1), second_often.sum(axis=1)
    return np.asarray(within[0] / (size1 * (size1 - 1)) + within[1] / (size2 * (size2 - 1)) - 2 * across / (size1 * size2))


def _pairs_within(vectors: NDArray[np.float64], often: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """Sum of the kernel over ordered pairs of different drawn copies; each block is paired with itself and later ones."""
    total = np.zeros(len(often))
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        end = start + len(block)
        own = often[:, start:end]
        kernel = _kernel(block, vectors[start:], degree)
        total += np.sum((own @ kernel[:, : len(block)]) * own, axis=1) - own @ np.diagonal(kernel)
        total += 2 * np.sum((own @ kernel[:, len(block) :]) * often[:, end:], axis=1)
    return total


def _kernel(rows: NDArray[np.float64], columns: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    base = rows @ columns.T / rows.shape[1] + 1
    power: NDArray[np.float64] = base.copy()
    for _ in range(degree - 1):  # multiplication is much faster than a general power
        power *= base
    return power

"""Pearson's, Spearman's and Kendall's correlation coefficients, vectorised over resamplings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Coefficient = Literal["pearson", "spearman", "kendall"]
COEFFICIENTS: tuple[Coefficient, ...] = get_args(Coefficient)

_BLOCK_CELLS = 1 << 23
_ROUNDING = 1e-12


def coefficients(
    kind: Coefficient,
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    first_indices: NDArray[np.int64],
    second_indices: NDArray[np.int64],
    groups: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """The coefficient of ``first[first_indices[b]]`` and ``second[second_indices[b]]`` for each b.

    Kendall's is tau-b; tied values have their mean rank. With groups, differences between groups are removed: Pearson's and
    Spearman's are computed on deviations of values or ranks from the group's mean, Kendall's over pairs within a group.

    Args:
        kind: of coefficient.
        first: float64 ``(N,)``.
        second: float64 ``(N,)``.
        first_indices: int64 ``(B, N)``, a permutation or a draw with replacement; or ``(1, N)`` for all b.
        second_indices: the same for the second sample.
        groups: int64 ``(N,)``, the group of each position, within which values are resampled; None: no groups.

    Returns:
        float64 ``(B,)`` in [-1, 1], NaN where one of the samples is constant, or constant within each group.
    """
    if kind == "kendall":
        return _kendall(first, second, first_indices, second_indices, groups)
    left, right = first[first_indices], second[second_indices]
    if kind == "spearman":
        from scipy.stats import rankdata

        left, right = rankdata(left, axis=1), rankdata(right, axis=1)
    return _product_moment(left, right, np.zeros(len(first), dtype=np.int64) if groups is None else groups)


def coefficient(
    kind: Coefficient, first: NDArray[np.float64], second: NDArray[np.float64], groups: NDArray[np.int64] | None = None
) -> float | None:
    """The coefficient of two samples float64 ``(N,)``, see :func:`coefficients`; None if one of them is constant."""
    indices = np.arange(len(first))[None, :]
    value = float(coefficients(kind, first, second, first_indices=indices, second_indices=indices, groups=groups)[0])
    return value if np.isfinite(value) else None


def _product_moment(left: NDArray[np.float64], right: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pearson's coefficient of each row, on deviations from the mean of each group."""
    left, right = (_centred(values, groups) for values in (left, right))
    product = (left * right).sum(axis=1)
    scale = np.sqrt((left * left).sum(axis=1) * (right * right).sum(axis=1))
    found = np.full(len(product), np.nan)
    np.divide(product, scale, out=found, where=scale > 0)
    np.clip(found, -1, 1, out=found)
    return found


def _centred(values: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each value minus the mean of its group, and exactly 0 if the group is constant."""
    centred = np.empty_like(values)
    for group in np.unique(groups):
        members = values[:, groups == group]
        # rounding errors of a constant do not count as variation
        least = _ROUNDING * np.maximum(np.abs(members).max(axis=1, keepdims=True), 1e-300)
        varies = members.max(axis=1, keepdims=True) - members.min(axis=1, keepdims=True) > least
        centred[:, groups == group] = np.where(varies, members - members.mean(axis=1, keepdims=True), 0.0)
    return centred


def _signs(values: NDArray[np.float64]) -> NDArray[np.int8]:
    """int8 ``(N, N)``: the sign of the difference of each two values."""
    return np.sign(values[:, None] - values[None, :]).astype(np.int8)


def _kendall(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    first_indices: NDArray[np.int64],
    second_indices: NDArray[np.int64],
    groups: NDArray[np.int64] | None,
) -> NDArray[np.float64]:
    count = max(len(first_indices), len(second_indices))
    one, other = np.triu_indices(len(first), 1)
    if groups is not None:
        same = groups[one] == groups[other]
        one, other = one[same], other[same]
    left_of, right_of = _signs(first), _signs(second)
    found = np.full(count, np.nan)
    for block in _blocks(count, max(1, len(one))):
        sides = []
        for signs, indices in ((left_of, first_indices), (right_of, second_indices)):
            rows = indices if len(indices) == 1 else indices[block]
            sides.append(signs[rows[:, one], rows[:, other]])
        left, right = sides
        agreeing = (left * right).sum(axis=1, dtype=np.int64)
        scale = np.sqrt(np.count_nonzero(left, axis=1).astype(np.float64) * np.count_nonzero(right, axis=1))
        np.divide(agreeing, scale, out=found[block], where=scale > 0)
    return found


def _blocks(count: int, cells: int) -> Iterator[slice]:
    rows = max(1, _BLOCK_CELLS // cells)
    for start in range(0, count, rows):
        yield slice(start, min(start + rows, count))

"""The Fréchet distance between two sets of vectors, each treated as a sample of a normal distribution.

    d² = |m1 - m2|² + tr C1 + tr C2 - 2 tr (C1 C2)^½

Source: Dowson and Landau, "The Fréchet distance between multivariate normal distributions" (1982); for the FID: Heusel et al.,
"GANs trained by a two time-scale update rule converge to a local Nash equilibrium" (NeurIPS 2017). All of it is float64.

With any factors ``F' F = C`` the last trace is the sum of the singular values of ``F1 F2'``, or of the square roots of the
eigenvalues of the symmetric matrix ``(F1 F2') (F1 F2')'``: real and not negative. The eigenvalues take a third of the time. But if
a covariance lacks full rank some are 0; rounding makes them 1e-16 of the largest, and their roots 1e-8, so in that case singular
values are used. If there are no more vectors than dimensions, the centred vectors themselves are the factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.metrics.base import Records, Weights
from signbench.metrics.one_thread import one_blas_thread
from signbench.metrics.vectors import SIDES, SideName, read_vectors, undefined

_TOLERANCE = 1e-8
"""How far a factor's square may be from its covariance, relative to the largest variance."""


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A normal distribution.

    Attributes:
        mean: float64 ``(D,)``.
        factor: float64 ``(k, D)`` with k <= D, whose square ``factor' factor`` is the covariance.
    """

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]

    @classmethod
    def of_moments(cls, mean: NDArray[np.float64], covariance: NDArray[np.float64], scale: float = 0.0) -> Gaussian:
        """From mean and covariance, by Cholesky factorisation with pivoting, which does not need full rank.

        Args:
            mean: float64 ``(D,)``.
            covariance: float64 ``(D, D)``, symmetric and without negative eigenvalues, up to rounding.
            scale: magnitude of the numbers whose difference it is, if that is larger than its variances; rounding is relative to
            it.

        Raises:
            InputError: it has negative eigenvalues or is not symmetric.
        """
        from scipy.linalg.lapack import dpstrf

        triangle, pivots, rank, _ = dpstrf(covariance)
        factor = np.zeros((rank, len(mean)))
        factor[:, pivots - 1] = np.triu(triangle)[:rank]
        # One product with a fixed vector shows whether the factor is wrong, at a thousandth of the cost of its square.
        probe = np.random.Generator(np.random.PCG64(0)).standard_normal(len(mean))
        lacking = np.abs(covariance @ probe - factor.T @ (factor @ probe)).max()
        if not lacking <= _TOLERANCE * len(mean) * max(scale, np.abs(np.diagonal(covariance)).max()):
            raise InputError("a covariance has negative eigenvalues or is not symmetric; compute it from vectors in float64.")
        return cls(mean, factor)

    def squared_distance(self, other: Gaussian) -> float:
        """The squared Fréchet distance, which the FID and similar metrics are; at least 0."""
        difference = self.mean - other.mean
        spread = np.sum(self.factor**2) + np.sum(other.factor**2)
        small, large = sorted((self.factor, other.factor), key=len)
        product = small @ large.T
        if len(small) < len(difference):
            roots = np.linalg.svd(product, compute_uv=False)
        else:
            roots = np.sqrt(np.maximum(np.linalg.eigvalsh(product @ product.T), 0))
        return max(0.0, float(difference @ difference + spread - 2 * np.sum(roots)))


@one_blas_thread()
def frechet_distance(
    mean1: NDArray[np.float64], covariance1: NDArray[np.float64], mean2: NDArray[np.float64], covariance2: NDArray[np.float64]
) -> float:
    """The squared Fréchet distance of two normal distributions.

    Args:
        mean1: float64 ``(D,)``.
        covariance1: float64 ``(D, D)``, symmetric and without negative eigenvalues.
        mean2: as ``mean1``.
        covariance2: as ``covariance1``.

    Returns:
        At least 0, in the square of the vectors' unit.

    Raises:
        InputError: the shapes are wrong, numbers are not finite, or a matrix is not a covariance.
    """
    sides = []
    for mean, covariance in ((mean1, covariance1), (mean2, covariance2)):
        if mean.ndim != 1 or mean.shape != mean1.shape or covariance.shape != (len(mean), len(mean)) or len(mean) == 0:
            raise InputError(
                f"a Fréchet distance needs means (D,) and covariances (D, D) of one D, not {mean.shape} and {covariance.shape}."
            )
        if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
            raise InputError("a Fréchet distance needs means and covariances without NaN or infinity.")
        sides.append(Gaussian.of_moments(np.asarray(mean, np.float64), np.asarray(covariance, np.float64)))
    return sides[0].squared_distance(sides[1])


@one_blas_thread()
def frechet_scores(records: Records, weights: Weights, metric: str, *, unbiased: bool) -> NDArray[np.float64]:
    """The squared Fréchet distance of the two sides, once per row of weights.

    The vectors are read clip by clip, and memory does not grow with their number. For each row, only clips whose weight is not 1
    are read again.

    Args:
        records: N records with ``prediction`` ``(n, D)`` and ``reference`` ``(m, D)``.
        weights: int ``(B, N)``.
        metric: canonical name of the metric, for messages.
        unbiased: divide covariances by the number of vectors minus 1, rather than by that number.

    Returns:
        float64 ``(B,)``; NaN for a row that leaves a side fewer than 2 vectors.

    Raises:
        InputError: the clips together have fewer than 2 vectors on a side, or vectors that do not match.
    """
    weights = np.asarray(weights, dtype=np.int64)
    sides = [_WeightedSide(records, side, metric) for side in SIDES]
    scores = np.empty(len(weights))
    for row_index, row in enumerate(weights):
        counts = [side.count(row) for side in sides]
        if min(counts) < 2:
            scores[row_index] = undefined(
                row,
                f"metric {metric} needs at least 2 vectors on each side; "
                f"there are {counts[0]} of the predictions and {counts[1]} of the references.",
            )
            continue
        prediction, reference = (side.gaussian(row, unbiased) for side in sides)
        scores[row_index] = prediction.squared_distance(reference)
    return scores


class _WeightedSide:
    """The distribution of one side's vectors under any weights of the clips."""

    def __init__(self, records: Records, side: SideName, metric: str) -> None:
        self._records, self._side, self._metric = records, side, metric
        self._counts = np.zeros(len(records), dtype=np.int64)
        total = np.zeros(0)
        for number, rows in enumerate(read_vectors(records, side, metric)):
            if len(rows):
                self._counts[number] = len(rows)
                total = (total if len(total) else np.zeros(rows.shape[1])) + rows.sum(axis=0, dtype=np.float64)
        vectors, self._width = int(self._counts.sum()), len(total)
        # Sums of squares about a distant origin would lose the digits of the variance.
        self._origin = total / max(vectors, 1)
        once: Weights = np.ones(len(records), dtype=np.int64)
        self._few: NDArray[np.float64] | None = None
        self._whole = (np.zeros(0), np.zeros((0, 0)))
        if vectors > self._width:
            self._whole = self._moments(once)
        elif vectors:
            self._few = np.concatenate([block for block, _ in self._blocks(once)])

    def count(self, row: Weights) -> int:
        """The number of vectors with their weights."""
        return int(row @ self._counts)

    def gaussian(self, row: Weights, unbiased: bool) -> Gaussian:
        """The distribution of the weighted vectors, at least 2."""
        count = self.count(row)
        divisor = count - 1 if unbiased else count
        if self._few is not None:
            often = np.repeat(row, self._counts)
            vectors, often = self._few[often > 0], often[often > 0]
            mean = often @ vectors / count
            return Gaussian(self._origin + mean, (vectors - mean) * np.sqrt(often / divisor)[:, None])
        sums, squares = self._moments(row - 1)
        sums, squares = self._whole[0] + sums, self._whole[1] + squares
        mean = sums / count
        scale = float(np.diagonal(self._whole[1]).max()) / divisor
        return Gaussian.of_moments(self._origin + mean, (squares - np.outer(sums, mean)) / divisor, scale)

    def _moments(self, factors: Weights) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sums ``(D,)`` and sums of products ``(D, D)`` about the origin, each clip multiplied by its factor."""
        sums, squares = np.zeros(self._width), np.zeros((self._width, self._width))
        for block, often in self._blocks(factors):
            scaled = block * often[:, None]
            sums += scaled.sum(axis=0)
            squares += scaled.T @ block
        return sums, squares

    def _blocks(self, factors: Weights) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Vectors of the clips whose factor is not 0, about the origin, with their factors, about D at a time."""
        clips: Sequence[int] = np.flatnonzero((factors != 0) & (self._counts > 0)).tolist()
        picked = self._records if len(clips) == len(self._records) else (self._records[clip] for clip in clips)
        waiting: list[NDArray[np.float64]] = []
        often: list[int] = []
        for clip, rows in zip(clips, read_vectors(picked, self._side, self._metric), strict=True):
            waiting.append(rows - self._origin)
            often.extend(repeat(int(factors[clip]), len(rows)))
            if len(often) >= self._width:
                yield np.concatenate(waiting), np.array(often, dtype=np.float64)
                waiting, often = [], []
        if often:
            yield np.concatenate(waiting), np.array(often, dtype=np.float64)

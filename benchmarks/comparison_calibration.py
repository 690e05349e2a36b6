"""Calibration of the p-values of comparisons, over many simulations of two models that draw from one distribution.

Each clip has a difficulty that both models share; each model adds its own independent draw. Then p-values should be uniform on [0,
1], and one in twenty should be at most 0.05. One case is known to be conservative: if two models are on opposite sides of a
reference value, most exchanges do not change the difference of their distances, and count as ties.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurement import Row
from signbench.metrics.base import Direction, MeanOfClips, Record, Recorder, Records, Weights, ratio_of_sums, weighted_sum
from signbench.statistics.paired import paired

EXPERIMENTS = 1000
CLIPS = 60

Sides = NDArray[np.float64]
"""float64 ``(2, N)``: each model's value for each clip."""


class Mean(MeanOfClips):
    """Mean of clips, like SSIM."""

    name = "mean"
    direction: ClassVar[Direction] = "lower"
    view = "pose"
    pairs_frames = False
    unit = "1"

    def recorder(self) -> Recorder:
        raise AssertionError("the records are made up")

    def clip_value(self, record: Record) -> float:
        return float(record["above"]) / float(record["below"])


class Ratio(Mean):
    """Ratio of sums, like word error rates and DTW-MJE."""

    mean_of_clips = False

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return ratio_of_sums(records, weights, "above", "below")


class NearOne(Mean):
    """Mean of clips whose best value is 1, like the duration ratio."""

    direction: ClassVar[Direction] = "reference"

    def reference_score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return np.ones(weights.shape[0])


class Distance(Mean):
    """Fréchet distance to a normal distribution in one dimension, like FID in many."""

    interval_method = "jackknife"
    mean_of_clips = False

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        values = np.array([float(record["above"]) for record in records])
        number = weighted_sum(np.ones_like(values), weights)
        mean = weighted_sum(values, weights) / number
        deviation = np.sqrt(weighted_sum(values**2, weights) / number - mean**2)
        distance: NDArray[np.float64] = mean**2 + (deviation - 1) ** 2
        return distance


def _independent(generator: np.random.Generator) -> Sides:
    return generator.normal(5, 2, CLIPS) + generator.normal(0, 1, (2, CLIPS))


def _skewed(generator: np.random.Generator) -> Sides:
    return generator.gamma(2, 1, CLIPS) * generator.lognormal(0, 0.6, (2, CLIPS))


def _near_one(generator: np.random.Generator) -> Sides:
    return np.clip(generator.normal(1.2, 0.2, CLIPS) + generator.normal(0, 0.3, (2, CLIPS)), 0.1, None)


def _around_one(generator: np.random.Generator) -> Sides:
    return _near_one(generator) - 0.2


def _by_signer(generator: np.random.Generator) -> Sides:
    return _independent(generator) + np.repeat(generator.normal(0, 1, (2, CLIPS // 5)), 5, axis=1)


_TWELVE = np.repeat(np.arange(CLIPS // 5), 5)
_NINE = np.repeat(np.arange(9), (20, 12, 8, 5, 4, 4, 3, 2, 2))
"""Signers of 60 clips, one of whom has a third of them."""


def _by_nine_signers(generator: np.random.Generator) -> Sides:
    return _independent(generator) + generator.normal(0, 1, (2, 9))[:, _NINE]


def _by_nine_signers_skewed(generator: np.random.Generator) -> Sides:
    return _independent(generator) + generator.exponential(1, (2, 9))[:, _NINE]


CASES: tuple[tuple[str, Mean, Callable[[np.random.Generator], Sides], NDArray[np.int64] | None], ...] = (
    ("means of clips, normal", Mean(), _independent, None),
    ("means of clips, skewed", Mean(), _skewed, None),
    ("ratios of sums, lengths from 5 to 40", Ratio(), _skewed, None),
    ("distances from a reference value of 1, both near 1.2", NearOne(), _near_one, None),
    ("distances from a reference value of 1, both near 1", NearOne(), _around_one, None),
    ("means of clips of 12 signers", Mean(), _by_signer, _TWELVE),
    ("means of clips of nine signers of unequal size", Mean(), _by_nine_signers, _NINE),
    ("means of clips of nine signers of unequal size, skewed", Mean(), _by_nine_signers_skewed, _NINE),
    ("Fréchet distances of nine signers of unequal size", Distance(), _by_nine_signers, _NINE),
    ("Fréchet distances, by the jackknife", Distance(), _independent, None),
)


def p_values(
    metric: Mean, draw: Callable[[np.random.Generator], Sides], signers: NDArray[np.int64] | None, experiments: int
) -> NDArray[np.float64]:
    """Two-sided p-values of comparisons of a model with itself.

    Args:
        metric: the compared metric.
        draw: draws each model's value for each clip.
        signers: the clips' signers, if clips are clustered.
        experiments: number of comparisons.
    """
    generator = np.random.Generator(np.random.PCG64(2024))
    clusters = None if signers is None else signers.tolist()
    found = []
    for _ in range(experiments):
        lengths = generator.integers(5, 40, (2, CLIPS)) if isinstance(metric, Ratio) else np.ones((2, CLIPS))
        first, second = (
            [{"above": np.array(value * n), "below": np.array(n)} for value, n in zip(values, length, strict=True)]
            for values, length in zip(draw(generator), lengths, strict=True)
        )
        result = paired(metric, first, second, clusters)
        assert result.p is not None
        found.append(result.p.two_sided)
    return np.array(found)


def rows() -> list[Row]:
    """Share of p-values of at most 0.05, which should be 5 %, and whether all of them are uniform (Kolmogorov and Smirnov)."""
    from scipy.stats import kstest

    # 5 % of 1,000 plus three standard errors
    bound = f"<= {100 * (0.05 + 3 * np.sqrt(0.05 * 0.95 / EXPERIMENTS)):.1f}"
    table = []
    for name, metric, draw, signers in CASES:
        found = p_values(metric, draw, signers, EXPERIMENTS)
        uniform = kstest(found, "uniform")
        detail = f"mean p {found.mean():.3f}; uniform: KS distance {uniform.statistic:.3f}, p = {uniform.pvalue:.2f}"
        table.append(Row(f"p <= 0.05 between equal models: {name}", 100 * float(np.mean(found <= 0.05)), "%", bound, detail))
    return table

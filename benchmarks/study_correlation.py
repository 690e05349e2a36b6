"""Coverage of the interval of a metric's correlation with the raters, on simulated clips.

Clips differ in difficulty, and a metric correlates with it. There are three kinds of data: both values normal; the accuracy of 20
raters and a skewed metric; and the same with an accuracy near one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STUDIES = 500
DRAWS = 600
KINDS = ("normal", "skewed", "near one")
RELATED = (0.0, 0.5, 0.85)
CLIPS = (10, 20, 50)
KNOWN = 200_000
"""Number of clips from which the true coefficient is estimated."""


@dataclass(frozen=True)
class Cell:
    """Coverage of one kind of clips.

    Attributes:
        kind: the kind of clips.
        clips: number of clips in a study.
        related: correlation of a clip's ease and the metric, before either becomes discrete or skewed.
        coefficient: name of the coefficient.
        held: share of the studies whose interval covers the true coefficient.
        percentiles: the same for the percentiles 2.5 and 97.5 of the draws.
    """

    kind: str
    clips: int
    related: float
    coefficient: str
    held: float
    percentiles: float


def sampled(
    generator: np.random.Generator, kind: str, clips: int, related: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accuracies and metric values of some clips, float64 ``(clips,)`` each."""
    ease, noise = generator.normal(size=(2, clips))
    metric = related * ease + np.sqrt(1 - related**2) * noise
    if kind == "normal":
        return ease, metric
    level = 1.1 if kind == "skewed" else 3.0
    accuracy = generator.binomial(20, 1 / (1 + np.exp(-level - 1.5 * ease))) / 20
    return accuracy, np.exp(0.7 * metric) if kind == "skewed" else metric


def coverage(kind: str, clips: int, related: float, studies: int = STUDIES) -> list[Cell]:
    """Simulates studies and counts the intervals that contain the true value, for each coefficient."""
    from scipy.stats import kendalltau, pearsonr, spearmanr

    from signbench.study.scores.coefficients import COEFFICIENTS, coefficient, coefficients
    from signbench.study.scores.correlation import around
    from signbench.study.scores.intervals import SampleSize

    many = sampled(np.random.Generator(np.random.PCG64(5)), kind, KNOWN, related)
    truth = [float(test(*many).statistic) for test in (pearsonr, spearmanr, kendalltau)]
    generator = np.random.Generator(np.random.PCG64(1))
    held = np.zeros((len(COEFFICIENTS), 2))
    counted = np.zeros(len(COEFFICIENTS))
    for _ in range(studies):
        accuracy, metric = sampled(generator, kind, clips, related)
        drawn = generator.integers(0, clips, (DRAWS, clips))
        for index, name in enumerate(COEFFICIENTS):
            found = coefficient(name, accuracy, metric)
            draws = coefficients(name, accuracy, metric, first_indices=drawn, second_indices=drawn)
            bounds = None if found is None else around(name, found, draws, SampleSize(clips, clips - 2)).bounds
            if bounds is not None:
                counted[index] += 1
                low, high = np.nanpercentile(draws, [2.5, 97.5])
                held[index] += [bounds[0] <= truth[index] <= bounds[1], low <= truth[index] <= high]
    shares = held / counted[:, None]
    return [Cell(kind, clips, related, name, *map(float, shares[index])) for index, name in enumerate(COEFFICIENTS)]


def markdown(cells: Sequence[Cell]) -> str:
    """The cells as a table."""
    lines = ["| clips | in a study | related | coefficient | holds | percentiles |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| {cell.kind} | {cell.clips} | {cell.related:g} | {cell.coefficient} | {cell.held:.1%} | {cell.percentiles:.1%} |"
        for cell in cells
    ]
    return "\n".join(lines).replace("%", " %")


if __name__ == "__main__":
    print(markdown([cell for clips in CLIPS for kind in KINDS for related in RELATED for cell in coverage(kind, clips, related)]))

"""How many raters and signs a study takes for an interval of a wanted width, by simulation.

A simulated rater r knows a simulated sign s with probability 1 / (1 + exp(-(m + a_s + b_r))), where a_s and b_r are normal with
standard deviations that the caller states, and m is such that the mean over all signs and raters is the expected SUS. The interval
is the one that :mod:`signbench.study.scoring` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from signbench.errors import InputError
from signbench.statistics.bootstrap import SEED
from signbench.study.intervals import FEWEST, draw, expanded, weighed

STUDIES = 200
RATERS = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
SIGNS = (10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 120, 140, 160, 180, 200, 250, 300)
ASSURANCE = 0.8
_NODES = 128


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PlannedDesign(_Document):
    """A number of raters, each of whom answers a number of signs."""

    raters: int
    """In one pack."""
    signs: int
    """In that pack."""
    half_width: float
    """That 80 % of the simulated studies do not exceed: half the length of the 95 % interval."""
    reaches: bool
    """``half_width`` is at most the wanted one."""


class Plan(_Document):
    """How many raters and signs a study takes."""

    expected: float
    """Assumed SUS."""
    half_width: float
    """Wanted."""
    sign_spread: float
    """Assumed standard deviation of signs, on the logit scale."""
    rater_spread: float
    """Assumed standard deviation of raters, on the logit scale."""
    studies: int
    """Simulated for each design."""
    designs: tuple[PlannedDesign, ...]
    """That were simulated, by raters and signs: for each number of raters down to the fewest signs that reach it."""
    frontier: tuple[PlannedDesign, ...]
    """For each number of raters that can reach the wanted width: the fewest signs that do."""
    smallest: PlannedDesign | None
    """The one of ``frontier`` with the fewest answers, then with the fewest raters; null where none reaches it."""


def plan(
    expected: float,
    half_width: float,
    *,
    sign_spread: float = 1.5,
    rater_spread: float = 0.5,
    raters: Sequence[int] = RATERS,
    signs: Sequence[int] = SIGNS,
    studies: int = STUDIES,
    progress: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> Plan:
    """Simulates studies of many sizes and finds the smallest whose interval is narrow enough.

    Narrow enough means: in at least 80 % of the simulated studies half the interval's length is at most ``half_width``.

    Args:
        expected: SUS that is expected, in (0, 1).
        half_width: wanted half length of the 95 % interval, in (0, 0.5).
        sign_spread: standard deviation of signs on the logit scale, in [0, 5].
        rater_spread: the same of raters.
        raters: numbers of raters to try, at least 10 each.
        signs: numbers of signs to try, at least 10 each.
        studies: to simulate for each design.
        progress: told how many numbers of raters are done.

    Raises:
        InputError: a number is out of its range.
    """
    if not 0 < expected < 1:
        raise InputError(f"the expected SUS is a share between 0 and 1, such as 0.75, not {expected:g}.")
    if not 0 < half_width < 0.5:
        raise InputError(f"the half width is a share between 0 and 0.5, such as 0.05, not {half_width:g}.")
    for name, spread in (("signs", sign_spread), ("raters", rater_spread)):
        if not 0 <= spread <= 5:
            raise InputError(f"the spread of {name} is a standard deviation on the logit scale, between 0 and 5, not {spread:g}.")
    if studies < 1 or not raters or not signs or min(*raters, *signs) < FEWEST:
        raise InputError(f"a plan tries at least one study and designs of at least {FEWEST} raters and {FEWEST} signs.")
    sizes = sorted(set(signs), reverse=True)
    designs: list[PlannedDesign] = []
    frontier: list[PlannedDesign] = []
    place = 0
    counts = sorted(set(raters))
    for done, rater_count in enumerate(counts):
        progress("raters", done, len(counts))
        # more raters never need more signs, so the search goes on where fewer raters ended
        best: PlannedDesign | None = None
        while place < len(sizes):
            design = _simulate(rater_count, sizes[place], expected, half_width, sign_spread, rater_spread, studies)
            designs.append(design)
            if not design.reaches:
                break
            best = design
            place += 1
        if best is None and frontier:
            best = _simulate(rater_count, frontier[-1].signs, expected, half_width, sign_spread, rater_spread, studies)
            designs.append(best)
        if best is not None and best.reaches:
            frontier.append(best)
    progress("raters", len(counts), len(counts))
    return Plan(
        expected=expected,
        half_width=half_width,
        sign_spread=sign_spread,
        rater_spread=rater_spread,
        studies=studies,
        designs=tuple(sorted(designs, key=lambda design: (design.raters, design.signs))),
        frontier=tuple(frontier),
        smallest=min(frontier, key=lambda design: (design.raters * design.signs, design.raters), default=None),
    )


def _simulate(
    raters: int, signs: int, expected: float, half_width: float, sign_spread: float, rater_spread: float, studies: int
) -> PlannedDesign:
    generator = np.random.Generator(np.random.PCG64([SEED, raters, signs]))
    low, high = one_pack_intervals(simulated(generator, studies, raters, signs, expected, sign_spread, rater_spread))
    width = float(np.quantile((high - low) / 2, ASSURANCE, method="higher"))
    return PlannedDesign(raters=raters, signs=signs, half_width=width, reaches=width <= half_width)


def simulated(
    generator: np.random.Generator, studies: int, raters: int, signs: int, expected: float, sign_spread: float, rater_spread: float
) -> NDArray[np.float32]:
    """Answers of simulated studies of one pack: float32 ``(studies, raters, signs)``, 1 where correct.

    Args:
        generator: of the random numbers.
        studies: how many.
        raters: R of each.
        signs: S of each.
        expected: mean probability of a correct answer over all raters and signs.
        sign_spread: standard deviation of signs on the logit scale.
        rater_spread: the same of raters.
    """
    from scipy.special import expit

    level = intercept(expected, float(np.hypot(sign_spread, rater_spread)))
    ability = generator.normal(0, rater_spread, (studies, raters, 1))
    ease = generator.normal(0, sign_spread, (studies, 1, signs))
    return (generator.random((studies, raters, signs)) < expit(level + ability + ease)).astype(np.float32)


def intercept(expected: float, spread: float) -> float:
    """The m for which the mean of 1 / (1 + exp(-(m + z))) over normal z with this standard deviation is the expected one."""
    from scipy.optimize import brentq
    from scipy.special import expit

    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    return float(brentq(lambda level: float(weights @ expit(level + spread * nodes)) - expected, -60, 60))


def one_pack_intervals(correct: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % intervals of studies of one pack in which every rater answered every sign.

    The draws are those of :func:`signbench.study.intervals.study_intervals`, shared by all studies of one size.

    Args:
        correct: float32 ``(K, R, S)``, 1 where correct.

    Returns:
        Lower and upper ends, float64 ``(K,)``.
    """
    raters, signs = correct.shape[1:]
    below = expanded(min(raters, signs) - 1, min(raters, signs))
    draws = draw(np.zeros(raters, dtype=np.int64), [signs])
    ends = []
    for study in correct:
        sums, counts = weighed((draws.raters @ study).astype(np.float64) / raters, draws.signs[0])
        ends.append(np.percentile(sums / counts, [100 * below, 100 * (1 - below)], method="linear"))
    low, high = np.array(ends, dtype=np.float64).T
    return low, high

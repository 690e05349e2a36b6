"""How many raters and signs a study takes for an interval of a wanted width, by simulation.

A simulated rater r knows a simulated sign s with probability 1 / (1 + exp(-(m + a_s + b_r))), where a_s and b_r are normal with
standard deviations that the caller states, and m is such that the mean over all signs and raters is the expected SUS. The interval
is the one that :mod:`signbench.study.scoring` gives. Each pack has raters of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from signbench.errors import InputError
from signbench.statistics.bootstrap import SEED
from signbench.study.scores.intervals import FEWEST, FEWEST_IN_PACK, SampleSize, at_bound, draw, weighed, wilson_for_draws

STUDIES = 200
RATERS = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
SIGNS = (10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 120, 140, 160, 180, 200, 250, 300)
ASSURANCE = 0.8
_NODES = 128


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PlannedDesign(_Document):
    """Packs of signs, each answered by raters of its own."""

    packs: tuple[int, ...]
    """Signs in each pack: what one rater answers."""
    raters: int
    """Of each pack."""
    half_width: float
    """That 80 % of the simulated studies do not exceed: half the length of the 95 % interval."""
    reaches: bool
    """``half_width`` is at most the wanted one."""

    @property
    def signs(self) -> int:
        """Over all packs."""
        return sum(self.packs)

    @property
    def people(self) -> int:
        """Raters over all packs."""
        return self.raters * len(self.packs)

    @property
    def answers(self) -> int:
        """Of all raters."""
        return self.raters * self.signs


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
    packs: tuple[int, ...] | None
    """Signs in each pack, where they were given; null where signs were searched for."""
    most_clips: int | None
    """That one rater looks at; more signs are dealt into packs of at most as many. Null: no limit."""
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
    packs: Sequence[int] | None = None,
    most_clips: int | None = None,
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
        packs: signs in each pack, at least 5; None: signs are searched for.
        most_clips: that one rater looks at, at least 5; more signs are dealt into packs. None: no limit.
        raters: numbers of raters of each pack to try, at least 10 each.
        signs: numbers of signs to try, at least 10 each; not with ``packs``.
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
    if most_clips is not None and most_clips < FEWEST_IN_PACK:
        raise InputError(f"a rater looks at {FEWEST_IN_PACK} clips at least, not {most_clips}; smaller packs have no interval.")
    if packs is not None:
        if not packs or min(packs) < FEWEST_IN_PACK or sum(packs) < FEWEST:
            raise InputError(f"packs have at least {FEWEST_IN_PACK} signs each and {FEWEST} together, not {_listed(packs)}.")
        if most_clips is not None and max(packs) > most_clips:
            raise InputError(
                f"a pack of {max(packs)} is more than the {most_clips} clips that a rater looks at; make smaller packs."
            )
    options = [tuple(packs)] if packs is not None else [_dealt(count, most_clips) for count in sorted(set(signs), reverse=True)]
    designs: list[PlannedDesign] = []
    frontier: list[PlannedDesign] = []
    place = 0
    counts = sorted(set(raters))
    for done, rater_count in enumerate(counts):
        progress("raters", done, len(counts))
        # more raters never need more signs, so the search goes on where fewer raters ended
        best: PlannedDesign | None = None
        while place < len(options):
            design = _simulate(rater_count, options[place], expected, half_width, sign_spread, rater_spread, studies)
            designs.append(design)
            if not design.reaches:
                break
            best = design
            place += 1
        if best is None and frontier:
            best = _simulate(rater_count, frontier[-1].packs, expected, half_width, sign_spread, rater_spread, studies)
            designs.append(best)
        if best is not None and best.reaches:
            frontier.append(best)
    progress("raters", len(counts), len(counts))
    return Plan(
        expected=expected,
        half_width=half_width,
        sign_spread=sign_spread,
        rater_spread=rater_spread,
        packs=tuple(packs) if packs is not None else None,
        most_clips=most_clips,
        studies=studies,
        designs=tuple(sorted(designs, key=lambda design: (design.raters, design.signs))),
        frontier=tuple(frontier),
        smallest=min(frontier, key=lambda design: (design.answers, design.people), default=None),
    )


def _dealt(signs: int, most_clips: int | None) -> tuple[int, ...]:
    """Signs in as few packs as a rater's patience allows, of sizes that differ by 1 at most."""
    packs = 1 if most_clips is None else -(-signs // most_clips)
    return tuple(signs // packs + (place < signs % packs) for place in range(packs))


def _listed(packs: Sequence[int]) -> str:
    return ", ".join(map(str, packs)) or "none"


def _simulate(
    raters: int,
    packs: tuple[int, ...],
    expected: float,
    half_width: float,
    sign_spread: float,
    rater_spread: float,
    studies: int,
) -> PlannedDesign:
    generator = np.random.Generator(np.random.PCG64([SEED, raters, *packs]))
    answers = [simulated(generator, studies, raters, signs, expected, sign_spread, rater_spread) for signs in packs]
    low, high = intervals_of(answers)
    width = float(np.quantile((high - low) / 2, ASSURANCE, method="higher"))
    return PlannedDesign(packs=packs, raters=raters, half_width=width, reaches=width <= half_width)


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


def intervals_of(packs: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % intervals, of the mean over signs, of studies in which every rater of a pack answered every sign of it.

    The draws are those of :func:`signbench.study.scores.intervals.study_intervals`, shared by all studies of one size.

    Args:
        packs: float32 ``(K, R, S)`` of each pack, 1 where correct.

    Returns:
        Lower and upper ends, float64 ``(K,)``.
    """
    counts = [pack.shape[1] for pack in packs]
    sizes = [pack.shape[2] for pack in packs]
    draws = draw(np.repeat(np.arange(len(packs)), counts), sizes)
    starts = np.cumsum([0, *counts])
    size = SampleSize(min(*counts, *sizes), min(sum(sizes), sum(counts)) - len(packs))
    ends = []
    for number in range(len(packs[0])):
        sums = np.zeros((2, len(draws.raters)))
        for start, count, signs, pack in zip(starts, counts, draws.signs, packs, strict=False):
            sums += weighed((draws.raters[:, start : start + count] @ pack[number]).astype(np.float64) / count, signs)
        value = sum(float(pack[number].sum(dtype=np.float64)) / count for count, pack in zip(counts, packs, strict=True)) / sum(
            sizes
        )
        if value in (0, 1):
            ends.append(at_bound(value == 1, size))
        else:
            low, high = wilson_for_draws(np.array([value]), np.array([(sums[0] / sums[1]).var()]), size)
            ends.append((float(low[0]), float(high[0])))
    low, high = np.array(ends, dtype=np.float64).T
    return low, high

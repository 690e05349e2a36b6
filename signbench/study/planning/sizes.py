"""Simulates how many raters and signs a study needs for an interval of a given width.

A simulated rater r knows a simulated sign s with probability 1 / (1 + exp(-(m + a_s + b_r))), where a_s and b_r are normal with
given standard deviations, and m is chosen so that the mean over all signs and raters is the expected SUS. The interval is that of
:mod:`signbench.study.scoring`. Each pack has its own raters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from signbench.documents.models import Document
from signbench.errors import InputError
from signbench.progress import Progress, silent
from signbench.statistics.bootstrap import SEED
from signbench.study.scores.intervals import FEWEST, FEWEST_IN_PACK, SampleSize, at_bound, draw, weighed, wilson_for_draws

STUDIES = 200
RATERS = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
SIGNS = (10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 120, 140, 160, 180, 200, 250, 300)
ASSURANCE = 0.8
_NODES = 128


class PlannedDesign(Document):
    """Packs of signs, each answered by its own raters."""

    packs: tuple[int, ...]
    """Number of signs in each pack, all of which a rater of the pack answers."""
    raters: int
    """Number of raters of each pack."""
    half_width: float
    """Half the length of the 95 % interval, which 80 % of the simulated studies do not exceed."""
    reaches: bool
    """Whether ``half_width`` is at most the wanted one."""

    @property
    def signs(self) -> int:
        """Number of signs of all packs."""
        return sum(self.packs)

    @property
    def people(self) -> int:
        """Number of raters of all packs."""
        return self.raters * len(self.packs)

    @property
    def answers(self) -> int:
        """Number of answers of all raters."""
        return self.raters * self.signs


class Plan(Document):
    """The number of raters and signs that a study needs."""

    expected: float
    """Assumed SUS."""
    half_width: float
    """Wanted half length of the 95 % interval."""
    sign_spread: float
    """Assumed standard deviation of signs, on the logit scale."""
    rater_spread: float
    """Assumed standard deviation of raters, on the logit scale."""
    packs: tuple[int, ...] | None
    """Number of signs in each pack, if given; null if the number of signs was searched for."""
    most_clips: int | None
    """Largest number of clips that one rater watches; more signs are split into packs. Null: no limit."""
    studies: int
    """Number of simulated studies for each design."""
    designs: tuple[PlannedDesign, ...]
    """All simulated designs, sorted by raters and signs."""
    frontier: tuple[PlannedDesign, ...]
    """For each number of raters that can reach the wanted width, the design with the fewest signs that does."""
    smallest: PlannedDesign | None
    """The design of ``frontier`` with the fewest answers, then with the fewest raters; null if none reaches the width."""


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
    progress: Progress = silent,
) -> Plan:
    """Simulates studies of many sizes and finds the smallest whose interval is narrow enough.

    An interval is narrow enough if half its length is at most ``half_width`` in at least 80 % of the simulated studies.

    Args:
        expected: expected SUS, in (0, 1).
        half_width: wanted half length of the 95 % interval, in (0, 0.5).
        sign_spread: standard deviation of signs on the logit scale, in [0, 5].
        rater_spread: standard deviation of raters on the logit scale, in [0, 5].
        packs: number of signs in each pack, at least 5; None: the number of signs is searched for.
        most_clips: largest number of clips that one rater watches, at least 5; more signs are split into packs. None: no limit.
        raters: numbers of raters of each pack to try, at least 10 each.
        signs: numbers of signs to try, at least 10 each; ignored with ``packs``.
        studies: number of studies to simulate for each design.
        progress: called with a label, how many numbers of raters are done, and how many there are.

    Raises:
        InputError: a number is out of its range.
    """
    if not 0 < expected < 1:
        raise InputError(f"the expected SUS must be between 0 and 1, such as 0.75, not {expected:g}.")
    if not 0 < half_width < 0.5:
        raise InputError(f"the half width must be between 0 and 0.5, such as 0.05, not {half_width:g}.")
    for name, spread in (("signs", sign_spread), ("raters", rater_spread)):
        if not 0 <= spread <= 5:
            raise InputError(f"the spread of {name} must be a standard deviation between 0 and 5, not {spread:g}.")
    if studies < 1 or not raters or not signs or min(*raters, *signs) < FEWEST:
        raise InputError(
            f"a plan needs at least one study for each design, and designs of at least {FEWEST} raters and {FEWEST} signs."
        )
    if most_clips is not None and most_clips < FEWEST_IN_PACK:
        raise InputError(f"a rater must watch at least {FEWEST_IN_PACK} clips, not {most_clips}; smaller packs have no interval.")
    if packs is not None:
        if not packs or min(packs) < FEWEST_IN_PACK or sum(packs) < FEWEST:
            raise InputError(f"packs must have at least {FEWEST_IN_PACK} signs each and {FEWEST} in total, not {_listed(packs)}.")
        if most_clips is not None and max(packs) > most_clips:
            raise InputError(
                f"a pack of {max(packs)} signs is larger than the {most_clips} clips that one rater watches; use smaller packs."
            )
    options = [tuple(packs)] if packs is not None else [_split(count, most_clips) for count in sorted(set(signs), reverse=True)]
    designs: list[PlannedDesign] = []
    frontier: list[PlannedDesign] = []
    assumed = {"expected": expected, "half_width": half_width, "sign_spread": sign_spread, "rater_spread": rater_spread}
    index = 0
    counts = sorted(set(raters))
    for done, rater_count in enumerate(counts):
        progress("raters", done, len(counts))
        # more raters never need more signs, so the search continues where that of fewer raters ended
        best: PlannedDesign | None = None
        while index < len(options):
            design = _simulate(rater_count, options[index], **assumed, studies=studies)
            designs.append(design)
            if not design.reaches:
                break
            best = design
            index += 1
        if best is None and frontier:
            best = _simulate(rater_count, frontier[-1].packs, **assumed, studies=studies)
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


def _split(signs: int, most_clips: int | None) -> tuple[int, ...]:
    """Splits signs into as few packs as possible, whose sizes differ by at most 1."""
    packs = 1 if most_clips is None else -(-signs // most_clips)
    return tuple(signs // packs + (pack < signs % packs) for pack in range(packs))


def _listed(packs: Sequence[int]) -> str:
    return ", ".join(map(str, packs)) or "none"


def _simulate(
    raters: int,
    packs: tuple[int, ...],
    *,
    expected: float,
    half_width: float,
    sign_spread: float,
    rater_spread: float,
    studies: int,
) -> PlannedDesign:
    generator = np.random.Generator(np.random.PCG64([SEED, raters, *packs]))
    answers = [
        simulated(
            generator,
            studies=studies,
            raters=raters,
            signs=signs,
            expected=expected,
            sign_spread=sign_spread,
            rater_spread=rater_spread,
        )
        for signs in packs
    ]
    low, high = intervals_of(answers)
    width = float(np.quantile((high - low) / 2, ASSURANCE, method="higher"))
    return PlannedDesign(packs=packs, raters=raters, half_width=width, reaches=width <= half_width)


def simulated(
    generator: np.random.Generator,
    *,
    studies: int,
    raters: int,
    signs: int,
    expected: float,
    sign_spread: float,
    rater_spread: float,
) -> NDArray[np.float32]:
    """Simulates the answers of studies of one pack: float32 ``(studies, raters, signs)``, 1 where correct.

    Args:
        generator: of the random numbers.
        studies: number of studies.
        raters: number of raters of each.
        signs: number of signs of each.
        expected: mean probability of a correct answer over all raters and signs.
        sign_spread: standard deviation of signs on the logit scale.
        rater_spread: standard deviation of raters on the logit scale.
    """
    from scipy.special import expit

    level = intercept(expected, float(np.hypot(sign_spread, rater_spread)))
    ability = generator.normal(0, rater_spread, (studies, raters, 1))
    ease = generator.normal(0, sign_spread, (studies, 1, signs))
    return (generator.random((studies, raters, signs)) < expit(level + ability + ease)).astype(np.float32)


def intercept(expected: float, spread: float) -> float:
    """The m for which 1 / (1 + exp(-(m + z))) has the expected mean, over normal z with this standard deviation."""
    from scipy.optimize import brentq
    from scipy.special import expit

    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    return float(brentq(lambda level: float(weights @ expit(level + spread * nodes)) - expected, -60, 60))


def intervals_of(packs: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % intervals of the mean over signs of K studies without missing answers.

    The draws are those of :func:`signbench.study.scores.intervals.study_intervals`, shared by all studies of one size.

    Args:
        packs: for each pack, float32 ``(K, R, S)``, 1 where correct.

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

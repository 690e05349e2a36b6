"""Comparison of groups of raters on the signs that both groups answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from signbench.statistics.bootstrap import SEED
from signbench.statistics.intervals import Interval
from signbench.statistics.multiplicity import holm
from signbench.study.scores.intervals import FEWEST, FEWEST_IN_PACK, METHOD, draw, expanded, interval, weighed
from signbench.study.scores.permutation import PERMUTATIONS, two_sided
from signbench.study.scores.responses import PackResponses, Responses, share

_BLOCK_CELLS = 1 << 22


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two groups of raters, compared on the signs that both answered.

    Attributes:
        first: name of the group that is first in alphabetical order.
        second: name of the other group.
        signs: number of signs that both answered.
        difference: mean over these signs of the first group's accuracy minus the second's; None if there is no such sign.
        interval: 95 % interval of the difference.
        p_value: of a two-sided permutation test; None if no rater of one group answered the same packs as one of the other.
        p_adjusted: corrected by Holm's method over all pairs of groups.
    """

    first: str
    second: str
    signs: int
    difference: float | None
    interval: Interval
    p_value: float | None
    p_adjusted: float | None


def compare_groups(responses: Responses) -> list[Comparison]:
    """Compares every pair of groups of raters.

    For the interval, raters are drawn within their group and signs within their pack, as for a score. The test shuffles the groups
    among raters who answered the same packs (10,000 times, with a fixed seed): if groups do not matter, every such assignment is as
    likely as the observed one. Packs that only one of the groups answered are left out, and so are raters without a group.

    Args:
        responses: of the study.

    Returns:
        One comparison per pair, in alphabetical order; empty with fewer than two groups.
    """
    names = sorted({group for group in responses.groups if group is not None})
    found = [_compared(responses, first, second) for first, second in combinations(names, 2)]
    adjusted = holm([comparison.p_value for comparison in found])
    return [replace(comparison, p_adjusted=p_adjusted) for comparison, p_adjusted in zip(found, adjusted, strict=True)]


def _compared(responses: Responses, first: str, second: str) -> Comparison:
    member = np.array([0 if group == first else 1 if group == second else -1 for group in responses.groups])
    sides = np.stack([member == 0, member == 1]).astype(np.float32)
    packs = [pack for pack in responses.packs if np.isfinite(_difference(pack, sides[:1], sides[1:])).any()]
    if not packs:
        none = Interval(method=METHOD, reason="no sign was answered by both groups")
        return Comparison(first=first, second=second, signs=0, difference=None, interval=none, p_value=None, p_adjusted=None)
    differences = np.concatenate([_difference(pack, sides[:1], sides[1:])[0] for pack in packs])
    signs = int(np.isfinite(differences).sum())
    difference = float(np.nanmean(differences))
    permuted = _permuted(packs, member)
    p_value = None if permuted is None else two_sided(difference, permuted)
    return Comparison(
        first=first,
        second=second,
        signs=signs,
        difference=difference,
        interval=_interval(responses, packs, member, signs),
        p_value=p_value,
        p_adjusted=None,
    )


def _difference(pack: PackResponses, first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """Accuracy of the first group minus that of the second, for each sign.

    Args:
        pack: its answers.
        first: float32 ``(B, R)``, how often each rater of the study counts in the first group.
        second: the same for the second group.

    Returns:
        float64 ``(B, S)``, NaN where one of the groups did not answer.
    """
    first, second = first[:, pack.raters], second[:, pack.raters]
    return share(first @ pack.correct, first @ pack.answered) - share(second @ pack.correct, second @ pack.answered)


def _interval(responses: Responses, packs: list[PackResponses], member: NDArray[np.int64], signs: int) -> Interval:
    taking_part = np.zeros(len(member), dtype=bool)
    for pack in packs:
        taking_part[pack.raters] = True
    sizes = [int((taking_part & (member == group)).sum()) for group in (0, 1)]
    if signs < FEWEST or min(sizes) < FEWEST_IN_PACK:
        reason = f"fewer than {FEWEST} signs" if signs < FEWEST else f"fewer than {FEWEST_IN_PACK} raters in a group"
        return Interval(method=METHOD, reason=reason)
    # raters who are drawn together, separated by group
    draws = draw(responses.linked() * 3 + member + 1, [len(pack.signs) for pack in packs])
    first, second = (draws.raters * (member == group) for group in (0, 1))
    parts = [weighed(_difference(pack, first, second), drawn) for pack, drawn in zip(packs, draws.signs, strict=True)]
    scores = share(np.sum([part[0] for part in parts], axis=0), np.sum([part[1] for part in parts], axis=0))
    return interval(scores, below=expanded(min(signs - 1, sum(sizes) - 2), min(signs, *sizes)), reason=None)


def _permuted(packs: list[PackResponses], member: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """The mean difference for each permutation of the groups, float64 ``(PERMUTATIONS,)``; None if there is nothing to permute."""
    answered = np.zeros((len(member), len(packs)), dtype=bool)
    for column, pack in enumerate(packs):
        answered[pack.raters, column] = True
    number = np.unique(answered, axis=0, return_inverse=True)[1].reshape(-1)
    strata = [np.flatnonzero((number == stratum) & (member >= 0) & answered.any(axis=1)) for stratum in np.unique(number)]
    strata = [raters for raters in strata if len(np.unique(member[raters])) == 2]
    if not strata:
        return None
    generator = np.random.Generator(np.random.PCG64(SEED))
    found = np.empty(PERMUTATIONS)
    rows = max(1, _BLOCK_CELLS // max(len(member), sum(len(pack.signs) for pack in packs)))
    for start in range(0, PERMUTATIONS, rows):
        shuffled = np.tile(member, (min(rows, PERMUTATIONS - start), 1))
        for raters in strata:
            shuffled[:, raters] = generator.permuted(shuffled[:, raters], axis=1)
        first, second = ((shuffled == group).astype(np.float32) for group in (0, 1))
        differences = np.concatenate([_difference(pack, first, second) for pack in packs], axis=1)
        sums, counts = weighed(differences, np.ones_like(differences, dtype=np.float32))
        found[start : start + len(shuffled)] = share(sums, counts)
    return found

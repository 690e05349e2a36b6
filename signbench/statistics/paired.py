"""Two runs on the same clips: the difference of their scores, its uncertainty, and whether it can be due to chance.

If it does not matter which of two runs made a clip, swapping the clip's two records gives a difference that is as likely as the
observed one. Source: Noreen, *Computer-Intensive Methods for Testing Hypotheses* (1989), approximate randomisation, with its (c +
1) / (n + 1). Scores for which the bootstrap is biased use the jackknife of the difference instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Direction, Metric, Record, Records, Weights, weighted_sum
from signbench.statistics import bootstrap, jackknife, shares, studentised
from signbench.statistics.intervals import Interval
from signbench.statistics.units import Units

FEWEST_DRAWS = 10_000

_BLOCK_CELLS = 1 << 22
_TIE = studentised.TIE
"""Differences within this share of the scores are equal: summing the same clips in a different order changes the last digits."""


@dataclass(frozen=True)
class PValues:
    """The probabilities of a difference at least as large as the observed one, if the two runs differ only by chance.

    Attributes:
        worse: of one at least as much to the second run's disadvantage.
        better: of one at least as much to the second run's advantage.
        two_sided: of one at least as large in either direction.
    """

    worse: float
    better: float
    two_sided: float


@dataclass(frozen=True, kw_only=True)
class Paired:
    """The comparison of one metric of two runs.

    Attributes:
        first: the first run's score over the compared clips; None if it is undefined.
        second: the second run's.
        difference: second - first; with direction ``reference``, of the scores' distances from their reference values.
        worsening: by how much the second run is worse, in the metric's own direction; below 0 if it is better.
        interval: 95 % interval of ``difference``, or why there is none.
        p: not corrected for the number of tests; None if there is no test.
        method: ``randomisation`` or ``jackknife``, preceded by ``cluster-`` if whole clusters were swapped or left out.
        draws: number of exchanges; None for the jackknife.
        reason: why there is no test, or None.
        smallest_p: the smallest one-sided p-value that is possible with this number of clips or clusters; None if there is no such
            limit.
    """

    first: float | None
    second: float | None
    difference: float | None
    worsening: float | None
    interval: Interval
    p: PValues | None
    method: str
    draws: int | None = None
    reason: str | None = None
    smallest_p: float | None = None


@dataclass(frozen=True, eq=False)
class Folds:
    """A metric's scores of one run under several rows of weights.

    Attributes:
        scores: float64 ``(R,)``.
        references: float64 ``(R,)``, the same fold over the references; None if the metric has none.
    """

    scores: NDArray[np.float64]
    references: NDArray[np.float64] | None

    @classmethod
    def of(cls, metric: Metric, records: Records, weights: Weights) -> Folds:
        """Folds one run's records.

        Args:
            metric: the metric.
            records: N records in order of clip id.
            weights: int ``(R, N)``.
        """
        references = metric.reference_score(records, weights) if metric.direction == "reference" else None
        return cls(metric.score(records, weights), references)

    @property
    def compared(self) -> NDArray[np.float64]:
        """The values by which two runs are compared, ``(R,)``: the score, or its distance from the reference value."""
        return self.scores if self.references is None else np.abs(self.scores - self.references)


def randomisation_draws(tests: int) -> int:
    """The number of random exchanges for a family of tests: 10,000, or more if Holm's smallest threshold requires it.

    If there are no more exchanges than that, each is made once instead.
    """
    return max(FEWEST_DRAWS, math.ceil(20 * tests / 0.05))


def paired(
    metric: Metric, first: Records, second: Records, clusters: Sequence[Hashable] | None = None, *, tests: int = 1
) -> Paired:
    """Compares one metric of two runs.

    Args:
        metric: the metric.
        first: the first run's N records in order of clip id.
        second: the second run's, of the same clips.
        clusters: each clip's cluster, in the same order; None: clips are independent.
        tests: number of tests in the family, which determines the number of exchanges.

    Raises:
        InputError: the number of cluster labels is not the number of records.
        ValueError: the two sides have different numbers of records.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} records of the first run and {len(second)} of the second are not of the same clips.")
    units = Units.of(len(first), clusters)
    if metric.interval_method == "jackknife":
        ours, theirs = (leave_out_folds(metric, side, units) for side in (first, second))
        return paired_jackknife(metric.direction, ours, theirs, units)
    return _randomised(metric, list(first), list(second), units, randomisation_draws(tests))


def leave_out_folds(metric: Metric, records: Records, units: Units) -> Folds:
    """A run's scores of all clips and without each group of units; only of all clips if there are too few for a test."""
    if units.clips == 0:
        return _nothing()
    once: Weights = np.ones((1, units.clips), dtype=np.uint8)
    return Folds.of(metric, records, once if units.too_few() else units.leave_out())


def paired_jackknife(direction: Direction, first: Folds, second: Folds, units: Units) -> Paired:
    """Two runs by their scores of all clips and without each group of clips: Student's t of the difference.

    Args:
        direction: of the metric.
        first: the first run's :func:`leave_out_folds`.
        second: the second run's, of the same clips.
        units: the units of these clips.
    """
    method = units.named("jackknife")
    if (reason := units.too_few()) is not None:
        return _without_test(direction, first, second, method, reason)
    differences = second.compared - first.compared
    found = _difference(direction, first, second)
    if found is None or not np.isfinite(differences).all():
        return _without_test(direction, first, second, method, "the score is undefined when some clips are left out")
    difference, worsening = found
    without = differences[1:]
    error, freedom, tie = jackknife.standard_error(without), units.freedom(len(without)), _tie(first, second)
    bounds = jackknife.t_interval(difference, without, freedom) if error > tie else studentised.same(units, "difference")
    return Paired(
        first=float(first.scores[0]),
        second=float(second.scores[0]),
        difference=difference,
        worsening=worsening,
        interval=Interval.of(bounds, method),
        p=_students(worsening, error, freedom, tie),
        method=method,
    )


def effect_size(differences: NDArray[np.float64]) -> float | None:
    """Paired standardised mean difference: the mean of the clips' differences over their standard deviation (N - 1).

    Source: Cohen, *Statistical Power Analysis for the Behavioral Sciences* (1988), there called d_z.

    Args:
        differences: float64 ``(N,)``, second - first.

    Returns:
        The effect; None if there are fewer than two clips, or all differ by the same amount.
    """
    if len(differences) < 2:
        return None
    deviation = float(np.std(differences, ddof=1))
    return float(np.mean(differences)) / deviation if deviation > 0 else None


def _randomised(metric: Metric, first: list[Record], second: list[Record], units: Units, draws: int) -> Paired:
    method = units.named("randomisation")
    once: Weights = np.ones((1, units.clips), dtype=np.uint8)
    ours, theirs = (Folds.of(metric, side, once) if units.clips else _nothing() for side in (first, second))
    found = _difference(metric.direction, ours, theirs)
    if found is None:
        reason = "the score is undefined" if units.clips else "no clip is compared"
        return _without_test(metric.direction, ours, theirs, method, reason)
    difference, worsening = found

    def differences(weights: Weights) -> NDArray[np.float64]:
        return Folds.of(metric, second, weights).compared - Folds.of(metric, first, weights).compared

    tie = _tie(ours, theirs)
    exchanged = _mean_exchanges(metric, first, second) or _exchanges(metric, [*first, *second])
    every = every_exchange(units, draws)
    worse = better = either = 0
    for swaps in _swaps(units, draws):
        drawn = exchanged(swaps)
        # An exchange that makes a score undefined counts against a finding.
        worse += int((~(drawn < worsening - tie)).sum())
        better += int((~(drawn > worsening + tie)).sum())
        either += int((~(np.abs(drawn) < abs(worsening) - tie)).sum())
    # the identity is among all exchanges, and is counted in addition to random ones
    made, more = (1 << units.count, 0) if every else (draws, 1)
    return Paired(
        first=float(ours.scores[0]),
        second=float(theirs.scores[0]),
        difference=difference,
        worsening=worsening,
        interval=_interval(metric, first, second, differences, units, max(map(abs, (ours.scores[0], theirs.scores[0])))),
        p=PValues(*((count + more) / (made + more) for count in (worse, better, either))),
        method=method,
        draws=made,
        smallest_p=1 / (made + more),
    )


def every_exchange(units: Units, draws: int) -> bool:
    """Whether there are so few units that every possible exchange can be made, rather than random ones."""
    return units.count < draws.bit_length()


def _swaps(units: Units, draws: int) -> Iterator[Weights]:
    """Exchanges in blocks of rows: 1 for a clip whose records are swapped, uint8 ``(B, N)``; all possible ones, or random ones.

    Whole 32-bit words are drawn for each row, so the exchanges do not depend on the size of the blocks.
    """
    rows = max(1, _BLOCK_CELLS // units.clips)
    if every_exchange(units, draws):
        bits = np.arange(units.count)
        for start in range(0, 1 << units.count, rows):
            numbers = np.arange(start, min(start + rows, 1 << units.count))
            yield units.spread(np.asfortranarray((numbers[:, None] >> bits[None, :] & 1).astype(np.uint8)))
        return
    generator = np.random.Generator(np.random.PCG64(bootstrap.SEED))
    width = 4 * math.ceil(units.count / 32)
    for start in range(0, draws, rows):
        block = min(rows, draws - start)
        drawn = np.frombuffer(generator.bytes(width * block), dtype=np.uint8).reshape(block, width)
        yield units.spread(np.asfortranarray(np.unpackbits(drawn, axis=1, count=units.count)))


def _mean_exchanges(metric: Metric, first: list[Record], second: list[Record]) -> Callable[[Weights], NDArray[np.float64]] | None:
    """The worsening of the second side under exchanges, for means of clips: an exchange flips the sign of a clip's difference."""
    if not metric.mean_of_clips or metric.direction == "reference":
        return None
    values = [[metric.clip_value(record) for record in side] for side in (first, second)]
    if any(value is None for side in values for value in side):
        return None
    sign = -1.0 if metric.direction == "higher" else 1.0
    ours, theirs = (np.array(side, dtype=np.float64) for side in values)
    differences = sign * (theirs - ours)
    total = float(weighted_sum(differences, np.ones((1, len(differences)), dtype=np.uint8))[0])
    return lambda swaps: (total - 2 * weighted_sum(differences, swaps)) / len(differences)


def _exchanges(metric: Metric, both: list[Record]) -> Callable[[Weights], NDArray[np.float64]]:
    """The same for any fold: each side's weights choose one of a clip's two records among all 2 N."""
    sign = -1.0 if metric.direction == "higher" else 1.0

    def exchanged(swaps: Weights) -> NDArray[np.float64]:
        stay = 1 - swaps
        compared = [
            Folds.of(metric, both, np.asfortranarray(np.concatenate(weights, axis=1))).compared
            for weights in ((stay, swaps), (swaps, stay))
        ]
        return sign * (compared[1] - compared[0])

    return exchanged


def _interval(
    metric: Metric,
    first: list[Record],
    second: list[Record],
    differences: Callable[[Weights], NDArray[np.float64]],
    units: Units,
    scale: float,
) -> Interval:
    """The difference's 95 % interval, both sides under the same draws; the rules are those of a score's interval."""
    plain_share = metric.interval_method == "share" and metric.mean_of_clips and units.cluster is None
    method = "paired-wald" if plain_share else units.named("bootstrap-t")
    if (reason := units.too_few()) is not None:
        return Interval(method=method, reason=reason)
    if plain_share:
        right = [np.array([metric.clip_value(record) for record in side]) == 1 for side in (first, second)]
        return Interval.of(shares.paired_difference(*right), method)
    return Interval.of(studentised.bounds(differences, units, scale=scale, what="difference"), method)


def _students(worsening: float, error: float, freedom: int, tie: float) -> PValues:
    from scipy.special import stdtr

    if abs(worsening) <= tie:
        return PValues(1.0, 1.0, 1.0)
    with np.errstate(divide="ignore"):
        t = float(np.float64(worsening) / error)
    return PValues(float(stdtr(freedom, -t)), float(stdtr(freedom, t)), float(2 * stdtr(freedom, -abs(t))))


def _nothing() -> Folds:
    return Folds(np.array([np.nan]), None)


def _tie(first: Folds, second: Folds) -> float:
    return _TIE * max(abs(float(first.scores[0])), abs(float(second.scores[0])))


def _difference(direction: Direction, first: Folds, second: Folds) -> tuple[float, float] | None:
    """The difference and the worsening, or None if a score is undefined."""
    difference = float(second.compared[0] - first.compared[0])
    if not math.isfinite(difference):
        return None
    return difference, -difference if direction == "higher" else difference


def _without_test(direction: Direction, first: Folds, second: Folds, method: str, reason: str) -> Paired:
    difference, worsening = _difference(direction, first, second) or (None, None)
    ours, theirs = (float(side.scores[0]) if math.isfinite(side.scores[0]) else None for side in (first, second))
    return Paired(
        first=ours,
        second=theirs,
        difference=difference,
        worsening=worsening,
        interval=Interval(method=method, reason=reason),
        p=None,
        method=method,
        reason=reason,
    )

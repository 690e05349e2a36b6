"""Correlations between the raters' accuracy on each clip and a run's metrics on the same clips.

RuSignBot's table 2 infers a correlation of SUS with SSIM and PSNR from two packs; here it is tested over clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, NotComparableError, listing
from signbench.parquet_files import read_parquet
from signbench.runs.folder import RunFolder
from signbench.runs.result import Score, read_result
from signbench.statistics.bootstrap import MOST_UNDEFINED, SEED
from signbench.statistics.intervals import Interval
from signbench.statistics.multiplicity import holm
from signbench.study.scores.coefficients import COEFFICIENTS, Coefficient, coefficient, coefficients
from signbench.study.scores.intervals import ALIKE, FEWEST_IN_PACK, SampleSize
from signbench.study.scores.permutation import PERMUTATIONS, two_sided
from signbench.study.scores.result import ClipScore, Correlation, Correlations, Estimate

DRAWS = 2000
FEWEST_CLIPS = 10
"""With fewer clips, a coefficient has no interval."""

_STRAIGHT = 0.9999
"""Coefficients from here on are too large for Fisher's scale."""


@dataclass(frozen=True, eq=False)
class RunValues:
    """The values of a run's metrics for each clip.

    Attributes:
        clips: all clips of the run.
        metrics: canonical name -> clip -> value; clips without a value are omitted.
        scores: canonical name -> the run's score, for its direction and signature; empty if the run has no result yet.
    """

    clips: frozenset[str]
    metrics: dict[str, dict[str, float]]
    scores: dict[str, Score]


def read_run_values(run: Path) -> RunValues:
    """Reads ``per_clip.parquet`` and ``result.json`` of a run.

    Args:
        run: the run's folder.

    Raises:
        InputError: the folder or one of the files does not exist, or cannot be read.
    """
    import pyarrow

    folder = RunFolder(run)
    if not folder.per_clip.is_file():
        raise InputError(f"{run} has no {folder.per_clip.name}; give the folder of a run that has been scored.")
    try:
        table = read_parquet(folder.per_clip, ("clip", "metric", "value"))
        columns = [table.column(name).to_pylist() for name in ("clip", "metric", "value")]
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{folder.per_clip} cannot be read: {error}; score the run again.") from error
    metrics: dict[str, dict[str, float]] = {}
    for clip, metric, value in zip(*columns, strict=True):
        values = metrics.setdefault(metric, {})
        if value is not None and np.isfinite(value):
            values[clip] = float(value)
    return RunValues(frozenset(columns[0]), metrics, {score.metric: score for score in read_result(folder.result_json).scores})


def correlate(per_clip: Sequence[ClipScore], run: Path | RunValues) -> Correlations:
    """Correlates the accuracy of clips with each metric of a run.

    With several packs the test is of the coefficient within packs: packs that differ in difficulty and in a metric make any two
    numbers correlate over the whole study. P-values: two-sided; the accuracies are shuffled among the clips of each pack, 10,000
    times with a fixed seed; corrected by Holm's method over all coefficients of all metrics. Intervals: see :func:`around`. The
    accuracies are treated as fixed; their uncertainty pulls every coefficient towards 0.

    Args:
        per_clip: of a study's result.
        run: a run's folder, or the values read from it.

    Raises:
        InputError: the run cannot be read, or a clip was shown in two packs.
        NotComparableError: the run has none of the study's clips.
    """
    values = run if isinstance(run, RunValues) else read_run_values(run)
    known = [clip for clip in per_clip if clip.accuracy is not None]
    names = [clip.clip for clip in known]
    if doubled := sorted({name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()):
        raise InputError(
            f"the clip {doubled[0]} was shown in several packs, so it has no single accuracy to correlate with metrics."
        )
    if not values.clips.intersection(names):
        raise NotComparableError(
            f"the run and the study have no clip in common: the study has {listing(sorted(names), 3)}, the run has "
            f"{listing(sorted(values.clips), 3)}."
        )
    rows: list[Correlation] = []
    without = []
    for metric, of_clip in values.metrics.items():
        common = [clip for clip in known if clip.clip in of_clip]
        if not common:
            without.append(metric)
            continue
        rows += _rows(metric, values.scores.get(metric), common, np.array([of_clip[clip.clip] for clip in common]))
    adjusted = holm([row.p_value for row in rows])
    return Correlations(
        rows=tuple(row.model_copy(update={"p_adjusted": p_value}) for row, p_value in zip(rows, adjusted, strict=True)),
        only_in_study=len(set(names) - values.clips),
        only_in_run=len(values.clips - set(names)),
        without_values=tuple(without),
        note=f"p-values: {PERMUTATIONS} permutations of the clips within each pack, seed {SEED}; corrected by Holm's method over "
        "all coefficients of all metrics",
    )


def _rows(metric: str, score: Score | None, clips: Sequence[ClipScore], value: NDArray[np.float64]) -> list[Correlation]:
    """The three coefficients of one metric."""
    order = sorted(range(len(clips)), key=lambda index: (clips[index].pack, clips[index].clip))
    accuracy = np.array([clips[index].accuracy for index in order], dtype=np.float64)
    value = value[order]
    packs = np.unique([clips[index].pack for index in order], return_inverse=True)[1].reshape(-1)
    several = bool(packs.any())
    unchanged = np.arange(len(value))[None, :]
    shuffled, drawn = _shuffled(packs), _draws(packs)
    rows = []
    for kind in COEFFICIENTS:
        over_all = _estimate(kind, accuracy, value, packs=packs, groups=None, drawn=drawn)
        within = _estimate(kind, accuracy, value, packs=packs, groups=packs, drawn=drawn) if several else None
        tested = over_all if within is None else within
        p_value = None
        if tested.value is not None:
            permuted = coefficients(
                kind,
                accuracy,
                value,
                first_indices=shuffled,
                second_indices=unchanged,
                groups=packs if several else None,
            )
            p_value = two_sided(tested.value, permuted)
        rows.append(
            Correlation(
                metric=metric,
                direction=None if score is None else score.direction,
                coefficient=kind,
                value=over_all,
                within_packs=within,
                clips=len(value),
                p_value=p_value,
                p_adjusted=None,
                signature=None if score is None else score.signature,
            )
        )
    return rows


def _estimate(
    kind: Coefficient,
    accuracy: NDArray[np.float64],
    value: NDArray[np.float64],
    *,
    packs: NDArray[np.int64],
    groups: NDArray[np.int64] | None,
    drawn: NDArray[np.int64],
) -> Estimate:
    """A coefficient with its interval."""
    found = coefficient(kind, accuracy, value, groups)
    if found is None:
        where = "" if groups is None else " of each pack"
        return Estimate(value=None, interval=None, interval_note=f"the accuracy or the metric is the same for all clips{where}")
    smallest = int(np.bincount(packs).min())
    if len(value) < FEWEST_CLIPS or smallest < FEWEST_IN_PACK:
        few = f"fewer than {FEWEST_CLIPS} clips" if len(value) < FEWEST_CLIPS else f"fewer than {FEWEST_IN_PACK} clips in a pack"
        return Estimate(value=found, interval=None, interval_note=few)
    draws = coefficients(kind, accuracy, value, first_indices=drawn, second_indices=drawn, groups=groups)
    bounds = around(kind, found, draws, SampleSize(smallest, len(value) - 1 - len(np.unique(packs))))
    note = bounds.reason or f"bootstrap over clips within packs on Fisher's scale, {DRAWS} draws, seed {SEED}"
    return Estimate(value=found, interval=bounds.bounds, interval_note=note)


def around(kind: Coefficient, found: float, draws: NDArray[np.float64], size: SampleSize) -> Interval:
    """The 95 % interval of a coefficient, symmetric on Fisher's scale (the inverse hyperbolic tangent).

    Its half width there is Student's t times the spread of the draws: half the distance between their 15.87th and 84.13th
    percentile, which a few extreme draws (all clips on one line) do not affect, corrected for few clips. For Pearson's it is at
    least Fisher's value for normal data, 1 / sqrt(n - 3), because few clips of a skewed metric underestimate it. Percentiles of
    the draws themselves cover Pearson's coefficient in only 80 to 82 % of such studies.

    Args:
        kind: of coefficient.
        found: the coefficient.
        draws: float64 ``(B,)``, the coefficient of each draw of clips, NaN if undefined; up to 5 % may be undefined.
        size: number of clips of the smallest pack, and degrees of freedom: clips minus packs minus 1.
    """
    from scipy.special import ndtr, stdtrit

    defined = draws[np.isfinite(draws)]
    if len(defined) < (1 - MOST_UNDEFINED) * len(draws):
        return Interval(
            method="bootstrap", reason=f"the coefficient is undefined in {len(draws) - len(defined)} of {len(draws)} draws"
        )
    low, high = np.quantile(np.arctanh(np.clip(defined, -_STRAIGHT, _STRAIGHT)), [ndtr(-1), ndtr(1)])
    spread = (high - low) / 2 * np.sqrt(size.smallest / (size.smallest - 1))
    if abs(found) >= _STRAIGHT or spread < ALIKE:
        return Interval(method="bootstrap", reason="all clips are on one line, so all draws are equal")
    if kind == "pearson":
        spread = max(spread, 1 / np.sqrt(size.degrees - 1))
    half = -float(stdtrit(size.degrees, 0.025)) * spread
    ends = np.tanh(np.arctanh(found) + half * np.array([-1, 1]))
    return Interval(low=float(ends[0]), high=float(ends[1]), method="bootstrap")


def _shuffled(packs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of clips, shuffled within each pack: int64 ``(PERMUTATIONS, N)``."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    shuffled = np.repeat(np.arange(len(packs))[None, :], PERMUTATIONS, axis=0)
    for pack in np.unique(packs):
        members = packs == pack
        shuffled[:, members] = generator.permuted(shuffled[:, members], axis=1)
    return shuffled


def _draws(packs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of clips, drawn with replacement within each pack: int64 ``(DRAWS, N)``; the clips are sorted by pack."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    members = [np.flatnonzero(packs == pack) for pack in np.unique(packs)]
    return np.concatenate([indices[generator.integers(0, len(indices), (DRAWS, len(indices)))] for indices in members], axis=1)

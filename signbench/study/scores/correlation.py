"""Do a run's metrics agree with the raters? Correlation of the clips' accuracies with each metric's values for the same clips.

RuSignBot's table 2 reads a correlation of SUS with SSIM and PSNR from two packs; here it is tested over clips.
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
"""Below, there is a coefficient but no interval."""

_STRAIGHT = 0.9999
"""From here on Fisher's scale says nothing."""


@dataclass(frozen=True, eq=False)
class RunValues:
    """What a run measured of each clip.

    Attributes:
        clips: all clips of the run.
        metrics: canonical name -> clip -> its value; clips without a value are not there.
        scores: canonical name -> the run's score, for its direction and signature; empty where the run has no result yet.
    """

    clips: frozenset[str]
    metrics: dict[str, dict[str, float]]
    scores: dict[str, Score]


def read_run_values(run: Path) -> RunValues:
    """Reads ``per_clip.parquet`` and ``result.json`` of a run.

    Args:
        run: the run's folder.

    Raises:
        InputError: the folder or one of the files is not there, or cannot be read.
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
    """Sets the accuracy of clips against each metric of a run.

    With several packs the test is about the coefficient within them: packs of unlike ease and unlike metric make a correlation of
    any two numbers over the study, whatever the metric knows of a clip. P-values: the accuracies are shuffled among the clips of
    each pack, 10,000 times and seeded; two-sided; after Holm over all coefficients of all metrics. Intervals: see :func:`around`.
    The raters are taken as they are: the coefficients are about the accuracies that they gave, whose own uncertainty pulls every
    coefficient towards 0.

    Args:
        per_clip: of a study's result.
        run: a run's folder, or what was read from it.

    Raises:
        InputError: the run cannot be read, or a clip was shown in two packs.
        NotComparableError: the run has none of the study's clips.
    """
    values = run if isinstance(run, RunValues) else read_run_values(run)
    known = [clip for clip in per_clip if clip.accuracy is not None]
    names = [clip.clip for clip in known]
    if doubled := sorted({name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()):
        raise InputError(f"the clip {doubled[0]} was shown in several packs, so it has no one accuracy to set against a metric.")
    if not values.clips.intersection(names):
        raise NotComparableError(
            f"the run has none of the study's clips: the study has {listing(sorted(names), 3)}, "
            f"the run {listing(sorted(values.clips), 3)}."
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
        note=f"p-values: {PERMUTATIONS} permutations of the clips within each pack, seed {SEED}; adjusted by Holm over all "
        "coefficients of all metrics",
    )


def _rows(metric: str, score: Score | None, clips: Sequence[ClipScore], value: NDArray[np.float64]) -> list[Correlation]:
    """The three coefficients of one metric."""
    order = sorted(range(len(clips)), key=lambda place: (clips[place].pack, clips[place].clip))
    accuracy = np.array([clips[place].accuracy for place in order], dtype=np.float64)
    value = value[order]
    packs = np.unique([clips[place].pack for place in order], return_inverse=True)[1].reshape(-1)
    several = bool(packs.any())
    in_place = np.arange(len(value))[None, :]
    shuffled, drawn = _shuffled(packs), _draws(packs)
    rows = []
    for kind in COEFFICIENTS:
        over_all = _estimate(kind, accuracy, value, packs, None, drawn)
        within = _estimate(kind, accuracy, value, packs, packs, drawn) if several else None
        tested = over_all if within is None else within
        p_value = None
        if tested.value is not None:
            permuted = coefficients(kind, accuracy, value, shuffled, in_place, packs if several else None)
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
    packs: NDArray[np.int64],
    groups: NDArray[np.int64] | None,
    drawn: NDArray[np.int64],
) -> Estimate:
    """A coefficient with its interval."""
    found = coefficient(kind, accuracy, value, groups)
    if found is None:
        where = "" if groups is None else " of each pack"
        return Estimate(value=None, interval=None, interval_note=f"one of the two is the same for all clips{where}")
    smallest = int(np.bincount(packs).min())
    if len(value) < FEWEST_CLIPS or smallest < FEWEST_IN_PACK:
        few = f"fewer than {FEWEST_CLIPS} clips" if len(value) < FEWEST_CLIPS else f"fewer than {FEWEST_IN_PACK} clips in a pack"
        return Estimate(value=found, interval=None, interval_note=few)
    draws = coefficients(kind, accuracy, value, drawn, drawn, groups)
    bounds = around(kind, found, draws, SampleSize(smallest, len(value) - 1 - len(np.unique(packs))))
    note = bounds.reason or f"bootstrap over clips within packs on Fisher's scale, {DRAWS} draws, seed {SEED}"
    return Estimate(value=found, interval=bounds.bounds, interval_note=note)


def around(kind: Coefficient, found: float, draws: NDArray[np.float64], size: SampleSize) -> Interval:
    """The 95 % interval of a coefficient: its inverse hyperbolic tangent, Student's t times the spread of its draws on that scale.

    The spread is half the distance of the draws' percentiles 15.87 and 84.13, which draws of few clips that lie on one line do not
    reach, made up for few clips; Pearson's is at least what Fisher has for normal values, 1 / sqrt(n - 3), as few clips of a skewed
    metric show too little of it. Percentiles of the draws themselves hold Pearson's in 80 to 82 % of such studies.

    Args:
        kind: of coefficient.
        found: the coefficient.
        draws: float64 ``(B,)``, that of each draw of clips, NaN where a draw has none; up to 5 % of such draws are left out.
        size: clips of the smallest pack, and degrees of freedom: clips less packs less 1.
    """
    from scipy.special import ndtr, stdtrit

    defined = draws[np.isfinite(draws)]
    if len(defined) < (1 - MOST_UNDEFINED) * len(draws):
        return Interval(
            None, None, "bootstrap", f"the coefficient is undefined in {len(draws) - len(defined)} of {len(draws)} draws"
        )
    low, high = np.quantile(np.arctanh(np.clip(defined, -_STRAIGHT, _STRAIGHT)), [ndtr(-1), ndtr(1)])
    spread = (high - low) / 2 * np.sqrt(size.smallest / (size.smallest - 1))
    if abs(found) >= _STRAIGHT or spread < ALIKE:
        return Interval(None, None, "bootstrap", "all clips lie on one line, so no draw differs")
    if kind == "pearson":
        spread = max(spread, 1 / np.sqrt(size.degrees - 1))
    half = -float(stdtrit(size.degrees, 0.025)) * spread
    ends = np.tanh(np.arctanh(found) + half * np.array([-1, 1]))
    return Interval(float(ends[0]), float(ends[1]), "bootstrap")


def _shuffled(packs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of clips, shuffled within each pack: int64 ``(PERMUTATIONS, N)``."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    shuffled = np.repeat(np.arange(len(packs))[None, :], PERMUTATIONS, axis=0)
    for pack in np.unique(packs):
        members = packs == pack
        shuffled[:, members] = generator.permuted(shuffled[:, members], axis=1)
    return shuffled


def _draws(packs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of clips, drawn with replacement within each pack: int64 ``(DRAWS, N)``; the clips are in order of pack."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    members = [np.flatnonzero(packs == pack) for pack in np.unique(packs)]
    return np.concatenate([places[generator.integers(0, len(places), (DRAWS, len(places)))] for places in members], axis=1)

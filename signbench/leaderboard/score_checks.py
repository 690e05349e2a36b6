"""Whether an entry's scores are those of its records: folded again, or by the scores without each group of clips."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, SignbenchError
from signbench.leaderboard.entries import RECORDS, RESULT
from signbench.leaderboard.problems import Problem
from signbench.leaderboard.record_checks import within
from signbench.metrics.base import Metric, Records, Weights
from signbench.runs import signature
from signbench.runs.fold import fold
from signbench.runs.packed import PackedRun
from signbench.runs.plan import RunPlan
from signbench.runs.result import Result, Score
from signbench.statistics import jackknife
from signbench.statistics.paired import Folds
from signbench.statistics.units import Units

TOLERANCE = 1e-9
"""How far a score may be from what its records give, relative to it."""

_SLACK = 1e-3
"""How far below its limit a distance between distributions may come out, by rounding."""

_RANK_NOTE = re.compile(r"(\d+) vectors for (\d+) dimensions: the covariance lacks full rank, and the distance comes out too large")


def score_problems(folder: Path, result: Result, records: PackedRun) -> Iterator[Problem]:
    """Where a result is not what its records give.

    Args:
        folder: of the entry.
        result: its ``result.json``.
        records: its ``records.parquet``.
    """
    place = str(folder)
    if [item.name for item in records.plan.measured] != [score.metric for score in result.scores]:
        yield Problem(place, "score", f"{RESULT} and {RECORDS} are not of the same metrics", "submit the run again")
        return
    for name in records.foreign:
        what = f"{name} was measured by another revision of its code than this installation has"
        yield Problem(place, "signature", what, "score the predictions again")
    unfit = list(_left_out_problems(place, result, records))
    yield from unfit
    if unfit or records.foreign:
        return
    try:
        derived = fold(_with_kept_folds(result, records), records.store)
    except (SignbenchError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"the records cannot be folded ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
        yield Problem(place, "records", what, "submit the run again")
        return
    yield from differences(place, _beside_scores(derived), _beside_scores(result))
    for ours, theirs in zip(derived.scores, result.scores, strict=True):
        yield from differences(place, ours.model_dump(mode="json"), theirs.model_dump(mode="json"), where=f"{ours.metric}: ")
        if theirs.value is not None:
            yield from _limit_problems(place, theirs, records)


class _KeptFolds:
    """A metric whose folds were made before: the same metric in all but the records that it needs no more."""

    def __init__(self, metric: Metric, folds: Folds, said: Score) -> None:
        """Takes a metric, its scores with all groups of clips and without each, and what stands beside its score."""
        self._metric, self._folds, self._said = metric, folds, said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._metric, name)

    def score(self, _: Records, weights: Weights) -> NDArray[np.float64]:
        """The kept scores, of as many rows of weights as are asked for."""
        return self._rows(self._folds.scores, weights)

    def reference_score(self, _: Records, weights: Weights) -> NDArray[np.float64] | None:
        """The same of the references."""
        return None if self._folds.references is None else self._rows(self._folds.references, weights)

    def samples(self, _: Records) -> tuple[int, int] | None:
        """What the result says of it."""
        return self._said.samples

    def note(self, _: Records) -> str | None:
        """What the result says of it."""
        return self._said.note

    def warnings(self, _: Records) -> tuple[str, ...]:
        """What the result says of it."""
        return self._said.warnings

    def _rows(self, kept: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
        if len(weights) not in (1, len(kept)):
            raise InputError(f"there are {len(kept)} scores without groups of clips where there should be {len(weights)}")
        return kept[: len(weights)]


def _with_kept_folds(result: Result, records: PackedRun) -> RunPlan:
    """The plan, with the scores that were kept where records were not."""
    said = {score.metric: score for score in result.scores}
    measured = []
    for item in records.plan.measured:
        name = item.name
        metric: Any = item.metric
        if name in records.left_out:
            metric = _KeptFolds(item.metric, records.left_out[name], said[name])
        measured.append(replace(item, metric=metric))
    return replace(records.plan, measured=tuple(measured))


def _left_out_problems(place: str, result: Result, records: PackedRun) -> Iterator[Problem]:
    """Metrics that keep scores without groups of clips instead of records: which may, and what can be said of these."""
    said = {score.metric: score for score in result.scores}
    of_name = {item.name: item for item in records.plan.measured}
    for name, folds in records.left_out.items():
        metric = of_name[name].metric
        extractor = metric.extractor
        if metric.interval_method != "jackknife" or (extractor is not None and not extractor.by_frame):
            what = f"{RECORDS} has no records of {name}, whose records are small"
            yield Problem(place, "records", what, "submit the run again, unedited")
            continue
        counted = [clip for clip in records.plan.clips if records.store.has(clip, of_name[name].key or "")]
        groups = 1 + min(jackknife.GROUPS, Units.of(len(counted), records.plan.clusters_of(counted)).count)
        kept = [values for values in (folds.scores, folds.references) if values is not None]
        if any(len(values) != groups or not np.isfinite(values).all() for values in kept):
            what = f"{RECORDS} has not a score of {name} with all clips and without each of {groups - 1} groups of them"
            yield Problem(place, "records", what, "submit the run again, unedited")
        elif (metric.direction == "reference") != (folds.references is not None):
            yield Problem(place, "records", f"{RECORDS} has no right reference values of {name}", "submit the run again, unedited")
        else:
            yield from _beside_folds(place, said[name], records)


def _beside_folds(place: str, score: Score, records: PackedRun) -> Iterator[Problem]:
    """What a result says beside a score without records: the numbers of vectors, and what follows from them."""
    rows = [row for clip in records.plan.clips if (row := records.store.row(clip)) is not None]
    lengths = [row.lengths["video"] for row in rows if "video" in row.lengths and row.lengths["video"].prediction > 0]
    metric = next(item.metric for item in records.plan.measured if item.name == score.metric)
    if metric.extractor is not None:
        frames = (sum(pair.prediction for pair in lengths), sum(pair.reference for pair in lengths))
        if score.samples != frames:
            yield _wrong(place, f"{score.metric}: samples", score.samples, frames)
    found = _RANK_NOTE.fullmatch(score.note or "")
    deficient = found is not None and score.samples is not None and int(found[1]) == min(score.samples) <= int(found[2])
    if (score.note is not None and not deficient) or score.warnings != (("rank_deficient",) if deficient else ()):
        yield _wrong(place, f"{score.metric}: note and warnings", [score.note, list(score.warnings)], "another")


def _limit_problems(place: str, score: Score, records: PackedRun) -> Iterator[Problem]:
    """Scores that their metric cannot have."""
    metric = next(item.metric for item in records.plan.measured if item.name == score.metric)
    slack = _SLACK if metric.interval_method == "jackknife" else TOLERANCE
    values = [score.value, score.reference_value]
    values += list(records.left_out[score.metric].scores) if score.metric in records.left_out else []
    if any(value is not None and not within(value, metric.limits, slack=slack) for value in values):
        lowest, highest = ("any" if limit is None else f"{limit:g}" for limit in metric.limits)
        what = f"{RESULT}: {score.metric} has scores beyond {lowest} to {highest}"
        yield Problem(place, "score", what, "submit the run again, unedited")
    if score.seen is not None and not 0 <= score.seen <= 1:
        yield Problem(place, "score", f"{RESULT}: {score.metric}: seen is {score.seen:g}", "submit the run again, unedited")


def _beside_scores(result: Result) -> dict[str, Any]:
    """Everything of a result but its scores."""
    return result.model_dump(mode="json", exclude={"scores"})


def differences(
    place: str, derived: Any, stored: Any, *, where: str = "", tolerance: float = TOLERANCE, source: str = "the records"
) -> Iterator[Problem]:
    """Where two documents of plain values differ.

    Args:
        place: the entry's folder.
        derived: what follows from something.
        stored: what the entry says.
        where: how places in the document begin.
        tolerance: how far numbers may be apart, relative to them.
        source: what the first document follows from.
    """

    def inner(ours: Any, theirs: Any, at: str) -> Iterator[Problem]:
        yield from differences(place, ours, theirs, where=at, tolerance=tolerance, source=source)

    if isinstance(derived, Mapping) and isinstance(stored, Mapping):
        for name in {**derived, **stored}:
            joint = f"{where}{'' if not where or where.endswith(' ') else '.'}{name}"
            yield from inner(derived.get(name), stored.get(name), joint)
    elif isinstance(derived, list) and isinstance(stored, list) and len(derived) == len(stored):
        for number, (ours, theirs) in enumerate(zip(derived, stored, strict=True)):
            yield from inner(ours, theirs, f"{where}[{number}]")
    elif where.endswith("signature") and isinstance(derived, str) and isinstance(stored, str) and derived != stored:
        try:
            words = "; ".join(signature.differences(derived, stored))
        except SignbenchError:
            words = "it is no signature"
        what = f"{where} is not how its records were made ({words})"
        yield Problem(place, "signature", what, "score the predictions again")
    elif not _close(derived, stored, tolerance):
        yield _wrong(place, where, stored, derived, source)


def _wrong(place: str, where: str, stored: object, derived: object, source: str = "the records") -> Problem:
    what = f"{RESULT}: {where} is {_shown(stored)}, but {source} give {_shown(derived)}"
    return Problem(place, "score", what, "submit the run again, unedited")


def _shown(value: object) -> str:
    text = f"{value:.10g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _close(derived: object, stored: object, tolerance: float = TOLERANCE) -> bool:
    if isinstance(derived, (int, float)) and isinstance(stored, (int, float)) and not isinstance(derived, bool):
        return math.isclose(derived, stored, rel_tol=tolerance, abs_tol=max(1e-12, tolerance * 1e-3))
    return derived == stored

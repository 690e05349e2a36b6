"""Checks that an entry's scores follow from its records, or from the stored scores without each group of clips."""

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
"""The relative tolerance of a score compared with its records."""

_SLACK = 1e-3
"""How far below its limit a distance between distributions may be, because of rounding."""

_RANK_NOTE = re.compile(r"(\d+) vectors for (\d+) dimensions: the covariance lacks full rank, and the distance comes out too large")


def score_problems(folder: Path, result: Result, records: PackedRun) -> Iterator[Problem]:
    """Folds an entry's records and compares the result with its ``result.json``.

    Args:
        folder: the entry's folder.
        result: its ``result.json``.
        records: its ``records.parquet``.
    """
    entry = str(folder)
    if [item.name for item in records.plan.measured] != [score.metric for score in result.scores]:
        yield Problem(entry, "score", f"{RESULT} and {RECORDS} do not have the same metrics", "submit the run again")
        return
    for name in records.foreign:
        what = f"{name} was measured by another revision of its code than the installed one"
        yield Problem(entry, "signature", what, "score the predictions again")
    wrong = list(_left_out_problems(entry, result, records))
    yield from wrong
    if wrong or records.foreign:
        return
    try:
        derived = fold(_with_kept_folds(result, records), records.store)
    except (SignbenchError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"the records cannot be folded ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
        yield Problem(entry, "records", what, "submit the run again")
        return
    yield from differences(entry, _without_scores(derived), _without_scores(result))
    for ours, theirs in zip(derived.scores, result.scores, strict=True):
        yield from differences(entry, ours.model_dump(mode="json"), theirs.model_dump(mode="json"), where=f"{ours.metric}: ")
        if theirs.value is not None:
            yield from _limit_problems(entry, theirs, records)


class _KeptFolds:
    """A metric that returns stored scores instead of folding records, and is the given metric in all other respects."""

    def __init__(self, metric: Metric, folds: Folds, said: Score) -> None:
        """Takes a metric, its scores with all groups of clips and without each, and the score in the result."""
        self._metric, self._folds, self._said = metric, folds, said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._metric, name)

    def score(self, _: Records, weights: Weights) -> NDArray[np.float64]:
        """The stored scores, one for each row of weights."""
        return self._rows(self._folds.scores, weights)

    def reference_score(self, _: Records, weights: Weights) -> NDArray[np.float64] | None:
        """The stored scores of the references."""
        return None if self._folds.references is None else self._rows(self._folds.references, weights)

    def samples(self, _: Records) -> tuple[int, int] | None:
        """The numbers of vectors in the result."""
        return self._said.samples

    def note(self, _: Records) -> str | None:
        """The note in the result."""
        return self._said.note

    def warnings(self, _: Records) -> tuple[str, ...]:
        """The warnings in the result."""
        return self._said.warnings

    def _rows(self, kept: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
        if len(weights) not in (1, len(kept)):
            raise InputError(f"there are {len(kept)} scores without groups of clips instead of {len(weights)}")
        return kept[: len(weights)]


def _with_kept_folds(result: Result, records: PackedRun) -> RunPlan:
    """The plan, with stored scores for the metrics whose records are not stored."""
    said = {score.metric: score for score in result.scores}
    measured = []
    for item in records.plan.measured:
        name = item.name
        metric: Any = item.metric
        if name in records.left_out:
            metric = _KeptFolds(item.metric, records.left_out[name], said[name])
        measured.append(replace(item, metric=metric))
    return replace(records.plan, measured=tuple(measured))


def _left_out_problems(entry: str, result: Result, records: PackedRun) -> Iterator[Problem]:
    """Checks the metrics that have scores without groups of clips instead of records."""
    said = {score.metric: score for score in result.scores}
    of_name = {item.name: item for item in records.plan.measured}
    for name, folds in records.left_out.items():
        metric = of_name[name].metric
        extractor = metric.extractor
        if metric.interval_method != "jackknife" or (extractor is not None and not extractor.by_frame):
            what = f"{RECORDS} has no records of {name}, whose records are small"
            yield Problem(entry, "records", what, "submit the run again, unedited")
            continue
        counted = [clip for clip in records.plan.clips if records.store.has(clip, of_name[name].key or "")]
        groups = 1 + min(jackknife.GROUPS, Units.of(len(counted), records.plan.clusters_of(counted)).count)
        kept = [values for values in (folds.scores, folds.references) if values is not None]
        if any(len(values) != groups or not np.isfinite(values).all() for values in kept):
            what = f"{RECORDS} lacks scores of {name} with all clips and without each of {groups - 1} groups of them"
            yield Problem(entry, "records", what, "submit the run again, unedited")
        elif (metric.direction == "reference") != (folds.references is not None):
            yield Problem(entry, "records", f"{RECORDS} has wrong reference values of {name}", "submit the run again, unedited")
        else:
            yield from _sample_problems(entry, said[name], records)


def _sample_problems(entry: str, score: Score, records: PackedRun) -> Iterator[Problem]:
    """Checks the numbers of vectors of a score without records, and the note and warnings that follow from them."""
    rows = [row for clip in records.plan.clips if (row := records.store.row(clip)) is not None]
    lengths = [row.lengths["video"] for row in rows if "video" in row.lengths and row.lengths["video"].prediction > 0]
    metric = next(item.metric for item in records.plan.measured if item.name == score.metric)
    if metric.extractor is not None:
        frames = (sum(pair.prediction for pair in lengths), sum(pair.reference for pair in lengths))
        if score.samples != frames:
            yield _wrong(entry, f"{score.metric}: samples", score.samples, frames)
    found = _RANK_NOTE.fullmatch(score.note or "")
    deficient = found is not None and score.samples is not None and int(found[1]) == min(score.samples) <= int(found[2])
    if (score.note is not None and not deficient) or score.warnings != (("rank_deficient",) if deficient else ()):
        yield _wrong(entry, f"{score.metric}: note and warnings", [score.note, list(score.warnings)], "another")


def _limit_problems(entry: str, score: Score, records: PackedRun) -> Iterator[Problem]:
    """Finds scores that their metric cannot have."""
    metric = next(item.metric for item in records.plan.measured if item.name == score.metric)
    slack = _SLACK if metric.interval_method == "jackknife" else TOLERANCE
    values = [score.value, score.reference_value]
    values += list(records.left_out[score.metric].scores) if score.metric in records.left_out else []
    if any(value is not None and not within(value, metric.limits, slack=slack) for value in values):
        lowest, highest = ("any" if limit is None else f"{limit:g}" for limit in metric.limits)
        what = f"{RESULT}: {score.metric} has scores outside {lowest} to {highest}"
        yield Problem(entry, "score", what, "submit the run again, unedited")
    if score.seen is not None and not 0 <= score.seen <= 1:
        yield Problem(entry, "score", f"{RESULT}: {score.metric}: seen is {score.seen:g}", "submit the run again, unedited")


def _without_scores(result: Result) -> dict[str, Any]:
    """A result as plain values, without its scores."""
    return result.model_dump(mode="json", exclude={"scores"})


def differences(
    entry: str, derived: Any, stored: Any, *, where: str = "", tolerance: float = TOLERANCE, source: str = "the records"
) -> Iterator[Problem]:
    """Compares two documents of plain values.

    Args:
        entry: the entry's folder.
        derived: the document as computed here.
        stored: the document in the entry.
        where: the path of the documents, as a prefix of the paths within them.
        tolerance: relative tolerance of numbers.
        source: what the first document was computed from, for messages.

    Returns:
        A problem for each path at which they differ.
    """

    def inner(ours: Any, theirs: Any, at: str) -> Iterator[Problem]:
        yield from differences(entry, ours, theirs, where=at, tolerance=tolerance, source=source)

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
            words = "it is not a signature"
        what = f"{where} does not describe how its records were measured ({words})"
        yield Problem(entry, "signature", what, "score the predictions again")
    elif not _close(derived, stored, tolerance):
        yield _wrong(entry, where, stored, derived, source)


def _wrong(entry: str, where: str, stored: object, derived: object, source: str = "the records") -> Problem:
    what = f"{RESULT}: {where} is {_shown(stored)}, but {source} give {_shown(derived)}"
    return Problem(entry, "score", what, "submit the run again, unedited")


def _shown(value: object) -> str:
    text = f"{value:.10g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _close(derived: object, stored: object, tolerance: float = TOLERANCE) -> bool:
    if isinstance(derived, (int, float)) and isinstance(stored, (int, float)) and not isinstance(derived, bool):
        return math.isclose(derived, stored, rel_tol=tolerance, abs_tol=max(1e-12, tolerance * 1e-3))
    return derived == stored

"""Whether an entry's scores are those of its records: folded again, or by the scores without each group of clips."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from signbench.errors import SignbenchError
from signbench.leaderboard.entries import RECORDS, RESULT
from signbench.leaderboard.entry_records import EntryRecords
from signbench.leaderboard.problems import Problem
from signbench.runs import signature
from signbench.runs.fold import fold
from signbench.runs.result import Result, Score
from signbench.statistics import jackknife

TOLERANCE = 1e-9
"""How far a score may be from what its records give, relative to it."""


def score_problems(folder: Path, result: Result, records: EntryRecords) -> Iterator[Problem]:
    """Where a result is not what its records give.

    Args:
        folder: of the entry.
        result: its ``result.json``.
        records: its ``records.parquet``.
    """
    place = str(folder)
    try:
        derived = fold(records.plan, records.store.only_kept())
    except (SignbenchError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"the records cannot be folded ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
        yield Problem(place, "records", what, "submit the run again")
        return
    if [score.metric for score in derived.scores] != [score.metric for score in result.scores]:
        yield Problem(place, "score", f"{RESULT} and {RECORDS} are not of the same metrics", "submit the run again")
        return
    for name in records.foreign:
        what = f"{name} was measured by another revision of its code than this installation has"
        yield Problem(place, "signature", what, "score the predictions again")
    yield from _differences(place, "", _beside_scores(derived), _beside_scores(result))
    for ours, theirs in zip(derived.scores, result.scores, strict=True):
        if ours.metric in records.foreign:
            continue
        if ours.metric in records.left_out:
            yield from _jackknife_problems(place, theirs, records)
        else:
            yield from _differences(place, f"{ours.metric}: ", ours.model_dump(mode="json"), theirs.model_dump(mode="json"))


def _jackknife_problems(place: str, score: Score, records: EntryRecords) -> Iterator[Problem]:
    folds = records.left_out[score.metric]
    if not len(folds.scores) or not _close(float(folds.scores[0]), score.value):
        value = f"{float(folds.scores[0]):.10g}" if len(folds.scores) else "nothing"
        yield _wrong(place, f"{score.metric}: value", score.value, value)
        return
    if score.interval is None or not (score.interval_note or "").endswith("jackknife"):
        return
    bounds = jackknife.t_interval(float(folds.scores[0]), folds.scores[1:]) if len(folds.scores) > 2 else None
    if bounds is None or not all(map(_close, bounds, score.interval)):
        yield _wrong(place, f"{score.metric}: interval", list(score.interval), bounds)


def _beside_scores(result: Result) -> dict[str, Any]:
    """Everything of a result but its scores, and the status, which rests on metrics without records too."""
    return result.model_dump(mode="json", exclude={"scores", "status"})


def _differences(place: str, where: str, derived: Any, stored: Any) -> Iterator[Problem]:
    """Where two documents of plain values differ."""
    if isinstance(derived, Mapping) and isinstance(stored, Mapping):
        for name in {**derived, **stored}:
            joint = f"{where}{'' if not where or where.endswith(' ') else '.'}{name}"
            yield from _differences(place, joint, derived.get(name), stored.get(name))
    elif isinstance(derived, list) and isinstance(stored, list) and len(derived) == len(stored):
        for number, (ours, theirs) in enumerate(zip(derived, stored, strict=True)):
            yield from _differences(place, f"{where}[{number}]", ours, theirs)
    elif where.endswith("signature") and isinstance(derived, str) and isinstance(stored, str) and derived != stored:
        try:
            words = "; ".join(signature.differences(derived, stored))
        except SignbenchError:
            words = "it is no signature"
        what = f"{where} is not how its records were made ({words})"
        yield Problem(place, "signature", what, "score the predictions again")
    elif not _close(derived, stored):
        yield _wrong(place, where, stored, derived)


def _wrong(place: str, where: str, stored: object, derived: object) -> Problem:
    what = f"{RESULT}: {where} is {_shown(stored)}, but the records give {_shown(derived)}"
    return Problem(place, "score", what, "submit the run again, unedited")


def _shown(value: object) -> str:
    text = f"{value:.10g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _close(derived: object, stored: object) -> bool:
    if isinstance(derived, (int, float)) and isinstance(stored, (int, float)) and not isinstance(derived, bool):
        return math.isclose(derived, stored, rel_tol=TOLERANCE, abs_tol=1e-12)
    return derived == stored

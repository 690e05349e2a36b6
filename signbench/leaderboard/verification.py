"""Scoring an entry's predictions again: the only proof that its numbers are theirs."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from signbench.errors import InputError, SignbenchError, listing
from signbench.leaderboard.checking import entry_of
from signbench.leaderboard.entries import ENTRY, Entry
from signbench.leaderboard.entry_records import predictions_of
from signbench.leaderboard.problems import Problem
from signbench.runs import signature
from signbench.runs.folder import write_atomically
from signbench.runs.measured_run import MeasuredRun, measured_run
from signbench.runs.result import Score
from signbench.scoring.engine import Progress, silent

SAME = 1e-6
"""How far scores of pixels, key points and texts may be apart on another machine, relative to them."""

SAME_OF_NETWORKS = 1e-3
"""The same for scores that rest on a network."""


def verify(
    folder: Path,
    predictions: Path,
    *,
    references: Path | None = None,
    write: bool = False,
    workers: int | None = 1,
    progress: Progress = silent,
) -> list[Problem]:
    """Scores an entry's predictions again, in a folder of its own that is thrown away.

    Args:
        folder: of the entry.
        predictions: folder of the files that were handed in.
        references: the keeper's own copy of the data set, for tasks whose corpus signbench cannot read.
        write: where all is the same, write ``kind: verified`` into the entry.
        workers: processes; the result does not depend on it.
        progress: told how far it is.

    Returns:
        What is not the same; none where the entry's numbers are those of the predictions.

    Raises:
        InputError: the entry is not in order, the predictions cannot be scored, or an anchor is to be verified.
    """
    from signbench.scoring.task_runs import TaskRun, score_predictions
    from signbench.tasks.loading import task

    entry = entry_of(folder)
    if write and entry.card.kind == "anchor":
        raise InputError(f"{folder} is an anchor, which is never ranked, so there is nothing to verify; leave out --verify.")
    run = TaskRun.of(task(entry.card.task), entry.card.split, references_dir=references, workers=workers, progress=progress)
    with tempfile.TemporaryDirectory() as room:
        outcome = score_predictions(run, predictions, Path(room) / "run", fresh=False, allow_missing=True)
        if outcome is None:
            raise InputError("predictions are verified by one process; start it without torchrun.")
        with measured_run(outcome[0].path) as again:
            problems = _differences(entry, again)
    if write and not problems:
        from signbench.runs.signature import package_version

        card = entry.card.model_copy(update={"kind": "verified", "verified_with": package_version("signbench")})
        write_atomically(folder / ENTRY, card.yaml())
    return problems


def _differences(entry: Entry, again: MeasuredRun) -> list[Problem]:
    place, problems = str(entry.folder), []
    ours, theirs = entry.records.predictions(), predictions_of(again)
    other = sorted(clip for clip in {*ours, *theirs} if ours.get(clip) != theirs.get(clip))
    if other:
        what = f"{len(other)} of the predictions are not the files that it was measured from ({listing(other)})"
        problems.append(Problem(place, "digest", what, "give the folder that was handed in"))
    for score in entry.result.scores:
        if score.value is None:
            continue
        found = again.metrics.get(score.metric)
        if found is None or found.score.value is None:
            problems.append(Problem(place, "score", f"{score.metric} could not be measured again", "look at the predictions"))
        else:
            problems += _score_differences(place, score, found.score)
    return problems


def _score_differences(place: str, stored: Score, again: Score) -> list[Problem]:
    try:
        words = signature.differences(stored.signature or "", again.signature or "")
    except SignbenchError:
        words = ["it is no signature"]
    if words:
        what = f"{stored.metric} is not measured the same way here ({'; '.join(words)})"
        return [Problem(place, "signature", what, "score the predictions again and submit the run")]
    tolerance = SAME_OF_NETWORKS if "extractor" in signature.parse(stored.signature or "") else SAME
    if stored.value is None or again.value is None or math.isclose(stored.value, again.value, rel_tol=tolerance, abs_tol=1e-9):
        return []
    what = f"{stored.metric} is {stored.value:.8g}, but the predictions give {again.value:.8g}"
    return [Problem(place, "score", what, "submit the run of these predictions")]

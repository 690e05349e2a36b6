"""Scoring an entry's predictions again: the only proof that its numbers are theirs."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from signbench.errors import InputError, SignbenchError, listing
from signbench.extractors.cache import observations_in
from signbench.leaderboard.checking import entry_of
from signbench.leaderboard.entries import ENTRY, RECORDS, Entry, read_records
from signbench.leaderboard.own_scores import own_score
from signbench.leaderboard.plan_checks import unverified_networks
from signbench.leaderboard.problems import Problem
from signbench.leaderboard.record_checks import reference_problems
from signbench.leaderboard.score_checks import differences
from signbench.metrics.base import Metric, Record
from signbench.metrics.judged import JudgedMetric
from signbench.progress import Progress, silent
from signbench.runs import signature
from signbench.runs.measured_run import MeasuredRun, measured_run
from signbench.runs.packed import PackedRun, pack_run
from signbench.runs.result import Score
from signbench.statistics.paired import Folds
from signbench.tasks.schema import Task
from signbench.whole_files import write_atomically

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
    device: str = "cpu",
    judges: Collection[str] = (),
) -> list[Problem]:
    """Scores an entry's predictions again, in a folder of its own that is thrown away.

    Everything is computed anew: no observation is read that was not made here, so that no file from elsewhere can move a number.

    Args:
        folder: of the entry.
        predictions: folder of the files that were handed in.
        references: the keeper's own copy of the data set, for tasks whose corpus signbench cannot read.
        write: where all is the same, write ``kind: verified`` into the entry.
        workers: processes; the result does not depend on it.
        progress: told how far it is.
        device: of networks.
        judges: the custom judges that the task names and that may run.

    Returns:
        What is not the same; none where the entry's numbers are those of the predictions.

    Raises:
        InputError: the entry is not in order, the predictions cannot be scored, or an anchor is to be verified.
    """
    from signbench.scoring.task_runs import TaskRun, score_predictions
    from signbench.tasks.loading import task

    entry = entry_of(folder)
    found_task = task(entry.card.task)
    if write and entry.card.kind == "anchor":
        raise InputError(f"{folder} is an anchor, which is never ranked, so there is nothing to verify; leave out `write=True`.")
    run = TaskRun.of(
        found_task,
        entry.card.split,
        references_dir=references,
        workers=workers,
        progress=progress,
        device=device,
        judges=judges,
    )
    with tempfile.TemporaryDirectory() as room, observations_in(Path(room) / "observations"):
        outcome = score_predictions(run, predictions, Path(room) / "run", fresh=False, allow_missing=True)
        if outcome is None:
            raise InputError("predictions are verified by one process; start it without torchrun.")
        with measured_run(outcome[0].path) as again:
            (Path(room) / RECORDS).write_bytes(pack_run(again))
            problems = _differences(entry, again, read_records(Path(room)), found_task)
    unverified = unverified_networks(entry.records.plan)
    if write and unverified is not None:
        what = f"{unverified} rests on weights of which no digest is registered, so nobody can tell what measured it"
        problems.append(Problem(str(folder), "signature", what, "leave out `write=True`"))
    if write and not problems:
        from signbench.runs.signature import package_version

        card = entry.card.model_copy(update={"kind": "verified", "verified_with": package_version("signbench")})
        write_atomically(folder / ENTRY, card.yaml())
    return problems


def _differences(entry: Entry, again: MeasuredRun, records: PackedRun, task: Task) -> list[Problem]:
    """Everything in which an entry differs from the run of its predictions.

    Args:
        entry: what was handed in.
        again: the run of its predictions.
        records: of that run, as an entry keeps them.
        task: of the entry.
    """
    place, problems = str(entry.folder), []
    ours, theirs = entry.records.predictions(), records.predictions()
    other = sorted(clip for clip in {*ours, *theirs} if ours.get(clip) != theirs.get(clip))
    if other:
        what = f"{len(other)} of the predictions are not the files that it was measured from ({listing(other)})"
        problems.append(Problem(place, "digest", what, "give the folder that was handed in"))
    problems += reference_problems(entry.folder, entry.card, records, task)
    for score in entry.result.scores:
        if score.value is None:
            continue
        found = again.metrics.get(score.metric)
        if found is None or found.score.value is None:
            problems.append(Problem(place, "score", f"{score.metric} could not be measured again", "look at the predictions"))
            continue
        tolerance = SAME_OF_NETWORKS if found.metric.extractor is not None or isinstance(found.metric, JudgedMetric) else SAME
        told = list(_score_differences(place, score, found.score, tolerance))
        problems += told or _clip_differences(entry, records, score.metric, tolerance)
    return problems


def _score_differences(place: str, stored: Score, again: Score, tolerance: float) -> Iterator[Problem]:
    """Where a score and everything that stands beside it is not what the predictions give."""
    try:
        words = signature.differences(stored.signature or "", again.signature or "")
    except SignbenchError:
        words = ["it is no signature"]
    if words:
        what = f"{stored.metric} is not measured the same way here ({'; '.join(words)})"
        yield Problem(place, "signature", what, "score the predictions again and submit the run")
        return
    documents = [score.model_dump(mode="json", exclude={"signature"}) for score in (again, stored)]
    yield from differences(place, *documents, where=f"{stored.metric}: ", tolerance=tolerance, source="the predictions")


def _clip_differences(entry: Entry, records: PackedRun, metric: str, tolerance: float) -> Iterator[Problem]:
    """Clips, and groups of clips that are left out, whose scores are not what the predictions give."""
    place = str(entry.folder)
    kept = entry.records.left_out.get(metric), records.left_out.get(metric)
    if any(folds is not None for folds in kept):
        if any(folds is None for folds in kept) or not _same_folds(*kept, tolerance=tolerance):
            what = f"{RECORDS}: the scores of {metric} without each group of clips are not those of the predictions"
            yield Problem(place, "score", what, "submit the run of these predictions")
        return
    found = next((item.metric, item.key) for item in records.plan.measured if item.name == metric)
    stores = entry.records.store, records.store
    other = [
        clip
        for clip in records.plan.clips
        if not _same_record(found[0], stores[0].record(clip, found[1] or ""), stores[1].record(clip, found[1] or ""), tolerance)
    ]
    if other:
        what = f"{RECORDS}: {metric} of {len(other)} clips is not that of the predictions ({listing(other)})"
        yield Problem(place, "score", what, "submit the run of these predictions")


def _same_folds(stored: Folds | None, again: Folds | None, *, tolerance: float) -> bool:
    if stored is None or again is None:
        return False
    pairs = [(stored.scores, again.scores), (stored.references, again.references)]
    return all(
        (ours is None and theirs is None)
        or (ours is not None and theirs is not None and len(ours) == len(theirs) and np.allclose(ours, theirs, rtol=tolerance))
        for ours, theirs in pairs
    )


def _same_record(metric: Metric, stored: Record | None, again: Record | None, tolerance: float) -> bool:
    """Whether two records of a clip give the same, by the clip's own score where it has one, else number by number."""
    if stored is None or again is None:
        return (stored is None) == (again is None)
    scores = own_score(metric, stored), own_score(metric, again)
    if scores[0] is not None and scores[1] is not None:
        return math.isclose(scores[0], scores[1], rel_tol=tolerance, abs_tol=1e-9)
    return set(stored) == set(again) and all(
        stored[name].shape == again[name].shape and np.allclose(stored[name], again[name], rtol=tolerance, atol=tolerance)
        for name in stored
    )

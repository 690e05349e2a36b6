"""Verification: an entry's predictions are scored again, the only proof that its numbers belong to them."""

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
"""The relative tolerance of scores of pixels, key points and texts between machines."""

SAME_OF_NETWORKS = 1e-3
"""The same for scores that depend on a network."""


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
    """Scores an entry's predictions again in a temporary folder, and compares every number.

    Everything is recomputed: no observation from an earlier run is used, so that no file from elsewhere can affect a number.

    Args:
        folder: the entry's folder.
        predictions: the folder of predictions that were submitted.
        references: the maintainer's own copy of the data set, for tasks whose corpus signbench cannot read.
        write: write ``kind: verified`` into the entry if everything is the same.
        workers: number of processes; the result does not depend on it.
        progress: called with the progress of the run.
        device: the device that networks run on.
        judges: the custom judges that the task names and that may run.

    Returns:
        What differs; empty if the entry's numbers are those of the predictions.

    Raises:
        InputError: the entry is not valid, the predictions cannot be scored, or an anchor is to be verified.
    """
    from signbench.scoring.task_runs import TaskRun, score_predictions
    from signbench.tasks.loading import task

    entry = entry_of(folder)
    found_task = task(entry.card.task)
    if write and entry.card.kind == "anchor":
        raise InputError(f"{folder} is an anchor, which is never ranked, so it is not marked as verified; leave out `write=True`.")
    run = TaskRun.of(
        found_task,
        entry.card.split,
        references_dir=references,
        workers=workers,
        progress=progress,
        device=device,
        judges=judges,
    )
    with tempfile.TemporaryDirectory() as temporary, observations_in(Path(temporary) / "observations"):
        outcome = score_predictions(run, predictions, Path(temporary) / "run", fresh=False, allow_missing=True)
        if outcome is None:
            raise InputError("predictions are verified by a single process; run the command without torchrun.")
        with measured_run(outcome[0].path) as again:
            (Path(temporary) / RECORDS).write_bytes(pack_run(again))
            problems = _differences(entry, again, read_records(Path(temporary)), found_task)
    unverified = unverified_networks(entry.records.plan)
    if write and unverified is not None:
        what = f"{unverified} depends on weights without a registered digest, so the network that measured it is unknown"
        problems.append(Problem(str(folder), "signature", what, "leave out `write=True`"))
    if write and not problems:
        from signbench.runs.signature import package_version

        card = entry.card.model_copy(update={"kind": "verified", "verified_with": package_version("signbench")})
        write_atomically(folder / ENTRY, card.yaml())
    return problems


def _differences(entry: Entry, again: MeasuredRun, records: PackedRun, task: Task) -> list[Problem]:
    """All differences between an entry and the run of its predictions.

    Args:
        entry: the submitted entry.
        again: the run of its predictions.
        records: that run's records, packed as those of an entry.
        task: the entry's task.
    """
    folder, problems = str(entry.folder), []
    ours, theirs = entry.records.predictions(), records.predictions()
    other = sorted(clip for clip in {*ours, *theirs} if ours.get(clip) != theirs.get(clip))
    if other:
        what = f"{len(other)} of the predictions are not the files that it was measured from ({listing(other)})"
        problems.append(Problem(folder, "digest", what, "give the folder that was submitted"))
    problems += reference_problems(entry.folder, entry.card, records, task)
    for score in entry.result.scores:
        if score.value is None:
            continue
        found = again.metrics.get(score.metric)
        if found is None or found.score.value is None:
            problems.append(Problem(folder, "score", f"{score.metric} could not be measured again", "check the predictions"))
            continue
        tolerance = SAME_OF_NETWORKS if found.metric.extractor is not None or isinstance(found.metric, JudgedMetric) else SAME
        different = list(_score_differences(folder, score, found.score, tolerance))
        problems += different or _clip_differences(entry, records, score.metric, tolerance)
    return problems


def _score_differences(folder: str, stored: Score, again: Score, tolerance: float) -> Iterator[Problem]:
    """Compares every field of a score with that of the predictions."""
    try:
        words = signature.differences(stored.signature or "", again.signature or "")
    except SignbenchError:
        words = ["it is not a signature"]
    if words:
        what = f"{stored.metric} is measured differently here ({'; '.join(words)})"
        yield Problem(folder, "signature", what, "score the predictions again and submit the run")
        return
    documents = [score.model_dump(mode="json", exclude={"signature"}) for score in (again, stored)]
    yield from differences(folder, *documents, where=f"{stored.metric}: ", tolerance=tolerance, source="the predictions")


def _clip_differences(entry: Entry, records: PackedRun, metric: str, tolerance: float) -> Iterator[Problem]:
    """Compares the clips' records, or the scores without each group of clips, with those of the predictions."""
    folder = str(entry.folder)
    kept = entry.records.left_out.get(metric), records.left_out.get(metric)
    if any(folds is not None for folds in kept):
        if any(folds is None for folds in kept) or not _same_folds(*kept, tolerance=tolerance):
            what = f"{RECORDS}: the scores of {metric} without each group of clips are not those of the predictions"
            yield Problem(folder, "score", what, "submit the run of these predictions")
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
        yield Problem(folder, "score", what, "submit the run of these predictions")


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
    """Whether two records of a clip agree: by the clip's own score if it has one, or else number by number."""
    if stored is None or again is None:
        return (stored is None) == (again is None)
    scores = own_score(metric, stored), own_score(metric, again)
    if scores[0] is not None and scores[1] is not None:
        return math.isclose(scores[0], scores[1], rel_tol=tolerance, abs_tol=1e-9)
    return set(stored) == set(again) and all(
        stored[name].shape == again[name].shape and np.allclose(stored[name], again[name], rtol=tolerance, atol=tolerance)
        for name in stored
    )

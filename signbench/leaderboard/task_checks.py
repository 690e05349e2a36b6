"""Checks that an entry belongs to its task, and that its files agree with one another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from signbench.errors import SignbenchError, listing, nearest
from signbench.leaderboard import plain_text
from signbench.leaderboard.entries import ENTRY, RECORDS, RESULT, STUDY, EntryCard, flat_card, folder_name, predictions_digest
from signbench.leaderboard.human import HumanScore
from signbench.leaderboard.problems import Problem
from signbench.runs import signature
from signbench.runs.packed import PackedRun
from signbench.runs.result import Result, Score
from signbench.tasks.schema import Task


def card_problems(folder: Path, card: EntryCard) -> Iterator[Problem]:
    """Checks that ``entry.yaml`` is in the folder that it names, next to the files that it was written for.

    Args:
        folder: the entry's folder.
        card: its ``entry.yaml``.
    """
    entry = str(folder)
    inside = f"{card.task}/{card.split}/{folder_name(card.row)}"
    if not folder.resolve().as_posix().endswith(f"/{inside}"):
        yield Problem(entry, "path", f"{ENTRY} belongs in {inside}, but is not there", "move the folder, or submit the run again")
    if set(card.sha256) != {RESULT, RECORDS}:
        yield Problem(entry, "digest", f"{ENTRY} needs the digests of {RESULT} and {RECORDS}, and no others", "submit again")
    for name, digest in card.sha256.items():
        if name not in (RESULT, RECORDS) or not (folder / name).is_file() or (folder / name).is_symlink():
            continue
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            yield Problem(
                entry,
                "digest",
                f"{name} is not the file that {ENTRY} was written for; it was edited or replaced",
                "submit the run again",
            )
    if (card.kind == "verified") != (card.verified_with is not None):
        yield Problem(
            entry, "card", "kind: verified and verified_with belong together", "score the predictions again with `write=True`"
        )


def task_of(folder: Path, card: EntryCard, problems: list[Problem]) -> Task | None:
    """The task of an entry; None, with a problem, if there is none with that name, split and version.

    Args:
        folder: the entry's folder.
        card: its ``entry.yaml``.
        problems: the list to which problems are added.
    """
    from signbench.tasks.loading import known, task

    entry = str(folder)
    try:
        found = task(card.task)
    except SignbenchError as error:
        remedy = nearest(card.task, known()).rstrip("?.")
        problems.append(
            Problem(entry, "task", f"the task {card.task} cannot be read ({str(error).split(';')[0].rstrip('.')})", remedy)
        )
        return None
    if card.split not in found.splits:
        problems.append(
            Problem(entry, "task", f"{card.task} is not scored on a split {card.split}", f"score it on {' or '.join(found.splits)}")
        )
        return None
    if card.task_version != found.version:
        problems.append(
            Problem(
                entry,
                "task",
                f"it was measured on version {card.task_version} of {card.task}, which is at version {found.version}",
                "score the predictions again",
            )
        )
        return None
    return found


def result_problems(folder: Path, result: Result, task: Task | None) -> Iterator[Problem]:
    """Checks that a result covers the whole split, with the task's metrics and signatures.

    Args:
        folder: the entry's folder.
        result: its ``result.json``.
        task: the entry's task, or None if it cannot be read.
    """
    entry = str(folder)
    if result.subset is not None:
        yield Problem(
            entry, "clips", "it covers only a subset of the clips", "run it without `limit` and `clips`, on the task's own clips"
        )
    if result.status != "complete":
        least = min((score.coverage for score in result.scores), default=0.0)
        what = f"it is incomplete: a metric covers {least:.1%} of the clips, and {result.coverage_floor:.0%} are required"
        yield Problem(entry, "clips", what, "rerun the run's command to resume")
    measured = {score.metric for score in result.scores if score.value is not None}
    lacking = [item.key for item in task.metrics if item.tier == "core" and item.key not in measured] if task is not None else []
    if lacking:
        what = f"core metrics of the task were not measured: {listing(lacking)}"
        yield Problem(entry, "result", what, "score the predictions again")
    for score in result.scores:
        if score.value is None:
            continue
        yield from _signature_problems(entry, score, result, task)


def _signature_problems(entry: str, score: Score, result: Result, task: Task | None) -> Iterator[Problem]:
    try:
        parts = signature.parse(score.signature or "")
    except SignbenchError:
        yield Problem(entry, "signature", f"the signature of {score.metric} is invalid", "submit the run again")
        return
    if "+random+" in (score.signature or ""):
        yield Problem(entry, "signature", f"{score.metric} used random weights, so its numbers mean nothing", "leave it out")
    if parts.get("clips") != str(result.expected_clips):
        what = f"the signature of {score.metric} has {parts.get('clips')} clips, but the result has {result.expected_clips}"
        yield Problem(entry, "signature", what, "submit the run again")
    if task is None:
        return
    keys = [item.key for item in task.metrics]
    if score.metric not in keys:
        yield Problem(entry, "signature", f"the task has no metric {score.metric}", nearest(score.metric, keys).rstrip("?."))
    elif score.headline != (score.metric in task.headlines):
        what = f"{score.metric} is {'' if score.headline else 'not '}marked as a headline, unlike in the task"
        yield Problem(entry, "result", what, "submit the run again")


def agreement_problems(folder: Path, card: EntryCard, result: Result) -> Iterator[Problem]:
    """Checks that ``entry.yaml`` agrees with ``result.json``.

    Args:
        folder: the entry's folder.
        card: its ``entry.yaml``.
        result: its ``result.json``.
    """
    entry = str(folder)
    said = (card.task, card.task_version, card.split)
    if result.task is None or (result.task.name, result.task.version, result.task.split) != said:
        what = f"{RESULT} and {ENTRY} do not have the same task, version and split"
        yield Problem(entry, "task", what, "submit the run again")
    if flat_card(result.generator) != card.generator:
        yield Problem(entry, "card", f"the generator's card is not the one in {RESULT}", "submit the run again")
    sees = (result.generator or {}).get("sees")
    if sees == "references" and card.kind != "anchor":
        what = f"its generator sees the references, so it is an anchor, not a {card.kind} row"
        yield Problem(entry, "card", what, "write kind: anchor")
    if card.kind == "anchor" and sees != "references":
        yield Problem(
            entry, "card", "it says that it is an anchor, but its generator does not see the references", "write kind: measured"
        )
    if (card.references == "own copy") != result.own_copy:
        yield Problem(entry, "card", f"references: {card.references} is not what {RESULT} says", "submit the run again")


def prediction_problems(folder: Path, card: EntryCard, records: PackedRun) -> Iterator[Problem]:
    """Checks that the digest of the predictions is that of the files that were measured.

    Args:
        folder: the entry's folder.
        card: its ``entry.yaml``.
        records: its ``records.parquet``.
    """
    if predictions_digest(records.predictions()) != card.predictions_sha256:
        what = f"predictions_sha256 is not the digest of the productions in {RECORDS}"
        yield Problem(str(folder), "digest", what, "submit the run again")


def text_problems(folder: Path, result: Result | None, records: PackedRun | None, human: HumanScore | None) -> Iterator[Problem]:
    """Finds texts with invisible, misleading or unsafe characters; those of ``entry.yaml`` are checked when it is read.

    Args:
        folder: the entry's folder.
        result: its ``result.json``, if it can be read.
        records: its ``records.parquet``, likewise.
        human: its ``study.json``, likewise.
    """
    documents: dict[str, Any] = {}
    if result is not None:
        documents[RESULT] = result.as_json()
    if records is not None:
        documents[RECORDS] = records.texts()
    if human is not None:
        documents[STUDY] = human.model_dump(mode="json")
    for name, document in documents.items():
        for where, what in plain_text.faults(document):
            yield Problem(str(folder), "text", f"{name}: {where} contains {what}", "write plain text")

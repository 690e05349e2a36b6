"""Submitting runs and studies: writes a leaderboard entry after checking it."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from signbench.documents import json_bytes, parse_yaml
from signbench.errors import IncompleteError, InputError
from signbench.leaderboard.checking import check_entry, entry_of, valid_entries
from signbench.leaderboard.duplicates import duplicate_problems
from signbench.leaderboard.entries import (
    ENTRY,
    MOST_BYTES,
    RECORDS,
    RESULT,
    STUDY,
    EntryCard,
    flat_card,
    folder_name,
    is_moved_aside,
    predictions_digest,
    read_entry,
    write_entry,
)
from signbench.leaderboard.human import HumanScore, human_problems
from signbench.progress import Progress, silent
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.packed import pack_run, predictions_of
from signbench.runs.signature import package_version
from signbench.study.scoring import study_result
from signbench.whole_files import write_atomically
from signbench.whole_folders import free_name

Outcome = Literal["submitted", "replaced", "unchanged"]


def submit_run(
    run: MeasuredRun,
    leaderboards: Path,
    *,
    name: str | None,
    licence: str | None,
    contact: str | None,
    citation: str | None,
    url: str | None,
    report: str | None = None,
    replace: bool,
    progress: Progress = silent,
) -> tuple[Path, Outcome]:
    """Writes a run as an entry of its task's leaderboard.

    Args:
        run: a complete run of the whole split of a task.
        leaderboards: the folder of leaderboards.
        name: name of the row; None: the generator's, or that of the folder of predictions.
        licence: licence of the productions; None: that of the generator's card.
        contact: whom to contact.
        citation: what to cite; None: that of the generator's card.
        url: a page about the model.
        report: a page of the run, such as ``signbench report`` writes.
        replace: move an older entry of that name to ``<name>.old-N``.
        progress: called with the number of other entries checked so far.

    Returns:
        The entry's folder, and what was done.

    Raises:
        InputError: the run does not belong on a leaderboard, a field is missing or wrong, or the entry exists.
        IncompleteError: the run is incomplete.
    """
    _refuse(run)
    generator = run.result.generator or {}
    row = name if name is not None else str(generator.get("name") or Path(run.plan.predictions or "").name)
    licence = licence if licence is not None else generator.get("licence")
    citation = citation if citation is not None else generator.get("citation")
    for field, value in (("licence", licence), ("contact", contact)):
        if value is None:
            raise InputError(f"an entry needs a {field}; give `{field}`.")
    given = {"licence": licence, "contact": contact, "citation": citation, "url": url, "report": report}
    files = _files(run, row, given)
    split = run.result.task.split if run.result.task is not None else ""
    task = run.result.task.name if run.result.task is not None else ""
    target = leaderboards.joinpath(*task.split("/"), split, folder_name(row))
    with tempfile.TemporaryDirectory() as temporary:
        draft = Path(temporary).joinpath(*task.split("/"), split, folder_name(row))
        write_entry(draft, files, replace=False)
        if problems := check_entry(draft):
            lines = [f"- {problem.what}; {problem.remedy}." for problem in problems]
            raise InputError("\n".join([f"{run.label} cannot be submitted:", *lines]))
        _refuse_copies(draft, target, progress)
    if (target / STUDY).is_file():  # a study is about these productions; others need another study
        older = (target / ENTRY).read_bytes()
        if _digest_in(older) == _digest_in(files[ENTRY]):
            files[STUDY] = (target / STUDY).read_bytes()
    return target, write_entry(target, files, replace=replace)


def submit_study(
    study: Path, leaderboards: Path, *, task: str, split: str | None, row: str, lexicon: Path | None, replace: bool
) -> tuple[Path, Outcome]:
    """Adds the result of a study to a row: counts for each sign, without single answers or raters.

    Args:
        study: a study's folder, or the result that ``signbench study score --json`` printed.
        leaderboards: the folder of leaderboards.
        task: name of the task.
        split: split of the task; None: its default.
        row: name of an existing row.
        lexicon: a person's decisions about open answers.
        replace: move an older ``study.json`` to the folder ``<entry>.old-N``.

    Returns:
        The entry's folder, and what was done.

    Raises:
        InputError: there is no such row, the study is of other clips or has too few raters or signs, or the row has one already.
    """
    from signbench.tasks.loading import task as named_task

    split = named_task(task).split(split)
    folder = leaderboards.joinpath(*task.split("/"), split, folder_name(row))
    if not (folder / ENTRY).is_file():
        raise InputError(f"there is no row {row} in {folder.parent}; submit the row's run first.")
    entry = entry_of(folder)
    result = study_result(study, lexicon)
    shown = {score.clip for score in result.per_clip}
    unknown = sorted(shown - set(entry.records.plan.clips))
    if unknown:
        raise InputError(f"{study} has {len(unknown)} clips that {task} ({split}) does not have, such as {unknown[0]}.")
    human = HumanScore.of(result)
    if problems := list(human_problems(folder, human, entry.records.plan.clips)):
        lines = [f"- {problem.what}; {problem.remedy}." for problem in problems]
        raise InputError("\n".join([f"{study} cannot be submitted:", *lines]))
    content = human.json_bytes()
    target = folder / STUDY
    if not target.exists():
        write_atomically(target, content)
        return folder, "submitted"
    if target.read_bytes() == content:
        return folder, "unchanged"
    if not replace:
        raise InputError(f"{row} has a study already; give `replace=True` to move it aside.")
    aside = free_name(folder)
    try:
        aside.mkdir()
        target.rename(aside / STUDY)
    except OSError as error:
        raise InputError(f"{target} cannot be moved to {aside}: {error.strerror}.") from error
    write_atomically(target, content)
    return folder, "replaced"


def _refuse(run: MeasuredRun) -> None:
    from signbench.tasks.loading import task

    result = run.result
    if result.task is None:
        raise InputError(f"{run.label} is not the run of a task, so no leaderboard fits; use signbench score or signbench run.")
    version = task(result.task.name).version
    if result.task.version != version:
        raise InputError(
            f"{run.label} was measured on version {result.task.version} of {result.task.name}, which is at version {version}; "
            "score the predictions again."
        )
    if result.subset is not None:
        raise InputError(f"{run.label} covers only a subset of the clips; run it without `limit` and `clips` to submit it.")
    if result.status != "complete":
        raise IncompleteError(f"{run.label} is incomplete; rerun the run's command to resume.")
    for score in result.scores:
        if "+random+" in (score.signature or ""):
            raise InputError(f"{run.label}: {score.metric} used random weights, so its numbers mean nothing; leave it out.")


def _files(run: MeasuredRun, row: str, said: dict[str, str | None]) -> dict[str, bytes]:
    from signbench.documents.wording import worded

    task = run.result.task
    files = {RESULT: json_bytes(run.result.as_json()), RECORDS: pack_run(run)}
    size = sum(map(len, files.values()))
    if size > MOST_BYTES:
        raise InputError(f"{run.label} has {size / 2**20:.0f} MB as an entry, and the limit is {MOST_BYTES >> 20} MB.")
    try:
        card = EntryCard.model_validate(
            {
                "entry_version": 1,
                "row": row,
                "task": task.name if task is not None else "",
                "task_version": task.version if task is not None else 0,
                "split": task.split if task is not None else "",
                "kind": "anchor" if run.sees_references else "measured",
                "references": "own copy" if run.result.own_copy else "task",
                "generator": flat_card(run.result.generator),
                **said,
                "predictions_sha256": predictions_digest(predictions_of(run)),
                "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
                "signbench": package_version("signbench"),
                "verified_with": None,
            }
        )
    except ValidationError as error:
        raise InputError(f"the entry cannot be written: {worded(error, EntryCard, 'an entry')}") from error
    return {ENTRY: card.yaml(), **files}


def _refuse_copies(draft: Path, target: Path, progress: Progress) -> None:
    """Refuses an entry that duplicates or contradicts another row of its leaderboard.

    Args:
        draft: folder of the entry, which is valid by itself.
        target: the folder to which it is going to be written.
        progress: called with the number of other entries checked so far.

    Raises:
        InputError: it duplicates or contradicts another row, which the message names.
    """
    existing = [path.parent for path in sorted(target.parent.glob(f"*/{ENTRY}"))]
    others, _ = valid_entries([folder for folder in existing if folder != target and not is_moved_aside(folder)], progress)
    for problem in duplicate_problems([*others, read_entry(draft)]):
        if problem.entry == str(draft):
            why = " A leaderboard has each row only once." if problem.kind == "duplicate" else ""
            raise InputError(f"{problem.what}; {problem.remedy}.{why}")


def _digest_in(card: bytes) -> str:
    fields = parse_yaml(card.decode(), ENTRY)
    return str(fields["predictions_sha256"])

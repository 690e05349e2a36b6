"""From a run to an entry: what is refused, and what is written."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from signbench.documents import json_bytes, parse_yaml
from signbench.errors import IncompleteError, InputError
from signbench.leaderboard.checking import check_entry, entry_of, sound_entries
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
from signbench.leaderboard.human import HumanScore, human_problems, study_result
from signbench.progress import Progress, silent
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.packed import pack_run, predictions_of
from signbench.runs.signature import package_version
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
    replace: bool,
    progress: Progress = silent,
) -> tuple[Path, Outcome]:
    """Writes a run as an entry of its task's leaderboard.

    Args:
        run: complete, of the whole split of a task.
        leaderboards: the folder of leaderboards.
        name: of the row; None: the generator's, or that of the folder of predictions.
        licence: of the productions; None: as the generator's card says.
        contact: whom to ask.
        citation: whom to cite; None: as the generator's card says.
        url: where to read more.
        replace: move an older entry of that name to ``<name>.old-N``.
        progress: told how many of the entries beside it are compared with it.

    Returns:
        The entry's folder, and what was done.

    Raises:
        InputError: the run is not fit for a leaderboard, a field is missing or wrong, or the entry exists.
        IncompleteError: the run is incomplete.
    """
    _refuse(run)
    generator = run.result.generator or {}
    row = name if name is not None else str(generator.get("name") or Path(run.plan.predictions or "").name)
    licence = licence if licence is not None else generator.get("licence")
    citation = citation if citation is not None else generator.get("citation")
    for field, value in (("licence", licence), ("contact", contact)):
        if value is None:
            raise InputError(f"an entry says its {field}; give `{field}`.")
    files = _files(run, row, {"licence": licence, "contact": contact, "citation": citation, "url": url})
    split = run.result.task.split if run.result.task is not None else ""
    task = run.result.task.name if run.result.task is not None else ""
    target = leaderboards.joinpath(*task.split("/"), split, folder_name(row))
    with tempfile.TemporaryDirectory() as room:
        draft = Path(room).joinpath(*task.split("/"), split, folder_name(row))
        write_entry(draft, files, replace=False)
        if problems := check_entry(draft):
            told = [f"- {problem.what}; {problem.remedy}." for problem in problems]
            raise InputError("\n".join([f"{run.label} cannot be submitted:", *told]))
        _refuse_copies(draft, target, progress)
    if (target / STUDY).is_file():  # what people understood belongs to the clips; other clips need another study
        older = (target / ENTRY).read_bytes()
        if _digest_in(older) == _digest_in(files[ENTRY]):
            files[STUDY] = (target / STUDY).read_bytes()
    return target, write_entry(target, files, replace=replace)


def submit_study(
    study: Path, leaderboards: Path, *, task: str, split: str | None, row: str, lexicon: Path | None, replace: bool
) -> tuple[Path, Outcome]:
    """Adds what people understood to a row: counts for each sign, without answers and raters.

    Args:
        study: folder of a study, or the result that ``signbench study score --json`` printed.
        leaderboards: the folder of leaderboards.
        task: name of the task.
        split: of the task; None: its default.
        row: name of the row, which must be there.
        lexicon: what a person decided about open answers.
        replace: move an older ``study.json`` to ``study.json.old-N`` beside the entry.

    Returns:
        The entry's folder, and what was done.

    Raises:
        InputError: no such row, a study of other clips or of too few raters or signs, or a study that is there already.
    """
    from signbench.tasks.loading import task as named_task

    split = named_task(task).split(split)
    folder = leaderboards.joinpath(*task.split("/"), split, folder_name(row))
    if not (folder / ENTRY).is_file():
        raise InputError(f"there is no row {row} in {folder.parent}; submit the row's run first.")
    entry = entry_of(folder)
    result = study_result(study, lexicon)
    shown = {score.clip for score in result.per_clip}
    foreign = sorted(shown - set(entry.records.plan.clips))
    if foreign:
        raise InputError(f"{study} is about {len(foreign)} clips that {task} ({split}) does not have, such as {foreign[0]}.")
    human = HumanScore.of(result)
    if problems := list(human_problems(folder, human, entry.records.plan.clips)):
        told = [f"- {problem.what}; {problem.remedy}." for problem in problems]
        raise InputError("\n".join([f"{study} cannot be submitted:", *told]))
    content = human.json_bytes()
    target = folder / STUDY
    if not target.exists():
        write_atomically(target, content)
        return folder, "submitted"
    if target.read_bytes() == content:
        return folder, "unchanged"
    if not replace:
        raise InputError(f"{row} has a study already; `replace=True` moves it aside.")
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
        raise InputError(f"{run.label} is of no task, so no leaderboard has a place for it; use signbench score or signbench run.")
    version = task(result.task.name).version
    if result.task.version != version:
        raise InputError(
            f"{run.label} was measured on version {result.task.version} of {result.task.name}, which is at version {version}; "
            "score the predictions again."
        )
    if result.subset is not None:
        raise InputError(f"{run.label} covers only a subset of the clips; leaderboards take runs without `limit` and `clips`.")
    if result.status != "complete":
        raise IncompleteError(f"{run.label} is incomplete; rerun the run's command to resume.")
    for score in result.scores:
        if "+random+" in (score.signature or ""):
            raise InputError(f"{run.label}: {score.metric} rests on random weights, whose numbers mean nothing; leave it out.")


def _files(run: MeasuredRun, row: str, said: dict[str, str | None]) -> dict[str, bytes]:
    from signbench.documents.wording import worded

    task = run.result.task
    files = {RESULT: json_bytes(run.result.as_json()), RECORDS: pack_run(run)}
    size = sum(map(len, files.values()))
    if size > MOST_BYTES:
        raise InputError(f"{run.label} takes {size / 2**20:.0f} MB as an entry, and at most {MOST_BYTES >> 20} are taken.")
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
    """Refuses what stands beside the place of an entry under another name already, or contradicts what stands there.

    Args:
        draft: folder of the entry, which is in order.
        target: where it is going to lie.
        progress: told how many of the others are checked.

    Raises:
        InputError: names the other row.
    """
    beside = [path.parent for path in sorted(target.parent.glob(f"*/{ENTRY}"))]
    others, _ = sound_entries([folder for folder in beside if folder != target and not is_moved_aside(folder)], progress)
    for problem in duplicate_problems([*others, read_entry(draft)]):
        if problem.entry == str(draft):
            why = " A row stands in a leaderboard once." if problem.kind == "duplicate" else ""
            raise InputError(f"{problem.what}; {problem.remedy}.{why}")


def _digest_in(card: bytes) -> str:
    fields = parse_yaml(card.decode(), ENTRY)
    return str(fields["predictions_sha256"])

"""The check of entries from untrusted sources: reports at once every problem that can be found without the predictions.

The check cannot prove that the records belong to the predictions; only scoring the predictions again can
(:mod:`signbench.leaderboard.verification`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from signbench.errors import InputError, SignbenchError
from signbench.leaderboard.duplicates import duplicate_problems, in_order
from signbench.leaderboard.entries import (
    ENTRY,
    FILES,
    MOST_BYTES,
    RECORDS,
    REQUIRED,
    RESULT,
    STUDY,
    Entry,
    EntryCard,
    is_moved_aside,
    read_card,
    read_entry,
    read_entry_result,
    read_records,
)
from signbench.leaderboard.human import human_problems, read_human
from signbench.leaderboard.plan_checks import plan_problems, unverified_networks
from signbench.leaderboard.problems import Kind, Problem
from signbench.leaderboard.published import FILE as PUBLISHED
from signbench.leaderboard.record_checks import record_problems, reference_problems
from signbench.leaderboard.score_checks import score_problems
from signbench.leaderboard.task_checks import (
    agreement_problems,
    card_problems,
    prediction_problems,
    result_problems,
    task_of,
    text_problems,
)
from signbench.progress import Progress, silent
from signbench.runs.packed import PackedRun
from signbench.tasks.schema import Task

T = TypeVar("T")

_ALLOWED_OUTSIDE_ENTRIES = ("README.md", f"{PUBLISHED}.yaml")
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".npy")


@dataclass(frozen=True)
class CheckReport:
    """The outcome of a check.

    Attributes:
        entries: folders that were checked.
        problems: everything that is wrong, by entry.
        notes: what a maintainer should know although it is not an error.
    """

    entries: tuple[str, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        problems = [problem.as_json() for problem in self.problems]
        return {"entries": list(self.entries), "problems": problems, "notes": list(self.notes)}


def with_problems(report: CheckReport, more: Iterable[Problem]) -> CheckReport:
    """A report with further problems added, such as those found by scoring the predictions again."""
    return CheckReport(report.entries, (*report.problems, *more), report.notes)


def check(path: Path, progress: Progress = silent) -> CheckReport:
    """Checks an entry, or all entries below a folder, and compares them with the other rows of their leaderboards.

    Args:
        path: an entry's folder, or a folder of leaderboards.
        progress: called with the number of entries checked so far.

    Raises:
        InputError: there is no entry in the folder.
    """
    if not path.is_dir():
        raise InputError(f"{path} is not a folder; give an entry's folder, or a folder of leaderboards.")
    problems: list[Problem] = []
    notes: list[str] = []
    folders = list(_entry_folders(path, problems, notes))
    if not folders and not problems:
        raise InputError(f"{path} has no entry; give an entry's folder, or a folder of leaderboards.")
    checked: dict[Path, _Checked] = {}
    for folder in folders:
        progress("checking", len(checked), len(folders))
        checked[folder] = _checked(folder)
    for folder, entry in checked.items():
        problems += entry.problems
        if entry.card is not None:
            if entry.card.kind == "verified":
                notes.append(
                    f"{folder} says that it is verified (with signbench {entry.card.verified_with}); only its "
                    "maintainer can confirm that."
                )
            if entry.card.references == "own copy":
                notes.append(
                    f"{folder} was measured against the submitter's own copy of the references; it is ranked only with rows "
                    "measured against the same ones."
                )
    problems += _duplicates(checked)
    return CheckReport(tuple(map(str, folders)), tuple(problems), tuple(notes))


def valid_entries(folders: Sequence[Path], progress: Progress = silent) -> tuple[list[Entry], list[Problem]]:
    """Entries of one task and split that a leaderboard may show: those without problems.

    Args:
        folders: the entries' folders.
        progress: called with the number of entries checked so far.

    Returns:
        The valid entries, and what is wrong with the others.
    """
    checked: dict[Path, _Checked] = {}
    for folder in folders:
        progress("checking", len(checked), len(folders))
        checked[folder] = _checked(folder, thorough=False)
    problems = [problem for entry in checked.values() for problem in entry.problems]
    valid = {folder: read_entry(folder, entry.records) for folder, entry in checked.items() if not entry.problems}
    duplicates = list(duplicate_problems(in_order(valid.values())))
    names = {problem.entry for problem in duplicates}
    return [entry for folder, entry in valid.items() if str(folder) not in names], [*problems, *duplicates]


def check_entry(folder: Path) -> list[Problem]:
    """Everything that is wrong with one entry by itself, without comparing it with other rows.

    Args:
        folder: the entry's folder; the names of the folders above it are its split and its task.
    """
    return _checked(folder).problems


def _entry_folders(root: Path, problems: list[Problem], notes: list[str]) -> Iterator[Path]:
    """Folders with an entry's files, in order; stray files and links between them are problems."""
    if any((root / name).exists() for name in FILES):
        yield root
        return
    for path, folders, files in os.walk(root):
        folder = Path(path)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in list(folders):
            if (folder / name).is_symlink():
                folders.remove(name)
                problems.append(_link(str(folder / name)))
        if folder != root and is_moved_aside(folder):
            folders.clear()
            notes.append(f"{folder} was moved aside and is not checked.")
        elif any(name in FILES for name in files):
            folders.clear()
            yield folder
        else:
            problems += [
                Problem(str(folder), "file", f"{name} is not part of an entry", "remove it")
                for name in sorted(files)
                if name not in _ALLOWED_OUTSIDE_ENTRIES and not name.startswith(".")
            ]


@dataclass(frozen=True)
class _Checked:
    """The outcome of the check of one entry.

    Attributes:
        card: its ``entry.yaml``, if it can be read.
        problems: what is wrong with it, apart from duplicates.
        records: its records, if they can be read.
    """

    card: EntryCard | None
    problems: list[Problem]
    records: PackedRun | None


def _checked(folder: Path, *, thorough: bool = True) -> _Checked:
    problems = list(_file_problems(folder))
    card = _read(folder, "card", lambda: read_card(folder / ENTRY), problems, ENTRY)
    result = _read(folder, "result", lambda: read_entry_result(folder), problems, RESULT)
    records = _read(folder, "records", lambda: read_records(folder), problems, RECORDS)
    human = _read(folder, "human", lambda: read_human(folder / STUDY), problems, STUDY) if (folder / STUDY).is_file() else None
    task: Task | None = None
    if card is not None:
        problems += card_problems(folder, card)
        task = task_of(folder, card, problems)
    if result is not None:
        problems += result_problems(folder, result, task)
    if card is not None and result is not None:
        problems += agreement_problems(folder, card, result)
    if records is not None:
        problems += record_problems(folder, records, task)
        if task is not None:
            problems += plan_problems(folder, records, task, thorough=thorough)
    if result is not None and records is not None:
        problems += score_problems(folder, result, records)
    if card is not None and records is not None:
        problems += prediction_problems(folder, card, records)
        problems += reference_problems(folder, card, records, task)
        if card.kind == "verified" and (metrics := unverified_networks(records.plan)) is not None:
            what = f"{metrics} depends on weights without a registered digest, so the row cannot be verified"
            problems.append(Problem(str(folder), "card", what, "write kind: measured"))
    if human is not None:
        problems += human_problems(folder, human, None if records is None else records.plan.clips)
    problems += text_problems(folder, result, records, human)
    return _Checked(card, problems, records)


def _read(folder: Path, kind: Kind, reader: Callable[[], T], problems: list[Problem], name: str) -> T | None:
    """A file's content; None if it cannot be read, with a problem unless :func:`_file_problems` reports it already."""
    if not (folder / name).is_file() or (folder / name).is_symlink() or (folder / name).stat().st_size > MOST_BYTES:
        return None
    if _is_pickle(folder / name):
        return None
    try:
        return reader()
    except SignbenchError as error:
        what, _, remedy = str(error).removeprefix(f"{folder / name}").lstrip(":, ").rstrip(".").rpartition("; ")
        problems.append(Problem(str(folder), kind, f"{name}: {what or remedy}", remedy if what else "submit the run again"))
        return None


def _link(path: str) -> Problem:
    return Problem(path, "path", "it is a link, which can point outside the folder", "replace it by the files themselves")


def _file_problems(folder: Path) -> Iterator[Problem]:
    entry = str(folder)
    if folder.is_symlink():
        yield _link(entry)
    size = 0
    for path in sorted(folder.iterdir()):
        shown = path.name if path.name.isprintable() else repr(path.name)
        if path.is_symlink():
            yield Problem(entry, "path", f"{shown} is a link, which can point outside the folder", "replace it by the file itself")
        elif path.is_dir():
            yield Problem(entry, "file", f"{shown} is a folder, and an entry has no folders", "remove it")
        elif not path.is_file():
            yield Problem(entry, "file", f"{shown} is not a regular file", "remove it")
        else:
            size += path.stat().st_size
            if path.suffix.lower() in _PICKLES or _is_pickle(path):
                yield Problem(entry, "file", f"{shown} is a pickle, which can run code when it is opened", "remove it")
            elif path.name not in FILES:
                what = f"{shown} is not part of an entry, which consists of {', '.join(REQUIRED)}"
                yield Problem(entry, "file", what, "remove it")
    if size > MOST_BYTES:
        yield Problem(entry, "file", f"it has {size / 2**20:.1f} MB, and the limit is {MOST_BYTES >> 20} MB", "submit it again")
    for name in REQUIRED:
        if not os.path.lexists(folder / name):
            yield Problem(entry, "file", f"{name} is missing", "submit the run again with signbench leaderboard submit")


def _is_pickle(path: Path) -> bool:
    """Whether a file begins like a pickle, or like a NumPy array, which may contain one."""
    with path.open("rb") as stream:
        start = stream.read(6)
    return (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05") or start == b"\x93NUMPY"


def _duplicates(checked: Mapping[Path, _Checked]) -> Iterator[Problem]:
    """Rows of one task and split that repeat one another; the other entries of a leaderboard are included, checked or not."""
    of_board: dict[tuple[Path, str, str], dict[Path, Entry]] = {}
    for folder, entry in checked.items():
        if entry.card is None or entry.problems:
            continue
        board = of_board.setdefault((folder.parent, entry.card.task, entry.card.split), {})
        for other in (folder, *_siblings(folder)):
            if other not in board and not (checked[other].problems if other in checked else check_entry(other)):
                board[other] = read_entry(other)
    for board in of_board.values():
        ours = {str(folder) for folder in board if folder in checked}
        others = in_order(entry for folder, entry in board.items() if folder not in checked)
        problems = duplicate_problems([*others, *in_order(entry for folder, entry in board.items() if folder in checked)])
        yield from (problem for problem in problems if problem.entry in ours)


def _siblings(folder: Path) -> Iterable[Path]:
    if not folder.parent.is_dir():
        return ()
    return (
        other
        for other in sorted(folder.parent.iterdir())
        if other.name != folder.name and not other.is_symlink() and (other / ENTRY).is_file() and not is_moved_aside(other)
    )


def entry_of(folder: Path) -> Entry:
    """Reads an entry after checking it.

    Raises:
        InputError: the entry has problems; the message lists them all.
    """
    problems = check_entry(folder)
    if problems:
        raise InputError(
            "\n".join([f"{folder} is not a valid entry:", *(f"- {problem.what}; {problem.remedy}." for problem in problems)])
        )
    return read_entry(folder)

"""Finding rows: which splits of a task have rows, which row a name means, and which rows a new result can be compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from signbench.errors import InputError, SignbenchError, listing, nearest
from signbench.leaderboard.board import Board
from signbench.leaderboard.checking import check_entry, valid_entries
from signbench.leaderboard.entries import ENTRY, FILES, Entry, EntryLocation, entry_locations, read_card, read_entry
from signbench.leaderboard.published import published
from signbench.leaderboard.ranking import Standing, measures, of_splits, ranked
from signbench.runs import signature
from signbench.runs.folder import RunFolder
from signbench.runs.measured_run import MeasuredRun, measured_run
from signbench.runs.result import Result

_NAMED = "a row is named as TASK/SPLIT/ROW or by its entry's folder; see signbench leaderboard list"


@dataclass(frozen=True)
class Rows:
    """How many rows a split has.

    Attributes:
        split: split of the task.
        measured: the number of rows shown, including verified ones and anchors.
        published: the number of rows that papers printed.
    """

    split: str
    measured: int
    published: int

    def __str__(self) -> str:
        counts = [f"{self.measured} measured"] if self.measured else []
        counts += [f"{self.published} published"] if self.published else []
        return f"{self.split} ({', '.join(counts) or 'no row'})"


def board_with_rows(
    task_name: str, split: str | None = None, *, metric: str | None = None, leaderboards: Path | None = None
) -> tuple[Board, list[str]]:
    """A task's leaderboard: the given split, or else the default split if it has rows, or else the first split that does.

    Args:
        task_name: name of the task.
        split: split of the task; None: one that has rows.
        metric: only this metric, in any spelling; None: all.
        leaderboards: a folder of leaderboards; None: those of the current folder, then those shipped with signbench.

    Returns:
        The leaderboard, and sentences about the rows of this and the other splits.

    Raises:
        InputError: no such task, split or metric.
    """
    from signbench.tasks.loading import task

    found = task(task_name)
    wanted = found.split(split)
    standings = {standing.split: standing for standing in of_splits(found, leaderboards)}
    counts = {name: _rows(standing) for name, standing in standings.items()}
    with_rows = [count for count in counts.values() if count.measured or count.published]
    sentences = []
    if split is None and with_rows and counts[wanted] not in with_rows:
        sentences.append(f"the default split {wanted} has no row; this is {with_rows[0].split}.")
        wanted = with_rows[0].split
    shown = ranked(standings[wanted], metric)
    elsewhere = [str(count) for count in with_rows if count.split != wanted]
    if elsewhere:
        sentences.append(f"other splits with rows, for `split`: {', '.join(elsewhere)}.")
    if counts[wanted].published and not counts[wanted].measured:
        sentences.append(
            f"{task_name} ({wanted}) has only published rows, which are not ranked; signbench leaderboard submit RUN adds a "
            "measured one."
        )
    return shown, sentences


@contextmanager
def run_or_row(name: str, leaderboards: Path | None = None) -> Iterator[MeasuredRun]:
    """Opens a run's folder, or a row of a leaderboard as a run.

    Args:
        name: a run's folder, an entry's folder, or ``task/split/row`` by the row's name or that of its folder.
        leaderboards: a folder of leaderboards; None: those of the current folder, then those shipped with signbench.

    Raises:
        InputError: it is none of these, or is damaged, or the entry has problems.
        IncompleteError: the run has not finished.
    """
    path = Path(name)
    if RunFolder(path).run_json.exists():
        with measured_run(path) as run:
            yield run
        return
    is_entry = any((path / file).is_file() for file in FILES)
    entry = _valid(path) if is_entry else _named(name, leaderboards)
    yield entry.records.run(name, entry.result)


def comparable_rows(result: Result, run: Path, leaderboards: Path | None = None) -> list[str]:
    """Sentences about which rows a finished result can be compared with, or why with none.

    Args:
        result: the result of a run of a task.
        run: the run's folder.
        leaderboards: a folder of leaderboards; None: those of the current folder, then those shipped with signbench.

    Returns:
        The sentences; none if the result does not belong to a task, or is of a subset of the clips.

    Raises:
        InputError: the folder does not exist, or a file of published rows is wrong.
    """
    task = result.task
    if task is None or result.subset is not None:
        return []
    where = f"{task.name} ({task.split})"
    if result.status != "complete":
        return [f"an incomplete run cannot be compared with the rows of {where}."]
    here = [location for location in entry_locations(leaderboards) if (location.task, location.split) == (task.name, task.split)]
    entries, problems = valid_entries([location.folder for location in here])
    if not entries:
        printed = sum(row.split in (task.split, None) for table in published(task.name) for row in table.rows)
        refused = f"; the check refuses all {len({problem.entry for problem in problems})} entries" if problems else ""
        unranked = f"; its {printed} published ones are not ranked" if printed else ""
        return [f"{where} has no measured row to compare this run with{refused}{unranked}.", _submitted(run)]
    fitting = [entry for entry in entries if not _apart(entry, result)]
    if not fitting:
        nearest_one = min(entries, key=lambda entry: len(_apart(entry, result)))
        reasons = "; ".join(_apart(nearest_one, result))
        return [f"no row of {where} was measured in the same way; the closest, {nearest_one.card.row}, differs in {reasons}."]
    rows = [entry.card.row for entry in fitting if entry.card.kind != "anchor"]
    anchors = [entry.card.row for entry in fitting if entry.card.kind == "anchor"]
    parts = [
        f"{len(names)} {word}{'' if len(names) == 1 else 's'} ({listing(names)})"
        for word, names in (("row", rows), ("anchor", anchors))
        if names
    ]
    others = f"; {len(entries) - len(fitting)} more were measured differently" if len(entries) > len(fitting) else ""
    name = f"{task.name}/{task.split}/{(rows or anchors)[0]}"
    return [
        f"measured in the same way as {' and '.join(parts)} of {where}{others}.",
        f"to compare: signbench compare {quote(str(run))} {quote(name)}",
        _submitted(run),
    ]


def _submitted(run: Path) -> str:
    return f"to submit: signbench leaderboard submit {quote(str(run))}"


def _apart(entry: Entry, result: Result) -> list[str]:
    """Differences in how a result and an entry were measured, in words; empty if they belong in one block."""
    if result.task is not None and entry.card.task_version != result.task.version:
        return [f"the version of the task: {entry.card.task_version} against {result.task.version}"]
    theirs, ours = measures(entry.result), measures(result)
    if not set(ours) & set(theirs):
        return ["the metrics, of which they share none"]
    shared = [metric for metric in ours if metric in theirs]
    words = [word for metric in shared for word in signature.differences(theirs[metric], ours[metric])]
    return list(dict.fromkeys(words))


def _rows(standing: Standing) -> Rows:
    sound, _ = valid_entries([location.folder for location in standing.locations])
    return Rows(standing.split, len(sound), sum(len(table.rows) for table in standing.published))


def _named(name: str, leaderboards: Path | None) -> Entry:
    """Reads the entry that ``task/split/row`` names."""
    task, _, row = name.rpartition("/")
    everywhere = entry_locations(leaderboards)
    here = [location for location in everywhere if f"{location.task}/{location.split}" == task]
    if not here:
        known = [f"{location.task}/{location.split}/{location.folder.name}" for location in everywhere]
        inside = next((whole for whole in known if whole.startswith(f"{name}/")), None)
        example = f", such as {inside}" if inside is not None else ""
        raise InputError(f"{name} is neither a run folder nor a row of a leaderboard; {_NAMED}{example}.")
    rows = {_row(location): location for location in here}
    found = rows.get(row) or next((location for location in here if location.folder.name == row), None)
    if found is None:
        raise InputError(f"{name} is not a run folder, and {task} has no row {row}. {nearest(row, rows)}")
    return _valid(found.folder)


def _row(location: EntryLocation) -> str:
    try:
        return read_card(location.folder / ENTRY).row
    except SignbenchError:
        return location.folder.name


def _valid(folder: Path) -> Entry:
    """Reads an entry after checking it."""
    if problems := check_entry(folder):
        raise InputError(f"this entry cannot be compared, because it fails its check: {problems[0]}")
    return read_entry(folder)

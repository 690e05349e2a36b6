"""What commands print: data on standard output, talk and progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signbench.runs.result import Result


def data(text: str) -> None:
    """Writes data to standard output, with one line end at its end."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def talk(text: str) -> None:
    """Writes a message for people to standard error."""
    sys.stderr.write(text.rstrip("\n") + "\n")
    sys.stderr.flush()


def table(rows: list[dict[str, str]], title: str | None = None) -> None:
    """Prints rows as a table that never drops a character for lack of width where it is piped."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False)
    drawn = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in rows[0] if rows else []:
        numeric = name in ("value", "95 % interval", "clips")
        drawn.add_column(name, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(cell) for cell in row.values()))
    console.print(drawn)


def result_table(result: Result) -> None:
    """Prints a result for people: the numbers, then what they need beside them, then how each was measured."""
    from signbench.runs.tables import rows_of

    table(rows_of(result))
    if result.subset is not None:
        data("A subset of the clips; not for leaderboards or baselines.")
    for text in result.signatures.values():
        data(text)


def outcome(result: Result, run: Path, *, json: bool) -> None:
    """Prints what came of a run: its result as a table or as JSON, the folder's name, and what went wrong."""
    from signbench.runs import signature
    from signbench.runs.tables import as_json

    if json:
        data(as_json(result, run=str(run), provenance=signature.provenance_part()))
    else:
        result_table(result)
        talk(f"run: {run}")
    troubles(result)


def troubles(result: Result) -> None:
    """Tells, on standard error, what a reader must know before using the numbers: clips not measured, missing intervals."""
    reasons: dict[str, set[str]] = {}
    for score in result.scores:
        for clip in score.missing:
            reasons.setdefault(clip.reason, set()).add(score.metric)
    for shown, (reason, metrics) in enumerate(sorted(reasons.items())):
        if shown == 10:
            talk(f"... and {len(reasons) - shown} more; result.json holds all of them.")
            break
        talk(f"not measured ({', '.join(sorted(metrics))}): {reason}")
    for score in result.scores:
        if score.unavailable:
            talk(f"not measured ({score.metric}): {score.note}.")
        elif score.note is not None and score.value is not None:
            talk(f"{score.metric}: {score.note}.")
    notes = {score.interval_note for score in result.scores if score.interval is None and score.value is not None}
    for note in sorted(note for note in notes if note):
        talk(f"no interval: {note}.")


@contextmanager
def progress_bars(show: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Progress of long work on standard error; silent where that is not a terminal, or where it is not wanted."""
    if not (show and sys.stderr.isatty()):
        yield lambda phase, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def update(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase, total=total)
            bars.update(tasks[phase], completed=done, total=total)

        yield update

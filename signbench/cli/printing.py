"""Output of commands: data on standard output, messages and progress on standard error."""

from __future__ import annotations

import json as encoder
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signbench.errors import in_flags

if TYPE_CHECKING:
    from signbench.runs.result import Result
    from signbench.tables import Table


def data(text: str) -> None:
    """Writes data to standard output, followed by one line break."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def document(content: Any) -> None:
    """Writes plain values to standard output as one JSON document."""
    data(encoder.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str))


def problem(content: Mapping[str, str | None]) -> dict[str, str | None]:
    """A problem's plain values for printing: parameters named in its sentences become flags."""
    said = ("what", "remedy", "message")
    return {name: in_flags(text) if text is not None and name in said else text for name, text in content.items()}


def talk(text: str) -> None:
    """Writes a message for people to standard error; parameters named in it become flags."""
    sys.stderr.write(in_flags(text).rstrip("\n") + "\n")
    sys.stderr.flush()


def sentences(lines: Iterable[str]) -> None:
    """Writes lines to standard output. Characters in names neither break a line nor control the terminal."""
    from signbench.markup import one_line

    data("\n".join(map(one_line, lines)))


def described(names: Iterable[str], describe: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """Describes everything of one kind; what cannot be loaded is described by its name and the error.

    Args:
        names: of metrics, generators or judges.
        describe: describes one of them.
    """
    from signbench.errors import InputError, in_flags

    found = []
    for name in names:
        try:
            found.append(describe(name))
        except InputError as error:
            found.append({"name": name, "error": in_flags(str(error))})
    return found


def table(rows: Table | Sequence[Mapping[str, str]], title: str | None = None) -> None:
    """Prints a table, or rows of texts as one. If it is piped, nothing is dropped and no number is broken for lack of width."""
    from rich.console import Console

    from signbench.tables import Table

    drawn = rows if isinstance(rows, Table) else Table.of(rows)
    console = Console(file=sys.stdout, width=_width(drawn), highlight=False)
    console.print(drawn.drawn(console.width, title))


def _width(drawn: Table) -> int:
    """Width of the terminal; if output is piped, wide enough for a table."""
    from rich.console import Console

    from signbench.tables import PIPED_WIDTH

    return Console(file=sys.stdout).width if sys.stdout.isatty() else max(PIPED_WIDTH, drawn.narrowest())


def result_table(result: Result) -> None:
    """Prints a result for people: the numbers, whether they cover only a subset, and how each was measured."""
    from signbench.runs.tables import judged_text, table_of

    shown = table_of(result)
    too_wide = sys.stdout.isatty() and shown.narrowest() > _width(shown)
    table(table_of(result, of_judges=False) if too_wide else shown)
    if too_wide:
        for score in result.scores:
            if score.judged is not None:
                sentences([f"{score.metric}: {judged_text(score.judged)}."])
    if result.subset is not None:
        data("A subset of the clips; not for leaderboards or baselines.")
    sentences(result.signatures.values())


def outcome(result: Result, run: Path, *, json: bool) -> None:
    """Prints the outcome of a run: its result as a table or as JSON, the name of its folder, and warnings."""
    from signbench.runs import signature
    from signbench.runs.tables import as_json

    if json:
        data(as_json(result, run=str(run), provenance=signature.provenance_part()))
    else:
        result_table(result)
        talk(f"run: {run}")
    warnings(result)


def warnings(result: Result) -> None:
    """Reports what a reader must know before using the numbers: clips that were not measured, missing intervals."""
    reasons: dict[str, set[str]] = {}
    for score in result.scores:
        for clip in score.missing:
            reasons.setdefault(clip.reason, set()).add(score.metric)
    for shown, (reason, metrics) in enumerate(sorted(reasons.items())):
        if shown == 10:
            talk(f"... and {len(reasons) - shown} more; result.json lists all of them.")
            break
        talk(f"not measured ({', '.join(sorted(metrics))}): {reason}")
    for score in result.scores:
        if score.unavailable:
            talk(f"not measured ({score.metric}): {score.note}.")
        elif score.note is not None and (score.clips > 0 or score.judged is not None):
            talk(f"{score.metric}: {score.note}.")
    notes = {score.interval_note for score in result.scores if score.interval is None and score.value is not None}
    for note in sorted(note for note in notes if note):
        talk(f"no interval: {note}.")


@contextmanager
def progress_bars(show: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Progress of long work on standard error; silent if that is not a terminal, or if progress is not wanted."""
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

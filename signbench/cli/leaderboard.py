"""``signbench leaderboard``: submit entries, check them, rank them, and publish them as pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signbench.cli import foreign
from signbench.cli.groups import group
from signbench.cli.options import (
    Device,
    Form,
    Format,
    Json,
    JsonForm,
    Judges,
    Progress,
    ReadLeaderboards,
    Replace,
    Workers,
    WrittenLeaderboards,
    chosen,
    option,
)

if TYPE_CHECKING:
    from signbench.leaderboard.board import Board
    from signbench.leaderboard.checking import CheckReport

app = group("Submit runs to leaderboards, check entries, rank them, and build the site.")


@app.command("list")
def list_boards(leaderboards: ReadLeaderboards = None, progress: Progress = True, json: Json = False) -> None:
    """List all leaderboards, one line each."""
    from collections import Counter

    from signbench.cli import printing
    from signbench.leaderboard.checking import valid_entries
    from signbench.leaderboard.ranking import standings, without_board
    from signbench.tables import Table

    shown: list[dict[str, str | int]] = []
    for sentence in without_board(leaderboards):
        printing.talk(f"not counted: {sentence}")
    found = standings(leaderboards)
    total = sum(len(standing.locations) for standing in found)
    checked, done = [], 0
    with printing.progress_bars(progress) as bars:

        def counted(phase: str, count: int, _of: int) -> None:
            bars(phase, done + count, total)

        for standing in found:
            checked.append(valid_entries([location.folder for location in standing.locations], counted))
            done += len(standing.locations)
    for standing, (entries, problems) in zip(found, checked, strict=True):
        for problem in problems:
            printing.talk(f"not counted: {problem}")
        kinds = Counter(entry.card.kind for entry in entries)
        counts = {kind: kinds[kind] for kind in ("measured", "verified", "anchor")}
        printed = sum(len(table.rows) for table in standing.published)
        shown.append({"task": standing.task.name, "split": standing.split, **counts, "published": printed})
    table = Table.of(shown)
    if json:
        printing.data(table.json())
    else:
        printing.table(table)


@app.command("show")
def show(
    task: Annotated[str, typer.Argument(metavar="TASK", help="Name of a task; see signbench leaderboard list.")],
    split: Annotated[str | None, option("--split", "Default: the task's first, or the first that has rows.")] = None,
    metric: Annotated[str | None, option("--metric", "Show only this one, and rank by it.")] = None,
    form: Form = None,
    leaderboards: ReadLeaderboards = None,
    json: JsonForm = False,
) -> None:
    """Show a leaderboard, in which rows that do not differ significantly share a rank.

    Rows that were measured differently are shown separately, and other splits with rows are named.
    """
    from signbench.cli import printing
    from signbench.leaderboard import tables
    from signbench.leaderboard.finding import board_with_rows

    wanted = chosen(form, json=json)
    found, sentences = board_with_rows(task, split, metric=metric, leaderboards=leaderboards)
    _report_refused(found)
    for sentence in sentences:
        printing.talk(sentence)
    if wanted is Format.json:
        printing.document(found.as_json())
    elif wanted is Format.table:
        _print_tables(found)
    else:
        write = {Format.csv: tables.as_csv, Format.markdown: tables.as_markdown, Format.latex: tables.as_latex}[wanted]
        printing.data(write(found))


@app.command("submit")
def submit(
    path: Annotated[Path, typer.Argument(metavar="RUN|STUDY", help="Folder of a complete run, or (with --row) of a study.")],
    name: Annotated[str | None, option("--as", "Default: that of the generator or folder.")] = None,
    licence: Annotated[str | None, option("--licence")] = None,
    contact: Annotated[str | None, option("--contact")] = None,
    citation: Annotated[str | None, option("--citation")] = None,
    url: Annotated[str | None, option("--url")] = None,
    report: Annotated[str | None, option("--report")] = None,
    task: Annotated[str | None, option("--task", "Of a study: the row's.")] = None,
    split: Annotated[str | None, option("--split", "Of a study: the row's. Default: the task's first.")] = None,
    row: Annotated[str | None, option("--row")] = None,
    lexicon: Annotated[Path | None, option("--lexicon")] = None,
    leaderboards: WrittenLeaderboards = Path("leaderboards"),
    replace: Replace = False,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Write a run as an entry of its leaderboard; or add a study's SUS to an existing row, as a human column."""
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.leaderboard.submission import submit_run, submit_study
    from signbench.runs.measured_run import measured_run

    of_study = {"--task": task, "--row": row}
    of_run = {"--as": name, "--licence": licence, "--contact": contact, "--citation": citation, "--url": url, "--report": report}
    if any(value is not None for value in (*of_study.values(), split, lexicon)):
        surplus = [option for option, value in of_run.items() if value is not None]
        if task is None or row is None or surplus:
            beside = f", and not with {surplus[0]}" if surplus else ""
            raise InputError(f"a study needs --task and --row{beside}; a run needs --as and --contact.")
        folder, outcome = submit_study(path, leaderboards, task=task, split=split, row=row, lexicon=lexicon, replace=replace)
    else:
        with measured_run(path) as measured, printing.progress_bars(progress) as bars:
            folder, outcome = submit_run(
                measured,
                leaderboards,
                name=name,
                licence=licence,
                contact=contact,
                citation=citation,
                url=url,
                report=report,
                replace=replace,
                progress=bars,
            )
    size = sum(file.stat().st_size for file in folder.iterdir())
    if json:
        printing.document({"entry": str(folder), "outcome": outcome, "bytes": size})
    else:
        printing.data(f"{outcome}: {folder} ({size / 1024:.0f} KiB)")


@app.command("check")
def check(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="An entry's folder, or a folder of leaderboards.")],
    predictions: Annotated[Path | None, option("--predictions", "They are scored again: the only proof.")] = None,
    references: Annotated[Path | None, option("--references", "For --predictions.")] = None,
    verify: Annotated[bool, option("--verify")] = False,
    judge: Judges = None,
    device: Device = "cpu",
    workers: Workers = None,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Check entries, and report all problems; exit 2 if there are any.

    A check finds mistakes. Only --predictions proves that the numbers come from the predictions.
    """
    foreign.beware(judges=judge)
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.leaderboard.checking import check as checked
    from signbench.leaderboard.checking import with_problems
    from signbench.leaderboard.verification import verify as verified

    if predictions is None and (verify or references is not None or judge):
        raise InputError("--verify, --references and --judge need --predictions DIR, the folder that was submitted.")
    with printing.progress_bars(progress) as bars:
        report = checked(path, bars)
        if predictions is not None and not report.problems:
            again = verified(
                path,
                predictions,
                references=references,
                write=verify,
                workers=workers,
                progress=bars,
                device=device,
                judges=judge or (),
            )
            report = with_problems(report, again)
    _print_check(report, proved=predictions is not None, json=json)
    if report.problems:
        raise typer.Exit(InputError.exit_code)


@app.command("build")
def build(
    out: Annotated[Path, option("--out", "An older site there is renamed to <name>.old-N.")],
    leaderboards: ReadLeaderboards = None,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Build a static site that opens from the file system: no server, no network."""
    from signbench.cli import printing
    from signbench.leaderboard.site import build as built

    left_out: list[str] = []
    with printing.progress_bars(progress) as report:
        page = built(out, leaderboards, warn=left_out.append, progress=report)
    for sentence in left_out:
        printing.talk(f"not drawn: {sentence}")
    if json:
        printing.document({"site": str(page), "not_drawn": left_out})
    else:
        printing.data(str(page))


def _report_refused(board: Board) -> None:
    """Reports entries that are not shown, and why."""
    from signbench.cli import printing

    for sentence in board.refused:
        printing.talk(f"not drawn: {sentence}")


def _print_tables(board: Board) -> None:
    from signbench.cli import printing
    from signbench.leaderboard import tables

    if not board.blocks and not board.published:
        printing.data(f"{board.task} ({board.split}) has no row yet; signbench leaderboard submit RUN adds one.")
    for index, block in enumerate(board.blocks):
        printing.table(tables.table_of(block), tables.title(board, index))
        printing.sentences([*tables.remarks(block), ""])
    for table in board.published:
        printing.table(tables.published_table(table), f"Published, and ranked with nothing: {tables.source(table)}")
        printing.sentences([*table.notes, ""])


def _print_check(report: CheckReport, *, proved: bool, json: bool) -> None:
    from signbench.cli import printing
    from signbench.errors import in_flags

    if json:
        printing.document({**report.as_json(), "problems": [printing.problem(found.as_json()) for found in report.problems]})
        return
    printing.data(in_flags("\n".join(map(str, report.problems))) if report.problems else f"in order: {', '.join(report.entries)}")
    for note in report.notes:
        printing.talk(note)
    if not report.problems and not proved:
        printing.talk("A check finds mistakes; only --predictions DIR proves that the numbers come from the predictions.")

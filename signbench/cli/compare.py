"""``signbench compare``: whether one run is better than another on the same clips, and where."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """Forms that a comparison can be printed in."""

    table = "table"
    json = "json"
    markdown = "markdown"
    csv = "csv"


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN_A RUN_B [RUN_C ...]",
            help="Run folders, or rows of leaderboards as TASK/SPLIT/ROW or by their entries' folders; all against the first.",
        ),
    ],
    metric: Annotated[list[str] | None, typer.Option("-m", "--metric", help="Only this metric; may be repeated.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
    leaderboards: Annotated[
        Path | None,
        typer.Option(help="Folder of leaderboards. Default: leaderboards/ of the current folder, then those of signbench."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Compare runs clip by clip: differences with intervals, paired tests, and the clips that moved most.

    A row of a leaderboard stands in for a run: signbench compare runs/mine synthsign/text-to-pose/test/nearest
    """
    import json as encoder
    from contextlib import ExitStack

    from signbench.cli import printing
    from signbench.leaderboard.finding import run_or_row
    from signbench.runs import comparison_tables as tables
    from signbench.runs.comparison import compare

    with ExitStack() as stack:
        found = compare([stack.enter_context(run_or_row(run, leaderboards)) for run in runs], metric)
    wanted = Format.json if json else form
    if wanted is Format.json:
        printing.data(encoder.dumps(found.as_json(), indent=2, ensure_ascii=False, allow_nan=False))
    elif wanted is Format.table:
        for pair in found.pairs:
            printing.data(f"first: {found.first.run}, second: {pair.second.run}")
            if pair.metrics:
                printing.table([tables.cells(each, found.expected_clips) for each in pair.metrics])
            printing.data("\n".join([*tables.remarks(pair), ""]))
    else:
        printing.data(tables.as_markdown(found) if wanted is Format.markdown else tables.as_csv(found))
    if found.exit_code:
        raise typer.Exit(found.exit_code)

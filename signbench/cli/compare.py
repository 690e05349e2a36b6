"""``signbench compare``: whether one run is better than another on the same clips, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.options import Form, Format, Json, Markdown, chosen


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN_A RUN_B [RUN_C ...]",
            help="Run folders, or rows of leaderboards as TASK/SPLIT/ROW or by their entries' folders; all against the first.",
        ),
    ],
    metric: Annotated[list[str] | None, typer.Option("-m", "--metric", help="Only this metric; may be repeated.")] = None,
    form: Form = None,
    leaderboards: Annotated[
        Path | None,
        typer.Option(help="Folder of leaderboards. Default: leaderboards/ of the current folder, then those of signbench."),
    ] = None,
    json: Json = False,
    markdown: Markdown = False,
) -> None:
    """Compare runs clip by clip: differences with intervals, paired tests, and the clips that moved most.

    A row of a leaderboard stands in for a run: signbench compare runs/mine synthsign/text-to-pose/test/nearest
    """
    import json as encoder

    from signbench.cli import printing
    from signbench.leaderboard.compare import compare
    from signbench.runs import comparison_tables as tables

    wanted = chosen(form, json=json, markdown=markdown)
    found = compare(*runs, metrics=metric, leaderboards=leaderboards)
    if wanted is Format.json:
        printing.data(encoder.dumps(found.as_json(), indent=2, ensure_ascii=False, allow_nan=False))
    elif wanted is Format.table:
        for pair in found.pairs:
            printing.sentences([f"first: {found.first.run}, second: {pair.second.run}"])
            if pair.metrics:
                printing.table(tables.table_of(pair, found.expected_clips))
            printing.sentences([*tables.remarks(pair), ""])
    else:
        write = {Format.csv: tables.as_csv, Format.markdown: tables.as_markdown, Format.latex: tables.as_latex}[wanted]
        printing.data(write(found))
    if found.exit_code:
        raise typer.Exit(found.exit_code)

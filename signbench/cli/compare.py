"""``signbench compare``: whether one run is better than another on the same clips, and where."""

from __future__ import annotations

from typing import Annotated

import typer

from signbench.cli.options import Form, Format, JsonForm, Progress, ReadLeaderboards, chosen, option


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN_A RUN_B [RUN_C ...]",
            help="Run folders, or rows of leaderboards as TASK/SPLIT/ROW or by their entries' folders; compared with the first.",
        ),
    ],
    metric: Annotated[list[str] | None, option("--metric", "Default: all. May be repeated.")] = None,
    form: Form = None,
    leaderboards: ReadLeaderboards = None,
    progress: Progress = True,
    json: JsonForm = False,
) -> None:
    """Compare runs clip by clip: differences with intervals, paired tests, and the clips with the largest differences.

    A row of a leaderboard can be used instead of a run: signbench compare runs/mine synthsign/text-to-pose/test/nearest
    """
    from signbench.cli import printing
    from signbench.leaderboard.compare import compare
    from signbench.runs import comparison_tables as tables

    wanted = chosen(form, json=json)
    with printing.progress_bars(progress) as report:
        found = compare(*runs, metrics=metric, leaderboards=leaderboards, progress=report)
    if wanted is Format.json:
        printing.document(found.as_json())
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

"""``signbench results``: the numbers of a run, in the form that is wanted."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """Forms that a result can be printed in."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


def command(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Print a run's scores, and exit with the code that the run ended with."""
    from signbench.cli import printing
    from signbench.errors import IncompleteError
    from signbench.runs import tables
    from signbench.runs.folder import RunFolder
    from signbench.runs.plan import RunPlan
    from signbench.runs.result import read_result
    from signbench.scoring.engine import finish

    folder = RunFolder(run)
    description = folder.read()
    if not folder.result_json.exists():
        if description["exit_code"] not in (0, 3, 4):
            raise IncompleteError(f"{run} has not finished (it is {description['status']}); repeat its command to go on.")
        finish(RunPlan.from_run(description), folder)
    result = read_result(folder.result_json)
    wanted = Format.json if json else form
    if wanted is Format.table:
        printing.result_table(result)
    elif wanted is Format.json:
        printing.data(tables.as_json(result, run=str(run), provenance=description["provenance"]))
    else:
        write = {Format.csv: tables.as_csv, Format.markdown: tables.as_markdown, Format.latex: tables.as_latex}[wanted]
        printing.data(write(result))
    printing.troubles(result)
    code = description["exit_code"] if description["exit_code"] is not None else IncompleteError.exit_code
    if code:
        raise typer.Exit(code)

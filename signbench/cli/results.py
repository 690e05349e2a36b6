"""``signbench results``: the numbers of one run or several, in any format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signbench.cli.options import Form, Format, JsonForm, Progress, chosen, option

if TYPE_CHECKING:
    from signbench.runs.result import Result


def command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folder; several are ranked side by side.")],
    metric: Annotated[list[str] | None, option("--metric", "Show only this one. May be repeated.")] = None,
    form: Form = None,
    progress: Progress = True,
    json: JsonForm = False,
) -> None:
    """Print a run's scores, and exit with the code that the run ended with; or rank several runs that measured the same way."""
    wanted = chosen(form, json=json)
    metrics = metric or []
    code = _one(runs[0], metrics, wanted) if len(runs) == 1 else _several(runs, metrics, wanted, progress=progress)
    if code:
        raise typer.Exit(code)


def _read(run: Path, metrics: list[str]) -> tuple[Result, dict[str, Any]]:
    """A run's result, recomputed from its records if it is missing, and its description.

    Args:
        run: its folder.
        metrics: the scores that are shown; if empty, all.

    Raises:
        IncompleteError: the run has not finished.
        InputError: a metric does not exist or was not measured.
    """
    from signbench.errors import IncompleteError
    from signbench.runs.folder import RunFolder
    from signbench.runs.plan import RunPlan
    from signbench.runs.result import read_result
    from signbench.scoring.engine import finish

    folder = RunFolder(run)
    description = folder.read()
    if not folder.result_json.exists():
        if description["exit_code"] not in (0, 3, 4):
            raise IncompleteError(f"{run} has not finished (it is {description['status']}); rerun its command to resume.")
        finish(RunPlan.from_run(description), folder)
    result = read_result(folder.result_json)
    return (result.only(metrics) if metrics else result), description


def _one(run: Path, metrics: list[str], wanted: Format) -> int:
    from signbench.cli import printing
    from signbench.errors import IncompleteError
    from signbench.runs import tables

    result, description = _read(run, metrics)
    if wanted is Format.table:
        printing.result_table(result)
    elif wanted is Format.json:
        printing.data(tables.as_json(result, run=str(run), provenance=description["provenance"]))
    else:
        write = {Format.csv: tables.as_csv, Format.markdown: tables.as_markdown, Format.latex: tables.as_latex}[wanted]
        printing.data(write(result))
    printing.warnings(result)
    code = description["exit_code"]
    return code if isinstance(code, int) else IncompleteError.exit_code


def _several(runs: list[Path], metrics: list[str], wanted: Format, *, progress: bool) -> int:
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.runs import side_by_side

    results: dict[str, Result] = {}
    with printing.progress_bars(progress) as report:
        for done, run in enumerate(runs):
            report("reading", done, len(runs))
            results[str(run)] = _read(run, metrics)[0]
    if len(results) < len(runs):
        raise InputError("a run is named twice; name each run once.")
    if wanted is Format.table:
        printing.table(side_by_side.ranked(results))
        if levels := side_by_side.remarks(results):
            printing.sentences(levels)
    elif wanted is Format.json:
        printing.document(side_by_side.as_json(results))
    else:
        write = {
            Format.csv: side_by_side.as_csv,
            Format.markdown: side_by_side.as_markdown,
            Format.latex: side_by_side.as_latex,
        }[wanted]
        printing.data(write(results))
    return 0

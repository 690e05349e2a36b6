"""``signbench report``: what people look at after a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.options import Json, Progress, Root, option


def command(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN [RUN ...]",
            help="Folders of finished runs, several of which are compared with the first; or folders that signbench train wrote.",
        ),
    ],
    out: Annotated[Path, option("--out", "An older report there is renamed to <name>.old-N.")],
    study: Annotated[
        Path | None, option("--study", "It showed productions of the first run; or what signbench study score --json printed.")
    ] = None,
    root: Root = None,
    references: Annotated[Path | None, option("--references", "Default: as the runs had it.")] = None,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Write a static HTML report of runs: scores, distributions, and clips side by side; or the curves of trainings."""
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.report.page import write_report
    from signbench.report.training import is_training, write_training_report

    trainings = [folder for folder in runs if is_training(folder)]
    if trainings and len(trainings) < len(runs):
        raise InputError(f"{trainings[0]} is a training; a report shows runs or trainings, not both.")
    if trainings:
        if study is not None:
            raise InputError("a training has no study; give --study with a run.")
        page = write_training_report(runs, out)
    else:
        with printing.progress_bars(progress) as bars:
            page = write_report(runs, out, study=study, root=root, references=references, progress=bars)
    if json:
        printing.document({"report": str(page)})
    else:
        printing.data(str(page))

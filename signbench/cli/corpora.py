"""``signbench corpora``: the data sets that signbench knows, and their export as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="Show or export a corpus.")


@app.callback()
def _group() -> None:
    """Show or export a corpus."""


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(help="Name of a corpus; synthsign is built in.")],
    out: Annotated[Path, typer.Option(help="Folder for the files; clips that are there are kept.")],
    split: Annotated[str, typer.Option(help="train, dev or test.")] = "test",
    size: Annotated[int, typer.Option(min=64, max=576, help="Height and width of the video in pixels.")] = 128,
    take: Annotated[
        int, typer.Option(min=0, help="0 is the reference; 1, 2 ... are further performances of the same sentences.")
    ] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N clips.")] = None,
    json: Json = False,
) -> None:
    """Write a corpus's clips as lossless video and key points, named by clip id."""
    import json as encoder

    from signbench.cli import printing
    from signbench.corpora.synthsign.corpus import SynthSign
    from signbench.corpora.synthsign.export import export as write
    from signbench.errors import InputError, nearest

    if name != "synthsign":
        raise InputError(f"there is no corpus {name}. {nearest(name, ['synthsign'])}")
    with printing.progress_bars(True) as report:
        written = write(
            SynthSign(),
            split,
            out,
            size=size,
            limit=limit,
            take=take,
            progress=lambda done, total: report("exporting", done, total),
        )
    if json:
        printing.data(encoder.dumps({"corpus": name, "split": split, "out": str(out), "clips": written}, indent=2))
    else:
        printing.talk(f"{len(written)} clips in {out}")

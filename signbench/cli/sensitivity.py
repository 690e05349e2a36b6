"""``signbench metrics sensitivity``: what each metric can and cannot see."""

from __future__ import annotations

from typing import Annotated

import typer

from signbench.cli.options import Json


def command(
    source: Annotated[str, typer.Option(help="synthsign, or a folder with videos or key points of your own.")] = "synthsign",
    clips: Annotated[int, typer.Option(min=1, help="How many clips are degraded and measured.")] = 4,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown instead of tables.")] = False,
    json: Json = False,
) -> None:
    """Degrade clips in four strengths each, and print what every metric sees of it."""
    import json as encoder
    import textwrap

    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.sensitivity import tables
    from signbench.sensitivity.matrix import sensitivity
    from signbench.sensitivity.sources import media

    if json and markdown:
        raise InputError("--json and --markdown are two forms; ask for one of them.")
    name, videos, poses = media(source, clips)
    with printing.progress_bars(True) as progress:
        matrix = sensitivity(name, videos, poses, progress)
    if json:
        printing.data(encoder.dumps(matrix.as_json(), indent=2, ensure_ascii=False))
    elif markdown:
        printing.data(tables.as_markdown(matrix))
    else:
        printing.data("\n".join([tables.described(matrix), "", *textwrap.wrap(tables.LEGEND, 120), ""]))
        for modality, table in tables.overviews(matrix):
            printing.data(f"What is declared of {modality}:")
            printing.table(table)
        for title, table, reasons in tables.details(matrix):
            printing.data(title)
            printing.table(table)
            printing.data("\n".join([*reasons, ""]))
    if matrix.broken:
        printing.talk(f"{len(matrix.broken)} of {len(matrix.cells)} cells are not as declared; they say NOT KEPT.")

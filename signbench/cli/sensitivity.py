"""``signbench metrics sensitivity``: the distortions that each metric can and cannot detect."""

from __future__ import annotations

from typing import Annotated

from signbench.cli.options import Form, Format, JsonForm, Progress, chosen, option


def command(
    source: Annotated[str, option("--source")] = "synthsign",
    limit: Annotated[int, option("--limit", min=1)] = 4,
    form: Form = None,
    progress: Progress = True,
    json: JsonForm = False,
) -> None:
    """Degrade clips with four strengths each, and print which distortions every metric detects."""
    import textwrap

    from signbench.cli import printing
    from signbench.sensitivity import tables
    from signbench.sensitivity.matrix import sensitivity
    from signbench.sensitivity.sources import answers, media

    wanted = chosen(form, json=json, but=(Format.csv, Format.latex))
    name, videos, poses = media(source, limit)
    with printing.progress_bars(progress) as report:
        matrix = sensitivity(name, videos, poses, report, answers=answers(source, limit))
    if wanted is Format.json:
        printing.document(matrix.as_json())
    elif wanted is Format.markdown:
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

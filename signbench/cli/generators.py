"""``signbench generators``: lists the generators, with what each one needs and makes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from signbench.cli.groups import group
from signbench.cli.options import Checkpoint, Device, Json, Limit, Progress, option

app = group("List the generators, show one, or measure one on words.")


def _described(name: str) -> dict[str, Any]:
    import inspect

    from signbench.generators.registry import create, generator_class

    kind = generator_class(name)
    text = inspect.getdoc(kind) or ""
    parameters = {
        parameter.name: None if parameter.default is inspect.Parameter.empty else parameter.default
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    }
    made = create(name)
    return {
        **made.card.as_json(),
        "parameters": parameters,
        "choices": dict(made.choices),
        "summary": text.partition("\n")[0],
        "description": text,
    }


@app.command("list")
def list_generators(json: Json = False) -> None:
    """List all generators, one line each; one that cannot be loaded is listed with the reason."""
    from signbench.cli import printing
    from signbench.generators.registry import known

    described = printing.described(known(), _described)
    if json:
        printing.document(described)
        return
    printing.table(
        [
            {
                "generator": row["name"],
                "makes": ", ".join(row.get("modalities", ())),
                "needs": _needs(row.get("prompt_fields", ())),
                "sees": row.get("sees", ""),
                "what it does": row.get("summary") or row.get("error", ""),
            }
            for row in described
        ]
    )


@app.command("show")
def show_generator(
    name: Annotated[str, typer.Argument(help="Name of a generator, package.module:Class or file.py:Class.")], json: Json = False
) -> None:
    """Show a generator: its card, its parameters, and how it works."""
    from signbench.cli import printing

    described = _described(name)
    if json:
        printing.document(described)
        return
    anchor = " (an anchor: shown separately and never ranked)" if described["sees"] == "references" else " and the train split"
    lines = [
        f"{described['name']}, version {described['version']}",
        "",
        f"makes: {', '.join(described['modalities'])}",
        f"needs: {_needs(described['prompt_fields'])}",
        f"sees: {described['sees']}{anchor}",
        f"checkpoint: {described['checkpoint'] or 'none'}",
        f"licence: {described['licence']}",
    ]
    if described["citation"]:
        lines.append(f"citation: {described['citation']}")
    lines += [f"parameter: {key}={value}" for key, value in described["parameters"].items()]
    lines += [f"choice: {key}={value}" for key, value in described["choices"].items()]
    printing.data("\n".join([*lines, "", described["description"]]))


@app.command("evaluate")
def evaluate(
    name: Annotated[str, typer.Argument(help="Name of a generator that makes motion from words, and from motion.")],
    checkpoint: Checkpoint = None,
    corpus: Annotated[str, option("--corpus")] = "synthsign",
    split: Annotated[str, option("--split", "Its train split is measured as well.")] = "word-test",
    limit: Limit = None,
    device: Device = "cpu",
    out: Annotated[
        Path | None, option("--out", "In a model's folder, generator-evaluation.json is printed by signbench generators tables.")
    ] = None,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Measure raw, reconstructed and generated motion of a corpus's words through ST-GCN, as SignAvatar's paper does."""
    from signbench.cli import printing
    from signbench.runs.tables import number
    from signbench.scoring.evaluated_generators import write_evaluation
    from signbench.scoring.generator_evaluation import evaluate_generator

    with printing.progress_bars(progress) as report:
        found = evaluate_generator(
            name, checkpoint=checkpoint, corpus=corpus, split=split, limit=limit, device=device, progress=report
        )
    if out is not None:
        write_evaluation(found, out)
    if json:
        printing.document(found.as_json())
        return
    printing.data(f"{found.generator} on {found.corpus}, through {found.judge}")
    printing.table(
        [
            {
                "group": f"{group.group}, {group.split}",
                "clips": str(group.clips),
                **{
                    score.metric: number(score.value, 3)
                    + ("" if score.interval is None else f" [{number(score.interval[0], 3)}, {number(score.interval[1], 3)}]")
                    for score in group.scores
                },
            }
            for group in found.groups
        ]
    )


@app.command("tables")
def tables(
    paper: Annotated[str | None, typer.Argument(help="signavatar, pgmm, rusignbot or signaligner; without it, all.")] = None,
    json: Json = False,
) -> None:
    """Print the tables of SignAvatar's, PGMM's, RuSignBot's and SignAligner's papers next to our models' rows."""
    from signbench.cli import printing
    from signbench.errors import InputError, nearest
    from signbench.leaderboard.pgmm_tables import pgmm_tables
    from signbench.leaderboard.rusignbot_tables import rusignbot_tables
    from signbench.leaderboard.signaligner_tables import signaligner_tables
    from signbench.leaderboard.signavatar_tables import signavatar_tables

    papers = {
        "signavatar": signavatar_tables,
        "pgmm": pgmm_tables,
        "rusignbot": rusignbot_tables,
        "signaligner": signaligner_tables,
    }
    if paper is not None and paper not in papers:
        raise InputError(f"there are no tables of {paper}. {nearest(paper, papers)}")
    found = {title: rows for name, made in papers.items() if paper in (None, name) for title, rows in made().items()}
    if json:
        printing.document(found)
        return
    for title, rows in found.items():
        printing.table(rows, title)


def _needs(fields: list[str] | tuple[()]) -> str:
    return ", ".join(field.replace("|", " or ") for field in fields) or "nothing"

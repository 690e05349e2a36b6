"""``signbench train``: train a judge or a generator by its recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.options import LARGEST_SEED, Device, Json, Progress, Root, option


def command(
    model: Annotated[str, typer.Argument(help="Name of a reference model with a recipe, or the path of a recipe.yaml.")],
    out: Annotated[Path, option("--out", "The model's folder. Repeating the command resumes.")],
    config: Annotated[str, option("--config", "Default: small.")] = "small",
    corpus: Annotated[str | None, option("--corpus", "Default: the recipe's.")] = None,
    root: Root = None,
    seed: Annotated[int | None, option("--seed", "Default: the recipe's.", min=0, max=LARGEST_SEED)] = None,
    device: Device = "cpu",
    workers: Annotated[
        int | None, option("--workers", "They prepare data and make batches. Default: none besides this one.", min=1)
    ] = None,
    samples: Annotated[int, option("--samples", "Shown over time by signbench report. 0: none.", min=0)] = 2,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Train MODEL by its recipe, and leave a model's folder: card, recipe, curve, configuration, weights.

    Interrupted trainings resume when the command is repeated; on the CPU they end with the same weights as one that ran through.
    """
    from signbench.cli import printing
    from signbench.scoring.train import train

    with printing.progress_bars(progress) as report:
        made = train(
            model,
            out=out,
            configuration=config,
            corpus=corpus,
            root=root,
            seed=seed,
            device=device,
            workers=workers or 0,
            samples=samples,
            progress=report,
        )
    card = made.card
    if json:
        printing.document(card.as_json())
        return
    printing.data(f"{card.name}: {card.parameters:,} parameters")
    if (training := card.training) is not None:
        printing.data(
            f"{training.steps:,} steps, {training.hours} hours of processor time; {training.selected} {training.value} on dev"
        )
    printing.talk(f"{made.folder}: use it with model={made.folder}, or copy it to reference_models/")

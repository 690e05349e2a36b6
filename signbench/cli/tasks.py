"""``signbench tasks``: lists the tasks, and shows all that a submitter needs to know about one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.groups import group
from signbench.cli.options import Json, Root, TaskSplit

app = group("List the tasks, show one or its pairs of signers, or freeze the clips of your own tasks.")


@app.command("list")
def list_tasks(json: Json = False) -> None:
    """List all tasks, one line each; a file in tasks/ that is not a task is reported and left out."""
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.tables import Table
    from signbench.tasks.loading import known, task

    tasks = []
    for name in known():
        try:
            tasks.append(task(name))
        except InputError as error:
            printing.talk(f"left out: {error}")
    if json:
        printing.document([found.model_dump(mode="json") for found in tasks])
        return
    rows = [
        {
            "task": found.name,
            "version": found.version,
            "given": ", ".join(found.given),
            "made": found.made.modality,
            "clips": found.clips[found.default_split].count or "unknown",
            "headline": ", ".join(found.headlines),
        }
        for found in tasks
    ]
    printing.table(Table.of(rows, right=("clips",)))


@app.command("show")
def show_task(name: Annotated[str, typer.Argument(help="Name of a task.")], json: Json = False) -> None:
    """Show a task: what is given, what to submit, and how it is scored."""
    from signbench.cli import printing
    from signbench.tasks.loading import task
    from signbench.tasks.sheet import described, example_ids, sheet

    found = task(name)
    examples = example_ids(found)
    if json:
        printing.document(described(found, examples))
    else:
        printing.data(sheet(found, examples))


@app.command("pairs")
def show_pairs(
    name: Annotated[str, typer.Argument(help="Name of a task that gives an image of another signer.")],
    split: TaskSplit = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Show which train clip gives each clip the image of another signer: its first frame."""
    from dataclasses import asdict

    from signbench.cli import printing
    from signbench.predictions.source_images import source_pairs
    from signbench.tasks.loading import task
    from signbench.tasks.references import open_corpus

    found = task(name)
    pairs = [asdict(pair) for pair in source_pairs(found, open_corpus(found, root), found.split(split))]
    if json:
        printing.document(pairs)
    else:
        printing.table([{title.replace("_", " "): value or "" for title, value in pair.items()} for pair in pairs])


@app.command("freeze")
def freeze_tasks(
    names: Annotated[list[str] | None, typer.Argument(help="Names of tasks in the current folder. Default: all of them.")] = None,
    json: Json = False,
) -> None:
    """Write the clips that a task expects into its file in tasks/ of the current folder.

    For authors of tasks whose corpus has changed. Only the block clips of a file is written.
    """
    from signbench.cli import printing
    from signbench.tasks.freeze import WORDS, freeze_below

    rows = []
    for name, outcome in freeze_below(Path("tasks"), names or ()):
        rows.append({"task": name, "outcome": outcome})
        if not json:
            printing.data(f"{name}: {WORDS[outcome]}")
    if json:
        printing.document(rows)

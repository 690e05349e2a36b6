"""``signbench tasks``: lists the tasks, and shows all that a submitter needs to know about one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.groups import group
from signbench.cli.options import Json

app = group("List the tasks, show one, or freeze the clips of your own tasks.")


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

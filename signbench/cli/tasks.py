"""``signbench tasks``: which tasks there are, and all that a submitter needs to know of one."""

from __future__ import annotations

from typing import Annotated

import typer

from signbench.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="List the tasks, or show one.")


@app.command("list")
def list_tasks(json: Json = False) -> None:
    """List all tasks, one line each; a file in tasks/ that is no task is told and left out."""
    import json as encoder

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
        printing.data(encoder.dumps([found.model_dump(mode="json") for found in tasks], indent=2, ensure_ascii=False))
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
    """Show a task: what is given, what to hand in, and how it is scored."""
    import json as encoder

    from signbench.cli import printing
    from signbench.tasks.loading import task
    from signbench.tasks.sheet import described, example_ids, sheet

    found = task(name)
    examples = example_ids(found)
    if json:
        printing.data(encoder.dumps(described(found, examples), indent=2, ensure_ascii=False))
    else:
        printing.data(sheet(found, examples))

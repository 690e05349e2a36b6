"""Options that several commands share, spelled and explained once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]

Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown instead of a table.")]
"""Promises Markdown that shows names as they are, whatever they hold."""


class Format(StrEnum):
    """Forms that numbers are printed in."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


Form = Annotated[Format | None, typer.Option("--format", help="How to print. Default: table.")]


def chosen(form: Format | None = None, *, json: bool = False, markdown: bool = False) -> Format:
    """The form that was asked for; each of the two flags is short for a form.

    Raises:
        InputError: two forms were asked for.
    """
    from signbench.errors import InputError

    asked = {"--json": Format.json if json else None, "--markdown": Format.markdown if markdown else None}
    asked[f"--format {form}"] = form
    wanted = {option: found for option, found in asked.items() if found is not None}
    if len(set(wanted.values())) > 1:
        raise InputError(f"{' and '.join(wanted)} are different forms; ask for one of them.")
    return next(iter(wanted.values()), Format.table)

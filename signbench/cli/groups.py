"""Groups of commands: without a command they print their help, and for an unknown name they suggest the nearest."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from signbench.errors import InputError, nearest


class Group(TyperGroup):
    """Commands under one name, such as ``signbench tasks``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the words after the group's name; if there are none, prints the help."""
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Finds the command named by the first word.

        Raises:
            InputError: no command has that name.
        """
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            raise InputError(f"No such command {name!r}. {nearest(name, self.commands)} See {ctx.command_path} --help.")
        return super().resolve_command(ctx, args)


def group(explanation: str) -> typer.Typer:
    """An empty group.

    Args:
        explanation: a sentence about its commands.
    """
    made = typer.Typer(cls=Group, help=explanation)

    @made.callback()
    def _group() -> None:
        """Without a callback, typer would replace a group that has one command by that command."""

    return made

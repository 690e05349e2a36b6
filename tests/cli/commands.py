"""The tree of commands, as seen by the parser."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import typer

from signbench.cli.main import app


@dataclass(frozen=True)
class Command:
    """A command by its words, such as ``tasks show``."""

    name: str
    callback: Callable[..., Any]
    parsed: Any

    def options(self) -> dict[str, Any]:
        """The parser's option by its spelling without the negation."""
        return {max(found.opts, key=len): found for found in self.parsed.params if found.param_type_name == "option"}

    def types(self) -> dict[str, object]:
        """Type of an option's values (or of a list's items) by spelling, regardless of whether it is optional."""
        hints = typing.get_type_hints(self.callback)
        return {spelling: bare(hints[found.name]) for spelling, found in self.options().items()}


def bare(hint: Any) -> object:
    """``str`` for ``str``, ``str | None`` and ``list[str] | None``."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
    return typing.get_args(hint)[0] if typing.get_origin(hint) is list else hint


def commands() -> list[Command]:
    """All commands, in the order of the help."""
    return list(_below(typer.main.get_command(app), ()))


def groups() -> list[str]:
    """Names of all groups below the program."""
    root: Any = typer.main.get_command(app)
    return [name for name, found in root.commands.items() if hasattr(found, "commands")]


def _below(parsed: Any, words: tuple[str, ...]) -> Iterator[Command]:
    if not hasattr(parsed, "commands"):
        yield Command(" ".join(words), inspect.unwrap(parsed.callback), parsed)
        return
    for name, found in parsed.commands.items():
        yield from _below(found, (*words, name))

"""The errors that a user can encounter, each with the exit code of the command.

A message is one or two sentences: what is wrong, where (file, clip, field) and what to do. A parameter that it names is in
backticks, alone or with a value, so that Python's users read what they wrote; the command line prints it by :func:`in_flags`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

_FLAGS = {
    **{
        name: f"--{name.replace('_', '-')}"
        for name in (
            *(
                "allow_missing",
                "baselines",
                "checkpoint",
                "clips",
                "contact",
                "corpus",
                "device",
                "encoding",
                "estimator",
                "fps",
                "frames",
                "fresh",
                "generator",
            ),
            *(
                "layout",
                "leaderboards",
                "licence",
                "limit",
                "mapping",
                "out",
                "precision",
                "predictions",
                "references",
                "replace",
                "seed",
            ),
            *("root", "size", "source", "source_fps", "split", "workers"),
        )
    },
    "configuration": "--config",
    "id_column": "--id",
    "judges": "--judge",
    "metrics": "-m",
    "name": "--as",
    "text_column": "--text",
    "write": "--verify",
}
_QUOTE = "'"
_PARAMETER = re.compile(r"`(\w+)(?:=([^`]*))?`")


def in_flags(text: str) -> str:
    """Spells the parameters in a message as the command line does.

    Args:
        text: a message, in which a parameter is in backticks, alone or with a value.

    Returns:
        The message with flags: ``--source-fps`` for ``source_fps``, ``--frames truncate`` for ``frames='truncate'`` and
        ``--fresh`` for ``fresh=True``. Other words in backticks are left as they are.
    """

    def flag(found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        if name not in _FLAGS:
            return found[0]
        return _FLAGS[name] if value in (None, "True") else f"{_FLAGS[name]} {value.strip(_QUOTE)}"

    return _PARAMETER.sub(flag, text)


class SignbenchError(Exception):
    """Base of every error that signbench raises on purpose.

    Attributes:
        exit_code: what a command that ends with this error returns to the shell.
    """

    exit_code = 70
    rank: int | None = None
    """The only one of several processes that raised it; None if all of them do, or there is only one."""


class InputError(SignbenchError):
    """Wrong usage or bad input: an unknown name, an unreadable file, two sides that do not match (exit code 2)."""

    exit_code = 2


class MediaError(InputError):
    """A media file cannot be read, or does not hold what its name says.

    If found before work starts, it ends the command; if raised during work, it makes its clip missing.
    """


class IncompleteError(SignbenchError):
    """Some clips could not be scored (exit code 3)."""

    exit_code = 3


class NotComparableError(SignbenchError):
    """Two numbers were not measured the same way, or nothing was measured (exit code 4)."""

    exit_code = 4


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names closest to an unknown one, for the end of an error message.

    Args:
        name: what the user wrote.
        known: the names that exist.

    Returns:
        ``"Did you mean a, b?"``, or ``"Known: a, b, c."`` when none is close, or ``"There are none."``
    """
    names = sorted(known)
    if not names:
        return "There are none."
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {', '.join(close)}?"
    return f"Known: {', '.join(names)}."


def listing(items: Sequence[str], most: int = 5) -> str:
    """A list for a message: the first ``most`` items and the number of remaining ones."""
    shown = ", ".join(items[:most])
    more = len(items) - most
    return f"{shown} and {more} more" if more > 0 else shown

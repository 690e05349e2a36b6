"""The errors that a user can meet, each with the exit code it ends a command with.

A message is one or two sentences: what is wrong, where (file, clip, field) and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class SignbenchError(Exception):
    """Base of every error that signbench raises on purpose.

    Attributes:
        exit_code: what a command that ends with this error returns to the shell.
    """

    exit_code = 70
    rank: int | None = None
    """Which of several processes alone met it; None where all of them do, or there is one."""


class InputError(SignbenchError):
    """Wrong use or bad input: an unknown name, an unreadable file, two sides that do not fit (exit code 2)."""

    exit_code = 2


class MediaError(InputError):
    """A media file cannot be read, or does not hold what its name promises.

    Found before work it ends the command; met during work it makes its clip missing.
    """


class IncompleteError(SignbenchError):
    """Some clips could not be scored (exit code 3)."""

    exit_code = 3


class NotComparableError(SignbenchError):
    """Two numbers were not measured the same way, or nothing was measured (exit code 4)."""

    exit_code = 4


def nearest(name: str, known: Iterable[str]) -> str:
    """Words the known names closest to an unknown one, for the end of an error message.

    Args:
        name: what the user wrote.
        known: the names that exist.

    Returns:
        ``"Did you mean a, b?"``, or ``"Known: a, b, c."`` when none is close.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {', '.join(close)}?"
    return f"Known: {', '.join(names)}."


def listing(items: Sequence[str], most: int = 5) -> str:
    """Words a list for a message: the first ``most`` items and how many more there are."""
    shown = ", ".join(items[:most])
    more = len(items) - most
    return f"{shown} and {more} more" if more > 0 else shown

"""The locations of data that belongs to a user rather than to a run: set by a variable, or in the user's own folders."""

from __future__ import annotations

import os
from pathlib import Path

from signbench.errors import InputError


def user_cache(variable: str, name: str) -> Path:
    """The path in an environment variable, else ``signbench/<name>`` in the user's cache folder. Nothing is created.

    The cache folder is ``$XDG_CACHE_HOME`` if that is an absolute path, else ``~/.cache``.

    Args:
        variable: such as ``SIGNBENCH_WEIGHTS``; an empty value counts as unset.
        name: such as ``weights``.

    Raises:
        InputError: the variable is not set and no home folder is known.
    """
    return _named(variable, name) or _base("XDG_CACHE_HOME", ".cache", variable, name) / "signbench" / name


def user_data(variable: str, name: str) -> Path:
    """The path in an environment variable, else ``signbench/<name>`` in the user's data folder. Nothing is created.

    The data folder is ``$XDG_DATA_HOME`` if that is an absolute path, else ``~/.local/share``.

    Args:
        variable: such as ``SIGNBENCH_SECRET``; an empty value counts as unset.
        name: such as ``secret``.

    Raises:
        InputError: the variable is not set and no home folder is known.
    """
    return _named(variable, name) or _base("XDG_DATA_HOME", ".local/share", variable, name) / "signbench" / name


def _named(variable: str, name: str) -> Path | None:
    value = os.environ.get(variable)
    try:
        return Path(value).expanduser().absolute() if value else None
    except RuntimeError as error:
        raise _homeless(variable, name) from error


def _base(standard: str, below_home: str, variable: str, name: str) -> Path:
    stated = Path(os.environ.get(standard) or "")
    try:
        return stated if stated.is_absolute() else Path.home() / below_home
    except RuntimeError as error:
        raise _homeless(variable, name) from error


def _homeless(variable: str, name: str) -> InputError:
    return InputError(f"no home folder is known for {name}; set {variable} to a path of your choice.")

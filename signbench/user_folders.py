"""Where signbench keeps what belongs to a user rather than to a run: where a variable says, or in the user's own folders."""

from __future__ import annotations

import os
from pathlib import Path

from signbench.errors import InputError


def user_cache(variable: str, name: str) -> Path:
    """What an environment variable names, else ``signbench/<name>`` in the user's cache. Nothing is created.

    The cache is ``$XDG_CACHE_HOME`` where that is an absolute path, else ``~/.cache``.

    Args:
        variable: such as ``SIGNBENCH_WEIGHTS``; empty counts as not set.
        name: such as ``weights``.

    Raises:
        InputError: neither the variable is set nor a home is known.
    """
    return _named(variable, name) or _base("XDG_CACHE_HOME", ".cache", variable, name) / "signbench" / name


def user_data(variable: str, name: str) -> Path:
    """What an environment variable names, else ``signbench/<name>`` in the user's data. Nothing is created.

    The data are in ``$XDG_DATA_HOME`` where that is an absolute path, else in ``~/.local/share``.

    Args:
        variable: such as ``SIGNBENCH_SECRET``; empty counts as not set.
        name: such as ``secret``.

    Raises:
        InputError: neither the variable is set nor a home is known.
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
    return InputError(f"no home folder is known to keep {name} in; set {variable} to a path of your choice.")

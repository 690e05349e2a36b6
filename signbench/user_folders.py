"""The locations of data that belongs to a user rather than to a run: set by a variable, or in the user's own folders."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Literal

from signbench.errors import InputError


def user_cache(variable: str, name: str) -> Path:
    """The path in an environment variable, else ``<name>`` in signbench's folder of the user's cache. Nothing is created.

    The folder is the one that the system has for it (platformdirs): on Linux ``$XDG_CACHE_HOME/signbench``, else
    ``~/.cache/signbench``.

    Args:
        variable: such as ``SIGNBENCH_WEIGHTS``; an empty value counts as unset.
        name: such as ``weights``.

    Raises:
        InputError: the variable is not set and no home folder is known.
    """
    return _named(variable, name) or _base("cache", variable, name) / name


def user_data(variable: str, name: str) -> Path:
    """The path in an environment variable, else ``<name>`` in signbench's folder of the user's data. Nothing is created.

    The folder is the one that the system has for it (platformdirs): on Linux ``$XDG_DATA_HOME/signbench``, else
    ``~/.local/share/signbench``.

    Args:
        variable: such as ``SIGNBENCH_SECRET``; an empty value counts as unset.
        name: such as ``secret``.

    Raises:
        InputError: the variable is not set and no home folder is known.
    """
    return _named(variable, name) or _base("data", variable, name) / name


def user_configuration(name: str) -> Path | None:
    """The path of a configuration file in signbench's folder of the user's configuration; None if no home folder is known.

    The folder is the one that the system has for it (platformdirs): on Linux ``$XDG_CONFIG_HOME/signbench``, else
    ``~/.config/signbench``.

    Args:
        name: such as ``corpora.yaml``.
    """
    try:
        return _base("config", "", name) / name
    except InputError:
        return None


def _named(variable: str, name: str) -> Path | None:
    value = os.environ.get(variable)
    try:
        return Path(value).expanduser().absolute() if value else None
    except RuntimeError as error:
        raise _homeless(variable, name) from error


def _base(kind: Literal["cache", "config", "data"], variable: str, name: str) -> Path:
    try:
        home = Path.home()
    except RuntimeError as error:  # platformdirs would take the ~ itself for a folder
        raise _homeless(variable, name) from error
    return _base_at(kind, home, os.environ.get(f"XDG_{kind.upper()}_HOME"))


@cache
def _base_at(kind: Literal["cache", "config", "data"], home: Path, _: str | None) -> Path:
    """The folder for one setting of the variables that it depends on; asked for with every observation that is read."""
    import platformdirs

    folders = platformdirs.PlatformDirs("signbench", appauthor=False)
    found = {"cache": folders.user_cache_path, "config": folders.user_config_path, "data": folders.user_data_path}[kind]
    if found.is_absolute():
        return found
    # A relative path in the variables of XDG does not count, by its specification.
    return home / {"cache": ".cache", "config": ".config", "data": ".local/share"}[kind] / "signbench"


def _homeless(variable: str, name: str) -> InputError:
    return InputError(f"no home folder is known for {name}; set {variable} to a path of your choice.")

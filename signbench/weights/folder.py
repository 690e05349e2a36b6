"""Where signbench keeps what belongs to a user rather than to a run: a folder that a variable names, or one in the user's cache."""

from __future__ import annotations

import os
from pathlib import Path

from signbench.errors import InputError


def user_folder(variable: str, name: str) -> Path:
    """The folder that an environment variable names, else ``signbench/<name>`` in the user's cache.

    The cache is ``$XDG_CACHE_HOME`` where that is an absolute path, else ``~/.cache``. Nothing is created.

    Args:
        variable: such as ``SIGNBENCH_WEIGHTS``; empty counts as not set.
        name: such as ``weights``.

    Raises:
        InputError: neither the variable is set nor a home is known.
    """
    value = os.environ.get(variable)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "")
    try:
        if value:
            return Path(value).expanduser().absolute()
        return (cache if cache.is_absolute() else Path.home() / ".cache") / "signbench" / name
    except RuntimeError as error:
        raise InputError(f"no home folder is known, so there is no place for {name}; set {variable} to a folder.") from error

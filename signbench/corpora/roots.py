"""Where a corpus lies on this machine: named for one command, by a variable, or in a configuration file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from signbench.documents import read_yaml
from signbench.errors import InputError
from signbench.user_folders import user_configuration

DESCRIPTION = "corpus.yaml"
"""The description of a data set that signbench has no reader for, in its folder."""

VARIABLE = "SIGNBENCH_CORPORA"
"""A folder with one folder (or link) for each corpus, by its name; or a configuration file."""

FILE = "corpora.yaml"
"""The configuration file: a corpus's name and its folder, a line each; or ``root`` and ``points`` below the name.

Relative folders begin at the file.
"""


@dataclass(frozen=True)
class Location:
    """Where a corpus lies.

    Attributes:
        root: its folder.
        points: the folder of key points that were made for it, or None.
    """

    root: Path
    points: Path | None = None


def find(name: str) -> Path | None:
    """The folder of a corpus, as configured; None if it is not.

    In this order: the environment variable :data:`VARIABLE`, :data:`FILE` in the current folder, and the user's own.

    Raises:
        InputError: a configuration file is unreadable, or the folder that it names does not exist.
    """
    found = _located(name)
    return None if found is None else found.root


def points(name: str) -> Path | None:
    """The folder of key points that were made for a corpus, as configured; None if it is not.

    Raises:
        InputError: as :func:`find`.
    """
    found = _located(name)
    return None if found is None else found.points


def _located(name: str) -> Location | None:
    for source in _sources():
        if source.is_dir():
            if (source / name).exists():
                return Location(source / name)
        elif (found := configured(source).get(name)) is not None:
            for folder in (found.root, found.points):
                if folder is not None and not folder.exists():
                    raise InputError(f"{source}: the folder of {name}, {folder}, does not exist; correct it or remove the line.")
            return found
    return None


def described() -> list[str]:
    """The names of configured corpora whose folder holds a description (``corpus.yaml``), in alphabetical order.

    Raises:
        InputError: a configuration file is unreadable.
    """
    found = set()
    for source in _sources():
        if source.is_dir():
            named = {path.name: path for path in source.iterdir()}
        else:
            named = {name: there.root for name, there in configured(source).items()}
        found |= {name for name, path in named.items() if is_described(path)}
    return sorted(found)


def is_described(root: Path) -> bool:
    """Whether a folder holds a description, or is one."""
    return (root / DESCRIPTION).is_file() or (root.suffix in (".yaml", ".yml") and root.is_file())


def configured(file: Path) -> Mapping[str, Location]:
    """The folders in a configuration file.

    Raises:
        InputError: it is unreadable, or is not a list of names and folders.
    """
    content = read_yaml(file, "a list of corpora", texts=True)
    if content is None:
        return {}
    fault = f"{file} does not name folders; write a corpus's name, a colon and its folder on each line."
    if not isinstance(content, dict):
        raise InputError(fault)
    found = {}
    for name, value in content.items():
        folders = {"root": value} if isinstance(value, str) else value
        if not isinstance(folders, dict) or "root" not in folders or not set(folders) <= {"root", "points"}:
            raise InputError(fault)
        if not all(isinstance(folder, str) and folder.strip() for folder in folders.values()):
            raise InputError(fault)
        try:
            paths = {key: file.parent / Path(folder.strip()).expanduser() for key, folder in folders.items()}
        except RuntimeError as error:
            raise InputError(f"{file} begins a folder with ~, but no home folder is known; write the whole path.") from error
        found[name] = Location(**paths)
    return found


def _sources() -> list[Path]:
    """The folder or files to look in, the first one first."""
    found = []
    if value := os.environ.get(VARIABLE):
        named = Path(value).expanduser()
        if not named.exists():
            raise InputError(
                f"the variable {VARIABLE} names {value}, which does not exist; name a folder with a folder for each corpus, or a "
                f"file such as {FILE}."
            )
        found.append(named)
    own = user_configuration(FILE)
    found += [file for file in (Path(FILE).absolute(), own) if file is not None and file.is_file()]
    return found

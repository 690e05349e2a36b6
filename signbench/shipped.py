"""The data that signbench ships: tasks, leaderboards, baselines and reference models.

Each kind is a folder. A user's own data is in a folder of that name in the current folder and takes precedence; then comes the
shipped data: ``signbench/shipped/`` inside an installed package, the repository's own folders in a checkout. Shipped data is only
read.
"""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from signbench.errors import InputError, nearest

Kind = Literal["tasks", "leaderboards", "baselines", "reference_models"]
"""The kinds of data, by the names of their folders."""

KINDS: tuple[Kind, ...] = get_args(Kind)


def find(kind: Kind, name: str | None = None) -> Path:
    """Finds data by name: in the current folder first, then among the shipped data.

    Args:
        kind: ``tasks``, ``leaderboards``, ``baselines`` or ``reference_models``.
        name: path below the folder of that kind, with ``/``, with or without the file's last suffix
            (``slovo/word-to-video``); None for the folder itself.

    Returns:
        An existing file or folder. One below the current folder takes precedence over a shipped one of the same name.

    Raises:
        InputError: nothing has that name (the message suggests the nearest names), several files differ only in their suffix, the
            name points outside the folder, or the installation lacks its data.
    """
    folders = _folders(kind)
    if name is None:
        return folders[0]
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or "\\" in name or ".." in parts or not name.isprintable():
        raise InputError(
            f"{name!r} is not a valid name of one of the {_worded(kind)}; write a path below {kind}/ such as corpus/name."
        )
    for folder in folders:
        exact = folder.joinpath(*parts)
        if exact.exists():
            return exact
        fitting = sorted(path for path in exact.parent.glob("*") if _is_data(path) and path.stem == parts[-1])
        if len(fitting) > 1:
            raise InputError(f"{kind}/{name} could be {' or '.join(path.name for path in fitting)}; write the suffix as well.")
        if fitting:
            return fitting[0]
    known = names(kind)
    hint = nearest(name, known) if known else f"{folders[-1]} holds none yet."
    raise InputError(f"there is no {name} among the {_worded(kind)}, neither in {kind}/ of the current folder nor shipped. {hint}")


def find_shipped(kind: Kind, name: str) -> Path | None:
    """A shipped file, whatever the current folder holds; None if there is none of that name.

    Args:
        kind: as for :func:`find`.
        name: as for :func:`find`.
    """
    folder = _shipped() / kind
    exact = folder.joinpath(*PurePosixPath(name).parts)
    if exact.is_file():
        return exact
    fitting = sorted(path for path in exact.parent.glob("*") if _is_data(path) and path.stem == exact.name)
    return fitting[0] if len(fitting) == 1 else None


def own_folder(kind: Kind) -> Path:
    """The shipped folder of one kind, whatever the current folder holds.

    Raises:
        InputError: there is no such kind, or the installation lacks its data.
    """
    return _folders(kind)[-1]


def names(kind: Kind) -> list[str]:
    """Names of the files of one kind, in the current folder and shipped, as :func:`find` takes them, in order.

    The last suffix is omitted, unless files of one folder differ only in it. README files and hidden ones are not data.

    Raises:
        InputError: there is no such kind, or the installation lacks its data.
    """
    found: set[str] = set()
    for folder in _folders(kind):
        suffixes: dict[PurePosixPath, list[PurePosixPath]] = defaultdict(list)
        for path in filter(_is_data, folder.rglob("*")):
            relative = PurePosixPath(path.relative_to(folder).as_posix())
            suffixes[relative.with_suffix("")].append(relative)
        found.update(str(short if len(full) == 1 else item) for short, full in suffixes.items() for item in full)
    return sorted(found)


def _folders(kind: Kind) -> list[Path]:
    """The folders with data of a kind, in order of precedence."""
    if kind not in KINDS:
        raise InputError(f"there is no shipped data called {kind}. {nearest(kind, KINDS)}")
    shipped = _shipped() / kind
    if not shipped.is_dir():
        raise InputError(f"the folder {shipped}, a part of signbench, is missing; reinstall signbench.")
    own = Path.cwd() / kind
    return [own, shipped] if own.is_dir() and not own.samefile(shipped) else [shipped]


def _shipped() -> Path:
    """The parent of the shipped folders: in a wheel they are inside the package, in a checkout next to it."""
    package = Path(str(files("signbench")))
    inside = package / "shipped"
    return inside if inside.is_dir() else package.parent


def _is_data(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.name != "README.md"


def _worded(kind: Kind) -> str:
    return kind.replace("_", " ")

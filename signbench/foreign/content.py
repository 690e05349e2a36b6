"""The identity of foreign code, by content: its source files, its checkpoints and other files, and its parameters.

A card only says what its author wrote on it. Two checkpoints, two parameters or two versions of a file with the same card are still
two generators, so a run's specification contains the digests computed here. The same applies to a metric of another package.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import linecache
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from signbench.errors import InputError

Content = Mapping[str, str]
"""For example ``checkpoint`` or ``source network.py`` -> SHA-256, and ``parameter speed`` -> its value."""

_NO_CONTENT = frozenset({"device"})
"""Parameters that determine where to compute, not what."""
_PASSED_OVER = ("__pycache__",)


def content_of(kind: type, parameters: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Everything that can change a number of a generator besides its card.

    Args:
        kind: its class.
        parameters: the parameters of the instance. A path is represented by the bytes of the file or folder; other values are taken
        as text, and if they name a file or folder, also by its bytes.

    Returns:
        Plain strings, in order of name; see :data:`Content`. signbench's own generators have no source there: their cards' versions
        rise when their productions change.

    Raises:
        InputError: a file cannot be read.
    """
    found = {f"source {name}": digest for name, digest in source_digests(kind).items()}
    for name, value in (parameters or {}).items():
        if name in _NO_CONTENT:
            continue
        if isinstance(value, Path):
            found[name] = digest_of_path(value)
            continue
        found[f"parameter {name}"] = str(value)
        if (path := _named_path(value)) is not None:
            found[f"content of {name}"] = digest_of_path(path)
    return dict(sorted(found.items()))


def source_digests(kind: type) -> dict[str, str]:
    """The digests of a class's source files, by their paths below the folder of their top module.

    These are the file of the class, or every file of its package, and all modules that they import (also inside functions) that are
    neither installed nor part of Python. For a class in a notebook it is the cell that it was written in.

    Args:
        kind: the class.

    Raises:
        InputError: a file cannot be read, or the class has no source, as where it was typed at a prompt.
    """
    found: dict[str, Path] = {}
    written: dict[str, str] = {}
    for ancestor in kind.__mro__:
        top = ancestor.__module__.partition(".")[0]
        if top in ("builtins", "signbench", "abc", "typing") or top in sys.stdlib_module_names:
            continue
        file = getattr(sys.modules.get(ancestor.__module__), "__file__", None)
        if file is None or not Path(file).exists():
            if ancestor.__module__ == "__main__":
                written[ancestor.__qualname__] = _digest_of_cell(ancestor)
            continue
        path = Path(file).resolve()
        if _is_installed(path) and ancestor is not kind:
            continue
        if "." in ancestor.__module__ or path.name == "__init__.py":
            folder = _top_folder(path, ancestor.__module__)
            found |= {f"{folder.name}/{item.relative_to(folder).as_posix()}": item for item in _files(folder)}
        else:
            found[path.name] = path
    search_path = (*sys.path, *(str(path.parent) for name, path in found.items() if "/" not in name))
    waiting = [(path, name) for name, path in found.items() if path.suffix == ".py"]
    while waiting:
        path, name = waiting.pop()
        package = name.rpartition("/")[0].replace("/", ".")
        for imported, there in _local_imports(path, package, search_path):
            if imported not in found:
                found[imported] = there
                waiting.append((there, imported))
    return dict(sorted({**written, **{name: _file_digest(path) for name, path in found.items()}}.items()))


def _digest_of_cell(kind: type) -> str:
    """SHA-256 of the cell of a notebook that a class was written in.

    Raises:
        InputError: its source is not available, for example because it was typed at a prompt.
    """
    cells = sorted({made.__code__.co_filename for made in vars(kind).values() if inspect.isfunction(made)})
    text = "".join(line for cell in cells for line in linecache.getlines(cell))
    if not text:
        raise InputError(
            f"the class {kind.__qualname__} has no source, by which its versions could be distinguished; write it into a file or a "
            "notebook."
        )
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_digest(kind: type) -> str | None:
    """The first 12 hexadecimal digits of a digest over a class's source files; None for signbench's own classes.

    Args:
        kind: the class, as of the first call in this process.

    Raises:
        InputError: a file cannot be read.
    """
    if kind.__module__.partition(".")[0] == "signbench":
        return None
    lines = "".join(f"{name}\0{digest}\n" for name, digest in source_digests(kind).items())
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def digest_of_path(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder, over the sorted names and digests of all files in it.

    Raises:
        InputError: it does not exist, or cannot be read.
    """
    if not path.is_dir():
        return _file_digest(path)
    whole = hashlib.sha256()
    for child in sorted(_files(path), key=lambda child: child.relative_to(path).as_posix()):
        whole.update(f"{child.relative_to(path).as_posix()}\0{_file_digest(child)}\n".encode())
    return whole.hexdigest()


def _named_path(value: object) -> Path | None:
    """The file or folder that a parameter's text names, if there is one."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        path = Path(value).expanduser()
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _top_folder(path: Path, module: str) -> Path:
    """The folder of a module's outermost package."""
    levels = module.count(".") + (path.name == "__init__.py")
    return path.parents[levels - 1]


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, without hidden ones, Python's caches and run folders, which are created by running."""
    try:
        children = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror or error}.") from error
    for child in children:
        if child.name.startswith(".") or child.name in _PASSED_OVER:
            continue
        if child.is_dir():
            if not child.is_symlink() and not (child / "run.json").exists():
                yield from _files(child)
        elif child.is_file():
            yield child


def _local_imports(path: Path, package: str, search_path: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """The files that a Python file imports and that are not installed, by their names with ``/``."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return  # importing it will report the error
    for node in ast.walk(tree):
        for module in _imported(node, package):
            yield from _module_files(module, search_path)


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    """The full names of modules that a statement may import."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = package.split(".") if package else []
            base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
        if base:
            yield base
        yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.Call) and node.args:  # importlib.import_module("network")
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if called in ("import_module", "__import__") and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def _module_files(module: str, search_path: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """The file of a module and of each package above it, unless it is installed, part of Python or of signbench."""
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts) or parts[0] in sys.stdlib_module_names or parts[0] == "signbench":
        return
    search: tuple[str, ...] | None = search_path
    for depth in range(len(parts)):
        name = ".".join(parts[: depth + 1])
        specification = _specification(name, search)
        if specification is None:
            return
        origin, below = specification
        if origin is not None:
            file = Path(origin).resolve()
            if _is_installed(file):
                return
            folder = "/".join(parts[:depth] if below is None else parts[: depth + 1])
            yield f"{folder}/{file.name}" if folder else file.name, file
        if below is None:
            return
        search = below


def _specification(name: str, search_path: tuple[str, ...] | None) -> tuple[str | None, tuple[str, ...] | None] | None:
    """The locations of a module and of its submodules, without importing it."""
    try:
        found = PathFinder.find_spec(name, list(search_path) if search_path is not None else None)
    except (ImportError, ValueError, AttributeError, KeyError, OSError):
        return None
    if found is None:
        return None
    origin = found.origin if found.has_location else None
    below = found.submodule_search_locations
    return origin, None if below is None else tuple(below)


def _is_installed(path: Path) -> bool:
    """Whether a file belongs to Python, to an installed package or to signbench, whose versions are recorded in the run."""
    if any(part in ("site-packages", "dist-packages") for part in path.parts):
        return True
    return any(path.is_relative_to(folder) for folder in _own_folders())


@cache
def _own_folders() -> tuple[Path, ...]:
    paths = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), str(Path(__file__).parents[1])]
    return tuple(Path(path).resolve() for path in paths)


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; choose a readable file or folder.") from error

"""The generators that exist, by name; each is imported only when it is asked for."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from signbench.errors import InputError, nearest
from signbench.foreign.content import Content, content_of
from signbench.foreign.wall import guarded, reset, wall
from signbench.generators.base import Card, Generator
from signbench.generators.built_in import BUILT_IN

_LOADED_FROM = "__signbench_loaded_from__"
_CLASS_OF_FILE = re.compile(r"(?P<file>.+\.py):(?P<kind>[^\W\d]\w*)(?::(?P<rest>.*))?")
_CLASS_OF_MODULE = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<kind>[^\W\d]\w*)(?::(?P<rest>.*))?")


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group="signbench.generators")}


def known() -> list[str]:
    """Names of all generators, built in and installed by other packages under the entry point ``signbench.generators``."""
    return [*BUILT_IN, *sorted(set(_installed()) - set(BUILT_IN))]


def generator_class(name: str) -> type[Generator]:
    """The class of a generator.

    Args:
        name: of a generator, or ``package.module:Class``, or ``path/file.py:Class``. A module is also looked for in the current
            folder.

    Raises:
        InputError: there is none of that name, it cannot be imported, or it is no generator.
    """
    return _resolve(name)[0]


def create(text: str, **options: Any) -> Generator:
    """The generator that the command line spells ``name`` or ``package.module:Class``, with ``:key=value,key=value`` behind it.

    Args:
        text: what the user wrote.
        options: further arguments of its ``__init__``, such as ``checkpoint``.

    Raises:
        InputError: it is unknown, cannot be imported or made, takes no such parameter, or has no card.
    """
    reset()
    kind, given = _resolve(text)
    given = {**given, **options}
    taken = guarded(lambda: inspect.signature(kind).parameters, f"generator {text} cannot be made")
    everything = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in taken.values())
    for name in given:
        if name not in taken and not everything:
            hint = nearest(name, taken) if taken else "It has none."
            raise InputError(f"generator {text} has no parameter {name}. {hint}")
    if inspect.isabstract(kind):
        raise InputError(f"generator {text} is not whole: it lacks {', '.join(sorted(kind.__abstractmethods__))}.")
    made, card = guarded(lambda: _with_card(kind(**given)), f"generator {text} cannot be made")
    if not isinstance(card, Card):
        raise InputError(f"generator {text} has no card; set card = Card(...) in its class.")
    return made


def content(text: str, **options: Any) -> Content:
    """What a generator is by its content: the digests of its source files and of the files that it is given, and its parameters.

    Args:
        text: as for :func:`create`, which comes first.
        options: as for :func:`create`.

    Raises:
        InputError: a file cannot be read.
    """
    kind, given = _resolve(text)
    with wall():  # where its relative paths and its imports are looked up
        return content_of(kind, {**given, **options})


def _with_card(made: Generator) -> tuple[Generator, object]:
    return made, getattr(made, "card", None)


def _resolve(text: str) -> tuple[type[Generator], dict[str, Any]]:
    """The class that a text names, and the parameters behind it."""
    name, _, rest = text.partition(":")
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        return _checked(getattr(importlib.import_module(module), attribute), name), _parameters(text, name, rest)
    if (entry := _installed().get(name)) is not None:
        found = guarded(entry.load, f"generator {name} of {entry.value} cannot be imported")
        return _checked(found, name), _parameters(text, name, rest)
    if matched := _CLASS_OF_FILE.fullmatch(text):
        module_of_file = _file_module(Path(matched["file"]), text)
        return _attribute(module_of_file, matched["kind"], text), _parameters(text, matched["kind"], matched["rest"] or "")
    if matched := _CLASS_OF_MODULE.fullmatch(text):
        return _attribute(_module(matched["module"], text), matched["kind"], text), _parameters(
            text, matched["kind"], matched["rest"] or ""
        )
    raise InputError(f"there is no generator {text}. {nearest(name, known())} Your own: package.module:Class or file.py:Class.")


def _module(name: str, text: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        return guarded(lambda: importlib.import_module(name), f"generator {text} cannot be imported")
    except InputError as error:
        cause = error.__cause__
        if isinstance(cause, ModuleNotFoundError) and cause.name is not None and f"{name}.".startswith(f"{cause.name}."):
            hint = nearest(name, known())
            raise InputError(f"generator {text}: there is no generator and no module {name}. {hint}") from None
        raise


def _file_module(path: Path, text: str) -> Any:
    if not path.is_file():
        raise InputError(f"generator {text}: {path} does not exist.")
    path = path.resolve()
    name = f"signbench_generator_{re.sub(r'[^0-9a-zA-Z_]', '_', path.stem)}"
    if (known_module := sys.modules.get(name)) is not None and known_module.__dict__.get(_LOADED_FROM) == _version_of(path):
        return known_module
    if str(path.parent) not in sys.path:  # what lies beside it can be imported, as where Python runs it
        sys.path.append(str(path.parent))
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise InputError(f"generator {text}: {path} is no Python file.")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses and pickling look a class's module up by its name
    loader = specification.loader
    try:
        guarded(lambda: loader.exec_module(module), f"generator {text} cannot be imported")
    except BaseException:
        sys.modules.pop(name, None)
        raise
    module.__dict__[_LOADED_FROM] = _version_of(path)
    return module


def _version_of(path: Path) -> tuple[str, int, int, int]:
    """What changes where a file is another, or was changed."""
    status = path.stat()
    return str(path), status.st_size, status.st_mtime_ns, status.st_ino


def _attribute(module: Any, name: str, text: str) -> type[Generator]:
    if not hasattr(module, name):
        classes = [key for key, value in vars(module).items() if isinstance(value, type) and value.__module__ == module.__name__]
        hint = nearest(name, classes) if classes else "It defines no class."
        raise InputError(f"generator {text}: the module has no {name}. {hint}")
    return _checked(getattr(module, name), text)


def _checked(found: object, text: str) -> type[Generator]:
    if isinstance(found, type) and issubclass(found, Generator):
        return found
    raise InputError(f"generator {text}: {found!r} is not a subclass of signbench.generators.base.Generator.")


def _parameters(text: str, name: str, rest: str) -> dict[str, Any]:
    """``key=value,key=value`` as a dictionary of strings."""
    given: dict[str, Any] = {}
    for part in rest.split(",") if rest else []:
        key, equals, value = part.partition("=")
        if not equals or not key.isidentifier() or not value:
            raise InputError(f"generator {text}: {part!r} is not key=value; write {name}:key=value,key=value.")
        if key in given:
            raise InputError(f"generator {text}: {key} is given twice.")
        given[key] = value
    return given

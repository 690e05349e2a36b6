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
from signbench.generators.base import Card, Generator

_BUILT_IN = {
    "ground-truth": "signbench.generators.anchors:GroundTruth",
    "shuffled": "signbench.generators.anchors:Shuffled",
    "first-frame": "signbench.generators.trivial:FirstFrame",
    "mean-pose": "signbench.generators.trivial:MeanPose",
    "noise": "signbench.generators.trivial:Noise",
    "nearest": "signbench.generators.retrieval:Nearest",
    "stitched": "signbench.generators.stitching:Stitched",
}
_CLASS_OF_FILE = re.compile(r"(?P<file>.+\.py):(?P<kind>[^\W\d]\w*)(?::(?P<rest>.*))?")
_CLASS_OF_MODULE = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<kind>[^\W\d]\w*)(?::(?P<rest>.*))?")


def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group="signbench.generators")}


def known() -> list[str]:
    """Names of all generators, built in and installed by other packages under the entry point ``signbench.generators``."""
    return [*_BUILT_IN, *sorted(set(_installed()) - set(_BUILT_IN))]


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
    kind, given = _resolve(text)
    given = {**given, **options}
    taken = inspect.signature(kind).parameters
    everything = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in taken.values())
    for name in given:
        if name not in taken and not everything:
            hint = nearest(name, taken) if taken else "It has none."
            raise InputError(f"generator {text} has no parameter {name}. {hint}")
    if inspect.isabstract(kind):
        raise InputError(f"generator {text} is not whole: it lacks {', '.join(sorted(kind.__abstractmethods__))}.")
    try:
        made = kind(**given)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"generator {text} cannot be made: {type(error).__name__}: {error}.") from error
    card: object = getattr(made, "card", None)
    if not isinstance(card, Card):
        raise InputError(f"generator {text} has no card; set card = Card(...) in its class.")
    return made


def _resolve(text: str) -> tuple[type[Generator], dict[str, Any]]:
    """The class that a text names, and the parameters behind it."""
    name, _, rest = text.partition(":")
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        return _checked(getattr(importlib.import_module(module), attribute), name), _parameters(text, name, rest)
    if (entry := _installed().get(name)) is not None:
        try:
            found = entry.load()
        except Exception as error:
            raise InputError(f"generator {name} of {entry.value} cannot be imported: {type(error).__name__}: {error}.") from error
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
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            hint = nearest(name, known())
            raise InputError(f"generator {text}: there is no generator and no module {name}. {hint}") from None
        raise InputError(f"generator {text} cannot be imported: {error}.") from error
    except Exception as error:
        raise InputError(f"generator {text} cannot be imported: {type(error).__name__}: {error}.") from error


def _file_module(path: Path, text: str) -> Any:
    if not path.is_file():
        raise InputError(f"generator {text}: {path} does not exist.")
    name = f"signbench_generator_{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path.resolve())
    if specification is None or specification.loader is None:
        raise InputError(f"generator {text}: {path} is no Python file.")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses and pickling look a class's module up by its name
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(f"generator {text} cannot be imported: {type(error).__name__}: {error}.") from error
    return module


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

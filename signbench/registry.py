"""Classes that can be requested by name: those that signbench ships, those of installed packages, and custom ones.

Each kind of thing (metric, generator, corpus) has one :class:`Registry`. A class is imported only when it is requested, and code
that is not part of signbench runs in the isolation of :mod:`signbench.foreign`.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from signbench.errors import InputError, nearest
from signbench.foreign.content import Content, content_of
from signbench.foreign.isolation import guarded, isolated

T = TypeVar("T")

_LOADED_FROM = "__signbench_loaded_from__"
_CLASS_OF_FILE = re.compile(r"(?P<file>.+\.py):(?P<kind>[^\W\d]\w*)(?::(?P<rest>.*))?")
_CLASS_OF_MODULE = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<kind>[^\W\d]\w*)(?::(?P<rest>.*))?")


class Registry(Generic[T]):
    """The classes of one kind, by name.

    Args:
        what: the kind, for messages: ``metric``.
        contract: the base class of those from other packages and of custom ones, as ``module:Class``.
        built_in: name -> ``module:Class`` of those that signbench ships. No other class can take such a name.
        group: the entry points by which other packages add classes, such as ``signbench.metrics``; None if none can be added.
        custom: whether ``package.module:Class`` and ``path/to/file.py:Class`` are names too.
        loads_models: built-in ones may load models of other packages while they are created, and are created in isolation.
        where_taken: options that are left out for classes that have no such parameter.
    """

    def __init__(
        self,
        what: str,
        contract: str,
        built_in: Mapping[str, str],
        *,
        group: str | None = None,
        custom: bool = False,
        loads_models: bool = False,
        where_taken: Collection[str] = (),
    ) -> None:
        self.what = what
        self.contract = contract
        self.built_in = dict(built_in)
        self.group = group
        self.custom = custom
        self.loads_models = loads_models
        self.where_taken = frozenset(where_taken)

    def known(self) -> list[str]:
        """All names: built-in ones in their own order, then those of installed packages in alphabetical order."""
        return [*self.built_in, *self.foreign()]

    def foreign(self) -> list[str]:
        """The names that installed packages add, in alphabetical order; a built-in name stays what it is."""
        return sorted(set(self.installed()) - set(self.built_in))

    def installed(self) -> Mapping[str, EntryPoint]:
        """The entry points of other packages, by name."""
        return {} if self.group is None else _installed(self.group)

    def is_built_in(self, text: str) -> bool:
        """Whether a name, with or without parameters, belongs to a class that signbench ships."""
        return text.partition(":")[0] in self.built_in

    def class_of(self, text: str) -> type[T]:
        """The class with the given name; parameters after it are ignored.

        Args:
            text: a known name, or if custom classes are allowed, ``package.module:Class`` or ``path/to/file.py:Class``. A module is
            also looked up in the current folder.

        Raises:
            InputError: there is none of that name (the message suggests the nearest), or it cannot be imported, or is not of this
                kind.
        """
        return self.resolve(text)[0]

    def resolve(self, text: str) -> tuple[type[T], dict[str, str]]:
        """The class with the given name, and the parameters after it: ``name:key=value,key=value``.

        Args:
            text: as for :meth:`class_of`.

        Raises:
            InputError: as :meth:`class_of`; or a part is not ``key=value``, or a key is duplicated.
        """
        name, _, rest = text.partition(":")
        if name in self.built_in:
            return _imported(self.built_in[name]), _parameters(self.what, text, name, rest)
        if (entry := self.installed().get(name)) is not None:
            found = guarded(entry.load, f"{self.what} {name} of {entry.value} cannot be imported")
            return self._checked(found, name), _parameters(self.what, text, name, rest)
        if not self.custom:
            raise InputError(f"there is no {self.what} {name}. {nearest(name, self.known())}")
        if matched := _CLASS_OF_FILE.fullmatch(text):
            module = self._module_of_file(Path(matched["file"]), text)
        elif matched := _CLASS_OF_MODULE.fullmatch(text):
            module = self._module(matched["module"], text)
        else:
            hint = nearest(name, self.known())
            raise InputError(f"there is no {self.what} {text}. {hint} A custom one: package.module:Class or file.py:Class.")
        found = self._attribute(module, matched["kind"], text)
        return self._checked(found, text), _parameters(self.what, text, matched["kind"], matched["rest"] or "")

    def create(self, text: str, **options: Any) -> T:
        """The instance for a name with its parameters.

        Args:
            text: what the user wrote, as for :meth:`resolve`.
            options: further arguments of ``__init__``, which take precedence over those in the text.

        Raises:
            InputError: it is unknown, cannot be imported or created, or takes no such parameter.
        """
        kind, given = self.resolve(text)
        if self.is_built_in(text) and not self.loads_models:
            return self._created(kind, given, options, text)
        return guarded(lambda: self._created(kind, given, options, text), f"{self.what} {text} cannot be made")

    def content(self, text: str, **options: Any) -> Content:
        """The identity of an instance by content: digests of its source files and of files in its parameters, and its parameters.

        Args:
            text: as for :meth:`create`, which must be called first.
            options: as for :meth:`create`.

        Raises:
            InputError: a file cannot be read.
        """
        kind, given = self.resolve(text)
        with isolated():  # the folder against which its relative paths and its imports are resolved
            return content_of(kind, {**given, **options})

    def _created(self, kind: type[T], given: Mapping[str, str], options: Mapping[str, Any], text: str) -> T:
        fitting = {name: value for name, value in options.items() if name not in self.where_taken or _takes(kind, name)}
        arguments = {**given, **fitting}
        for name in arguments:
            if not _takes(kind, name):
                taken = inspect.signature(kind).parameters
                hint = nearest(name, taken) if taken else "It has none."
                raise InputError(f"{self.what} {text} has no parameter {name}. {hint}")
        if inspect.isabstract(kind):
            lacking: frozenset[str] = vars(kind)["__abstractmethods__"]
            raise InputError(f"{self.what} {text} is incomplete: it lacks {', '.join(sorted(lacking))}.")
        return kind(**arguments)

    def _checked(self, found: object, text: str) -> type[T]:
        if isinstance(found, type) and issubclass(found, _imported(self.contract)):
            return found
        raise InputError(f"{self.what} {text}: {found!r} is not a subclass of {self.contract.replace(':', '.')}.")

    def _module(self, name: str, text: str) -> Any:
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.append(here)
        try:
            return guarded(lambda: importlib.import_module(name), f"{self.what} {text} cannot be imported")
        except InputError as error:
            cause = error.__cause__
            if isinstance(cause, ModuleNotFoundError) and cause.name is not None and f"{name}.".startswith(f"{cause.name}."):
                hint = nearest(name, self.known())
                raise InputError(f"{self.what} {text}: there is no {self.what} and no module {name}. {hint}") from None
            raise

    def _module_of_file(self, path: Path, text: str) -> Any:
        if not path.is_file():
            raise InputError(f"{self.what} {text}: {path} does not exist.")
        path = path.resolve()
        name = f"signbench_{self.what}_{re.sub(r'[^0-9a-zA-Z_]', '_', path.stem)}"
        if (loaded := sys.modules.get(name)) is not None and loaded.__dict__.get(_LOADED_FROM) == _version_of(path):
            return loaded
        if str(path.parent) not in sys.path:  # modules next to it can be imported, as if Python ran it
            sys.path.append(str(path.parent))
        specification = importlib.util.spec_from_file_location(name, path)
        if specification is None or specification.loader is None:
            raise InputError(f"{self.what} {text}: {path} is not a Python file.")
        module = importlib.util.module_from_spec(specification)
        sys.modules[name] = module  # dataclasses and pickling look a class's module up by its name
        loader = specification.loader
        try:
            guarded(lambda: loader.exec_module(module), f"{self.what} {text} cannot be imported")
        except BaseException:
            sys.modules.pop(name, None)
            raise
        module.__dict__[_LOADED_FROM] = _version_of(path)
        return module

    def _attribute(self, module: Any, name: str, text: str) -> object:
        if not hasattr(module, name):
            classes = [
                key for key, value in vars(module).items() if isinstance(value, type) and value.__module__ == module.__name__
            ]
            hint = nearest(name, classes) if classes else "It defines no class."
            raise InputError(f"{self.what} {text}: the module has no {name}. {hint}")
        return getattr(module, name)


def _takes(kind: type, parameter: str) -> bool:
    """Whether a class can be created with a parameter of this name."""
    taken = inspect.signature(kind).parameters
    return parameter in taken or any(each.kind is inspect.Parameter.VAR_KEYWORD for each in taken.values())


def split_name(text: str, what: str) -> tuple[str, dict[str, str]]:
    """Splits ``name:key=value,key=value``, whether there is such a name or not.

    Args:
        text: what the user wrote.
        what: the kind of thing, for messages: ``metric``.

    Raises:
        InputError: a part is not ``key=value``, or a key is duplicated.
    """
    name, _, rest = text.partition(":")
    return name, _parameters(what, text, name, rest)


def _parameters(what: str, text: str, name: str, rest: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in rest.split(",") if rest else []:
        key, equals, value = part.partition("=")
        if not equals or not key or not value:
            raise InputError(f"{what} {text}: {part!r} is not key=value; write {name}:key=value,key=value.")
        if key in given:
            raise InputError(f"{what} {text}: {key} is given twice.")
        given[key] = value
    return given


@cache
def _installed(group: str) -> Mapping[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=group)}


def _imported(path: str) -> Any:
    """The object ``module:Class``, in signbench itself."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _version_of(path: Path) -> tuple[str, int, int, int]:
    """A value that changes if a file is replaced or modified."""
    status = path.stat()
    return str(path), status.st_size, status.st_mtime_ns, status.st_ino

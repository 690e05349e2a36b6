"""The only reader of versioned documents: JSON files whose version says how to read them, or why they cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from signbench.documents import parse_json
from signbench.errors import InputError

Fields = dict[str, Any]


def newer(name: object) -> InputError:
    """The error for a file that was written by a newer signbench.

    Args:
        name: of the file.
    """
    return InputError(f"{name} was written by a newer signbench; update signbench to read it.")


@dataclass(frozen=True)
class Form:
    """One kind of document that signbench writes and reads again.

    Attributes:
        what: its name with article: ``a result``.
        version_field: the field that holds the version.
        version: the version that this signbench writes.
        again: advice for a file that cannot be used: ``submit the run again``.
        missing: advice if there is no file; None: the same as ``again``.
        older: reason and advice for older versions, after "was written by an older signbench"; None: ``again``.
        upgrades: an older version -> function from its fields to those of the next version. A version without one is refused.
    """

    what: str
    version_field: str
    version: int
    again: str
    missing: str | None = None
    older: str | None = None
    upgrades: Mapping[int, Callable[[Fields], Fields]] = field(default_factory=lambda: MappingProxyType({}))

    def read(self, path: Path) -> Fields:
        """The fields of a file, in the current version.

        Raises:
            InputError: there is no such file, it cannot be read, or see :meth:`checked`.
        """
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise InputError(f"{path} does not exist; {self.missing or self.again}.") from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}; {self.again}.") from error
        return self.parsed(content, path)

    def parsed(self, content: bytes, name: object) -> Fields:
        """The fields of a file's content.

        Args:
            content: of the file.
            name: of the file, for messages.

        Raises:
            InputError: it is not JSON, or see :meth:`checked`.
        """
        try:
            found = parse_json(content)
        except ValueError as error:
            raise self.refused(name, str(error).partition("\n")[0].rstrip(".")) from error
        return self.checked(found, name)

    def checked(self, content: object, name: object) -> Fields:
        """The fields of a document; an older version is upgraded if possible.

        Args:
            content: plain values.
            name: of the file, for messages.

        Raises:
            InputError: it is not such a document, or was written by a newer signbench, or by one that is too old.
        """
        if not isinstance(content, dict):
            raise self.refused(name, "it is not a JSON object")
        version = content.get(self.version_field)
        if not isinstance(version, int) or isinstance(version, bool):
            raise self.refused(name, f"it has no {self.version_field}")
        if version > self.version:
            raise newer(name)
        while version < self.version:
            if version not in self.upgrades:
                older = f", {self.older}" if self.older is not None else f"; {self.again}"
                raise InputError(f"{name} was written by an older signbench{older}.")
            content = self.upgrades[version](content)
            version += 1
        return {**content, self.version_field: version}

    def refused(self, name: object, why: str) -> InputError:
        """The error for a file that is not such a document, or is damaged.

        Args:
            name: of the file.
            why: the reason.
        """
        return InputError(f"{name} is not {self.what}, or is damaged: {why}; {self.again}.")

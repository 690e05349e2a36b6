"""The base of all JSON documents that signbench writes, the same in Python as on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from signbench.documents import json_bytes
from signbench.documents.versions import Fields, Form
from signbench.documents.wording import first_fault


class Document(BaseModel):
    """A document or a part of one: unknown fields are refused, values do not change, and no number is NaN or infinite.

    The text below a field is its description, also in the JSON Schema.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)

    def as_json(self) -> dict[str, Any]:
        """Plain values, as in the file; no NaN."""
        content: dict[str, Any] = self.model_dump(mode="json")
        return content

    def json_bytes(self) -> bytes:
        """The content of the file; equal documents give equal bytes."""
        return json_bytes(self.as_json())


class VersionedDocument(Document):
    """A whole document, which may come from another version of signbench.

    Attributes:
        form: its name, the field that holds its version, and the versions that can be read.
    """

    form: ClassVar[Form]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The document in a file.

        Raises:
            InputError: there is no such file, or see :meth:`from_fields`.
        """
        return cls.from_fields(cls.form.read(path), path)

    @classmethod
    def parsed(cls, content: bytes, name: object) -> Self:
        """The document in a file's content.

        Args:
            content: of the file.
            name: of the file, for messages.

        Raises:
            InputError: it is not JSON, or see :meth:`from_fields`.
        """
        return cls.from_fields(cls.form.parsed(content, name), name)

    @classmethod
    def from_fields(cls, fields: Fields, name: object) -> Self:
        """The document from plain values.

        Args:
            fields: fields of any supported version.
            name: of the file, for messages.

        Raises:
            InputError: its version is too new or too old; or a field is invalid.
        """
        try:
            return cls.model_validate(cls.form.checked(fields, name))
        except ValidationError as error:
            raise cls.form.refused(name, first_fault(error)) from error

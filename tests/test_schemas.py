"""The shipped JSON Schemas: current, complete, and with a description of every field."""

from __future__ import annotations

import json
from typing import get_args

import jsonschema
import pytest

from signbench.documents.models import VersionedDocument
from signbench.schemas import DOCUMENTS, document_class, json_schema, schema_file


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_shipped_schema_is_the_schema_of_the_code(name):
    assert json.loads(schema_file(name).read_text("utf-8")) == json_schema(name), "run: python -m signbench.schemas"
    jsonschema.Draft202012Validator.check_schema(json_schema(name))


def test_every_shipped_schema_belongs_to_a_document():
    files = sorted(path.name for path in schema_file("result").parent.glob("*.schema.json"))
    assert files == sorted(schema_file(name).name for name in DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_has_a_description_in_plain_text(name):
    schema = json_schema(name)
    for part in (schema, *schema.get("$defs", {}).values()):
        for field, content in part.get("properties", {}).items():
            described = content.get("description") or schema["$defs"][content["$ref"].rpartition("/")[2]].get("description")
            assert described, f"{part['title']}.{field} has no description"
            assert "``" not in described


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_version_that_is_read_is_the_version_that_is_written(name):
    kind = document_class(name)
    assert get_args(kind.model_fields[kind.form.version_field].annotation) == (kind.form.version,)


def subclasses(kind):
    return {kind, *(lower for child in kind.__subclasses__() for lower in subclasses(child))}


def test_every_versioned_document_of_signbench_has_a_schema():
    classes = {document_class(name) for name in DOCUMENTS}
    own = {kind for kind in subclasses(VersionedDocument) - {VersionedDocument} if kind.__module__.startswith("signbench.")}
    assert own == classes, "name each in signbench.schemas.DOCUMENTS"

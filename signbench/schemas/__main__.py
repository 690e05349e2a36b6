"""Writes the JSON Schemas into the package: ``python -m signbench.schemas``."""

from __future__ import annotations

from signbench.documents import json_bytes
from signbench.schemas import DOCUMENTS, json_schema, schema_file
from signbench.whole_files import write_atomically

if __name__ == "__main__":
    for name in DOCUMENTS:
        write_atomically(schema_file(name), json_bytes(json_schema(name)))

"""JSON Schemas of the documents that signbench writes, for programs that read them.

They are written by ``python -m signbench.schemas`` and follow from the classes: fields, types, and as descriptions the texts below
the fields.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signbench.documents.models import VersionedDocument

DOCUMENTS: Mapping[str, str] = MappingProxyType(
    {
        "result": "signbench.runs.result:Result",
        "comparison": "signbench.runs.comparison:Comparison",
        "study-result": "signbench.study.scores.result:StudyResult",
        "gate-report": "signbench.ci.gate:GateReport",
        "baseline": "signbench.ci.baselines:BaselineManifest",
        "leaderboard": "signbench.leaderboard.board:Board",
        "entry": "signbench.leaderboard.entries:EntryCard",
        "judge-evaluation": "signbench.scoring.evaluated:JudgeEvaluation",
        "generator-evaluation": "signbench.scoring.evaluated_generators:GeneratorEvaluation",
        "entry-study": "signbench.leaderboard.human:HumanScore",
    }
)
"""Name of each schema -> the class of its documents, as ``module:Class``."""


def document_class(name: str) -> type[VersionedDocument]:
    """The class of a schema's documents.

    Args:
        name: one of :data:`DOCUMENTS`.
    """
    module, _, attribute = DOCUMENTS[name].partition(":")
    found: type[VersionedDocument] = getattr(importlib.import_module(module), attribute)
    return found


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema that follows from a document's class.

    Args:
        name: one of :data:`DOCUMENTS`.
    """
    kind = document_class(name)
    schema = _plain(kind.model_json_schema(mode="serialization"))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"signbench-{name}-{kind.form.version}",
        **schema,
    }


def schema_file(name: str) -> Path:
    """The file of a schema in the package.

    Args:
        name: one of :data:`DOCUMENTS`.
    """
    return Path(__file__).with_name(f"{name}.schema.json")


def _plain(schema: Any) -> Any:
    """A schema whose descriptions are one paragraph of plain text each."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _paragraph(value) if name == "description" and isinstance(value, str) else _plain(value)
        for name, value in schema.items()
    }


def _paragraph(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split()).replace("``", "`")

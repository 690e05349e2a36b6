"""The registry of weights that signbench can use but does not ship: their sources and digests."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field

from signbench.documents import parse_yaml
from signbench.documents.models import Document
from signbench.errors import InputError, nearest

Format = Literal["state-dict", "torchscript", "safetensors", "tokenizer", "onnx"]
"""The content of a file: a pickled dictionary of tensors, a program with its tensors, only tensors, a tokenizer as JSON, or a
network for onnxruntime.
"""

_ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def is_allowed(address: str) -> bool:
    """Whether weights may be fetched from an address: over https, or from this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _ON_THIS_MACHINE)


def _is_address(text: str) -> str:
    if not is_allowed(text):
        raise ValueError(f"is {text!r}, not an https address")
    return text


def _is_file_name(text: str) -> str:
    if "/" in text or "\\" in text or text.startswith(".") or not text.isprintable():
        raise ValueError(f"is {text!r}, not a plain file name")
    return text


class Weights(Document):
    """One file of weights.

    Attributes:
        name: its name in commands and extractors.
        file: its name in the folder of weights.
        address: URL that it is fetched from.
        sha256: its registered digest, hexadecimal; None if no source states it, which makes the file ``unverified``.
        size: bytes; None if no source states it.
        licence: of the weights, as an SPDX identifier if there is one.
        what: the network, and its training data.
        used_by: the metrics, judges and generators that need it.
        format: the content of the file.
        sources: the source of each figure above.
    """

    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    file: Annotated[str, AfterValidator(_is_file_name)]
    address: Annotated[str, AfterValidator(_is_address)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    size: Annotated[int, Field(gt=0)] | None
    licence: str
    what: str
    used_by: tuple[str, ...]
    format: Format
    sources: tuple[str, ...]


@functools.cache
def registered() -> Mapping[str, Weights]:
    """All registered weights by name, in the order of the registry."""
    text = files("signbench.weights").joinpath("registry.yaml").read_text("utf-8")
    rows = [Weights.model_validate_json(json.dumps(row)) for row in parse_yaml(text, "registry.yaml")]
    return MappingProxyType({row.name: row for row in rows})


def find(name: str) -> Weights:
    """The registered weights with the given name.

    Raises:
        InputError: there are none; the message suggests the nearest names.
    """
    known = registered()
    if name not in known:
        raise InputError(f"there are no weights {name} in the registry. {nearest(name, known)}")
    return known[name]

"""The registry: which weights signbench can use without carrying them, where they come from and what they must be."""

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

Format = Literal["state-dict", "torchscript", "safetensors"]
"""What a file holds: a pickled dictionary of tensors, a program with its tensors, or tensors alone."""

_ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def is_allowed(address: str) -> bool:
    """Whether weights may come from an address: over https, or from this very machine."""
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
        name: as commands and extractors call it.
        file: its name in the folder of weights.
        address: where it is fetched from.
        sha256: what its bytes must have, hexadecimal; None where no source states it, which makes the file ``unverified``.
        size: bytes; None where no source states it.
        licence: of the weights, as an SPDX identifier where there is one.
        what: which network, and trained on what.
        used_by: the metrics that need it.
        format: what it holds.
        sources: where each figure above was read.
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
    """The registered weights of a name.

    Raises:
        InputError: there are none; the nearest names are offered.
    """
    known = registered()
    if name not in known:
        raise InputError(f"there are no weights {name} in the registry. {nearest(name, known)}")
    return known[name]

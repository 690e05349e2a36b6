"""Published checkpoints of judges, read into what a reference model is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signbench.errors import InputError, nearest

if TYPE_CHECKING:
    from torch import Tensor

JUDGES = ("corrnet", "nslt", "pose_estimator", "slt", "stgcn")
"""The judges whose published checkpoints can be read; each has ``checkpoints.py`` with ``read_official(path)``."""


@dataclass(frozen=True)
class OfficialModel:
    """The content of a published checkpoint.

    Attributes:
        config: the network's configuration, a dataclass.
        weights: float32 and int64 tensors on the CPU, with exactly the names and shapes of the network of that configuration.
        vocabularies: the lines of text files by name, such as words and glosses by index.
        decoding: how the authors decode, by name: ``beam``, ``alpha``, ``longest``.
        input: what the network reads, by name, where the checkpoint says so: ``fps``, ``layout``.
        notes: what is left open by the checkpoint, one sentence each.
    """

    config: Any
    weights: Mapping[str, Tensor]
    vocabularies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decoding: Mapping[str, float] = field(default_factory=dict)
    input: Mapping[str, str | float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def settings(self) -> dict[str, Any]:
        """The content of ``config.json``: the fields of the configuration, the decoding and the input."""
        return {**asdict(self.config), "decoding": dict(self.decoding), "input": dict(self.input)}


def read_official(judge: str, path: Path) -> OfficialModel:
    """Reads a published checkpoint; nothing in it is executed.

    Args:
        judge: the name of the judge whose network it is.
        path: the file or folder, as its authors publish it.

    Raises:
        InputError: the judge is unknown, or the files are not its published form; the message says what is wrong.
    """
    name = judge.replace("-", "_")
    if name not in JUDGES:
        raise InputError(f"there is no reader for published checkpoints of {judge}. {nearest(name, JUDGES)}")
    read: Callable[[Path], OfficialModel] = import_module(f"signbench.judges.{name}.checkpoints").read_official
    return read(path)

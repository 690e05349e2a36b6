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

    from signbench.weights.reference_models import ReferenceModel

_READER = "checkpoints"
_NOT_STATED = "not stated in the files"


@dataclass(frozen=True)
class OfficialModel:
    """The content of a published checkpoint.

    Attributes:
        config: the network's configuration, a dataclass.
        weights: float32 and int64 tensors on the CPU, with exactly the names and shapes of the network of that configuration.
        vocabularies: the lines of text files by name, such as words and glosses by index.
        settings: further fields of ``config.json``: what the judge reads and how it decodes.
        notes: what the checkpoint leaves open, one sentence each.
        obstacle: why it cannot be a judge although its network can be read; empty if it can.
    """

    config: Any
    weights: Mapping[str, Tensor]
    vocabularies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    obstacle: str = ""


def read_official(judge: str, path: Path) -> OfficialModel:
    """Reads a published checkpoint; nothing in it is executed.

    Args:
        judge: the name of the judge whose network it is.
        path: the file or folder, as its authors publish it.

    Raises:
        InputError: the judge is unknown, or the files are not its published form; the message says what is wrong.
    """
    if judge not in readable_judges():
        raise InputError(f"there is no reader for published checkpoints of {judge}. {nearest(judge, readable_judges())}")
    module = import_module(f"{__package__}.{judge.replace('-', '_')}.{_READER}")
    read: Callable[[Path], OfficialModel] = module.read_official
    return read(path)


def readable_judges() -> list[str]:
    """The judges whose published checkpoints can be read: those with a ``checkpoints.py``, which has ``read_official(path)``."""
    found = Path(__file__).parent.glob(f"*/{_READER}.py")
    return sorted(path.parent.name.replace("_", "-") for path in found)


def add_official(judge: str, path: Path, name: str) -> ReferenceModel:
    """Makes a published checkpoint a reference model in the user's folder of weights, complete or not at all.

    Args:
        judge: the name of the judge whose network it is.
        path: the file or folder, as for :func:`read_official`.
        name: the name of the model.

    Raises:
        InputError: the name is taken or not a name, the checkpoint cannot be read, or the folder cannot be written.
    """
    from signbench.training.base import vocabulary_file
    from signbench.weights.reference_models import find_model, has_model, is_name, models_folder, write_model

    if not is_name(name):
        raise InputError(f"`name={name}` is not a name of a model: use lower-case letters, digits, _, . and -.")
    if name in readable_judges():
        raise InputError(f"`name={name}` is the judge itself; choose another name, such as {name}-official.")
    if has_model(name):
        raise InputError(
            f"there is a model {name} already, {find_model(name).folder}; choose another `name`, or move that one away."
        )
    found = read_official(judge, path)
    if found.obstacle:
        raise InputError(f"{path} cannot be a judge: {found.obstacle}.")
    return write_model(
        models_folder() / name,
        {
            "kind": "judge",
            "model": judge,
            "configuration": "official",
            "summary": "; ".join((f"published weights, read from {path.name}", *found.notes)) + ".",
            "licence": _NOT_STATED,
        },
        config={**asdict(found.config), **found.settings},
        tensors=found.weights,
        files={file: vocabulary_file(lines) for file, lines in found.vocabularies.items()},
    )

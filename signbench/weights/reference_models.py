"""Reference models: folders with a trained network, what it is, and how it was made; found by name.

``card.yaml`` says what the model is, ``recipe.yaml`` how it was trained, ``config.json`` its architecture; ``model.safetensors``
holds the weights. Vocabularies and curves are further files. The card lists the digest of each file that answers depend on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from signbench import shipped
from signbench.documents import json_bytes, parse_json, read_yaml, yaml_text
from signbench.documents.models import Document
from signbench.documents.wording import first_fault
from signbench.errors import InputError, nearest
from signbench.weights.digests import remembered_sha256_of
from signbench.weights.store import weights_folder
from signbench.whole_files import write_atomically
from signbench.whole_folders import whole_folder

if TYPE_CHECKING:
    from torch import Tensor

CARD, CONFIG, WEIGHTS, RECIPE = "card.yaml", "config.json", "model.safetensors", "recipe.yaml"
"""The names of a model's files."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_MOST_BYTES = 16 * 2**30


class TrainedOn(Document):
    """The data of a training."""

    corpus: str
    """Name and version of the corpus, such as synthsign 1.1."""
    splits: tuple[str, ...]
    """The train splits."""
    dev: str | None = None
    """The split that selected the weights."""


class Training(Document):
    """How a model was trained."""

    seed: int
    """Seed of all random choices."""
    steps: int
    """Optimiser steps in all phases."""
    hours: float
    """Hours of processor time, all processes together, without the preparation of data; on a GPU, of time."""
    device: str
    """The kinds of devices, in order: cpu, cuda, or both if it was resumed on the other."""
    signbench: str
    """Version of signbench."""
    torch: str
    """Version of PyTorch."""
    selected: str | None = None
    """The metric on the dev split that selected the weights, such as wer.gloss."""
    value: float | None = None
    """Its best value."""
    begun: str | None = None
    """The model whose weights it began with, and how many tensors; absent: random weights."""


class Card(Document):
    """What a reference model is."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    """Its name in commands and tasks."""
    kind: Literal["judge", "generator", "trunk"]
    """What it serves as; other models begin with a trunk."""
    model: str
    """The judge or generator whose network it is, such as slt."""
    configuration: str
    """small, paper, or official for weights of others."""
    summary: str
    """One sentence."""
    licence: str
    """Licence of the weights."""
    citation: str | None = None
    """What to cite."""
    parameters: int
    """Number of parameters."""
    choices: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """What its source leaves open, and what was chosen; empty where nothing is open."""
    data: TrainedOn | None = None
    """The data that it was trained on; absent for weights of others."""
    training: Training | None = None
    """How it was trained; absent for weights of others."""
    files: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]
    """SHA-256 of each file that its answers depend on."""


@dataclass(frozen=True)
class ReferenceModel:
    """A model in a folder.

    Attributes:
        folder: its folder.
        card: what it is.
    """

    folder: Path
    card: Card

    @cached_property
    def digest(self) -> str:
        """12 hexadecimal digits that change with any file that the model's answers depend on.

        Raises:
            InputError: a file is missing or is not the one that the card lists.
        """
        self._verify()
        listed = "".join(f"{name} {digest}\n" for name, digest in sorted(self.card.files.items()))
        return hashlib.sha256(listed.encode()).hexdigest()[:12]

    def _verify(self) -> None:
        """Compares the files' digests with the card's."""
        for name, digest in self.card.files.items():
            path = self.path(name)
            if (found := remembered_sha256_of(path)) != digest:
                raise InputError(
                    f"{path} is not the file of the model {self.card.name}: its SHA-256 is {found}, and {CARD} says {digest}; "
                    "copy the whole folder again."
                )

    def path(self, name: str) -> Path:
        """A file of the model.

        Raises:
            InputError: it is missing.
        """
        path = self.folder / name
        if not path.is_file():
            raise InputError(f"the model {self.card.name} has no file {path}; copy the whole folder again.")
        return path

    def config(self) -> dict[str, Any]:
        """The content of ``config.json``.

        Raises:
            InputError: it is missing or not a JSON object.
        """
        path = self.path(CONFIG)
        try:
            found = parse_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read: {error}.") from error
        if not isinstance(found, dict):
            raise InputError(f"{path} is not a JSON object.")
        return found

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a text file, such as a vocabulary.

        Raises:
            InputError: it is missing or not UTF-8.
        """
        path = self.path(name)
        try:
            return tuple(path.read_text("utf-8").split("\n")[:-1])
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}.") from error

    def weights(self) -> dict[str, Tensor]:
        """The network's tensors by name, on the CPU; the files' digests are verified first.

        Raises:
            InputError: a file is missing, damaged, or not the one that the card lists.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        self._verify()
        path = self.path(WEIGHTS)
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path} has more than {_MOST_BYTES:,} bytes.")
        try:
            tensors: dict[str, Tensor] = load_file(path)
        except (SafetensorError, OSError, ValueError) as error:
            raise InputError(f"{path} is not a safetensors file: {error}.") from error
        return tensors


def read_model(folder: Path) -> ReferenceModel:
    """The model in a folder; its weights are not read yet.

    Raises:
        InputError: the folder has no valid card.
    """
    path = folder / CARD
    if not path.is_file():
        raise InputError(f"{folder} is not a model: it has no {CARD}.")
    state = path.stat()
    return ReferenceModel(folder, _card(path, (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)))


@lru_cache(maxsize=256)
def _card(path: Path, _: tuple[int, ...]) -> Card:
    """The card in a file; cached for an unchanged one, since checking a leaderboard looks models up hundreds of times.

    Args:
        path: the file.
        _: its size, times and inode.

    Raises:
        InputError: it is no valid card.
    """
    content = read_yaml(path, "a card")
    try:
        card = Card.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {first_fault(error)}.") from error
    for name in card.files:
        if "/" in name or "\\" in name or name.startswith(".") or not name.isprintable():
            raise InputError(f"{path}: {name!r} is not a plain file name.")
    return card


def read_model_of(folder: Path, kind: str) -> ReferenceModel:
    """The model in a folder, for code that runs one kind of network.

    Args:
        folder: the folder.
        kind: the judge or generator that it must be a model of.

    Raises:
        InputError: the folder has no valid card, or its model is of another kind.
    """
    model = read_model(folder)
    if model.card.model != kind:
        raise InputError(f"the model {model.card.name} is of the kind {model.card.model}, not {kind}; choose another.")
    return model


def models_folder() -> Path:
    """The user's own models: ``models/`` in the folder of weights."""
    return weights_folder() / "models"


def model_names() -> list[str]:
    """Names of all models: in ``reference_models/`` of the current folder, shipped, and in the user's folder; in order."""
    return sorted({path.parent.name for folder in _folders() for path in folder.glob(f"*/{CARD}")})


def is_name(text: str) -> bool:
    """Whether a model can have that name."""
    return _NAME.fullmatch(text) is not None


def has_model(name: str) -> bool:
    """Whether there is a model of that name."""
    return is_name(name) and any((folder / name / CARD).is_file() for folder in _folders())


def find_model(name: str | Path) -> ReferenceModel:
    """A model by name or folder.

    Args:
        name: looked up in ``reference_models/`` of the current folder, among the shipped models, then in the user's folder; or the
            path of a model's folder, which contains a ``/`` or is a :class:`Path`.

    Raises:
        InputError: there is none; the message suggests the nearest names.
    """
    if isinstance(name, Path) or "/" in name:
        return read_model(Path(name))
    if has_model(name):
        return read_model(next(folder / name for folder in _folders() if (folder / name / CARD).is_file()))
    known = model_names()
    hint = nearest(name, known) if known else "There are none yet."
    raise InputError(f"there is no model {name}, neither in reference_models/ nor in {models_folder()}. {hint}")


def find_checkpoint(name: str | Path) -> Path:
    """The path of trained weights.

    Args:
        name: the name of a model, looked up as by :func:`find_model`; or the path of a model's folder or of a published file.

    Returns:
        The folder of a model, or the path as it is.

    Raises:
        InputError: there is neither a model of that name nor such a path, and the message suggests the nearest names; or the file
            is one of a model's folder.
    """
    if not isinstance(name, Path) and has_model(name):
        return find_model(name).folder
    if (path := Path(name)).exists():
        if path.name == WEIGHTS and (path.parent / CARD).is_file():
            raise InputError(f"{path} is one file of a model; name its folder, {path.parent}.")
        return path
    if isinstance(name, Path) or "/" in name:
        raise InputError(f"{name} does not exist; name a model, its folder, or a file of weights.")
    return find_model(name).folder


def recipe_of(name: str, file: str = RECIPE) -> Path:
    """The recipe of a model, which may not be trained yet.

    Args:
        name: of the model.
        file: ``recipe.yaml``, or that of another configuration.

    Raises:
        InputError: there is none of that name; the message suggests the nearest.
    """
    folders = _folders()
    if _NAME.fullmatch(name):
        for folder in folders:
            if (path := folder / name / file).is_file():
                return path
    known = recipe_names(file)
    hint = nearest(name, known) if known else "There are none yet."
    raise InputError(f"there is no {file} of a model {name}. {hint}")


def recipe_names(file: str = RECIPE) -> list[str]:
    """Names of all models that have a recipe, trained or not, in order.

    Args:
        file: as for :func:`recipe_of`.
    """
    return sorted({path.parent.name for folder in _folders() for path in folder.glob(f"*/{file}")})


def write_model(
    folder: Path,
    card: Mapping[str, Any],
    *,
    config: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    files: Mapping[str, bytes],
    replace: bool = False,
) -> ReferenceModel:
    """Writes a model's folder, complete or not at all.

    Args:
        folder: its path; its last part is the model's name unless the card has one.
        card: fields of :class:`Card` except ``files``; without ``parameters``, all tensors count except statistics of batches.
        config: content of ``config.json``.
        tensors: the network's tensors by name; those that share memory are written once each.
        files: further files that answers depend on, such as vocabularies, by name.
        replace: rename an existing folder to ``<name>.old-N``.

    Raises:
        InputError: the folder cannot be written, or has content.
    """
    with whole_folder(folder, move_aside=replace) as part:
        write_model_files(part, {"name": folder.name, **card}, config=config, tensors=tensors, files=files)
    return read_model(folder)


def write_model_files(
    folder: Path,
    card: Mapping[str, Any],
    *,
    config: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    files: Mapping[str, bytes],
) -> None:
    """Writes a model's files into an existing folder, the card last, so that a folder with a card is complete.

    Args:
        folder: an existing folder.
        card: as for :func:`write_model`, with the name.
        config: as for :func:`write_model`.
        tensors: as for :func:`write_model`.
        files: as for :func:`write_model`.

    Raises:
        InputError: a file cannot be written.
    """
    from safetensors.torch import save

    whole = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    content = {CONFIG: json_bytes(json.loads(json.dumps(dict(config)))), WEIGHTS: save(whole), **files}
    for name, data in content.items():
        write_atomically(folder / name, data)
    filled = Card.model_validate(
        {
            "parameters": sum(tensor.numel() for name, tensor in whole.items() if name.rpartition(".")[2] not in _STATISTICS),
            **card,
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(content.items())},
        }
    )
    write_atomically(folder / CARD, yaml_text(filled.as_json()).encode())


def _folders() -> list[Path]:
    """The folders with models, in order of precedence."""
    own = Path.cwd() / "reference_models"
    return [*([own] if own.is_dir() else []), shipped.own_folder("reference_models"), models_folder()]

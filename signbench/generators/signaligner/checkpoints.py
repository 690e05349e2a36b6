"""Trained weights of SignAligner and Progressive Transformers: reference models, and published files of the latter.

Source: BenSaunders27/ProgressiveTransformersSLP, ``training.py``: ``best.ckpt`` is a dictionary whose ``model_state`` is the state
dictionary, and ``src_vocab.txt`` has one gloss a line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from signbench.errors import InputError, listing
from signbench.generators.signaligner.config import SignAlignerConfig
from signbench.generators.signaligner.model import WORDS
from signbench.judges.network_judge import configured
from signbench.networks.vocabulary import CLOSING, OPENING, PADDING, UNKNOWN, Vocabulary
from signbench.weights.digests import remembered_sha256_of
from signbench.weights.reference_models import ReferenceModel, find_checkpoint, read_model_of
from signbench.weights.state_dicts import check_weights, state_dict

if TYPE_CHECKING:
    from torch import Tensor

    from signbench.generators.signaligner.network import SignAligner

PUBLISHED = "progressive-transformers"
"""The generator of which there are published files."""

_INNER = "encoder.layers.0.feed_forward.pwff_layer.0.weight"
_LAYER = re.compile(r"(encoder|decoder)\.layers\.(\d+)\.")
_OWN_NAMES = (("src_embed.", "texts.0.src_embed."), ("encoder.", "texts.0.encoder."))
_NUMBERS = 150
"""Of a frame: 50 points in 3D."""


@dataclass(frozen=True)
class Checkpoint:
    """Trained weights that were found, and not yet loaded.

    Attributes:
        path: the folder of a reference model, or a published file.
        model: the reference model; None for a published file.
        vocabulary: the published vocabulary's file; None for a reference model.
    """

    path: Path
    model: ReferenceModel | None
    vocabulary: Path | None

    @classmethod
    def found(cls, checkpoint: str | Path, kind: str, vocabulary: str | Path | None = None) -> Checkpoint:
        """Finds weights.

        Args:
            checkpoint: the name of a reference model, its folder, or a published file.
            kind: the generator that they must be for.
            vocabulary: the published file's vocabulary.

        Raises:
            InputError: there are none, or they are another network's.
        """
        path = find_checkpoint(checkpoint)
        if path.is_file():
            if kind != PUBLISHED:
                raise InputError(f"{path} is a file; {kind} has no published ones. Name a model or its folder.")
            if vocabulary is None:
                raise InputError(f"{path} has no vocabulary; name its src_vocab.txt: vocabulary=FILE.")
            return cls(path, None, Path(vocabulary))
        if vocabulary is not None:
            raise InputError(f"the model in {path} has its own vocabulary; leave out vocabulary=.")
        return cls(path, read_model_of(path, kind), None)

    @property
    def name(self) -> str:
        """The model's name, or that of the file."""
        return self.path.name if self.model is None else self.model.card.name

    @property
    def licence(self) -> str:
        """The licence of the weights."""
        return "not stated in the files" if self.model is None else self.model.card.licence

    @property
    def choices(self) -> Mapping[str, str | int | float | bool]:
        """What the paper leaves open, and what was chosen; nothing for a published file, which does not say."""
        return {} if self.model is None else self.model.card.choices

    @property
    def sha256(self) -> str:
        """SHA-256 of the published file with its vocabulary; of a model, over the names and digests of its files."""
        if self.model is None:
            files = {"checkpoint": remembered_sha256_of(self.path), "vocabulary": remembered_sha256_of(_existing(self.vocabulary))}
        else:
            files = dict(self.model.card.files)
        listed = "".join(f"{name} {digest}\n" for name, digest in sorted(files.items()))
        return hashlib.sha256(listed.encode()).hexdigest()

    @cached_property
    def config(self) -> SignAlignerConfig:
        """The network's configuration.

        Raises:
            InputError: it is missing, or the published file is not one of Progressive Transformers.
        """
        if self.model is None:
            return self._published[0]
        found: SignAlignerConfig = configured(SignAlignerConfig, self.model.config(), self.model)
        return found

    @cached_property
    def words(self) -> Vocabulary:
        """The vocabulary of the source.

        Raises:
            InputError: its file is missing or not text.
        """
        if self.model is not None:
            return Vocabulary(self.model.lines(WORDS))
        path = _existing(self.vocabulary)
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}.") from error
        # the special words come first, and a word that occurs twice has its first index
        return Vocabulary(tuple(dict.fromkeys((UNKNOWN, PADDING, OPENING, CLOSING, *lines))))

    @cached_property
    def _published(self) -> tuple[SignAlignerConfig, dict[str, Tensor]]:
        return read_official(self.path)

    def loaded(self, device: str) -> SignAligner:
        """The network in evaluation mode.

        Args:
            device: such as ``cpu``.

        Raises:
            InputError: a file is missing, damaged, or does not fit the network.
        """
        from signbench.extractors.network_loading import device_of, give_weights
        from signbench.generators.signaligner.network import SignAligner
        from signbench.networks.transformer import POSITIONS

        network = SignAligner(self.config)
        if len(self.words) != self.config.words:
            raise InputError(
                f"the vocabulary of {self.path} has {len(self.words)} words, and its network {self.config.words}; name the file "
                "that belongs to it."
            )
        weights = self._published[1] if self.model is None else self.model.weights()
        own = {name: tensor for name, tensor in network.state_dict().items() if name.endswith(POSITIONS) or self.model is None}
        give_weights(network, {**own, **weights}, f"the checkpoint {self.path}")
        return network.eval().requires_grad_(False).to(device_of(device))


def read_official(path: Path) -> tuple[SignAlignerConfig, dict[str, Tensor]]:
    """Reads a published checkpoint of Progressive Transformers; nothing in it is executed.

    Args:
        path: the file.

    Returns:
        The network's configuration, and its weights under this package's names.

    Raises:
        InputError: it cannot be read, or names or shapes differ from the network's.
    """
    import torch

    from signbench.generators.signaligner.network import SignAligner
    from signbench.networks.transformer import POSITIONS

    given = {name: value for name, value in state_dict(path, ("model_state",)).items() if not f".{name}".endswith(POSITIONS)}
    config = _config(given, path)
    weights = {_own_name(name): value for name, value in given.items()}
    with torch.device("meta"):
        wanted = SignAligner(config).state_dict()
    trained = {name: value for name, value in wanted.items() if not _is_own(name, POSITIONS)}
    return config, check_weights(trained, weights, path, "Progressive Transformers")


def _own_name(name: str) -> str:
    for theirs, own in _OWN_NAMES:
        if name.startswith(theirs):
            return own + name.removeprefix(theirs)
    return f"decoders.pose.{name}"


def _is_own(name: str, positions: str) -> bool:
    """Whether a tensor is not among the published ones: positions, z-scores and the camera."""
    return name.endswith(positions) or not name.startswith(("texts.", "decoders."))


def _config(weights: Mapping[str, Tensor], path: Path) -> SignAlignerConfig:
    """The configuration whose sizes the weights have."""
    needed = ("src_embed.lut.weight", "trg_embed.weight", "decoder.output_layer.weight", _INNER)
    if lacking := [name for name in needed if name not in weights]:
        raise InputError(f"{path} is not a checkpoint of Progressive Transformers: it has no {listing(lacking)}.")
    words, width = weights["src_embed.lut.weight"].shape
    inputs, outputs = weights["trg_embed.weight"].shape[1] - 1, weights["decoder.output_layer.weight"].shape[0] - 1
    if inputs != _NUMBERS or outputs % inputs:
        raise InputError(
            f"{path} reads {inputs} numbers of a frame and predicts {outputs}; {_NUMBERS} and a multiple are expected."
        )
    layers = {"encoder": 0, "decoder": 0}
    for name in weights:
        if found := _LAYER.match(name):
            layers[found[1]] = max(layers[found[1]], int(found[2]) + 1)
    return replace(
        SignAlignerConfig.paper(words),
        width=width,
        feed_forward=weights[_INNER].shape[0],
        encoder_layers=layers["encoder"],
        decoder_layers=layers["decoder"],
        streams=("pose",),
        correction_layers=0,
        points="pt-50",
        future=outputs // inputs,
    )


def _existing(path: Path | None) -> Path:
    if path is None or not path.is_file():
        raise InputError(f"{path} does not exist; name a file of glosses, one a line: vocabulary=FILE.")
    return path

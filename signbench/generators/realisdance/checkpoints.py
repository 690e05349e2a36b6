"""Trained weights of RealisDance: reference models, and published files.

Sources: damo-cv/RealisDance, branch RealisDance-SD, ``inference.py``: a dictionary whose ``state_dict`` has ``unet_ref.*``,
``unet_main.*``, ``pose_guider.*`` and ``clip_projector.*``, with AnimateDiff's names for motion modules. The autoencoder is
stabilityai/sd-vae-ft-mse, the picture encoder facebook/dinov2-large.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, listing, nearest
from signbench.generators.realisdance.config import RealisDanceConfig
from signbench.judges.network_judge import configured
from signbench.weights.digests import remembered_sha256_of
from signbench.weights.reference_models import ReferenceModel, find_checkpoint, read_model_of
from signbench.weights.state_dicts import check_weights, safetensors_of, state_dict
from signbench.weights.store import path_of, signed_digest

if TYPE_CHECKING:
    from torch import Tensor

    from signbench.generators.realisdance.network import RealisDance

MODEL = "realisdance"
"""The name of the reference model."""

VAE, ENCODER = "sd-vae-ft-mse", "dinov2-large"
"""The names of the autoencoder and the picture encoder in the registry of weights."""

POSITIONS = ".pe"
"""The end of the names of positions, which the network computes."""

_PERSON = re.compile(r"person-(.+)\.png")
_PREFIXES = ("unet_ref.", "unet_main.", "pose_guider.", "clip_projector.")
_OWN_NAMES = (
    (".temporal_transformer.", "."),
    (".attention_blocks.0.", ".attn1."),
    (".attention_blocks.1.", ".attn2."),
    (".norms.0.", ".norm1."),
    (".norms.1.", ".norm2."),
    (".ff_norm.", ".norm3."),
)
_OF_AUTOENCODER = ((".query.", ".to_q."), (".key.", ".to_k."), (".value.", ".to_v."), (".proj_attn.", ".to_out.0."))
_POSITION_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Checkpoint:
    """Trained weights that were found, and not yet loaded.

    Attributes:
        path: the folder of a reference model, or a published file.
        model: the reference model; None for a published file.
    """

    path: Path
    model: ReferenceModel | None

    @classmethod
    def found(cls, checkpoint: str | Path) -> Checkpoint:
        """Finds weights.

        Args:
            checkpoint: the name of a reference model, its folder, or a published file.

        Raises:
            InputError: there are none, or they are another network's.
        """
        path = find_checkpoint(checkpoint)
        return cls(path, None if path.is_file() else read_model_of(path, MODEL))

    @property
    def name(self) -> str:
        """The model's name, or that of the file."""
        return self.path.name if self.model is None else self.model.card.name

    @property
    def licence(self) -> str:
        """The licence of the weights."""
        return "CreativeML Open RAIL-M (Stable Diffusion 1.5)" if self.model is None else self.model.card.licence

    @property
    def sha256(self) -> str:
        """SHA-256 over the names and digests of all files."""
        if self.model is None:
            files = {path.name: remembered_sha256_of(path) for path in files_of(self.path)}
        else:
            files = dict(self.model.card.files)
        listed = "".join(f"{name} {digest}\n" for name, digest in sorted(files.items()))
        return hashlib.sha256(listed.encode()).hexdigest()

    @cached_property
    def config(self) -> RealisDanceConfig:
        """The networks' configuration.

        Raises:
            InputError: it is missing, or the file is not one of RealisDance.
        """
        if self.model is None:
            return self._published[0]
        found: RealisDanceConfig = configured(RealisDanceConfig, self.model.config(), self.model)
        return found

    @cached_property
    def _published(self) -> tuple[RealisDanceConfig, dict[str, Tensor]]:
        return read_official(self.path)

    @property
    def persons(self) -> tuple[str, ...]:
        """The signers whose pictures the model has, in alphabetical order; none for a published file."""
        names = () if self.model is None else self.model.card.files
        return tuple(sorted(found[1] for name in names if (found := _PERSON.fullmatch(name))))

    def person(self, name: str) -> NDArray[np.uint8]:
        """The picture of a signer, uint8 ``(H, W, 3)``.

        Raises:
            InputError: the model has none of that name.
        """
        from signbench.media.pictures import read_picture

        if self.model is None or name not in self.persons:
            hint = nearest(name, self.persons) if self.persons else "Name a picture of a person."
            raise InputError(f"the model {self.name} has no picture of {name}. {hint}")
        return read_picture(self.model.path(f"person-{name}.png"))

    def loaded(self, device: str, **changed: Any) -> RealisDance:
        """The networks in evaluation mode.

        Args:
            device: such as ``cpu``.
            changed: fields of the configuration that concern generation, with other values.

        Raises:
            InputError: a file is missing, damaged, or does not fit the networks.
        """
        from signbench.extractors.network_loading import device_of, give_weights
        from signbench.generators.realisdance.network import RealisDance

        network = RealisDance(replace(self.config, **changed))
        weights = self._published[1] if self.model is None else self.model.weights()
        own = {name: tensor for name, tensor in network.state_dict().items() if name.endswith(POSITIONS)}
        given = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}
        give_weights(network, {**own, **given}, f"the checkpoint {self.path}")
        made: RealisDance = network.eval().requires_grad_(False).to(device_of(device))
        return made


def files_of(path: Path) -> tuple[Path, ...]:
    """The files that a published model needs, all of them present.

    Raises:
        InputError: the autoencoder's or the picture encoder's is missing, or is not the registered one.
    """
    for name in (VAE, ENCODER):
        signed_digest(name)
    return (path, path_of(VAE), path_of(ENCODER))


def read_official(path: Path) -> tuple[RealisDanceConfig, dict[str, Tensor]]:
    """Reads a published checkpoint of the second stage; nothing in it is executed.

    Args:
        path: the file.

    Returns:
        The networks' configuration, and float32 weights under this package's names, without positions.

    Raises:
        InputError: a file is missing or cannot be read, or names or shapes differ from the networks'.
    """
    import torch

    from signbench.generators.realisdance.network import RealisDance

    _, vae, encoder = files_of(path)
    tensors = state_dict(path, ("state_dict",))
    if unknown := [name for name in tensors if not name.startswith(_PREFIXES)]:
        raise InputError(f"{path} is not a checkpoint of RealisDance: it has {listing(sorted(unknown))}.")
    _check_positions(tensors, path)
    moving = {own_name(name): tensor for name, tensor in tensors.items() if not name.endswith(POSITIONS)}
    frozen = {f"vae.{_replaced(name, _OF_AUTOENCODER)}": tensor for name, tensor in safetensors_of(vae).items()}
    frozen.update({f"image_encoder.{name}": tensor for name, tensor in safetensors_of(encoder).items()})
    config = _config({**tensors, **moving, **frozen}, path)
    with torch.device("meta"):
        wanted = {name: tensor for name, tensor in RealisDance(config).state_dict().items() if not name.endswith(POSITIONS)}
    for prefixes, given, origin in ((_PREFIXES, moving, path), (("vae.",), frozen, vae), (("image_encoder.",), frozen, encoder)):
        part = {name: tensor for name, tensor in wanted.items() if name.startswith(prefixes)}
        own = {name: tensor for name, tensor in given.items() if name.startswith(prefixes)}
        moving.update(check_weights(part, own, origin, "RealisDance"))
    return config, {name: moving[name] for name in wanted}


def own_name(name: str) -> str:
    """The name of a published tensor in this package's networks."""
    return _replaced(name, _OWN_NAMES)


def _replaced(name: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for theirs, own in pairs:
        name = name.replace(theirs, own)
    return name


def _check_positions(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Published positions are constants; others would be lost without a word."""
    from diffusers.models.embeddings import SinusoidalPositionalEmbedding

    for name, tensor in tensors.items():
        if not name.endswith(POSITIONS):
            continue
        made: Tensor = SinusoidalPositionalEmbedding(tensor.shape[2], tensor.shape[1]).get_buffer("pe")
        if tensor.shape != made.shape or float((tensor - made).abs().max()) > _POSITION_TOLERANCE:
            raise InputError(f"{path} is not a checkpoint of RealisDance: {name} does not hold the positions' sines and cosines.")


def _config(weights: Mapping[str, Tensor], path: Path) -> RealisDanceConfig:
    """The configuration whose sizes the weights have; heads and groups are those of all published files."""

    def shape(name: str) -> tuple[int, ...]:
        if name not in weights:
            raise InputError(f"{path} is not a checkpoint of RealisDance's second stage: {name} is missing.")
        return tuple(weights[name].shape)

    def count(pattern: str) -> int:
        number = 0
        while pattern.format(number) in weights:
            number += 1
        return number

    stages = range(4)
    patches = shape("image_encoder.embeddings.patch_embeddings.projection.weight")
    cells = shape("image_encoder.embeddings.position_embeddings")[1] - 1
    motion = "unet_main.down_blocks.0.motion_modules.0.temporal_transformer.transformer_blocks.0."
    longest = shape(f"{motion}attention_blocks.0.pos_encoder.pe")
    backbone = [f"pose_guider.backbone.{name}.weight" for name in ("conv_in", "blocks.1", "blocks.3", "blocks.5")]
    found: dict[str, Any] = {
        "widths": tuple(shape(f"unet_main.down_blocks.{stage}.resnets.0.conv1.weight")[0] for stage in stages),
        "blocks": count("unet_main.down_blocks.0.resnets.{}.conv1.weight"),
        "longest": longest[1],
        "guider_widths": tuple(shape(name)[0] // 3 for name in backbone),
        "text_width": shape("clip_projector.post_proj.weight")[0],
        "latent_channels": shape("unet_main.conv_in.weight")[1],
        "latent_widths": tuple(shape(f"vae.encoder.down_blocks.{stage}.resnets.0.conv1.weight")[0] for stage in stages),
        "latent_blocks": count("vae.encoder.down_blocks.0.resnets.{}.conv1.weight"),
        "encoder_size": round(cells**0.5) * patches[2],
        "encoder_patch": patches[2],
        "encoder_width": patches[0],
        "encoder_layers": count("image_encoder.encoder.layer.{}.norm1.weight"),
        # DINOv2's heads have 64 numbers
        "encoder_heads": max(1, patches[0] // 64),
    }
    return replace(RealisDanceConfig.paper(), **found)

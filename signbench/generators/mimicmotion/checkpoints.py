"""Published weights of MimicMotion, as its authors' file and as the merged file that others made of it, on Stable Video Diffusion.

Sources: Tencent/MimicMotion, ``mimicmotion/utils/loader.py``: one file with ``unet.*`` and ``pose_net.*``;
kijai/ComfyUI-MimicMotionWrapper, ``nodes.py``: a safetensors file of the U-Net without a prefix, and one of PoseNet. Autoencoder
and picture encoder are those of Stable Video Diffusion XT 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signbench.errors import InputError, listing
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.weights.state_dicts import check_weights, safetensors_of, state_dict
from signbench.weights.store import path_of, signed_digest

if TYPE_CHECKING:
    from torch import Tensor

VAE, ENCODER = "svd-xt-1-1-vae", "svd-xt-1-1-image-encoder"
"""The names of Stable Video Diffusion's parts in the registry of weights."""

_UNET, _POSE_NET = "unet.", "pose_net."
_HEAD = 64
_PICKLED = (".pth", ".pt", ".bin", ".ckpt", ".tar")
_COMPUTED = "position_ids"


@dataclass(frozen=True, eq=False)
class PublishedModel:
    """The content of published files.

    Attributes:
        config: the configuration that the weights have.
        weights: float32 tensors on the CPU, with exactly the names and shapes of the networks of that configuration.
        files: the files that they were read from.
    """

    config: MimicMotionConfig
    weights: Mapping[str, Tensor]
    files: tuple[Path, ...]


def files_of(path: Path, pose_net: Path | None = None) -> tuple[Path, ...]:
    """The files that a published model needs, all of them present.

    Args:
        path: the authors' file, or the merged one of the U-Net.
        pose_net: the file of PoseNet, which only a merged file needs.

    Raises:
        InputError: one of Stable Video Diffusion's files is missing, or is not the registered one.
    """
    for name in (VAE, ENCODER):
        signed_digest(name)
    return (path, *(() if pose_net is None else (pose_net,)), path_of(VAE), path_of(ENCODER))


def read_official(path: Path, pose_net: Path | None = None) -> PublishedModel:
    """Reads published files; nothing in them is executed.

    Args:
        path: the authors' file, ``MimicMotion_1.pth`` or ``MimicMotion_1-1.pth``, or the merged file of the U-Net.
        pose_net: the file of PoseNet, which only a merged file needs.

    Raises:
        InputError: a file is missing or cannot be read, or names or shapes differ from the networks'; the message names what is
            missing and what is surplus.
    """
    import torch

    from signbench.generators.mimicmotion.network import MimicMotion

    files = files_of(path, pose_net)
    tensors = _tensors(path)
    if any(name.startswith(_UNET) for name in tensors):
        if pose_net is not None:
            raise InputError(f"{path} has a PoseNet itself; leave out pose_net={pose_net}.")
        unknown = [name for name in tensors if not name.startswith((_UNET, _POSE_NET))]
        if unknown:
            raise InputError(f"{path} is not a checkpoint of MimicMotion: it has {listing(sorted(unknown))}.")
        moving = dict(tensors)
    else:
        if pose_net is None:
            raise InputError(f"{path} has only the U-Net; name the file of PoseNet, too: mimicmotion:pose_net=FILE.")
        parts = ((_UNET, tensors), (_POSE_NET, _tensors(pose_net)))
        moving = {prefix + name: tensor for prefix, part in parts for name, tensor in part.items()}
    frozen = {
        f"{prefix}.{name}": tensor
        for prefix, registered in (("vae", VAE), ("image_encoder", ENCODER))
        for name, tensor in _tensors(path_of(registered)).items()
        if not name.endswith(_COMPUTED)
    }
    config = _config({**moving, **frozen}, path)
    with torch.device("meta"):
        wanted = MimicMotion(config).state_dict()
    of_path = {name: tensor for name, tensor in wanted.items() if name.startswith((_UNET, _POSE_NET))}
    others = {name: tensor for name, tensor in wanted.items() if name not in of_path}
    weights = check_weights(of_path, moving, path, "MimicMotion")
    weights.update(check_weights(others, frozen, path_of(VAE).parent, "Stable Video Diffusion"))
    return PublishedModel(config, weights, files)


def _tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, whichever of the two forms it has, as float32."""
    if path.suffix in _PICKLED:
        return state_dict(path, ("state_dict",))
    return safetensors_of(path)


def _config(weights: Mapping[str, Tensor], path: Path) -> MimicMotionConfig:
    """The configuration whose sizes the weights have; attention heads have 64 numbers each, in all published files."""

    def shape(name: str) -> tuple[int, ...]:
        if name not in weights:
            raise InputError(f"{path} is not a checkpoint of MimicMotion: {name} is missing.")
        return tuple(weights[name].shape)

    def count(pattern: str) -> int:
        number = 0
        while pattern.format(number) in weights:
            number += 1
        return number

    stages = range(4)
    widths = tuple(shape(f"unet.down_blocks.{stage}.resnets.0.spatial_res_block.conv1.weight")[0] for stage in stages)
    latents = tuple(shape(f"vae.encoder.down_blocks.{stage}.resnets.0.conv1.weight")[0] for stage in stages)
    patches = shape("image_encoder.vision_model.embeddings.patch_embedding.weight")
    cells = shape("image_encoder.vision_model.embeddings.position_embedding.weight")[0] - 1
    found: dict[str, Any] = {
        "widths": widths,
        "heads": tuple(max(1, width // _HEAD) for width in widths),
        "blocks": count("unet.down_blocks.0.resnets.{}.spatial_res_block.conv1.weight"),
        "time_width": shape("unet.add_embedding.linear_1.weight")[1] // 3,
        "embedding": shape("image_encoder.visual_projection.weight")[0],
        "latent_widths": latents,
        "latent_blocks": count("vae.encoder.down_blocks.0.resnets.{}.conv1.weight"),
        "encoder_size": round(cells**0.5) * patches[2],
        "encoder_patch": patches[2],
        "encoder_width": patches[0],
        "encoder_inner": shape("image_encoder.vision_model.encoder.layers.0.mlp.fc1.weight")[0],
        "encoder_layers": count("image_encoder.vision_model.encoder.layers.{}.mlp.fc1.weight"),
        # ViT-H/14 has heads of 80
        "encoder_heads": max(1, patches[0] // 80),
    }
    return replace(MimicMotionConfig.paper(), **found)

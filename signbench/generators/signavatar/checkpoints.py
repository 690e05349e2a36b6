"""Published weights of SignAvatar: a state dictionary with ACTOR's names, which may hold SMPL's and CLIP's tensors as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from signbench.errors import InputError, listing
from signbench.generators.signavatar.config import SignAvatarConfig
from signbench.judges.official import OfficialModel
from signbench.weights.state_dicts import check_weights, state_dict

if TYPE_CHECKING:
    from torch import Tensor

_OTHERS = ("rotation2xyz.", "clip_model.", "smpl_model.")
"""Beginnings of the names of tensors of other networks, which ACTOR's code and its successors save, too."""

_NEEDED = ("encoder.skelEmbedding.weight", "encoder.muQuery.0.weight", "encoder.seqTransEncoder.layers.0.linear1.weight")
_ENCODER = re.compile(r"encoder\.seqTransEncoder\.layers\.(\d+)\.")
_DECODER = re.compile(r"decoder\.seqTransDecoder\.layers\.(\d+)\.")


def read_official(path: Path) -> OfficialModel:
    """Reads a file such as ``checkpoint_5000.pth.tar``; nothing in it is executed.

    Args:
        path: the file, as ``torch.save`` wrote it.

    Raises:
        InputError: it cannot be read, or names or shapes differ from the network's.
    """
    import torch

    weights = {name: value for name, value in state_dict(path, ("state_dict", "model")).items() if not name.startswith(_OTHERS)}
    if lacking := [name for name in _NEEDED if name not in weights]:
        raise InputError(f"{path} is not a checkpoint of SignAvatar: it has no {listing(lacking)}.")
    config = _config(weights)
    with torch.device("meta"):
        wanted = config.build().state_dict()
    heads = (
        f"its {config.heads} attention heads and its frame rate, {config.rate:g}, are not in the file; they are ACTOR's and WLASL's"
    )
    return OfficialModel(config, check_weights(wanted, weights, path, "SignAvatar"), notes=(heads,))


def _config(weights: Mapping[str, Tensor]) -> SignAvatarConfig:
    width = weights["encoder.skelEmbedding.weight"].shape[0]
    hidden, embedding = weights["encoder.muQuery.0.weight"].shape
    return replace(
        SignAvatarConfig.paper(),
        width=width,
        latent=width,
        feed_forward=weights["encoder.seqTransEncoder.layers.0.linear1.weight"].shape[0],
        encoder_layers=_layers(weights, _ENCODER),
        decoder_layers=_layers(weights, _DECODER),
        embedding=embedding,
        hidden=hidden,
    )


def _layers(names: Iterable[str], layer: re.Pattern[str]) -> int:
    return 1 + max((int(found[1]) for name in names if (found := layer.match(name))), default=-1)

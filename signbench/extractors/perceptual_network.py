"""The trunks of LPIPS with its linear layers, arranged so that LPIPS is the squared Euclidean distance of two rows."""

from __future__ import annotations

import hashlib
import importlib.util
import math
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn

from signbench.errors import InputError, listing

_ENDS = {"alex": (2, 5, 8, 10, 12), "vgg": (4, 9, 16, 23, 30), "squeeze": (2, 5, 8, 10, 11, 12, 13)}
"""The layers of torchvision's ``features`` after which LPIPS takes activations, as in ``lpips/pretrained_networks.py``."""
_MAKERS = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16, "squeeze": torchvision.models.squeezenet1_1}
_LINEAR_LAYERS = {
    "alex": "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    "vgg": "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
    "squeeze": "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
}
"""SHA-256 of the linear layers of version 0.1 in lpips 0.1.4, which are those in the repository richzhang/PerceptualSimilarity."""
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_EPSILON = 1e-10
_MANY = 0.75
"""Channels without a weight are only left out if at most this share of a layer's channels has one."""


def trunk(net: str) -> nn.Module:
    """The layers of a classifier that LPIPS uses, under their names in torchvision's files.

    Args:
        net: ``alex``, ``vgg`` or ``squeeze``.
    """
    return nn.ModuleDict({"features": _MAKERS[net](weights=None).features[: _ENDS[net][-1]]})


def linear_layers(net: str) -> list[Tensor]:
    """The weight of each channel of each layer that LPIPS uses, float32 ``(C,)``, from the ``lpips`` package.

    Raises:
        InputError: the package does not have the files of version 0.1, or a weight is negative.
    """
    found = importlib.util.find_spec("lpips")
    if found is None or found.origin is None:
        raise InputError("the package lpips, which has the linear layers of LPIPS, is not installed; install lpips 0.1.4.")
    path = Path(found.origin).parent / "weights" / "v0.1" / f"{net}.pth"
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != _LINEAR_LAYERS[net]:
        raise InputError(f"{path} does not hold the published linear layers of LPIPS 0.1; reinstall lpips 0.1.4.")
    layers = torch.load(path, map_location="cpu", weights_only=True)
    weights = [layers[f"lin{index}.model.1.weight"].flatten() for index in range(len(_ENDS[net]))]
    # A negative weight has no square root, and LPIPS would not be a distance.
    if negative := [str(index) for index, weight in enumerate(weights) if (weight < 0).any()]:
        raise InputError(f"{path} has negative weights in layer {listing(negative)}; reinstall lpips 0.1.4.")
    return weights


class PerceptualNetwork(nn.Module):
    """Frames to rows whose squared Euclidean distance is LPIPS.

    LPIPS is the sum over layers of ``mean over pixels of sum over channels of w (p - r)²``, where p and r are the activations,
    divided by their norm over the channels. So the row is all ``sqrt(w / pixels) p``.

    In layers with many channels of weight 0, those are left out: with AlexNet that makes rows a third shorter. Elsewhere gathering
    channels would cost more than it saves.

    Args:
        trunk: from :func:`trunk`, with weights.
        weights: of the channels, layer by layer.
    """

    def __init__(self, trunk: nn.Module, weights: list[Tensor]) -> None:
        super().__init__()
        features = trunk.get_submodule("features")
        if not isinstance(features, nn.Sequential):
            raise TypeError("the trunk's features are not layers in a row")
        ends = next(ends for ends in _ENDS.values() if ends[-1] == len(features))
        self.stages = nn.ModuleList(features[start:end] for start, end in zip((0, *ends), ends, strict=False))
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1))
        for index, weight in enumerate(weights):
            kept = weight.nonzero().flatten()
            if len(kept) > _MANY * len(weight):
                kept = torch.arange(len(weight))
            self.register_buffer(f"kept{index}", kept)
            self.register_buffer(f"factor{index}", weight[kept].double().sqrt().float().view(1, -1, 1, 1))

    def forward(self, frames: Tensor) -> Tensor:
        """Rows of frames.

        Args:
            frames: uint8 ``(N, H, W, 3)``.

        Returns:
            float32 ``(N, D)``; D depends on H and W.
        """
        x = (frames.permute(0, 3, 1, 2) / 127.5 - 1 - self.get_buffer("shift")) / self.get_buffer("scale")
        rows = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            activation = x.float()
            # In the same order as lpips, because rounding dominates LPIPS if frames hardly differ.
            length = activation.square().sum(dim=1, keepdim=True).sqrt() + _EPSILON
            kept = self.get_buffer(f"kept{index}")
            unit = (activation if len(kept) == activation.shape[1] else activation[:, kept]) / length
            unit *= self.get_buffer(f"factor{index}") / math.sqrt(x.shape[2] * x.shape[3])
            # Pixels before channels, as in memory.
            rows.append(unit.permute(0, 2, 3, 1).flatten(1))
        return torch.cat(rows, dim=1)

"""Heat maps of a frozen pose estimator, which gradients pass through to the pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from signbench.errors import InputError, listing
from signbench.extractors.network_loading import give_weights, without_weights
from signbench.judges.network_judge import configured
from signbench.judges.pose_estimator.config import PoseEstimatorConfig
from signbench.weights.reference_models import find_model

if TYPE_CHECKING:
    from pathlib import Path


class PoseMaps(nn.Module):
    """Heat maps of some key points, from a reference model of the kind ``pose-estimator``.

    Maps are Gaussians whose peak is about 1 where a point is surely seen, as HRNet's. A network that returns logits and confidences
    gives softmax(logits) 2 pi, the peak of a Gaussian of one cell, times the confidence. The network stays in evaluation mode, so
    that neither its weights nor its statistics change.
    """

    mean: Tensor
    deviation: Tensor
    chosen: Tensor

    def __init__(self, model: str | Path, points: Sequence[int], size: int) -> None:
        """Loads the estimator.

        Args:
            model: name or folder of the reference model.
            points: indices of its heat maps.
            size: height and width that pictures are resized to for it.

        Raises:
            InputError: there is no such model, it is of another kind, it lacks a point, or its pictures cannot have that size.
        """
        super().__init__()
        found = find_model(model)
        if found.card.model != "pose-estimator":
            raise InputError(f"the model {found.card.name} is of the kind {found.card.model}, not pose-estimator; choose another.")
        config: PoseEstimatorConfig = configured(PoseEstimatorConfig, found.config(), found)
        if missing := [point for point in points if not 0 <= point < config.joints]:
            raise InputError(
                f"the model {found.card.name} has {config.joints} heat maps, without {listing([str(point) for point in missing])}."
            )
        if config.network == "unet" and (size, size) != config.size:
            raise InputError(f"the model {found.card.name} is for pictures of {config.size[1]} x {config.size[0]}, not of {size}.")
        network: nn.Module = without_weights(config.build)
        give_weights(network, found.weights(), f"the model {found.card.name}")
        self.network = network.eval().requires_grad_(False)
        self.size = size
        self.digest = found.digest
        """12 digits that identify the estimator's files."""
        self.register_buffer("chosen", torch.tensor(list(points)))
        self.register_buffer("mean", torch.tensor(config.mean)[:, None, None])
        self.register_buffer("deviation", torch.tensor(config.deviation)[:, None, None])

    def train(self, mode: bool = True) -> PoseMaps:
        """Does nothing: the estimator is frozen."""
        return self

    def forward(self, pictures: Tensor) -> Tensor:
        """Heat maps ``(N, P, h, w)`` of pictures ``(N, 3, H, W)`` on [0, 1]; h and w are a quarter of the estimator's size."""
        shown = pictures
        if tuple(pictures.shape[2:]) != (self.size, self.size):
            shown = functional.interpolate(pictures, size=(self.size, self.size), mode="bilinear", antialias=True)
        shown = ((shown - self.mean) / self.deviation).contiguous(memory_format=torch.channels_last)
        output = self.network(shown)
        if not isinstance(output, tuple):
            maps: Tensor = output.index_select(1, self.chosen)
            return maps.contiguous()
        logits, seen = (part.index_select(1, self.chosen).float() for part in output)
        shares = torch.softmax(logits.flatten(2), dim=2).view(logits.shape)
        found: Tensor = shares * (2 * math.pi) * seen.sigmoid()[..., None, None]
        return found

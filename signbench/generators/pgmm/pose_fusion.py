"""Pose features, and how they join a picture's features: PGMM's PoseNet and Pose Fusion Module (sections 3.1 and 3.2)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

from signbench.generators.pgmm.layers import TransposedUnit, Unit

if TYPE_CHECKING:
    from signbench.generators.pgmm.config import PGMMConfig


class PoseNet(nn.Module):
    """Heat maps to features for three sets of the decoder."""

    def __init__(self, config: PGMMConfig) -> None:
        super().__init__()
        self.sets = config.fused_sets
        self.up = config.pose_scales != "down-from-picture"
        # the features of one block are the input of the next; sets are made in the order of the blocks
        self.order = self.sets if self.up else self.sets[::-1]
        widths = [len(config.pose_points), *(config.channels(number) for number in self.order)]
        blocks = [
            TransposedUnit(inputs, outputs) if self.up else Unit(inputs, outputs, stride=2)
            for inputs, outputs in itertools.pairwise(widths)
        ]
        self.blocks = nn.ModuleList(blocks)
        deepest = config.size >> config.halvings
        beginning = {"up-from-deepest": deepest, "up-from-below": deepest // 2, "down-from-picture": config.size}
        self.size = beginning[config.pose_scales]

    def forward(self, maps: Tensor) -> dict[int, Tensor]:
        """Features for each set that they join.

        Args:
            maps: ``(N, P, h, w)``; they are resized without loss of narrow peaks, which a plain bilinear reduction would skip.
        """
        x = functional.interpolate(maps, size=(self.size, self.size), mode="bilinear", antialias=True)
        found = {}
        for number, block in zip(self.order, self.blocks, strict=True):
            x = block(x)
            found[number] = x
        return found


class PoseFusion(nn.Module):
    """The Pose Fusion Module: X + softmax(Q(X_p) K(X)^T / sqrt(C)) V(X), equations 4 to 6.

    The attention is exact, over all positions; its memory grows with the number of positions, not with its square.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (Unit(channels, channels) for _ in range(3))

    def forward(self, features: Tensor, pose: Tensor) -> Tensor:
        """Features with the details of the pose.

        Args:
            features: X, ``(N, C, H, W)``.
            pose: X_p, ``(N, C, H, W)``.
        """
        return features + attended(self.query(pose), self.key(features), self.value(features))


def attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention of every position to all positions with a single head, ``(N, C, H, W)`` each."""
    queries, keys, values = (x.flatten(2).transpose(1, 2)[:, None].contiguous() for x in (query, key, value))
    found = functional.scaled_dot_product_attention(queries, keys, values)
    return found[:, 0].transpose(1, 2).reshape(query.shape)


def summed(features: Tensor, pose: Tensor) -> Tensor:
    """The sum, of the ablation "+pose"."""
    return features + pose


def joins(config: PGMMConfig) -> nn.ModuleDict:
    """A pose fusion module for each set that pose features join; none if they are summed."""
    sets = config.fused_sets if config.fusion == "attention" else ()
    return nn.ModuleDict({str(number): PoseFusion(config.channels(number)) for number in sets})

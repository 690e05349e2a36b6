"""From the source picture's features and the motion to a picture.

Source: yoyo-nb/Thin-Plate-Spline-Motion-Model, ``modules/inpainting_network.py``; PGMM, section 3.2. The decoder has one set for
each size, from the deepest: a coarse motion module, which warps the source's features and hides what is not visible there; a pose
fusion module; a convolution module, which fills in what is hidden; and a doubling.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from signbench.generators.pgmm.dense_motion import Motion
from signbench.generators.pgmm.layers import Doubling, Halving, Residual, Unit, enlarged_flow, resized_flow, warped
from signbench.generators.pgmm.pose_fusion import joins

if TYPE_CHECKING:
    from signbench.generators.pgmm.config import PGMMConfig


@dataclass(frozen=True, eq=False)
class Decoded:
    """What the decoder makes.

    Attributes:
        modules: the output of each convolution module, from the deepest.
        finest: features at the picture's size, before the last convolution.
        visible: the source's features, warped and masked, without gradients to the encoder and the masks, from the deepest; only in
            training.
    """

    modules: list[Tensor]
    finest: Tensor
    visible: list[Tensor]


class InpaintingNetwork(nn.Module):
    """Encodes the source picture, moves its features, and decodes a picture."""

    def __init__(self, config: PGMMConfig) -> None:
        super().__init__()
        widths = [min(config.most_width, config.width * 2**number) for number in range(config.halvings + 1)]
        self.halvings = config.halvings
        self.final_blend = config.final_blend
        self.fusion = config.fusion
        self.fused = config.fused_sets
        self.first = Unit(3, widths[0], 7)
        self.down_blocks = nn.ModuleList(Halving(finer, coarser) for finer, coarser in itertools.pairwise(widths))
        channels = [config.channels(number) for number in range(config.halvings)]
        self.resblock = nn.ModuleList(Residual(channels[number // 2]) for number in range(2 * config.halvings))
        self.up_blocks = nn.ModuleList(Doubling(channels[number], widths[-2 - number]) for number in range(config.halvings))
        self.final = nn.Conv2d(widths[0], 3, 7, 1, 3)
        if config.fusion == "attention":
            self.pose_fusion = joins(config)

    def encode(self, pictures: Tensor) -> list[Tensor]:
        """The features of pictures ``(N, 3, H, W)``, from the deepest to those of the picture's size."""
        features = [self.first(pictures)]
        for down in self.down_blocks:
            features.append(down(features[-1]))
        return features[::-1]

    def decode(self, features: Sequence[Tensor], motion: Motion, pose: Mapping[int, Tensor]) -> Decoded:
        """Moves features and decodes them.

        Args:
            features: of the source, from :meth:`encode`; one picture's serve for all motions.
            motion: the motion.
            pose: pose features by set; empty: none.
        """
        visible: list[Tensor] = []
        moved = [self._moved(one, motion, number, visible) for number, one in enumerate(features)]
        modules = self._convolved(moved, pose)
        finest = self.up_blocks[-1](modules[-1]) * (1 - motion.masks[-1]) + moved[-1]
        return Decoded(modules, self._fused(finest, pose, self.halvings), visible)

    def still(self, features: Sequence[Tensor], pose: Mapping[int, Tensor]) -> list[Tensor]:
        """The outputs of the convolution modules if nothing moves or is hidden: Y_d of the driving picture (equation 11).

        Args:
            features: of the driving picture, from :meth:`encode`.
            pose: pose features by set; empty: none.
        """
        return self._convolved(features, pose)

    def _moved(self, features: Tensor, motion: Motion, number: int, visible: list[Tensor]) -> Tensor:
        """The features of one set, warped and masked; in training also without gradients to features and mask, appended."""
        flow, mask = resized_flow(motion.flow, features.shape[2:]), motion.masks[number]
        same = features.expand(len(flow), -1, -1, -1)
        if self.training:
            visible.append(warped(same.detach(), flow) * mask.detach())
        return warped(same, flow) * mask

    def _convolved(self, features: Sequence[Tensor], pose: Mapping[int, Tensor]) -> list[Tensor]:
        """The output of each convolution module, from the deepest."""
        x, found = features[0], []
        for number in range(self.halvings):
            x = x if number == 0 else torch.cat([self.up_blocks[number - 1](x), features[number]], dim=1)
            x = self._fused(x, pose, number)
            x = self.resblock[2 * number + 1](self.resblock[2 * number](x))
            found.append(x)
        return found

    def _fused(self, x: Tensor, pose: Mapping[int, Tensor], number: int) -> Tensor:
        if number not in pose:
            return x
        if self.fusion == "sum":
            return x + pose[number]
        fused: Tensor = self.pose_fusion[str(number)](x, pose[number])
        return fused

    def picture(self, source: Tensor, decoded: Decoded, motion: Motion) -> Tensor:
        """The picture of decoded features.

        Args:
            source: ``(N, 3, H, W)``, or ``(1, 3, H, W)`` for all. If it is larger than the network's pictures, the network's
                picture is enlarged, and what is visible in the source keeps the source's sharpness.
            decoded: of the same motion.
            motion: the motion.

        Returns:
            ``(N, 3, H, W)`` on [0, 1].
        """
        drawn, mask = self.final(decoded.finest).sigmoid(), motion.masks[-1]
        size, own = source.shape[2:], drawn.shape[2:]
        if not self.final_blend:
            return drawn if size == own else _enlarged(drawn, size)
        flow = resized_flow(motion.flow, own)
        if size != own:
            drawn, mask, flow = _enlarged(drawn, size), _enlarged(mask, size), enlarged_flow(flow, size)
        blended: Tensor = drawn * (1 - mask) + warped(source.expand(len(flow), -1, -1, -1), flow) * mask
        return blended


def _enlarged(pictures: Tensor, size: Sequence[int]) -> Tensor:
    return functional.interpolate(pictures, size=tuple(size), mode="bilinear", align_corners=False)

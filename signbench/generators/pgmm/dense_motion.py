"""From key points to an optical flow and masks of what is visible.

Source: yoyo-nb/Thin-Plate-Spline-Motion-Model, ``modules/dense_motion.py``; in PGMM (section 3.2) Conv-Flow and Conv-Mask.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from signbench.generators.pgmm.layers import Doubling, Hourglass, Reduction, grid
from signbench.generators.pgmm.transformations import GROUP, between

if TYPE_CHECKING:
    from signbench.generators.pgmm.config import PGMMConfig

_VARIANCE = 0.01


@dataclass(frozen=True, eq=False)
class Motion:
    """The motion from source to driving pictures.

    Attributes:
        flow: ``(N, h, w, 2)``: for each pixel of the driving picture its coordinates in the source picture.
        masks: shares that are visible in the source, ``(N, 1, H, W)``, for each set of the decoder from the deepest; PGMM's
            occlusion O is 1 minus these.
        shares: of the background's and each spline's transformation in the flow, ``(N, K + 1, h, w)``.
    """

    flow: Tensor
    masks: tuple[Tensor, ...]
    shares: Tensor


class DenseMotionNetwork(nn.Module):
    """Weighs the transformations of the background and of K splines, pixel by pixel."""

    def __init__(self, config: PGMMConfig) -> None:
        super().__init__()
        transformations = config.transformations
        doublings = round(math.log2(1 / config.motion_scale))
        self.mask = config.mask
        self.down = Reduction(3, config.motion_scale)
        inputs = 3 * (transformations + 1) + GROUP * transformations + 1
        self.hourglass = Hourglass(inputs, config.motion_width, config.most_motion_width, config.motion_blocks)
        widest = self.hourglass.widths[-1]
        self.maps = nn.Conv2d(widest, transformations + 1, 7, 1, 3)
        widths = [widest // 2**number for number in range(doublings + 1)]
        self.up = nn.ModuleList(Doubling(coarser, finer) for coarser, finer in itertools.pairwise(widths))
        # the sets of the decoder that are smaller than the flow have masks from the hourglass
        self.deeper = config.halvings - doublings
        sizes = [*self.hourglass.widths[len(self.hourglass.widths) - 1 - self.deeper :], *widths[1:]]
        outputs = 2 if config.mask == "softmax" else 1
        kernel = config.mask_kernel
        self.occlusion = nn.ModuleList(nn.Conv2d(size, outputs, kernel, 1, kernel // 2) for size in sizes)

    def forward(
        self, source: Tensor, source_points: Tensor, driving_points: Tensor, background: Tensor | None = None, dropout: float = 0.0
    ) -> Motion:
        """The motion of pictures.

        Args:
            source: ``(N, 3, H, W)``, or ``(1, 3, H, W)`` for all.
            source_points: ``(N, 5 K, 2)``, or ``(1, 5 K, 2)`` for all.
            driving_points: ``(N, 5 K, 2)``.
            background: ``(N, 3, 3)``, its motion; None: it stands still.
            dropout: probability of leaving out a spline of a picture, in training.
        """
        count = len(driving_points)
        small = self.down(source).expand(count, -1, -1, -1)
        source_points = source_points.expand(count, -1, -1)
        height, width = small.shape[2:]
        grids = self._grids(height, width, source_points, driving_points, background)
        heat = gaussians(driving_points, height, width) - gaussians(source_points, height, width)
        moved = functional.grid_sample(
            small[:, None].expand(-1, grids.shape[1], -1, -1, -1).flatten(0, 1), grids.flatten(0, 1), align_corners=True
        )
        moved = moved.view(count, -1, height, width)
        features = self.hourglass(torch.cat([torch.zeros_like(heat[:, :1]), heat, moved], dim=1))
        scores = self.maps(features[-1])
        shares = dropout_softmax(scores, dropout) if dropout else torch.softmax(scores, dim=1)
        flow = torch.einsum("nkhw,nkhwx->nhwx", shares, grids)
        finer = features[len(features) - 1 - self.deeper :]
        for up in self.up:
            finer.append(up(finer[-1]))
        masks = (self._mask(convolution(x)) for convolution, x in zip(self.occlusion, finer, strict=True))
        return Motion(flow, tuple(masks), shares)

    def _mask(self, scores: Tensor) -> Tensor:
        # a softmax over a single channel would be 1 everywhere, without a gradient
        return scores.sigmoid() if self.mask == "sigmoid" else torch.softmax(scores, dim=1)[:, :1]

    @staticmethod
    def _grids(height: int, width: int, source_points: Tensor, driving_points: Tensor, background: Tensor | None) -> Tensor:
        """Where each transformation maps each pixel, ``(N, K + 1, height, width, 2)``; the first one is the background's."""
        splines = between(source_points, driving_points).grids(height, width)
        still = grid(height, width, source_points).expand(len(splines), 1, height, width, 2)
        if background is not None:
            pixels = torch.cat([still, torch.ones_like(still[..., :1])], dim=4)
            mapped = torch.einsum("nxy,nkhwy->nkhwx", background, pixels)
            still = mapped[..., :2] / mapped[..., 2:]
        return torch.cat([still, splines], dim=1)


def gaussians(points: Tensor, height: int, width: int) -> Tensor:
    """Gaussians of variance 0.01 around points ``(N, P, 2)``: ``(N, P, height, width)``."""
    pixels = grid(height, width, points)
    across = (pixels[0, :, 0] - points[..., :1]) ** 2
    down = (pixels[:, 0, 1] - points[..., 1:]) ** 2
    return torch.exp(-0.5 * (down[..., :, None] + across[..., None, :]) / _VARIANCE)


def dropout_softmax(scores: Tensor, dropout: float) -> Tensor:
    """A softmax over dimension 1 from which some channels are left out, for each sample on its own; never the first one.

    Args:
        scores: ``(N, K + 1, H, W)``.
        dropout: probability of leaving out a channel.
    """
    kept = torch.rand(scores.shape[:2], device=scores.device) < 1 - dropout
    kept[:, 0] = True
    weights = (scores - scores.amax(dim=1, keepdim=True)).exp() * kept[:, :, None, None]
    return weights / (weights.sum(dim=1, keepdim=True) + 1e-6)

"""A small U-net for heat maps of key points: down to a sixteenth of the picture's size, and up again to a quarter.

After U-Net (Ronneberger, Fischer and Brox 2015), with residual blocks and sums for skip connections. Besides heat maps it returns
how surely each point is seen, from the coarsest features, since a heat map alone cannot say that a point is hidden.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class UNet(nn.Module):
    """Maps pictures to heat maps at a quarter of their size, and to confidences."""

    def __init__(self, joints: int, widths: Sequence[int]) -> None:
        """Builds the network.

        Args:
            joints: number of heat maps.
            widths: number of channels at a half, a quarter, an eighth ... of the picture's size; at least two.
        """
        super().__init__()
        self.stem = nn.Sequential(_convolution(3, widths[0], 3, 2), nn.ReLU(), _Residual(widths[0]))
        self.down = nn.ModuleList(
            nn.Sequential(_convolution(finer, coarser, 3, 2), nn.ReLU(), _Residual(coarser))
            for finer, coarser in itertools.pairwise(widths)
        )
        self.up = nn.ModuleList(_Up(coarser, finer) for coarser, finer in zip(widths[:1:-1], widths[-2:0:-1], strict=True))
        self.maps = nn.Conv2d(widths[1], joints, 1)
        self.seen = nn.Linear(4 * widths[-1], joints)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Computes heat maps and confidences.

        Args:
            pictures: float ``(N, 3, H, W)``, normalised.

        Returns:
            Logits of the heat maps ``(N, joints, H / 4, W / 4)``, and logits of the confidences ``(N, joints)``.
        """
        x = self.stem(pictures)
        finer: list[Tensor] = []
        for down in self.down:
            x = down(x)
            finer.append(x)
        deep = finer.pop()
        x = deep
        for up in self.up:
            x = up(x, finer.pop())
        quarters = nn.functional.adaptive_avg_pool2d(deep, 2).flatten(1)
        return self.maps(x), self.seen(quarters)


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width, 3)
        self.second = _convolution(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + x)


class _Up(nn.Module):
    """Doubles the size, and adds the features of the way down."""

    def __init__(self, coarser: int, finer: int) -> None:
        super().__init__()
        self.narrow = _convolution(coarser, finer, 1)
        self.residual = _Residual(finer)

    def forward(self, x: Tensor, finer: Tensor) -> Tensor:
        larger = nn.functional.interpolate(self.narrow(x), size=finer.shape[2:], mode="nearest")
        mixed: Tensor = self.residual(torch.relu(larger + finer))
        return mixed

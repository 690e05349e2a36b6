"""HRNet-W32 (Sun, Xiao, Liu and Wang 2019), with the layer names of HRNet's and MMPose's weights.

Four stages have parallel branches at a quarter, an eighth, a sixteenth and a thirty-second of the picture's size, which exchange
their features; the finest branch returns one heat map for each key point.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class HRNet(nn.Module):
    """Maps pictures to heat maps at a quarter of their size."""

    def __init__(self, joints: int, width: int = 32, modules: Sequence[int] = (1, 4, 3)) -> None:
        """Builds the network.

        Args:
            joints: number of heat maps.
            width: width of the finest branch; each coarser one has twice as many channels.
            modules: numbers of exchange modules of the second, third and fourth stage.
        """
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(_Bottleneck(64), *(_Bottleneck(256) for _ in range(3)))
        widths = [[256], *([width * 2**branch for branch in range(stage)] for stage in (2, 3, 4))]
        self.transition1, self.transition2, self.transition3 = (
            _transition(before, after) for before, after in itertools.pairwise(widths)
        )
        # the last module only computes the finest branch
        self.stage2, self.stage3, self.stage4 = (
            nn.Sequential(*(_Exchange(own, coarse=len(own) < 4 or index < count - 1) for index in range(count)))
            for own, count in zip(widths[1:], modules, strict=True)
        )
        self.final_layer = nn.Conv2d(width, joints, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Heat maps ``(N, joints, H / 4, W / 4)`` of pictures ``(N, 3, H, W)``; H and W are multiples of 32."""
        x = torch.relu(self.bn1(self.conv1(pictures)))
        x = self.layer1(torch.relu(self.bn2(self.conv2(x))))
        branches = [x]
        steps = ((self.transition1, self.stage2), (self.transition2, self.stage3), (self.transition3, self.stage4))
        for transition, stage in steps:
            # a new branch begins from the coarsest existing one
            branches = [layer(branches[min(index, len(branches) - 1)]) for index, layer in enumerate(transition)]
            branches = stage(branches)
        heat: Tensor = self.final_layer(branches[0])
        return heat


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, *, relu: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.ReLU()] if relu else []))


def _transition(before: Sequence[int], after: Sequence[int]) -> nn.ModuleList:
    """Layers that convert a stage's branches to the next one's widths, and begin its coarsest branch."""
    layers: list[nn.Module] = []
    for index, width in enumerate(after):
        if index < len(before):
            layers.append(nn.Identity() if before[index] == width else _convolution(before[index], width, 3, 1, relu=True))
        else:
            layers.append(nn.Sequential(_convolution(before[-1], width, 3, 2, relu=True)))
    return nn.ModuleList(layers)


class _Bottleneck(nn.Module):
    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, 64, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64, 256, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(256)
        self.downsample: nn.Module | None = None
        if inputs != 256:
            self.downsample = _convolution(inputs, 256, 1, 1, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        return torch.relu(self.bn3(self.conv3(y)) + around)


class _Basic(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + x)


class _Exchange(nn.Module):
    """Four blocks in each branch; then every branch receives the sum of all, converted to its size."""

    def __init__(self, widths: Sequence[int], *, coarse: bool) -> None:
        super().__init__()
        self.branches = nn.ModuleList([nn.Sequential(*(_Basic(width) for _ in range(4))) for width in widths])
        self.fuse_layers = nn.ModuleList(
            _Fusion([_fusing(widths, source, target) for source in range(len(widths))])
            for target in range(len(widths) if coarse else 1)
        )

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        seen = [blocks(x) for blocks, x in zip(self.branches, branches, strict=True)]
        return [fusion(seen) for fusion in self.fuse_layers]


class _Fusion(nn.ModuleList):
    """Sums all branches at the size of one."""

    def forward(self, branches: list[Tensor]) -> Tensor:
        parts = [layer(branch) for layer, branch in zip(self, branches, strict=True)]
        return torch.relu(torch.stack(parts).sum(dim=0))


def _fusing(widths: Sequence[int], source: int, target: int) -> nn.Module:
    """Layers that convert one branch to another's width and size."""
    if source == target:
        return nn.Identity()
    if source > target:
        return nn.Sequential(
            nn.Conv2d(widths[source], widths[target], 1, bias=False),
            nn.BatchNorm2d(widths[target]),
            nn.Upsample(scale_factor=2 ** (source - target), mode="nearest"),
        )
    steps: list[nn.Module] = [_convolution(widths[source], widths[source], 3, 2, relu=True) for _ in range(target - source - 1)]
    return nn.Sequential(*steps, _convolution(widths[source], widths[target], 3, 2, relu=False))

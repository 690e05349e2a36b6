"""ResNet-18 of any width (He, Zhang, Ren and Sun 2016), with torchvision's names of the weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ResNet18(nn.Module):
    """Maps pictures to one row of features each; the features are averaged over the whole picture, which can have any size."""

    def __init__(self, widths: Sequence[int] = (64, 128, 256, 512)) -> None:
        """Builds the network, with random weights as torchvision's are.

        Args:
            widths: widths of the four stages; torchvision's weights fit the default.
        """
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs = widths[0]
        for stage, width in enumerate(widths, start=1):
            blocks = [_BasicBlock(inputs, width, 1 if stage == 1 else 2), _BasicBlock(width, width, 1)]
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
            inputs = width
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pictures: Tensor) -> Tensor:
        """Features ``(N, D)`` of pictures ``(N, 3, H, W)``; D is the last stage's width."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(pictures))))
        for stage in (1, 2, 3, 4):
            x = self.get_submodule(f"layer{stage}")(x)
        pooled: Tensor = x.mean(dim=(2, 3))
        return pooled


class _BasicBlock(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + around)

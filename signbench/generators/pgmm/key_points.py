"""ResNets of pictures: key points that nobody has labelled, and the motion of the background.

Source: yoyo-nb/Thin-Plate-Spline-Motion-Model, ``modules/keypoint_detector.py``, ``modules/bg_motion_predictor.py`` and
``modules/avd_network.py``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from signbench.generators.pgmm.transformations import GROUP
from signbench.networks.resnet import ResNet18


class _Regression(ResNet18):
    """A ResNet-18 with torchvision's linear layer at the end."""

    def __init__(self, channels: int, outputs: int, widths: Sequence[int]) -> None:
        super().__init__(widths)
        if channels != 3:
            self.conv1 = nn.Conv2d(channels, widths[0], 7, 2, 3, bias=False)
        self.fc = nn.Linear(widths[-1], outputs)

    def forward(self, pictures: Tensor) -> Tensor:
        found: Tensor = self.fc(super().forward(pictures))
        return found


class KeyPointDetector(nn.Module):
    """Finds K groups of five key points in a picture."""

    def __init__(self, transformations: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.fg_encoder = _Regression(3, transformations * GROUP * 2, widths)

    def forward(self, pictures: Tensor) -> Tensor:
        """Key points ``(N, 5 K, 2)`` on [-1, 1] of pictures ``(N, 3, H, W)`` on [0, 1]."""
        numbers: Tensor = self.fg_encoder(pictures)
        return (2 * numbers.sigmoid() - 1).view(len(pictures), -1, 2)


class BackgroundPredictor(nn.Module):
    """Finds the affine motion of the background between two pictures; before training it is the identity."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.bg_encoder = _Regression(6, 6, widths)
        with torch.no_grad():
            self.bg_encoder.fc.weight.zero_()
            self.bg_encoder.fc.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]))

    def forward(self, source: Tensor, driving: Tensor) -> Tensor:
        """Matrices ``(N, 3, 3)`` that map coordinates of the driving pictures to those of the source's."""
        rows = self.bg_encoder(torch.cat([source, driving], dim=1)).view(-1, 2, 3)
        last = torch.tensor([0.0, 0.0, 1.0], dtype=rows.dtype, device=rows.device).expand(len(rows), 1, 3)
        return torch.cat([rows, last], dim=1)


class IdentityTransfer(nn.Module):
    """Key points with the build of one person and the pose of another: TPSMM's animation via disentanglement."""

    def __init__(self, transformations: int, identity: int, pose: int) -> None:
        """Builds the network.

        Args:
            transformations: K.
            identity: width of the source's bottleneck.
            pose: width of the driving bottleneck.
        """
        super().__init__()
        numbers = transformations * GROUP * 2
        self.id_encoder = _layers(numbers, 256, 512, 1024, identity)
        self.pose_encoder = _layers(numbers, 256, 512, 1024, pose)
        self.decoder = _layers(pose + identity, 1024, 512, 256, numbers)

    def forward(self, source: Tensor, driving: Tensor) -> Tensor:
        """Key points ``(N, 5 K, 2)`` from those of the source and of the driving pictures."""
        both = torch.cat([self.pose_encoder(driving.flatten(1)), self.id_encoder(source.flatten(1))], dim=1)
        found: Tensor = self.decoder(both)
        return found.view(driving.shape)


def _layers(*widths: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths[:-1]):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))

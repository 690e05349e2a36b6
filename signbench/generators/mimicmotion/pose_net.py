"""PoseNet: pose pictures as features that are added to those of the noisy latents.

Source: Tencent/MimicMotion, ``mimicmotion/modules/pose_net.py``, whose names its state dictionary has.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LAYERS = (
    *((3, 3, 3, 1), (3, 16, 4, 2), (16, 16, 3, 1), (16, 32, 4, 2)),
    *((32, 32, 3, 1), (32, 64, 4, 2), (64, 64, 3, 1), (64, 128, 3, 1)),
)
"""Channels of input and output, kernel and stride of each convolution."""

_FIRST_SCALE = 2.0


class PoseNet(nn.Module):
    """Eight convolutions, each followed by SiLU, a projection that begins at zero, and a learnt factor.

    Attributes:
        conv_layers: the convolutions.
        final_proj: the projection.
        scale: the factor, ``(1,)``.
    """

    def __init__(self, width: int) -> None:
        """Draws the convolutions as He et al. (2015) do.

        Args:
            width: channels of the output, those of the U-Net's first convolution.
        """
        super().__init__()
        layers: list[nn.Module] = []
        for given, made, kernel, stride in _LAYERS:
            convolution = nn.Conv2d(given, made, kernel, stride, padding=1)
            nn.init.normal_(convolution.weight, std=(2 / (kernel * kernel * given)) ** 0.5)
            nn.init.zeros_(convolution.bias if convolution.bias is not None else torch.empty(0))
            layers += [convolution, nn.SiLU()]
        self.conv_layers = nn.Sequential(*layers)
        self.final_proj = nn.Conv2d(_LAYERS[-1][1], width, 1)
        nn.init.zeros_(self.final_proj.weight)
        if self.final_proj.bias is not None:
            nn.init.zeros_(self.final_proj.bias)
        self.scale = nn.Parameter(torch.full((1,), _FIRST_SCALE))

    def forward(self, pictures: Tensor) -> Tensor:
        """The features of pose pictures.

        Args:
            pictures: ``(N, 3, H, W)`` on [-1, 1].

        Returns:
            ``(N, width, H / 8, W / 8)``.
        """
        features: Tensor = self.final_proj(self.conv_layers(pictures)) * self.scale
        return features

"""The pose guider: three pictures of each frame as features for the main U-Net, each picture with a learnt gate.

Source: damo-cv/RealisDance, branch RealisDance-SD, ``src/models/pose_guider.py``, whose names the state dictionary has.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from signbench.generators.realisdance.config import CONDITIONS, RealisDanceConfig
from signbench.generators.realisdance.frame_norms import EachFrame

_COUNT = len(CONDITIONS)


class Backbone(nn.Module):
    """Grouped convolutions, in which the conditions do not see each other; each is followed by SiLU.

    Attributes:
        conv_in: the first.
        blocks: the others, every second one with stride 2.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        """Draws random weights.

        Args:
            widths: channels of one condition.
        """
        super().__init__()
        self.conv_in = nn.Conv2d(3 * _COUNT, widths[0] * _COUNT, 3, padding=1, groups=_COUNT)
        self.blocks = nn.ModuleList()
        for given, made in pairwise(widths):
            self.blocks.append(nn.Conv2d(given * _COUNT, given * _COUNT, 3, padding=1, groups=_COUNT))
            self.blocks.append(nn.Conv2d(given * _COUNT, made * _COUNT, 3, padding=1, stride=2, groups=_COUNT))

    def forward(self, conditions: Tensor) -> Tensor:
        """Features ``(N, C, H / 8, W / 8)`` of conditions ``(N, 9, H, W)``."""
        features = functional.silu(self.conv_in(conditions))
        for block in self.blocks:
            features = functional.silu(block(features))
        return features


class Gate(nn.Module):
    """Multiplies the features of each condition by a gate of its own in every cell.

    Attributes:
        gate_layer: the gates from all features.
    """

    def __init__(self, width: int) -> None:
        """Draws random weights.

        Args:
            width: channels of one condition.
        """
        super().__init__()
        inner = nn.Conv2d(width * _COUNT, width // 2, 3, padding=1)
        self.gate_layer = nn.Sequential(inner, nn.SiLU(), nn.Conv2d(width // 2, _COUNT, 7, padding=3), nn.Sigmoid())

    def forward(self, features: Tensor) -> Tensor:
        """Features of the same shape ``(N, C, h, w)``."""
        gates = self.gate_layer(features)[:, :, None]
        apart = features.reshape(len(features), _COUNT, -1, *features.shape[2:])
        weighted: Tensor = (apart * gates).flatten(1, 2)
        return weighted


class PoseGuider(nn.Module):
    """Features for the five levels at which the main U-Net takes them.

    Attributes:
        backbone: sees each condition alone.
        gate_module: weights them.
        blocks_0: joins them, and ``blocks_1`` to ``blocks_4`` reduce the result.
        block_0_out_proj: projects its level, beginning at zero; so do those of the others.
        motion_modules: attention to the other frames, one for each level.
    """

    def __init__(self, config: RealisDanceConfig) -> None:
        """Draws random weights.

        Args:
            config: the widths.
        """
        super().__init__()
        self.backbone = Backbone(config.guider_widths)
        self.gate_module = Gate(config.guider_widths[-1])
        widths = (config.widths[0], *config.widths)
        self._levels = len(widths)
        joined = nn.Conv2d(config.guider_widths[-1] * _COUNT, widths[0], 1)
        self.add_module("blocks_0", nn.Sequential(joined, nn.SiLU()))
        for level in range(1, len(widths)):
            reduced = nn.Conv2d(widths[level - 1], widths[level], 3, padding=1, stride=2 if level < len(widths) - 1 else 1)
            again = nn.Conv2d(widths[level], widths[level], 3, padding=1)
            self.add_module(f"blocks_{level}", nn.Sequential(reduced, nn.SiLU(), again, nn.SiLU()))
        for level, width in enumerate(widths):
            self.add_module(f"block_{level}_out_proj", _zeroed(nn.Conv2d(width, width, 1)))
        self.motion_modules = nn.ModuleList(_motion_module(width, config) for width in widths)

    def gated(self, conditions: Tensor) -> Tensor:
        """What does not depend on other frames: features ``(N, C, H / 8, W / 8)`` of conditions ``(N, 9, H, W)`` on [0, 1]."""
        made: Tensor = self.gate_module(self.backbone(conditions))
        return made

    def levels(self, gated: Tensor, frames: int) -> list[Tensor]:
        """What is added in the main U-Net.

        Args:
            gated: from :meth:`gated`, ``(B * frames, C, H / 8, W / 8)``.
            frames: of a window; a single one does not pass the motion modules.

        Returns:
            Features of 1/8, 1/16, 1/32, 1/64 and again 1/64 of the picture's size, each ``(B * frames, width, h, w)``.
        """
        made, features = [], gated
        for level in range(self._levels):
            features = self.get_submodule(f"blocks_{level}")(features)
            if frames > 1:
                features = self.motion_modules[level](features, num_frames=frames)
            made.append(self.get_submodule(f"block_{level}_out_proj")(features))
        return made


def _zeroed(layer: nn.Module) -> nn.Module:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def _motion_module(width: int, config: RealisDanceConfig) -> nn.Module:
    """A motion module as the main U-Net has them."""
    from diffusers.models.unets.unet_motion_model import AnimateDiffTransformer3D

    made: Any = AnimateDiffTransformer3D(
        num_attention_heads=config.motion_heads,
        attention_head_dim=width // config.motion_heads,
        in_channels=width,
        norm_num_groups=config.groups,
        positional_embeddings="sinusoidal",
        num_positional_embeddings=config.longest,
    )
    made.norm = EachFrame(config.groups, width, 1e-6)
    _zeroed(made.proj_out)
    module: nn.Module = made
    return module


def pictures_of(conditions: Tensor) -> Tensor:
    """Bytes ``(..., 9, H, W)`` as float32 on [0, 1]."""
    return conditions.to(torch.float32) / 255

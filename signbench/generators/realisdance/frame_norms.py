"""Over which frames the normalisations of the main U-Net go.

RealisDance's residual blocks normalise all frames of a window together, and its motion modules each frame alone; diffusers'
``UNetMotionModel`` has it the other way round. Names and shapes of the weights are the same, so the wrong way would go unnoticed.
Source: damo-cv/RealisDance, branch RealisDance-SD, ``src/models/resnet.py`` and ``motion_module.py``.
"""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor, nn

Norm = TypeVar("Norm", bound=nn.GroupNorm)


class AcrossFrames(nn.GroupNorm):
    """Normalises all frames of a window together.

    Attributes:
        frames: of a window.
    """

    frames: int = 1

    def forward(self, features: Tensor) -> Tensor:
        """Normalised features, both ``(B * frames, C, H, W)``."""
        joint = features.reshape(-1, self.frames, *features.shape[1:]).transpose(1, 2)
        made: Tensor = super().forward(joint).transpose(1, 2).flatten(0, 1)
        return made


class EachFrame(nn.GroupNorm):
    """Normalises each frame of a window alone."""

    def forward(self, features: Tensor) -> Tensor:
        """Normalised features, both ``(B, C, frames, H, W)``."""
        alone = features.transpose(1, 2)
        made: Tensor = super().forward(alone.flatten(0, 1)).reshape(alone.shape).transpose(1, 2)
        return made


def replace_norms(network: nn.Module, kind: type[Norm], names: tuple[str, ...]) -> list[Norm]:
    """Replaces the group normalisations whose names end as given.

    Args:
        network: which has them.
        kind: what they become, with weights of the same names.
        names: ends of their names.

    Returns:
        The new ones.
    """
    found = [(name, part) for name, part in network.named_modules() if isinstance(part, nn.GroupNorm) and name.endswith(names)]
    made = []
    for name, part in found:
        parent, _, own = name.rpartition(".")
        new = kind(part.num_groups, part.num_channels, part.eps)
        setattr(network.get_submodule(parent), own, new)
        made.append(new)
    return made

"""Masks that tell the frames of a clip from the padding behind them."""

from __future__ import annotations

import torch
from torch import Tensor


def frame_mask(lengths: Tensor, frames: int) -> Tensor:
    """Which places of a padded batch are frames.

    Args:
        lengths: int ``(N,)``, frames of each clip.
        frames: T, places of each clip in the batch.

    Returns:
        bool ``(N, T)``, true where a frame is.
    """
    return torch.arange(frames, device=lengths.device)[None] < lengths[:, None]


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over the frames of each clip.

    Args:
        values: ``(N, T, D)``.
        mask: bool ``(N, T)``, true at least once in a row.

    Returns:
        ``(N, D)``.
    """
    weights = mask.unsqueeze(2).to(values.dtype)
    return (values * weights).sum(dim=1) / weights.sum(dim=1)


class MaskedBatchNorm(torch.nn.Module):
    """Batch normalisation of the last axis that looks at frames only, never at padding.

    The parameters lie under ``norm``, as in signjoey, ``initialization.py`` and ``embeddings.py`` (``MaskedNorm``).
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(features)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Normalises ``(N, T, D)`` where ``mask`` ``(N, T)`` is true; padding becomes what the running statistics make of it."""
        if not self.training:
            whole: Tensor = self.norm(values.reshape(-1, values.shape[-1]))
            return whole.reshape(values.shape)
        flat = values.reshape(-1, values.shape[-1])
        kept = mask.reshape(-1)
        normalised = torch.zeros_like(flat)
        normalised[kept] = self.norm(flat[kept]).to(flat.dtype)
        return normalised.reshape(values.shape)

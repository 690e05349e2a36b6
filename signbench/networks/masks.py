"""Masks that distinguish the frames of a clip from the padding after them."""

from __future__ import annotations

import torch
from torch import Tensor


def frame_mask(lengths: Tensor, frames: int) -> Tensor:
    """Which positions of a padded batch are frames.

    Args:
        lengths: int ``(N,)``, number of frames of each clip.
        frames: T, the padded length.

    Returns:
        bool ``(N, T)``, true for frames.
    """
    return torch.arange(frames, device=lengths.device)[None] < lengths[:, None]


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over the frames of each clip.

    Args:
        values: ``(N, T, D)``.
        mask: bool ``(N, T)``, true at least once per row.

    Returns:
        ``(N, D)``.
    """
    weights = mask.unsqueeze(2).to(values.dtype)
    return (values * weights).sum(dim=1) / weights.sum(dim=1)


def masked_batch_norm(norm: torch.nn.BatchNorm1d, values: Tensor, mask: Tensor) -> Tensor:
    """Batch normalisation of the last axis that uses only frames, never padding.

    Args:
        norm: the layer, whose statistics are updated in training.
        values: ``(N, T, D)``.
        mask: bool ``(N, T)``, false for padding, which becomes 0 in training.
    """
    flat = values.reshape(-1, values.shape[-1])
    if not norm.training:
        whole: Tensor = norm(flat)
        return whole.reshape(values.shape)
    kept = mask.reshape(-1)
    normalised = torch.zeros_like(flat)
    normalised[kept] = norm(flat[kept]).to(flat.dtype)
    return normalised.reshape(values.shape)


class MaskedBatchNorm(torch.nn.Module):
    """Batch normalisation of the last axis that uses only frames, never padding.

    The parameters are under ``norm``, as in signjoey, ``initialization.py`` and ``embeddings.py`` (``MaskedNorm``).
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(features)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Normalises ``(N, T, D)`` by the positions where ``mask`` ``(N, T)`` is true; in training, padding becomes 0."""
        return masked_batch_norm(self.norm, values, mask)

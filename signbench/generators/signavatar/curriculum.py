"""The curriculum of masked frames, and the two losses."""

from __future__ import annotations

import torch
from torch import Tensor

_STEP = 0.1
"""Of the share of masked frames, and of the training after which it rises."""

_MOST = 0.6


def mask_ratio(done: float) -> float:
    """The share of frames that the encoder does not see.

    Eq. 3 of the paper is ``min(0.1 * floor(epoch / 500), 0.6)`` for 5,000 epochs; here it rises at each tenth of
    any training.

    Args:
        done: the finished share of the training, in [0, 1].
    """
    # a share such as 0.3 may be a little less than three tenths
    return min(_STEP * int(done / _STEP + 1e-9), _MOST)


def hidden_frames(mask: Tensor, ratio: float) -> Tensor:
    """Frames drawn evenly, without replacement, by torch's random state.

    Args:
        mask: bool ``(N, T)``, false for padding.
        ratio: the share of each clip's frames, rounded to the nearest number of frames.

    Returns:
        bool ``(N, T)``, true for the drawn frames.
    """
    order = torch.rand(mask.shape, device=mask.device).masked_fill(~mask, 2.0).argsort(dim=1).argsort(dim=1)
    counts = (mask.sum(dim=1) * ratio).round()
    return (order < counts[:, None]) & mask


def reconstruction(made: Tensor, motion: Tensor, mask: Tensor) -> Tensor:
    """Eq. 1: the squared distance of two poses, summed over all numbers, averaged over frames and then over clips.

    Args:
        made: ``(N, T, 53, 6)``.
        motion: the same.
        mask: bool ``(N, T)``, false for padding.
    """
    distances = (made - motion).square().sum(dim=(2, 3)) * mask
    return (distances.sum(dim=1) / mask.sum(dim=1)).mean()

"""The losses of SignAligner: of the decoders (eq. 6 of the paper) and of the correction (eq. 8 and 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

Weighting = Literal["learned", "fixed", "uncertainty"]
"""How the correction's three losses are weighted."""

COLLAPSED = 0.9
"""A learned weight above this leaves the other two losses untrained."""


def mean_absolute(made: Tensor, wanted: Tensor, known: Tensor, parts: Sequence[slice]) -> Tensor:
    """The mean absolute error of the known numbers of each part, averaged over the parts.

    Args:
        made: ``(..., D)``.
        wanted: the same.
        known: bool, the same; false for padding and unseen points.
        parts: of the D numbers, such as body and hands; one of all numbers for the paper's loss.
    """
    return _mean_over((made - wanted).abs(), known, parts)


def mean_squared(made: Tensor, wanted: Tensor, known: Tensor, parts: Sequence[slice]) -> Tensor:
    """The mean squared error, as :func:`mean_absolute`."""
    return _mean_over((made - wanted).square(), known, parts)


def _mean_over(errors: Tensor, known: Tensor, parts: Sequence[slice]) -> Tensor:
    weights = known.to(errors.dtype)
    found = [(errors[..., part] * weights[..., part]).sum() / weights[..., part].sum().clamp(min=1) for part in parts]
    return torch.stack(found).mean()


def weighted(losses: Tensor, share: Tensor, weighting: Weighting) -> tuple[Tensor, Tensor]:
    """The sum of the correction's losses, and the weight of each.

    Args:
        losses: ``(3,)``.
        share: ``(3,)``, the parameters of the weights.
        weighting: ``learned``: a softmax of the parameters, as in eq. 8, which descent drives towards the smallest loss;
            ``fixed``: a third each; ``uncertainty``: exp(-s), with s added to the sum (Kendall, Gal and Cipolla 2018).
    """
    if weighting == "learned":
        weights = torch.softmax(share, dim=0)
        return (weights * losses).sum(), weights.detach()
    if weighting == "fixed":
        return losses.mean(), torch.full_like(losses, 1 / len(losses)).detach()
    weights = torch.exp(-share)
    return (weights * losses + share).sum(), weights.detach()


def upcoming(values: Tensor, count: int) -> Tensor:
    """For each frame, it and the frames after it.

    Args:
        values: ``(N, T, D)``.
        count: F, how many.

    Returns:
        ``(N, T, F, D)``; frames after the last one are 0, or false.
    """
    padded = torch.cat([values, values.new_zeros(values.shape[0], count - 1, values.shape[2])], dim=1)
    return torch.stack([padded[:, ahead : ahead + values.shape[1]] for ahead in range(count)], dim=2)

"""Pictures as an autoencoder of diffusers takes them, and the scale of its latents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor

MEASURED = 512
"""The most frames whose latents are measured."""


def pictures(frames: Tensor, *, last: bool = True) -> Tensor:
    """Bytes as float32 ``(N, 3, H, W)`` on [-1, 1].

    Args:
        frames: uint8 ``(N, H, W, 3)``, or ``(N, 3, H, W)``.
        last: whether the channels are the last dimension.
    """
    ordered = frames.permute(0, 3, 1, 2) if last else frames
    return ordered.float().contiguous() / 127.5 - 1


def measured_scale(vae: Any, clips: int, frames_of: Callable[[int], NDArray[np.uint8]], device: torch.device) -> float:
    """One divided by the standard deviation of the latents of train frames: the middle ones of clips, evenly spaced.

    Args:
        vae: an autoencoder of diffusers, on the device.
        clips: the number of clips.
        frames_of: the frames of a clip by its index, uint8 ``(T, H, W, 3)`` RGB, at least one.
        device: the autoencoder's.
    """
    import torch

    means, variances = [], []
    for index in np.linspace(0, clips - 1, min(MEASURED, clips)).astype(int).tolist():
        frames = frames_of(index)
        picture = pictures(torch.from_numpy(np.array(frames[[len(frames) // 2]])).to(device))
        with torch.no_grad():
            found = vae.encode(picture).latent_dist
        means.append(found.mean.cpu().double())
        variances.append(found.var.cpu().double())
    spread = torch.cat(means).var(correction=0) + torch.cat(variances).mean()
    return float(1 / spread.sqrt())

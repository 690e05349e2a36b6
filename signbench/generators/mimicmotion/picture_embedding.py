"""How a picture is brought to the size of CLIP's picture encoder, and to its levels.

Source: diffusers, ``pipeline_stable_video_diffusion.py``, ``_resize_with_antialiasing``: a Gaussian blur that follows from the
reduction, then bicubic interpolation whose corners are those of the picture. Other ways of resizing give other embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
_LEAST_BLUR = 0.001
_LEAST_KERNEL = 3


def encoder_pictures(pictures: Tensor, side: int) -> Tensor:
    """Pictures as the picture encoder reads them.

    Args:
        pictures: ``(N, 3, H, W)`` on [-1, 1].
        side: height and width of the encoder's pictures.

    Returns:
        ``(N, 3, side, side)``, with CLIP's mean 0 and standard deviation 1.
    """
    reduced = functional.interpolate(_blurred(pictures, side), size=(side, side), mode="bicubic", align_corners=True)
    levels = (reduced + 1) / 2
    return standardised(levels, _MEAN, _DEVIATION)


def standardised(levels: Tensor, mean: Sequence[float], deviation: Sequence[float]) -> Tensor:
    """Pictures minus a mean, divided by a standard deviation.

    Args:
        levels: ``(N, C, H, W)``.
        mean: of each channel.
        deviation: of each channel.

    Returns:
        ``(N, C, H, W)``.
    """
    # filled on the device: copies from the processor's memory cannot be recorded
    means, deviations = (torch.stack([levels.new_full((1, 1), value) for value in values]) for values in (mean, deviation))
    return (levels - means) / deviations


def _blurred(pictures: Tensor, side: int) -> Tensor:
    kernels = [_kernel(length, side, pictures) for length in pictures.shape[-2:]]
    found = pictures
    for axis, kernel in ((3, kernels[1]), (2, kernels[0])):
        half = len(kernel) // 2
        around = (half, half, 0, 0) if axis == 3 else (0, 0, half, half)
        shape = (1, 1, 1, -1) if axis == 3 else (1, 1, -1, 1)
        weights = kernel.reshape(shape).expand(pictures.shape[1], -1, -1, -1)
        found = functional.conv2d(functional.pad(found, around, mode="reflect"), weights, groups=pictures.shape[1])
    return found


def _kernel(length: int, side: int, like: Tensor) -> Tensor:
    """The Gaussian of one axis, whose sum is 1."""
    deviation = max((length / side - 1) / 2, _LEAST_BLUR)
    size = int(max(4 * deviation, _LEAST_KERNEL))
    size += 1 - size % 2
    offsets = torch.arange(size, device=like.device, dtype=like.dtype) - size // 2
    weights = torch.exp(-(offsets**2) / (2 * deviation**2))
    return weights / weights.sum()

"""Inception-v3 as used by the FID, built on torch-fidelity's blocks, and the three ways of resizing frames to 299 x 299 pixels."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import (
    BasicConv2d,
    InceptionA,
    InceptionB,
    InceptionC,
    InceptionD,
    InceptionE_1,
    InceptionE_2,
)

SIDE = 299
"""Height and width in pixels of the network's input."""


def inception_v3() -> nn.Module:
    """The network up to its last pooling: ``(N, 3, 299, 299)`` on [-1, 1] to ``(N, 2048, 1, 1)``.

    It is the network of 2015-12-05 whose pooling differs from torchvision's. Layers and their names as in torch-fidelity,
    ``feature_extractor_inceptionv3.py``; the classifier ``fc`` that follows them is left out.
    """
    layers: list[tuple[str, nn.Module]] = [
        ("Conv2d_1a_3x3", BasicConv2d(3, 32, kernel_size=3, stride=2)),
        ("Conv2d_2a_3x3", BasicConv2d(32, 32, kernel_size=3)),
        ("Conv2d_2b_3x3", BasicConv2d(32, 64, kernel_size=3, padding=1)),
        ("MaxPool_1", nn.MaxPool2d(kernel_size=3, stride=2)),
        ("Conv2d_3b_1x1", BasicConv2d(64, 80, kernel_size=1)),
        ("Conv2d_4a_3x3", BasicConv2d(80, 192, kernel_size=3)),
        ("MaxPool_2", nn.MaxPool2d(kernel_size=3, stride=2)),
        ("Mixed_5b", InceptionA(192, pool_features=32)),
        ("Mixed_5c", InceptionA(256, pool_features=64)),
        ("Mixed_5d", InceptionA(288, pool_features=64)),
        ("Mixed_6a", InceptionB(288)),
        ("Mixed_6b", InceptionC(768, channels_7x7=128)),
        ("Mixed_6c", InceptionC(768, channels_7x7=160)),
        ("Mixed_6d", InceptionC(768, channels_7x7=160)),
        ("Mixed_6e", InceptionC(768, channels_7x7=192)),
        ("Mixed_7a", InceptionD(768)),
        ("Mixed_7b", InceptionE_1(1280)),
        ("Mixed_7c", InceptionE_2(2048)),
        ("AvgPool", nn.AdaptiveAvgPool2d(output_size=(1, 1))),
    ]
    return nn.Sequential(OrderedDict(layers))


def tensorflow_bilinear(frames: Tensor) -> Tensor:
    """Resizes like TensorFlow 1: pixels are points at integer coordinates, without antialiasing.

    The result is bit-identical to torch-fidelity, ``interpolate_compat_tensorflow.py``, in a fifth of its time: the columns are
    interpolated once for each row of the source instead of four times for each row of the result.

    Args:
        frames: uint8 ``(N, H, W, 3)``.

    Returns:
        float32 ``(N, 3, 299, 299)`` on [0, 255], channels-last.
    """

    def axis(size: int) -> tuple[Tensor, Tensor, Tensor]:
        step = torch.tensor(size / SIDE, dtype=torch.float32, device=frames.device)
        position = torch.arange(SIDE, dtype=torch.float32, device=frames.device) * step
        first = position.long()
        return first, (first + 1).clamp_max(size - 1), position - first

    _, height, width, _ = frames.shape
    left, right, across = axis(width)
    top, bottom, down = axis(height)
    pixels = frames.float()
    rows = pixels[:, :, left]
    rows += (pixels[:, :, right] - rows) * across.view(1, 1, SIDE, 1)
    resized = rows[:, top]
    resized += (rows[:, bottom] - resized) * down.view(1, SIDE, 1, 1)
    return resized.permute(0, 3, 1, 2)


def pillow_bicubic(frames: NDArray[np.uint8]) -> Tensor:
    """Resizes like clean-fid: Pillow's bicubic filter on each channel in 32-bit floating point, clipped to [0, 255], not rounded.

    Args:
        frames: uint8 ``(N, H, W, 3)``.

    Returns:
        float32 ``(N, 3, 299, 299)`` on [0, 255], channels-last.
    """
    resized = np.empty((len(frames), SIDE, SIDE, 3), dtype=np.float32)
    for index, frame in enumerate(frames):
        for channel in range(3):
            image = Image.fromarray(frame[:, :, channel].astype(np.float32))
            resized[index, :, :, channel] = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return torch.from_numpy(resized.clip(0, 255, out=resized)).permute(0, 3, 1, 2)


def torch_bilinear(frames: Tensor) -> Tensor:
    """Resizes like pytorch-fid: torch's bilinear filter, corners not aligned, without antialiasing.

    Args:
        frames: uint8 ``(N, H, W, 3)``.

    Returns:
        float32 ``(N, 3, 299, 299)`` on [0, 1], channels-last.
    """
    return F.interpolate(frames.permute(0, 3, 1, 2).float() / 255, size=(SIDE, SIDE), mode="bilinear", align_corners=False)

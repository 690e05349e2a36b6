"""From frames to key points with a network: what training and the judge share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.judges.pose_estimator.config import PoseEstimatorConfig
from signbench.media.video import resize_frames

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 16
"""Frames of a batch on the CPU; always so many, so that a frame's numbers do not depend on how many others a clip has."""


@dataclass(frozen=True)
class Fitting:
    """How frames were brought to the size of the network's pictures: x in the picture is ``scale * (x + 0.5) + offset - 0.5``.

    Attributes:
        scale: of x and y.
        offset: of x and y in pixels of the picture.
    """

    scale: tuple[float, float]
    offset: tuple[float, float]

    def back(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points ``(..., 2)`` of the picture in pixels of the frame."""
        found = (points + 0.5 - np.array(self.offset, np.float32)) / np.array(self.scale, np.float32) - 0.5
        return found.astype(np.float32)


def fitted(frames: NDArray[np.uint8], config: PoseEstimatorConfig) -> tuple[NDArray[np.uint8], Fitting]:
    """Brings frames to the size of the network's pictures.

    Args:
        frames: uint8 ``(T, H, W, 3)``.
        config: the size, and whether frames are stretched or padded.

    Returns:
        uint8 ``(T, *size, 3)``, and how they were fitted.
    """
    height, width = frames.shape[1:3]
    rows, columns = config.size
    if config.fitted == "stretched":
        return resize_frames(frames, config.size), Fitting((columns / width, rows / height), (0.0, 0.0))
    scale = min(rows / height, columns / width)
    shown = max(1, min(rows, round(height * scale))), max(1, min(columns, round(width * scale)))
    top, left = (rows - shown[0]) // 2, (columns - shown[1]) // 2
    pictures = np.zeros((len(frames), rows, columns, 3), np.uint8)
    pictures[:, top : top + shown[0], left : left + shown[1]] = resize_frames(frames, shown)
    return pictures, Fitting((shown[1] / width, shown[0] / height), (float(left), float(top)))


def normalised(frames: Tensor, config: PoseEstimatorConfig) -> Tensor:
    """Frames of the right size as the network's input.

    Args:
        frames: uint8 ``(N, H, W, 3)`` RGB.
        config: mean and deviation.

    Returns:
        float32 ``(N, 3, H, W)``, in the memory order of channels_last, which frames have anyway.
    """
    import torch

    levels = frames.permute(0, 3, 1, 2).float() / 255
    mean, deviation = (torch.tensor(values, device=levels.device)[:, None, None] for values in (config.mean, config.deviation))
    return (levels - mean) / deviation


def estimated(network: nn.Module, frames: NDArray[np.uint8], config: PoseEstimatorConfig) -> NDArray[np.float32]:
    """The key points of frames.

    Args:
        network: in evaluation mode.
        frames: uint8 ``(T, H, W, 3)`` RGB, of any size.
        config: the network's.

    Returns:
        float32 ``(T, J, 3)``: x and y in pixels of the frames, (0, 0) being the centre of the first pixel, and the confidence in
        [0, 1]. Points that are not seen are 0.
    """
    import torch

    device = next(network.parameters()).device
    found = []
    for start in range(0, len(frames), BATCH):
        part = frames[start : start + BATCH]
        pictures, fitting = fitted(part, config)
        full = np.concatenate([pictures, np.repeat(pictures[-1:], BATCH - len(pictures), axis=0)])
        with torch.no_grad():
            points, confidence = decoded(network(normalised(torch.from_numpy(full).to(device), config)), config)
        rows = points[: len(part)].float().cpu().numpy()
        sure = confidence[: len(part), :, None].float().cpu().numpy()
        found.append(np.where(sure >= config.threshold, np.concatenate([fitting.back(rows), sure], axis=2), 0))
    return np.concatenate(found).astype(np.float32)


def decoded(output: Tensor | tuple[Tensor, Tensor], config: PoseEstimatorConfig) -> tuple[Tensor, Tensor]:
    """Coordinates in pixels of the picture ``(N, J, 2)``, and confidences ``(N, J)``, from a network's output."""
    from signbench.judges.pose_estimator.heat_maps import dark_means, local_means

    if isinstance(output, tuple):
        maps, confidence = output[0].float(), output[1].float().sigmoid()
    else:
        maps = output.float()
        confidence = maps.amax((2, 3)).clamp(0, 1)
    cells = local_means(maps) if config.decoding == "local-mean" else dark_means(maps)
    return config.grid.pixels(cells), confidence

"""Heat maps of key points: targets and losses for training, and coordinates from maps.

Coordinates are in cells of the map here, x before y; (0, 0) is the centre of the first cell. :class:`Grid` converts them to pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Grid:
    """How the cells of a heat map are laid over the picture.

    Attributes:
        stride: side of a cell in pixels.
        centred: whether cells tile the picture, so that the centre of the first one is at ``(stride - 1) / 2``; otherwise it is at
            pixel 0, as in HRNet's and MMPose's coordinates.
    """

    stride: int
    centred: bool = True

    @property
    def _offset(self) -> float:
        return (self.stride - 1) / 2 if self.centred else 0.0

    def cells(self, pixels: Tensor) -> Tensor:
        """Coordinates in cells, of any shape, from those in pixels."""
        return (pixels - self._offset) / self.stride

    def pixels(self, cells: Tensor) -> Tensor:
        """Coordinates in pixels, of any shape, from those in cells."""
        return cells * self.stride + self._offset


def gaussian_losses(logits: Tensor, cells: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """The losses of each heat map: cross-entropy with a Gaussian, and the distance of its mean from the point.

    Args:
        logits: ``(N, J, H, W)``; a softmax over all cells makes the heat map.
        cells: ``(N, J, 2)``, the points.
        sigma: of the Gaussian, in cells.

    Returns:
        Cross-entropy less the entropy of the target, so that 0 is best, ``(N, J)``; and the mean absolute error of x and y of the
        soft-argmax in cells, ``(N, J)``.
    """
    height, width = logits.shape[2:]
    log_map = torch.log_softmax(logits.flatten(2), dim=2).view(logits.shape)
    across, down = _gaussian(cells[..., 0], width, sigma), _gaussian(cells[..., 1], height, sigma)
    # the target is the product of two marginals, so it is never written out
    rows = torch.einsum("njhw,njw->njh", log_map, across)
    entropy = -(torch.xlogy(across, across).sum(2) + torch.xlogy(down, down).sum(2))
    found = log_map.exp()
    mean = torch.stack([found.sum(2) @ _numbers(found, width), found.sum(3) @ _numbers(found, height)], dim=2)
    return -(rows * down).sum(2) - entropy, (mean - cells).abs().mean(2)


def gaussian_maps(cells: Tensor, height: int, width: int, sigma: float) -> Tensor:
    """Gaussians with the peak 1, HRNet's targets: ``(N, J, height, width)`` for points ``(N, J, 2)``."""
    across = torch.exp(-((_numbers(cells, width) - cells[..., :1]) ** 2) / (2 * sigma**2))
    down = torch.exp(-((_numbers(cells, height) - cells[..., 1:]) ** 2) / (2 * sigma**2))
    return down[..., :, None] * across[..., None, :]


def local_means(logits: Tensor, reach: int = 2) -> Tensor:
    """The soft-argmax around the maximum of each map, which a second, smaller maximum elsewhere does not displace.

    Args:
        logits: ``(N, J, H, W)``.
        reach: how many cells to each side of the maximum count.

    Returns:
        ``(N, J, 2)``.
    """
    columns, rows, window = _windows(logits, reach, float("-inf"))
    weights = torch.softmax(window.flatten(2), dim=2).view(window.shape)
    offsets = torch.arange(-reach, reach + 1, dtype=logits.dtype, device=logits.device)
    return torch.stack([columns + weights.sum(2) @ offsets, rows + weights.sum(3) @ offsets], dim=2)


def dark_means(maps: Tensor, kernel: int = 11) -> Tensor:
    """The peak of each map by a second-order expansion of its logarithm.

    Source: Zhang et al., "Distribution-Aware Coordinate Representation for Human Pose Estimation", CVPR 2020, equations 7 to 9; the
    smoothing and the limits are those of MMPose, ``mmpose/codecs/utils/refinement.py``.

    Args:
        maps: ``(N, J, H, W)``, as Gaussians with a peak of about 1.
        kernel: size of the smoothing kernel in cells, odd.

    Returns:
        ``(N, J, 2)``.
    """
    smooth = _smoothed(maps, kernel)
    smooth = smooth * (maps.amax((2, 3), keepdim=True) / smooth.amax((2, 3), keepdim=True).clamp(min=1e-12))
    logarithm = smooth.clamp(min=1e-3, max=50.0).log()
    # the peak is that of the map as it was; the expansion is of the smoothed one
    columns, rows = _peaks(maps)
    window = _window(logarithm, columns, rows, 2, 0.0)
    height, width = maps.shape[2:]
    slope_x, slope_y = (window[..., 2, 3] - window[..., 2, 1]) / 2, (window[..., 3, 2] - window[..., 1, 2]) / 2
    bend_x = (window[..., 2, 4] - 2 * window[..., 2, 2] + window[..., 2, 0]) / 4
    bend_y = (window[..., 4, 2] - 2 * window[..., 2, 2] + window[..., 0, 2]) / 4
    bend_xy = (window[..., 3, 3] - window[..., 1, 3] - window[..., 3, 1] + window[..., 1, 1]) / 4
    determinant = bend_x * bend_y - bend_xy**2
    inner = (columns > 1) & (columns < width - 2) & (rows > 1) & (rows < height - 2) & (determinant.abs() > 1e-12)
    safe = torch.where(inner, determinant, torch.ones_like(determinant))
    shift = torch.stack([bend_y * slope_x - bend_xy * slope_y, bend_x * slope_y - bend_xy * slope_x], dim=2) / safe[..., None]
    return torch.stack([columns, rows], dim=2).to(maps.dtype) - torch.where(inner[..., None], shift, torch.zeros_like(shift))


def _numbers(like: Tensor, count: int) -> Tensor:
    return torch.arange(count, dtype=like.dtype, device=like.device)


def _gaussian(centres: Tensor, count: int, sigma: float) -> Tensor:
    """Gaussians over cells, each with the sum 1: ``(N, J, count)``; a point outside has its mass in the nearest cells."""
    return torch.softmax(-((_numbers(centres, count) - centres[..., None].clamp(0, count - 1)) ** 2) / (2 * sigma**2), dim=2)


def _peaks(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Column and row of each maximum, int64 ``(N, J)``."""
    index = maps.flatten(2).argmax(2)
    return index % maps.shape[3], index // maps.shape[3]


def _windows(maps: Tensor, reach: int, outside: float) -> tuple[Tensor, Tensor, Tensor]:
    columns, rows = _peaks(maps)
    return columns, rows, _window(maps, columns, rows, reach, outside)


def _window(maps: Tensor, columns: Tensor, rows: Tensor, reach: int, outside: float) -> Tensor:
    """The cells around one cell of each map: ``(N, J, 2 reach + 1, 2 reach + 1)``."""
    padded = functional.pad(maps, (reach, reach, reach, reach), value=outside)
    offsets = torch.arange(2 * reach + 1, device=maps.device)
    index = (rows[..., None] + offsets)[..., :, None] * padded.shape[3] + (columns[..., None] + offsets)[..., None, :]
    return padded.flatten(2).gather(2, index.flatten(2)).view(*index.shape)


def _smoothed(maps: Tensor, kernel: int) -> Tensor:
    """Gaussian smoothing with OpenCV's sigma for a kernel of that size, zeros outside."""
    sigma = 0.3 * ((kernel - 1) * 0.5 - 1) + 0.8
    weights = torch.exp(-((_numbers(maps, kernel) - kernel // 2) ** 2) / (2 * sigma**2))
    weights = weights / weights.sum()
    flat = maps.flatten(0, 1)[:, None]
    across = functional.conv2d(flat, weights[None, None, None, :], padding=(0, kernel // 2))
    return functional.conv2d(across, weights[None, None, :, None], padding=(kernel // 2, 0)).view(maps.shape)

"""The blocks of TPSMM's networks, which are PGMM's too, and their sampling of pictures.

Source: Zhao and Zhang 2022, "Thin-Plate Spline Motion Model for Image Animation", and its authors' implementation,
yoyo-nb/Thin-Plate-Spline-Motion-Model, ``modules/util.py``. Coordinates are x before y on [-1, 1], from the centre of the first
pixel to that of the last.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Unit(nn.Module):
    """A convolution, instance normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv: nn.Module = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)
        self.norm = nn.InstanceNorm2d(outputs, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu_(self.norm(self.conv(x)))


class Halving(Unit):
    """A unit, and the mean of each 2 x 2 pixels."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.avg_pool2d(super().forward(x), 2)


class Doubling(Unit):
    """Each pixel four times, and a unit."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(functional.interpolate(x, scale_factor=2.0, mode="nearest"))


class TransposedUnit(Unit):
    """A transposed convolution that doubles the size, instance normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.conv = nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1)


class Residual(nn.Module):
    """Twice normalisation, ReLU and convolution, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, 1, 1)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1)
        self.norm1 = nn.InstanceNorm2d(width, affine=True)
        self.norm2 = nn.InstanceNorm2d(width, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(torch.relu_(self.norm1(x)))
        y = self.conv2(torch.relu_(self.norm2(y)))
        added: Tensor = y + x
        return added


class _Down(nn.Module):
    def __init__(self, inputs: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.down_blocks = nn.ModuleList(
            Halving(finer, coarser) for finer, coarser in zip((inputs, *widths[1:-1]), widths[1:], strict=True)
        )


class _Up(nn.Module):
    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        deepest = len(widths) - 1
        self.up_blocks = nn.ModuleList(
            Doubling(widths[number] if number == deepest else 2 * widths[number], widths[number - 1])
            for number in range(deepest, 0, -1)
        )


class Hourglass(nn.Module):
    """Halves the size several times, and doubles it again; features of the way down are concatenated."""

    def __init__(self, inputs: int, width: int, most: int, blocks: int) -> None:
        """Builds the network.

        Args:
            inputs: channels of the input.
            width: half of the channels after the first halving; each halving doubles them.
            most: most channels.
            blocks: number of halvings.
        """
        super().__init__()
        widths = [min(most, width * 2**number) for number in range(blocks + 1)]
        self.encoder, self.decoder = _Down(inputs, widths), _Up(widths)
        self.widths = (*(2 * width for width in widths[-2:0:-1]), width + inputs)
        """Channels of each output."""

    def forward(self, x: Tensor) -> list[Tensor]:
        """The features of the way up, from the smallest; the last ones have the input's size."""
        finer = [x]
        for down in self.encoder.down_blocks:
            finer.append(down(finer[-1]))
        features, found = finer.pop(), []
        for up in self.decoder.up_blocks:
            features = torch.cat([up(features), finer.pop()], dim=1)
            found.append(features)
        return found


class Reduction(nn.Module):
    """Reduces pictures: a Gaussian filter with zeros around, then every n-th pixel.

    sigma is (1 / scale - 1) / 2, and the kernel has 2 round(4 sigma) + 1 pixels.
    """

    weight: Tensor

    def __init__(self, channels: int, scale: float) -> None:
        """Builds the filter.

        Args:
            channels: of the pictures.
            scale: 1 or less; at 1 pictures stay as they are.
        """
        super().__init__()
        sigma = (1 / scale - 1) / 2
        size = 2 * round(4 * sigma) + 1
        distances = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
        line = torch.exp(-(distances**2) / (2 * sigma**2)) if sigma else torch.ones(1)
        kernel = line[:, None] * line[None, :]
        self.register_buffer("weight", (kernel / kernel.sum()).repeat(channels, 1, 1, 1))
        self.scale = scale

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures ``(N, C, H, W)`` at the smaller size."""
        if self.scale == 1:
            return pictures
        smooth = functional.conv2d(pictures, self.weight, padding=self.weight.shape[-1] // 2, groups=len(self.weight))
        return functional.interpolate(smooth, scale_factor=self.scale, mode="nearest")


def grid(height: int, width: int, like: Tensor) -> Tensor:
    """The coordinates of all pixels, ``(height, width, 2)``."""
    across, down = (2 * torch.arange(side, dtype=like.dtype, device=like.device) / (side - 1) - 1 for side in (width, height))
    return torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=2)


def warped(features: Tensor, flow: Tensor) -> Tensor:
    """Features where the flow points to, bilinear, zeros outside.

    Args:
        features: ``(N, C, H, W)``.
        flow: ``(N, h, w, 2)``; it is resized to the features' size.
    """
    return functional.grid_sample(features, resized_flow(flow, features.shape[2:]), align_corners=True)


def resized_flow(flow: Tensor, size: Sequence[int]) -> Tensor:
    """A flow ``(N, h, w, 2)`` at another size, bilinear; the first and last pixel stay where they are."""
    if tuple(flow.shape[1:3]) == tuple(size):
        return flow
    channels = flow.permute(0, 3, 1, 2)
    return functional.interpolate(channels, size=tuple(size), mode="bilinear", align_corners=True).permute(0, 2, 3, 1)


def enlarged_flow(flow: Tensor, size: Sequence[int]) -> Tensor:
    """A flow ``(N, h, w, 2)`` for pictures of another size that show the same: displacements keep their share of the picture.

    Unlike in :func:`resized_flow`, pixels are areas here, as they are when a picture is resized.
    """
    if tuple(flow.shape[1:3]) == tuple(size):
        return flow
    (height, width), (tall, wide) = flow.shape[1:3], size
    pixels = (flow - grid(height, width, flow)) * flow.new_tensor([(width - 1) / 2, (height - 1) / 2])
    larger = functional.interpolate(pixels.permute(0, 3, 1, 2), size=tuple(size), mode="bilinear", align_corners=False)
    moved = larger.permute(0, 2, 3, 1) * flow.new_tensor([wide / width, tall / height])
    return grid(tall, wide, flow) + moved / flow.new_tensor([(wide - 1) / 2, (tall - 1) / 2])

"""I3D for the 400 classes of Kinetics: Inception-v1, inflated to three dimensions.

Source: Carreira and Zisserman, "Quo vadis, action recognition?" (CVPR 2017), figure 3 and section 2.4. Names of the tensors as in
the 400-class PyTorch port ``i3d_pretrained_400.pt`` of VideoGPT and TATS, whose batch normalisation adds 1e-5 to the variance.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Three = tuple[int, int, int]
"""Of time, height and width."""

FEWEST_FRAMES = 9
"""The fewest frames for which the last pooling, over two time steps, has one position: each of three halvings rounds up."""
_EPSILON = 1e-5


def _same(x: Tensor, kernel: Three, stride: Three) -> Tensor:
    """Pads with zeros as TensorFlow's ``SAME``: ceil(size / stride) results, and the odd zero at the end."""
    padding: list[int] = []
    for size, width, step in zip(reversed(x.shape[2:]), reversed(kernel), reversed(stride), strict=True):
        zeros = max((-(-size // step) - 1) * step + width - size, 0)
        padding += [zeros // 2, zeros - zeros // 2]
    return F.pad(x, padding) if any(padding) else x


def _highest(x: Tensor, kernel: Three, stride: Three, padding: int = 0) -> Tensor:
    """Maxima of windows.

    On the CPU torch is ten times faster with channels-last memory; its convolutions may return channels first.
    """
    return F.max_pool3d(x.contiguous(memory_format=torch.channels_last_3d), kernel, stride, padding)


class Unit(nn.Module):
    """Convolution, batch normalisation and rectification, padded as TensorFlow's ``SAME``."""

    def __init__(self, channels: int, made: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        # With a stride of 1 the padding is symmetric, and the convolution adds it without a copy.
        self.stride = stride
        padding = kernel // 2 if stride == 1 else 0
        self.conv3d = nn.Conv3d(channels, made, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm3d(made, eps=_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, T, H, W)`` to ``(N, made, T / stride, H / stride, W / stride)``, rounded up."""
        if self.stride > 1:
            width = self.conv3d.kernel_size[0]
            x = _same(x, (width, width, width), (self.stride, self.stride, self.stride))
        return F.relu(self.bn(self.conv3d(x)), inplace=True)


class Pool(nn.Module):
    """Maximum of windows, padded as TensorFlow's ``SAME``. Zeros change no maximum of activations, which are not negative."""

    def __init__(self, kernel: Three, stride: Three) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, T, H, W)`` to the same divided by the stride, rounded up."""
        return _highest(_same(x, self.kernel, self.stride), self.kernel, self.stride)


class Inception(nn.Module):
    """Four parallel branches: 1, 1 and 3, 1 and 3, maximum of 3 and 1.

    Args:
        channels: input channels.
        made: output channels of the six convolutions, in this order.
    """

    def __init__(self, channels: int, made: Sequence[int]) -> None:
        super().__init__()
        self.b0 = Unit(channels, made[0])
        self.b1a = Unit(channels, made[1])
        self.b1b = Unit(made[1], made[2], kernel=3)
        self.b2a = Unit(channels, made[3])
        self.b2b = Unit(made[3], made[4], kernel=3)
        self.b3b = Unit(channels, made[5])

    def forward(self, x: Tensor) -> Tensor:
        """``(N, channels, T, H, W)`` to ``(N, sum of the branches, T, H, W)``."""
        highest = _highest(x, (3, 3, 3), (1, 1, 1), padding=1)
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(highest)], dim=1)


class Logits(nn.Module):
    """The classifier: a mean over 2 time steps and 7 x 7 positions, a linear layer, and the mean over the remaining time steps."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(channels, classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, channels, T, 7, 7)`` with T of at least 2 to ``(N, classes)``."""
        positions: Tensor = self.conv3d(F.avg_pool3d(x, kernel_size=(2, 7, 7), stride=1))
        return positions.mean(dim=(2, 3, 4))


def i3d() -> nn.Module:
    """The network: ``(N, 3, T, 224, 224)`` on [-1, 1], T of at least 9, to 400 logits ``(N, 400)``."""
    layers: list[tuple[str, nn.Module]] = [
        ("Conv3d_1a_7x7", Unit(3, 64, kernel=7, stride=2)),
        ("MaxPool3d_2a_3x3", Pool((1, 3, 3), (1, 2, 2))),
        ("Conv3d_2b_1x1", Unit(64, 64)),
        ("Conv3d_2c_3x3", Unit(64, 192, kernel=3)),
        ("MaxPool3d_3a_3x3", Pool((1, 3, 3), (1, 2, 2))),
        ("Mixed_3b", Inception(192, (64, 96, 128, 16, 32, 32))),
        ("Mixed_3c", Inception(256, (128, 128, 192, 32, 96, 64))),
        ("MaxPool3d_4a_3x3", Pool((3, 3, 3), (2, 2, 2))),
        ("Mixed_4b", Inception(480, (192, 96, 208, 16, 48, 64))),
        ("Mixed_4c", Inception(512, (160, 112, 224, 24, 64, 64))),
        ("Mixed_4d", Inception(512, (128, 128, 256, 24, 64, 64))),
        ("Mixed_4e", Inception(512, (112, 144, 288, 32, 64, 64))),
        ("Mixed_4f", Inception(528, (256, 160, 320, 32, 128, 128))),
        ("MaxPool3d_5a_2x2", Pool((2, 2, 2), (2, 2, 2))),
        ("Mixed_5b", Inception(832, (256, 160, 320, 32, 128, 128))),
        ("Mixed_5c", Inception(832, (384, 192, 384, 48, 128, 128))),
        ("logits", Logits(1024, 400)),
    ]
    return nn.Sequential(OrderedDict(layers))

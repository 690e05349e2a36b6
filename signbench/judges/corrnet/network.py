"""CorrNet (Hu, Gao, Liu and Feng 2023), built from the paper and from the names and shapes of its published weights.

A ResNet-18 with kernels 1 x k x k processes each frame; after its second, third and fourth stage a correlation module relates each
frame to the hands' positions in its neighbours. Temporal convolutions and a BiLSTM process the frames' features; both return gloss
scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

Step = Literal["K5", "K3", "P2"]
"""A step of the temporal convolutions: kernel of 5 or 3 frames without padding, or pooling of 2."""


@dataclass(frozen=True, eq=False)
class GlossScores:
    """The network's output for a batch of clips.

    Attributes:
        sequence: logits of the BiLSTM ``(N, S, classes)``; class 0 is CTC's blank.
        convolution: logits of the temporal convolutions ``(N, S, classes)``.
        lengths: int ``(N,)``, the number of steps S of each clip.
    """

    sequence: Tensor
    convolution: Tensor
    lengths: Tensor


class CorrNet(nn.Module):
    """Maps frames to gloss scores."""

    def __init__(
        self, classes: int, widths: Sequence[int], correlated: Sequence[int], steps: Sequence[Step], hidden: int, dropout: float
    ) -> None:
        """Builds the network.

        Args:
            classes: size of the gloss vocabulary, including the blank.
            widths: widths of the four stages of the ResNet.
            correlated: stages, 2 to 4, that are followed by a correlation module; CSL-Daily's published weights lack the one after
                stage 2.
            steps: steps of the temporal convolutions.
            hidden: width of the temporal part, both directions together.
            dropout: dropout between the layers of the BiLSTM, in training.
        """
        super().__init__()
        self.conv2d = _CorrelationResNet(widths, correlated)
        self.conv1d = _TemporalConvolution(widths[-1], hidden, steps, classes)
        self.temporal_model = _TemporalModel(hidden, dropout)
        self.classifier = _NormLinear(hidden, classes)
        self.conv1d.fc = self.classifier

    def forward(self, frames: Tensor, lengths: Tensor) -> GlossScores:
        """Computes the gloss scores of a batch of clips.

        Args:
            frames: float ``(N, 3, T, H, W)`` on [-1, 1], padded at both ends by repeating the first and the last frame.
            lengths: int ``(N,)``, number of frames of each clip, including its padding.
        """
        return self.of_features(self.conv2d(frames), lengths)

    def of_features(self, features: Tensor, lengths: Tensor) -> GlossScores:
        """Computes the gloss scores from the frames' features.

        Args:
            features: float ``(N, T, D)``, from ``conv2d``.
            lengths: int ``(N,)``, as for :meth:`forward`.
        """
        states, lengths = self.conv1d(features, lengths)
        return GlossScores(self.classifier(self.temporal_model(states, lengths)), self.classifier(states), lengths)


class _NormLinear(nn.Module):
    """Scores as inner products with unit vectors of the classes; the weight is ``(inputs, classes)``."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, classes))
        nn.init.xavier_uniform_(self.weight, gain=nn.init.calculate_gain("relu"))

    def forward(self, states: Tensor) -> Tensor:
        return states @ nn.functional.normalize(self.weight, dim=0)


class _BasicBlock(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(inputs, width, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = nn.Conv3d(width, width, (1, 3, 3), 1, (0, 1, 1), bias=False)
        self.bn2 = nn.BatchNorm3d(width)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(nn.Conv3d(inputs, width, 1, (1, stride, stride), bias=False), nn.BatchNorm3d(width))

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + around)


class _Correlation(nn.Module):
    """Correlation and identification module (paper, sections 3.2 and 3.3)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        narrow = width // 16
        self.down_conv = nn.Conv3d(width, narrow, 1, bias=False)
        self.spatial_aggregation1, self.spatial_aggregation2, self.spatial_aggregation3 = (
            nn.Conv3d(narrow, narrow, (9, 3, 3), padding=(4, spread, spread), dilation=(1, spread, spread), groups=narrow)
            for spread in (1, 2, 3)
        )
        self.weights = nn.Parameter(torch.ones(3) / 3)
        self.weights2 = nn.Parameter(torch.ones(2) / 2)
        self.conv_back = nn.Conv3d(narrow, width, 1, bias=False)
        self.down_conv2 = nn.Conv3d(width, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        other = self.down_conv2(x)
        behind = torch.cat([other[:, :, :1], other[:, :, :-1]], dim=2)
        ahead = torch.cat([other[:, :, 1:], other[:, :, -1:]], dim=2)
        moved = self._gathered(x, ahead) * self.weights2[0] + self._gathered(x, behind) * self.weights2[1]
        narrow = self.down_conv(x)
        parts = (self.spatial_aggregation1(narrow), self.spatial_aggregation2(narrow), self.spatial_aggregation3(narrow))
        mask = self.conv_back(sum(part * weight for part, weight in zip(parts, self.weights, strict=True)))
        return moved * (torch.sigmoid(mask) - 0.5)

    @staticmethod
    def _gathered(x: Tensor, neighbour: Tensor) -> Tensor:
        """For each position, the features of the neighbouring frame, weighted by similarity."""
        count, width, frames, height, across = x.shape
        own = x.transpose(1, 2).reshape(count * frames, width, height * across)
        others = neighbour.transpose(1, 2).reshape(count * frames, width, height * across)
        similarity = torch.sigmoid(own.transpose(1, 2) @ others) - 0.5
        found = others @ similarity.transpose(1, 2)
        return found.reshape(count, frames, width, height, across).transpose(1, 2)


class _CorrelationResNet(nn.Module):
    def __init__(self, widths: Sequence[int], correlated: Sequence[int]) -> None:
        super().__init__()
        first = widths[0]
        self.conv1 = nn.Conv3d(3, first, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False)
        self.bn1 = nn.BatchNorm3d(first)
        self.maxpool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
        inputs = first
        for stage, width in enumerate(widths, start=1):
            blocks = [_BasicBlock(inputs, width, 1 if stage == 1 else 2), _BasicBlock(width, width, 1)]
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
            inputs = width
        self.correlated = tuple(correlated)
        for stage in self.correlated:
            self.add_module(f"corr{stage - 1}", _Correlation(widths[stage - 1]))
        self.alpha = nn.Parameter(torch.zeros(len(self.correlated)))

    def forward(self, frames: Tensor, *, correlated: bool = True) -> Tensor:
        """Features of frames; pooled over the whole picture, which can have any size.

        Args:
            frames: ``(N, 3, T, H, W)``.
            correlated: with the correlation modules; without them a frame's features depend on the frame alone.

        Returns:
            ``(N, T, D)``.
        """
        x = self.maxpool(torch.relu(self.bn1(self.conv1(frames))))
        for stage in (1, 2, 3, 4):
            x = self.get_submodule(f"layer{stage}")(x)
            if correlated and stage in self.correlated:
                x = x + self.get_submodule(f"corr{stage - 1}")(x) * self.alpha[self.correlated.index(stage)]
        pooled: Tensor = x.mean(dim=(3, 4)).transpose(1, 2)
        return pooled


class _TemporalConvolution(nn.Module):
    fc: nn.Module

    def __init__(self, inputs: int, hidden: int, steps: Sequence[Step], classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = inputs
        for step in steps:
            if step == "P2":
                layers.append(nn.MaxPool1d(2, ceil_mode=False))
            else:
                layers += [nn.Conv1d(width, hidden, int(step[1:])), nn.BatchNorm1d(hidden), nn.ReLU()]
                width = hidden
        self.steps = tuple(steps)
        self.temporal_conv = nn.Sequential(*layers)

    def forward(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """States ``(N, S, D)`` and the number of steps of each clip, from features ``(N, T, D)``."""
        states = self.temporal_conv(features.transpose(1, 2)).transpose(1, 2)
        for step in self.steps:
            lengths = lengths // 2 if step == "P2" else lengths - int(step[1:]) + 1
        return states, lengths


class _TemporalModel(nn.Module):
    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.rnn = nn.LSTM(hidden, hidden // 2, num_layers=2, dropout=dropout, bidirectional=True)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(states, lengths.cpu(), batch_first=True, enforce_sorted=False)
        read, _ = self.rnn(packed)
        padded, _ = nn.utils.rnn.pad_packed_sequence(read, batch_first=True, total_length=states.shape[1])
        return padded

"""ST-GCN's network (Yan, Xiong and Lin 2018), with the layer names of st-gcn, ``net/st_gcn.py``, and a mask for padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Block:
    """One block: the width of its output and its stride in time."""

    width: int
    stride: int = 1


class STGCN(nn.Module):
    """Recognises a sign from the motion of a skeleton.

    Padding never affects a frame: it is set to zero before every convolution over time, and pooling ignores it, so that a clip
    gives the same numbers alone and in a batch (in evaluation mode).
    """

    A: Tensor

    def __init__(
        self, channels: int, classes: int, adjacency: Tensor, blocks: Sequence[Block], kernel: int = 9, dropout: float = 0.5
    ) -> None:
        """Builds the network.

        Args:
            channels: C, numbers per joint and frame.
            classes: number of signs.
            adjacency: float32 ``(K, V, V)``, see :meth:`signbench.judges.stgcn.skeletons.Skeleton.adjacency`.
            blocks: widths and strides; the first block has no residual path.
            kernel: kernel size of the temporal convolutions in frames, odd.
            dropout: dropout in training, in every block except the first.
        """
        super().__init__()
        self.register_buffer("A", adjacency)
        groups, joints, _ = adjacency.shape
        self.data_bn = nn.BatchNorm1d(channels * joints)
        layers = []
        width = channels
        for index, block in enumerate(blocks):
            layers.append(_GraphBlock(width, block, groups, kernel, dropout if index else 0.0, residual=index > 0))
            width = block.width
        self.st_gcn_networks = nn.ModuleList(layers)
        self.edge_importance = nn.ParameterList([nn.Parameter(torch.ones_like(adjacency)) for _ in blocks])
        self.fcn = nn.Conv2d(width, classes, kernel_size=1)

    def forward(self, motion: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Computes the scores of all signs, and the pooled features.

        Args:
            motion: float ``(N, T, V, C)``.
            mask: bool ``(N, T)``, false for padding; None: no padding.

        Returns:
            Logits ``(N, classes)`` and features ``(N, D)``.
        """
        count, frames, joints, channels = motion.shape
        keep = torch.ones(count, frames, dtype=torch.bool, device=motion.device) if mask is None else mask
        flat = motion.permute(0, 2, 3, 1).reshape(count, joints * channels, frames)
        x = self._normalised(flat, keep).reshape(count, joints, channels, frames).permute(0, 2, 3, 1)
        for block, importance in zip(self.st_gcn_networks, self.edge_importance, strict=True):
            x, keep = block(x, self.A * importance, keep)
        weights = keep[:, None, :, None].to(x.dtype)
        features = (x * weights).sum(dim=(2, 3)) / (weights.sum(dim=(2, 3)) * joints)
        return self.fcn(features[:, :, None, None])[:, :, 0, 0], features

    def _normalised(self, flat: Tensor, keep: Tensor) -> Tensor:
        """Batch normalisation of ``(N, V C, T)`` with statistics that ignore padding."""
        if not self.training or bool(keep.all()):
            whole: Tensor = self.data_bn(flat)
            return whole
        rows = flat.transpose(1, 2)
        normalised = torch.zeros_like(rows)
        normalised[keep] = self.data_bn(rows[keep]).to(rows.dtype)
        return normalised.transpose(1, 2)


class _GraphConvolution(nn.Module):
    def __init__(self, inputs: int, outputs: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.conv = nn.Conv2d(inputs, outputs * groups, kernel_size=1)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        mixed = self.conv(x)
        count, width, frames, joints = mixed.shape
        mixed = mixed.view(count, self.groups, width // self.groups, frames, joints)
        return torch.einsum("nkctv,kvw->nctw", mixed, adjacency)


class _GraphBlock(nn.Module):
    """Graph convolution and convolution over time, with a residual path around both."""

    def __init__(self, inputs: int, block: Block, groups: int, kernel: int, dropout: float, *, residual: bool) -> None:
        super().__init__()
        width = block.width
        self.stride = block.stride
        self.gcn = _GraphConvolution(inputs, width, groups)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, (kernel, 1), (block.stride, 1), (kernel // 2, 0)),
            nn.BatchNorm2d(width),
            nn.Dropout(dropout),
        )
        self.residual: nn.Module | None = None
        if residual:
            same = inputs == width and block.stride == 1
            self.residual = (
                nn.Identity()
                if same
                else nn.Sequential(nn.Conv2d(inputs, width, 1, stride=(block.stride, 1)), nn.BatchNorm2d(width))
            )

    def forward(self, x: Tensor, adjacency: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        around = 0.0 if self.residual is None else self.residual(x)
        y = self.tcn[1](self.tcn[0](self.gcn(x, adjacency)))
        # Frames after a clip's end must be zero, like those after the end of the longest clip of a batch.
        y = y * keep[:, None, :, None].to(y.dtype)
        y = self.tcn[4](self.tcn[3](self.tcn[2](y)))
        return torch.relu(y + around), keep[:, :: self.stride]

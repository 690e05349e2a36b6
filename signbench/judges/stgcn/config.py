"""Sizes of an ST-GCN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signbench.judges.stgcn.network import STGCN


@dataclass(frozen=True)
class STGCNConfig:
    """An ST-GCN's architecture.

    Attributes:
        skeleton: see :mod:`signbench.judges.stgcn.skeletons`.
        channels: numbers per joint and frame: 6 for a rotation, 3 for a key point with its confidence.
        classes: number of signs.
        widths: widths of the blocks' outputs.
        strides: strides of the blocks in time.
        kernel: kernel size of the temporal convolutions, in frames.
        dropout: dropout in training.
    """

    skeleton: str
    channels: int
    classes: int
    widths: tuple[int, ...]
    strides: tuple[int, ...]
    kernel: int
    dropout: float

    @classmethod
    def paper(cls, skeleton: str, channels: int, classes: int) -> STGCNConfig:
        """The network of the paper: ten blocks of 64, 128 and 256, kernel 9."""
        return cls(skeleton, channels, classes, (64,) * 4 + (128,) * 3 + (256,) * 3, (1, 1, 1, 1, 2, 1, 1, 2, 1, 1), 9, 0.5)

    @classmethod
    def small(cls, skeleton: str, channels: int, classes: int) -> STGCNConfig:
        """A smaller network that trains on two cores."""
        return cls(skeleton, channels, classes, (24, 24, 48, 48, 96), (1, 1, 2, 1, 2), 5, 0.2)

    def build(self) -> STGCN:
        """Builds the network with random weights.

        Raises:
            InputError: there is no such skeleton.
        """
        import torch

        from signbench.judges.stgcn.network import STGCN, Block
        from signbench.judges.stgcn.skeletons import skeleton

        adjacency = torch.from_numpy(skeleton(self.skeleton).adjacency())
        blocks = [Block(width, stride) for width, stride in zip(self.widths, self.strides, strict=True)]
        return STGCN(self.channels, self.classes, adjacency, blocks, self.kernel, self.dropout)

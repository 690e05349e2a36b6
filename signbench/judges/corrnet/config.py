"""Sizes of a CorrNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from signbench.judges.corrnet.network import CorrNet


@dataclass(frozen=True)
class CorrNetConfig:
    """A CorrNet's architecture.

    Attributes:
        classes: size of the gloss vocabulary, including CTC's blank.
        widths: widths of the four stages of the ResNet.
        correlated: stages that are followed by a correlation module.
        steps: steps of the temporal convolutions: ``K5`` a kernel of 5 frames, ``P2`` pooling of 2.
        hidden: width of the temporal part.
        dropout: dropout between the layers of the BiLSTM.
        size: height and width of the pictures that it was trained on, in pixels.
    """

    classes: int
    widths: tuple[int, int, int, int]
    correlated: tuple[int, ...]
    steps: tuple[Literal["K5", "K3", "P2"], ...]
    hidden: int
    dropout: float
    size: int

    @classmethod
    def paper(cls, classes: int) -> CorrNetConfig:
        """The network of the paper: 1296 classes for PHOENIX14, 1116 for PHOENIX14T, 2001 for CSL-Daily."""
        return cls(classes, (64, 128, 256, 512), (2, 3, 4), ("K5", "P2", "K5", "P2"), 1024, 0.3, 224)

    @classmethod
    def small(cls, classes: int) -> CorrNetConfig:
        """A smaller network that trains on two cores, with one pooling in time, since its clips are short."""
        return cls(classes, (16, 32, 64, 128), (2, 3, 4), ("K5", "P2", "K3"), 256, 0.3, 96)

    @property
    def stride(self) -> int:
        """Frames between two steps of the output."""
        return 1 << self.steps.count("P2")

    @property
    def padding(self) -> int:
        """Frames that are repeated at each end, so that a clip of T frames has ceil(T / stride) steps: 6 in the paper."""
        reach, stride = 0, 1
        for step in self.steps:
            if step == "P2":
                stride *= 2
            else:
                reach += stride * (int(step[1:]) - 1)
        return reach // 2

    def build(self) -> CorrNet:
        """Builds the network with random weights."""
        from signbench.judges.corrnet.network import CorrNet

        return CorrNet(self.classes, self.widths, self.correlated, self.steps, self.hidden, self.dropout)

"""Sizes of an NSLT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from signbench.judges.nslt.network import NSLT


@dataclass(frozen=True)
class NSLTConfig:
    """An NSLT's architecture.

    Attributes:
        reads: ``frames``, through AlexNet; or ``pose``, rows of numbers.
        inputs: numbers per row of key points; for pictures the width of AlexNet's features.
        words: size of the word vocabulary.
        width: width of the GRUs.
        layers: number of layers of the encoder and of the decoder.
        dropout: dropout in training.
        glosses: size of the gloss vocabulary of an additional layer on the encoder, for training by CTC; 0: none, as in the paper.
    """

    reads: Literal["frames", "pose"]
    inputs: int
    words: int
    width: int
    layers: int
    dropout: float
    glosses: int = 0

    @classmethod
    def paper(cls, words: int) -> NSLTConfig:
        """The network of the paper: AlexNet, and 4 GRUs of width 1000 each in encoder and decoder; 2891 words of PHOENIX14T."""
        return cls("frames", 4096, words, 1000, 4, 0.2)

    @classmethod
    def small(cls, inputs: int, words: int, glosses: int = 0) -> NSLTConfig:
        """A smaller network for key points that trains on two cores."""
        return cls("pose", inputs, words, 192, 2, 0.2, glosses)

    def build(self) -> NSLT:
        """Builds the network with random weights."""
        from torch import nn

        from signbench.judges.nslt.alexnet import AlexNet
        from signbench.judges.nslt.network import NSLT

        trunk = AlexNet() if self.reads == "frames" else nn.Identity()
        return NSLT(trunk, self.inputs, self.words, self.width, self.layers, self.dropout, self.glosses)

"""What a sign language transformer is built of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signbench.judges.slt.network import SLT


@dataclass(frozen=True)
class SLTConfig:
    """A sign language transformer's architecture.

    Attributes:
        inputs: numbers of each frame.
        glosses: size of the gloss vocabulary: blank, unknown and padding first.
        words: size of the word vocabulary: unknown, padding, opening and closing word first.
        width: of the hidden states.
        heads: of attention.
        feed_forward: width of the feed-forward layers.
        encoder_layers: how many.
        decoder_layers: how many.
        dropout: in training.
    """

    inputs: int
    glosses: int
    words: int
    width: int
    heads: int
    feed_forward: int
    encoder_layers: int
    decoder_layers: int
    dropout: float

    @classmethod
    def paper(cls, inputs: int, glosses: int, words: int, width: int = 512) -> SLTConfig:
        """The network of the paper: 3 + 3 layers of 8 heads, 512 wide; the evaluators for key points also come in 256."""
        return cls(inputs, glosses, words, width, 8, 2048, 3, 3, 0.1)

    @classmethod
    def small(cls, inputs: int, glosses: int, words: int) -> SLTConfig:
        """A network of the same parts that trains on two cores."""
        return cls(inputs, glosses, words, 128, 4, 256, 2, 2, 0.1)

    def build(self) -> SLT:
        """The network, with fresh weights: Xavier's for matrices, 0 for biases (``signjoey/initialization.py``)."""
        from torch import nn

        from signbench.judges.slt.network import SLT

        network = SLT(
            self.inputs,
            self.glosses,
            self.words,
            self.width,
            self.heads,
            self.feed_forward,
            (self.encoder_layers, self.decoder_layers),
            self.dropout,
        )
        for name, parameter in network.named_parameters():
            if "norm" in name or parameter.is_meta:
                continue
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)
        return network

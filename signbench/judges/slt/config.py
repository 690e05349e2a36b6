"""Sizes of a sign language transformer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signbench.judges.slt.network import SLT


@dataclass(frozen=True)
class SLTConfig:
    """A sign language transformer's architecture.

    Attributes:
        inputs: numbers per frame.
        glosses: size of the gloss vocabulary: blank, unknown and padding first; 0 for a network that only translates.
        words: size of the word vocabulary: unknown, padding, opening and closing word first.
        width: width of the hidden states.
        heads: number of attention heads.
        feed_forward: width of the feed-forward layers.
        encoder_layers: number of layers of the encoder.
        decoder_layers: number of layers of the decoder.
        dropout: dropout in training.
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
        """The network of the paper: 3 + 3 layers of 8 heads, width 512; published evaluators of key points also have width 256."""
        return cls(inputs, glosses, words, width, 8, 2048, 3, 3, 0.1)

    @classmethod
    def small(cls, inputs: int, glosses: int, words: int) -> SLTConfig:
        """A smaller network that trains on two cores."""
        return cls(inputs, glosses, words, 128, 4, 256, 2, 2, 0.1)

    def build(self) -> SLT:
        """Builds the network with random weights: Xavier's for matrices, 0 for biases (``signjoey/initialization.py``)."""
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

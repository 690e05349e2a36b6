"""The sign language transformer (Camgoz, Koller, Hadfield and Bowden 2020), with the names of neccam/slt, ``signjoey/model.py``.

Layers normalise their input; frames and words are embedded, normalised over the batch and passed through a softsign.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from signbench.networks.masks import MaskedBatchNorm
from signbench.networks.transformer import LAYER_NORM_EPSILON, DecoderLayer, Encoder, Positions


@dataclass(frozen=True, eq=False)
class Memory:
    """The encoder's output for a batch of clips.

    Attributes:
        states: ``(N, T, D)``.
        mask: bool ``(N, T)``, false for padding.
        gloss_logits: ``(N, T, glosses)``; class 0 is CTC's blank. Without glosses ``(N, T, 0)``.
    """

    states: Tensor
    mask: Tensor
    gloss_logits: Tensor


class SLT(nn.Module):
    """Maps frames to glosses, by CTC, and to words."""

    def __init__(
        self,
        inputs: int,
        glosses: int,
        words: int,
        width: int,
        heads: int,
        feed_forward: int,
        layers: tuple[int, int],
        dropout: float,
        padding: int = 1,
    ) -> None:
        """Builds the network.

        Args:
            inputs: numbers per frame.
            glosses: size of the gloss vocabulary, including the blank; 0 for a network that only translates.
            words: size of the word vocabulary.
            width: width D of the hidden states.
            heads: number of attention heads.
            feed_forward: width of the feed-forward layers.
            layers: numbers of layers of the encoder and of the decoder.
            dropout: dropout in training.
            padding: index of the padding word.
        """
        super().__init__()
        self.sgn_embed = _FrameEmbedding(inputs, width)
        self.txt_embed = _WordEmbedding(words, width, padding)
        self.encoder = Encoder(width, heads, feed_forward, layers[0], dropout)
        self.decoder = _Decoder(width, heads, feed_forward, layers[1], dropout, words)
        self.gloss_output_layer = nn.Linear(width, glosses) if glosses else None

    def encode(self, frames: Tensor, mask: Tensor) -> Memory:
        """Encodes a batch of clips.

        Args:
            frames: ``(N, T, inputs)``.
            mask: bool ``(N, T)``, false for padding.
        """
        states = self.encoder(self.sgn_embed(frames, mask), mask)
        layer = self.gloss_output_layer
        return Memory(states, mask, states.new_zeros(*mask.shape, 0) if layer is None else layer(states))

    def decode(self, memory: Memory, words: Tensor, mask: Tensor) -> Tensor:
        """Computes the scores of the word after each of the given ones.

        Args:
            memory: the encoded clips.
            words: int ``(N, L)``, beginning with the word that opens a sentence.
            mask: bool ``(N, L)``, false for padding.

        Returns:
            Logits ``(N, L, words)``.
        """
        logits: Tensor = self.decoder(self.txt_embed(words, mask), mask, memory)
        return logits


class _FrameEmbedding(nn.Module):
    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.ln = nn.Linear(inputs, width)
        self.norm = MaskedBatchNorm(width)

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        return nn.functional.softsign(self.norm(self.ln(frames), mask))


class _WordEmbedding(nn.Module):
    def __init__(self, words: int, width: int, padding: int) -> None:
        super().__init__()
        self.lut = nn.Embedding(words, width, padding_idx=padding)
        self.norm = MaskedBatchNorm(width)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        return nn.functional.softsign(self.norm(self.lut(words), mask))


class _Decoder(nn.Module):
    def __init__(self, width: int, heads: int, inner: int, layers: int, dropout: float, words: int) -> None:
        super().__init__()
        self.pe = Positions(width)
        self.emb_dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList([DecoderLayer(width, heads, inner, dropout) for _ in range(layers)])
        self.layer_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        self.output_layer = nn.Linear(width, words, bias=False)

    def forward(self, embedded: Tensor, mask: Tensor, memory: Memory) -> Tensor:
        length = embedded.shape[1]
        earlier = torch.ones(length, length, dtype=torch.bool, device=embedded.device).tril()
        states = self.emb_dropout(self.pe(embedded))
        for layer in self.layers:
            states = layer(states, mask[:, None] & earlier, memory.states, memory.mask)
        logits: Tensor = self.output_layer(self.layer_norm(states))
        return logits

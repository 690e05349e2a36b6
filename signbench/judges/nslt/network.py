"""NSLT's encoder and decoder (Camgoz, Hadfield, Koller, Ney and Bowden 2018), as in neccam/nslt.

GRUs read the frames from the last to the first; a decoder of GRUs with Luong's attention and input feeding writes the sentence.
torch's GRU applies the reset gate after the product with the hidden state, TensorFlow's before it; so weights cannot be converted.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Memory:
    """The encoder's output for a batch of clips.

    Attributes:
        states: ``(N, T, D)``, from the last frame to the first.
        mask: bool ``(N, T)``, false for padding.
        last: the layers' states after the first frame ``(layers, N, D)``.
    """

    states: Tensor
    mask: Tensor
    last: Tensor


@dataclass(frozen=True, eq=False)
class Reading:
    """The state of the decoder.

    Attributes:
        hidden: the layers' states ``(layers, N, D)``.
        attention: the last attention vector ``(N, D)``, an input of the next step.
    """

    hidden: Tensor
    attention: Tensor


class NSLT(nn.Module):
    """Maps frames to words."""

    def __init__(
        self, trunk: nn.Module, inputs: int, words: int, width: int, layers: int, dropout: float, glosses: int = 0
    ) -> None:
        """Builds the network.

        Args:
            trunk: the first network: :class:`signbench.judges.nslt.alexnet.AlexNet`, or an identity for key points.
            inputs: width of the trunk's output.
            words: size of the word vocabulary: unknown, opening and closing word first.
            width: width D of the GRUs, embeddings and attention.
            layers: number of layers of the encoder and of the decoder.
            dropout: dropout at each GRU's input, in training.
            glosses: size of the gloss vocabulary of :meth:`gloss_logits`; 0: there is no such layer.
        """
        super().__init__()
        self.trunk = trunk
        self.embedding = nn.Linear(inputs, width) if isinstance(trunk, nn.Identity) else nn.Identity()
        first = width if isinstance(trunk, nn.Identity) else inputs
        self.encoder = nn.ModuleList([nn.GRU(first if layer == 0 else width, width, batch_first=True) for layer in range(layers)])
        self.words = nn.Embedding(words, width)
        self.decoder = nn.ModuleList([nn.GRUCell(2 * width if layer == 0 else width, width) for layer in range(layers)])
        self.memory_layer = nn.Linear(width, width, bias=False)
        self.attention_layer = nn.Linear(2 * width, width, bias=False)
        self.projection = nn.Linear(width, words, bias=False)
        self.dropout = nn.Dropout(dropout)
        if glosses:
            self.gloss_layer = nn.Linear(width, glosses)

    def gloss_logits(self, memory: Memory) -> Tensor:
        """The scores of the glosses ``(N, T, glosses)``, from the last frame to the first."""
        logits: Tensor = self.gloss_layer(memory.states)
        return logits

    def encode(self, frames: Tensor, mask: Tensor) -> Memory:
        """Encodes a batch of clips.

        Args:
            frames: ``(N, T, inputs)``, or ``(N, T, 3, H, W)`` if the trunk takes pictures.
            mask: bool ``(N, T)``, false for padding.
        """
        count, length = mask.shape
        rows = self.embedding(self.trunk(frames.flatten(0, 1))).view(count, length, -1)
        lengths = mask.sum(dim=1)
        backwards = _reversed(rows, lengths)
        last = []
        for index, layer in enumerate(self.encoder):
            packed = nn.utils.rnn.pack_padded_sequence(
                self.dropout(backwards), lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            read, hidden = layer(packed)
            states, _ = nn.utils.rnn.pad_packed_sequence(read, batch_first=True, total_length=length)
            last.append(hidden[0])
            # layers after the first have a residual path
            backwards = states + backwards if index else states
        return Memory(backwards, mask, torch.stack(last))

    def begin(self, memory: Memory) -> Reading:
        """The state of the decoder before the first word."""
        return Reading(memory.last, torch.zeros_like(memory.last[0]))

    def step(self, memory: Memory, reading: Reading, words: Tensor) -> tuple[Tensor, Reading]:
        """Computes the scores of the next word.

        Args:
            memory: the encoded clips.
            reading: the state of the decoder.
            words: the last words, int ``(N,)``.

        Returns:
            Logits ``(N, words)``, and the next state of the decoder.
        """
        x = torch.cat([self.words(words), reading.attention], dim=1)
        hidden = []
        for index, (cell, before) in enumerate(zip(self.decoder, reading.hidden, strict=True)):
            after = cell(self.dropout(x), before)
            hidden.append(after)
            x = after + x if index else after
        keys = self.memory_layer(memory.states)
        similarity = torch.einsum("nd,ntd->nt", x, keys).masked_fill(~memory.mask, float("-inf"))
        context = torch.einsum("nt,ntd->nd", torch.softmax(similarity, dim=1), memory.states)
        attention = torch.tanh(self.attention_layer(torch.cat([x, context], dim=1)))
        return self.projection(attention), Reading(torch.stack(hidden), attention)

    def decode(self, memory: Memory, words: Tensor) -> Tensor:
        """The logits ``(N, L, words)`` of the word after each of the words ``(N, L)``."""
        reading = self.begin(memory)
        logits = []
        for index in range(words.shape[1]):
            scores, reading = self.step(memory, reading, words[:, index])
            logits.append(scores)
        return torch.stack(logits, dim=1)


def _reversed(rows: Tensor, lengths: Tensor) -> Tensor:
    """Reverses the frames of each clip; padding stays at the end."""
    indices = torch.arange(rows.shape[1], device=rows.device)[None]
    source = torch.where(indices < lengths[:, None], lengths[:, None] - 1 - indices, indices)
    return rows.gather(1, source[:, :, None].expand_as(rows))

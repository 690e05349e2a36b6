"""Layers of a transformer that normalise their input, with the names of neccam/slt, ``signjoey/transformer_layers.py``.

The sign language transformer and Progressive Transformers (Saunders, Camgoz and Bowden 2020) are made of them, so their published
weights have these names.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LAYER_NORM_EPSILON = 1e-6
POSITIONS = ".pe.pe"
"""The end of the names of the tables of sines, which each network computes itself; files need not have them."""

_LONGEST = 5000

Heads = tuple[Tensor, Tensor]
"""Keys and values of an attention, each ``(N, H, T, D / H)``."""


class Positions(nn.Module):
    """Adds sines and cosines of each position (Vaswani et al. 2017, section 3.5)."""

    pe: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        position = torch.arange(_LONGEST, dtype=torch.float32)[:, None]
        rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * -(math.log(10000.0) / width))
        table = torch.zeros(_LONGEST, width)
        table[:, 0::2], table[:, 1::2] = torch.sin(position * rate), torch.cos(position * rate)
        self.register_buffer("pe", table[None])

    def forward(self, states: Tensor, first: int = 0) -> Tensor:
        """Adds the positions from ``first`` on to ``states`` ``(N, L, D)``."""
        return states + self.pe[:, first : first + states.shape[1]]


class Attention(nn.Module):
    """Attention with several heads, each over its own part of the width."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.k_layer = nn.Linear(width, width)
        self.v_layer = nn.Linear(width, width)
        self.q_layer = nn.Linear(width, width)
        self.output_layer = nn.Linear(width, width)
        self.dropout = dropout

    def forward(self, keys: Tensor, queries: Tensor, mask: Tensor, values: Tensor | None = None) -> Tensor:
        """Attention of ``queries`` ``(N, L, D)`` to ``keys`` ``(N, T, D)`` where ``mask`` ``(N, 1 or L, T)`` is true.

        Values are made of ``values`` ``(N, T, D)``, by default of the keys.
        """
        return self.attend(queries, self.projected(keys, values), mask)

    def projected(self, keys: Tensor, values: Tensor | None = None) -> Heads:
        """The keys and values of ``keys`` ``(N, T, D)``, and of ``values`` if these are others."""
        return self._split(self.k_layer(keys)), self._split(self.v_layer(keys if values is None else values))

    def attend(self, queries: Tensor, kept: Heads, mask: Tensor | None) -> Tensor:
        """Attention of ``queries`` ``(N, L, D)`` to projected keys and values where ``mask`` is true, or to all."""
        count, length, width = queries.shape
        mixed = nn.functional.scaled_dot_product_attention(
            self._split(self.q_layer(queries)),
            *kept,
            attn_mask=None if mask is None else mask[:, None],
            dropout_p=self.dropout if self.training else 0.0,
        )
        joined: Tensor = self.output_layer(mixed.transpose(1, 2).reshape(count, length, width))
        return joined

    def _split(self, rows: Tensor) -> Tensor:
        count, _, width = rows.shape
        return rows.view(count, -1, self.heads, width // self.heads).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear layers with a rectifier between them; its input is normalised, and added to its output."""

    def __init__(self, width: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        self.pwff_layer = nn.Sequential(
            nn.Linear(width, inner), nn.ReLU(), nn.Dropout(dropout), nn.Linear(inner, width), nn.Dropout(dropout)
        )

    def forward(self, states: Tensor) -> Tensor:
        """Maps ``(N, L, D)`` to ``(N, L, D)``."""
        moved: Tensor = self.pwff_layer(self.layer_norm(states))
        return moved + states


class EncoderLayer(nn.Module):
    """A layer in which every position attends to all."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        self.src_src_att = Attention(width, heads, dropout)
        self.feed_forward = FeedForward(width, inner, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Maps ``(N, L, D)``, of which ``mask`` ``(N, 1, L)`` is true, to the same shape."""
        normalised = self.layer_norm(states)
        moved: Tensor = self.feed_forward(self.dropout(self.src_src_att(normalised, normalised, mask)) + states)
        return moved


class Encoder(nn.Module):
    """Encoder layers, with positions before and a normalisation after them."""

    def __init__(self, width: int, heads: int, inner: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList([EncoderLayer(width, heads, inner, dropout) for _ in range(layers)])
        self.layer_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        self.pe = Positions(width)
        self.emb_dropout = nn.Dropout(dropout)

    def forward(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """Maps ``(N, L, D)``, of which bool ``mask`` ``(N, L)`` is not padding, to the same shape."""
        states = self.emb_dropout(self.pe(embedded))
        for layer in self.layers:
            states = layer(states, mask[:, None])
        normalised: Tensor = self.layer_norm(states)
        return normalised


class DecoderLayer(nn.Module):
    """A layer in which every position attends to the earlier ones, and then to a memory."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.trg_trg_att = Attention(width, heads, dropout)
        self.src_trg_att = Attention(width, heads, dropout)
        self.feed_forward = FeedForward(width, inner, dropout)
        self.x_layer_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        self.dec_layer_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, mask: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        """Maps ``states`` ``(N, L, D)`` to the same shape.

        Args:
            states: the positions.
            mask: bool ``(N, L, L)``, which positions each one sees.
            memory: ``(N, S, D)``.
            memory_mask: bool ``(N, S)``, false for padding.
        """
        normalised = self.x_layer_norm(states)
        own = self.dropout(self.trg_trg_att(normalised, normalised, mask)) + states
        seen = self.src_trg_att(memory, self.dec_layer_norm(own), memory_mask[:, None])
        moved: Tensor = self.feed_forward(self.dropout(seen) + own)
        return moved

    def step(self, newest: Tensor, earlier: Heads | None, memory: Heads, memory_mask: Tensor) -> tuple[Tensor, Heads]:
        """Maps one position more, ``(N, 1, D)``, which sees itself and all earlier ones.

        Args:
            newest: the position.
            earlier: the keys and values of the positions before; None: there are none.
            memory: its keys and values, see :meth:`of_memory`.
            memory_mask: bool ``(N, S)``, false for padding.

        Returns:
            Its output, and the keys and values of all positions so far.
        """
        normalised = self.x_layer_norm(newest)
        keys, values = self.trg_trg_att.projected(normalised)
        if earlier is not None:
            keys, values = torch.cat([earlier[0], keys], dim=2), torch.cat([earlier[1], values], dim=2)
        own = self.trg_trg_att.attend(normalised, (keys, values), None) + newest
        seen = self.src_trg_att.attend(self.dec_layer_norm(own), memory, memory_mask[:, None])
        return self.feed_forward(seen + own), (keys, values)

    def of_memory(self, memory: Tensor) -> Heads:
        """The keys and values of a memory ``(N, S, D)``."""
        return self.src_trg_att.projected(memory)

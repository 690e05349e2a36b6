"""Online collaborative correction: each stream is corrected by attention to the two others (eq. 7 to 9 of the paper)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from signbench.generators.signaligner.config import SignAlignerConfig, Stream
from signbench.networks.transformer import LAYER_NORM_EPSILON, Attention, FeedForward, Positions


class Correction(nn.Module):
    """Adds to every stream what layers of attention to both others find; with an output of 0 it is the identity.

    Attributes:
        share: the three numbers of which the learned weights of the losses are made, see
            :func:`signbench.generators.signaligner.losses.weighted`.
    """

    def __init__(self, widths: Mapping[Stream, int], config: SignAlignerConfig) -> None:
        """Builds the layers.

        Args:
            widths: numbers of a frame of each stream.
            config: number of layers and heads, and how streams are attended to.
        """
        super().__init__()
        inner = config.correction_width
        self.inputs = nn.ModuleDict({stream: nn.Linear(count, inner) for stream, count in widths.items()})
        self.outputs = nn.ModuleDict({stream: nn.Linear(inner, count) for stream, count in widths.items()})
        self.pe = Positions(inner)
        self.layers = nn.ModuleDict(
            {stream: nn.ModuleList([_Layer(inner, config) for _ in range(config.correction_layers)]) for stream in widths}
        )
        self.share = nn.Parameter(torch.zeros(3))

    def begin(self) -> None:
        """Sets the output layers to 0, so that the correction begins as the identity."""
        for layer in self.outputs.values():
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def forward(self, frames: Mapping[Stream, Tensor], masks: Mapping[Stream, Tensor]) -> dict[Stream, Tensor]:
        """Corrects streams.

        Args:
            frames: z-scores ``(N, T, D)`` of each stream.
            masks: bool ``(N, T)``, false for padding.

        Returns:
            The corrected z-scores; padding is 0.
        """
        embedded = {stream: self.pe(self.inputs[stream](values)) for stream, values in frames.items()}
        found: dict[Stream, Tensor] = {}
        for stream, values in frames.items():
            first, second = (other for other in frames if other != stream)
            states = embedded[stream]
            for layer in cast("nn.ModuleList", self.layers[stream]):
                states = layer(states, (embedded[first], embedded[second]), (masks[first], masks[second]))
            corrected = values + self.outputs[stream](states)
            found[stream] = corrected.masked_fill(~masks[stream][..., None], 0.0)
        return found


class _Layer(nn.Module):
    def __init__(self, inner: int, config: SignAlignerConfig) -> None:
        super().__init__()
        self.literal = config.correction == "literal"
        self.norms = nn.ModuleList([nn.LayerNorm(inner, eps=LAYER_NORM_EPSILON) for _ in range(3)])
        self.attention = Attention(inner, config.heads, config.dropout)
        self.feed_forward = FeedForward(inner, 4 * inner, config.dropout)

    def forward(self, states: Tensor, others: tuple[Tensor, Tensor], masks: tuple[Tensor, Tensor]) -> Tensor:
        query, first, second = (norm(one) for norm, one in zip(self.norms, (states, *others), strict=True))
        if self.literal:
            seen = self.attention(first, query, masks[0][:, None], second)
        else:
            seen = self.attention(torch.cat([first, second], dim=1), query, torch.cat(masks, dim=1)[:, None])
        moved: Tensor = self.feed_forward(seen + states)
        return moved

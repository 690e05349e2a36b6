"""Reference attention: the self-attentions of the main U-Net also attend to the features of the source picture.

Source: damo-cv/RealisDance, branch RealisDance-SD, ``src/models/reference_net_attention.py``: what the norm1 of each block of
the reference U-Net makes is kept, and is part of keys and values of a block of the main U-Net. Blocks are paired after sorting by
width, widest first, those of equal width in depth-first order.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from signbench.errors import InputError

_MOTION = "motion_modules"


class SelfAttention:
    """An attention processor of diffusers that keeps what it is given, or reads further keys and values.

    Attributes:
        given: the input of the latest call, ``(N, L, D)``, if ``keeping``.
        keeping: whether inputs are kept.
        read: further keys and values, ``(B, M, D)``, for all frames of a clip; None: there are none.
        shown: bool ``(B,)``: the clips that see them; None: all.
    """

    def __init__(self, *, keeping: bool) -> None:
        self.keeping = keeping
        self.given: Tensor | None = None
        self.read: Tensor | None = None
        self.shown: Tensor | None = None

    def __call__(self, attention: Any, hidden_states: Tensor, *_arguments: Any, **_options: Any) -> Tensor:
        """The attention's output, ``(N, L, D)``."""
        if self.keeping:
            self.given = hidden_states
        known, mask = hidden_states, None
        if self.read is not None:
            times = hidden_states.shape[0] // self.read.shape[0]
            known = torch.cat([hidden_states, self.read.repeat_interleave(times, dim=0)], dim=1)
            if self.shown is not None:
                seen = hidden_states.new_ones(known.shape[:2], dtype=torch.bool)
                seen[:, hidden_states.shape[1] :] = self.shown.repeat_interleave(times)[:, None]
                mask = seen[:, None, None]
        query, key, value = (
            layer(states).unflatten(2, (attention.heads, -1)).transpose(1, 2)
            for layer, states in ((attention.to_q, hidden_states), (attention.to_k, known), (attention.to_v, known))
        )
        made = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        projected: Tensor = attention.to_out[0](made.transpose(1, 2).flatten(2))
        return projected


def processors_of(network: nn.Module, *, keeping: bool) -> list[SelfAttention]:
    """Gives each self-attention of a U-Net a processor of its own.

    Args:
        network: the U-Net; its motion modules are not counted.
        keeping: as of :class:`SelfAttention`.

    Returns:
        The processors, widest block first, those of equal width in depth-first order.
    """
    from diffusers.models.attention import BasicTransformerBlock

    blocks: list[Any] = [
        part for name, part in network.named_modules() if isinstance(part, BasicTransformerBlock) and _MOTION not in name.split(".")
    ]
    made = []
    for block in sorted(blocks, key=lambda block: -block.norm1.normalized_shape[0]):
        processor = SelfAttention(keeping=keeping)
        block.attn1.set_processor(processor)
        made.append(processor)
    return made


def check_pairs(writing: list[SelfAttention], reading: list[SelfAttention]) -> None:
    """Checks that each block of the reference U-Net has one of the main U-Net.

    Raises:
        InputError: one has more than the other.
    """
    if len(writing) != len(reading):
        raise InputError(f"the reference U-Net has {len(writing)} self-attentions, and the main U-Net {len(reading)}.")

"""What judges of text share: decoding settings, and the answers that follow from a decoder's steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from signbench.judges.base import Gives, JudgedClip, Likelihood, Observation
from signbench.networks.connectionist import prefix_beam_search

if TYPE_CHECKING:
    from torch import Tensor


class Answering(Protocol):
    """A network with its vocabularies, which answers about a clip that it has encoded."""

    def text(self, memory: Any, /) -> str:
        """The sentence of a clip."""

    def gloss(self, memory: Any, /) -> tuple[str, ...]:
        """The glosses of a clip."""

    def likelihood(self, memory: Any, text: str, /) -> Likelihood:
        """How likely a text is, given a clip."""


def translated(
    translator: Answering, clips: Sequence[JudgedClip], memories: Iterable[Any], wanted: Collection[Gives]
) -> list[Mapping[Gives, Observation]]:
    """The answers of a judge of text about some clips.

    Args:
        translator: its network.
        clips: the clips.
        memories: the encoded clips, in order.
        wanted: some of text, gloss and likelihood.
    """
    found: list[Mapping[Gives, Observation]] = []
    for clip, memory in zip(clips, memories, strict=True):
        made: dict[Gives, Observation] = {}
        if "text" in wanted:
            made["text"] = translator.text(memory)
        if "gloss" in wanted:
            made["gloss"] = translator.gloss(memory)
        if "likelihood" in wanted:
            made["likelihood"] = translator.likelihood(memory, clip.text or "")
        found.append(made)
    return found


@dataclass(frozen=True)
class Decoding:
    """How sentences and glosses are read from a network.

    Attributes:
        beam: hypotheses of the search for the sentence.
        alpha: its length penalty, see :class:`signbench.networks.beam_search.Beam`.
        longest: most words of a sentence.
        gloss_beam: prefixes of the search for the glosses.
    """

    beam: int = 4
    alpha: float = 0.0
    longest: int = 30
    gloss_beam: int = 10

    @property
    def signature(self) -> str:
        """Its part of a judge's signature."""
        return f"beam-{self.beam}-alpha-{self.alpha:g}-longest-{self.longest}-gloss-beam-{self.gloss_beam}"


def glosses_of(logits: Tensor, width: int, silent: int) -> list[int]:
    """The most likely glosses of a clip.

    Args:
        logits: of each step ``(T, glosses)``; class 0 is the blank.
        width: prefixes that are kept.
        silent: number of special classes, none of which is ever an answer except the blank.
    """
    import torch

    scores = torch.log_softmax(logits.double(), dim=1).cpu().numpy()
    scores[:, 1:silent] = -np.inf
    return prefix_beam_search(scores, width)


def likelihood_of(decode: Callable[[Tensor], Tensor], words: list[int], opening: int, closing: int, device: Any) -> Likelihood:
    """How likely a sentence is, given a clip.

    Args:
        decode: from words ``(1, L)``, beginning with the opening one, to the logits ``(1, L, words)`` of the next ones.
        words: indices of the sentence's words.
        opening: index of the word that opens a sentence.
        closing: index of the word that ends it.
        device: of the network.
    """
    import torch

    given = torch.tensor([[opening, *words]], device=device)
    wanted = torch.tensor([*words, closing], device=device)
    scores = torch.log_softmax(decode(given)[0].double(), dim=1)
    total = float(scores.gather(1, wanted[:, None]).sum())
    return Likelihood(min(0.0, total), len(wanted))

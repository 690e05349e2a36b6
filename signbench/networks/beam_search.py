"""Beam search for the most likely sentence of a decoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

State = TypeVar("State")
Step = Callable[[State, Tensor], tuple[Tensor, State]]
"""From the state of a decoder and the last words, int ``(B,)``, to logits ``(B, words)`` and the next state."""
Choose = Callable[[State, Tensor], State]
"""From the state of a decoder and indices, int ``(B,)``, to the state of the hypotheses at these indices."""


@dataclass(frozen=True)
class Beam:
    """Settings of the search.

    Attributes:
        width: number of hypotheses that are kept.
        longest: maximum number of words, not counting the end.
        alpha: of the length penalty ``((5 + n) / 6)^alpha`` (Wu et al. 2016, equation 14), by which scores are divided; 0 and
            below: none (signjoey uses -1).
    """

    width: int
    longest: int
    alpha: float = -1.0


@torch.no_grad()
def beam_search(step: Step[State], choose: Choose[State], state: State, beam: Beam, opening: int, closing: int) -> list[int]:
    """The sentence with the best score for one clip.

    A finished hypothesis keeps its score; the search ends when no open one can exceed the best finished one.

    Args:
        step: the decoder's next step for several hypotheses of the clip.
        choose: selects the state of chosen hypotheses.
        state: the decoder's state before the first word, for one hypothesis.
        beam: settings of the search.
        opening: word that starts every sentence.
        closing: word that ends every sentence.

    Returns:
        The words, without the opening and closing ones.
    """
    sentences: list[list[int]] = [[]]
    scores = [0.0]
    ended: list[tuple[float, list[int]]] = []
    last = torch.tensor([opening])
    for length in range(beam.longest + 1):
        logits, state = step(state, last)
        values = (
            torch.log_softmax(logits.double(), dim=1) + torch.tensor(scores, dtype=torch.float64, device=logits.device)[:, None]
        )
        words = values.shape[1]
        best = torch.sort(values.flatten(), descending=True, stable=True)
        kept: list[int] = []
        chosen: list[int] = []
        found: list[tuple[float, list[int]]] = []
        for value, index in zip(best.values[: 2 * beam.width].tolist(), best.indices[: 2 * beam.width].tolist(), strict=True):
            source, word = divmod(index, words)
            if word == closing or length == beam.longest:
                if len(found) + len(kept) < beam.width:
                    found.append((value / _penalty(len(sentences[source]) + 1, beam.alpha), sentences[source]))
                continue
            if len(kept) < beam.width:
                kept.append(index)
                chosen.append(source)
        ended += found
        if not kept:
            break
        sentences = [[*sentences[source], index % words] for source, index in zip(chosen, kept, strict=True)]
        scores = [float(values.flatten()[index]) for index in kept]
        highest = scores[0] / _penalty(beam.longest + 1 if beam.alpha > 0 else length + 2, beam.alpha)
        if len(ended) >= beam.width and max(ended)[0] >= highest:
            break
        state = choose(state, torch.tensor(chosen, device=logits.device))
        last = torch.tensor([sentence[-1] for sentence in sentences], device=logits.device)
    return max(ended, key=lambda item: item[0])[1] if ended else sentences[0]


def _penalty(length: int, alpha: float) -> float:
    return ((5 + length) / 6) ** alpha if alpha > 0 else 1.0

"""Beam search for the most likely sentence of a decoder."""

from __future__ import annotations

import math
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
        power: of the length n, including the end: scores are divided by ``n^power`` (``length_penalty`` of transformers, which is 1
            unless set); 0: not at all.
        early: end the search, as transformers do unless set otherwise, when ``width`` sentences have ended and none of them has a
            lower score than the best open one has so far; it may miss the best sentence if there is a length penalty.
    """

    width: int
    longest: int
    alpha: float = -1.0
    power: float = 0.0
    early: bool = False


@torch.no_grad()
def beam_search(step: Step[State], choose: Choose[State], state: State, beam: Beam, opening: int, closing: int) -> list[int]:
    """The sentence with the best score for one clip.

    A finished hypothesis keeps its score; the search ends when no open one can exceed the best finished one, or as ``early`` says.

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
                    found.append((value / _penalty(len(sentences[source]) + 1, beam), sentences[source]))
                continue
            if len(kept) < beam.width:
                kept.append(index)
                chosen.append(source)
        ended += found
        if not kept:
            break
        sentences = [[*sentences[source], index % words] for source, index in zip(chosen, kept, strict=True)]
        scores = [float(values.flatten()[index]) for index in kept]
        ended.sort(key=lambda item: item[0], reverse=True)
        if len(ended) >= beam.width:
            if beam.early:
                rival, attained = ended[beam.width - 1][0], length + 1
            else:
                # A penalty favours long sentences: the best open one could grow to the limit without losing probability.
                rival, attained = ended[0][0], beam.longest + 1 if beam.alpha > 0 or beam.power > 0 else length + 2
            if rival >= scores[0] / _penalty(attained, beam):
                break
        state = choose(state, torch.tensor(chosen, device=logits.device))
        last = torch.tensor([sentence[-1] for sentence in sentences], device=logits.device)
    return max(ended, key=lambda item: item[0])[1] if ended else sentences[0]


def _penalty(length: int, beam: Beam) -> float:
    penalty: float = ((5 + length) / 6) ** beam.alpha if beam.alpha > 0 else 1.0
    return penalty * math.pow(length, beam.power)

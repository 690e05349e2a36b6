from __future__ import annotations

import itertools

import pytest
import torch

from signbench.networks.beam_search import Beam, beam_search

OPENING, CLOSING, WORDS = 0, 1, 4


def language(seed: int):
    """A decoder that remembers the last two words: logits of the next one."""
    table = torch.randn(WORDS, WORDS, WORDS, generator=torch.Generator().manual_seed(seed)) * 2

    def step(before, last):
        return table[before, last], last

    def choose(state, indices):
        return state[indices]

    return table, step, choose


def by_brute_force(table, longest, alpha, power):
    """The best of all sentences of up to ``longest`` words."""
    scored = {}
    for length in range(longest + 1):
        for sentence in itertools.product([word for word in range(WORDS) if word != CLOSING], repeat=length):
            value, before, last = 0.0, OPENING, OPENING
            for word in (*sentence, CLOSING):
                value += float(torch.log_softmax(table[before, last].double(), dim=0)[word])
                before, last = last, word
            scored[sentence] = value / (((5 + length + 1) / 6) ** alpha if alpha > 0 else 1) / (length + 1) ** power
    return max(scored, key=scored.__getitem__)


@pytest.mark.parametrize(("alpha", "power"), [(-1, 0.0), (1.0, 0.0), (-1, 1.0)])
@pytest.mark.parametrize("seed", range(8))
def test_a_wide_beam_finds_the_best_of_all_sentences(seed, alpha, power):
    table, step, choose = language(seed)
    table[..., CLOSING] += 3  # sentences end well before the limit
    found = beam_search(step, choose, torch.tensor([OPENING]), Beam(200, 4, alpha, power), OPENING, CLOSING)
    assert tuple(found) == by_brute_force(table, 4, alpha, power)


@pytest.mark.parametrize("width", [1, 3])
def test_a_sentence_that_never_ends_is_cut_at_the_limit(width):
    table, step, choose = language(0)
    table[..., CLOSING] = -1e9
    assert len(beam_search(step, choose, torch.tensor([OPENING]), Beam(width, 5), OPENING, CLOSING)) == 5

"""Anchors: generators that see the references and mark the ceiling and chance. They are never ranked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from signbench.errors import InputError
from signbench.generators.base import Anchor, Card
from signbench.generators.training import References
from signbench.media.modalities import MODALITIES
from signbench.predictions.prompts import Production, Prompt
from signbench.predictions.sampling import production_of

_LICENCE = "that of the corpus"


class GroundTruth(Anchor):
    """Returns each clip's own reference: the ceiling, and a check that reading, resizing and writing lose nothing."""

    card = Card(name="ground-truth", version="2", modalities=MODALITIES, prompt_fields=(), licence=_LICENCE, sees="references")
    _references: References

    def see(self, references: References) -> None:
        self._references = references

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt in prompts:
            yield production_of(self._references.media(prompt.clip), prompt)


class Shuffled(Anchor):
    """Returns the reference of another clip: perfect signing that says something else, which is chance for this task.

    The assignment is a derangement of all expected clips, derived from the task's name and seed, so that no clip keeps its own,
    none is used twice, and a subset or shard gets the same references as the whole.
    """

    card = Card(name="shuffled", version="2", modalities=MODALITIES, prompt_fields=(), licence=_LICENCE, sees="references")
    _references: References
    _other: dict[str, str]

    def see(self, references: References) -> None:
        self._references = references
        self._other = derangement(references.ids, references.task, references.seed)

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt in prompts:
            yield production_of(self._references.media(self._other[prompt.clip]), prompt)


def derangement(ids: Sequence[str], task: str, seed: int) -> dict[str, str]:
    """A derangement: another clip for each clip, with every clip used exactly once.

    The clips are sorted by the SHA-256 of ``task|seed|shuffled|clip``; each gets the next one, and the last gets the first.

    Raises:
        InputError: there are fewer than two clips.
    """
    if len(set(ids)) < 2:
        raise InputError("shuffled needs at least two clips; there is no other one to return.")
    order = sorted(set(ids), key=lambda clip: (hashlib.sha256(f"{task}|{seed}|shuffled|{clip}".encode()).digest(), clip))
    return dict(zip(order, [*order[1:], order[0]], strict=True))

"""Vocabularies: words and their indices, with the special words first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

UNKNOWN, PADDING, OPENING, CLOSING = "<unk>", "<pad>", "<s>", "</s>"
"""The special words of sentences, in this order at the beginning (signjoey, ``vocabulary.py``)."""

SILENCE = "<si>"
"""The blank of glosses, followed by the unknown and the padding one."""


class Vocabulary:
    """Words by index.

    Args:
        words: all words, the special ones first.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)

    @classmethod
    def of_sentences(cls, sentences: Iterable[Sequence[str]], specials: Sequence[str], least: int = 1) -> Vocabulary:
        """The vocabulary of some sentences, in alphabetical order.

        Args:
            sentences: their words.
            specials: the special words.
            least: rarer words are unknown.
        """
        from collections import Counter

        counts = Counter(word for sentence in sentences for word in sentence)
        return cls((*specials, *sorted(word for word, count in counts.items() if count >= least and word not in specials)))

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def indices(self) -> dict[str, int]:
        """The index of each word; of one that occurs twice, the first."""
        found: dict[str, int] = {}
        for index, word in enumerate(self.words):
            found.setdefault(word, index)
        return found

    def encode(self, words: Iterable[str]) -> list[int]:
        """The indices of words; unknown ones have that of ``<unk>``."""
        unknown = self.indices[UNKNOWN]
        return [self.indices.get(word, unknown) for word in words]

    def decode(self, indices: Iterable[int]) -> list[str]:
        """The words at some indices."""
        return [self.words[index] for index in indices]

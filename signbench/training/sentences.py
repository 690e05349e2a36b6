"""The sentences of a corpus in training: key points or frames with their texts and glosses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signbench.corpora.corpus import Corpus
from signbench.errors import InputError
from signbench.networks.sentences import words_of
from signbench.networks.vocabulary import CLOSING, OPENING, PADDING, SILENCE, UNKNOWN, Vocabulary

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Sentences:
    """Texts and glosses of some clips.

    Attributes:
        ids: the clips.
        words: the words of each text.
        glosses: the glosses of each clip.
        texts: the texts.
    """

    ids: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    glosses: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, corpus: Corpus, ids: Sequence[str]) -> Sentences:
        """The texts and glosses of clips.

        Args:
            corpus: the corpus.
            ids: the clips.

        Raises:
            InputError: a clip has no text or no glosses.
        """
        texts, glosses = [], []
        for name in ids:
            clip = corpus.clip(name)
            if not clip.text or not clip.gloss:
                raise InputError(f"clip {name} of {corpus.name} has no {'text' if not clip.text else 'glosses'} to learn from.")
            texts.append(clip.text)
            glosses.append(tuple(clip.gloss))
        return cls(tuple(ids), tuple(tuple(words_of(text)) for text in texts), tuple(glosses), tuple(texts))

    def vocabularies(self) -> tuple[Vocabulary, Vocabulary]:
        """The vocabulary of the texts, and that of the glosses."""
        return (
            Vocabulary.of_sentences(self.words, (UNKNOWN, PADDING, OPENING, CLOSING)),
            Vocabulary.of_sentences(self.glosses, (SILENCE, UNKNOWN, PADDING)),
        )


def targets(sentences: Sequence[Sequence[int]], opening: int, closing: int, padding: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sentences as a decoder's inputs and targets.

    Args:
        sentences: indices of words.
        opening: opens each input.
        closing: ends each target.
        padding: fills both.

    Returns:
        int ``(N, L)`` inputs and targets, and a bool mask, true where there is a word.
    """
    import torch

    longest = 1 + max(len(sentence) for sentence in sentences)
    given = torch.full((len(sentences), longest), padding)
    wanted = torch.full((len(sentences), longest), padding)
    for index, sentence in enumerate(sentences):
        given[index, : len(sentence) + 1] = torch.tensor([opening, *sentence])
        wanted[index, : len(sentence) + 1] = torch.tensor([*sentence, closing])
    return given, wanted, torch.arange(longest)[None] <= torch.tensor([len(sentence) for sentence in sentences])[:, None]

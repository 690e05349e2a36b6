"""Retrieval of a training clip, like RuSignBot's text module and gloss-video matcher."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signbench.errors import InputError
from signbench.generators.base import Card, Generator
from signbench.generators.text_search import (
    CharacterIndex,
    SentenceIndex,
    SentenceModel,
    TextIndex,
    look_up,
    normalised,
    sentence_transformer,
    weights_digest,
)
from signbench.generators.training import TrainClip, TrainView
from signbench.media.modalities import MODALITIES
from signbench.predictions.prompts import Production, Prompt
from signbench.predictions.sampling import production_of

_CHARACTERS = "characters"


@dataclass(frozen=True)
class _Shelf:
    """Clips indexed by one kind of key."""

    entries: dict[str, TrainClip]
    keys: list[str]
    index: TextIndex

    def find(self, query: str) -> TrainClip:
        entry = look_up(query, self.entries)
        return self.entries[entry if entry is not None else self.keys[self.index.nearest(query)]]


class Retrieval:
    """The train clips indexed by their content: glosses, words and sentences.

    Args:
        clips: clips of the train split.
        model: a sentence-transformer for texts that train does not have, or None for character n-grams.
    """

    def __init__(self, clips: Sequence[TrainClip], model: SentenceModel | None = None) -> None:
        self._shelves: dict[str, _Shelf] = {}
        by_id = sorted(clips, key=lambda clip: clip.id)
        for kind in ("gloss", "word", "text"):
            entries: dict[str, TrainClip] = {}
            for clip in by_id:
                if key := key_of(clip, kind):
                    entries.setdefault(key, clip)
            if entries:
                keys = list(entries)
                index: TextIndex = CharacterIndex(keys) if model is None else SentenceIndex(keys, model)
                self._shelves[kind] = _Shelf(entries, keys, index)

    def find(self, prompt: Prompt) -> TrainClip:
        """The clip for a prompt, by its glosses, else its word, else its text.

        Raises:
            InputError: the prompt has none of them, or train has nothing to compare with.
        """
        for kind, shelves in (("gloss", ("gloss",)), ("word", ("word", "text")), ("text", ("text", "word"))):
            query = key_of(prompt, kind)
            for shelf in shelves if query else ():
                if shelf in self._shelves:
                    return self._shelves[shelf].find(query)
        raise InputError("the prompt has no gloss, word or text to search for in train.")


def key_of(source: TrainClip | Prompt, kind: str) -> str:
    """The normalised glosses, word or text of a clip or prompt; empty if it has none."""
    value = getattr(source, kind)
    return normalised(" ".join(value) if kind == "gloss" and value else value or "")


class Nearest(Generator):
    """Returns the training clip with the most similar content: real signing about something similar.

    Like RuSignBot's text module and gloss-video matcher: the text is normalised, looked up literally, then by its lemma, and only
    then by the nearest embedding. Glosses are preferred to words, words to sentences. Of several clips that say the same, or are
    equally near, the one with the lowest id is used. A lemma is an English form in train's dictionary; for other languages the
    embedding, of character n-grams with TF-IDF weights, takes over.

    Args:
        embedding: ``characters``, or the folder or name of a sentence-transformer that is on this machine.
    """

    def __init__(self, embedding: str = _CHARACTERS) -> None:
        self._model = None if embedding == _CHARACTERS else sentence_transformer(embedding)
        self.card = Card(
            name="nearest" if self._model is None else f"nearest:embedding={embedding}",
            version="2",
            modalities=MODALITIES,
            prompt_fields=("text|gloss|word",),
            licence="that of the corpus",
            checkpoint=None if self._model is None else weights_digest(self._model),
            citation="RuSignBot, text preprocessing and gloss-video matcher",
        )

    def prepare(self, train: TrainView) -> None:
        self._retrieval = Retrieval(list(train), self._model)

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt in prompts:
            yield production_of(self._retrieval.find(prompt).media, prompt)

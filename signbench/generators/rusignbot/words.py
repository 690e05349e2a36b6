"""RuSignBot's text module: a word of Russian or English as one of a corpus's glosses.

Source: Bondarenko et al., *RuSignBot: Russian Sign Language Synthesis via Customized MimicMotion*, "Input Text Preprocessing
Module": the word is lemmatised and matched against the glosses; a word that is none of them gets the nearest by the cosine of
sentence embeddings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import Any, Literal

from signbench.errors import InputError
from signbench.generators.rusignbot.embeddings import EmbeddingIndex
from signbench.generators.text_search import CharacterIndex, SentenceModel, normalised

Way = Literal["gloss", "lemma", "embedding", "characters"]
"""How a gloss was found: as it was written, by its lemma, or as the nearest by embeddings or by n-grams of characters."""

_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_MOST_READINGS = 256


@dataclass(frozen=True)
class Found:
    """A gloss, and how it was found.

    Attributes:
        gloss: as the corpus writes it.
        way: how it was found.
        score: cosine with the nearest entry, rounded to 6 digits; 1 for a gloss or lemma.
        lemma: what was searched for, without capitals, punctuation and the dots of ё.
    """

    gloss: str
    way: Way
    score: float
    lemma: str


def plain(text: str) -> str:
    """A text without capitals and punctuation, and without the dots of ё, which many writers leave out."""
    return normalised(text).replace("\N{CYRILLIC SMALL LETTER IO}", "\N{CYRILLIC SMALL LETTER IE}")


def readings_of(text: str) -> list[str]:
    """The lemmas of a text in every reading of its words, the likeliest first: one form may belong to several Russian words.

    Russian words are read by pymorphy3, others by simplemma as English.

    Args:
        text: one word or a few.

    Returns:
        At least one text in plain form, and at most 256.

    Raises:
        InputError: the package that its language needs is not installed.
    """
    # a lemmatiser needs the dots of ё, so they are removed afterwards
    words = [_russian()(word) if _CYRILLIC.search(word) else (_english()(word),) for word in normalised(text).split()]
    return list(dict.fromkeys(plain(" ".join(lemmas)) for lemmas in islice(product(*words), _MOST_READINGS)))


class UnknownWordError(InputError):
    """A word that shares nothing with any gloss."""


class GlossFinder:
    """Finds the gloss for a word.

    Args:
        entries: (what is written, its gloss) in order of preference: of several glosses with the same writing, the first is found.
        model: a sentence-transformer for words that are none of them; None: n-grams of characters.
        folder: where the vectors of the entries are kept; None: the user's cache.

    Attributes:
        search: how the nearest vector is searched for: ``faiss`` or ``exact``; None without a model.
    """

    def __init__(self, entries: Sequence[tuple[str, str]], model: SentenceModel | None = None, folder: Path | None = None) -> None:
        self._glosses: dict[str, str] = {}
        for written, gloss in entries:
            if key := plain(written):
                self._glosses.setdefault(key, gloss)
        if not self._glosses:
            raise InputError("there are no glosses to search among; choose a corpus with words or glosses.")
        self._keys = list(self._glosses)
        self._lemmas: dict[str, str] | None = None
        self._characters = CharacterIndex(self._keys) if model is None else None
        self._embeddings = None if model is None else EmbeddingIndex(self._keys, model, folder)
        self.search = None if self._embeddings is None else self._embeddings.search

    def find(self, text: str) -> Found:
        """The gloss for a word or phrase.

        Raises:
            InputError: it has no letters or digits, or the package for its lemma is not installed.
            UnknownWordError: it shares no letters with any gloss, and there is no model of meaning.
        """
        key = plain(text)
        if not key:
            raise InputError(f"{text!r} has no word; write one, such as water.")
        if key in self._glosses:
            return Found(self._glosses[key], "gloss", 1.0, key)
        readings = readings_of(text)
        for reading in readings:
            gloss = self._glosses.get(reading) or self._by_lemma().get(reading)
            if gloss is not None:
                return Found(gloss, "lemma", 1.0, reading)
        lemma = readings[0]
        if self._embeddings is not None:
            number, score = self._embeddings.nearest(lemma)
            return Found(self._glosses[self._keys[number]], "embedding", round(score, 6), lemma)
        if self._characters is None:
            raise AssertionError("a finder without embeddings has n-grams")
        similarities = self._characters.similarities(lemma)
        number = int(similarities.argmax())
        if similarities[number] == 0:
            raise UnknownWordError(
                f"{text!r} is no gloss, and none is written like it; name a sentence-transformer with embedding=NAME, which finds "
                "the nearest by meaning."
            )
        return Found(self._glosses[self._keys[number]], "characters", round(float(similarities[number]), 6), lemma)

    def _by_lemma(self) -> dict[str, str]:
        """The glosses by the lemma of their writing; most are lemmas themselves."""
        if self._lemmas is None:
            self._lemmas = {}
            for key, gloss in self._glosses.items():
                readings = readings_of(key)
                # a gloss that is a lemma may also be a form of another word, which it does not stand for
                if key not in readings:
                    self._lemmas.setdefault(readings[0], gloss)
        return self._lemmas


@cache
def _russian() -> Callable[[str], tuple[str, ...]]:
    from importlib import import_module

    try:
        pymorphy3: Any = import_module("pymorphy3")  # has no type annotations
        analyser = pymorphy3.MorphAnalyzer(lang="ru")
    except (ImportError, ValueError) as error:
        raise InputError(
            "the lemma of a Russian word needs pymorphy3 and pymorphy3-dicts-ru; install signbench[rusignbot]."
        ) from error
    return lambda word: tuple(dict.fromkeys(str(reading.normal_form) for reading in analyser.parse(word)))


@cache
def _english() -> Callable[[str], str]:
    try:
        import simplemma
    except ImportError as error:
        raise InputError("the lemma of a word needs simplemma; install signbench[rusignbot].") from error
    return lambda word: str(simplemma.lemmatize(word, lang="en"))

"""Normalisation of words and sentences, and nearest-neighbour search over texts."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import logarithm
from signbench.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

GRAMS = (2, 3, 4)
"""Lengths of the character n-grams."""

# English endings: (ending, replacement); a stem is used only if the dictionary has it.
_ENDINGS = (
    *(("'s", ""), ("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e")),
    *(("er", ""), ("er", "e"), ("est", ""), ("est", "e"), ("ly", "")),
)


def normalised(text: str) -> str:
    """A text in NFC without case and punctuation, with runs of spaces collapsed; apostrophes and hyphens in words are kept."""
    letters = unicodedata.normalize("NFC", text).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    kept = [letter if letter in "'-" or unicodedata.category(letter)[0] not in "PZC" else " " for letter in letters]
    return " ".join(word for word in (piece.strip("'-") for piece in "".join(kept).split()) if word)


def lemmas(word: str) -> list[str]:
    """The candidates for the lemma of an English word, itself first; a dictionary decides among them.

    Args:
        word: normalised.
    """
    found = [word]
    for ending, instead in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1:
            found.append(stem + instead)
            if not instead and stem[-1] == stem[-2]:  # "stopped", "running"
                found.append(stem[:-1])
    return list(dict.fromkeys(found))


def look_up(phrase: str, dictionary: Collection[str]) -> str | None:
    """The dictionary's entry for a normalised word or phrase: itself, else its last word in a form that the dictionary has."""
    head, space, last = phrase.rpartition(" ")
    return next((entry for lemma in lemmas(last) if (entry := head + space + lemma) in dictionary), None)


class TextIndex(Protocol):
    """Texts that can be searched for the nearest to a query."""

    def nearest(self, query: str) -> int:
        """Index of the text nearest to a query by cosine; the first one on a tie."""


class CharacterIndex:
    """Texts as TF-IDF vectors of character n-grams.

    N-grams of 2 to 4 characters are taken from each word with a space before and after it. A text's vector is n-gram count times
    ``1 + log((1 + N) / (1 + texts that have it))``, divided by its Euclidean length. Cosines are summed in the order of the query's
    n-grams, with :mod:`signbench.arithmetic`, so that they depend neither on other queries nor on the machine.

    Args:
        texts: normalised, in order of preference on a tie.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)

    def nearest(self, query: str) -> int:
        return int(np.argmax(self.similarities(query)))

    def similarities(self, query: str) -> NDArray[np.float64]:
        """Cosines of a query with each text, rounded to 1e-9, so that rounding errors do not break ties.

        Args:
            query: normalised.

        Returns:
            float64 ``(N,)`` in [0, 1]; 0 for texts that share no n-gram with it.
        """
        found = np.zeros(len(self._texts))
        for index, value in self._direction(Counter(_grams(query))):
            texts, values = self._postings[index]
            found[texts] += value * values
        return np.asarray(np.round(found, 9))

    def _direction(self, counts: Counter[str]) -> list[tuple[int, float]]:
        """A text's unit vector: indices of its n-grams that occur in any text, in order, with their values."""
        known = sorted((self._vocabulary[gram], count) for gram, count in counts.items() if gram in self._vocabulary)
        weights = [(index, count * self._rarity[index]) for index, count in known]
        far = math.sqrt(math.fsum(value * value for _, value in weights))
        return [(index, value / far) for index, value in weights]

    @cached_property
    def _counts(self) -> list[Counter[str]]:
        return [Counter(_grams(text)) for text in self._texts]

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        return {gram: index for index, gram in enumerate(sorted({gram for counts in self._counts for gram in counts}))}

    @cached_property
    def _rarity(self) -> list[float]:
        having = Counter(gram for counts in self._counts for gram in counts)
        shares = [(1 + len(self._texts)) / (1 + having[gram]) for gram in self._vocabulary]
        rarity: list[float] = (1 + logarithm(shares)).tolist()
        return rarity

    @cached_property
    def _postings(self) -> list[tuple[NDArray[np.intp], NDArray[np.float64]]]:
        """For each n-gram the texts that contain it, and its values in their vectors."""
        found: list[tuple[list[int], list[float]]] = [([], []) for _ in self._vocabulary]
        for number, counts in enumerate(self._counts):
            for index, value in self._direction(counts):
                found[index][0].append(number)
                found[index][1].append(value)
        return [(np.array(texts, np.intp), np.array(values)) for texts, values in found]


class SentenceModel(Protocol):
    """The interface of a sentence-transformer that is used here."""

    def encode(self, sentences: str, *, show_progress_bar: bool) -> NDArray[np.floating[Any]]:
        """The vector of a text, float ``(D,)``."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """The weights by name."""


class SentenceIndex:
    """Texts as vectors of a sentence-transformer; each is embedded separately, so that no vector depends on the others.

    Args:
        texts: in order of preference on a tie.
        model: from :func:`sentence_transformer`.
    """

    def __init__(self, texts: Sequence[str], model: SentenceModel) -> None:
        self._model = model
        self._texts = list(texts)

    @cached_property
    def _matrix(self) -> NDArray[np.float64]:
        return np.stack([self._vector(text) for text in self._texts])

    def nearest(self, query: str) -> int:
        return int(np.argmax(np.round(self._matrix @ self._vector(query), 6)))

    def _vector(self, text: str) -> NDArray[np.float64]:
        vector = np.asarray(self._model.encode(text, show_progress_bar=False), dtype=np.float64)
        return vector / max(float(np.sqrt((vector**2).sum())), 1e-12)


def sentence_transformer(name: str) -> SentenceModel:
    """A local sentence-transformer on the CPU; nothing is downloaded.

    Args:
        name: a folder, or the name of a model in the cache of models.

    Raises:
        InputError: the package is not installed, or the model is not on this machine.
    """
    try:
        from importlib import import_module

        package = import_module("sentence_transformers")
    except ImportError:
        raise InputError(
            f"embedding={name} needs the package sentence-transformers, which is not installed; "
            "install it, or omit the parameter to use character n-grams."
        ) from None
    try:
        model: SentenceModel = package.SentenceTransformer(name, device="cpu", local_files_only=True)
        return model
    except Exception as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        kind = "cannot be read" if Path(name).is_dir() else "is not on this machine"
        raise InputError(f"the sentence-transformer {name} {kind} ({reason}); pass its folder.") from error


def weights_digest(model: SentenceModel) -> str:
    """SHA-256 over the names and values of a network's weights, hexadecimal."""
    import hashlib

    import torch

    whole = hashlib.sha256()
    for name, values in sorted(model.state_dict().items()):
        plain = values.detach().cpu().contiguous()
        whole.update(f"{name}\0{plain.dtype}\0{tuple(plain.shape)}\n".encode())
        whole.update(plain.flatten().view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()


def _grams(text: str) -> list[str]:
    return [
        padded[start : start + length]
        for word in text.split()
        for padded in (f" {word} ",)
        for length in GRAMS
        for start in range(len(padded) - length + 1)
    ]

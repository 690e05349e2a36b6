"""Sentences as mBART's words: whole words, or SentencePiece's pieces of words, in one layout.

The first four words are ``<s>``, ``<pad>``, ``</s>`` and ``<unk>``; words or pieces follow, then language codes, and ``<mask>`` is
the last. A sentence ends with ``</s>`` and its language code; the decoder reads the code first and predicts the words and ``</s>``.
"""

from __future__ import annotations

import base64
import struct
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from signbench.errors import InputError, nearest
from signbench.judges.gfslt.config import CLOSING
from signbench.networks.sentences import text_of, words_of

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
"""The first words."""
UNKNOWN = 3
"""Index of the unknown word."""
MASK = "<mask>"
"""The last word, which hides others in pre-training."""
LANGUAGES = (
    *("ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN", "hi_IN", "it_IT", "ja_XX", "kk_KZ"),
    *("ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO", "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN"),
)
"""The language codes of mBART-large, by index."""

_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
_NOT_A_PIECE = "contains a space"
_NORMAL = 1
_UNIGRAM = 1
_FIRST_PIECES = ("<unk>", "<s>", "</s>")
_MOST_BYTES = 50_000_000


class Tokenizer(ABC):
    """Converts sentences to indices and back.

    Attributes:
        words: all words by index, including special ones.
        languages: the language codes.
        opening: index of the language code that opens every sentence.
        mask: index of the word that hides others.
    """

    def __init__(self, pieces: Sequence[str], languages: Sequence[str], language: str) -> None:
        """Lays out the vocabulary.

        Args:
            pieces: words or pieces of words, without special ones.
            languages: language codes by index.
            language: the code that opens every sentence.

        Raises:
            InputError: the language is not among the codes, or two words are the same.
        """
        if language not in languages:
            raise InputError(f"the vocabulary has no language code {language}. {nearest(language, languages)}")
        self.languages = tuple(languages)
        self.words = (*SPECIALS, *pieces, *languages, MASK)
        self.opening = len(SPECIALS) + len(pieces) + self.languages.index(language)
        self.mask = len(self.words) - 1
        if repeated := [word for word, count in Counter(self.words).items() if count > 1]:
            raise InputError(f"the vocabulary has {repeated[0]!r} twice; special words are in every vocabulary.")

    def encode(self, text: str, masked: int = 0) -> list[int]:
        """The indices of a sentence, ending with those of ``</s>`` and the language code.

        Args:
            text: the sentence; special words in it are ordinary text.
            masked: number of words at its end that are replaced by ``<mask>``.
        """
        words = self._split(text)
        kept = max(len(words) - masked, 0)
        return [*self._encoded(words[:kept]), *[self.mask] * (len(words) - kept), CLOSING, self.opening]

    def decode(self, indices: Iterable[int]) -> str:
        """The text of a sentence, without special words.

        The published evaluation also deletes the space before punctuation, in sentences and references alike.
        """
        end = self.mask - len(self.languages)
        return self._text([self.words[index] for index in indices if len(SPECIALS) <= index < end])

    @abstractmethod
    def _split(self, text: str) -> list[str]:
        """The words of a text."""

    @abstractmethod
    def _encoded(self, words: Sequence[str]) -> list[int]:
        """The indices of some words."""

    @abstractmethod
    def _text(self, pieces: Sequence[str]) -> str:
        """The text of some words or pieces."""


class WordTokenizer(Tokenizer):
    """Whole words and punctuation marks, for small vocabularies; it has one language."""

    def __init__(self, words: Sequence[str], language: str) -> None:
        """Lays out the vocabulary.

        Args:
            words: all words, without special ones.
            language: the language code.

        Raises:
            InputError: two words are the same.
        """
        super().__init__(words, (language,), language)
        self._indices = {word: index for index, word in enumerate(words, start=len(SPECIALS))}

    @classmethod
    def of_texts(cls, texts: Iterable[str], language: str) -> WordTokenizer:
        """The vocabulary of some sentences, in alphabetical order; special words in them are left out.

        Args:
            texts: sentences.
            language: the language code.
        """
        found = {word for text in texts for word in words_of(text)}
        return cls(sorted(found - {*SPECIALS, language, MASK}), language)

    @classmethod
    def from_lines(cls, lines: Sequence[str]) -> WordTokenizer:
        """The vocabulary of a file with one word a line, by index, as :attr:`words` has them.

        Raises:
            InputError: the special words are missing.
        """
        first = tuple(lines[: len(SPECIALS)])
        if first != SPECIALS or len(lines) < len(SPECIALS) + 2 or lines[-1] != MASK:
            raise InputError(
                f"the vocabulary does not begin with the lines {', '.join(SPECIALS)} and end with a language code and {MASK}; "
                "copy the whole model again."
            )
        return cls(lines[len(SPECIALS) : -2], lines[-2])

    def _split(self, text: str) -> list[str]:
        return words_of(text)

    def _encoded(self, words: Sequence[str]) -> list[int]:
        return [self._indices.get(word, UNKNOWN) for word in words]

    def _text(self, pieces: Sequence[str]) -> str:
        return text_of(pieces)


@dataclass(frozen=True)
class SentencePieces:
    """The content of a SentencePiece model (``sentencepiece.bpe.model``), as far as a text is split by it.

    Attributes:
        pieces: pieces by index, and the logarithms of their probabilities; without the unknown, opening and closing one.
        characters: the compiled table that normalises characters; empty: they are not normalised.
    """

    pieces: tuple[tuple[str, float], ...]
    characters: bytes = b""

    def lines(self) -> tuple[str, ...]:
        """The model as lines of a text file: the table in base 64, then a piece, a tab and its number in each line."""
        return (base64.b64encode(self.characters).decode(), *(f"{piece}\t{score!r}" for piece, score in self.pieces))

    @classmethod
    def from_lines(cls, lines: Sequence[str]) -> SentencePieces:
        """The inverse of :meth:`lines`.

        Raises:
            InputError: a line has another form.
        """
        pieces: list[tuple[str, float]] = []
        try:
            characters = base64.b64decode(lines[0], validate=True)
            for line in lines[1:]:
                piece, score = line.split("\t")
                pieces.append((piece, float(score)))
        except (IndexError, ValueError) as error:
            raise InputError(
                f"the vocabulary of pieces has a wrong form after {len(pieces)} pieces; copy the whole model again."
            ) from error
        return cls(tuple(pieces), characters)


class PieceTokenizer(Tokenizer):
    """SentencePiece's pieces, split by the unigram model as mBART's tokenizer does."""

    def __init__(self, model: SentencePieces, language: str) -> None:
        """Lays out the vocabulary.

        Args:
            model: the pieces.
            language: one of :data:`LANGUAGES`.

        Raises:
            InputError: the language is unknown, or two pieces are the same.
        """
        super().__init__([piece for piece, _ in model.pieces], LANGUAGES, language)
        self.model = model

    def _split(self, text: str) -> list[str]:
        return text.split()

    def _encoded(self, words: Sequence[str]) -> list[int]:
        found = self._splitter.encode(" ".join(words), add_special_tokens=False).ids
        return [index + len(SPECIALS) - 1 if index else UNKNOWN for index in found]

    def _text(self, pieces: Sequence[str]) -> str:
        return "".join(pieces).replace(_SPACE, " ").strip()

    @cached_property
    def _splitter(self) -> Any:
        from tokenizers import Tokenizer as Splitter
        from tokenizers import normalizers, pre_tokenizers
        from tokenizers.models import Unigram

        # Special words are not in this list, so a text that contains one is split as any other.
        splitter = Splitter(Unigram([(_NOT_A_PIECE, 0.0), *self.model.pieces], unk_id=0, byte_fallback=False))
        if self.model.characters:
            splitter.normalizer = normalizers.Precompiled(self.model.characters)
        splitter.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always")]
        )
        return splitter


def read_sentencepiece(path: Path) -> SentencePieces:
    """Reads a SentencePiece model.

    Args:
        path: the file, such as ``sentencepiece.bpe.model``.

    Raises:
        InputError: it cannot be read, is damaged, or is not a unigram model with the usual special pieces.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path} has more than {_MOST_BYTES:,} bytes; a SentencePiece model is smaller.")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    pieces: list[tuple[str, float]] = []
    kinds: list[int] = []
    kind, characters = _UNIGRAM, b""
    try:
        for field, value in _fields(content):
            # sentencepiece_model.proto: pieces are field 1, the trainer's settings 2, the normaliser's 3
            if field == 1:
                one = dict(_fields(value))
                pieces.append((one[1].decode("utf-8"), struct.unpack("<f", one.get(2, bytes(4)))[0]))
                kinds.append(one.get(3, _NORMAL))
            elif field == 2:
                kind = dict(_fields(value)).get(3, _UNIGRAM)
            elif field == 3:
                characters = dict(_fields(value)).get(2, b"")
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise InputError(f"{path} is damaged, or not a SentencePiece model; copy it again.") from error
    if kind != _UNIGRAM:
        raise InputError(f"{path} is a SentencePiece model of another type than unigram, which mBART does not have.")
    if tuple(piece for piece, _ in pieces[:3]) != _FIRST_PIECES:
        raise InputError(f"{path} does not begin with the pieces {', '.join(_FIRST_PIECES)}, as models of mBART do.")
    if odd := [piece for (piece, _), one in zip(pieces[3:], kinds[3:], strict=True) if one != _NORMAL or not piece.isprintable()]:
        raise InputError(f"{path} has the piece {odd[0]!r:.40}, which is not a part of a text; models of mBART have none such.")
    return SentencePieces(tuple(pieces[3:]), characters)


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message in the format of protocol buffers: numbers, and bytes for everything else.

    Raises:
        ValueError: the message ends within a field, or has a field of an unknown type.
    """
    offset = 0
    while offset < len(content):
        key, offset = _number(content, offset)
        field, kind = key >> 3, key & 7
        if kind == 0:
            value: Any
            value, offset = _number(content, offset)
        else:
            size, offset = _number(content, offset) if kind == 2 else ({1: 8, 5: 4}[kind], offset)
            value, offset = content[offset : offset + size], offset + size
            if offset > len(content):
                raise ValueError("the message ends within a field")
        yield field, value


def _number(content: bytes, offset: int) -> tuple[int, int]:
    """A number of variable length, and the offset after it."""
    value = shift = 0
    while offset < len(content) and shift < 70:
        byte = content[offset]
        value |= (byte & 0x7F) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 0x80:
            return value, offset
    raise ValueError("the message ends within a number")

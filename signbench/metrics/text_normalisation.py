"""Normalisation of a sentence before comparison: its Unicode form, its final full stop, its tokens."""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Literal

FinalPeriod = Literal["keep", "strip", "append"]
FULL_STOPS = ".\u3002\uff0e\uff61"
"""The full stop, the ideographic one, the full-width form of the first and the half-width form of the second."""

_SACREBLEU = {"13a": "Tokenizer13a", "zh": "TokenizerZh", "char": "TokenizerChar"}
_JOINERS = "\u200c\u200d"  # zero-width: within words of Persian and of Indian languages, and within emoji


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC), so that a letter with a combining accent equals the accented letter."""
    return unicodedata.normalize("NFC", text)


def with_final_period(text: str, policy: FinalPeriod) -> str:
    """Applies the full-stop policy to a sentence.

    The policy applies to one full stop at the end (:data:`FULL_STOPS`) and the white space around it; ``...`` loses its last dot.

    Args:
        text: a sentence.
        policy: ``keep`` changes nothing; ``strip`` removes the full stop; ``append`` replaces it with ``" ."``, or appends that to
            a sentence without one. An empty text stays empty.
    """
    if policy == "keep" or not text.strip():
        return text
    sentence = text.strip()
    if sentence[-1] in FULL_STOPS:
        sentence = sentence[:-1].rstrip()
    return f"{sentence} .".lstrip() if policy == "append" else sentence


def unicode_words(text: str) -> list[str]:
    """Maximal sequences of letters, digits and their marks, in any script; punctuation and symbols separate words."""
    return "".join(letter if _in_word(letter) else " " for letter in text).split()


def characters(text: str) -> list[str]:
    """Every code point except white space."""
    return list("".join(text.split()))


@cache
def bleu_tokenizer(name: str) -> Callable[[str], str]:
    """One of sacrebleu's tokenizers: from a sentence to tokens separated by spaces.

    Args:
        name: ``none``, ``13a``, ``zh`` or ``char``.
    """
    if name == "none":
        return str
    # Not at the top: only text metrics need sacrebleu.
    module = importlib.import_module(f"sacrebleu.tokenizers.tokenizer_{name}")
    tokenizer: Callable[[str], str] = getattr(module, _SACREBLEU[name])()
    return tokenizer


@cache
def _in_word(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN" or letter in _JOINERS

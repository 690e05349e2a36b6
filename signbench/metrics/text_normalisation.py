"""What happens to a sentence before it is compared: its Unicode form, its final full stop, its division into tokens."""

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
    """The text in Unicode's composed form (NFC), so that an accent typed as its own character equals the accented letter."""
    return unicodedata.normalize("NFC", text)


def with_final_period(text: str, policy: FinalPeriod) -> str:
    """Settles whether a sentence ends in a full stop.

    One full stop at the end (:data:`FULL_STOPS`) and the white space around it are what is meant; ``...`` loses its last dot.

    Args:
        text: a sentence.
        policy: ``keep`` changes nothing; ``strip`` takes the full stop away; ``append`` puts ``" ."`` in its place, or at the end
            of a sentence that has none. An empty text stays empty: it earns no full stop.
    """
    if policy == "keep" or not text.strip():
        return text
    sentence = text.strip()
    if sentence[-1] in FULL_STOPS:
        sentence = sentence[:-1].rstrip()
    return f"{sentence} .".lstrip() if policy == "append" else sentence


def unicode_words(text: str) -> list[str]:
    """Maximal runs of letters, digits and the marks that belong to them, in any script; punctuation and symbols part words."""
    return "".join(letter if _in_word(letter) else " " for letter in text).split()


def characters(text: str) -> list[str]:
    """Every code point but white space."""
    return list("".join(text.split()))


@cache
def bleu_tokenizer(name: str) -> Callable[[str], str]:
    """One of sacrebleu's tokenizers: from a sentence to tokens that are parted by spaces.

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

"""Sentences as a translator's words, and back to a text.

The text is split at white space and before punctuation at the end, so that ``cold.`` is two words; joining them restores it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_PUNCTUATION = re.compile(r"([.,!?;:]+)(?=\s|$)")
_BEFORE = re.compile(r"\s+([.,!?;:]+)(?=\s|$)")


def words_of(text: str) -> list[str]:
    """The words of a text, and its punctuation marks as words."""
    return _PUNCTUATION.sub(r" \1 ", text).split()


def text_of(words: Sequence[str]) -> str:
    """A text from its words."""
    return _BEFORE.sub(r"\1", " ".join(words))

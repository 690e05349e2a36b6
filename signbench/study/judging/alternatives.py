"""Splits a cell with several answers at punctuation and at the word for "or" in some thirty languages."""

from __future__ import annotations

import re
from functools import cache

from signbench.study.judging.letters import unstressed

_MARKS = ",;/\n\r\u2028\u2029\u3001\u060c\u061b\u055d\u1363"
"""Separators in any language: commas, semicolons and slashes, East Asian, Arabic, Armenian and Ethiopic commas, and line breaks.
(NFKC has already converted fullwidth forms.)"""

_EVERYWHERE = ("or", "oder", "\u0438\u043b\u0438")
_OR = {
    "ar": ("\u0623\u0648", "\u0627\u0648"),
    "be": ("\u0430\u0431\u043e", "\u0446\u0456"),
    "ca": ("o",),
    "cs": ("nebo", "anebo"),
    "da": ("eller",),
    "el": ("\u03ae",),
    "es": ("o", "u"),
    "et": ("v\u00f5i",),
    "fi": ("tai",),
    "fr": ("ou",),
    "he": ("\u05d0\u05d5",),
    "hi": ("\u092f\u093e",),
    "hr": ("ili",),
    "hu": ("vagy",),
    "it": ("o", "oppure"),
    "kk": ("\u043d\u0435\u043c\u0435\u0441\u0435",),
    "ko": ("\ub610\ub294",),
    "lt": ("arba", "ar"),
    "lv": ("vai",),
    "nl": ("of",),
    "no": ("eller",),
    "pl": ("lub", "albo"),
    "pt": ("ou",),
    "ro": ("sau",),
    "sk": ("alebo",),
    "sl": ("ali",),
    "sr": ("ili",),
    "sv": ("eller",),
    "tr": ("veya", "ya da", "yahut"),
    "uk": ("\u0430\u0431\u043e", "\u0447\u0438"),
    "vi": ("ho\u1eb7c", "hay l\u00e0"),
}
"""Language -> its words for "or", which have spaces around them."""

_WITHIN = {
    "zh": ("\u6216\u8005", "\u6216\u662f", "\u6216(?![\u8bb8\u8a31\u591a\u7136])"),
    "ja": ("\u307e\u305f\u306f", "\u3082\u3057\u304f\u306f"),
}
"""The same for languages without spaces between words, as regular expressions."""

_NOT_IN = {"fr": ("or",), "ca": ("or",)}
"""Language -> words for "or" in other languages that mean something else in this one: "or" is gold."""


def alternatives(text: str, language: str) -> list[str]:
    """Splits a cell into the answers that it contains.

    Args:
        text: as it was typed.
        language: of the study; its words for "or" are separators, as are the English, German and Russian words in any language.

    Returns:
        The answers, without stress marks and otherwise as typed; a list of one if the cell has only one answer.
    """
    return [part for part in _separators(language).split(unstressed(text)) if part.strip()]


@cache
def _separators(language: str) -> re.Pattern[str]:
    words = [word for word in (*_EVERYWHERE, *_OR.get(language, ())) if word not in _NOT_IN.get(language, ())]
    spaced = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)
    within = "".join(f"|{word}" for word in _WITHIN.get(language, ()))
    return re.compile(rf"[{_MARKS}]|(?<!\w)(?:{spaced})(?!\w){within}", re.IGNORECASE)

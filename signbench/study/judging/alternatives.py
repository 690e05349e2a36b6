"""Several answers in one cell: what stands between them, in the languages in which sign languages are studied."""

from __future__ import annotations

import re
from functools import cache

from signbench.study.judging.letters import unstressed

_MARKS = ",;/\n\r\u2028\u2029\u3001\u060c\u061b\u055d\u1363"
"""Between answers in any language: commas, semicolons and slashes, the commas of East Asia, Arabic, Armenian and Ethiopic, and new
lines. (Fullwidth forms are these in Unicode NFKC.)"""

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
"""Language -> its words for "or", between spaces."""

_WITHIN = {
    "zh": ("\u6216\u8005", "\u6216\u662f", "\u6216(?![\u8bb8\u8a31\u591a\u7136])"),
    "ja": ("\u307e\u305f\u306f", "\u3082\u3057\u304f\u306f"),
}
"""The same in languages that put no spaces between words, as regular expressions."""

_NOT_IN = {"fr": ("or",), "ca": ("or",)}
"""What is another word in a language: gold."""


def alternatives(text: str, language: str) -> list[str]:
    """The several answers in one cell, as typed; one where it names only one.

    Args:
        text: as it was typed.
        language: of the study; its words for "or" stand between answers, and the English, German and Russian ones in any.
    """
    return [part for part in _separators(language).split(unstressed(text)) if part.strip()]


@cache
def _separators(language: str) -> re.Pattern[str]:
    words = [word for word in (*_EVERYWHERE, *_OR.get(language, ())) if word not in _NOT_IN.get(language, ())]
    spaced = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)
    within = "".join(f"|{word}" for word in _WITHIN.get(language, ()))
    return re.compile(rf"[{_MARKS}]|(?<!\w)(?:{spaced})(?!\w){within}", re.IGNORECASE)

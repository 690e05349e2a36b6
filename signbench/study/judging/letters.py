"""Cleaning of typed text: Unicode forms, look-alike letters, case, punctuation, emoji, white space."""

from __future__ import annotations

import re
import unicodedata

_PAIRS = {
    "A": 0x0410,
    "B": 0x0412,
    "C": 0x0421,
    "E": 0x0415,
    "H": 0x041D,
    "I": 0x0406,
    "K": 0x041A,
    "M": 0x041C,
    "O": 0x041E,
    "P": 0x0420,
    "T": 0x0422,
    "X": 0x0425,
    "Y": 0x0423,
    "\u00cb": 0x0401,
    "a": 0x0430,
    "c": 0x0441,
    "e": 0x0435,
    "i": 0x0456,
    "k": 0x043A,
    "o": 0x043E,
    "p": 0x0440,
    "x": 0x0445,
    "y": 0x0443,
    "\u00eb": 0x0451,
}
_TO_CYRILLIC = str.maketrans(_PAIRS)
_TO_LATIN = str.maketrans({chr(cyrillic): latin for latin, cyrillic in _PAIRS.items()})
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_WORD = re.compile(r"[^\W\d_]+")
_STRESS = re.compile("(?<=[\u0400-\u052f])[\u0300\u0301]")
_APOSTROPHES = re.compile("(?<=\\w)['\u2019\u02bc\u2032`](?=\\w)")
_YO = str.maketrans({0x0451: 0x0435})
_CYRILLIC_LANGUAGES = frozenset({"ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg"})
_ARABIC_MARKS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]")
"""Vowel signs and the stroke that only lengthens a word; a word is the same with and without them."""
_HEBREW_MARKS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")
_DOTTED = str.maketrans({"I": "\u0131", "\u0130": "i"})
_DOTTED_LANGUAGES = frozenset({"tr", "az", "crh", "tt"})
_SYMBOLS = ("So", "Sm", "Sc", "Sk")


def cleaned(text: str, language: str) -> str:
    """Typed text without what people do not mean: the same words give the same text.

    First as :func:`tidied`, then case folding (in Turkish with its two letters i), and Russian yo as ye.

    Args:
        text: as it was typed.
        language: decides mixed words whose letters all look alike, and the case of i.

    Returns:
        The cleaned text, empty where nothing was said.
    """
    return folded(tidied(text, language), language)


def tidied(text: str, language: str) -> str:
    """Typed text without what people do not mean, in the case in which it was typed.

    In this order: Unicode NFKC; letters of the other alphabet that look alike, within words that mix both; no stress marks on
    Cyrillic letters and no vowel signs on Arabic and Hebrew ones; apostrophes within words are dropped and other punctuation,
    symbols, emoji and invisible signs become spaces; single spaces. Text of nothing but emoji or symbols is kept, as it says
    something; bare punctuation is not.

    Args:
        text: as it was typed.
        language: decides mixed words whose letters all look alike.

    Returns:
        The text, empty where nothing was said.
    """
    text = unicodedata.normalize("NFKC", text)
    text = unstressed(_WORD.sub(lambda word: _one_alphabet(word.group(), language), text))
    text = _HEBREW_MARKS.sub("", _ARABIC_MARKS.sub("", text))
    text = unicodedata.normalize("NFC", _APOSTROPHES.sub("", text))
    words = "".join(letter if _is_said(letter) else _in_place(letter) for letter in text)
    if words.split():
        return " ".join(words.split())
    return "".join(letter for letter in text if unicodedata.category(letter) in _SYMBOLS and letter not in "`^~")


def unstressed(text: str) -> str:
    """Text in Unicode NFKC, without stress marks on Cyrillic letters."""
    return _STRESS.sub("", unicodedata.normalize("NFKC", text))


def folded(text: str, language: str) -> str:
    """Tidied text in one case."""
    if language in _DOTTED_LANGUAGES:
        text = text.translate(_DOTTED)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.casefold()).translate(_YO))


def _one_alphabet(word: str, language: str) -> str:
    """A word that mixes Cyrillic and Latin letters in the one alphabet that it can be in; as it is where it can be in neither."""
    cyrillic, latin = len(_CYRILLIC.findall(word)), len(_LATIN.findall(word))
    if not cyrillic or not latin:
        return word
    in_cyrillic, in_latin = word.translate(_TO_CYRILLIC), word.translate(_TO_LATIN)
    possible = [(in_cyrillic, cyrillic), (in_latin, latin)]
    whole = [found for found in possible if not (_CYRILLIC.search(found[0]) and _LATIN.search(found[0]))]
    if len(whole) == 2:
        if cyrillic == latin:
            return in_cyrillic if language in _CYRILLIC_LANGUAGES else in_latin
        return max(whole, key=lambda found: found[1])[0]
    return whole[0][0] if whole else word


def _is_said(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN" and not 0xFE00 <= ord(letter) <= 0xFE0F and letter != "\u20e3"


def _in_place(letter: str) -> str:
    """What stands where a letter is left out: nothing for signs that have no width."""
    return "" if unicodedata.category(letter) in ("Cf", "Mn", "Me") else " "

"""Cleans typed text: Unicode forms, look-alike letters, case, punctuation, emoji, white space."""

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
"""Vowel signs and the stroke that only lengthens a word; they do not change which word it is."""
_HEBREW_MARKS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")
_DOTTED = str.maketrans({"I": "\u0131", "\u0130": "i"})
_DOTTED_LANGUAGES = frozenset({"tr", "az", "crh", "tt"})
_SYMBOLS = ("So", "Sm", "Sc", "Sk")


def cleaned(text: str, language: str) -> str:
    """Cleans typed text so that the same words always give the same text.

    Applies :func:`tidied`, then case folding (in Turkish with its two letters i), and replaces Russian yo by ye.

    Args:
        text: as it was typed.
        language: decides words that mix alphabets and consist of look-alike letters only, and the case of i.

    Returns:
        The cleaned text, empty if the answer has neither words nor symbols.
    """
    return folded(tidied(text, language), language)


def tidied(text: str, language: str) -> str:
    """Cleans typed text, but keeps its capitals.

    In this order: Unicode NFKC; look-alike letters replaced in words that mix Cyrillic and Latin; stress marks on Cyrillic letters
    and vowel signs on Arabic and Hebrew letters removed; apostrophes inside words removed, and other punctuation, symbols, emoji
    and invisible characters replaced by spaces; single spaces. Text that consists of emoji or symbols only is kept, because it may
    be an answer; bare punctuation is not.

    Args:
        text: as it was typed.
        language: decides words that mix alphabets and consist of look-alike letters only.

    Returns:
        The text, empty if the answer has neither words nor symbols.
    """
    text = unicodedata.normalize("NFKC", text)
    text = unstressed(_WORD.sub(lambda word: _one_alphabet(word.group(), language), text))
    text = _HEBREW_MARKS.sub("", _ARABIC_MARKS.sub("", text))
    text = unicodedata.normalize("NFC", _APOSTROPHES.sub("", text))
    words = "".join(letter if _is_kept(letter) else _replacement(letter) for letter in text)
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
    """Writes a word that mixes Cyrillic and Latin letters in one alphabet; unchanged if neither alphabet has all its letters."""
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


def _is_kept(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN" and not 0xFE00 <= ord(letter) <= 0xFE0F and letter != "\u20e3"


def _replacement(letter: str) -> str:
    """A space for a character that is removed; nothing for one without width."""
    return "" if unicodedata.category(letter) in ("Cf", "Mn", "Me") else " "

"""Detects the encoding of a text file if the bytes leave no doubt, and asks for it otherwise."""

from __future__ import annotations

import codecs
import itertools
import re

from signbench.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_CP1251_WORD = re.compile(rb"[\xa8\xb8\xc0-\xff]+")
_CP1251_SIGNS = bytes((0x84, 0x85, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0xA0, 0xAB, 0xB9, 0xBB))
"""Quotation marks, dashes, an ellipsis, a space and a number sign, which may be next to a word."""
_NOT_HEBREW = re.compile(rb"[\xa8\xb8\xc0-\xdf\xfb-\xff]|[\xea\xed\xef\xf3\xf5][\xe0-\xfa]")
"""Cyrillic letters of cp1251 at bytes where cp1255 has no letter, or a final one; the small letters of both share a range."""
_CYRILLIC = re.compile("[\u0400-\u045f]{2,}")
_WRONG_CASE = re.compile("[\u0430-\u044f\u0451][\u0410-\u042f\u0401]")

_WESTERN = ("cp1252", "cp1250", "cp1254", "cp1257", "mac_roman")
"""Encodings of accented Latin letters; some letters have the same byte in several of them."""
_LATIN_WORD = re.compile(r"[^\s,;|\"()\[\]{}<>/\\.:!?=+*&#@%$0-9\u00ab\u00bb\u201c-\u201e\u2018\u2019\u2013\u2014\u2026\u00a0-]+")
_LATIN = re.compile("[A-Za-z'\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u0218-\u021b]+")


def decoded(content: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Decodes a text file.

    Detected are UTF-8 and UTF-16 with or without a byte-order mark, UTF-32 with one, cp1251 (Cyrillic), and cp1252 if no other
    encoding of Latin letters gives a different text. Other encodings have to be declared, because bytes do not distinguish them.

    Args:
        content: of the file.
        name: of the file, for messages.
        encoding: declared in the mapping; None: detected.

    Returns:
        The text, and the encoding.

    Raises:
        InputError: the file mixes encodings, is not in the declared one, or its encoding cannot be detected.
    """
    if encoding is not None:
        return _declared(content, name, encoding), encoding
    for mark, found in _MARKS:
        if content.startswith(mark):
            return _declared(content, name, found), found
    if b"\0" in content:
        return _wide_letters(content, name)
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    _refuse_mixed(content, name)
    found = _single_byte(content, name)
    return _declared(content, name, found), found


def _declared(content: bytes, name: str, encoding: str) -> str:
    try:
        text = codecs.decode(content, encoding)
    except LookupError:
        raise InputError(
            f"{name}: {encoding!r} is not a known encoding; use one such as utf-8, utf-16, cp1251 or latin-1."
        ) from None
    except (UnicodeError, ValueError, TypeError) as error:
        start = getattr(error, "start", None)
        line = f", line {content.count(bytes((10,)), 0, start) + 1}" if isinstance(start, int) else ""
        raise InputError(
            f"{name}{line} cannot be decoded as {encoding}: the file is damaged, declared wrongly or mixes several encodings; "
            "save it as UTF-8."
        ) from error
    if not isinstance(text, str):
        raise InputError(f"{name}: {encoding!r} is not a text encoding; use one such as utf-8, utf-16, cp1251 or latin-1.")
    if "\0" in text:
        line_number = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{name}, line {line_number} contains a null character, so it is not {encoding} text; save it as UTF-8.")
    return text.removeprefix("\ufeff")


def _wide_letters(content: bytes, name: str) -> tuple[str, str]:
    """Decodes UTF-16 without a byte-order mark: the null bytes of line ends and delimiters are at even or at odd offsets only."""
    even, odd = content[0::2].count(0), content[1::2].count(0)
    found = "utf-16-le" if odd > 4 * even else "utf-16-be" if even > 4 * odd else None
    if found is None or len(content) % 2:
        line = content.count(b"\n", 0, content.index(0)) + 1
        raise InputError(f"{name}, line {line} contains null bytes, so it is not text in a known encoding; save it as UTF-8.")
    return _declared(content, name, found), found


def _refuse_mixed(content: bytes, name: str) -> None:
    """Refuses a file of which some lines are UTF-8 and some are not.

    Raises:
        InputError: names the first line that is not.
    """
    valid, wrong = 0, []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            valid += 1
        except UnicodeDecodeError:
            wrong.append(number)
    if valid and wrong:
        raise InputError(
            f"{name}, line {wrong[0]} is not UTF-8, but {valid} other line{'s are' if valid > 1 else ' is'}; the file mixes "
            "encodings, so save all of it as UTF-8."
        )


def _single_byte(content: bytes, name: str) -> str:
    """Distinguishes cp1251 from cp1252 by the other letters of a word: Cyrillic words have no ASCII letters, Western ones do.

    Raises:
        InputError: the bytes allow several encodings, or none of these.
    """
    cyrillic = western = neither = 0
    for word in _WORD.findall(content):
        letters = word.strip(_CP1251_SIGNS)
        if len(letters) < 2 or letters.isascii():
            continue
        if re.search(rb"[A-Za-z]", letters):
            western += 1
        elif _CP1251_WORD.fullmatch(letters):
            cyrillic += 1
        else:
            neither += 1
    if cyrillic > 4 * (western + neither) and _reads_as_russian(content):
        return "cp1251"
    readings: dict[str, str] = {}
    if western > 4 * (cyrillic + neither):
        readings = _western_readings(content)
        if len(readings) == 1 and "cp1252" in readings.values():
            return "cp1252"
    shown = " or ".join(f"{word!r} ({encoding})" for word, encoding in _first_difference(readings))
    why = f": one word may be {shown}" if shown else ""
    raise InputError(
        f"{name} is not UTF-8, and its encoding cannot be detected{why}. Save it as UTF-8, or name the encoding (such as cp1252, "
        "cp1250, cp1254, mac_roman, cp1251, koi8-r, cp1256, gb18030): add 'encoding: ...' to the sheet in the mapping, or use "
        "`encoding` if there is no mapping yet."
    )


def _western_readings(content: bytes) -> dict[str, str]:
    """The plausible texts of a file in the encodings of Latin letters: text -> the first encoding that gives it."""
    found: dict[str, str] = {}
    for encoding in _WESTERN:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        words = [word for word in _LATIN_WORD.findall(text) if not word.isascii()]
        if words and all(_LATIN.fullmatch(word) and _has_sound_case(word) for word in words):
            found.setdefault(text, encoding)
    return found


def _has_sound_case(word: str) -> bool:
    """Whether no capital follows a small letter."""
    return not any(first.islower() and second.isupper() for first, second in itertools.pairwise(word))


def _first_difference(readings: dict[str, str]) -> list[tuple[str, str]]:
    """The first word that differs between the decoded texts of a file, and the encoding of each text."""
    texts = list(readings)
    for position, letters in enumerate(zip(*texts, strict=False)):  # all of them have one letter for each byte
        if len(set(letters)) > 1:
            words: dict[str, str] = {}
            for text in texts:
                begin = max(0, position - len(re.split(r"[\W\d_]", text[max(0, position - 30) : position])[-1]))
                found = re.match(r"[^\W\d_]+", text[begin:])
                words.setdefault(found.group() if found else letters[0], readings[text])
            return list(words.items())
    return []


def _reads_as_russian(content: bytes) -> bool:
    """Whether the text has plausible capitals in cp1251; in other Cyrillic encodings the same bytes have the wrong case."""
    if not _NOT_HEBREW.search(content):
        return False
    text, apple = (content.decode(encoding, errors="replace") for encoding in ("cp1251", "mac-cyrillic"))
    words = _CYRILLIC.findall(text)
    capitals = sum(word.isupper() for word in words)
    wrong, wrong_apple = (len(_WRONG_CASE.findall(reading)) for reading in (text, apple))
    return 2 * capitals <= len(words) and wrong <= len(words) // 10 and wrong <= wrong_apple

"""Which encoding a text file is in: found out where that is certain, and asked for where it is not."""

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
"""Quotation marks, dashes, an ellipsis, a space and a number sign, which touch words."""
_NOT_HEBREW = re.compile(rb"[\xa8\xb8\xc0-\xdf\xfb-\xff]|[\xea\xed\xef\xf3\xf5][\xe0-\xfa]")
"""Cyrillic letters of cp1251 where cp1255 has no letter, or one that ends a word: the small letters of both lie in one range."""
_CYRILLIC = re.compile("[\u0400-\u045f]{2,}")
_WRONG_CASE = re.compile("[\u0430-\u044f\u0451][\u0410-\u042f\u0401]")

_WESTERN = ("cp1252", "cp1250", "cp1254", "cp1257", "mac_roman")
"""In which Latin letters with marks may be; their common letters lie at other bytes only in part."""
_LATIN_WORD = re.compile(r"[^\s,;|\"()\[\]{}<>/\\.:!?=+*&#@%$0-9\u00ab\u00bb\u201c-\u201e\u2018\u2019\u2013\u2014\u2026\u00a0-]+")
_LATIN = re.compile("[A-Za-z'\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u0218-\u021b]+")


def decoded(content: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file, and the encoding that was taken.

    Found out are UTF-8 and UTF-16 with or without a byte-order mark, UTF-32 with one, cp1251 (Cyrillic), and cp1252 where no other
    encoding of Latin letters gives another text. Others have to be declared, as bytes do not tell them apart.

    Args:
        content: of the file.
        name: how messages call the file.
        encoding: declared in the mapping; None: found out.

    Raises:
        InputError: the file is in no single encoding, in another than declared, or bytes do not tell in which one.
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
        raise InputError(f"{name}: {encoding!r} is no encoding; write one such as utf-8, utf-16, cp1251 or latin-1.") from None
    except (UnicodeError, ValueError, TypeError) as error:
        start = getattr(error, "start", None)
        line = f", line {content.count(bytes((10,)), 0, start) + 1}" if isinstance(start, int) else ""
        raise InputError(
            f"{name}{line} is not {encoding} throughout: it is damaged, declared wrongly or joined from several encodings; "
            "save it as UTF-8."
        ) from error
    if not isinstance(text, str):
        raise InputError(f"{name}: {encoding!r} is no text encoding; write one such as utf-8, utf-16, cp1251 or latin-1.")
    if "\0" in text:
        line_number = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(f"{name}, line {line_number} holds a null character, so it is no {encoding} text; save it as UTF-8.")
    return text.removeprefix("\ufeff")


def _wide_letters(content: bytes, name: str) -> tuple[str, str]:
    """UTF-16 without a mark: its line ends and delimiters have their null bytes all on one side."""
    even, odd = content[0::2].count(0), content[1::2].count(0)
    found = "utf-16-le" if odd > 4 * even else "utf-16-be" if even > 4 * odd else None
    if found is None or len(content) % 2:
        line = content.count(b"\n", 0, content.index(0)) + 1
        raise InputError(f"{name}, line {line} holds null bytes, so it is no text in a known encoding; save it as UTF-8.")
    return _declared(content, name, found), found


def _refuse_mixed(content: bytes, name: str) -> None:
    """Refuses a file some of whose lines are UTF-8 and some are not.

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
            f"{name}, line {wrong[0]} is not UTF-8, while {valid} other line{'s are' if valid > 1 else ' is'}: mixed encodings; "
            "save all parts as UTF-8."
        )


def _single_byte(content: bytes, name: str) -> str:
    """Tells Cyrillic from Western letters by their company: Cyrillic words have no ASCII letters, Western ones mostly do.

    Raises:
        InputError: the bytes do not tell.
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
    why = f": a word of it may be {shown}" if shown else ""
    raise InputError(
        f"{name} is not UTF-8, and its bytes do not tell which encoding it is in{why}. Save it as UTF-8, or name the encoding "
        "(such as cp1252, cp1250, cp1254, mac_roman, cp1251, koi8-r, cp1256, gb18030): 'encoding: ...' beside the file in the "
        "mapping, or --encoding where there is no mapping yet."
    )


def _western_readings(content: bytes) -> dict[str, str]:
    """The different texts that encodings of Latin letters make of a file and that can be words: text -> the first such encoding."""
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
    """Whether no capital stands behind a small letter."""
    return not any(first.islower() and second.isupper() for first, second in itertools.pairwise(word))


def _first_difference(readings: dict[str, str]) -> list[tuple[str, str]]:
    """The first word that different readings of a file read differently, and the encoding of each reading."""
    texts = list(readings)
    for place, letters in enumerate(zip(*texts, strict=False)):  # all of them have one letter for each byte
        if len(set(letters)) > 1:
            words: dict[str, str] = {}
            for text in texts:
                begin = max(0, place - len(re.split(r"[\W\d_]", text[max(0, place - 30) : place])[-1]))
                found = re.match(r"[^\W\d_]+", text[begin:])
                words.setdefault(found.group() if found else letters[0], readings[text])
            return list(words.items())
    return []


def _reads_as_russian(content: bytes) -> bool:
    """Whether capitals stand where cp1251 would have them: other Cyrillic encodings, read as it, come out in the wrong case."""
    if not _NOT_HEBREW.search(content):
        return False
    text, apple = (content.decode(encoding, errors="replace") for encoding in ("cp1251", "mac-cyrillic"))
    words = _CYRILLIC.findall(text)
    capitals = sum(word.isupper() for word in words)
    wrong, wrong_apple = (len(_WRONG_CASE.findall(reading)) for reading in (text, apple))
    return 2 * capitals <= len(words) and wrong <= len(words) // 10 and wrong <= wrong_apple

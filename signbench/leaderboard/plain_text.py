"""Which characters the texts of an entry may contain, and which names look alike.

Entries come from untrusted sources, and people read their texts on pages and in terminals. With an invisible character, one that
reverses the direction of the text, or a Cyrillic letter among Latin ones, one name can pass for another. No entry needs any of
these. The look-alikes of Latin, Greek and Cyrillic letters are part of Unicode's ``confusables.txt`` (UTS 39).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

_MOST_MARKS = 4
_MARKUP = re.compile(r"<\s*[A-Za-z/!?]|&#?\w+;")
# ignorable for Unicode but printable for Python, and the two blank characters that are not spaces
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_ALPHABETS = {"LATIN", "GREEK", "CYRILLIC", "COPTIC", "ARMENIAN", "CHEROKEE", "GEORGIAN", "LISU", "GOTHIC", "DESERET", "TIFINAGH"}
"""Scripts that share look-alike letters, by the first word of the letters' names in Unicode."""

_LOOKS_LIKE = {
    **dict(
        zip("\u0430\u0432\u0433\u0435\u0437\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u0442", "abre3ijkmhopct", strict=True)
    ),  # Cyrillic
    **dict(
        zip("\u0443\u0445\u0455\u04bb\u0501\u051b\u051d\u04cf\u044c\u0475\u04af\u0410\u0412\u0415", "yxshdqwlbvyABE", strict=True)
    ),
    **dict(
        zip("\u0417\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u04ba", "3IJKMHOPCTYXSh", strict=True)
    ),
    **dict(zip("\u050c\u051a\u051c\u04c0\u042c\u0474\u04ae", "GQWlbVY", strict=True)),
    **dict(
        zip("\u03b1\u03b2\u03b3\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9", "abyenikvoptuxw", strict=True)
    ),  # Greek
    **dict(
        zip("\u03c3\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5", "oABEZHIKMNOPTY", strict=True)
    ),
    **dict(zip("\u03a7\u03f9\u03fa", "XCM", strict=True)),
    **dict(zip("\u0585\u0578\u057d\u0581\u0570\u053c\u054f", "onughLS", strict=True)),  # Armenian
    **dict(zip("\u0131\u0269\u0261\u0251\u028b", "iigau", strict=True)),  # Latin
}
_SAME_STROKES = str.maketrans({"1": "l", "i": "l", "|": "l", "0": "o"})


def fault(text: str, *, markup: bool = False) -> str | None:
    """Why an entry may not contain a text, in a few words that follow "it contains"; None if it may.

    Args:
        text: one line of text.
        markup: allow single ``<``, ``>`` and ``&``, as in "1 < 2"; tags are never allowed.
    """
    for letter in text:
        if not letter.isprintable():
            return f"a character that is not printable ({_named(letter)})"
    if (found := _INVISIBLE.search(text)) is not None:
        return f"an invisible character ({_named(found[0])})"
    if text != unicodedata.normalize("NFC", text):
        return "decomposed letters (write it in Unicode's form NFC)"
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks > _MOST_MARKS:
            return f"more than {_MOST_MARKS} marks on one letter"
    if _MARKUP.search(text) or (not markup and ("<" in text or ">" in text)):
        return "< or >, or text that a browser treats as markup"
    return None


def mixed_alphabets(text: str) -> str | None:
    """Names the first word with letters from several look-alike alphabets, such as a Cyrillic a among Latin letters."""
    for word in re.findall(r"[^\W\d_]+", text):
        alphabets = {unicodedata.name(letter, "").split(" ")[0] for letter in word} & _ALPHABETS
        if len(alphabets) > 1:
            return f"{word} is written in {' and '.join(sorted(name.capitalize() for name in alphabets))} letters"
    return None


def faults(document: Any, where: str = "", *, markup: bool = True) -> Iterator[tuple[str, str]]:
    """Finds every text in a document of plain values that an entry may not contain.

    Args:
        document: nested mappings and lists of texts and numbers; keys are texts too.
        where: the path of the document, as a prefix of the paths within it.
        markup: see :func:`fault`.

    Returns:
        The path of each such text, and why it is not allowed.
    """
    if isinstance(document, str):
        if (what := fault(document, markup=markup)) is not None:
            yield where, what
    elif isinstance(document, Mapping):
        for name, value in document.items():
            if (what := fault(str(name), markup=markup)) is not None:
                yield f"{where}, a field's name" if where else "a field's name", what
                continue
            yield from faults(value, f"{where}.{name}" if where else str(name), markup=markup)
    elif isinstance(document, (list, tuple)):
        for index, value in enumerate(document):
            yield from faults(value, f"{where}[{index}]", markup=markup)


def skeleton(name: str) -> str:
    """A name with look-alike characters unified: names that look the same have the same skeleton."""
    decomposed = unicodedata.normalize("NFKD", name)
    bare = "".join(letter for letter in decomposed if unicodedata.category(letter) not in ("Mn", "Me", "Cf"))
    latin = "".join(_LOOKS_LIKE.get(letter, letter) for letter in bare).casefold()
    strokes = latin.translate(_SAME_STROKES).replace("rn", "m").replace("vv", "w")
    return re.sub(r"[\W_]+", "-", strokes).strip("-")


def _named(letter: str) -> str:
    return f"U+{ord(letter):04X} {unicodedata.name(letter, '')}".strip()

"""What may stand in any text of an entry, and which names look alike.

Entries come from anybody, and their texts are read by people on pages and in terminals: a letter that nobody sees, one that turns
the direction of what follows, or a Cyrillic letter among Latin ones makes one name pass for another. Nothing of that is needed to
say what an entry says. Look-alikes of Latin, Greek and Cyrillic letters are a part of Unicode's ``confusables.txt`` (UTS 39).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

_MOST_MARKS = 4
_MARKUP = re.compile(r"<\s*[A-Za-z/!?]|&#?\w+;")
# what Unicode calls ignorable and Python printable, and the two blanks that are no spaces
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_ALPHABETS = {"LATIN", "GREEK", "CYRILLIC", "COPTIC", "ARMENIAN", "CHEROKEE", "GEORGIAN", "LISU", "GOTHIC", "DESERET", "TIFINAGH"}
"""Scripts with letters that look like letters of another of them; by the first word of the letters' names in Unicode."""

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


def trouble(text: str, *, markup: bool = False) -> str | None:
    """Why a text cannot stand in an entry, in a few words that follow "it holds"; None where it can.

    Args:
        text: the text, of one line.
        markup: whether single ``<``, ``>`` and ``&`` are let through, as in "fewer than 2 < 3"; tags are not.
    """
    for letter in text:
        if not letter.isprintable():
            return f"a character that is not drawn ({_named(letter)})"
    if (found := _INVISIBLE.search(text)) is not None:
        return f"a letter that nobody sees ({_named(found[0])})"
    if text != unicodedata.normalize("NFC", text):
        return "letters in pieces (it is not in Unicode's form NFC)"
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks > _MOST_MARKS:
            return f"more than {_MOST_MARKS} marks on one letter"
    if _MARKUP.search(text) or (not markup and ("<" in text or ">" in text)):
        return "< or >, or what a browser takes for markup"
    return None


def mixture(text: str) -> str | None:
    """The first word of a text whose letters are of several alphabets that look alike, such as a Cyrillic a among Latin letters."""
    for word in re.findall(r"[^\W\d_]+", text):
        alphabets = {unicodedata.name(letter, "").split(" ")[0] for letter in word} & _ALPHABETS
        if len(alphabets) > 1:
            return f"{word} is written in {' and '.join(sorted(name.capitalize() for name in alphabets))} letters"
    return None


def troubles(document: Any, where: str = "", *, markup: bool = True) -> Iterator[tuple[str, str]]:
    """Every text of a document of plain values that cannot stand in an entry: its place, and why.

    Args:
        document: texts, numbers, lists and mappings in one another; keys are texts too.
        where: how places begin.
        markup: as :func:`trouble` takes it.
    """
    if isinstance(document, str):
        if (what := trouble(document, markup=markup)) is not None:
            yield where, what
    elif isinstance(document, Mapping):
        for name, value in document.items():
            if (what := trouble(str(name), markup=markup)) is not None:
                yield f"{where}, a field's name" if where else "a field's name", what
                continue
            yield from troubles(value, f"{where}.{name}" if where else str(name), markup=markup)
    elif isinstance(document, (list, tuple)):
        for place, value in enumerate(document):
            yield from troubles(value, f"{where}[{place}]", markup=markup)


def skeleton(name: str) -> str:
    """What is left of a name when everything that looks alike is written alike: two names of one skeleton look the same."""
    apart = unicodedata.normalize("NFKD", name)
    bare = "".join(letter for letter in apart if unicodedata.category(letter) not in ("Mn", "Me", "Cf"))
    latin = "".join(_LOOKS_LIKE.get(letter, letter) for letter in bare).casefold()
    strokes = latin.translate(_SAME_STROKES).replace("rn", "m").replace("vv", "w")
    return re.sub(r"[\W_]+", "-", strokes).strip("-")


def _named(letter: str) -> str:
    return f"U+{ord(letter):04X} {unicodedata.name(letter, '')}".strip()

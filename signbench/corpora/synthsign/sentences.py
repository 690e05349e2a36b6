"""The sentences: an English-like spoken side, and glosses in an order of their own (time, topic, comment, negation)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

TIMES = {None: "", "YESTERDAY": "yesterday", "TOMORROW": "tomorrow"}
PEOPLE = {"MOTHER": "the mother", "FATHER": "the father", "CHILD": "the child"}
THINGS = {"BOOK": "a book", "WATER": "water", "HOUSE": "the house", "RAIN": "the rain"}
VERBS = {
    # gloss: (base form, present, past, what it can be done to; None: nothing)
    "SEE": ("see", "sees", "saw", ("BOOK", "HOUSE", "RAIN", "WATER")),
    "WANT": ("want", "wants", "wanted", ("BOOK", "WATER")),
    "GIVE": ("give", "gives", "gave", ("BOOK", "WATER")),
    "DRINK": ("drink", "drinks", "drank", ("WATER",)),
    "EAT": ("eat", "eats", "ate", (None,)),
    "WORK": ("work", "works", "worked", (None,)),
}


@dataclass(frozen=True)
class Sentence:
    """What a clip says, and who signs it.

    Attributes:
        text: the spoken-language sentence.
        gloss: the signs in the order in which they are signed.
        signer: name of the signer.
        question: signed with raised brows.
    """

    text: str
    gloss: tuple[str, ...]
    signer: str
    question: bool = False


def all_sentences() -> list[Sentence]:
    """Every sentence of the grammar in a fixed order, without a signer; texts are unique, and so are glosses with ``question``."""
    found = []
    for time, person, verb, kind in product(TIMES, PEOPLE, VERBS, ("statement", "negation", "question")):
        for thing in VERBS[verb][3]:
            gloss = tuple(sign for sign in (time, thing, person, verb) if sign)
            if kind == "negation":
                gloss += ("NOT",)
            found.append(Sentence(_text(time, person, verb, thing, kind), gloss, "", kind == "question"))
    return found


def _text(time: str | None, person: str, verb: str, thing: str | None, kind: str) -> str:
    base, present, past, _ = VERBS[verb]
    auxiliary = {None: "does", "YESTERDAY": "did", "TOMORROW": "will"}[time]
    statement = {None: present, "YESTERDAY": past, "TOMORROW": f"will {base}"}[time]
    subject, after = PEOPLE[person], f" {THINGS[thing]}" if thing else ""
    when = f" {TIMES[time]}" if time else ""
    if kind == "question":
        words = f"{auxiliary} {subject} {base}{after}{when}?"
    elif kind == "negation":
        words = f"{subject} {auxiliary} not {base}{after}{when}."
    else:
        words = f"{subject} {statement}{after}{when}."
    return words[0].upper() + words[1:]

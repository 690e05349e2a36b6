"""The sentences: an English-like spoken side, and glosses with their own word order.

Spoken sentences have subject, verb, object, then time, with articles, auxiliaries and inflection. Signed ones have the time first,
then the topic (the object or the place, if there is one, else the subject), then the rest, the verb, and NOT or the question
word last; adjectives and numbers follow their noun, articles and auxiliaries have no sign. Yes-no questions differ from statements
only in the face.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from signbench.corpora.synthsign.randomness import Choices
from signbench.corpora.synthsign.vocabulary import (
    ADJECTIVES,
    NOUNS,
    NUMBERS,
    PRONOUNS,
    TIMES,
    VERBS,
    WEATHER,
    Tense,
)

Kind = Literal["statement", "negation", "yes-no", "question word", "word"]


@dataclass(frozen=True)
class Sentence:
    """A sentence, and its signer.

    Attributes:
        text: the spoken-language sentence or word.
        gloss: the signs in the order in which they are signed.
        signer: name of the signer.
        kind: determines the facial grammar.
        time: number of glosses at the start that give the time.
        topic: number of glosses after them that are the topic.
        still: seconds of stillness before the first sign, in addition to the usual ones.
    """

    text: str
    gloss: tuple[str, ...]
    signer: str
    kind: Kind = "statement"
    time: int = 0
    topic: int = 0
    still: float = 0.0

    @property
    def question(self) -> bool:
        """Whether it is a yes-no question."""
        return self.kind == "yes-no"


@dataclass(frozen=True)
class _Phrase:
    """A subject or an object, spoken and signed."""

    words: str
    gloss: tuple[str, ...]
    plural: bool = False
    first: bool = False  # "I", which takes "am"


def plan(counts: dict[str, int], *seed: str | int) -> dict[str, Sentence]:
    """The sentences of a corpus, without signers: no text occurs twice in any split.

    Args:
        counts: split -> number of sentences.
        seed: seed of the random choices.

    Returns:
        Clip id, such as ``test-0001`` -> sentence. The size of a later split does not affect the earlier ones.
    """
    choices = Choices(*seed, "sentences")
    met: set[str] = set()
    found: dict[str, Sentence] = {}
    for split, count in counts.items():
        for number in range(1, count + 1):
            sentence = draw(choices)
            while sentence.text in met:
                sentence = draw(choices)
            met.add(sentence.text)
            found[f"{split}-{number:04d}"] = sentence
    return found


def draw(choices: Choices) -> Sentence:
    """One random sentence of the grammar, without a signer."""
    pattern = choices.below(100)
    when = choices.one(list(TIMES)) if choices.chance(55) else None
    tense: Tense = TIMES[when][1] if when else choices.one(("present", "present", "past", "future"))
    kind: Kind = choices.one(("statement",) * 9 + ("negation",) * 3 + ("yes-no",) * 3 + ("question word",) * 2)
    if pattern < 12:
        return _weather(choices, when, tense, kind)
    if pattern < 30:
        return _property(choices, when, tense, kind)
    return _action(choices, when, tense, kind)


def _weather(choices: Choices, when: str | None, tense: Tense, kind: Kind) -> Sentence:
    gloss = choices.one(list(WEATHER))
    spoken = WEATHER[gloss][("present", "past", "future").index(tense)]
    place = choices.one(_with("place")) if choices.chance(60) else None
    words = spoken
    if kind == "negation":
        for auxiliary in (" is ", " was ", " will "):
            words = words.replace(auxiliary, f"{auxiliary}not ", 1)
        words = {"it rained": "it did not rain", "it snowed": "it did not snow"}.get(words, words)
    elif kind != "statement":
        kind = "yes-no"
        head, verb, *rest = spoken.split()
        if spoken.startswith("the sun"):
            head, verb, *rest = "the sun", *spoken.split()[2:]
        words = f"did it {verb.removesuffix('ed')}" if verb in ("rained", "snowed") else " ".join([verb, head, *rest])
    where = f" {_near(place, choices)}" if place else ""
    signed = (*((place,) if place else ()), gloss, *(("NOT",) if kind == "negation" else ()))
    return _sentence(words + where, when, signed, kind, 1 if place else 0)


def _property(choices: Choices, when: str | None, tense: Tense, kind: Kind) -> Sentence:
    adjective = choices.one(list(ADJECTIVES))
    lemma, synonyms, traits = ADJECTIVES[adjective]
    word = choices.one((lemma, lemma, *synonyms))
    if "person" in traits and choices.chance(35):
        who = choices.one(list(PRONOUNS))
        subject = _Phrase(PRONOUNS[who][0], (who,), plural=who in ("YOU", "WE"), first=who == "I")
    else:
        nouns = [gloss for gloss, noun in NOUNS.items() if noun.traits & set(traits)]
        subject = _noun_phrase(choices, choices.one(nouns), definite=True, adjectives=False)
    be = _be(subject, tense)
    if kind == "question word":
        kind, signed = "question word", (*subject.gloss, adjective, "WHY")
        words = f"why {_inverted(be, subject.words)} {word}"
    elif kind == "yes-no":
        words, signed = f"{_inverted(be, subject.words)} {word}", (*subject.gloss, adjective)
    else:
        first, _, rest = be.partition(" ")
        denied = " not" if kind == "negation" else ""
        words = " ".join(f"{subject.words} {first}{denied} {rest} {word}".split())
        signed = (*subject.gloss, adjective, *(("NOT",) if denied else ()))
    return _sentence(words, when, signed, kind, len(subject.gloss))


def _action(choices: Choices, when: str | None, tense: Tense, kind: Kind) -> Sentence:
    gloss = choices.one(list(VERBS))
    verb = VERBS[gloss]
    forms: tuple[str, ...] = verb.synonym if verb.synonym and choices.chance(30) else (verb.base, verb.third, verb.past)
    subject = _subject(choices)
    wish = gloss not in ("WANT", "KNOW", "HAVE", "LIKE", "HATE") and choices.chance(12)
    if wish:
        forms = tuple(f"{form} to {forms[0]}" for form in ("want", "wants", "wanted"))
    signed_verb = (gloss, "WANT") if wish else (gloss,)
    particle = f" {verb.particle}" if verb.particle else ""
    asked = choices.one(("WHO", "WHY", "WHERE" if verb.objects in ("place", None) else "WHAT")) if kind == "question word" else None
    if asked == "WHAT" and verb.objects == "person":
        asked = "WHY"
    thing = None if verb.objects is None or asked in ("WHAT", "WHERE") else _object(choices, verb.objects, subject.gloss)
    after = f"{particle} {thing.words}" if thing else particle if asked == "WHAT" or gloss == "COME" else ""
    signed_thing = thing.gloss if thing else ()
    recipient = choices.one(_with("person")) if gloss in ("GIVE", "BRING", "SELL") and choices.chance(50) else None
    if recipient and recipient not in (*subject.gloss, *signed_thing):
        after += f" to the {NOUNS[recipient].lemma}"
        signed_subject = (*subject.gloss, recipient)
    else:
        signed_subject = subject.gloss
    topic = len(signed_thing) or len(subject.gloss)
    base, third, past = forms
    does = {"present": "do" if subject.plural or subject.first else "does", "past": "did", "future": "will"}[tense]
    finite = {"present": base if subject.plural or subject.first else third, "past": past, "future": f"will {base}"}[tense]
    signed: tuple[str, ...] = (*signed_thing, *signed_subject, *signed_verb)
    if kind == "negation":
        words, signed = f"{subject.words} {does} not {base}{after}", (*signed, "NOT")
    elif kind == "yes-no":
        words = f"{does} {subject.words} {base}{after}"
    elif asked == "WHO":
        form = {"present": third, "past": past, "future": f"will {base}"}[tense]
        words, signed = f"who {form}{after}", (*signed_thing, *signed_subject[len(subject.gloss) :], *signed_verb, "WHO")
        topic = len(signed_thing)
    elif asked is not None:
        words, signed = f"{asked.lower()} {does} {subject.words} {base}{after}", (*signed, asked)
    else:
        words = f"{subject.words} {finite}{after}"
    return _sentence(words, when, signed, kind, topic)


def _subject(choices: Choices) -> _Phrase:
    if choices.chance(30):
        who = choices.one(list(PRONOUNS))
        return _Phrase(PRONOUNS[who][0], (who,), plural=who in ("YOU", "WE"), first=who == "I")
    return _noun_phrase(choices, choices.one(_with("person")), definite=True)


def _object(choices: Choices, wanted: str, taken: tuple[str, ...]) -> _Phrase:
    fitting = {
        "seen": [gloss for gloss, noun in NOUNS.items() if "mass" not in noun.traits],
        "held": [
            gloss for gloss, noun in NOUNS.items() if noun.traits & {"thing", "food", "drink", "mass"} and "big" not in noun.traits
        ],
    }.get(wanted) or _with(wanted)
    gloss = choices.one([gloss for gloss in fitting if gloss not in taken])
    return _noun_phrase(
        choices, gloss, definite="big" in NOUNS[gloss].traits or "person" in NOUNS[gloss].traits or choices.chance(40)
    )


def _noun_phrase(choices: Choices, gloss: str, *, definite: bool, adjectives: bool = True) -> _Phrase:
    noun = NOUNS[gloss]
    if noun.plural and choices.chance(18):
        number = choices.one(list(NUMBERS))
        if choices.chance(20):
            return _Phrase(f"one {noun.lemma}", (gloss, "ONE"))
        article = "the " if definite and number != "MANY" else ""
        return _Phrase(f"{article}{NUMBERS[number]} {noun.plural}", (gloss, number), plural=True)
    word = choices.one((noun.lemma,) * 3 + noun.synonyms)
    signed: tuple[str, ...] = (gloss,)
    if adjectives and choices.chance(22):
        fitting = [name for name, (_, _, traits) in ADJECTIVES.items() if noun.traits & set(traits)]
        if fitting:
            name = choices.one(fitting)
            lemma, synonyms, _ = ADJECTIVES[name]
            word, signed = f"{choices.one((lemma, lemma, *synonyms))} {word}", (gloss, name)
    if definite:
        return _Phrase(f"the {word}", signed)
    if "mass" in noun.traits:
        return _Phrase(word, signed)
    return _Phrase(f"{'an' if word[0] in 'aeiou' else 'a'} {word}", signed)


def _with(trait: str) -> list[str]:
    return [gloss for gloss, noun in NOUNS.items() if trait in noun.traits]


def _near(place: str, choices: Choices) -> str:
    noun = NOUNS[place]
    word = choices.one((noun.lemma,) * 3 + noun.synonyms)
    before = {"HOUSE": "at", "SCHOOL": "at", "RIVER": "by", "STREET": "on"}.get(place, "in")
    return f"{before} the {word}"


def _be(subject: _Phrase, tense: Tense) -> str:
    if tense == "future":
        return "will be"
    if tense == "past":
        return "were" if subject.plural else "was"
    return "am" if subject.first else "are" if subject.plural else "is"


def _inverted(be: str, subject: str) -> str:
    first, _, rest = be.partition(" ")
    return " ".join(f"{first} {subject} {rest}".split())


def _sentence(words: str, when: str | None, signed: tuple[str, ...], kind: Kind, topic: int) -> Sentence:
    if when == "OFTEN" and words.startswith("it "):
        when = "NIGHT"
    mark = "?" if kind in ("yes-no", "question word") else "."
    text = f"{words} {TIMES[when][0]}{mark}" if when else f"{words}{mark}"
    gloss = (when, *signed) if when else signed
    # a topic is set off from its comment; if nothing follows, there is none
    topic = topic if topic < len(signed) else 0
    return Sentence(text[0].upper() + text[1:], gloss, "", kind, 1 if when else 0, topic)


def signed_by(sentence: Sentence, signer: str) -> Sentence:
    """The same sentence with a signer."""
    return replace(sentence, signer=signer)

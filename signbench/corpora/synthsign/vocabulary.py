"""The spoken side: the words for each sign, with synonyms and inflected forms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from signbench.corpora.synthsign.lexicon import SIGNS


@dataclass(frozen=True)
class Entry:
    """Spoken words of a gloss.

    Attributes:
        gloss: the sign.
        lemma: the dictionary form.
        synonyms: other lemmas for the same sign.
        forms: inflected forms of the lemma and of the synonyms.
    """

    gloss: str
    lemma: str
    synonyms: tuple[str, ...]
    forms: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """All words of the entry, the lemma first."""
        return (self.lemma, *self.synonyms, *self.forms)


@dataclass(frozen=True)
class Noun:
    """A noun.

    Attributes:
        lemma: singular.
        plural: None for uncountable nouns.
        synonyms: further singulars, used without a plural.
        traits: properties that verbs and adjectives require, such as ``person`` or ``food``.
    """

    lemma: str
    plural: str | None
    traits: frozenset[str]
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verb:
    """A verb.

    Attributes:
        base: infinitive.
        third: third person singular of the present.
        past: past tense.
        objects: trait of its object, or None if it has no object.
        particle: what follows the verb in the spoken sentence, such as ``for``.
        synonym: base, third and past of another verb for the same sign.
    """

    base: str
    third: str
    past: str
    objects: str | None
    particle: str = ""
    synonym: tuple[str, str, str] | None = None


def _noun(lemma: str, plural: str | None, traits: str, *synonyms: str) -> Noun:
    return Noun(lemma, plural, frozenset(traits.split()), synonyms)


NOUNS: dict[str, Noun] = {
    "MOTHER": _noun("mother", None, "person one", "mum"),
    "FATHER": _noun("father", None, "person one", "dad"),
    "BROTHER": _noun("brother", "brothers", "person"),
    "SISTER": _noun("sister", "sisters", "person"),
    "CHILD": _noun("child", "children", "person", "kid"),
    "BABY": _noun("baby", "babies", "person"),
    "BOY": _noun("boy", "boys", "person"),
    "GIRL": _noun("girl", "girls", "person"),
    "MAN": _noun("man", "men", "person"),
    "WOMAN": _noun("woman", "women", "person", "lady"),
    "FRIEND": _noun("friend", "friends", "person"),
    "TEACHER": _noun("teacher", "teachers", "person"),
    "DOCTOR": _noun("doctor", None, "person"),
    "NEIGHBOUR": _noun("neighbour", None, "person"),
    "DOG": _noun("dog", "dogs", "animal thing"),
    "CAT": _noun("cat", "cats", "animal thing"),
    "BIRD": _noun("bird", "birds", "animal thing"),
    "HORSE": _noun("horse", "horses", "animal thing"),
    "FISH": _noun("fish", None, "food animal thing"),
    "HOUSE": _noun("house", None, "place big thing opened", "building"),
    "SCHOOL": _noun("school", None, "place big opened"),
    "CITY": _noun("city", None, "place big", "town"),
    "GARDEN": _noun("garden", None, "place big"),
    "FOREST": _noun("forest", None, "place big", "wood"),
    "HOSPITAL": _noun("hospital", None, "place big"),
    "RIVER": _noun("river", None, "place big"),
    "STREET": _noun("street", None, "place big", "road"),
    "BOOK": _noun("book", "books", "thing text opened"),
    "LETTER": _noun("letter", "letters", "thing text opened"),
    "PICTURE": _noun("picture", "pictures", "thing"),
    "WATER": _noun("water", None, "drink mass"),
    "MILK": _noun("milk", None, "drink mass"),
    "TEA": _noun("tea", None, "drink mass"),
    "COFFEE": _noun("coffee", None, "drink mass"),
    "BREAD": _noun("bread", None, "food mass"),
    "CHEESE": _noun("cheese", None, "food mass"),
    "SOUP": _noun("soup", None, "food mass"),
    "APPLE": _noun("apple", "apples", "food thing"),
    "CAR": _noun("car", "cars", "thing vehicle"),
    "BUS": _noun("bus", None, "thing vehicle"),
    "TRAIN": _noun("train", None, "thing vehicle"),
    "FLOWER": _noun("flower", "flowers", "thing"),
    "TREE": _noun("tree", "trees", "thing"),
    "MONEY": _noun("money", None, "mass"),
    "KEY": _noun("key", "keys", "thing"),
    "DOOR": _noun("door", None, "thing opened"),
}

WEATHER: dict[str, tuple[str, str, str]] = {
    # gloss: now, then, in future; the word itself is the lemma
    "RAIN": ("it is raining", "it rained", "it will rain"),
    "SNOW": ("it is snowing", "it snowed", "it will snow"),
    "SUN": ("the sun is shining", "the sun was shining", "the sun will shine"),
    "WIND": ("there is wind", "there was wind", "there will be wind"),
    "STORM": ("there is a storm", "there was a storm", "there will be a storm"),
}

VERBS: dict[str, Verb] = {
    "SEE": Verb("see", "sees", "saw", "seen", synonym=("notice", "notices", "noticed")),
    "LOOK-FOR": Verb("look", "looks", "looked", "held", "for"),
    "GIVE": Verb("give", "gives", "gave", "held"),
    "DRINK": Verb("drink", "drinks", "drank", "drink"),
    "EAT": Verb("eat", "eats", "ate", "food"),
    "COOK": Verb("cook", "cooks", "cooked", "food"),
    "WORK": Verb("work", "works", "worked", None),
    "BUY": Verb("buy", "buys", "bought", "held"),
    "SELL": Verb("sell", "sells", "sold", "held"),
    "READ": Verb("read", "reads", "read", "text"),
    "WRITE": Verb("write", "writes", "wrote", "text"),
    "LIKE": Verb("like", "likes", "liked", "seen", synonym=("love", "loves", "loved")),
    "HATE": Verb("hate", "hates", "hated", "seen"),
    "HAVE": Verb("have", "has", "had", "held"),
    "FIND": Verb("find", "finds", "found", "held"),
    "LOSE": Verb("lose", "loses", "lost", "held"),
    "CLEAN": Verb("clean", "cleans", "cleaned", "thing"),
    "OPEN": Verb("open", "opens", "opened", "opened"),
    "BRING": Verb("bring", "brings", "brought", "held"),
    "KNOW": Verb("know", "knows", "knew", "person"),
    "FORGET": Verb("forget", "forgets", "forgot", "held"),
    "HELP": Verb("help", "helps", "helped", "person"),
    "SLEEP": Verb("sleep", "sleeps", "slept", None),
    "PLAY": Verb("play", "plays", "played", None),
    "LEARN": Verb("learn", "learns", "learned", None),
    "WAIT": Verb("wait", "waits", "waited", None),
    "LAUGH": Verb("laugh", "laughs", "laughed", None),
    "GO": Verb("go", "goes", "went", "place", "to", synonym=("travel", "travels", "travelled")),
    "COME": Verb("come", "comes", "came", "place", "from"),
    "WANT": Verb("want", "wants", "wanted", "held"),
}

ADJECTIVES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    # gloss: lemma, synonyms, traits of the nouns that it can describe
    "BIG": ("big", ("large",), ("thing", "big", "animal")),
    "SMALL": ("small", ("little",), ("thing", "big", "animal", "person")),
    "OLD": ("old", (), ("thing", "big", "person")),
    "NEW": ("new", (), ("thing", "big")),
    "GOOD": ("good", (), ("food", "drink", "text", "person")),
    "BAD": ("bad", (), ("food", "drink", "text")),
    "RED": ("red", (), ("thing", "vehicle")),
    "BLUE": ("blue", (), ("thing", "vehicle")),
    "GREEN": ("green", (), ("thing", "vehicle")),
    "WHITE": ("white", (), ("thing", "vehicle", "animal")),
    "BLACK": ("black", (), ("thing", "vehicle", "animal")),
    "HOT": ("hot", (), ("food", "drink")),
    "COLD": ("cold", (), ("food", "drink")),
    "HAPPY": ("happy", ("glad",), ("person",)),
    "SAD": ("sad", (), ("person",)),
    "TIRED": ("tired", (), ("person", "animal")),
    "SICK": ("sick", ("ill",), ("person", "animal")),
    "BEAUTIFUL": ("beautiful", ("lovely",), ("thing", "big", "person", "animal")),
    "EXPENSIVE": ("expensive", (), ("thing", "vehicle")),
}

Tense = Literal["present", "past", "future"]

TIMES: dict[str, tuple[str, Tense]] = {
    "NOW": ("now", "present"),
    "TODAY": ("today", "present"),
    "OFTEN": ("often", "present"),
    "MORNING": ("in the morning", "present"),
    "EVENING": ("in the evening", "present"),
    "NIGHT": ("at night", "present"),
    "YESTERDAY": ("yesterday", "past"),
    "WEEK": ("last week", "past"),
    "TOMORROW": ("tomorrow", "future"),
    "SOON": ("soon", "future"),
}

PRONOUNS: dict[str, tuple[str, str]] = {"I": ("I", "am"), "YOU": ("you", "are"), "SHE": ("she", "is"), "WE": ("we", "are")}
NUMBERS = {"TWO": "two", "THREE": "three", "FOUR": "four", "MANY": "many"}
QUESTIONS = {"WHAT": "what", "WHO": "who", "WHERE": "where", "WHY": "why"}

# words that a dictionary lists on their own although sentences have them in a phrase, or with another number
_OTHERS = {"ONE": "one", "NOT": "not", "MORNING": "morning", "EVENING": "evening", "NIGHT": "night", "WEEK": "week"}


@cache
def entries() -> dict[str, Entry]:
    """The dictionary: gloss -> entry, one for each sign of the lexicon and in its order."""
    found: dict[str, Entry] = {}
    for gloss, noun in NOUNS.items():
        found[gloss] = Entry(gloss, noun.lemma, noun.synonyms, (noun.plural,) if noun.plural else ())
    for gloss, verb in VERBS.items():
        other = verb.synonym or ()
        forms = dict.fromkeys((verb.third, verb.past, *other[1:]))
        lemma = f"{verb.base} for" if gloss == "LOOK-FOR" else verb.base
        found[gloss] = Entry(gloss, lemma, other[:1], tuple(form for form in forms if form != verb.base))
    for gloss, (lemma, synonyms, _) in ADJECTIVES.items():
        found[gloss] = Entry(gloss, lemma, synonyms, ())
    shining = {"RAIN": ("raining", "rained"), "SNOW": ("snowing", "snowed")}
    for gloss in WEATHER:
        found[gloss] = Entry(gloss, gloss.lower(), (), shining.get(gloss, ()))
    simple = {**{gloss: words for gloss, (words, _) in TIMES.items()}, **{gloss: words for gloss, (words, _) in PRONOUNS.items()}}
    for gloss, word in {**simple, **NUMBERS, **QUESTIONS, **_OTHERS}.items():
        phrase = simple.get(gloss, word)
        found[gloss] = Entry(gloss, word, (), (phrase,) if phrase != word else {"I": ("me",), "WE": ("us",)}.get(gloss, ()))
    return {gloss: found[gloss] for gloss in SIGNS}


@cache
def glosses_of_words() -> dict[str, str]:
    """Every spoken word of the dictionary -> its gloss."""
    return {word.lower(): gloss for gloss, entry in entries().items() for word in entry.words}

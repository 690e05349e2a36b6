"""The signs, each composed of phonological parameters, and the pairs that differ in only one parameter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations

from signbench.corpora.synthsign.phonology import Hands

PARAMETERS = ("shape", "location", "movement", "orientation", "hands", "mouth", "brow")
"""The parameters in which two signs can differ. A change of the hand shape within the sign belongs to ``shape``."""


@dataclass(frozen=True)
class Sign:
    """A sign of the lexicon, by the names of :mod:`signbench.corpora.synthsign.phonology`.

    Attributes:
        shape: hand shape; two names separated by ``>`` if it changes within the sign.
        location: where the centre of the hand is.
        movement: path and repetition.
        orientation: the directions of fingers and palm.
        hands: ``one`` (the dominant hand), or both: ``mirrored``, ``alternating`` (half a cycle apart), or ``based`` (the dominant
            hand acts on the other one, which is held flat with its palm up).
        mouth: mouth shapes over the sign, separated by ``-``.
        brow: movement of the brows.
        seconds: duration at normal speed.
    """

    shape: str
    location: str
    movement: str
    orientation: str
    hands: Hands = "one"
    mouth: str = "closed"
    brow: str = "neutral"
    seconds: float = 0.4

    @property
    def shapes(self) -> tuple[str, str]:
        """The hand shapes at the start and at the end."""
        first, _, last = self.shape.partition(">")
        return first, last or first

    @property
    def mouths(self) -> tuple[str, ...]:
        """The mouth shapes in order."""
        return tuple(self.mouth.split("-"))


@cache
def minimal_pairs() -> tuple[tuple[str, str, str], ...]:
    """All pairs of glosses whose signs differ in exactly one of :data:`PARAMETERS`, with the name of that parameter."""
    found = []
    for (one, first), (other, second) in combinations(SIGNS.items(), 2):
        apart = [name for name in PARAMETERS if getattr(first, name) != getattr(second, name)]
        if len(apart) == 1:
            found.append((one, other, apart[0]))
    return tuple(found)


SIGNS: dict[str, Sign] = {
    # when
    "NOW": Sign("horns", "low", "tap-down", "front-up", "mirrored", "ah-oo"),
    "TODAY": Sign("flat", "low", "tap-down", "front-up", "mirrored", "ah-oo"),
    "YESTERDAY": Sign("horns", "cheek", "arc-back", "up-in", mouth="eh-eh"),
    "TOMORROW": Sign("horns", "cheek", "arc-forward", "up-in", mouth="eh-eh"),
    "MORNING": Sign("flat", "middle", "up", "in-up", "one", "oh-ee"),
    "EVENING": Sign("flat", "middle", "down", "in-up", "one", "oh-ee"),
    "NIGHT": Sign("cup", "high", "arc-in", "front-down", "mirrored", "ah-ee"),
    "WEEK": Sign("index", "middle", "outward", "in-down", "based", "ee-m"),
    "OFTEN": Sign("joined", "middle", "taps-down", "in-down", "based", "oh-eh"),
    "SOON": Sign("ring", "cheek", "arc-forward", "up-in", mouth="oo-m"),
    # who
    "I": Sign("index", "chest", "tap", "point-self", mouth="ah", seconds=0.3),
    "YOU": Sign("index", "neutral", "forward", "front-down", mouth="oo", seconds=0.3),
    "SHE": Sign("index", "side", "outward", "point-side", mouth="ee", seconds=0.3),
    "WE": Sign("index", "chest", "arc-out", "point-self", mouth="ee", seconds=0.36),
    "MOTHER": Sign("spread", "chin", "taps", "slant-face", mouth="m-ah"),
    "FATHER": Sign("spread", "forehead", "taps", "slant-face", mouth="m-ah"),
    "BROTHER": Sign("corner", "temple", "taps", "slant-face", mouth="oh-eh"),
    "SISTER": Sign("corner", "chin", "taps", "slant-face", mouth="oh-eh"),
    "CHILD": Sign("flat", "side", "taps-down", "front-down", mouth="ah-ee"),
    "BABY": Sign("flat", "belly", "shake", "in-up", "mirrored", "eh-ee"),
    "BOY": Sign("flat>pinch", "forehead", "hold", "in-down", mouth="oh-ee", seconds=0.45),
    "GIRL": Sign("thumb", "cheek", "taps", "up-in", mouth="oh-ee"),
    "MAN": Sign("cup", "forehead", "forward", "in-back", mouth="m-ah"),
    "WOMAN": Sign("cup", "chin", "forward", "in-back", mouth="m-ah"),
    "FRIEND": Sign("hook", "middle", "twist", "in-down", "mirrored", "eh-m"),
    "TEACHER": Sign("pinch", "temple", "taps", "slant-face", "mirrored", "ee-eh"),
    "DOCTOR": Sign("joined", "far-shoulder", "taps", "in-back", mouth="oh-oh"),
    "NEIGHBOUR": Sign("flat", "side", "arc-out", "up-in", mouth="eh-oh"),
    # animals
    "DOG": Sign("bent-two", "nose", "taps", "cup-mouth", mouth="oh"),
    "CAT": Sign("ring", "cheek", "outward", "in-back", mouth="ah-ee"),
    "BIRD": Sign("corner>pinch", "mouth", "hold", "up-front", mouth="oo-oo", seconds=0.45),
    "HORSE": Sign("thumb-two", "temple", "nods", "up-front", mouth="oh-eh"),
    "FISH": Sign("flat", "neutral", "shake", "front-in", mouth="ee"),
    # locations
    "HOUSE": Sign("flat", "high", "roof", "slant-roof", "mirrored", "ah-oo"),
    "SCHOOL": Sign("flat", "middle", "taps-down", "in-down", "based", "oo-m"),
    "CITY": Sign("flat", "neutral", "taps-in", "slant-roof", "mirrored", "ee-ee"),
    "GARDEN": Sign("spread", "neutral", "circle", "front-up", "mirrored", "ah-eh"),
    "FOREST": Sign("spread", "side", "twists", "up-in", mouth="ee"),
    "HOSPITAL": Sign("joined", "far-shoulder", "down", "in-back", mouth="oh-oh"),
    "RIVER": Sign("flat", "neutral", "forward", "front-down", "mirrored", "ee-ee"),
    "STREET": Sign("flat", "neutral", "forward", "front-in", "mirrored", "ee-ee"),
    # things
    "BOOK": Sign("flat", "neutral", "twist", "front-in", "mirrored", "oo-closed"),
    "WATER": Sign("three", "chin", "taps", "up-in", mouth="oh-eh"),
    "BREAD": Sign("flat", "middle", "to-self", "in-back", "based", "eh-m"),
    "CHEESE": Sign("flat", "middle", "to-self", "in-back", "based", "ee"),
    "MILK": Sign("cup>fist", "neutral", "down", "front-in", mouth="ee-m"),
    "TEA": Sign("ring", "middle", "circles", "in-down", "based", "ee"),
    "COFFEE": Sign("fist", "middle", "circles", "in-down", "based", "ee"),
    "APPLE": Sign("hook", "cheek", "twists", "in-down", mouth="ah-m"),
    "SOUP": Sign("joined", "chin", "arc-forward", "in-up", mouth="oo-m"),
    "CAR": Sign("fist", "neutral", "circles", "front-in", "alternating", "ah"),
    "BUS": Sign("fist", "neutral", "circles", "front-in", "mirrored", "ah"),
    "TRAIN": Sign("joined", "middle", "forward", "in-down", "based", "eh-m"),
    "LETTER": Sign("thumb", "mouth", "arc-forward", "cup-mouth", mouth="eh-eh"),
    "PICTURE": Sign("corner", "neutral", "outward", "up-front", "mirrored", "ee-oo"),
    "FLOWER": Sign("pinch>spread", "nose", "hold", "up-in", mouth="ah-oo", seconds=0.5),
    "TREE": Sign("spread", "side", "hold", "up-in", mouth="ee"),
    "MONEY": Sign("pinch", "middle", "taps-down", "in-up", "based", "ah-ee"),
    "KEY": Sign("hook", "neutral", "twists", "front-in", mouth="ee"),
    "DOOR": Sign("flat", "middle", "twist", "up-front", "mirrored", "oh"),
    # weather
    "RAIN": Sign("claw", "high", "taps-down", "front-down", "mirrored", "eh-ee"),
    "SNOW": Sign("spread", "high", "wiggle", "front-down", "mirrored", "oh-oo", seconds=0.55),
    "SUN": Sign("pinch>spread", "high", "hold", "front-down", mouth="ah-m", seconds=0.5),
    "WIND": Sign("flat", "high", "shake", "up-in", "mirrored", "puff-oo", seconds=0.55),
    "STORM": Sign("flat", "high", "shake", "up-in", "mirrored", "puff-oo", "lowered", seconds=0.55),
    # what is done
    "SEE": Sign("two", "eyes", "forward", "up-back", mouth="ee"),
    "LOOK-FOR": Sign("two", "eyes", "circles", "up-back", mouth="ee"),
    "WANT": Sign("spread>claw", "neutral", "to-self", "front-up", "mirrored", "oh-eh"),
    "GIVE": Sign("pinch>flat", "neutral", "arc-forward", "front-up", "mirrored", "ee"),
    "DRINK": Sign("cup", "mouth", "nod", "cup-mouth", mouth="oo-oh"),
    "EAT": Sign("pinch", "mouth", "taps", "to-mouth", mouth="ah-m-ah"),
    "COOK": Sign("fist", "neutral", "circles", "in-down", mouth="oo-m"),
    "WORK": Sign("fist", "neutral", "circles", "front-down", "alternating", "oh-m"),
    "BUY": Sign("flat", "middle", "arc-forward", "in-up", "based", "ah-ee"),
    "SELL": Sign("pinch", "neutral", "nods", "front-up", "mirrored", "eh-m"),
    "READ": Sign("two", "middle", "down", "in-back", "based", "ee"),
    "WRITE": Sign("ring", "middle", "outward", "in-down", "based", "ah-ee"),
    "LIKE": Sign("flat", "chest", "circle", "in-back", mouth="ee-m"),
    "HATE": Sign("dip>spread", "chest", "forward", "in-back", mouth="eh", brow="lowered"),
    "HAVE": Sign("flat", "chest", "tap", "in-back", "mirrored", "ah"),
    "FIND": Sign("spread>ring", "neutral", "up", "front-down", mouth="ah-m"),
    "LOSE": Sign("pinch>spread", "neutral", "down", "front-down", mouth="oo"),
    "CLEAN": Sign("flat", "middle", "outward", "in-down", "based", "ee-m"),
    "OPEN": Sign("flat", "middle", "outward", "up-front", "mirrored", "oh"),
    "BRING": Sign("flat", "neutral", "arc-in", "front-up", "mirrored", "ee"),
    "KNOW": Sign("flat", "temple", "taps", "slant-face", mouth="oh"),
    "FORGET": Sign("flat>pinch", "forehead", "outward", "in-back", mouth="oh-eh"),
    "HELP": Sign("thumb", "middle", "up", "in-back", "based", "eh-m"),
    "GO": Sign("index", "neutral", "arc-forward", "up-front", mouth="oh"),
    "COME": Sign("index", "neutral", "to-self", "up-front", mouth="oh"),
    "SLEEP": Sign("flat", "cheek", "nod", "slant-face", mouth="ee", seconds=0.5),
    "PLAY": Sign("horns", "neutral", "twists", "up-in", "mirrored", "eh"),
    "LEARN": Sign("spread>pinch", "temple", "hold", "slant-face", mouth="oh", seconds=0.5),
    "WAIT": Sign("spread", "neutral", "wiggle", "front-up", "mirrored", "eh", seconds=0.55),
    "LAUGH": Sign("corner", "mouth", "taps", "slant-face", mouth="ee-ah"),
    # what it is like
    "BIG": Sign("claw", "neutral", "outward", "front-in", "mirrored", "ah", seconds=0.45),
    "SMALL": Sign("flat", "neutral", "taps-in", "front-in", "mirrored", "oo"),
    "OLD": Sign("fist", "chin", "down", "cup-mouth", mouth="oh"),
    "NEW": Sign("cup", "middle", "arc-in", "in-up", "based", "oo"),
    "GOOD": Sign("thumb", "neutral", "forward", "front-in", mouth="oo"),
    "BAD": Sign("little", "neutral", "forward", "front-in", mouth="oo"),
    "RED": Sign("index", "chin", "down", "up-back", mouth="eh"),
    "BLUE": Sign("flat", "side", "twists", "up-front", mouth="oo"),
    "GREEN": Sign("corner", "side", "twists", "up-front", mouth="oo"),
    "WHITE": Sign("spread>pinch", "chest", "forward", "in-back", mouth="ah"),
    "BLACK": Sign("index", "forehead", "outward", "in-down", mouth="ah"),
    "HOT": Sign("claw", "mouth", "forward", "in-back", mouth="oh"),
    "COLD": Sign("fist", "neutral", "shake", "front-in", "mirrored", "oh", "lowered"),
    "HAPPY": Sign("flat", "chest", "up", "in-back", "mirrored", "ah-ee", "raised"),
    "SAD": Sign("spread", "eyes", "down", "up-back", "mirrored", "m"),
    "TIRED": Sign("cup", "chest", "nod", "in-back", "mirrored", "oo"),
    "SICK": Sign("dip", "forehead", "taps", "slant-face", mouth="ee"),
    "BEAUTIFUL": Sign("spread>pinch", "eyes", "circle", "up-back", mouth="oo-ee"),
    "EXPENSIVE": Sign("pinch>spread", "neutral", "outward", "front-up", mouth="oo", brow="raised"),
    # how many
    "ONE": Sign("index", "side", "hold", "up-back", mouth="ah", seconds=0.34),
    "TWO": Sign("two", "side", "hold", "up-back", mouth="oo", seconds=0.34),
    "THREE": Sign("thumb-two", "side", "hold", "up-back", mouth="ee", seconds=0.34),
    "FOUR": Sign("spread", "side", "hold", "up-back", mouth="oo", seconds=0.34),
    "MANY": Sign("pinch>spread", "neutral", "taps-down", "front-up", "mirrored", "eh-ee"),
    # asking and denying
    "WHAT": Sign("spread", "neutral", "shake", "front-up", "mirrored", "oh", "lowered"),
    "WHO": Sign("corner", "chin", "circles", "in-back", mouth="oo", brow="lowered"),
    "WHERE": Sign("index", "side", "shake", "up-front", mouth="eh", brow="lowered"),
    "WHY": Sign("horns", "temple", "wiggle", "slant-face", mouth="ah-ee", brow="lowered"),
    "NOT": Sign("index", "side", "shake", "up-front", mouth="m-oh"),
}

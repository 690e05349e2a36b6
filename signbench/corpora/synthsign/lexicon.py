"""The signs, each put together from phonological parameters: hand shape, location, movement, palm orientation, handedness, mouth.

Directions and places are those of the right hand of a right-handed signer, in *outward* coordinates: (out to the hand's own side,
down, towards the viewer), origin half-way between the shoulders, metres of a signer of scale 1. A left hand is the mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Vector = tuple[float, float, float]
Hands = Literal["one", "mirrored", "alternating"]


@dataclass(frozen=True)
class HandShape:
    """A configuration of the fingers.

    Attributes:
        curl: thumb, index, middle, ring, little: 0 = straight, 1 = closed on the palm.
        spread: 0 = fingers side by side, 1 = fanned out.
        thumb_out: 0 = thumb along the index finger, 1 = thumb stretched sideways.
        hook: share of the curl that the knuckles leave to the two outer joints.
    """

    curl: tuple[float, float, float, float, float]
    spread: float = 0.0
    thumb_out: float = 0.0
    hook: float = 0.0

    def channels(self) -> tuple[float, ...]:
        """The eight numbers in one row: curl, spread, thumb_out, hook."""
        return (*self.curl, self.spread, self.thumb_out, self.hook)


@dataclass(frozen=True)
class Movement:
    """What the hand does at its location.

    Attributes:
        kind: ``line``, ``arc``, ``circle``, ``tap``, ``shake``, ``twist`` or ``nod``.
        direction: of ``line`` and ``arc``, and from where a ``tap`` comes.
        size: metres, or radians for ``twist`` and ``nod``.
        repeats: full cycles; ``line`` and ``arc`` go one way once.
    """

    kind: Literal["line", "arc", "circle", "tap", "shake", "twist", "nod"]
    direction: Vector = (0.0, 0.0, 1.0)
    size: float = 0.1
    repeats: int = 1


@dataclass(frozen=True)
class Sign:
    """A sign of the lexicon.

    Attributes:
        shape: name of the hand shape at the start.
        location: name of the place where the middle of the hand is.
        movement: what the hand does there.
        fingers: where the straight fingers point.
        palm: where the palm faces.
        hands: ``one`` (the dominant hand), or both: ``mirrored``, or ``alternating`` (half a cycle apart).
        end_shape: name of the hand shape at the end, or None: it stays.
        mouth: names of the mouth's shapes over the sign.
        seconds: duration at normal speed.
    """

    shape: str
    location: str
    movement: Movement
    fingers: Vector
    palm: Vector
    hands: Hands = "one"
    end_shape: str | None = None
    mouth: tuple[str, ...] = ("closed",)
    seconds: float = 0.4


SHAPES: dict[str, HandShape] = {
    "relaxed": HandShape((0.25, 0.25, 0.3, 0.35, 0.4), spread=0.2, thumb_out=0.3),
    "flat": HandShape((0.0, 0.0, 0.0, 0.0, 0.0)),
    "spread": HandShape((0.0, 0.0, 0.0, 0.0, 0.0), spread=1.0, thumb_out=1.0),
    "fist": HandShape((0.85, 1.0, 1.0, 1.0, 1.0)),
    "index": HandShape((0.85, 0.0, 1.0, 1.0, 1.0)),
    "two": HandShape((0.85, 0.0, 0.0, 1.0, 1.0), spread=0.9),
    "claw": HandShape((0.25, 0.6, 0.6, 0.6, 0.6), spread=0.9, thumb_out=0.9, hook=0.75),
    "pinch": HandShape((0.45, 0.5, 0.52, 0.54, 0.56), thumb_out=0.25, hook=0.1),
    "horns": HandShape((0.0, 1.0, 1.0, 1.0, 0.0), spread=0.5, thumb_out=1.0),
}

LOCATIONS: dict[str, Vector] = {
    "rest": (0.09, 0.43, 0.17),
    "forehead": (0.07, -0.24, 0.16),
    "cheek": (0.11, -0.19, 0.13),
    "mouth": (0.06, -0.09, 0.18),
    "chin": (0.07, -0.03, 0.18),
    "chest": (0.05, 0.13, 0.19),
    "neutral": (0.12, 0.17, 0.30),
    "side": (0.30, 0.02, 0.22),
    "high": (0.21, -0.11, 0.24),
    "low": (0.17, 0.30, 0.24),
}

# how far the mouth is open, and how wide
MOUTHS: dict[str, tuple[float, float]] = {
    "closed": (0.0, 0.0),
    "m": (0.0, -0.3),
    "ah": (0.8, 0.2),
    "eh": (0.5, 0.4),
    "ee": (0.2, 0.9),
    "oh": (0.5, -0.5),
    "oo": (0.2, -0.8),
}

UP, DOWN, FRONT, BACK, IN = (0.0, -1.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (-1.0, 0.0, 0.0)
UP_IN, DOWN_OUT, AHEAD = (-0.6, -0.8, 0.0), (0.6, 0.8, 0.2), (-0.1, -0.4, 1.0)
TO_FACE = (-0.5, 0.3, -0.8)

SIGNS: dict[str, Sign] = {
    # MOTHER and FATHER are a minimal pair (location), and so are TOMORROW and YESTERDAY (direction of the movement)
    "MOTHER": Sign("spread", "chin", Movement("tap", (0.4, 0.0, 1.0), 0.06, 2), UP_IN, TO_FACE, mouth=("m", "ah")),
    "FATHER": Sign("spread", "forehead", Movement("tap", (0.4, 0.0, 1.0), 0.06, 2), UP_IN, TO_FACE, mouth=("m", "ah")),
    "CHILD": Sign("flat", "side", Movement("tap", (0.3, -1.0, 0.0), 0.07, 2), (-0.3, 0.0, 1.0), DOWN, mouth=("ah", "ee")),
    "HOUSE": Sign("flat", "high", Movement("line", DOWN_OUT, 0.2), UP_IN, (-0.8, 0.6, 0.1), "mirrored", mouth=("ah", "oo")),
    "RAIN": Sign("spread", "high", Movement("tap", UP, 0.1, 2), (0.0, -0.3, 1.0), DOWN, "mirrored", mouth=("eh", "ee")),
    "BOOK": Sign("flat", "neutral", Movement("twist", size=0.6), AHEAD, IN, "mirrored", mouth=("oo", "closed")),
    "WATER": Sign("two", "chin", Movement("tap", FRONT, 0.07, 2), UP, (-0.9, 0.0, -0.4), mouth=("oh", "eh")),
    "SEE": Sign("two", "cheek", Movement("line", (-0.1, 0.3, 1.0), 0.2), UP, BACK, mouth=("ee",)),
    "DRINK": Sign("claw", "mouth", Movement("nod", size=-0.5), (-0.7, -0.3, 0.6), (-0.7, 0.0, -0.7), mouth=("oo", "oh")),
    "EAT": Sign("pinch", "mouth", Movement("tap", (0.3, 0.5, 1.0), 0.08, 2), (-0.5, -0.6, -0.6), BACK, mouth=("ah", "m", "ah")),
    "WANT": Sign("spread", "neutral", Movement("line", (0.0, 0.1, -1.0), 0.14), AHEAD, UP, "mirrored", "claw", ("oh", "eh")),
    "GIVE": Sign("pinch", "neutral", Movement("arc", (0.0, -0.1, 1.0), 0.16), AHEAD, UP, "mirrored", "flat", ("ee",)),
    "WORK": Sign("fist", "neutral", Movement("circle", size=0.06, repeats=2), AHEAD, DOWN, "alternating", mouth=("oh", "m")),
    "NOT": Sign("index", "side", Movement("shake", size=0.07, repeats=2), UP, FRONT, mouth=("m", "oh")),
    "TOMORROW": Sign("horns", "cheek", Movement("arc", (0.2, 0.1, 1.0), 0.16), UP, (-0.8, 0.0, 0.6), mouth=("oo", "oh")),
    "YESTERDAY": Sign("horns", "cheek", Movement("arc", (0.7, 0.0, -0.3), 0.16), UP, (-0.8, 0.0, 0.6), mouth=("eh", "eh")),
}

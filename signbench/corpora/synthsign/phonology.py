"""The components of signs: hand shapes, locations, movements, orientations, mouths and brows.

Directions and locations are those of the right hand of a right-handed signer, in *outward* coordinates: (out to the hand's own
side, down, towards the viewer), origin half-way between the shoulders, metres of a signer of scale 1. A left hand is the mirror
image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Vector = tuple[float, float, float]
Hands = Literal["one", "mirrored", "alternating", "based"]
"""One hand, both as mirror images, both half a cycle apart, or one acting on the other, which is held still."""


@dataclass(frozen=True)
class HandShape:
    """A configuration of the fingers.

    Attributes:
        curl: of thumb, index, middle, ring and little finger: 0 = straight, 1 = closed on the palm.
        spread: 0 = fingers side by side, 1 = fanned out.
        thumb_out: 0 = thumb along the index finger, 1 = thumb stretched sideways.
        hook: share of the curl in the two outer joints rather than the knuckle.
    """

    curl: tuple[float, float, float, float, float]
    spread: float = 0.0
    thumb_out: float = 0.0
    hook: float = 0.0

    def channels(self) -> tuple[float, ...]:
        """The eight numbers as one row: curl, spread, thumb_out, hook."""
        return (*self.curl, self.spread, self.thumb_out, self.hook)


@dataclass(frozen=True)
class Movement:
    """The movement of the hand at its location.

    Attributes:
        kind: ``hold``, ``line``, ``arc``, ``circle``, ``tap``, ``shake``, ``twist``, ``nod`` or ``wiggle``.
        direction: of ``line`` and ``arc``, and where a ``tap`` comes from.
        size: metres, or radians for ``twist`` and ``nod``, or share of the curl for ``wiggle``.
        repeats: number of full cycles; ``line`` and ``arc`` go one way once.
    """

    kind: Literal["hold", "line", "arc", "circle", "tap", "shake", "twist", "nod", "wiggle"]
    direction: Vector = (0.0, 0.0, 1.0)
    size: float = 0.1
    repeats: int = 1


@dataclass(frozen=True)
class Orientation:
    """The orientation of the hand.

    Attributes:
        fingers: direction of the straight fingers.
        palm: direction that the palm faces.
    """

    fingers: Vector
    palm: Vector


SHAPES: dict[str, HandShape] = {
    "relaxed": HandShape((0.25, 0.25, 0.3, 0.35, 0.4), spread=0.2, thumb_out=0.3),
    "flat": HandShape((0.0, 0.0, 0.0, 0.0, 0.0)),
    "spread": HandShape((0.0, 0.0, 0.0, 0.0, 0.0), spread=1.0, thumb_out=1.0),
    "fist": HandShape((0.85, 1.0, 1.0, 1.0, 1.0)),
    "thumb": HandShape((0.0, 1.0, 1.0, 1.0, 1.0), thumb_out=1.0),
    "index": HandShape((0.85, 0.0, 1.0, 1.0, 1.0)),
    "hook": HandShape((0.85, 0.72, 1.0, 1.0, 1.0), hook=1.0),
    "little": HandShape((0.85, 1.0, 1.0, 1.0, 0.0)),
    "two": HandShape((0.85, 0.0, 0.0, 1.0, 1.0), spread=0.9),
    "joined": HandShape((0.85, 0.0, 0.0, 1.0, 1.0)),
    "bent-two": HandShape((0.85, 0.68, 0.68, 1.0, 1.0), spread=0.9, hook=1.0),
    "three": HandShape((0.85, 0.0, 0.0, 0.0, 1.0), spread=0.9),
    "thumb-two": HandShape((0.0, 0.0, 0.0, 1.0, 1.0), spread=0.9, thumb_out=1.0),
    "corner": HandShape((0.0, 0.0, 1.0, 1.0, 1.0), thumb_out=1.0),
    "horns": HandShape((0.0, 1.0, 1.0, 1.0, 0.0), spread=0.5, thumb_out=1.0),
    "claw": HandShape((0.25, 0.6, 0.6, 0.6, 0.6), spread=0.9, thumb_out=0.9, hook=0.75),
    "cup": HandShape((0.35, 0.42, 0.42, 0.42, 0.42), thumb_out=0.75, hook=0.3),
    "pinch": HandShape((0.45, 0.5, 0.52, 0.54, 0.56), thumb_out=0.25, hook=0.1),
    "ring": HandShape((0.55, 0.62, 0.05, 0.0, 0.0), spread=0.9, thumb_out=0.35, hook=0.15),
    "dip": HandShape((0.0, 0.0, 0.75, 0.0, 0.0), spread=0.8, thumb_out=1.0, hook=-0.3),
}

LOCATIONS: dict[str, Vector] = {
    "rest": (0.09, 0.43, 0.17),
    "forehead": (0.06, -0.25, 0.17),
    "temple": (0.11, -0.24, 0.13),
    "eyes": (0.06, -0.19, 0.18),
    "cheek": (0.11, -0.16, 0.14),
    "nose": (0.04, -0.15, 0.19),
    "mouth": (0.06, -0.09, 0.18),
    "chin": (0.06, -0.03, 0.18),
    "far-shoulder": (-0.12, 0.07, 0.17),
    "chest": (0.05, 0.14, 0.19),
    "belly": (0.06, 0.30, 0.19),
    "neutral": (0.12, 0.17, 0.30),
    "middle": (0.05, 0.17, 0.30),
    "side": (0.30, 0.02, 0.22),
    "high": (0.21, -0.11, 0.24),
    "low": (0.17, 0.30, 0.24),
}

LEFT_BASE: Vector = (0.02, 0.24, 0.27)
"""The position of the hand that the other one acts on."""

UP, DOWN, FRONT, BACK, IN, OUT = (
    (0.0, -1.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.0, 0.0, 1.0),
    (0.0, 0.0, -1.0),
    (-1.0, 0.0, 0.0),
    (1.0, 0.0, 0.0),
)

MOVEMENTS: dict[str, Movement] = {
    "hold": Movement("hold"),
    "wiggle": Movement("wiggle", size=0.28, repeats=2),
    "up": Movement("line", UP, 0.16),
    "down": Movement("line", DOWN, 0.16),
    "outward": Movement("line", OUT, 0.15),
    "forward": Movement("line", (-0.1, 0.15, 1.0), 0.16),
    "to-self": Movement("line", (-0.2, 0.1, -1.0), 0.14),
    "roof": Movement("line", (0.6, 0.8, 0.2), 0.2),
    "arc-forward": Movement("arc", (0.1, 0.1, 1.0), 0.16),
    "arc-back": Movement("arc", (0.7, 0.0, -0.3), 0.16),
    "arc-out": Movement("arc", (1.0, 0.1, 0.1), 0.17),
    "arc-in": Movement("arc", (-1.0, 0.1, 0.1), 0.17),
    "circle": Movement("circle", size=0.06, repeats=1),
    "circles": Movement("circle", size=0.055, repeats=2),
    "tap": Movement("tap", (0.4, 0.0, 1.0), 0.09, 1),
    "taps": Movement("tap", (0.4, 0.0, 1.0), 0.06, 2),
    "tap-down": Movement("tap", UP, 0.11, 1),
    "taps-down": Movement("tap", UP, 0.09, 2),
    "taps-in": Movement("tap", OUT, 0.07, 2),
    "shake": Movement("shake", size=0.055, repeats=2),
    "twist": Movement("twist", size=0.7),
    "twists": Movement("twist", size=0.6, repeats=2),
    "nod": Movement("nod", size=-0.55),
    "nods": Movement("nod", size=-0.45, repeats=2),
}

ORIENTATIONS: dict[str, Orientation] = {
    "up-front": Orientation((0.1, -1.0, 0.1), FRONT),
    "up-in": Orientation((0.05, -1.0, 0.2), (-1.0, 0.0, 0.2)),
    "up-back": Orientation((-0.15, -1.0, 0.0), BACK),
    "slant-face": Orientation((-0.6, -0.8, 0.0), (-0.5, 0.3, -0.8)),
    "slant-roof": Orientation((-0.6, -0.8, 0.0), (-0.8, 0.6, 0.1)),
    "front-down": Orientation((-0.2, -0.1, 1.0), DOWN),
    "front-up": Orientation((-0.15, -0.35, 1.0), UP),
    "front-in": Orientation((-0.1, -0.4, 1.0), IN),
    "in-back": Orientation((-1.0, -0.25, 0.15), BACK),
    "in-down": Orientation((-0.9, -0.1, 0.4), DOWN),
    "in-up": Orientation((-0.9, -0.1, 0.4), UP),
    "to-mouth": Orientation((-0.5, -0.6, -0.6), BACK),
    "cup-mouth": Orientation((-0.7, -0.3, 0.6), (-0.7, 0.0, -0.7)),
    "point-self": Orientation((-0.75, 0.1, -0.6), (-0.4, 0.9, 0.2)),
    "point-side": Orientation((0.45, -0.1, 0.9), DOWN),
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
    "puff": (0.05, -0.6),
}

# how far the brows are raised, and how much they frown
BROWS: dict[str, tuple[float, float]] = {"neutral": (0.0, 0.0), "raised": (0.9, 0.0), "lowered": (-0.6, 0.9)}

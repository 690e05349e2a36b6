"""The signers: their build, movement, clothes and background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from signbench.media.body_model import Proportions

Colour = tuple[int, int, int]
Hair = Literal["short", "long", "bun", "bob", "none"]
Wall = Literal["plain", "panel", "window", "two-tone"]


@dataclass(frozen=True, eq=False)
class Signer:
    """A signer.

    Attributes:
        build: bone lengths; 1 is 39 cm between the shoulder joints.
        girth: thickness of trunk and limbs, 1 is normal.
        speed: 1 is normal; durations are divided by it.
        amplitude: size of the movements, 1 is normal.
        expression: how much face and head take part, 1 is normal.
        left_handed: whether the left hand is dominant.
        haircut: hair style.
        beard: whether there is a short beard.
        glasses: whether there are glasses.
        long_sleeves: whether sleeves end before the wrist rather than above the elbow.
        skin: RGB.
        hair: RGB.
        shirt: RGB.
        background: RGB.
        wall: style of the background.
    """

    build: Proportions
    girth: float
    speed: float
    amplitude: float
    expression: float
    left_handed: bool
    haircut: Hair
    beard: bool
    glasses: bool
    long_sleeves: bool
    skin: Colour
    hair: Colour
    shirt: Colour
    background: Colour
    wall: Wall

    @property
    def scale(self) -> float:
        """Of the whole body."""
        return self.build.scale


def _signer(
    build: tuple[float, float, float, float],
    moves: tuple[float, float, float, float],
    colours: tuple[Colour, Colour, Colour, Colour],
    haircut: Hair,
    wall: Wall,
    *traits: Literal["left-handed", "beard", "glasses", "short sleeves"],
) -> Signer:
    girth, speed, amplitude, expression = moves
    return Signer(
        Proportions(*build),
        girth,
        speed,
        amplitude,
        expression,
        "left-handed" in traits,
        haircut,
        "beard" in traits,
        "glasses" in traits,
        "short sleeves" not in traits,
        *colours,
        wall,
    )


SIGNERS: dict[str, Signer] = {
    # build: scale, shoulders, hands, arms; moves: girth, speed, amplitude, expression; colours: skin, hair, shirt, background
    "Ada": _signer(
        (0.95, 0.94, 1.02, 1.00),
        (0.96, 1.10, 0.95, 1.10),
        ((236, 188, 160), (92, 52, 30), (44, 62, 92), (196, 202, 208)),
        "long",
        "plain",
    ),
    "Ben": _signer(
        (1.05, 1.08, 1.06, 1.02),
        (1.08, 0.92, 1.10, 0.85),
        ((136, 90, 62), (28, 24, 24), (58, 110, 84), (214, 206, 190)),
        "short",
        "panel",
        "beard",
    ),
    "Cem": _signer(
        (1.00, 1.00, 1.00, 1.00),
        (1.00, 1.00, 1.00, 1.00),
        ((206, 152, 112), (60, 44, 36), (110, 48, 56), (178, 194, 200)),
        "short",
        "two-tone",
        "left-handed",
        "short sleeves",
    ),
    "Dee": _signer(
        (0.92, 0.92, 0.97, 0.97),
        (0.95, 1.20, 0.88, 1.25),
        ((96, 62, 44), (22, 18, 18), (196, 150, 58), (150, 168, 158)),
        "bun",
        "plain",
        "short sleeves",
    ),
    "Eli": _signer(
        (1.08, 1.02, 1.04, 1.05),
        (0.94, 0.86, 1.14, 0.80),
        ((228, 182, 150), (150, 146, 142), (66, 70, 76), (204, 198, 206)),
        "none",
        "window",
        "glasses",
        "beard",
    ),
    "Fay": _signer(
        (0.97, 0.97, 0.98, 0.98),
        (1.04, 1.04, 1.05, 1.15),
        ((244, 206, 184), (178, 92, 44), (92, 132, 160), (222, 214, 204)),
        "bob",
        "panel",
        "left-handed",
    ),
    "Gus": _signer(
        (1.02, 1.06, 1.08, 1.00),
        (1.14, 0.95, 0.94, 0.95),
        ((178, 124, 88), (38, 30, 28), (150, 84, 60), (170, 180, 190)),
        "short",
        "plain",
        "glasses",
        "short sleeves",
    ),
    "Hua": _signer(
        (0.94, 0.93, 0.95, 0.98),
        (0.93, 1.12, 1.00, 1.05),
        ((232, 190, 154), (26, 22, 26), (120, 92, 140), (198, 206, 196)),
        "bob",
        "window",
    ),
    "Ivo": _signer(
        (1.04, 1.03, 1.00, 1.03),
        (1.02, 1.05, 1.18, 1.10),
        ((160, 112, 80), (70, 46, 30), (206, 204, 198), (120, 134, 146)),
        "short",
        "two-tone",
        "left-handed",
    ),
    "Joy": _signer(
        (0.98, 0.96, 1.04, 1.01),
        (1.06, 0.90, 0.92, 1.00),
        ((118, 78, 54), (44, 30, 24), (160, 60, 88), (216, 210, 214)),
        "long",
        "panel",
        "glasses",
    ),
}

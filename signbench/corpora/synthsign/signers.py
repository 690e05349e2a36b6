"""The signers: who they are, how they are built, how they move, what they wear."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Signer:
    """A signer.

    Attributes:
        scale: of the whole body; 1 is 39 cm between the shoulder joints.
        shoulders: width of the shoulders, relative to the body.
        hands: size of the hands, relative to the body.
        speed: 1 is normal; durations are divided by it.
        amplitude: size of the movements, 1 is normal.
        left_handed: the left hand is the dominant one.
        long_hair: hair falls behind the shoulders.
        skin: RGB.
        hair: RGB.
        shirt: RGB.
        background: RGB.
    """

    scale: float
    shoulders: float
    hands: float
    speed: float
    amplitude: float
    left_handed: bool
    long_hair: bool
    skin: Colour
    hair: Colour
    shirt: Colour
    background: Colour


SIGNERS: dict[str, Signer] = {
    "Ada": Signer(0.95, 0.94, 1.02, 1.10, 0.95, False, True, (236, 188, 160), (92, 52, 30), (44, 62, 92), (196, 202, 208)),
    "Ben": Signer(1.05, 1.08, 1.06, 0.92, 1.10, False, False, (136, 90, 62), (28, 24, 24), (58, 110, 84), (214, 206, 190)),
    "Cem": Signer(1.00, 1.00, 1.00, 1.00, 1.00, True, False, (206, 152, 112), (60, 44, 36), (110, 48, 56), (178, 194, 200)),
}

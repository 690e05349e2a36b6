"""Ranges of a recipe's settings, so that a wrong number is refused before the training begins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from signbench.errors import InputError


@dataclass(frozen=True)
class Range:
    """Finite numbers from a lowest to a highest one.

    Attributes:
        lowest: the lowest.
        highest: the highest.
        above: whether numbers must be above the lowest.
    """

    lowest: float
    highest: float = math.inf
    above: bool = False

    def __contains__(self, value: float) -> bool:
        enough = value > self.lowest if self.above else value >= self.lowest
        return enough and value <= self.highest and math.isfinite(value)

    def __str__(self) -> str:
        if self.highest < math.inf:
            return f"from {self.lowest:g} to {self.highest:g}"
        return f"{'above' if self.above else 'at least'} {self.lowest:g}"


SHARE = Range(0, 1)
"""Shares and probabilities."""

NOT_NEGATIVE = Range(0)
"""Weights of losses, of which 0 leaves one out."""

POSITIVE = Range(0, above=True)
"""Factors, temperatures and rates."""

COUNT = Range(1)
"""Numbers of frames, clips and the like."""


def check_ranges(settings: object, ranges: Mapping[str, Range], what: str = "data") -> None:
    """Refuses numbers outside their ranges.

    Args:
        settings: with the fields as attributes; those that are None are not checked.
        ranges: of the fields.
        what: the field of the recipe, for messages.

    Raises:
        InputError: a number is outside its range, or not finite.
    """
    for name, allowed in ranges.items():
        value = getattr(settings, name)
        if value is not None and value not in allowed:
            raise InputError(f"the recipe's {what}: {name} is {value:g}, but should be {allowed}.")

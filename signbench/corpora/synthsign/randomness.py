"""The source of every random choice in SynthSign."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


def generator(*parts: str | int) -> np.random.Generator:
    """A generator that depends only on its parts, for the variation of motion.

    Args:
        parts: the purpose of the choice, such as version, corpus seed, clip id, take and the name of the choice.

    Returns:
        ``Generator(PCG64(...))`` seeded by the SHA-256 of the parts, joined by ``|``.
    """
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


class Choices:
    """Random choices by SHA-256 and integers alone: the same with any version of Python and NumPy.

    Choice k takes the first 8 bytes of SHA-256(``parts|k``), big endian, modulo the number of options.
    """

    def __init__(self, *parts: str | int) -> None:
        self._stem = "|".join(str(part) for part in parts)
        self._made = 0

    def below(self, count: int) -> int:
        """A number from 0 to ``count - 1``."""
        digest = hashlib.sha256(f"{self._stem}|{self._made}".encode()).digest()
        self._made += 1
        return int.from_bytes(digest[:8], "big") % count

    def one(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        """True in the given percentage of cases."""
        return self.below(100) < percent

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The items in random order (Fisher and Yates)."""
        order = list(items)
        for index in range(len(order) - 1, 0, -1):
            other = self.below(index + 1)
            order[index], order[other] = order[other], order[index]
        return order

"""Where every random choice of SynthSign comes from."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(*parts: str | int) -> np.random.Generator:
    """A generator that depends on nothing but its parts.

    Args:
        parts: what the choice is for, such as version, corpus seed, clip id, take and the name of the choice.

    Returns:
        ``Generator(PCG64(...))`` seeded by the SHA-256 of the parts, joined by ``|``.
    """
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))

"""The order of examples, and the seeds of steps: functions of the seed and the position, so that nothing has to be stored."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

_POOL = 16
"""Batches among whose examples similar lengths are sought."""


def seed_of(*parts: object) -> int:
    """A seed of 63 bits from a training's seed and the position in it."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:8], "big") >> 1


def batches(
    examples: int, batch: int, seed: int, phase: str, epoch: int, lengths: NDArray[np.int64] | None
) -> list[NDArray[np.int64]]:
    """The batches of an epoch; all have the same size, so a few examples are left out of each epoch.

    Args:
        examples: number of examples.
        batch: size of a batch, at most as many as examples.
        seed: seed of the training.
        phase: name of the phase.
        epoch: finished epochs of the phase.
        lengths: if given, batches have examples of similar length.

    Returns:
        int64 ``(batch,)`` each.
    """
    random = np.random.Generator(np.random.PCG64(seed_of(seed, phase, epoch, "order")))
    order = random.permutation(examples).astype(np.int64)
    if lengths is not None:
        pools = [order[start : start + batch * _POOL] for start in range(0, examples, batch * _POOL)]
        order = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    # the last batch of a pool must not mix with the next pool, which would have the shortest and longest clips together
    found = [order[start : start + batch] for start in range(0, examples - batch + 1, batch)]
    return [found[index] for index in random.permutation(len(found))]

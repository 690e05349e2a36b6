"""A step in pieces, which takes less memory: a process's share of a batch is divided, and gradients are summed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.training.base import Batch
from signbench.training.recipe import Phase

if TYPE_CHECKING:
    from torch import Tensor

Pieces = Sequence[tuple[int, Batch]]
"""A process's share of a batch in one or more pieces, each with the number of its examples."""


def divided(share: NDArray[np.int64], phase: Phase) -> list[NDArray[np.int64]]:
    """A process's share of a batch in pieces of about equal size, of at most ``at_once`` examples.

    Args:
        share: numbers of the examples, int64 ``(N,)``.
        phase: of the recipe.
    """
    return [share] if phase.at_once is None else np.array_split(share, -(-len(share) // phase.at_once))


def in_one_piece(step: Callable[[Batch], Mapping[str, Tensor]]) -> Callable[[Pieces], Mapping[str, Tensor]]:
    """A step for batches in one piece."""

    def computed(pieces: Pieces) -> Mapping[str, Tensor]:
        ((_, batch),) = pieces
        return step(batch)

    return computed


def check_processes(phase: Phase, processes: int) -> None:
    """Refuses numbers of processes that cannot share the batches of a phase.

    Args:
        phase: of the recipe.
        processes: how many train together.

    Raises:
        InputError: one would have no example, or another number of pieces than the others.
    """
    if phase.batch < processes:
        raise InputError(
            f"the phase {phase.name} has a batch of {phase.batch} for {processes} processes; start at most {phase.batch}, or use a "
            "larger batch."
        )
    # processes with other numbers of pieces would wait for each other
    if phase.at_once is not None and len({-(-share // phase.at_once) for share in _shares(phase.batch, processes)}) > 1:
        raise InputError(
            f"the phase {phase.name} has a batch of {phase.batch} in pieces of {phase.at_once}, which {processes} processes cannot "
            f"share evenly; start a number of processes that divides {phase.batch}."
        )


def _shares(batch: int, processes: int) -> tuple[int, int]:
    """The smallest and the largest share of a batch."""
    return batch // processes, -(-batch // processes)

"""Edit distance and longest common subsequence of token sequences.

Whole numbers only, so that a result depends on its input alone. Importing this module imports numba, which takes a moment:
import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from signbench.compilation import compiled

_Ids = NDArray[np.int64]
_COST, _SUBSTITUTIONS, _DELETIONS, _INSERTIONS = 0, 1, 2, 3


class EditCosts(NamedTuple):
    """What the operations cost that turn the reference into the prediction, and which of two equally good ones is taken.

    Attributes:
        substitution: of one token by another, above 0.
        deletion: of a token of the reference, above 0; at least half of a substitution, like an insertion.
        insertion: of a token that the reference does not have, above 0.
        insertion_first: walking back from the end, an insertion goes before a deletion. A substitution goes before both.
    """

    substitution: int
    deletion: int
    insertion: int
    insertion_first: bool


class EditCounts(NamedTuple):
    """The operations of an alignment.

    Attributes:
        substitutions: tokens of the reference that are other ones in the prediction.
        deletions: tokens of the reference that the prediction lacks.
        insertions: tokens of the prediction that the reference lacks.
    """

    substitutions: int
    deletions: int
    insertions: int


def edit_counts(prediction: Sequence[Hashable], reference: Sequence[Hashable], costs: EditCosts) -> EditCounts:
    """The operations of the cheapest alignment.

    Where several are equally cheap the one is taken that is found by walking back from the end, at each step over an equal pair
    if there is one, else over the cheapest operation, on a tie in the order of ``costs``. With unequal costs such alignments may
    differ in their number of operations, so the order decides about the error rate.

    Args:
        prediction: its tokens.
        reference: its tokens.
        costs: of the operations.
    """
    made, there = _numbered(prediction, reference)
    # rapidfuzz finds the same distance, but breaks ties in its own way: already with equal costs one pair in ten of short texts has
    # other counts, and the readings with unequal costs then have other error rates.
    found = _edit_counts(made, there, costs.substitution, costs.deletion, costs.insertion, costs.insertion_first)
    return EditCounts(*(int(count) for count in found))


def longest_common_subsequence(prediction: Sequence[Hashable], reference: Sequence[Hashable]) -> int:
    """How many tokens the longest sequence has that is part of both sides in order, though not necessarily in one piece."""
    from rapidfuzz.distance import LCSseq

    made, there = _numbered(prediction, reference)
    return LCSseq.similarity(made.tolist(), there.tolist())


def _numbered(prediction: Sequence[Hashable], reference: Sequence[Hashable]) -> tuple[_Ids, _Ids]:
    """Equal tokens as equal numbers."""
    number: dict[Hashable, int] = {}
    ids = [np.array([number.setdefault(token, len(number)) for token in side], dtype=np.int64) for side in (prediction, reference)]
    return ids[0], ids[1]


@compiled
def _edit_counts(
    prediction: _Ids, reference: _Ids, substitution: int, deletion: int, insertion: int, insertion_first: bool
) -> tuple[int, int, int]:
    """Substitutions, deletions and insertions of the cheapest alignment; compiled."""
    # Counts ride along with the costs: which step leads into a pair of tokens depends on the costs around it alone, so the counts
    # in the last pair are those of the walk back from it.
    above = np.zeros((prediction.size + 1, 4), dtype=np.int64)
    here = np.zeros((prediction.size + 1, 4), dtype=np.int64)
    for place in range(1, prediction.size + 1):
        above[place, _COST] = place * insertion
        above[place, _INSERTIONS] = place
    for row in range(1, reference.size + 1):
        here[0, _COST] = row * deletion
        here[0, _DELETIONS] = row
        for place in range(1, prediction.size + 1):
            if reference[row - 1] == prediction[place - 1]:
                here[place] = above[place - 1]
                continue
            substituted = above[place - 1, _COST] + substitution
            deleted = above[place, _COST] + deletion
            inserted = here[place - 1, _COST] + insertion
            cheapest = min(substituted, deleted, inserted)
            if substituted == cheapest:
                here[place] = above[place - 1]
                here[place, _SUBSTITUTIONS] += 1
            elif inserted == cheapest and (insertion_first or deleted != cheapest):
                here[place] = here[place - 1]
                here[place, _INSERTIONS] += 1
            else:
                here[place] = above[place]
                here[place, _DELETIONS] += 1
            here[place, _COST] = cheapest
        above, here = here, above
    last = above[prediction.size]
    return last[_SUBSTITUTIONS], last[_DELETIONS], last[_INSERTIONS]

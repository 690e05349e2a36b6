"""Edit distance, alignment and longest common subsequence of token sequences.

Integers only, so that a result depends on its input alone. Importing this module imports numba, which is slow: import it inside the
functions that need it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from signbench.compilation import compiled
from signbench.metrics.text_alignment import Alignment, Chunk, Operation

_Ids = NDArray[np.int64]
_COST, _SUBSTITUTIONS, _DELETIONS, _INSERTIONS = 0, 1, 2, 3
_EQUAL, _SUBSTITUTE, _DELETE, _INSERT = 0, 1, 2, 3
_OPERATIONS: tuple[Operation, ...] = ("equal", "substitute", "delete", "insert")


class EditCosts(NamedTuple):
    """The costs of the operations that turn the reference into the prediction, and the preference on a tie.

    Attributes:
        substitution: cost of replacing a token, above 0.
        deletion: cost of deleting a token of the reference, above 0; at least half of a substitution, like an insertion.
        insertion: cost of inserting a token, above 0.
        insertion_first: whether, walking back from the end, an insertion is preferred to a deletion. A substitution is preferred to
            both.
    """

    substitution: int
    deletion: int
    insertion: int
    insertion_first: bool


class EditCounts(NamedTuple):
    """The operations of an alignment.

    Attributes:
        substitutions: tokens of the reference that are substituted in the prediction.
        deletions: tokens of the reference that the prediction lacks.
        insertions: tokens of the prediction that the reference lacks.
    """

    substitutions: int
    deletions: int
    insertions: int


def edit_counts(prediction: Sequence[Hashable], reference: Sequence[Hashable], costs: EditCosts) -> EditCounts:
    """The operations of the cheapest alignment, in memory for two rows whatever the lengths.

    If several are equally cheap, the one is used that is found by walking back from the end, at each step over an equal pair if
    there is one, else over the cheapest operation, on a tie in the order of ``costs``. With unequal costs such alignments may
    differ in their number of operations, so the order affects the error rate.

    Args:
        prediction: its tokens.
        reference: its tokens.
        costs: of the operations.
    """
    made, there = _numbered(prediction, reference)
    # rapidfuzz finds the same distance, but breaks ties differently: even with equal costs one pair in ten of short texts has
    # different counts, and with unequal costs the error rates differ.
    found = _edit_counts(made, there, costs.substitution, costs.deletion, costs.insertion, costs.insertion_first)
    return EditCounts(*(int(count) for count in found))


def cheapest_alignment(prediction: Sequence[str], reference: Sequence[str], costs: EditCosts) -> Alignment:
    """The alignment whose operations :func:`edit_counts` counts."""
    made, there = _numbered(prediction, reference)
    steps = _edit_steps(made, there, costs.substitution, costs.deletion, costs.insertion, costs.insertion_first)
    return Alignment(tuple(prediction), tuple(reference), _chunks(_OPERATIONS[step] for step in steps[::-1].tolist()))


def longest_common_subsequence(prediction: Sequence[Hashable], reference: Sequence[Hashable]) -> int:
    """The length of the longest common subsequence of tokens."""
    from rapidfuzz.distance import LCSseq

    made, there = _numbered(prediction, reference)
    return LCSseq.similarity(made.tolist(), there.tolist())


def common_alignment(prediction: Sequence[str], reference: Sequence[str]) -> Alignment:
    """An alignment whose equal tokens are a longest common subsequence; the other tokens are deleted or inserted."""
    from rapidfuzz.distance import LCSseq

    made, there = _numbered(prediction, reference)
    codes = LCSseq.opcodes(there.tolist(), made.tolist())
    chunks = [Chunk(_operation(code.tag), code.src_start, code.src_end, code.dest_start, code.dest_end) for code in codes]
    return Alignment(tuple(prediction), tuple(reference), tuple(chunks))


def _operation(name: str) -> Operation:
    return _OPERATIONS[_OPERATIONS.index(name)]


def _chunks(operations: Iterable[Operation]) -> tuple[Chunk, ...]:
    """Operations from the first token to the last, with consecutive ones merged."""
    found: list[Chunk] = []
    there = made = 0
    for operation, group in groupby(operations):
        count = len(list(group))
        deleted, inserted = (0 if operation == "insert" else count), (0 if operation == "delete" else count)
        found.append(Chunk(operation, there, there + deleted, made, made + inserted))
        there, made = there + deleted, made + inserted
    return tuple(found)


def _numbered(prediction: Sequence[Hashable], reference: Sequence[Hashable]) -> tuple[_Ids, _Ids]:
    """Equal tokens as equal numbers."""
    number: dict[Hashable, int] = {}
    ids = [np.array([number.setdefault(token, len(number)) for token in side], dtype=np.int64) for side in (prediction, reference)]
    return ids[0], ids[1]


@compiled
def _step(substituted: int, deleted: int, inserted: int, insertion_first: bool) -> int:
    """The operation that leads into a pair of unequal tokens, from the cost of each; compiled."""
    cheapest = min(substituted, deleted, inserted)
    if substituted == cheapest:
        return _SUBSTITUTE
    if inserted == cheapest and (insertion_first or deleted != cheapest):
        return _INSERT
    return _DELETE


@compiled
def _edit_counts(
    prediction: _Ids, reference: _Ids, substitution: int, deletion: int, insertion: int, insertion_first: bool
) -> tuple[int, int, int]:
    """Substitutions, deletions and insertions of the cheapest alignment; compiled."""
    # Counts are carried along with the costs: the step into a pair of tokens depends only on the costs around it, so the counts in
    # the last pair are those of the walk back from it.
    above = np.zeros((prediction.size + 1, 4), dtype=np.int64)
    here = np.zeros((prediction.size + 1, 4), dtype=np.int64)
    for column in range(1, prediction.size + 1):
        above[column, _COST] = column * insertion
        above[column, _INSERTIONS] = column
    for row in range(1, reference.size + 1):
        here[0, _COST] = row * deletion
        here[0, _DELETIONS] = row
        for column in range(1, prediction.size + 1):
            if reference[row - 1] == prediction[column - 1]:
                here[column] = above[column - 1]
                continue
            substituted = above[column - 1, _COST] + substitution
            deleted = above[column, _COST] + deletion
            inserted = here[column - 1, _COST] + insertion
            step = _step(substituted, deleted, inserted, insertion_first)
            if step == _SUBSTITUTE:
                here[column] = above[column - 1]
            elif step == _INSERT:
                here[column] = here[column - 1]
            else:
                here[column] = above[column]
            here[column, step] += 1
            here[column, _COST] = min(substituted, deleted, inserted)
        above, here = here, above
    last = above[prediction.size]
    return last[_SUBSTITUTIONS], last[_DELETIONS], last[_INSERTIONS]


@compiled
def _edit_steps(
    prediction: _Ids, reference: _Ids, substitution: int, deletion: int, insertion: int, insertion_first: bool
) -> NDArray[np.int8]:
    """The operations of the cheapest alignment, the last one first; compiled."""
    steps = np.zeros((reference.size + 1, prediction.size + 1), dtype=np.int8)
    cost = np.zeros((reference.size + 1, prediction.size + 1), dtype=np.int64)
    for column in range(1, prediction.size + 1):
        steps[0, column] = _INSERT
        cost[0, column] = column * insertion
    for row in range(1, reference.size + 1):
        steps[row, 0] = _DELETE
        cost[row, 0] = row * deletion
        for column in range(1, prediction.size + 1):
            if reference[row - 1] == prediction[column - 1]:
                steps[row, column] = _EQUAL
                cost[row, column] = cost[row - 1, column - 1]
                continue
            substituted = cost[row - 1, column - 1] + substitution
            deleted = cost[row - 1, column] + deletion
            inserted = cost[row, column - 1] + insertion
            steps[row, column] = _step(substituted, deleted, inserted, insertion_first)
            cost[row, column] = min(substituted, deleted, inserted)
    walked = np.empty(reference.size + prediction.size, dtype=np.int8)
    count, row, column = 0, reference.size, prediction.size
    while row > 0 or column > 0:
        step = steps[row, column]
        walked[count] = step
        count += 1
        if step != _INSERT:
            row -= 1
        if step != _DELETE:
            column -= 1
    return walked[:count]

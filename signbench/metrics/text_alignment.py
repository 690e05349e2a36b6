"""A readable alignment of two texts: which tokens are equal, substituted, deleted or inserted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operation = Literal["equal", "substitute", "delete", "insert"]
"""The operation that turns tokens of the reference into those of the prediction."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive tokens with the same operation. Ranges are indices of tokens, from 0, without the end.

    Attributes:
        operation: the operation.
        reference_start: first index in the reference; for an insertion start equals end.
        reference_end: end index in the reference.
        prediction_start: first index in the prediction; for a deletion start equals end.
        prediction_end: end index in the prediction.
    """

    operation: Operation
    reference_start: int
    reference_end: int
    prediction_start: int
    prediction_end: int


@dataclass(frozen=True)
class Alignment:
    """The alignment of a prediction's tokens with those of its reference. As a string it is three readable lines.

    Attributes:
        prediction: its tokens, as the metric compares them.
        reference: its tokens, as the metric compares them.
        chunks: from the first tokens to the last; together they cover both sides.

    Example:
        >>> from signbench.metrics.wer import Wer
        >>> alignment = Wer().alignment("MORGEN KALT REGEN", "MORGEN STARK REGEN NORD")
        >>> alignment.substitutions, alignment.deletions, alignment.insertions
        (1, 1, 0)
        >>> print(alignment)
        reference:  MORGEN STARK REGEN NORD
        prediction: MORGEN KALT  REGEN ****
                           S           D
    """

    prediction: tuple[str, ...]
    reference: tuple[str, ...]
    chunks: tuple[Chunk, ...]

    @property
    def hits(self) -> int:
        """Tokens that are equal."""
        return self._count("equal")

    @property
    def substitutions(self) -> int:
        """Tokens of the reference that are substituted in the prediction."""
        return self._count("substitute")

    @property
    def deletions(self) -> int:
        """Tokens of the reference that the prediction lacks."""
        return self._count("delete")

    @property
    def insertions(self) -> int:
        """Tokens of the prediction that the reference lacks."""
        return self._count("insert")

    def _count(self, operation: Operation) -> int:
        return sum(
            max(chunk.reference_end - chunk.reference_start, chunk.prediction_end - chunk.prediction_start)
            for chunk in self.chunks
            if chunk.operation == operation
        )

    def __str__(self) -> str:
        from rich.cells import cell_len

        lines = ["reference: ", "prediction:", "           "]
        for chunk in self.chunks:
            there = self.reference[chunk.reference_start : chunk.reference_end]
            made = self.prediction[chunk.prediction_start : chunk.prediction_end]
            mark = "" if chunk.operation == "equal" else chunk.operation[0].upper()
            for index in range(max(len(there), len(made))):
                pair = [_shown(side[index]) if side else "" for side in (there, made)]
                width = max(map(cell_len, pair))
                cells = [text or "*" * width for text in pair]
                for line, text in enumerate([*cells, mark]):
                    lines[line] += " " + text + " " * (width - cell_len(text))
        return "\n".join(line.rstrip() for line in lines)


def _shown(token: str) -> str:
    """A visible form of a token; white space is a token if characters are compared."""
    return token if token.strip() else "␣" * len(token)

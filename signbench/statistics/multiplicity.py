"""Correction of p-values for several tests, so that a false alarm among all of them stays rare."""

from __future__ import annotations

from collections.abc import Sequence


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction of a family of p-values.

    The k-th smallest of m values is multiplied by m - k + 1, and no corrected value is below the previous one. Rejecting everything
    with a corrected value of at most alpha makes the probability of a false rejection anywhere in the family at most alpha, however
    the tests depend on each other. Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979).

    Args:
        values: p-values in [0, 1]; None for tests that were not made, which are not part of the family.

    Returns:
        The corrected values in [0, 1], in the same order; None stays None.
    """
    tested = sorted((value, index) for index, value in enumerate(values) if value is not None)
    corrected: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (value, index) in enumerate(tested):
        largest = max(largest, min(1.0, value * (len(tested) - rank)))
        corrected[index] = largest
    return corrected

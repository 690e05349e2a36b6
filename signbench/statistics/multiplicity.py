"""Several tests at once: p-values corrected so that one false alarm among all of them stays rare."""

from __future__ import annotations

from collections.abc import Sequence


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction of a family of p-values.

    The k-th smallest of m values is multiplied by m - k + 1, and no corrected value is below one that was corrected before it. To
    refuse what has a corrected value of at most alpha makes a false refusal anywhere in the family at most as likely as alpha,
    however the tests depend on one another. Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6 (1979).

    Args:
        values: p-values in [0, 1]; None for what was not tested, which is no part of the family.

    Returns:
        The corrected values in [0, 1], in the same order; None stays None.
    """
    tested = sorted((value, place) for place, value in enumerate(values) if value is not None)
    corrected: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (value, place) in enumerate(tested):
        largest = max(largest, min(1.0, value * (len(tested) - rank)))
        corrected[place] = largest
    return corrected

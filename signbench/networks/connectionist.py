"""Reading the output of connectionist temporal classification (CTC): the best path, and a search over prefixes.

Class 0 is the blank throughout. Source: Graves, Fernández, Gomez and Schmidhuber 2006; the search over prefixes as in Hannun, Maas,
Jurafsky and Ng 2014 (arXiv 1408.2873), algorithm 1, without a language model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLANK = 0


def best_path(log_probabilities: NDArray[np.floating]) -> list[int]:
    """The classes of the most likely path, without repeats and blanks.

    Args:
        log_probabilities: ``(T, classes)``.
    """
    classes = np.asarray(log_probabilities).argmax(axis=1)
    kept = [int(now) for index, now in enumerate(classes) if index == 0 or now != classes[index - 1]]
    return [label for label in kept if label != BLANK]


def prefix_beam_search(log_probabilities: NDArray[np.floating], width: int = 10) -> list[int]:
    """The most likely sequence of classes, by a beam over prefixes that sums the probabilities of their paths.

    Args:
        log_probabilities: of each class at each step, natural logarithms ``(T, classes)``.
        width: number of prefixes that are kept after each step; ties are broken by sort order.

    Returns:
        The classes, without blanks; a class may follow itself if there was a blank in between.
    """
    rows = np.asarray(log_probabilities, dtype=np.float64)
    # prefix -> (log probability of its paths that end in a blank, of those that end in its last class)
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}
    for row in rows:
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        followed = _followed(row, width) | {prefix[-1] for prefix in beam if prefix}
        for prefix, (blank, last) in beam.items():
            both = _added(blank, last)
            _add(grown, prefix, both + row[BLANK], last + row[prefix[-1]] if prefix else -np.inf)
            for label in sorted(followed):
                repeated = prefix and label == prefix[-1]
                _add(grown, (*prefix, label), -np.inf, (blank if repeated else both) + row[label])
        ranked = sorted(grown.items(), key=lambda item: (-_added(*item[1]), item[0]))
        beam = dict(ranked[:width])
    return list(next(iter(beam)))


def _followed(row: NDArray[np.float64], width: int) -> set[int]:
    """The most likely classes; no other can extend a prefix to one of the best ``width``."""
    labels = np.argsort(-row, kind="stable")
    return {int(label) for label in labels[: width + 2] if label != BLANK}


def _add(grown: dict[tuple[int, ...], tuple[float, float]], prefix: tuple[int, ...], blank: float, last: float) -> None:
    before = grown.get(prefix, (-np.inf, -np.inf))
    grown[prefix] = (_added(before[0], blank), _added(before[1], last))


def _added(first: float, second: float) -> float:
    """Logarithm of the sum of two probabilities, from their logarithms."""
    return float(np.logaddexp(first, second))


def log_likelihood(log_probabilities: NDArray[np.floating], labels: list[int]) -> float:
    """Logarithm of the probability of a sequence of classes, summed over all its paths (the forward algorithm).

    Args:
        log_probabilities: ``(T, classes)``.
        labels: without blanks.

    Returns:
        ``-inf`` if T steps are too few for the sequence.
    """
    rows = np.asarray(log_probabilities, dtype=np.float64)
    states = [BLANK]
    for label in labels:
        states += [label, BLANK]
    alpha = np.full(len(states), -np.inf)
    alpha[0] = rows[0, BLANK]
    if len(states) > 1:
        alpha[1] = rows[0, states[1]]
    for row in rows[1:]:
        moved = alpha.copy()
        moved[1:] = np.logaddexp(moved[1:], alpha[:-1])
        for index in range(2, len(states)):
            if states[index] not in (BLANK, states[index - 2]):
                moved[index] = np.logaddexp(moved[index], alpha[index - 2])
        alpha = moved + row[states]
    return float(np.logaddexp.reduce(alpha[-2:]))

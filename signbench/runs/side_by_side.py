"""Several runs in one table: only where each metric was measured the same way, and anchors apart from what is ranked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from signbench.errors import NotComparableError
from signbench.metrics.base import Direction
from signbench.runs import signature
from signbench.runs.result import Result, Score
from signbench.runs.tables import ARROWS, spanned


def comparable(results: Mapping[str, Result]) -> tuple[str, ...]:
    """The metrics that all runs measured, in the first one's order.

    Args:
        results: name of the run -> its result.

    Raises:
        NotComparableError: they have no metric in common, or one was not measured the same way; says what differs.
    """
    (first_name, first), *others = results.items()
    common = [metric for metric in first.signatures if all(metric in run.signatures for _, run in others)]
    if not common:
        raise NotComparableError(f"{', '.join(results)} have no metric in common.")
    for name, run in others:
        for metric in common:
            differences = signature.differences(first.signatures[metric], run.signatures[metric])
            if differences:
                raise NotComparableError(
                    f"{first_name} and {name} did not measure {metric} the same way; they differ in {'; '.join(differences)}."
                )
    return tuple(common)


def ranked(results: Mapping[str, Result]) -> list[dict[str, str]]:
    """Rows of a table: one per run, its place by the first headline metric, and a cell per metric.

    Runs whose generator sees the references are anchors: they stand first or last, where their value puts them, without a place.
    Runs that are incomplete have no place either, and say so.

    Args:
        results: name of the run -> its result.

    Raises:
        NotComparableError: see :func:`comparable`.
    """
    metrics = comparable(results)
    first = next(iter(results.values()))
    leading = next((metric for metric in metrics if first[metric].headline), metrics[0])
    order = sorted(results, key=lambda name: (distance(results[name][leading]), name))
    rows, place = [], 0
    for name in order:
        result = results[name]
        is_anchor = result.generator is not None and result.generator.get("sees") == "references"
        if is_anchor or result.status != "complete" or result.subset is not None:
            standing = "anchor" if is_anchor else "subset" if result.subset is not None else "incomplete"
        else:
            place += 1
            standing = str(place)
        rows.append(
            {
                "place": standing,
                "run": name,
                **{_headed(first[metric]): spanned(result[metric].value, result[metric].interval) for metric in metrics},
            }
        )
    return rows


def distance(score: Score) -> float:
    """How far a score is from the best there could be, for ranking; infinite where there is none."""
    return math.inf if score.value is None else from_best(score.value, score.direction, score.reference_value)


def from_best(value: float, direction: Direction, reference_value: float | None) -> float:
    """How far a value is from the best there could be, for putting values in order.

    Args:
        value: of a metric.
        direction: which way is better.
        reference_value: the same measure of the references, where direction is ``reference``; None counts as 0.
    """
    if direction == "reference":
        return abs(value - (reference_value or 0.0))
    return value if direction == "lower" else -value


def as_json(results: Mapping[str, Result]) -> dict[str, Any]:
    """The ranked rows, and every run's own result."""
    return {"rows": ranked(results), "runs": {name: result.as_json() for name, result in results.items()}}


def _headed(score: Score) -> str:
    return f"{score.metric} {ARROWS[score.direction]}"

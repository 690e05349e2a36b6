"""Cells of tables that show a paper's row next to the leaderboard's row of the same kind of model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from signbench.leaderboard.entries import ENTRY, entry_locations, read_card, read_entry_result
from signbench.leaderboard.published import Row, published
from signbench.runs.result import Score
from signbench.runs.tables import number

ABSENT = "not measured"


def printed_rows(task: str, table: str) -> list[Row]:
    """The rows of a paper's table for a task, in order.

    Args:
        task: name of the task.
        table: as the paper calls it, such as ``Table 1``.
    """
    return [row for one in published(task) if one.source.table == table for row in one.rows]


def measured(task: str, split: str, generators: Mapping[str, str]) -> Iterator[tuple[str, tuple[Score, ...]]]:
    """The leaderboard's scores of some generators.

    Args:
        task: name of the task.
        split: one of its splits.
        generators: name on the generator's card -> what it is called here.

    Yields:
        What it is called here, and its scores.

    Raises:
        InputError: an entry of the leaderboard is damaged.
    """
    for location in entry_locations():
        if (location.task, location.split) != (task, split):
            continue
        generator = read_card(location.folder / ENTRY).generator
        if generator is not None and (called := generators.get(str(generator["name"]))) is not None:
            yield called, tuple(read_entry_result(location.folder).scores)


def of_paper(row: Row, metric: str) -> str:
    """The number that a paper prints for a metric, as it is printed; empty if there is none."""
    return next((value for name, value in row.values.items() if _plain(name) == metric and value is not None), "")


def shown(scores: tuple[Score, ...] | None, metric: str, digits: int) -> str:
    """A score with its 95 % interval.

    Args:
        scores: of a row of the leaderboard; None: there is no such row.
        metric: its name, without parameters and judge.
        digits: after the decimal point.
    """
    found = next((score for score in scores or () if _plain(score.metric) == metric), None)
    return ABSENT if found is None else with_interval(found.value, found.interval, digits)


def with_interval(value: float | None, interval: tuple[float, float] | None, digits: int) -> str:
    """A score with its 95 % interval, if it has one; says so if it was not measured.

    Args:
        value: the score, or None.
        interval: its bounds, or None.
        digits: after the decimal point.
    """
    if value is None:
        return ABSENT
    text = number(value, digits)
    return text if interval is None else f"{text} [{number(interval[0], digits)}, {number(interval[1], digits)}]"


def _plain(metric: str) -> str:
    """The metric without parameters and judge."""
    return metric.partition("@")[0].partition(":")[0]

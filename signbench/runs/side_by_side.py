"""Several runs in one table: only if each metric was measured the same way, with anchors separate from ranked runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from signbench.errors import NotComparableError
from signbench.markup import latex_comment, latex_note, markdown_item
from signbench.metrics.base import Direction
from signbench.runs import signature
from signbench.runs.result import Result, Score
from signbench.runs.tables import (
    SCORE_COLUMNS,
    digits,
    further_fields,
    heading,
    interval_text,
    levels_text,
    number,
    score_fields,
    signature_items,
)
from signbench.tables import Cell, Table, Value


def comparable(results: Mapping[str, Result]) -> tuple[str, ...]:
    """The metrics that all runs measured, in the first one's order.

    Args:
        results: name of the run -> its result.

    Raises:
        NotComparableError: they have no metric in common, or one was not measured the same way; the message says what differs.
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


def ranked(results: Mapping[str, Result]) -> Table:
    """A table with a row for each run: its rank by the first headline metric, and a cell for each metric that all measured.

    Runs whose generator sees the references are anchors: they are sorted by their value, without a rank. Runs that are incomplete
    have no rank either, and say so. The best value of the ranked runs is marked, if there are at least two of them.

    Args:
        results: name of the run -> its result.

    Raises:
        NotComparableError: see :func:`comparable`.
    """
    metrics = comparable(results)
    standings = standing(results, metrics)
    placed = [name for name, where in standings.items() if where.isdecimal()]
    rows: list[dict[str, Cell | Value]] = [{"place": where, "run": name} for name, where in standings.items()]
    for metric in metrics:
        scores = {name: results[name][metric] for name in standings}
        beside = [column for column in SCORE_COLUMNS if column.side_by_side and column.of(scores.values())]
        best = min((distance(scores[name]) for name in placed), default=math.inf)
        for row, (name, score) in zip(rows, scores.items(), strict=True):
            is_best = len(placed) > 1 and name in placed and distance(score) == best < math.inf
            value = number(score.value, digits(score))
            row[heading(score)] = Cell(score.value, value, interval_text(score, none=""), best=is_best)
            row |= {f"{metric} {column.name}": column.text(score) for column in beside}
    return Table.of(rows, numeric=set(rows[0]) - {"place", "run"})


def standing(results: Mapping[str, Result], metrics: Sequence[str]) -> dict[str, str]:
    """The rank of each run, the best first, or why it has none.

    Args:
        results: name of the run -> its result.
        metrics: those that all of them measured; the first headline metric among them decides, or else the first.
    """
    first = next(iter(results.values()))
    leading = next((metric for metric in metrics if first[metric].headline), metrics[0])
    found, rank = {}, 0
    for name in sorted(results, key=lambda name: (distance(results[name][leading]), name)):
        result = results[name]
        is_anchor = result.generator is not None and result.generator.get("sees") == "references"
        if is_anchor or result.status != "complete" or result.subset is not None:
            found[name] = "anchor" if is_anchor else "subset" if result.subset is not None else "incomplete"
        else:
            rank += 1
            found[name] = str(rank)
    return found


def distance(score: Score) -> float:
    """The distance of a score from the best possible one, for ranking; infinite if there is none."""
    return math.inf if score.value is None else from_best(score.value, score.direction, score.reference_value)


def from_best(value: float, direction: Direction, reference_value: float | None) -> float:
    """The distance of a value from the best possible one, for sorting.

    Args:
        value: of a metric.
        direction: which way is better.
        reference_value: the same metric for the references, if direction is ``reference``; None counts as 0.
    """
    if direction == "reference":
        return abs(value - (reference_value or 0.0))
    return value if direction == "lower" else -value


def remarks(results: Mapping[str, Result]) -> list[str]:
    """What stands below the table: the ceiling and chance level of each metric through a judge, once where all runs agree.

    Args:
        results: name of the run -> its result.
    """
    lines: list[str] = []
    for metric in comparable(results):
        judged = {name: result[metric].judged for name, result in results.items()}
        texts = {name: levels_text(found.ceiling, found.chance) for name, found in judged.items() if found is not None}
        if len(set(texts.values())) == 1 and len(texts) == len(results):
            lines.append(f"{metric}: {next(iter(texts.values()))}.")
        else:
            lines += [f"{metric}: {text} ({name})." for name, text in texts.items()]
    return lines


def as_json(results: Mapping[str, Result]) -> dict[str, Any]:
    """The ranked rows, and every run's own result."""
    return {"rows": ranked(results).texts(), "runs": {name: result.as_json() for name, result in results.items()}}


def as_markdown(results: Mapping[str, Result]) -> str:
    """A GitHub-flavoured Markdown table, followed by the signatures."""
    levels = [markdown_item(remark) for remark in remarks(results)]
    return "\n".join([*ranked(results).markdown(), "", *levels, *signature_items(_signatures(results))]) + "\n"


def as_latex(results: Mapping[str, Result]) -> str:
    """A LaTeX table in the style of booktabs: the best values bold, and a note with the signatures below."""
    levels = [latex_comment(remark) for remark in remarks(results)]
    return "\n".join([*levels, *ranked(results).latex(), *latex_note(_signatures(results))]) + "\n"


def as_csv(results: Mapping[str, Result]) -> str:
    """One row per run and metric, the best run first, with everything in a score; RFC 4180; missing values are empty.

    A metric that not all runs measured has rows too: it is not ranked, and its signature says how it was measured.
    """
    scores = [score for result in results.values() for score in result.scores]
    further = further_fields(scores)
    rows = []
    for name, where in standing(results, comparable(results)).items():
        result = results[name]
        task = result.task
        about: dict[str, Value] = {"run": name, "place": where, "status": result.status}
        about |= {"task": task.name, "version": task.version, "split": task.split} if task is not None else {}
        about |= {"subset": "yes"} if result.subset is not None else {}
        for score in result.scores:
            found = score_fields(score) | {field: read(score) for field, read in further.items()}
            rows.append({**about, **found, "signature": score.signature})
    names = ["run", "place", "status", "task", "version", "split", *score_fields(scores[0]), *further, "subset", "signature"]
    return Table.of(rows, names).csv()


def _signatures(results: Mapping[str, Result]) -> list[str]:
    """How each metric of the table was measured, which is the same for all runs."""
    first = next(iter(results.values()))
    return [first.signatures[metric] for metric in comparable(results)]

"""A sensitivity matrix as tables: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from signbench.markup import markdown
from signbench.runs.tables import number as decimal
from signbench.sensitivity.degradations import KEY_POINTS, VIDEO, Degradation, DegradedModality
from signbench.sensitivity.matrix import Cell, Matrix
from signbench.tables import Table

_CODE = ("metric",)

LEGEND = (
    "worse: declared to score worse with every strength; blind: declared not to change; other: changes, without a promise. "
    "NOT KEPT: the measurement is otherwise. Numbers are how much worse than a perfect copy the degraded clips score, in the "
    "metric's own unit and direction (for total-distance and duration-ratio: how much farther from 1); negative is better than a "
    "perfect copy."
)


def word(cell: Cell) -> str:
    """The declaration of a cell, and whether it was kept: ``worse``, ``blind, NOT KEPT``."""
    return cell.declared.word if cell.kept else f"{cell.declared.word}, NOT KEPT"


def number(value: float | None) -> str:
    """Three significant digits; ``none`` if nothing was measured."""
    if value is None:
        return "none"
    if value == 0:
        return "0"
    return decimal(value, 0) if abs(value) >= 1000 else f"{value:.3g}"


def overviews(matrix: Matrix) -> Iterator[tuple[DegradedModality, Table]]:
    """Per modality a table with one row for each metric: its word for each degradation."""
    for modality in ("video", "key points"):
        rows: dict[str, dict[str, str]] = {}
        for cell in matrix.cells:
            if cell.modality == modality:
                rows.setdefault(cell.metric, {"metric": cell.metric})[cell.degradation] = word(cell)
        if rows:
            yield modality, Table.of(list(rows.values()), code=_CODE)


def details(matrix: Matrix) -> Iterator[tuple[str, Table, list[str]]]:
    """Per degradation a title, a table with the four measurements of each metric, and the reasons for cells other than worse."""
    degradations: tuple[Degradation[Any], ...] = (*VIDEO, *KEY_POINTS)
    for degradation in degradations:
        cells = [cell for cell in matrix.cells if (cell.modality, cell.degradation) == (degradation.modality, degradation.name)]
        if not cells:
            continue
        spelled = [degradation.spelled(strength) for strength in degradation.strengths]
        rows = [
            {"metric": cell.metric, "declared": word(cell), "perfect copy": number(cell.undegraded)}
            | dict(zip(spelled, map(number, cell.worsening), strict=True))
            for cell in cells
        ]
        reasons: dict[str, list[str]] = {}
        for cell in cells:
            if cell.declared.why:
                within = f" (within {cell.declared.tolerance:g})" if cell.declared.tolerance > 1e-6 else ""
                reasons.setdefault(f"{cell.declared.word}{within}: {cell.declared.why}", []).append(cell.metric)
        named = [f"{', '.join(metrics)}: {reason}." for reason, metrics in reasons.items()]
        table = Table.of(rows, numeric=["perfect copy", *spelled], code=_CODE)
        yield f"{degradation.name} ({degradation.modality}): {degradation.described}", table, named


def described(matrix: Matrix) -> str:
    """A description of the measured clips."""
    counted = [f"{len(ids)} of {modality}" for modality, ids in matrix.clips.items() if ids]
    return f"{matrix.source}: {' and '.join(counted)}"


def as_markdown(matrix: Matrix) -> str:
    """The whole matrix as Markdown, with headings of the third and fourth rank."""
    parts = [f"Clips: {markdown(described(matrix))}."]
    for modality, table in overviews(matrix):
        parts += [f"### What is declared of {modality}", "\n".join(table.markdown())]
    for title, table, reasons in details(matrix):
        parts += [f"#### {title}", "\n".join(table.markdown())]
        parts += ["\n".join(f"- {reason}" for reason in reasons)] if reasons else []
    return "\n\n".join(parts) + "\n"

"""A leaderboard as tables: for the terminal, for Markdown, for spreadsheets, for papers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from signbench import spreadsheets
from signbench.errors import InputError
from signbench.leaderboard.board import Block, Board, Cell, Column, HumanCell
from signbench.leaderboard.published import Published
from signbench.markup import latex_comment, latex_row, markdown, markdown_table
from signbench.runs import signature
from signbench.runs.tables import ARROWS, spanned

_UNDEFINED = "-"
_TEXTS = ("rank", "row", "model", "kind", "split")


def heading(column: Column) -> str:
    """A column's head: the metric, its unit and which way is better."""
    unit = "" if column.unit == "1" else f" [{column.unit}]"
    return f"{column.metric}{unit} {ARROWS[column.direction]}"


def human_signatures(block: Block) -> list[str]:
    """How the human columns of a block were judged, each once: rows that were judged otherwise have a column of their own."""
    return list(dict.fromkeys(row.human.signature for row in (*block.rows, *block.anchors) if row.human is not None))


def human_heading(signatures: Sequence[str], place: int) -> str:
    """The head of a human column."""
    return "SUS ↑" if len(signatures) == 1 else f"SUS ({place + 1}) ↑"


def rows(block: Block) -> list[dict[str, str]]:
    """What a block's printed table shows: ranked rows, then anchors; each cell as text."""
    judged = human_signatures(block)
    shown = []
    for row in (*block.rows, *block.anchors):
        leading = row.cells.get(block.columns[0].metric) if block.columns else None
        rank = str(leading.rank) if leading is not None and leading.rank is not None else _UNDEFINED
        cells = {"rank": "anchor" if row.kind == "anchor" else rank, "row": row.row, "kind": row.kind}
        for place, column in enumerate(block.columns):
            cells[heading(column)] = _cell(row.cells.get(column.metric), ranked=place > 0)
        for place, signed in enumerate(judged):
            human = row.human if row.human is not None and row.human.signature == signed else None
            cells[human_heading(judged, place)] = _judged(human)
        shown.append(cells)
    return shown


def published_rows(table: Published) -> list[dict[str, str]]:
    """What a published table shows: labels and numbers as they were printed, and the model where a label does not name it."""
    named = any(row.model is not None for row in table.rows)
    shown = []
    for row in table.rows:
        cells = {
            "row": row.row if row.under is None else f"{row.under}: {row.row}",
            **({"model": row.model or ""} if named else {}),
            "kind": row.kind,
            "split": row.split or "?",
        }
        for column in table.columns:
            unit = "" if column.unit in (None, "1") else f" [{column.unit}]"
            cells[f"{column.metric}{unit} {ARROWS[column.direction]}"] = row.values[column.metric] or _UNDEFINED
        shown.append(cells)
    return shown


def source(table: Published) -> str:
    """Where a published table stands."""
    where = f"arXiv {table.source.arxiv}" if table.source.arxiv is not None else table.source.url
    return f"{table.source.citation} ({where}), {table.source.table}"


def title(board: Board, place: int) -> str:
    """What stands above a block."""
    block = board.blocks[place]
    head = f"{board.task} {block.task_version} ({board.split})"
    return head if not block.reasons else f"{head}, measured otherwise: {'; '.join(block.reasons)}"


def remarks(block: Block) -> list[str]:
    """What stands below a block: how ranks came about, and how each number was measured."""
    lines = [f"{column.metric}: ranks by {column.ranked_by}." for column in block.columns if len(block.rows) > 1]
    copies = [row.row for row in (*block.rows, *block.anchors) if row.own_copy]
    if copies:
        lines.append(f"measured against an own copy of the references: {', '.join(copies)}.")
    lines += [column.signature for column in block.columns]
    return [*lines, *human_remarks(block)]


def human_remarks(block: Block) -> list[str]:
    """How each human column was measured, and in words why it is not the first one."""
    signatures = human_signatures(block)
    return [*signatures, *(apart for place in range(1, len(signatures)) if (apart := human_apart(signatures, place)))]


def human_apart(signatures: Sequence[str], place: int) -> str | None:
    """Why the scores of a human column stand in no column with those of the first; None for the first itself.

    Args:
        signatures: see :func:`human_signatures`.
        place: of the column among them.
    """
    if place == 0:
        return None
    try:
        apart = "; ".join(signature.differences(signatures[0], signatures[place]))
    except InputError:  # the check of the entry tells
        apart = "a signature cannot be read"
    return f"{human_heading(signatures, place)} cannot be compared with {human_heading(signatures, 0)}: {apart}."


def as_markdown(board: Board) -> str:
    """GitHub-flavoured Markdown. Names are shown as they are, whatever they hold."""
    lines: list[str] = []
    for place, block in enumerate(board.blocks):
        lines += [f"**{markdown(title(board, place))}**", "", *markdown_table(rows(block)), ""]
        lines += [*(f"- {markdown(remark)}" for remark in remarks(block)), ""]
    for table in board.published:
        lines += [f"**Published: {markdown(source(table))}**", "", *markdown_table(published_rows(table)), ""]
        lines += [*(f"- {markdown(note)}" for note in table.notes), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def as_csv(board: Board) -> str:
    """One row per row and metric with unrounded numbers, RFC 4180; published ones as printed; what is not there is empty."""
    stream = io.StringIO()
    columns = ["block", "task", "version", "split", "row", "kind", "metric", "direction", "unit", "value", "low", "high", "rank"]
    columns += ["model", "clips", "coverage", "reference_value", "source", "signature"]
    writer = csv.DictWriter(stream, columns, lineterminator="\r\n", restval="")
    writer.writeheader()
    for place, block in enumerate(board.blocks):
        about = {"block": place + 1, "task": board.task, "version": block.task_version, "split": board.split}
        for row in (*block.rows, *block.anchors):
            for column in block.columns:
                cell = row.cells.get(column.metric)
                if cell is None:
                    continue
                low, high = cell.interval or ("", "")
                found = {
                    name: "" if (value := getattr(cell, name, None)) is None else value for name in columns if hasattr(cell, name)
                }
                measured = {
                    "metric": column.metric,
                    "direction": column.direction,
                    "unit": column.unit,
                    "signature": column.signature,
                }
                line = {**about, **measured, **found, "row": row.row, "kind": row.kind, "low": low, "high": high}
                writer.writerow({name: spreadsheets.inert(value) for name, value in line.items()})
    for table in board.published:
        for printed in table.rows:
            for published_column in table.columns:
                line = {
                    "block": "published",
                    "task": board.task,
                    "split": printed.split or "",
                    "row": printed.row if printed.under is None else f"{printed.under}: {printed.row}",
                    "model": printed.model or "",
                    "kind": printed.kind,
                    "metric": published_column.key,
                    "direction": published_column.direction,
                    "unit": published_column.unit or "",
                    "value": printed.values[published_column.metric] or "",
                    "source": source(table),
                }
                writer.writerow({name: spreadsheets.inert(value) for name, value in line.items()})
    return stream.getvalue()


def as_latex(board: Board) -> str:
    """A table in the style of booktabs for each block, with the signatures as comments. Anchors stand below a rule."""
    lines: list[str] = []
    for place, block in enumerate(board.blocks):
        shown = rows(block)
        lines += [latex_comment(title(board, place)), *(latex_comment(column.signature) for column in block.columns)]
        lines += _latex_table(shown[: len(block.rows)], shown[len(block.rows) :])
    for table in board.published:
        lines += [latex_comment(f"Published: {source(table)}"), *_latex_table(published_rows(table), [])]
    return "\n".join(lines) + "\n"


def _cell(cell: Cell | None, *, ranked: bool) -> str:
    if cell is None:
        return _UNDEFINED
    rank = f" ({cell.rank})" if ranked and cell.rank is not None else ""
    return spanned(cell.value, cell.interval) + rank


def _judged(human: HumanCell | None) -> str:
    if human is None:
        return _UNDEFINED
    score = spanned(human.mean_over_signs.value, human.mean_over_signs.interval)
    return f"{score} ({human.raters} raters, {human.signs} signs)"


def _latex_table(ranked: Sequence[dict[str, str]], anchors: Sequence[dict[str, str]]) -> Iterator[str]:
    both = [*ranked, *anchors]
    if not both:
        return
    yield rf"\begin{{tabular}}{{{''.join('l' if name in _TEXTS else 'r' for name in both[0])}}}"
    yield r"\toprule"
    yield latex_row(list(both[0]))
    yield r"\midrule"
    yield from (latex_row(list(row.values())) for row in ranked)
    if anchors:
        yield r"\midrule"
        yield from (latex_row(list(row.values())) for row in anchors)
    yield r"\bottomrule"
    yield r"\end{tabular}"

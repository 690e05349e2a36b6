"""A leaderboard as tables: for the terminal, and as Markdown, CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from signbench.errors import InputError
from signbench.leaderboard.board import Block, Board, Cell, Column, HumanCell
from signbench.leaderboard.published import Published
from signbench.markup import latex_comment, markdown, markdown_item
from signbench.runs import signature
from signbench.runs.tables import ARROWS, UNDEFINED, levels_text, spanned
from signbench.tables import Table, Value

_TEXTS = ("rank", "row", "model", "kind", "split")
_CSV_FIELDS = (
    *("block", "task", "version", "split", "row", "kind", "metric", "direction", "unit", "value", "low", "high", "rank"),
    *("model", "clips", "coverage", "reference_value", "ceiling", "chance", "between", "source", "signature"),
)


def heading(column: Column) -> str:
    """A column's head: the metric, its unit and which way is better."""
    unit = "" if column.unit == "1" else f" [{column.unit}]"
    return f"{column.metric}{unit} {ARROWS[column.direction]}"


def human_signatures(block: Block) -> list[str]:
    """The distinct signatures of a block's human scores: each has a separate column."""
    return list(dict.fromkeys(row.human.signature for row in (*block.rows, *block.anchors) if row.human is not None))


def human_heading(signatures: Sequence[str], index: int) -> str:
    """The head of a human column, with a number if there are several."""
    return "SUS ↑" if len(signatures) == 1 else f"SUS ({index + 1}) ↑"


def table_of(block: Block) -> Table:
    """The printed table of a block: ranked rows, then anchors."""
    judged = human_signatures(block)
    shown = []
    for row in (*block.rows, *block.anchors):
        leading = row.cells.get(block.columns[0].metric) if block.columns else None
        rank = str(leading.rank) if leading is not None and leading.rank is not None else UNDEFINED
        cells = {"rank": "anchor" if row.kind == "anchor" else rank, "row": row.row, "kind": row.kind}
        for index, column in enumerate(block.columns):
            cells[heading(column)] = _cell(row.cells.get(column.metric), ranked=index > 0)
        for index, signed in enumerate(judged):
            human = row.human if row.human is not None and row.human.signature == signed else None
            cells[human_heading(judged, index)] = _judged(human)
        shown.append(cells)
    return _printed(shown, ranked=len(block.rows) if block.anchors else None)


def published_table(table: Published) -> Table:
    """A published table: labels and numbers as printed, and the models if some label does not name its model."""
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
            cells[f"{column.metric}{unit} {ARROWS[column.direction]}"] = row.values[column.metric] or UNDEFINED
        shown.append(cells)
    return _printed(shown)


def source(table: Published) -> str:
    """The citation of a published table, with its address."""
    where = f"arXiv {table.source.arxiv}" if table.source.arxiv is not None else table.source.url
    return f"{table.source.citation} ({where}), {table.source.table}"


def title(board: Board, index: int) -> str:
    """The heading of a block: task, version and split, and how it was measured differently from the first."""
    block = board.blocks[index]
    head = f"{board.task} {block.task_version} ({board.split})"
    return head if not block.reasons else f"{head}, measured differently: {'; '.join(block.reasons)}"


def remarks(block: Block) -> list[str]:
    """The lines below a block: how ranks were determined, and how each number was measured."""
    lines = [f"{column.metric}: ranks by {column.ranked_by}." for column in block.columns if len(block.rows) > 1]
    lines += [levels for column in block.columns if (levels := levels_of(column)) is not None]
    copies = [row.row for row in (*block.rows, *block.anchors) if row.own_copy]
    if copies:
        lines.append(f"measured against the submitter's own copy of the references: {', '.join(copies)}.")
    lines += [column.signature for column in block.columns]
    return [*lines, *human_remarks(block)]


def levels_of(column: Column) -> str | None:
    """A sentence with the ceiling and chance of a column that is measured through a judge; None for others."""
    if column.ceiling is None or column.chance is None:
        return None
    return f"{column.metric}: {levels_text(column.ceiling, column.chance)}."


def human_remarks(block: Block) -> list[str]:
    """The signatures of the human columns, and why each cannot be compared with the first."""
    signatures = human_signatures(block)
    return [*signatures, *(reason for index in range(1, len(signatures)) if (reason := human_difference(signatures, index)))]


def human_difference(signatures: Sequence[str], index: int) -> str | None:
    """Why the scores of a human column cannot be compared with those of the first; None for the first itself.

    Args:
        signatures: see :func:`human_signatures`.
        index: the column's index among them.
    """
    if index == 0:
        return None
    try:
        reason = "; ".join(signature.differences(signatures[0], signatures[index]))
    except InputError:  # the check of the entry reports it
        reason = "a signature cannot be read"
    return f"{human_heading(signatures, index)} cannot be compared with {human_heading(signatures, 0)}: {reason}."


def as_markdown(board: Board) -> str:
    """The leaderboard in GitHub-flavoured Markdown. Names are escaped, so that they appear as they are."""
    lines: list[str] = []
    for index, block in enumerate(board.blocks):
        lines += [f"**{markdown(title(board, index))}**", "", *table_of(block).markdown(), ""]
        lines += [*(markdown_item(remark) for remark in remarks(block)), ""]
    for table in board.published:
        lines += [f"**Published: {markdown(source(table))}**", "", *published_table(table).markdown(), ""]
        lines += [*(markdown_item(note) for note in table.notes), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def as_csv(board: Board) -> str:
    """The leaderboard as CSV (RFC 4180): a line per row and metric, unrounded; published numbers as printed; missing ones empty."""
    return Table.of([*_measured_fields(board), *_published_fields(board)], _CSV_FIELDS).csv()


def as_latex(board: Board) -> str:
    """A LaTeX table in the style of booktabs for each block, with the signatures as comments and anchors below a rule."""
    lines: list[str] = []
    for index, block in enumerate(board.blocks):
        lines += [latex_comment(title(board, index)), *(latex_comment(column.signature) for column in block.columns)]
        lines += [latex_comment(levels) for column in block.columns if (levels := levels_of(column)) is not None]
        lines += table_of(block).latex()
    for table in board.published:
        lines += [latex_comment(f"Published: {source(table)}"), *published_table(table).latex()]
    return "\n".join(lines) + "\n"


def _measured_fields(board: Board) -> Iterator[dict[str, Value]]:
    for index, block in enumerate(board.blocks):
        about: dict[str, Value] = {"block": index + 1, "task": board.task, "version": block.task_version, "split": board.split}
        for row in (*block.rows, *block.anchors):
            for column in block.columns:
                cell = row.cells.get(column.metric)
                if cell is None:
                    continue
                low, high = cell.interval or (None, None)
                found = {name: getattr(cell, name) for name in _CSV_FIELDS if hasattr(cell, name)}
                measured = {name: getattr(column, name) for name in ("metric", "direction", "unit", "signature")}
                levels = {"ceiling": column.ceiling, "chance": column.chance}
                level_values = {name: None if level is None else level.value for name, level in levels.items()}
                yield {**about, **measured, **found, **level_values, "row": row.row, "kind": row.kind, "low": low, "high": high}


def _published_fields(board: Board) -> Iterator[dict[str, Value]]:
    for table in board.published:
        for row in table.rows:
            for column in table.columns:
                yield {
                    "block": "published",
                    "task": board.task,
                    "split": row.split,
                    "row": row.row if row.under is None else f"{row.under}: {row.row}",
                    "model": row.model,
                    "kind": row.kind,
                    "metric": column.key,
                    "direction": column.direction,
                    "unit": column.unit,
                    "value": row.values[column.metric],
                    "source": source(table),
                }


def _printed(rows: list[dict[str, str]], ranked: int | None = None) -> Table:
    return Table.of(rows, numeric=[name for row in rows[:1] for name in row if name not in _TEXTS], ruled=ranked)


def _cell(cell: Cell | None, *, ranked: bool) -> str:
    if cell is None:
        return UNDEFINED
    rank = f" ({cell.rank})" if ranked and cell.rank is not None else ""
    return spanned(cell.value, cell.interval) + rank


def _judged(human: HumanCell | None) -> str:
    if human is None:
        return UNDEFINED
    score = spanned(human.mean_over_signs.value, human.mean_over_signs.interval)
    return f"{score} ({human.raters} raters, {human.signs} signs)"

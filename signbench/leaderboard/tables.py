"""A leaderboard as tables: for the terminal, for Markdown, for spreadsheets, for papers."""

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
    """How the human columns of a block were judged, each once: rows that were judged otherwise have a column of their own."""
    return list(dict.fromkeys(row.human.signature for row in (*block.rows, *block.anchors) if row.human is not None))


def human_heading(signatures: Sequence[str], place: int) -> str:
    """The head of a human column."""
    return "SUS ↑" if len(signatures) == 1 else f"SUS ({place + 1}) ↑"


def table_of(block: Block) -> Table:
    """What is printed of a block: ranked rows, then anchors."""
    judged = human_signatures(block)
    shown = []
    for row in (*block.rows, *block.anchors):
        leading = row.cells.get(block.columns[0].metric) if block.columns else None
        rank = str(leading.rank) if leading is not None and leading.rank is not None else UNDEFINED
        cells = {"rank": "anchor" if row.kind == "anchor" else rank, "row": row.row, "kind": row.kind}
        for place, column in enumerate(block.columns):
            cells[heading(column)] = _cell(row.cells.get(column.metric), ranked=place > 0)
        for place, signed in enumerate(judged):
            human = row.human if row.human is not None and row.human.signature == signed else None
            cells[human_heading(judged, place)] = _judged(human)
        shown.append(cells)
    return _printed(shown, ranked=len(block.rows) if block.anchors else None)


def published_table(table: Published) -> Table:
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
            cells[f"{column.metric}{unit} {ARROWS[column.direction]}"] = row.values[column.metric] or UNDEFINED
        shown.append(cells)
    return _printed(shown)


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
    lines += [levels for column in block.columns if (levels := levels_of(column)) is not None]
    copies = [row.row for row in (*block.rows, *block.anchors) if row.own_copy]
    if copies:
        lines.append(f"measured against an own copy of the references: {', '.join(copies)}.")
    lines += [column.signature for column in block.columns]
    return [*lines, *human_remarks(block)]


def levels_of(column: Column) -> str | None:
    """Ceiling and chance of a column that is measured through a judge, in a sentence; None for others."""
    if column.ceiling is None or column.chance is None:
        return None
    return f"{column.metric}: {levels_text(column.ceiling, column.chance)}."


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
        lines += [f"**{markdown(title(board, place))}**", "", *table_of(block).markdown(), ""]
        lines += [*(markdown_item(remark) for remark in remarks(block)), ""]
    for table in board.published:
        lines += [f"**Published: {markdown(source(table))}**", "", *published_table(table).markdown(), ""]
        lines += [*(markdown_item(note) for note in table.notes), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def as_csv(board: Board) -> str:
    """One row per row and metric with unrounded numbers, RFC 4180; published ones as printed; what is not there is empty."""
    return Table.of([*_measured_fields(board), *_published_fields(board)], _CSV_FIELDS).csv()


def as_latex(board: Board) -> str:
    """A table in the style of booktabs for each block, with the signatures as comments. Anchors stand below a rule."""
    lines: list[str] = []
    for place, block in enumerate(board.blocks):
        lines += [latex_comment(title(board, place)), *(latex_comment(column.signature) for column in block.columns)]
        lines += [latex_comment(levels) for column in block.columns if (levels := levels_of(column)) is not None]
        lines += table_of(block).latex()
    for table in board.published:
        lines += [latex_comment(f"Published: {source(table)}"), *published_table(table).latex()]
    return "\n".join(lines) + "\n"


def _measured_fields(board: Board) -> Iterator[dict[str, Value]]:
    for place, block in enumerate(board.blocks):
        about: dict[str, Value] = {"block": place + 1, "task": board.task, "version": block.task_version, "split": board.split}
        for row in (*block.rows, *block.anchors):
            for column in block.columns:
                cell = row.cells.get(column.metric)
                if cell is None:
                    continue
                low, high = cell.interval or (None, None)
                found = {name: getattr(cell, name) for name in _CSV_FIELDS if hasattr(cell, name)}
                measured = {name: getattr(column, name) for name in ("metric", "direction", "unit", "signature")}
                levels = {"ceiling": column.ceiling, "chance": column.chance}
                beside = {name: None if level is None else level.value for name, level in levels.items()}
                yield {**about, **measured, **found, **beside, "row": row.row, "kind": row.kind, "low": low, "high": high}


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

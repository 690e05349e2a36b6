"""The leaderboards as a static site: pages that open from the file system, without a server or network access."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from signbench.errors import InputError, SignbenchError
from signbench.leaderboard import tables
from signbench.leaderboard.board import Block, Board, Cell, Column
from signbench.leaderboard.human import HumanEstimate
from signbench.leaderboard.published import Column as PublishedColumn
from signbench.leaderboard.published import Published
from signbench.leaderboard.published import Row as PublishedRow
from signbench.leaderboard.ranking import ranked, standings, without_board
from signbench.metrics.base import Direction
from signbench.pages import house
from signbench.progress import Progress, silent
from signbench.runs.result import Level
from signbench.runs.side_by_side import from_best
from signbench.runs.tables import ARROWS, decimals_of, number
from signbench.whole_folders import whole_folder

if TYPE_CHECKING:
    from jinja2 import Environment

    from signbench.tasks.schema import Task

TEMPLATES = Path(__file__).with_name("templates")
INDEX, SCRIPT, STYLE = "index.html", "leaderboard.js", "leaderboard.css"


def build(
    out: Path,
    leaderboards: Path | None = None,
    *,
    warn: Callable[[str], None] = lambda sentence: None,
    progress: Progress = silent,
) -> Path:
    """Builds the site: an index, a page for each task and split, a style sheet and two scripts.

    Args:
        out: the site's folder; an older site is renamed to ``<name>.old-N``.
        leaderboards: a folder of leaderboards; None: those of the current folder, then those shipped with signbench.
        warn: called with a sentence for each problem of entries that are left out.
        progress: called with the number of leaderboards ranked so far.

    Returns:
        The page to open.

    Raises:
        InputError: jinja2 or plotly is not installed, or the folder cannot be written or has other content.
    """
    house.check_installed("a site")
    occupied = out.exists() and (not out.is_dir() or any(out.iterdir()))
    if occupied and not (out / SCRIPT).is_file():
        raise InputError(f"{out} has other content than a site; give an empty or new folder as `out`.")
    boards: list[Board] = []
    for standing in (found := standings(leaderboards)):
        progress("ranking", len(boards), len(found))
        boards.append(ranked(standing))
    for sentence in (*without_board(leaderboards), *(sentence for board in boards for sentence in board.refused)):
        warn(sentence)
    pages = rendered(sorted(boards, key=lambda found: not found.blocks))
    with whole_folder(out, move_aside=occupied) as made:
        for name, content in pages.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_text(content, encoding="utf-8")
        house.write_assets(made, style=(STYLE, []), script=(SCRIPT, [TEMPLATES / SCRIPT]))
    return out / INDEX


def rendered(boards: Sequence[Board]) -> dict[str, str]:
    """Renders the pages: HTML by path relative to the site. Every value is escaped.

    Args:
        boards: the leaderboards in the order of the index.
    """
    environment = _environment()
    pages = {INDEX: environment.get_template("index.html").render(boards=boards, root="", page=page_of, leaders=_leaders)}
    template = environment.get_template("board.html")
    for found in boards:
        name = page_of(found)
        pages[name] = template.render(
            board=found,
            root="../" * name.count("/"),
            task=_task(found.task),
            judged=tables.human_signatures,
            human_difference=tables.human_difference,
            others=[other for other in boards if other.task == found.task and other.split != found.split],
            page=page_of,
            charts=charts(found),
        )
    return pages


def page_of(found: Board) -> str:
    """Path of a leaderboard's page relative to the site."""
    return f"{found.task}/{found.split}.html"


def charts(found: Board) -> dict[str, Any]:
    """The data of the page's charts: the rows of the first block, and published rows with a number for a metric.

    A published number is left out of a chart if its unit is known to differ from that of the measured ones.
    """
    block = found.blocks[0] if found.blocks else None
    metrics = {column.metric: _described(column) for column in block.columns} if block is not None else {}
    points: list[dict[str, Any]] = []
    for row in (*block.rows, *block.anchors) if block is not None else ():
        values = {metric: [cell.value, *(cell.interval or (None, None))] for metric, cell in row.cells.items()}
        points.append({"name": row.row, "kind": row.kind, "group": "measured", "values": values})
    for index, table in enumerate(found.published):
        usable = [column for column in table.columns if _fits(column.unit, metrics.get(column.key))]
        for column in usable:
            arrow = ARROWS[column.direction]
            metrics.setdefault(column.key, {"key": column.key, "unit": column.unit or "1", "heading": f"{column.key} {arrow}"})
        for printed in table.rows:
            numbers = {column.key: printed.value(column.metric) for column in usable}
            name = printed.label if printed.split in (found.split, None) else f"{printed.label} ({printed.split})"
            values = {key: [float(value), None, None] for key, value in numbers.items() if value is not None}
            kind = "published" if printed.kind in ("model", "ablation") else "published ceiling"
            points.append({"name": name, "kind": kind, "group": f"{index}", "source": table.source.table, "values": values})
    return {"metrics": list(metrics.values()), "points": [point for point in points if point["values"]]}


def _described(column: Column) -> dict[str, str]:
    return {"key": column.metric, "unit": column.unit, "heading": tables.heading(column)}


def _fits(unit: str | None, measured: dict[str, str] | None) -> bool:
    return unit is None or measured is None or unit == measured["unit"]


def _environment() -> Environment:
    environment = house.environment(TEMPLATES)
    environment.filters["heading"] = tables.heading
    environment.filters["value"] = _value
    environment.filters["level"] = _level
    environment.globals["levels_of"] = tables.levels_of
    environment.filters["span"] = _span
    environment.filters["printed"] = _printed
    environment.globals |= {"whisker": _whisker, "leads": _leads, "order": _order, "reference": _reference}
    environment.globals["printed_orders"] = _printed_orders
    return environment


def _value(cell: Cell) -> str:
    return number(cell.value, decimals_of(cell.value, *(cell.interval or ())))


def _span(cell: Cell | HumanEstimate) -> str:
    if cell.interval is None or cell.value is None:
        return ""
    decimals = decimals_of(cell.value, *cell.interval)
    return f"{number(cell.interval[0], decimals)} – {number(cell.interval[1], decimals)}"


def _level(level: Level) -> str:
    """A ceiling or chance level, with as many decimals as a score."""
    return number(level.value, decimals_of(level.value))


def _printed(column: PublishedColumn) -> str:
    """The head of a published column, with its unit and an arrow even if the paper has none."""
    arrow = ARROWS[column.direction]
    header = column.header or "(header lost)"
    unit = f" [{column.unit}]" if column.unit not in (None, "1") and f"[{column.unit}]" not in header else ""
    return f"{header}{unit}" if arrow in header else f"{header}{unit} {arrow}"


def _whisker(block: Block, metric: str, cell: Cell) -> dict[str, float] | None:
    """A cell's interval and value on a scale from the smallest to the largest number in the block's column, in percent."""
    cells = [row.cells[metric] for row in (*block.rows, *block.anchors) if metric in row.cells]
    ends = [end for each in cells for end in (each.value, *(each.interval or ()))]
    least: float = min(ends)
    width: float = max(ends) - least
    if cell.interval is None or width <= 0:
        return None

    def percent(value: float) -> float:
        return round(100 * (value - least) / width, 2)

    low, high = map(percent, cell.interval)
    return {"left": low, "width": round(high - low, 2), "at": percent(cell.value)}


def _leads(block: Block, metric: str, cell: Cell) -> bool:
    """Whether no row is significantly better and some row is significantly worse; if no rows differ, none leads."""
    ranks = [row.cells[metric].rank for row in block.rows if metric in row.cells]
    return cell.rank == 1 and any(rank is not None and rank > 1 for rank in ranks)


def _order(column: Column, cell: Cell) -> float:
    """The number by which a column is sorted: the smaller, the better."""
    return from_best(cell.value, column.direction, cell.reference_value)


def _reference(block: Block, column: Column) -> str | None:
    """The references' own value, if the best score is the one closest to it."""
    if column.direction != "reference":
        return None
    cells = [row.cells[column.metric] for row in (*block.rows, *block.anchors) if column.metric in row.cells]
    values = {number(cell.reference_value, decimals_of(cell.reference_value)) for cell in cells if cell.reference_value is not None}
    return values.pop() if len(values) == 1 else None


class _Printed(NamedTuple):
    """The numbers by which a published column is sorted: the smaller, the better; None for a dash."""

    direction: Direction
    of_row: list[float | None]


def _printed_orders(table: Published) -> dict[str, _Printed]:
    """Each published column's order, by metric.

    If the best score is the one closest to the references' and the table lacks theirs for some row's split, the column is sorted
    by size.
    """
    orders = {}
    for column in table.columns:
        values = [row.value(column.metric) for row in table.rows]
        wanted = [_printed_reference(table, row, column.metric) for row in table.rows]
        direction = column.direction
        if direction == "reference" and any(value is not None and near is None for value, near in zip(values, wanted, strict=True)):
            direction = "lower"
        pairs = zip(values, wanted, strict=True)
        orders[column.metric] = _Printed(
            direction,
            [
                None if value is None else from_best(float(value), direction, None if near is None else float(near))
                for value, near in pairs
            ],
        )
    return orders


def _printed_reference(table: Published, row: PublishedRow, metric: str) -> Decimal | None:
    """The printed number of the references of a row's split, preferably under the same heading."""
    found = [other for other in table.rows if other.kind in ("ground-truth", "raw") and other.split == row.split]
    found.sort(key=lambda other: (other.kind != "ground-truth", other.under != row.under))
    return next((value for other in found if (value := other.value(metric)) is not None), None)


def _leaders(found: Board) -> list[str]:
    """The rows that lead by the leading metric of the first block; none if no rows differ significantly."""
    if not found.blocks or found.leading is None:
        return []
    block, leading = found.blocks[0], found.leading
    return [row.row for row in block.rows if leading in row.cells and _leads(block, leading, row.cells[leading])]


def _task(name: str) -> Task | None:
    """The task, to describe it on the page; None if its file does not exist here."""
    from signbench.tasks.loading import task

    try:
        return task(name)
    except SignbenchError:
        return None

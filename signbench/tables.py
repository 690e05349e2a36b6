"""Tables: what people and programs read of results, in each form that signbench prints.

A table is made once, of columns and cells, and written for the terminal, as Markdown, LaTeX, CSV or JSON. Names come from users:
of runs, clips, rows and answers. Whatever they hold, they are shown as they are, and break no form.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from signbench import markup
from signbench.spreadsheets import csv_text

if TYPE_CHECKING:
    from rich.table import Table as DrawnTable

Value = str | int | float | None
"""What programs read of a cell."""

PIPED_WIDTH = 200
"""Letters in a line where nobody's terminal says how many."""

_NARROWEST = 8


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its head.
        numeric: it holds numbers, which are never broken over lines and stand flush right in LaTeX.
        align: where its cells stand at a terminal.
        code: Markdown shows its cells as code.
    """

    name: str
    numeric: bool = False
    align: Literal["left", "right"] = "left"
    code: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        value: what programs read; None: nothing is there.
        text: what people read where it is not the value itself: a rounded number, a dash.
        beside: what follows the text and is never emphasised, such as an interval.
        best: it holds the best value of its column, which LaTeX sets in bold.
    """

    value: Value
    text: str | None = None
    beside: str = ""
    best: bool = False

    @property
    def main(self) -> str:
        """What people read, without what stands beside it."""
        if self.text is not None:
            return self.text
        return "" if self.value is None else str(self.value)

    @property
    def shown(self) -> str:
        """All that people read."""
        return f"{self.main} {self.beside}" if self.beside else self.main


@dataclass(frozen=True)
class Table:
    """Columns, and rows with a cell for each of them.

    Attributes:
        columns: from left to right.
        rows: from top to bottom.
        ruled: how many rows stand above a second rule in LaTeX, such as the one between ranked rows and anchors; None: there is
            no such rule.

    Raises:
        ValueError: a row has more or fewer cells than there are columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ruled: int | None = None

    def __post_init__(self) -> None:
        """Refuses rows that are no rows of these columns."""
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(f"row {number} has {len(row)} cells for {len(self.columns)} columns")

    @classmethod
    def of(
        cls,
        rows: Sequence[Mapping[str, Cell | Value]],
        names: Sequence[str] | None = None,
        *,
        numeric: Collection[str] = (),
        right: Collection[str] = (),
        code: Collection[str] = (),
        ruled: int | None = None,
    ) -> Table:
        """A table of rows that name their cells; where a row lacks a cell, it is empty.

        Args:
            rows: cells, or their values, by name of the column.
            names: of the columns; None: those of the first row.
            numeric: columns of numbers.
            right: columns of numbers that stand flush right at a terminal too.
            code: columns that Markdown shows as code.
            ruled: see the attribute.
        """
        if names is None:
            names = list(rows[0]) if rows else []
        columns = tuple(
            Column(
                name,
                numeric=name in numeric or name in right,
                align="right" if name in right else "left",
                code=name in code,
            )
            for name in names
        )
        cells = (tuple(map(_cell, (row.get(name) for name in names))) for row in rows)
        return cls(columns, tuple(cells), ruled)

    def texts(self) -> list[dict[str, str]]:
        """What people read, by name of the column."""
        return [{column.name: cell.shown for column, cell in zip(self.columns, row, strict=True)} for row in self.rows]

    def records(self) -> list[dict[str, Value]]:
        """What programs read, by name of the column."""
        return [{column.name: cell.value for column, cell in zip(self.columns, row, strict=True)} for row in self.rows]

    def json(self) -> str:
        """The records as a JSON list."""
        return json.dumps(self.records(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def csv(self) -> str:
        """The records as CSV by RFC 4180: numbers are not rounded, no cell is a formula, what is not there is empty."""
        return csv_text(([cell.value for cell in row] for row in self.rows), [column.name for column in self.columns])

    def markdown(self) -> list[str]:
        """The lines of a GitHub-flavoured table; none where there are no columns."""
        if not self.columns:
            return []
        escapes = [markup.markdown_code_cell if column.code else markup.markdown for column in self.columns]
        rows = [[markup.markdown(column.name) for column in self.columns], ["---"] * len(self.columns)]
        rows += [[escape(cell.shown) for escape, cell in zip(escapes, row, strict=True)] for row in self.rows]
        return [f"| {' | '.join(row)} |" for row in rows]

    def latex(self) -> list[str]:
        """The lines of a table in the style of booktabs, the best values bold; none where there are no rows."""
        if not self.rows:
            return []
        lines = [rf"\begin{{tabular}}{{{''.join('r' if column.numeric else 'l' for column in self.columns)}}}", r"\toprule"]
        lines += [_latex_row([markup.latex(column.name) for column in self.columns]), r"\midrule"]
        for number, row in enumerate(self.rows):
            if number == self.ruled:
                lines.append(r"\midrule")
            lines.append(_latex_row([_latex_cell(cell) for cell in row]))
        return [*lines, r"\bottomrule", r"\end{tabular}"]

    def drawn(self, width: int, title: str | None = None) -> DrawnTable:
        """The table for a terminal. Texts fold where they must; numbers do only where nothing else is left to fold.

        Args:
            width: letters in a line.
            title: stands above it.
        """
        from rich.box import SIMPLE_HEAD
        from rich.table import Table as DrawnTable
        from rich.text import Text

        whole = self.narrowest() <= width
        drawn = DrawnTable(
            box=SIMPLE_HEAD,
            title=None if title is None else Text(markup.one_line(title), style="table.title"),
            title_justify="left",
            pad_edge=False,
        )
        for column in self.columns:
            head = Text(markup.one_line(column.name))
            drawn.add_column(head, justify=column.align, no_wrap=column.numeric and whole, overflow="fold")
        for row in self.rows:
            drawn.add_row(*(Text(markup.one_line(cell.shown)) for cell in row))
        return drawn

    def narrowest(self) -> int:
        """Letters that a line must have so that no number is broken, and every other column is still wide enough to be read."""
        from rich.cells import cell_len

        wide = 0
        for number, column in enumerate(self.columns):
            texts = [column.name, *(row[number].shown for row in self.rows)]
            longest = max(cell_len(markup.one_line(text)) for text in texts)
            wide += 3 + (longest if column.numeric else min(longest, _NARROWEST))
        return wide

    def text(self, width: int = PIPED_WIDTH, title: str | None = None) -> str:
        """The table as a terminal shows it, without colours; wider than asked for where numbers would be broken."""
        from io import StringIO

        from rich.console import Console

        stream = StringIO()
        width = max(width, self.narrowest())
        Console(file=stream, width=width, highlight=False).print(self.drawn(width, title))
        return stream.getvalue()


def _cell(content: Cell | Value) -> Cell:
    return content if isinstance(content, Cell) else Cell(content)


def _latex_cell(cell: Cell) -> str:
    main, beside = markup.latex(cell.main), markup.latex(cell.beside)
    main = rf"\textbf{{{main}}}" if cell.best else main
    return f"{main} {beside}" if beside else main


def _latex_row(cells: Sequence[str]) -> str:
    """A line of a LaTeX table. One that opens with a bracket or a star is no argument of the line before it."""
    row = " & ".join(cells) + r" \\"
    return "{}" + row if row.lstrip().startswith(("[", "*")) else row

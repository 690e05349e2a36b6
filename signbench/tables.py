"""Tables of results, in every format that signbench prints.

A table is built once, from columns and cells, and written for the terminal, as Markdown, LaTeX, CSV or JSON. Names of runs, clips,
rows and answers come from users. Whatever they contain, they are shown literally and do not break any format.
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
"""The machine-readable value of a cell."""

PIPED_WIDTH = 200
"""Default line width without a terminal."""

_NARROWEST = 8


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its header.
        numeric: whether it holds numbers, which are never broken over lines and are right-aligned in LaTeX.
        align: alignment of its cells in a terminal.
        code: whether Markdown shows its cells as code.
    """

    name: str
    numeric: bool = False
    align: Literal["left", "right"] = "left"
    code: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        value: the machine-readable value; None: the cell is empty.
        text: the displayed text if it is not the value itself: a rounded number, a dash.
        beside: text that follows and is never emphasised, such as an interval.
        best: whether it holds the best value of its column, which LaTeX sets in bold.
    """

    value: Value
    text: str | None = None
    beside: str = ""
    best: bool = False

    @property
    def main(self) -> str:
        """The displayed text, without the part that follows it."""
        if self.text is not None:
            return self.text
        return "" if self.value is None else str(self.value)

    @property
    def shown(self) -> str:
        """The whole displayed text."""
        return f"{self.main} {self.beside}" if self.beside else self.main


@dataclass(frozen=True)
class Table:
    """Columns, and rows with a cell for each of them.

    Attributes:
        columns: from left to right.
        rows: from top to bottom.
        ruled: number of rows above a second rule in LaTeX, such as the one between ranked rows and anchors; None: there is no such
        rule.

    Raises:
        ValueError: a row has more or fewer cells than there are columns.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ruled: int | None = None

    def __post_init__(self) -> None:
        """Refuses rows that do not match the columns."""
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
        """A table of rows with named cells; missing cells are empty.

        Args:
            rows: cells, or their values, by name of the column.
            names: names of the columns; None: those of the first row.
            numeric: columns of numbers.
            right: columns of numbers that are right-aligned in a terminal too.
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
        """The displayed texts, by column name."""
        return [{column.name: cell.shown for column, cell in zip(self.columns, row, strict=True)} for row in self.rows]

    def records(self) -> list[dict[str, Value]]:
        """The machine-readable values, by column name."""
        return [{column.name: cell.value for column, cell in zip(self.columns, row, strict=True)} for row in self.rows]

    def json(self) -> str:
        """The records as a JSON list."""
        return json.dumps(self.records(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def csv(self) -> str:
        """The records as CSV by RFC 4180: numbers are not rounded, no cell is a formula, missing values are empty."""
        return csv_text(([cell.value for cell in row] for row in self.rows), [column.name for column in self.columns])

    def markdown(self) -> list[str]:
        """The lines of a GitHub-flavoured table; none if there are no columns."""
        if not self.columns:
            return []
        escapes = [markup.markdown_code_cell if column.code else markup.markdown for column in self.columns]
        rows = [[markup.markdown(column.name) for column in self.columns], ["---"] * len(self.columns)]
        rows += [[escape(cell.shown) for escape, cell in zip(escapes, row, strict=True)] for row in self.rows]
        return [f"| {' | '.join(row)} |" for row in rows]

    def latex(self) -> list[str]:
        """The lines of a table in the style of booktabs, the best values bold; none if there are no rows."""
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
        """The table for a terminal. Texts are wrapped if necessary; numbers only if nothing else is left to wrap.

        Args:
            width: characters per line.
            title: printed above it.
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
        """The minimum line width at which no number is broken and every other column is still readable."""
        from rich.cells import cell_len

        wide = 0
        for number, column in enumerate(self.columns):
            texts = [column.name, *(row[number].shown for row in self.rows)]
            longest = max(cell_len(markup.one_line(text)) for text in texts)
            wide += 3 + (longest if column.numeric else min(longest, _NARROWEST))
        return wide

    def text(self, width: int = PIPED_WIDTH, title: str | None = None) -> str:
        """The table as shown in a terminal, without colours; wider than requested if numbers would be broken otherwise."""
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
    """A line of a LaTeX table. A leading bracket or star is protected from being read as an argument of the previous line."""
    row = " & ".join(cells) + r" \\"
    return "{}" + row if row.lstrip().startswith(("[", "*")) else row

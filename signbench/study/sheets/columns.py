"""Columns of a sheet by the names that the mapping uses, and the rows below them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from signbench.errors import InputError, listing, nearest
from signbench.study.sheets.files import Sheet, column_letter
from signbench.study.sheets.survey_forms import folded, is_second_header, unfinished_cells

_BY_LETTER = re.compile(r"column ([A-Z]{1,3})")
_MOST_HEADERS = 2
"""Rows below the header that may describe its columns."""


class Columns:
    """The header of a sheet, and its rows of answers.

    Attributes:
        sheet: the sheet.
        header_row: number of the row with the names, from 1.
        names: name of each column, empty where it has none.
        rows: number of each row of answers that holds anything, and its cells, as many as there are columns.
        empty_rows: how many rows between them hold nothing.
        second_headers: how many rows describe the columns once more, as some programs write them below the header.
    """

    def __init__(self, sheet: Sheet, header_row: int = 1, first_row: int | None = None) -> None:
        """Reads the header.

        Raises:
            InputError: no header, no row below it, answers below no name (merged or several header rows), or a row with another
                number of cells.
        """
        self.sheet, self.header_row = sheet, header_row
        self._check_formulas(header_row, sheet.rows[header_row - 1] if len(sheet.rows) >= header_row else [])
        if len(sheet.rows) < header_row or not any(map(str.strip, sheet.rows[header_row - 1])):
            raise InputError(
                f"{sheet.label}, row {header_row} is empty and should name the columns; set header_row in the mapping."
            )
        header = sheet.rows[header_row - 1]
        start = first_row or header_row + 1
        rows = [(number, row) for number, row in enumerate(sheet.rows[start - 1 :], start) if any(map(str.strip, row))]
        filled = [
            (number, row)
            for place, (number, row) in enumerate(rows)
            if not is_second_header(header, row, first_rows=place < _MOST_HEADERS)
        ]
        self.second_headers = len(rows) - len(filled)
        if not filled:
            raise InputError(f"{sheet.label} is empty: nothing stands below the header in row {header_row}.")
        self.empty_rows = max(0, len(sheet.rows) - start + 1) - len(rows)
        width = max(len(header), *(len(row) for _, row in filled))
        self.names = [_name(cell) for cell in header] + [""] * (width - len(header))
        for number, row in filled:
            if sheet.ragged and len(row) != len(header):
                raise InputError(
                    f"{sheet.label}, row {number} has {len(row)} cells and the header in row {header_row} has {len(header)}: a "
                    "delimiter or a line end inside an answer lacks its quotation marks, or the header has several rows."
                )
            for index, cell in enumerate(row):
                if not self.names[index] and cell.strip():
                    raise InputError(
                        f"{sheet.label}, row {header_row}, column {column_letter(index)} has no name, but row {number} has "
                        "something there: merged header cells or a header of several rows. Name each column in one row, or "
                        "set header_row and first_row in the mapping."
                    )
        self.rows = [(number, [*row, *[""] * (width - len(row))]) for number, row in filled]
        self._used: set[int] = set()
        self._chosen_by: set[int] = set()

    def find(self, name: str, field: str) -> int:
        """Index of the column that the mapping means, by its name or as ``column C``.

        Args:
            name: what the mapping says.
            field: of the mapping, for the message.

        Raises:
            InputError: there is none, or there are several, or another field took it.
        """
        index = self._index(name, field)
        if index in self._used:
            raise InputError(f"{self.where(index)} has two meanings in the mapping, one of them {field}; keep one.")
        self._used.add(index)
        return index

    def find_optional(self, name: str | None, field: str) -> int | None:
        """As :meth:`find`, for a field that the mapping may leave out."""
        return None if name is None else self.find(name, field)

    def leave_out(self, names: Iterable[str]) -> None:
        """Takes note of columns that are not wanted; a name may stand for several columns.

        Raises:
            InputError: there is no such column.
        """
        for name in names:
            same = [index for index, known in enumerate(self.names) if known == _name(name)]
            self._used.update(same or [self._index(name, "ignored")])

    def choose_rows(self, leave_out: Mapping[str, Iterable[str]], keep: Mapping[str, Iterable[str]]) -> int:
        """Leaves out the rows that the mapping does not want; cells are compared without case and spaces around them.

        Args:
            leave_out: column -> cells that leave their row out.
            keep: column -> the only cells that keep their row.

        Returns:
            How many rows are left out.

        Raises:
            InputError: no such column, no row left, or a column calls rows unfinished and the mapping says nothing of it.
        """
        out = {self._index(name, "leave_out_rows"): {folded(cell) for cell in cells} for name, cells in leave_out.items()}
        kept = {self._index(name, "keep_rows"): {folded(cell) for cell in cells} for name, cells in keep.items()}
        self._chosen_by = {*out, *kept}
        chosen = [
            (number, cells)
            for number, cells in self.rows
            if not any(folded(cells[index]) in wanted for index, wanted in out.items())
            and all(folded(cells[index]) in wanted for index, wanted in kept.items())
        ]
        for index, marks in unfinished_cells(self.names).items():
            odd = [(number, cells[index].strip()) for number, cells in chosen if folded(cells[index]) in marks]
            if odd and index not in out and index not in kept:
                name, values = self.names[index], ", ".join(sorted({repr(cell) for _, cell in odd}))
                raise InputError(
                    f"{self.where(index, odd[0][0])}: by its column {_shown(name)}, {len(odd)} of {len(self.rows)} rows are "
                    f"unfinished, previews or tests. Write 'leave_out_rows: {{{name}: [{values}]}}' beside the sheet in the "
                    "mapping, or with an empty list [] if they count."
                )
        left_out = len(self.rows) - len(chosen)
        if not chosen:
            raise InputError(f"{self.sheet.label}: leave_out_rows and keep_rows leave no row of {left_out}; correct the mapping.")
        self.rows = chosen
        return left_out

    def check_no_formulas(self, indices: Iterable[int | None]) -> None:
        """Refuses cells of columns that tell people, clips and times apart where only a formula is known and not its value.

        Raises:
            InputError: names the first such cell.
        """
        for number, cells in self.rows:
            self._check_formulas(number, cells, [index for index in indices if index is not None])

    def check_all_used(self) -> None:
        """Refuses columns that the mapping does not speak of, so that no answer is lost.

        Raises:
            InputError: names the first of them.
        """
        left = [index for index, name in enumerate(self.names) if name and index not in self._used | self._chosen_by]
        if left:
            names = listing([f"{column_letter(index)} ({_shown(self.names[index])})" for index in left])
            columns = "column" if len(left) == 1 else "columns"
            raise InputError(
                f"{self.sheet.label}, row {self.header_row}: the mapping does not say what {columns} {names} hold"
                f"{'s' if len(left) == 1 else ''}; name their clips, or list them under ignored."
            )

    def where(self, index: int, row: int | None = None) -> str:
        """A place in words, for messages."""
        return f"{self.sheet.label}, row {self.header_row if row is None else row}, column {column_letter(index)}"

    def _check_formulas(self, row: int, cells: Iterable[str], indices: Iterable[int] | None = None) -> None:
        for index in range(len(list(cells))) if indices is None else indices:
            if self.sheet.marks.get((row, index + 1)) == "formula":
                raise InputError(
                    f"{self.where(index, row)} holds a formula without a value that can be read; paste the values in its place "
                    "(copy, paste special, values), or open the workbook in a spreadsheet and save it again."
                )

    def _index(self, name: str, field: str) -> int:
        same = [index for index, known in enumerate(self.names) if known == _name(name)]
        if len(same) == 1:
            return same[0]
        if same:
            letters = " and ".join(column_letter(index) for index in same)
            raise InputError(
                f"{self.sheet.label}, row {self.header_row}: columns {letters} are both called {_shown(_name(name))}; rename one "
                f"or write 'column {column_letter(same[0])}' in the mapping."
            )
        by_letter = _BY_LETTER.fullmatch(name)
        if by_letter:
            known_letters = [column_letter(index) for index in range(len(self.names))]
            if by_letter.group(1) in known_letters:
                return known_letters.index(by_letter.group(1))
        raise InputError(
            f"{self.sheet.label}, row {self.header_row} has no column {_shown(_name(name))}, which the mapping names as {field}. "
            f"{nearest(_name(name), [known for known in self.names if known])}"
        )


def _name(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell).split())


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else f"{name[:57]}...")

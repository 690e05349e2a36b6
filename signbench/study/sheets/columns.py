"""The header and rows of a sheet, with columns looked up by the names in the mapping."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from signbench.errors import InputError, listing, nearest
from signbench.study.sheets.files import Sheet, column_letter
from signbench.study.sheets.survey_forms import folded, is_second_header, unfinished_cells

_BY_LETTER = re.compile(r"column ([A-Z]{1,3})")
_MOST_HEADERS = 2
"""How many rows directly below the header may be additional header rows."""


class Columns:
    """The header of a sheet, and its rows of answers.

    Attributes:
        sheet: the sheet.
        header_row: number of the row with the names, from 1.
        names: name of each column, empty if it has none.
        rows: number and cells of each row that is not empty, padded to the number of columns.
        empty_rows: number of empty rows.
        second_headers: number of additional header rows, as some survey programs write them below the header.
    """

    def __init__(self, sheet: Sheet, *, header_row: int = 1, first_row: int | None = None) -> None:
        """Reads the header.

        Raises:
            InputError: there is no header or no row below it, a column with answers has no name (merged or several header rows),
                or a row has the wrong number of cells.
        """
        self.sheet, self.header_row = sheet, header_row
        self._check_formulas(header_row, sheet.rows[header_row - 1] if len(sheet.rows) >= header_row else [])
        if len(sheet.rows) < header_row or not any(map(str.strip, sheet.rows[header_row - 1])):
            raise InputError(
                f"{sheet.label}, row {header_row} is empty, but should contain the column names; set header_row in the mapping."
            )
        header = sheet.rows[header_row - 1]
        start = first_row or header_row + 1
        rows = [(number, row) for number, row in enumerate(sheet.rows[start - 1 :], start) if any(map(str.strip, row))]
        filled = [
            (number, row)
            for position, (number, row) in enumerate(rows)
            if not is_second_header(header, row, first_rows=position < _MOST_HEADERS)
        ]
        self.second_headers = len(rows) - len(filled)
        if not filled:
            raise InputError(f"{sheet.label} is empty: there are no rows below the header in row {header_row}.")
        self.empty_rows = max(0, len(sheet.rows) - start + 1) - len(rows)
        width = max(len(header), *(len(row) for _, row in filled))
        self.names = [_name(cell) for cell in header] + [""] * (width - len(header))
        for number, row in filled:
            if sheet.ragged and len(row) != len(header):
                raise InputError(
                    f"{sheet.label}, row {number} has {len(row)} cells, but the header in row {header_row} has {len(header)}: an "
                    "answer that contains a delimiter or line break is not quoted, or the header has several rows."
                )
            for index, cell in enumerate(row):
                if not self.names[index] and cell.strip():
                    raise InputError(
                        f"{sheet.label}, row {header_row}, column {column_letter(index)} has no name, but is not empty in row "
                        f"{number}; the header may have merged cells or several rows. Name each column in one row, or set "
                        "header_row and first_row in the mapping."
                    )
        self.rows = [(number, [*row, *[""] * (width - len(row))]) for number, row in filled]
        self._used: set[int] = set()
        self._chosen_by: set[int] = set()

    def find(self, name: str, field: str) -> int:
        """Looks up a column that the mapping uses.

        Args:
            name: the column's name, or its letter as ``column C``.
            field: of the mapping, for error messages.

        Returns:
            The column's index.

        Raises:
            InputError: no column or several columns have this name, or another field already uses the column.
        """
        index = self._index(name, field)
        if index in self._used:
            raise InputError(f"{self.where(index)} is used twice in the mapping, once as {field}; keep one use.")
        self._used.add(index)
        return index

    def find_optional(self, name: str | None, field: str) -> int | None:
        """As :meth:`find`, for a field that the mapping may omit; None if it does."""
        return None if name is None else self.find(name, field)

    def leave_out(self, names: Iterable[str]) -> None:
        """Marks columns as ignored.

        Args:
            names: of columns; several columns may share a name.

        Raises:
            InputError: there is no such column.
        """
        for name in names:
            same = [index for index, known in enumerate(self.names) if known == _name(name)]
            self._used.update(same or [self._index(name, "ignored")])

    def choose_rows(self, leave_out: Mapping[str, Iterable[str]], keep: Mapping[str, Iterable[str]]) -> int:
        """Removes the rows that the mapping excludes. Case and surrounding spaces of cells are ignored.

        Args:
            leave_out: column -> values whose rows are left out.
            keep: column -> the only values whose rows are kept.

        Returns:
            The number of rows that were left out.

        Raises:
            InputError: there is no such column, no row is left, or a column marks rows as unfinished and the mapping does not
                mention it.
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
            unfinished = [(number, cells[index].strip()) for number, cells in chosen if folded(cells[index]) in marks]
            if unfinished and index not in out and index not in kept:
                name, values = self.names[index], ", ".join(sorted({repr(cell) for _, cell in unfinished}))
                raise InputError(
                    f"{self.where(index, unfinished[0][0])}: according to column {_shown(name)}, {len(unfinished)} of "
                    f"{len(self.rows)} rows are unfinished, previews or tests. Add 'leave_out_rows: {{{name}: [{values}]}}' to the "
                    "sheet in the mapping, or use an empty list [] if they count."
                )
        left_out = len(self.rows) - len(chosen)
        if not chosen:
            raise InputError(f"{self.sheet.label}: leave_out_rows and keep_rows exclude all {left_out} rows; correct the mapping.")
        self.rows = chosen
        return left_out

    def check_no_formulas(self, indices: Iterable[int | None]) -> None:
        """Refuses formulas without a stored value in columns that identify people, clips or times.

        Raises:
            InputError: names the first such cell.
        """
        for number, cells in self.rows:
            self._check_formulas(number, cells, [index for index in indices if index is not None])

    def check_all_used(self) -> None:
        """Refuses columns that the mapping does not mention, so that no answer is lost.

        Raises:
            InputError: names the first of them.
        """
        left = [index for index, name in enumerate(self.names) if name and index not in self._used | self._chosen_by]
        if left:
            names = listing([f"{column_letter(index)} ({_shown(self.names[index])})" for index in left])
            columns = "column" if len(left) == 1 else "columns"
            raise InputError(
                f"{self.sheet.label}, row {self.header_row}: {columns} {names} {'is' if len(left) == 1 else 'are'} not in the "
                f"mapping; add {'it' if len(left) == 1 else 'them'} under clips or ignored."
            )

    def where(self, index: int, row: int | None = None) -> str:
        """Sheet, row and column of a cell, for messages; without ``row``, of the header."""
        return f"{self.sheet.label}, row {self.header_row if row is None else row}, column {column_letter(index)}"

    def _check_formulas(self, row: int, cells: Iterable[str], indices: Iterable[int] | None = None) -> None:
        for index in range(len(list(cells))) if indices is None else indices:
            if self.sheet.marks.get((row, index + 1)) == "formula":
                raise InputError(
                    f"{self.where(index, row)} is a formula without a stored value; replace it with its value (copy, paste "
                    "special, values), or open the workbook in a spreadsheet program and save it again."
                )

    def _index(self, name: str, field: str) -> int:
        same = [index for index, known in enumerate(self.names) if known == _name(name)]
        if len(same) == 1:
            return same[0]
        if same:
            letters = " and ".join(column_letter(index) for index in same)
            raise InputError(
                f"{self.sheet.label}, row {self.header_row}: columns {letters} have the same name {_shown(_name(name))}; rename "
                f"them, or write 'column {column_letter(same[0])}' in the mapping."
            )
        by_letter = _BY_LETTER.fullmatch(name)
        if by_letter:
            known_letters = [column_letter(index) for index in range(len(self.names))]
            if by_letter.group(1) in known_letters:
                return known_letters.index(by_letter.group(1))
        raise InputError(
            f"{self.sheet.label}, row {self.header_row} has no column {_shown(_name(name))}, which the mapping uses as {field}. "
            f"{nearest(_name(name), [known for known in self.names if known])}"
        )


def _name(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell).split())


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else f"{name[:57]}...")

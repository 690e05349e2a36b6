"""``clips.csv``, the table with the metadata of a folder's media."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from signbench.corpora.id_tables import IdRow, read_id_table
from signbench.errors import InputError
from signbench.media.rates import is_rate

NAME = "clips.csv"

COLUMNS = ("id", "file", "text", "gloss", "signer", "fps")
"""The columns of the table; only the first is required."""


@dataclass(frozen=True, kw_only=True)
class ListedClip:
    """The metadata of one clip; None if a value is not stated.

    Attributes:
        file: its path below the table's folder, as written in the table.
        text: the sentence or word.
        gloss: glosses, separated by spaces.
        signer: name of the signer.
        fps: frames per second.
    """

    file: str | None = None
    text: str | None = None
    gloss: str | None = None
    signer: str | None = None
    fps: float | None = None


@dataclass(frozen=True)
class ClipTable:
    """A table of clips.

    Attributes:
        path: the file.
        columns: its columns.
        rows: clip id -> the metadata of the clip, in the table's order.
        lines: clip id -> the line of its row, from 1.
    """

    path: Path
    columns: tuple[str, ...]
    rows: Mapping[str, ListedClip]
    lines: Mapping[str, int]

    def where(self, clip: str) -> str:
        """The name of a clip's row in messages."""
        return f"{self.path}, line {self.lines[clip]}"


def read_clip_table(path: Path) -> ClipTable:
    """Reads a table of clips: UTF-8, separated by commas, with the columns :data:`COLUMNS` or some of them.

    Raises:
        InputError: the file is unreadable, or has an unknown or missing column, a row with the wrong number of cells, a bad or
            duplicate id, or a rate that is not a number; the message names the line.
    """
    table = read_id_table(path, COLUMNS[1:], may_be_empty=COLUMNS[1:])
    columns = tuple(next(iter(table.values())).cells)
    rows = {clip: _row(row, f"{path}, line {row.line}") for clip, row in table.items()}
    return ClipTable(path, columns, rows, {clip: row.line for clip, row in table.items()})


def write_clip_table(path: Path, rows: Mapping[str, ListedClip]) -> None:
    """Writes a table of clips with all columns.

    Args:
        path: the file.
        rows: clip id -> the metadata of the clip.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for clip, row in rows.items():
            table.writerow([clip, row.file, row.text, row.gloss, row.signer, None if row.fps is None else f"{row.fps:g}"])


def _row(row: IdRow, where: str) -> ListedClip:
    file, text, gloss, signer, fps = (row.cells.get(column) or None for column in COLUMNS[1:])
    return ListedClip(file=file, text=text, gloss=gloss, signer=signer, fps=None if fps is None else _rate(fps, where))


def _rate(text: str, where: str) -> float:
    try:
        fps = float(text)
    except ValueError:
        fps = 0.0
    if not is_rate(fps):
        raise InputError(f"{where}: fps is {text!r}; write frames per second, such as 25, or nothing.")
    return fps

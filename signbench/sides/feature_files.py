"""Feature vectors computed by an external network, as one side of a comparison."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.clip import Clip, Side
from signbench.corpora.clip_ids import clip_id
from signbench.corpora.id_tables import IdRow, read_id_table
from signbench.corpora.recordings import Stamp, file_stamp
from signbench.errors import InputError, MediaError, NotComparableError, listing
from signbench.sides.array_files import finite_row, open_array

IDS = "ids.csv"
"""The table next to feature vectors or logits that names their clips: columns ``id`` and ``label``."""


@dataclass(frozen=True)
class FeatureEntry:
    """The feature vector of one clip.

    Attributes:
        path: a ``.npy`` file.
        row: its row; None: the file is the vector.
        sign: the class of the clip, or None.
        ids: the table that names the rows or the signs, or None.
    """

    path: Path
    row: int | None = None
    sign: str | None = None
    ids: Path | None = None

    @property
    def label(self) -> str:
        return str(self.path) if self.row is None else f"{self.path}[{self.row}]"

    def stamp(self) -> Stamp:
        return file_stamp(self.path, *([] if self.ids is None else [self.ids]))

    def digest(self) -> str:
        """SHA-256 of the vector and the sign, independently of how vectors are stored in files."""
        vector = self.vector()
        return hashlib.sha256(f"{vector.dtype.str}{vector.shape}{self.sign}".encode() + vector.tobytes()).hexdigest()

    def vector(self) -> NDArray[np.floating[Any]]:
        """float32 or float64 ``(D,)``, finite.

        Raises:
            MediaError: the file has changed, or holds a number that is not finite.
        """
        if self.row is None:
            return finite_row(open_array(self.path, 1), self.label)
        matrix = open_array(self.path, 2)
        if self.row >= len(matrix):
            raise MediaError(f"{self.path} has {len(matrix)} rows, so row {self.row} does not exist; start again.")
        return finite_row(matrix[self.row], self.label)


def read_feature_side(path: Path) -> Side:
    """Finds the clips of a folder or file of feature vectors; reads only headers and names.

    - A folder: a ``.npy`` file ``(D,)`` for each clip, whose id is its path in the folder without suffix. An ``ids.csv`` in it
      (columns ``id,label``) gives each clip its sign.
    - A ``.npy`` file ``(N, D)``: the ``ids.csv`` next to it (``id`` or ``id,label``) names its rows, in order.

    Args:
        path: the folder or file.

    Raises:
        InputError: it does not exist, is neither of them, or files or tables do not match; the message names the file and the line.
        NotComparableError: there is no vector in the folder.
    """
    if path.is_dir():
        entries = _folder(path)
    elif path.suffix.lower() == ".npy":
        entries = _matrix(path)
    elif path.exists():
        raise InputError(f"{path} holds no features; pass a folder of .npy files, or one .npy file with an {IDS} next to it.")
    else:
        raise InputError(f"{path} does not exist.")
    return Side(str(path), {name: Clip(name, features=entries[name]) for name in sorted(entries)}, os.path.realpath(path))


def _matrix(path: Path) -> dict[str, FeatureEntry]:
    matrix = open_array(path, 2)
    _check_width(matrix.shape[1], path)
    table = path.parent / IDS
    rows = read_id_table(table, ["label"])
    check_rows(table, rows, path, len(matrix))
    return {name: FeatureEntry(path, index, _sign(row), table) for index, (name, row) in enumerate(rows.items())}


def _folder(folder: Path) -> dict[str, FeatureEntry]:
    table = folder / IDS
    rows = read_id_table(table, ["label"], ["label"]) if table.is_file() else None
    entries: dict[str, FeatureEntry] = {}
    width: tuple[int, Path] | None = None
    for path in sorted(folder.rglob("*.npy")):
        name = clip_id(path.relative_to(folder).as_posix(), suffix=True)
        if name in entries:
            raise InputError(f"{folder}: {entries[name].path} and {path} both have the clip id {name}; keep one.")
        vector = open_array(path, 1)
        _check_width(len(vector), path)
        width = width or (len(vector), path)
        if len(vector) != width[0]:
            raise InputError(f"{path} has {len(vector)} features, {width[1]} has {width[0]}; compute all with the same network.")
        row = None if rows is None else rows.get(name)
        if rows is not None and row is None:
            raise InputError(f"{table} has no row for the clip {name}, which has the file {path}; add one, or remove the file.")
        entries[name] = FeatureEntry(path, None, _sign(row), None if rows is None else table)
    if not entries:
        raise NotComparableError(f"{folder} holds no .npy file; nothing can be measured.")
    lacking = sorted(set(rows or ()) - set(entries))
    if lacking:
        raise InputError(f"{table} names clips without a file in {folder}: {listing(lacking)}; add the files or remove the rows.")
    return entries


def check_rows(table: Path, rows: dict[str, IdRow], path: Path, count: int) -> None:
    """Refuses a table that does not name exactly the rows of a matrix.

    Raises:
        InputError: the message has both numbers.
    """
    if len(rows) != count:
        raise InputError(f"{table} names {len(rows)} clips, but {path} has {count} rows; name every row, in order.")


def _check_width(width: int, path: Path) -> None:
    if width < 2:
        raise InputError(f"{path} has {width} features per clip; a vector needs at least 2.")


def _sign(row: IdRow | None) -> str | None:
    label = None if row is None else row.cells.get("label")
    return None if label is None else unicodedata.normalize("NFC", label)

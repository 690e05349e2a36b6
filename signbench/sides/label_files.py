"""Labels of clips, true ones and what a recogniser said, as one side of a comparison."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from signbench.corpora.clip import Clip, Side
from signbench.corpora.id_tables import read_id_table
from signbench.corpora.recordings import Stamp, file_stamp
from signbench.errors import InputError, MediaError
from signbench.sides.array_files import finite_row, open_array
from signbench.sides.feature_files import IDS, check_rows

CLASSES = "classes.txt"
"""The file beside logits that names their columns, a class a line."""


@dataclass(frozen=True)
class LabelEntry:
    """The label of one clip in a table.

    Attributes:
        path: the table.
        line: where it stands, from 1.
        name: the label, in NFC; empty where the recogniser named nothing.
    """

    path: Path
    line: int
    name: str

    @property
    def label(self) -> str:
        return f"{self.path}, line {self.line}"

    def stamp(self) -> Stamp:
        return file_stamp(self.path)

    def digest(self) -> str:
        """SHA-256 of the label."""
        return hashlib.sha256(self.name.encode()).hexdigest()

    def ranked(self) -> tuple[str, ...]:
        """The label alone, or none."""
        return (self.name,) if self.name else ()


@dataclass(frozen=True)
class LogitsEntry:
    """What a recogniser gave each class for one clip.

    Attributes:
        path: a ``.npy`` file ``(N, C)``.
        row: the clip's.
        ids: the table that names the rows.
        classes: the file that names the columns.
    """

    path: Path
    row: int
    ids: Path
    classes: Path

    @property
    def label(self) -> str:
        return f"{self.path}[{self.row}]"

    def stamp(self) -> Stamp:
        return file_stamp(self.path, self.ids, self.classes)

    def digest(self) -> str:
        """SHA-256 of the ranked labels, which are all that is used of them."""
        return hashlib.sha256("\n".join(self.ranked()).encode()).hexdigest()

    def ranked(self) -> tuple[str, ...]:
        """All classes from the largest logit to the smallest; among equals the earlier column first.

        Raises:
            MediaError: the file is not what it was, or holds a number that is not finite.
        """
        matrix, names = open_array(self.path, 2), _class_names(self.classes, file_stamp(self.classes))
        if self.row >= len(matrix) or matrix.shape[1] != len(names):
            raise MediaError(f"{self.path} has the shape {matrix.shape} and changed meanwhile; begin anew.")
        logits = finite_row(matrix[self.row], self.label)
        return tuple(names[place] for place in np.argsort(-logits, kind="stable"))


def read_label_side(path: Path, role: str) -> Side:
    """Finds the labels of clips; reads no logits yet.

    - References: a table ``id,label``.
    - Predictions: a table ``id,prediction``, whose cells are empty where the recogniser named nothing. One table
      ``id,label,prediction`` may serve as both sides.
    - Predictions with ranks: a ``.npy`` file of logits ``(N, C)``, beside it ``ids.csv`` (``id``), which names its rows in order,
      and ``classes.txt``, which names its columns, a class a line.

    Args:
        path: the table or the logits.
        role: ``references`` or ``predictions``.

    Raises:
        InputError: not there, of another kind, files that do not fit one another; the message names the file and the line.
    """
    suffix = path.suffix.lower()
    clips: dict[str, Clip]
    if not path.exists():
        raise InputError(f"{path} does not exist.")
    if suffix == ".csv":
        column = "label" if role == "references" else "prediction"
        rows = read_id_table(path, ["label", "prediction"], [column], ["prediction"])
        clips = {name: Clip(name, labels=LabelEntry(path, row.line, _composed(row.cells[column]))) for name, row in rows.items()}
    elif suffix == ".npy" and role == "references":
        raise InputError(f"{path} holds numbers, but references need labels; give a table with the columns id,label.")
    elif suffix == ".npy":
        clips = _logits(path)
    else:
        raise InputError(f"{path} holds no labels; give a table .csv with the columns id,label,prediction, or logits as .npy.")
    return Side(str(path), dict(sorted(clips.items())), os.path.realpath(path))


def _logits(path: Path) -> dict[str, Clip]:
    matrix = open_array(path, 2)
    ids, classes = path.parent / IDS, path.parent / CLASSES
    rows = read_id_table(ids, ["label"])
    check_rows(ids, rows, path, len(matrix))
    try:
        names = _class_names(classes, file_stamp(classes))
    except OSError as error:
        raise InputError(f"{classes} cannot be read: {error.strerror}; it names the columns of {path}, a class a line.") from error
    if len(names) != matrix.shape[1]:
        raise InputError(f"{classes} names {len(names)} classes, but {path} has {matrix.shape[1]} columns; name every column.")
    return {name: Clip(name, labels=LogitsEntry(path, place, ids, classes)) for place, name in enumerate(rows)}


@lru_cache(maxsize=4)
def _class_names(path: Path, stamp: Stamp) -> tuple[str, ...]:
    """The lines of a file; kept while its stamp stays."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; save it as such.") from error
    names = tuple(_composed(line) for line in lines)
    seen: dict[str, int] = {}
    for line, name in enumerate(names, start=1):
        if not name:
            raise InputError(f"{path}, line {line} is empty; name a class in every line.")
        if name in seen:
            raise InputError(f"{path}, line {line}: the class {name} stands in line {seen[name]} already; names must differ.")
        seen[name] = line
    return names


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())

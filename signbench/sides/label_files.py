"""Labels of clips, true ones and those of a recogniser, as one side of a comparison."""

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
"""The file next to logits that names their columns, one class per line."""


@dataclass(frozen=True)
class LabelEntry:
    """The label of one clip in a table.

    Attributes:
        path: the table.
        line: its line number, from 1.
        name: the label, in NFC; empty if the recogniser gave none.
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
        """The label, or nothing."""
        return (self.name,) if self.name else ()


@dataclass(frozen=True)
class LogitsEntry:
    """The logits of a recogniser for one clip.

    Attributes:
        path: a ``.npy`` file ``(N, C)``.
        row: row of the clip.
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
        """SHA-256 of the ranked labels, the only part that is used."""
        return hashlib.sha256("\n".join(self.ranked()).encode()).hexdigest()

    def ranked(self) -> tuple[str, ...]:
        """All classes from the largest logit to the smallest; ties by column.

        Raises:
            MediaError: the file has changed, or holds a number that is not finite.
        """
        matrix, names = open_array(self.path, 2), _class_names(self.classes, file_stamp(self.classes))
        if self.row >= len(matrix) or matrix.shape[1] != len(names):
            raise MediaError(f"{self.path} has the shape {matrix.shape} and has changed in the meantime; start again.")
        logits = finite_row(matrix[self.row], self.label)
        return tuple(names[index] for index in np.argsort(-logits, kind="stable"))


def read_label_side(path: Path, role: str) -> Side:
    """Finds the labels of clips; reads no logits yet.

    - References: a table ``id,label``.
    - Predictions: a table ``id,prediction``, whose cells are empty if the recogniser gave no label. One table
      ``id,label,prediction`` may serve as both sides.
    - Predictions with ranks: a ``.npy`` file of logits ``(N, C)``, next to it ``ids.csv`` (``id``), which names its rows in order,
      and ``classes.txt``, which names its columns, one class per line.

    Args:
        path: the table or the logits.
        role: ``references`` or ``predictions``.

    Raises:
        InputError: it does not exist, is of another kind, or the files do not match; the message names the file and the line.
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
        raise InputError(f"{path} holds numbers, but references need labels; pass a table with the columns id,label.")
    elif suffix == ".npy":
        clips = _logits(path)
    else:
        raise InputError(f"{path} holds no labels; pass a .csv table with the columns id,label,prediction, or logits as .npy.")
    return Side(str(path), dict(sorted(clips.items())), os.path.realpath(path))


def _logits(path: Path) -> dict[str, Clip]:
    matrix = open_array(path, 2)
    ids, classes = path.parent / IDS, path.parent / CLASSES
    rows = read_id_table(ids, ["label"])
    check_rows(ids, rows, path, len(matrix))
    try:
        names = _class_names(classes, file_stamp(classes))
    except OSError as error:
        raise InputError(
            f"{classes} cannot be read: {error.strerror}; it names the columns of {path}, one class per line."
        ) from error
    if len(names) != matrix.shape[1]:
        raise InputError(f"{classes} names {len(names)} classes, but {path} has {matrix.shape[1]} columns; name every column.")
    return {name: Clip(name, labels=LogitsEntry(path, index, ids, classes)) for index, name in enumerate(rows)}


@lru_cache(maxsize=4)
def _class_names(path: Path, stamp: Stamp) -> tuple[str, ...]:
    """The lines of a file; cached while its stamp is unchanged."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    names = tuple(_composed(line) for line in lines)
    seen: dict[str, int] = {}
    for line, name in enumerate(names, start=1):
        if not name:
            raise InputError(f"{path}, line {line} is empty; every line must name a class.")
        if name in seen:
            raise InputError(f"{path}, line {line}: the class {name} is already in line {seen[name]}; names must differ.")
        seen[name] = line
    return names


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())

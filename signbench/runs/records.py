"""Records on disk: append-only SQLite files with one writer each, which survive a kill at any point."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from signbench.documents.versions import newer
from signbench.errors import InputError
from signbench.metrics.base import Record
from signbench.metrics.pairs import LengthPair
from signbench.runs.lock import without_locks
from signbench.runs.outcomes import ClipOutcome, Failure, Input

_VERSION = 2
_TABLES = """
CREATE TABLE IF NOT EXISTS clips (clip TEXT PRIMARY KEY, inputs TEXT NOT NULL, lengths TEXT NOT NULL, layout TEXT);
CREATE TABLE IF NOT EXISTS records (clip TEXT NOT NULL, metric TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (clip, metric));
CREATE TABLE IF NOT EXISTS failures (
    clip TEXT NOT NULL, metric TEXT NOT NULL, reason TEXT NOT NULL, fault TEXT NOT NULL, PRIMARY KEY (clip, metric));
"""
_BETWEEN_COMMITS = 0.5


def pack(record: Record) -> bytes:
    """A record as bytes: a JSON line with names, dtypes and shapes, followed by the arrays."""
    arrays = {name: np.ascontiguousarray(array) for name, array in record.items()}
    header = json.dumps({name: [array.dtype.str, list(np.shape(record[name]))] for name, array in arrays.items()})
    return header.encode() + b"\n" + b"".join(array.tobytes() for array in arrays.values())


def unpack(blob: bytes) -> Record:
    """The inverse of :func:`pack`."""
    end = blob.index(b"\n")
    record: Record = {}
    offset = end + 1
    for name, (kind, shape) in json.loads(blob[:end]).items():
        dtype = np.dtype(kind)
        count = math.prod(shape)
        record[name] = np.frombuffer(blob, dtype, count, offset).reshape(shape)
        offset += count * dtype.itemsize
    return record


@dataclass(frozen=True)
class ClipRow:
    """Everything about a clip besides its records.

    Attributes:
        inputs: ``reference.video`` and so on -> the file from which its records were computed.
        lengths: modality -> lengths of both sides.
        layout: the references' key-point layout, or None.
    """

    inputs: Mapping[str, Input]
    lengths: Mapping[str, LengthPair]
    layout: str | None


class RecordFile:
    """One process's records. If opened for writing, it belongs to this process until it is closed."""

    def __init__(self, path: Path | None, *, write: bool) -> None:
        """Opens a file of records.

        Args:
            path: the file, or None for one in memory.
            write: create it if it does not exist, and keep other writers out.

        Raises:
            InputError: another process is writing it, it cannot be written, or it is not a file of records.
        """
        self.path = path
        name = str(path) if path is not None else ":memory:"
        try:
            if write:
                lockless = f"{Path(name).resolve().as_uri()}?vfs=unix-none" if path is not None and without_locks() else name
                self._connection = sqlite3.connect(lockless, uri=lockless != name, timeout=1.0, isolation_level=None)
                self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
                self._connection.execute("PRAGMA journal_mode=DELETE")
                self._connection.execute("PRAGMA synchronous=NORMAL")
                self._connection.execute("BEGIN IMMEDIATE")
                for statement in _TABLES.strip().split(";\n"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version={_VERSION}")
                self._connection.execute("COMMIT")
            else:
                uri = f"{Path(name).resolve().as_uri()}?mode=rw"  # rw: half-written data of a killed process is rolled back
                uri += "&vfs=unix-none" if without_locks() else ""
                self._connection = sqlite3.connect(uri, uri=True, timeout=10.0)
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:  # its writer was killed before the first commit
                self._connection.close()
                self._connection = sqlite3.connect(":memory:")
                self._connection.executescript(_TABLES)
        except sqlite3.Error as error:
            raise _explained(path, error) from error
        if version > _VERSION:
            raise newer(path or "the file of records")
        self._last_commit = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, outcome: ClipOutcome, keys: Sequence[str]) -> None:
        """Appends the outcome of one clip; a previous failure that now succeeded is removed.

        Args:
            outcome: the outcome of the clip.
            keys: the metrics' keys, in the run's order.

        Raises:
            InputError: the folder can no longer be written; what was added before is kept.
        """
        clip = outcome.clip
        try:
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN")
            old = self.clip(clip)
            inputs = {**(old.inputs if old else {}), **outcome.inputs}
            if old is not None:
                inputs |= {name: _described(file, old.inputs.get(name)) for name, file in outcome.inputs.items()}
            lengths = {**(old.lengths if old else {}), **outcome.lengths}
            self._connection.execute(
                "INSERT OR REPLACE INTO clips VALUES (?, ?, ?, ?)",
                (
                    clip,
                    json.dumps({name: asdict(file) for name, file in inputs.items()}, sort_keys=True),
                    json.dumps({name: asdict(pair) for name, pair in lengths.items()}, sort_keys=True),
                    outcome.layout or (old.layout if old else None),
                ),
            )
            for index, record in outcome.records.items():
                self._connection.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (clip, keys[index], pack(record)))
                self._connection.execute("DELETE FROM failures WHERE clip = ? AND metric = ?", (clip, keys[index]))
            for index, failure in outcome.failures.items():
                self._connection.execute(
                    "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)", (clip, keys[index], failure.reason, failure.fault)
                )
            if time.monotonic() - self._last_commit > _BETWEEN_COMMITS:
                self.commit()
        except sqlite3.Error as error:
            raise _explained(self.path, error) from error

    def commit(self) -> None:
        """Makes everything that was added durable."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise _explained(self.path, error) from error
        self._last_commit = time.monotonic()

    def close(self) -> None:
        """Commits and lets other processes read."""
        try:
            self.commit()
        finally:
            self._connection.close()

    def clip(self, clip: str) -> ClipRow | None:
        """Everything about a clip besides its records, or None."""
        with self._reading():
            row = self._connection.execute("SELECT inputs, lengths, layout FROM clips WHERE clip = ?", (clip,)).fetchone()
            return None if row is None else _clip_row(*row)

    def clip_ids(self) -> Iterator[str]:
        """Every clip that was tried."""
        with self._reading():
            for (clip,) in self._connection.execute("SELECT clip FROM clips"):
                yield clip

    def done(self) -> Iterator[tuple[str, str]]:
        """Every (clip, metric key) that has a record."""
        with self._reading():
            yield from self._connection.execute("SELECT clip, metric FROM records")

    def failures(self) -> Iterator[tuple[str, str, Failure]]:
        """Every (clip, metric key) that failed when it was last tried."""
        with self._reading():
            for clip, metric, reason, fault in self._connection.execute("SELECT clip, metric, reason, fault FROM failures"):
                yield clip, metric, Failure(reason, fault)

    def record(self, clip: str, metric: str) -> Record:
        """One record, which must exist."""
        query = "SELECT record FROM records WHERE clip = ? AND metric = ?"
        with self._reading():
            row = self._connection.execute(query, (clip, metric)).fetchone()
            return unpack(row[0])

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Converts errors of reading a damaged file; the damage may be in a part that has not been read before.

        Raises:
            InputError: the message names the file.
        """
        try:
            yield
        except sqlite3.Error as error:
            raise _explained(self.path, error) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(
                f"{self.path} is damaged: its content is not a record ({type(error).__name__}); use `fresh=True` to start over."
            ) from error


def _described(file: Input, before: Input | None) -> Input:
    """A file with its earlier content digest, if it was not computed this time."""
    if before is None or before.sha256 != file.sha256 or file.content is not None:
        return file
    return replace(file, content=before.content, departure=before.departure)


def _clip_row(inputs: str, lengths: str, layout: str | None) -> ClipRow:
    return ClipRow(
        {name: Input(**file) for name, file in json.loads(inputs).items()},
        {name: LengthPair(**pair) for name, pair in json.loads(lengths).items()},
        layout,
    )


def _explained(path: Path | None, error: sqlite3.Error) -> InputError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return InputError(f"{path} is being written by another process; wait for it, or choose another `out`.")
    if "full" in text or "I/O" in text:
        return InputError(
            f"{path} cannot be written: {text}. What was computed before is kept; make room and rerun the command to resume."
        )
    if "not a database" in text or "malformed" in text:
        return InputError(f"{path} is not a file of records, or is damaged ({text}); use `fresh=True` to start over.")
    return InputError(f"{path} cannot be opened: {text}.")

"""Arrays of a whole split on disk, one file each, written clip by clip and opened memory-mapped."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from signbench.errors import InputError
from signbench.progress import Progress, silent
from signbench.user_folders import user_cache
from signbench.weights.locking import locked

Kind = TypeVar("Kind", bound=np.generic)

Arrays = Callable[[range], Iterator[Iterable[NDArray[Any]]]]
"""For each clip of a range of indices, its rows, in parts."""

CHUNK = 64 << 20
"""How many bytes are written before they are flushed to the disk; a kill loses at most these."""

_SPARE = 1 << 30
"""How many bytes must remain free on the disk."""


def training_folder() -> Path:
    """The folder of prepared arrays: ``training`` in the user's cache, or ``$SIGNBENCH_TRAINING_CACHE``."""
    return user_cache("SIGNBENCH_TRAINING_CACHE", "training")


@dataclass(frozen=True, eq=False)
class ClipArrays(Generic[Kind]):
    """One array for each clip of a split, one after the other in a memory-mapped file.

    Attributes:
        ids: the clips, in the corpus's order.
        offsets: int64 ``(clips + 1,)``; clip i has the rows ``offsets[i]`` to ``offsets[i + 1]``.
        rows: the arrays of all clips, concatenated, read-only.
    """

    ids: tuple[str, ...]
    offsets: NDArray[np.int64]
    rows: NDArray[Kind]

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.ids)

    def __getitem__(self, index: int) -> NDArray[Kind]:
        """The array of one clip, as a view of the file."""
        return self.rows[self.offsets[index] : self.offsets[index + 1]]

    def lengths(self) -> NDArray[np.int64]:
        """int64 ``(clips,)``: the number of rows of each clip."""
        return np.diff(self.offsets)


@dataclass(frozen=True)
class ArrayFile:
    """The description of a file of arrays.

    Attributes:
        name: readable beginning of the file's name.
        identity: everything that its content depends on, as values that JSON has.
        ids: the clips, in order.
        lengths: number of rows of each clip.
        shape: of one row.
        dtype: of the values.
    """

    name: str
    identity: dict[str, Any]
    ids: tuple[str, ...]
    lengths: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: DTypeLike

    def path(self, folder: Path) -> Path:
        """The file's path: readable name, and 16 digits of the digest of what its content depends on."""
        described = json.dumps([self.identity, self.ids, self.lengths, self.shape, np.dtype(self.dtype).str], sort_keys=True)
        digest = hashlib.sha256(described.encode()).hexdigest()[:16]
        return folder / f"{re.sub(r'[^A-Za-z0-9.]+', '-', self.name)}-{digest}.npy"

    def opened(self, arrays: Arrays, folder: Path | None = None, progress: Progress = silent) -> ClipArrays[Any]:
        """Opens the file, which is written first if it does not exist.

        It appears under its name when it is complete. After a kill it resumes with the first clip that is not complete on disk.
        Several processes may call this at once: one writes, the others wait.

        Args:
            arrays: yields, for each clip of a range of indices, its rows, in parts.
            folder: the folder of prepared arrays; by default :func:`training_folder`.
            progress: called with the readable name and the number of rows.

        Raises:
            InputError: the disk is too small (checked before any work starts) or cannot be written, or a clip has more or fewer
                rows than stated.
        """
        path = self.path(training_folder() if folder is None else folder)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                with locked(path):
                    if not path.exists():
                        self._write(path, arrays, progress)
            rows = np.load(path, mmap_mode="r") if sum(self.lengths) else np.empty((0, *self.shape), self.dtype)
        except OSError as error:
            raise InputError(
                f"{path} cannot be written: {error.strerror or error}; set SIGNBENCH_TRAINING_CACHE to another folder."
            ) from error
        return ClipArrays(self.ids, np.array([0, *accumulate(self.lengths)], np.int64), rows)

    def _write(self, path: Path, arrays: Arrays, progress: Progress) -> None:
        dtype, total = np.dtype(self.dtype), sum(self.lengths)
        row = dtype.itemsize * int(np.prod(self.shape))
        header = _header(dtype, (total, *self.shape))
        part = path.with_name(f".{path.name}.part")
        written = max(0, part.stat().st_size - len(header)) if part.exists() else 0
        _check_room(path, (total * row) - written)
        done, rows = 0, 0
        while done < len(self.lengths) and (rows + self.lengths[done]) * row <= written:
            rows += self.lengths[done]
            done += 1
        with part.open("r+b" if part.exists() else "w+b") as stream:
            stream.write(header)
            stream.truncate(len(header) + rows * row)
            stream.seek(0, os.SEEK_END)
            unsafe = 0
            missing = range(done, len(self.lengths))
            for clip, parts in zip(missing, arrays(missing), strict=True):
                count = 0
                for values in parts:
                    count += len(values)
                    stream.write(np.ascontiguousarray(values, dtype).tobytes())
                if count != self.lengths[clip]:
                    raise InputError(f"clip {self.ids[clip]} has {count} frames, but {self.lengths[clip]} are announced.")
                rows, unsafe = rows + count, unsafe + count * row
                if unsafe >= CHUNK:
                    _flush(stream)
                    unsafe = 0
                progress(self.name, rows, total)
            _flush(stream)
        part.replace(path)


def _flush(stream: io.BufferedRandom) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _header(dtype: np.dtype[Any], shape: Sequence[int]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": tuple(shape)}
    )
    return stream.getvalue()


def _check_room(path: Path, needed: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if needed + _SPARE > free:
        raise InputError(
            f"{path.name} needs {needed / 1e9:.1f} GB and 1.1 GB to spare, and the disk of {path.parent} has {free / 1e9:.1f} GB "
            "left; make room, or set SIGNBENCH_TRAINING_CACHE to a folder on a larger disk."
        )

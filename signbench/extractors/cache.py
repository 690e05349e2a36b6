"""The cache of observations: the output of networks for recordings, stored so that no recording passes through a network twice.

The key of an observation depends on the recording's bytes, the reader, the view and the extractor, and on nothing that a user
chooses. A cache that cannot be read or written costs time, but never changes a number: every problem with it is treated as a miss.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.extractors.observation_files import (
    DamagedError,
    NoSecretError,
    SectionWriter,
    check,
    read_blocks,
    read_header,
    read_whole,
)
from signbench.user_folders import user_cache

_FOLDER = "SIGNBENCH_CACHE"
_LIMIT = 50.0
_SUFFIX = ".observation"
_NAME = re.compile(r"[0-9a-f]{64}" + re.escape(_SUFFIX))
_UNFINISHED = re.compile(r"\.[0-9a-f]{64}\.[0-9]+\.[0-9a-f]{16}\.part")
_ABANDONED_AFTER = 24 * 3600.0
_KEPT_WHEN_FULL = 0.9
_UNCOUNTED = 0.01

_log = logging.getLogger(__name__)


def observation_key(recording_digest: str, reader: str, view: str, extractor: str) -> str:
    """The key of an observation.

    Args:
        recording_digest: SHA-256 of the recording's bytes, or its equivalent if it has none.
        reader: the reader and its revision.
        view: how the clip was prepared for the network: rate, length, size.
        extractor: the extractor's signature: architecture and revision, digests of the weights, preprocessing, precision.

    Returns:
        SHA-256, hexadecimal, over the four as canonical JSON.
    """
    parts = {"recording": recording_digest, "reader": reader, "view": view, "extractor": extractor}
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class CacheDamagedError(MediaError):
    """A cached observation changed on disk while it was being read."""


class KeptObservation:
    """An observation in the cache, verified as a whole when it was opened. A context manager.

    Attributes:
        key: its key.
        description: as stored by the writer.
    """

    def __init__(self, stream: IO[bytes], key: str, description: Mapping[str, Any]) -> None:
        self.key = key
        self.description = description
        self._stream = stream

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """The blocks of rows, float32 ``(n, D)``, in the order and sizes in which they were added; only one is in memory at a time.

        Raises:
            CacheDamagedError: the file changed since it was opened, so the rows returned so far are incomplete.
        """
        try:
            yield from read_blocks(self._stream)
        except (DamagedError, OSError) as error:
            raise CacheDamagedError(
                f"the cached observation {self.key[:12]} was damaged while it was being read ({error}); run signbench cache "
                "verify --remove, then repeat the command."
            ) from error

    def content(self) -> bytes | None:
        """The bytes of an observation that was kept as one piece; None if it consists of rows.

        Raises:
            CacheDamagedError: the file was changed since it was opened.
        """
        try:
            return read_whole(self._stream)
        except (DamagedError, OSError) as error:
            raise CacheDamagedError(
                f"the kept observation {self.key[:12]} was damaged while it was read ({error}); "
                "run signbench cache verify --remove, then repeat the command."
            ) from error

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class ObservationWriter:
    """Writes the blocks of one observation as they are computed."""

    def __init__(self, cache: ObservationCache, sections: SectionWriter | None) -> None:
        self._cache = cache
        self._sections = sections
        self._columns: int | None = None

    def add(self, block: NDArray[np.float32]) -> None:
        """Writes the next rows.

        Args:
            block: float32 ``(n, D)``, with the same D as the previous ones.

        Raises:
            ValueError: the block is something else.
        """
        if block.ndim != 2 or block.dtype != np.float32 or self._columns not in (None, block.shape[1]):
            raise ValueError(f"an observation must be float32 (n, D), always with the same D; got {block.dtype} {block.shape}")
        self._columns = block.shape[1]
        if self._sections is not None:
            try:
                self._sections.rows(block)
            except OSError as error:
                self.give_up(error)

    def whole(self, content: bytes) -> None:
        """Takes an observation that is one piece of bytes, as its codec wrote it."""
        if self._sections is not None:
            try:
                self._sections.whole(content)
            except OSError as error:
                self.give_up(error)

    def discard(self) -> None:
        """Discards this observation, because it turned out to be invalid."""
        self._sections = None

    def finish(self) -> bool:
        """Writes the end; False if the observation is not to be kept."""
        if self._sections is not None:
            self._sections.done()
        return self._sections is not None

    def give_up(self, error: OSError) -> None:
        """Discards this observation because the disk does not accept it, and lets the run continue."""
        self.discard()
        self._cache.give_up(f"cannot be written: {error.strerror or error}")


@dataclass(frozen=True)
class Entry:
    """One file of the cache.

    Attributes:
        path: the file.
        size: bytes.
        used: when it was last written or read, in seconds since 1970.
        key: its key; None for an unfinished file of an interrupted run.
    """

    path: Path
    size: int
    used: float
    key: str | None

    def extractor(self) -> str:
        """The signature of its extractor; ``unknown`` if the file does not state it."""
        try:
            with self.path.open("rb") as stream:
                return str(read_header(stream)["description"].get("extractor", "unknown"))
        except (OSError, DamagedError, NoSecretError):
            return "unknown"

    def damage(self) -> str | None:
        """A description of the damage, None if every checksum is right. Reads the whole file."""
        try:
            with self.path.open("rb") as stream:
                if read_header(stream)["key"] != self.key:
                    return "it was renamed"
                check(stream)
        except (DamagedError, NoSecretError) as error:
            return str(error)
        except OSError as error:
            return error.strerror or str(error)
        return None


@contextmanager
def observations_in(folder: Path) -> Iterator[None]:
    """Temporarily uses another folder for the cache, in this process and in those that it starts.

    Args:
        folder: need not exist.
    """
    before = os.environ.get(_FOLDER)
    os.environ[_FOLDER] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_FOLDER]
        else:
            os.environ[_FOLDER] = before


@dataclass
class ObservationCache:
    """Observations in one folder, shared by any number of processes.

    Attributes:
        folder: the folder of the cache; it need not exist.
        limit: maximum size in bytes; when it is exceeded, the least recently used observations are deleted. 0 disables the cache.
        problem: why the cache is not used, as a sentence, or None.
    """

    folder: Path
    limit: int
    problem: str | None = None
    _bytes: int = field(default=0, repr=False)
    _uncounted: int | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls) -> Self:
        """The cache in ``$SIGNBENCH_CACHE`` of ``$SIGNBENCH_CACHE_LIMIT`` gigabytes.

        By default ``signbench/observations`` in the user's cache folder, and 50.

        Raises:
            InputError: the limit is not a non-negative number, or no home folder is known.
        """
        text = os.environ.get("SIGNBENCH_CACHE_LIMIT") or str(_LIMIT)
        try:
            gigabytes = float(text)
            limit = int(gigabytes * 1e9)
        except (ValueError, OverflowError):
            limit = -1
        if limit < 0:
            raise InputError(f"SIGNBENCH_CACHE_LIMIT is {text!r}; write a number of gigabytes, such as 50, or 0 for no cache.")
        return cls(user_cache("SIGNBENCH_CACHE", "observations"), limit)

    def open(self, key: str) -> KeptObservation | None:
        """A cached observation, with all checksums verified.

        Args:
            key: of :func:`observation_key`.

        Returns:
            None if there is none; if it is damaged, in which case it is removed; or if it cannot be read.
        """
        if self.limit == 0:
            return None
        path = self._place(key)
        try:
            stream = path.open("rb")
        except OSError as error:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                self.give_up(f"cannot be read: {error.strerror or error}")
            return None
        try:
            head = read_header(stream)
            if head["key"] != key:
                raise DamagedError("it was renamed")
            check(stream)
        except NoSecretError as error:
            stream.close()
            self.give_up(f"is not used, because {error}; set SIGNBENCH_SECRET to a writable file")
            return None
        except (DamagedError, OSError) as error:
            stream.close()
            _log.warning("signbench: a cached observation was damaged and will be computed again: %s (%s)", path, error)
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return KeptObservation(stream, key, head["description"])

    @contextmanager
    def writer(self, key: str, description: Mapping[str, Any]) -> Iterator[ObservationWriter]:
        """Stores an observation: add blocks inside the ``with``. Another process sees all of it or nothing.

        If the block ends with an error, nothing is stored. If the cache cannot be written, nothing is stored either, one warning
        says so, and ``problem`` holds the reason.

        Args:
            key: of :func:`observation_key`.
            description: plain JSON values; ``extractor`` is the extractor's signature, by which ``signbench cache`` groups.
        """
        if self.limit == 0:
            yield ObservationWriter(self, None)
            return
        part = self.folder / f".{key}.{os.getpid()}.{os.urandom(8).hex()}.part"
        stream: IO[bytes] | None = None
        kept = False
        try:
            try:
                stream = part.open("xb")
            except FileNotFoundError:
                self.folder.mkdir(parents=True, exist_ok=True)
                stream = part.open("xb")
            writer = ObservationWriter(self, SectionWriter(stream, key, description))
        except OSError as error:
            writer = ObservationWriter(self, None)
            writer.give_up(error)
        except NoSecretError as error:
            writer = ObservationWriter(self, None)
            self.give_up(f"is not used, because {error}; set SIGNBENCH_SECRET to a writable file")
        try:
            yield writer
            try:
                if stream is not None and writer.finish():
                    kept = self._keep(stream, part, key)
            except OSError as error:
                writer.give_up(error)
        finally:
            with contextlib.suppress(OSError):  # closing writes what is left in memory, which fails on a full disk
                if stream is not None:
                    stream.close()
            if not kept:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)

    def content(self, key: str) -> bytes | None:
        """What :meth:`keep` was given, verified; None if there is none, as for :meth:`open`."""
        kept = self.open(key)
        if kept is None:
            return None
        with kept:
            return kept.content()

    def keep(self, key: str, description: Mapping[str, Any], content: bytes) -> None:
        """Keeps an observation that is one piece of bytes; see :meth:`writer`.

        Args:
            key: of :func:`observation_key`.
            description: as for :meth:`writer`.
            content: as its codec wrote it.
        """
        with self.writer(key, description) as writer:
            writer.whole(content)

    def entries(self) -> list[Entry]:
        """The cache's own files, finished and unfinished, least recently used first. Other files are skipped.

        Raises:
            InputError: the folder cannot be read.
        """
        found = []
        try:
            with os.scandir(self.folder) as files:
                for file in files:
                    finished = _NAME.fullmatch(file.name) is not None
                    if not finished and not _UNFINISHED.fullmatch(file.name):
                        continue
                    with contextlib.suppress(FileNotFoundError):  # another process removed it
                        status = file.stat(follow_symlinks=False)
                        key = file.name.removesuffix(_SUFFIX) if finished else None
                        found.append(Entry(Path(file.path), status.st_size, status.st_mtime, key))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(f"{self.folder} cannot be read: {error.strerror or error}.") from error
        return sorted(found, key=lambda entry: (entry.used, entry.path.name))

    def give_up(self, reason: str) -> None:
        """Records, and reports once, that the cache cannot be used."""
        if self.problem is None:
            self.problem = f"the cache of observations {self.folder} {reason}"
            _log.warning("signbench: %s; the run continues without it.", self.problem)

    def _place(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _keep(self, stream: IO[bytes], part: Path, key: str) -> bool:
        """Moves a finished file to its final path, and makes room if the cache has become too large.

        Returns:
            Whether it was moved: not if it is larger than the cache may be.
        """
        stream.flush()  # without fsync: after a power cut an incomplete file is recognised by its checksums
        size = stream.tell()
        if size > self.limit:
            self.give_up(f"holds at most {self.limit / 1e9:g} GB and one observation has {size / 1e9:.3g} GB")
            return False
        part.replace(self._place(key))
        # Computing the size means looking at every file, so it is repeated only after a hundredth of the limit has been written.
        if self._uncounted is not None:
            self._uncounted += size
            self._bytes += size
        if self._uncounted is None or self._uncounted > self.limit * _UNCOUNTED or self._bytes > self.limit:
            self._make_room()
        return True

    def _make_room(self) -> None:
        """Computes the size; removes abandoned files, and if the limit is exceeded, the least recently used ones."""
        try:
            entries = self.entries()
        except InputError:
            return
        now = time.time()
        abandoned = [entry for entry in entries if entry.key is None and now - entry.used > _ABANDONED_AFTER]
        entries = [entry for entry in entries if entry.key is not None]
        self._bytes, self._uncounted = sum(entry.size for entry in entries), 0
        leaving = []
        if self._bytes > self.limit:
            left = self._bytes
            for entry in entries[:-1]:
                if left <= self.limit * _KEPT_WHEN_FULL:
                    break
                leaving.append(entry)
                left -= entry.size
            self._bytes = left
        for entry in (*abandoned, *leaving):
            with contextlib.suppress(OSError):
                entry.path.unlink()

"""One process owns the GPU: its workers decode and measure, and send it what networks and judges are to see.

Each worker would otherwise load every network onto the one device. Requests that wait at the same time share a batch, so that the
device is filled by as many clips as there are workers. On the CPU nothing of this is used: there each worker has its own networks,
and no clip shares a batch with another.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, Pipe, wait
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import SignbenchError
from signbench.extractors.base import Extractor, Rows
from signbench.judges.asking import answers
from signbench.judges.base import Gives, Judge, JudgedClip, Observation

MOST_FRAMES = 256
"""Frames that pass through a network together, at most."""

Address = tuple[Any, bytes, str | None]
"""Where the owner listens, the key that only its own workers know, and the folder in shared memory, where there is one."""

_SHARED_FROM = 1 << 20
"""Arrays of so many bytes pass through shared memory: a socket takes several times as long."""
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it is this user's alone


@dataclass(frozen=True)
class _InSharedMemory:
    """An array that lies in a file in memory; whoever takes it removes the file."""

    path: str
    shape: tuple[int, ...]
    dtype: str

    def take(self) -> NDArray[Any]:
        array = np.fromfile(self.path, dtype=self.dtype).reshape(self.shape)
        Path(self.path).unlink()
        return array


def _sent(array: NDArray[Any], folder: str | None) -> NDArray[Any] | _InSharedMemory:
    """An array as it goes to the other process."""
    if folder is None or array.nbytes < _SHARED_FROM:
        return array
    path = f"{folder}/{secrets.token_hex(16)}"
    try:
        np.ascontiguousarray(array).tofile(path)
    except OSError:  # shared memory is full
        with contextlib.suppress(OSError):
            Path(path).unlink()
        return array
    return _InSharedMemory(path, array.shape, array.dtype.str)


def _received(value: Any) -> Any:
    return value.take() if isinstance(value, _InSharedMemory) else value


def _shared_folder() -> str | None:
    """A folder in shared memory that only this user can read, or None where the system has none."""
    try:
        return tempfile.mkdtemp(prefix="signbench-", dir=_SHARED_MEMORY)
    except OSError:
        return None


@dataclass(frozen=True)
class _RowsWanted:
    extractor: Extractor
    batch: NDArray[Any] | _InSharedMemory


@dataclass(frozen=True)
class _AnswerWanted:
    judge: str
    clip: JudgedClip
    wanted: tuple[Gives, ...]


class DeviceOwner:
    """Runs networks and judges for the workers of one process, in a thread."""

    def __init__(self, judges: Mapping[str, Judge]) -> None:
        """Begins to listen.

        Args:
            judges: name -> judge, ready to answer.
        """
        self._judges = judges
        self._key = secrets.token_bytes(32)
        self._listener = Listener(family="AF_UNIX", authkey=self._key)
        self._connections: list[Connection[Any, Any]] = []
        self._folder = _shared_folder()
        self._ended = False
        self._lock = threading.Lock()
        self._woken, self._wake = Pipe(duplex=False)
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._accept, self._serve)]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> Address:
        """What a worker needs to know to reach it."""
        return self._listener.address, self._key, self._folder

    def close(self) -> None:
        """Stops; workers that still ask get an end of file."""
        self._ended = True
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as nobody:  # ends the accepting thread
            nobody.settimeout(1)
            nobody.connect(self._listener.address)
        self._wake.send(None)
        for thread in self._threads:
            thread.join(timeout=10)
        self._listener.close()
        for connection in self._connections:
            connection.close()
        for end in (self._woken, self._wake):
            end.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        while not self._ended:
            try:
                connection = self._listener.accept()
            except (AuthenticationError, EOFError, OSError):  # somebody without the key, or who went away
                continue
            with self._lock:
                self._connections.append(connection)
            self._wake.send(None)

    def _serve(self) -> None:
        while not self._ended:
            with self._lock:
                everyone = list(self._connections)
            ready = wait([*everyone, self._woken])
            if self._woken in ready:
                self._woken.recv()
            asked: list[tuple[Connection[Any, Any], Any]] = []
            for connection in everyone:
                if connection not in ready:
                    continue
                try:
                    request = connection.recv()
                    if isinstance(request, _RowsWanted):
                        request = replace(request, batch=_received(request.batch))
                    asked.append((connection, request))
                except (EOFError, OSError):
                    with self._lock:
                        self._connections.remove(connection)
            self._answer(asked)

    def _answer(self, asked: Sequence[tuple[Connection[Any, Any], Any]]) -> None:
        """Answers requests that came together, those that can share a batch in one go."""
        groups: dict[Any, list[tuple[Connection[Any, Any], Any]]] = {}
        for connection, request in asked:
            if isinstance(request, _RowsWanted):
                key: Any = (request.extractor, request.batch.shape[1:], str(request.batch.dtype))
            else:
                key = (request.judge, request.wanted)
            groups.setdefault(key, []).append((connection, request))
        for group in groups.values():
            requests = [request for _, request in group]
            try:
                replies = _rows(requests) if isinstance(requests[0], _RowsWanted) else self._said(requests)
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                replies = [error] * len(group)
            for (connection, _), reply in zip(group, replies, strict=True):
                with contextlib.suppress(OSError):  # the worker is gone
                    connection.send(self._portable(reply))

    def _portable(self, reply: Any) -> Any:
        """A reply that another process can read: errors of others by what they say, large arrays in shared memory."""
        if isinstance(reply, np.ndarray):
            return _sent(reply, self._folder)
        if not isinstance(reply, Exception) or isinstance(reply, SignbenchError):
            return reply
        text = " ".join(str(reply).split())
        return RuntimeError(f"{type(reply).__name__}: {text}")

    def _said(self, requests: Sequence[_AnswerWanted]) -> list[Any]:
        """What a judge says of several clips; where it fails on one of them, each is asked for alone."""
        judge = self._judges[requests[0].judge]
        found: list[Any] = []
        for start in range(0, len(requests), max(1, judge.batch)):
            part = requests[start : start + max(1, judge.batch)]
            try:
                found += answers(judge, [request.clip for request in part], part[0].wanted)
            except Exception:
                if len(part) == 1:
                    raise
                found += [self._alone(judge, request) for request in part]
        return found

    @staticmethod
    def _alone(judge: Judge, request: _AnswerWanted) -> Any:
        try:
            return answers(judge, [request.clip], request.wanted)[0]
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
            return error


def _rows(requests: Sequence[_RowsWanted]) -> list[Rows]:
    """Rows of several batches that fit each other, through one network."""
    found: list[Rows] = []
    waiting = [cast("NDArray[Any]", request.batch) for request in requests]
    while waiting:
        part = [waiting.pop(0)]
        while waiting and sum(map(len, part)) + len(waiting[0]) <= MOST_FRAMES:
            part.append(waiting.pop(0))
        rows = requests[0].extractor.compute(np.concatenate(part) if len(part) > 1 else part[0])
        found += np.split(rows, np.cumsum([len(batch) for batch in part])[:-1])
    return found


class OwnerAtWork:
    """The owner of the device, as one of its workers sees it."""

    def __init__(self, address: Address) -> None:
        """Connects.

        Args:
            address: of :attr:`DeviceOwner.address`.
        """
        self._connection = Client(address[0], authkey=address[1])
        self._folder = address[2]

    def rows(self, extractor: Extractor, batch: NDArray[Any]) -> Rows:
        """See :class:`signbench.extractors.base.Elsewhere`."""
        rows: Rows = self._asked(_RowsWanted(extractor, _sent(batch, self._folder)))
        return rows

    def answer(self, judge: str, clip: JudgedClip, wanted: Sequence[Gives]) -> Mapping[Gives, Observation]:
        """What a judge says of a clip.

        Raises:
            SignbenchError: the clip cannot be judged.
        """
        said: Mapping[Gives, Observation] = self._asked(_AnswerWanted(judge, clip, tuple(wanted)))
        return said

    def _asked(self, request: Any) -> Any:
        try:
            self._connection.send(request)
            reply = _received(self._connection.recv())
        except (EOFError, OSError) as error:
            raise SignbenchError("the process that owns the device is gone; repeat the command to go on.") from error
        if isinstance(reply, Exception):
            raise reply
        return reply


@contextmanager
def owning(needed: bool, judges: Mapping[str, Judge]) -> Iterator[Address | None]:
    """A device's owner while workers are at work.

    Args:
        needed: whether there is anything for it to do.
        judges: name -> judge, ready to answer.

    Yields:
        Its address, or None where it is not needed.
    """
    if not needed:
        yield None
        return
    owner = DeviceOwner({name: judge for name, judge in judges.items() if judge.has_network})
    try:
        yield owner.address
    finally:
        owner.close()

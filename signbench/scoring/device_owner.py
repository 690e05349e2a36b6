"""One process owns the GPU; its workers decode and measure, and send it the inputs of networks and judges.

Otherwise each worker would load every network onto the device. Requests that wait at the same time share a batch, so that the
device processes as many clips at a time as there are workers. None of this is used on the CPU, where each worker has its own
networks, and no clip shares a batch with another.
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
"""Largest number of frames in a batch of a network."""

Address = tuple[Any, bytes, str | None]
"""The address that the owner listens on, the key that only its workers know, and the folder in shared memory, if there is one."""

_SHARED_FROM = 1 << 20
"""Arrays of at least this many bytes are sent through shared memory, because a socket is several times slower."""
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it is this user's alone


@dataclass(frozen=True)
class _InSharedMemory:
    """An array in a file in shared memory; the receiver removes the file."""

    path: str
    shape: tuple[int, ...]
    dtype: str

    def take(self) -> NDArray[Any]:
        array = np.fromfile(self.path, dtype=self.dtype).reshape(self.shape)
        Path(self.path).unlink()
        return array


def _sent(array: NDArray[Any], folder: str | None) -> NDArray[Any] | _InSharedMemory:
    """An array in the form in which it is sent to the other process."""
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
    """A folder in shared memory that only this user can read, or None if the system has no shared memory."""
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
    """Runs networks and judges in a thread for the workers of this process."""

    def __init__(self, judges: Mapping[str, Judge]) -> None:
        """Starts to listen.

        Args:
            judges: prepared judges by name.
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
        """The address and key with which a worker connects."""
        return self._listener.address, self._key, self._folder

    def close(self) -> None:
        """Stops; workers that still wait for an answer get an end of file."""
        self._ended = True
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as waker:  # ends the accepting thread
            waker.settimeout(1)
            waker.connect(self._listener.address)
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
            except (AuthenticationError, EOFError, OSError):  # a connection without the key, or one that was closed
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
        """Answers requests that arrived together; those that fit share a batch."""
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
            except Exception as error:  # noqa: BLE001 - raised in the worker that made the request
                replies = [error] * len(group)
            for (connection, _), reply in zip(group, replies, strict=True):
                with contextlib.suppress(OSError):  # the worker is gone
                    connection.send(self._portable(reply))

    def _portable(self, reply: Any) -> Any:
        """A reply that another process can read: errors of custom code as their messages, large arrays in shared memory."""
        if isinstance(reply, np.ndarray):
            return _sent(reply, self._folder)
        if not isinstance(reply, Exception) or isinstance(reply, SignbenchError):
            return reply
        text = " ".join(str(reply).split())
        return RuntimeError(f"{type(reply).__name__}: {text}")

    def _said(self, requests: Sequence[_AnswerWanted]) -> list[Any]:
        """A judge's answers for several clips; if it fails on one of them, each is repeated alone."""
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
        except Exception as error:  # noqa: BLE001 - raised in the worker that made the request
            return error


def _rows(requests: Sequence[_RowsWanted]) -> list[Rows]:
    """Passes several compatible batches through one network."""
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
    """A worker's connection to the owner of the device."""

    def __init__(self, address: Address) -> None:
        """Connects.

        Args:
            address: the value of :attr:`DeviceOwner.address`.
        """
        self._connection = Client(address[0], authkey=address[1])
        self._folder = address[2]

    def rows(self, extractor: Extractor, batch: NDArray[Any]) -> Rows:
        """See :class:`signbench.extractors.base.Elsewhere`."""
        rows: Rows = self._asked(_RowsWanted(extractor, _sent(batch, self._folder)))
        return rows

    def answer(self, judge: str, clip: JudgedClip, wanted: Sequence[Gives]) -> Mapping[Gives, Observation]:
        """A judge's answer for a clip.

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
            raise SignbenchError("the process that owns the device has ended; rerun the command to resume.") from error
        if isinstance(reply, Exception):
            raise reply
        return reply


@contextmanager
def owning(needed: bool, judges: Mapping[str, Judge]) -> Iterator[Address | None]:
    """Runs the owner of a device while workers need it.

    Args:
        needed: whether a metric or a judge needs it.
        judges: prepared judges by name.

    Yields:
        Its address, or None if it is not needed.
    """
    if not needed:
        yield None
        return
    owner = DeviceOwner({name: judge for name, judge in judges.items() if judge.has_network})
    try:
        yield owner.address
    finally:
        owner.close()

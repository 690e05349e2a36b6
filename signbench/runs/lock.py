"""One command at a time works on a run: a lock in its folder, which the system frees where the process dies."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from signbench.errors import InputError
from signbench.runs.folder import LOCK, RunFolder

SETTING = "SIGNBENCH_LOCKS"
"""Environment variable; ``none``: no locks are taken, on file systems that have none."""
_LACKING = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTSUP}
_PATIENCE = 2.0
"""Seconds in which a process that was killed may still be ending."""
_BETWEEN_TRIES = 0.1
_held: set[Path] = set()


def without_locks() -> bool:
    """Whether the user said that no locks are to be taken."""
    return os.environ.get(SETTING, "").strip().lower() == "none"


@contextmanager
def alone_in(folder: RunFolder, *, fresh: bool = False) -> Iterator[None]:
    """Works on a run while no other command does; makes the folder where it is missing.

    Args:
        folder: of the run.
        fresh: an older run is moved aside first, which no other command may be working on either.

    Raises:
        InputError: another command is at work there, the file system has no locks, or the folder cannot be written.
    """
    path = folder.path.resolve()
    if path in _held:  # generating is followed by scoring within one command
        yield
        return
    if fresh and folder.run_json.exists():
        with _locked(path):
            moved = folder.move_aside()
        if moved is not None:
            (moved / LOCK).unlink(missing_ok=True)
    with _locked(path):
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    if without_locks():
        path.mkdir(parents=True, exist_ok=True)
        yield
        return
    stream = _taken(path)
    try:
        yield
    finally:
        with stream:
            lock = path / LOCK
            if _is_at(stream, lock):  # not where the run was moved aside meanwhile
                lock.unlink(missing_ok=True)


def _taken(path: Path) -> IO[bytes]:
    """The open lock file of a folder, which this process alone holds."""
    deadline = time.monotonic() + _PATIENCE
    try:
        path.mkdir(parents=True, exist_ok=True)
        _check_record_locks(path)
        while True:
            stream = (path / LOCK).open("ab+")
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = _holder(stream)
                stream.close()
                if time.monotonic() > deadline:
                    raise InputError(f"another command is at work on {path}{holder}; wait for it, or give another --out.") from None
                time.sleep(_BETWEEN_TRIES)
                continue
            except BaseException:
                stream.close()
                raise
            if _is_at(stream, path / LOCK):
                break
            stream.close()  # whoever held it has just removed it
        stream.truncate(0)
        stream.write(f"process {os.getpid()} on {platform.node()}".encode())
        stream.flush()
        return stream
    except OSError as error:
        if error.errno in _LACKING:
            raise InputError(
                f"the file system of {path} has no locks, without which two commands could spoil one run; give an --out on "
                f"another one, such as a local disk, or set {SETTING}=none and let one command at a time work on it."
            ) from error
        raise InputError(f"{path} cannot be written: {error.strerror or error}; give another --out or make room.") from error


def _check_record_locks(path: Path) -> None:
    """Tries the other kind of lock, which the files of records are protected by."""
    with tempfile.TemporaryFile(dir=path) as probe:
        fcntl.lockf(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(stream: IO[bytes], path: Path) -> bool:
    try:
        there, here = path.stat(), os.fstat(stream.fileno())
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _holder(stream: IO[bytes]) -> str:
    stream.seek(0)
    text = stream.read(200).decode("utf-8", "replace")
    return f" ({text})" if text.isprintable() and text else ""

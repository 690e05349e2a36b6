"""Only one command at a time works on a run: a lock in its folder, which the system releases if the process dies."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from signbench.errors import InputError
from signbench.runs.folder import LOCK, RunFolder

if TYPE_CHECKING:
    from filelock import FileLock

_Inode = tuple[int, int] | None

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
        InputError: another command is working there, the file system has no locks, or the folder cannot be written.
    """
    path = folder.path.resolve()
    if path in _held:  # one command generates and then scores
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
    lock, inode = _taken(path)
    try:
        yield
    finally:
        # Removed while it is held: a waiting process sees that the file it opened no longer has a name, and creates a new one. If
        # the run was moved aside in the meantime, the file of that name is a different one.
        if _inode(path / LOCK) == inode:
            (path / LOCK).unlink(missing_ok=True)
        lock.release()


def _taken(path: Path) -> tuple[FileLock, _Inode]:
    """The lock of a folder, which only this process holds, and its file."""
    from filelock import FileLock, Timeout

    inodes: list[_Inode] = []

    def write_holder(handle: int) -> None:
        inodes.append(_inode(handle))
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} on {platform.node()}".encode())

    # A soft lock, which filelock would use if the system has none, outlives a killed process.
    lock = FileLock(path / LOCK, timeout=_PATIENCE, poll_interval=_BETWEEN_TRIES, fallback_to_soft=False, on_acquired=write_holder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        _check_record_locks(path)
        lock.acquire()
    except Timeout:
        raise InputError(
            f"another command is working on {path}{_holder(path / LOCK)}; wait for it, or choose another `out`."
        ) from None
    except OSError as error:
        if error.errno in _LACKING:
            raise InputError(
                f"the file system of {path} has no locks, without which two commands could corrupt a run; choose an `out` on "
                f"another one, such as a local disk, or set {SETTING}=none and let one command at a time work on it."
            ) from error
        raise InputError(f"{path} cannot be written: {error.strerror or error}; choose another `out` or make room.") from error
    return lock, inodes[-1]


def _check_record_locks(path: Path) -> None:
    """Tries the other kind of lock, which protects the files of records."""
    with tempfile.TemporaryFile(dir=path) as probe:
        fcntl.lockf(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _inode(file: Path | int) -> _Inode:
    """The identity of a file, whatever its name; None if there is none."""
    try:
        found = os.stat(file)  # noqa: PTH116 - of an open file too
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _holder(lock: Path) -> str:
    try:
        text = lock.read_bytes()[:200].decode("utf-8", "replace")
    except OSError:
        return ""
    return f" ({text})" if text.isprintable() and text else ""

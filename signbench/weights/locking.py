"""One process at a time works on one file of weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_BETWEEN_CALLS = 0.2


@contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Holds the lock of a file that may not exist yet; the system frees it where the process dies.

    The lock is a hidden file in the same folder that stays: removing it would let two processes each hold one.

    Args:
        path: the file; its folder exists.
        waiting: called again and again while another process holds the lock.

    Raises:
        OSError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    # A soft lock, which filelock would take instead where the system has none, outlives a process that is killed.
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=_BETWEEN_CALLS, fallback_to_soft=False)
    while True:
        try:
            lock.acquire()
            break
        except Timeout:
            waiting()
    try:
        yield
    finally:
        lock.release()

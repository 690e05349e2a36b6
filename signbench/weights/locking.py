"""Only one process at a time works on a file of weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_BETWEEN_CALLS = 0.2


@contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Holds the lock of a file that may not exist yet; the system releases it if the process dies.

    The lock is a hidden file in the same folder, which is kept: removing it would let two processes hold a lock at once.

    Args:
        path: the file; its folder exists.
        waiting: called repeatedly while another process holds the lock.

    Raises:
        OSError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    # A soft lock, which filelock would use if the system has none, outlives a killed process.
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

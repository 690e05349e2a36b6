"""One process at a time works on one file of weights."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_BETWEEN_TRIES = 0.2


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
    with path.with_name(f".{path.name}.lock").open("ab") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting()
                time.sleep(_BETWEEN_TRIES)
        yield

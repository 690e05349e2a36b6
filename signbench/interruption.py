"""SIGINT, SIGTERM and SIGHUP end a command in the same way: as an interruption, with the state written and exit code 130."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_SAME_WISH = 1.0
"""Seconds within which a second signal is ignored: Ctrl-C reaches a process directly, and again through its parent."""
_moments: list[float] = []
"""When a signal last asked this process to end; empty if none has."""


def heed() -> None:
    """Makes the signals raise :class:`KeyboardInterrupt` in this process's main thread.

    Ignored signals stay ignored: ``nohup`` and shells that start a background process use that to keep it running.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def heed_ctrl_c() -> None:
    """Makes Ctrl-C known to :func:`asked_for` if Python's own handler would handle it."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        forget()
        signal.signal(signal.SIGINT, _interrupt)


@contextmanager
def handed_to(handler: Callable[[], None]) -> Iterator[None]:
    """Calls a function at the first of the signals instead of raising; later ones are handled as before.

    Does nothing outside the main thread, which alone gets signals. Ignored signals stay ignored.

    Args:
        handler: called in the main thread, between any two of its instructions.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: found for number in _SIGNALS if (found := signal.getsignal(number)) is not signal.SIG_IGN}

    def restore() -> None:
        for number, found in before.items():
            signal.signal(number, found)

    def hand(number: int, frame: FrameType | None) -> None:
        restore()
        handler()

    for number in before:
        signal.signal(number, hand)
    try:
        yield
    finally:
        restore()


def asked_for() -> bool:
    """Whether a signal asked this process to end, rather than code that raised the same exception."""
    return bool(_moments)


def forget() -> None:
    """Marks a signal as handled."""
    _moments.clear()


def _interrupt(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _moments and now - _moments[-1] < _SAME_WISH:
        return
    _moments[:] = [now]
    raise KeyboardInterrupt

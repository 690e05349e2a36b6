"""The wall around code that is not signbench's own: generators, and metrics of other packages.

Whatever such code raises, ``SystemExit`` included, is an ordinary error of that code. What it or its children print goes to
standard error. Folder, environment, signals, limits, random state and settings of libraries are put back after each call; what it
sets up for itself while it is made and prepared it finds again at its next call.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from signbench import interruption
from signbench.errors import InputError, SignbenchError
from signbench.foreign.state import KEPT, OWN, RANDOM, note, put_back

_Found = TypeVar("_Found")


class ForeignError(SignbenchError):
    """What foreign code did other than raising an ordinary error: it asked to end the program, or found no end itself."""

    exit_code = 2


class _TimeUp(BaseException):
    """The time that was granted is over; no ordinary error, so that foreign code does not catch it by accident."""


_theirs: dict[str, Any] = {}
_inside: set[int] = set()
"""Threads that are behind the wall."""


def reset() -> None:
    """Forgets what foreign code has set up for itself; for the next one, which is to begin as signbench does."""
    _theirs.clear()


@contextmanager
def wall(*, keep: bool = False, seconds: float | None = None) -> Iterator[None]:
    """Runs foreign code; see the module.

    Args:
        keep: what the code sets up inside, such as its working folder, is its own at the next call; otherwise it is forgotten.
        seconds: it may take so long, or None. Only the main thread can be stopped.

    Raises:
        ForeignError: the code raised what is no ordinary error, or its time was over.
        KeyboardInterrupt: the user asked for it; not where the code raises it.
    """
    thread = threading.get_ident()
    if thread in _inside:  # as a generator that makes another one
        yield
        return
    process = os.getpid()
    own_kept, own = note(KEPT), note(OWN)
    main_thread = threading.current_thread() is threading.main_thread()
    interruption.heed_ctrl_c()
    put_back(KEPT, _theirs)
    _inside.add(thread)
    try:
        with _output_to_standard_error():
            try:
                if seconds is not None and main_thread:
                    signal.signal(signal.SIGALRM, _stop)
                    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
                yield
            finally:
                if main_thread:
                    signal.setitimer(signal.ITIMER_REAL, 0)
    except Exception:
        _leave_copies(process)
        if interruption.asked_for():
            raise KeyboardInterrupt from None
        raise
    except BaseException as error:
        _leave_copies(process)
        if interruption.asked_for():
            raise KeyboardInterrupt from None
        raise _worded(error, seconds) from error
    else:
        _leave_copies(process)
        if interruption.asked_for():  # and the code caught it
            raise KeyboardInterrupt
    finally:
        _inside.discard(thread)
        _theirs.update(note(KEPT if keep else {name: KEPT[name] for name in RANDOM}))
        put_back(KEPT, own_kept)
        put_back(OWN, own)


def around(thing: object) -> AbstractContextManager[None]:
    """The wall where an object's class is not signbench's own; nothing where it is."""
    return nullcontext() if is_own(thing) else wall()


def is_own(thing: object) -> bool:
    """Whether an object's class is one of signbench's own."""
    return type(thing).__module__.partition(".")[0] == "signbench"


def guarded(call: Callable[[], _Found], trouble: str) -> _Found:
    """What foreign code returns while it is imported, made or prepared; whatever it raises is bad input.

    Args:
        call: runs it.
        trouble: the beginning of the message, such as ``generator x cannot be imported``.

    Raises:
        InputError: the trouble, and what was raised.
    """
    try:
        with wall(keep=True):
            return call()
    except InputError:
        raise
    except (ForeignError, ModuleNotFoundError) as error:
        raise InputError(f"{trouble}: {str(error).rstrip('.')}.") from error
    except Exception as error:
        text = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{trouble}: {type(error).__name__}{': ' if text else ''}{text}.") from error


def _stop(*_: object) -> None:
    raise _TimeUp


def _worded(error: BaseException, seconds: float | None) -> ForeignError:
    if isinstance(error, _TimeUp):
        return ForeignError(f"it found no end within {seconds:g} seconds")
    if isinstance(error, SystemExit):
        given = "" if error.code is None else repr(error.code)
        return ForeignError(f"it asked to end the program: sys.exit({given})")
    text = " ".join(str(error).split())
    return ForeignError(f"it raised {type(error).__name__}{': ' if text else ''}{text}")


def _leave_copies(process: int) -> None:
    """Ends a copy of this process that foreign code made by ``fork`` and let go on into signbench's own code."""
    if os.getpid() != process:
        os._exit(1)


@contextmanager
def _output_to_standard_error() -> Iterator[None]:
    """Lets standard output, also that of children and of compiled code, go to standard error."""
    _flush()
    saved = {number: copy for number in (0, 1, 2) if (copy := _copy(number)) is not None}
    before = sys.stdout
    inside = {number: saved.get(2 if number == 1 else number) for number in (0, 1, 2)}
    try:
        if 1 in saved and inside[1] is not None:
            os.dup2(inside[1], 1)
        sys.stdout = sys.stderr
        _streams.append({number: copy for number, copy in inside.items() if copy is not None})
        yield
    finally:
        _streams.pop()
        _flush()
        sys.stdout = before
        for number, copy in saved.items():
            os.dup2(copy, number, inheritable=True)
            os.close(copy)


_streams: list[dict[int, int]] = []


def mend_streams() -> None:
    """Opens the standard streams again where foreign code has closed them, before their numbers go to files of ours."""
    for number, copy in _streams[-1].items() if _streams else ():
        try:
            same = os.path.sameopenfile(number, copy)
        except OSError:
            same = False
        if not same:
            os.dup2(copy, number)


def _copy(number: int) -> int | None:
    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3)
    except OSError:  # closed
        return None


def _flush() -> None:
    """Writes out what is buffered on the way to standard output and error."""
    for stream in {id(stream): stream for stream in (sys.stdout, sys.__stdout__, sys.stderr)}.values():
        with contextlib.suppress(Exception):
            if stream is not None:
                stream.flush()
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).fflush(None)

"""Isolation of foreign code: generators, and metrics of other packages.

Whatever such code raises, including ``SystemExit``, is an ordinary error of that code. Everything that it or its children print
goes to standard error. Current folder, environment, signals, limits, random state and settings of libraries are restored after each
call; what the code sets for itself during construction and preparation is reinstated for its next call.
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
    """Foreign code did something other than raising an ordinary error: it tried to end the program, or did not finish."""

    exit_code = 2


class _TimeUp(BaseException):
    """The time limit is over; not an ordinary error, so that foreign code does not catch it by accident."""


_theirs: dict[str, Any] = {}
_inside: set[int] = set()
"""Threads that are running foreign code."""


def reset() -> None:
    """Discards the state that foreign code has set for itself, so that the next one starts from signbench's own."""
    _theirs.clear()


@contextmanager
def isolated(*, keep: bool = False, seconds: float | None = None) -> Iterator[None]:
    """Isolates foreign code that runs inside; see the module.

    Args:
        keep: whether state that the code sets inside, such as its working folder, is reinstated at the next call; otherwise it is
            discarded.
        seconds: time limit, or None. Only the main thread can be stopped.

    Raises:
        ForeignError: the code raised something other than an ordinary error, or exceeded its time limit.
        KeyboardInterrupt: the user interrupted; not if the code itself raises it.
    """
    thread = threading.get_ident()
    if thread in _inside:  # such as a generator that constructs another one
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


def isolated_unless_own(thing: object) -> AbstractContextManager[None]:
    """Isolation if an object's class is not signbench's own; otherwise nothing."""
    return nullcontext() if is_own(thing) else isolated()


def is_own(thing: object) -> bool:
    """Whether an object's class is one of signbench's own."""
    return type(thing).__module__.partition(".")[0] == "signbench"


def guarded(call: Callable[[], _Found], message: str, *, seconds: float | None = None) -> _Found:
    """The result of foreign code while it is imported, constructed or prepared; whatever it raises is bad input.

    Args:
        call: runs it.
        message: the beginning of the error message, such as ``generator x cannot be imported``.
        seconds: as for :func:`isolated`.

    Raises:
        InputError: the message, and what was raised.
    """
    try:
        with isolated(keep=True, seconds=seconds):
            return call()
    except InputError:
        raise
    except (ForeignError, ModuleNotFoundError) as error:
        raise InputError(f"{message}: {str(error).rstrip('.')}.") from error
    except Exception as error:
        text = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{message}: {type(error).__name__}{': ' if text else ''}{text}.") from error


def _stop(*_: object) -> None:
    raise _TimeUp


def _worded(error: BaseException, seconds: float | None) -> ForeignError:
    if isinstance(error, _TimeUp):
        return ForeignError(f"it did not finish within {seconds:g} seconds")
    if isinstance(error, SystemExit):
        given = "" if error.code is None else repr(error.code)
        return ForeignError(f"it tried to end the program: sys.exit({given})")
    text = " ".join(str(error).split())
    return ForeignError(f"it raised {type(error).__name__}{': ' if text else ''}{text}")


def _leave_copies(process: int) -> None:
    """Ends a copy of this process that foreign code created by ``fork`` and that continues into signbench's own code."""
    if os.getpid() != process:
        os._exit(1)


@contextmanager
def _output_to_standard_error() -> Iterator[None]:
    """Redirects standard output to standard error, also that of children and of compiled code."""
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


def reopen_streams() -> None:
    """Reopens standard streams that foreign code has closed, before their file descriptors are reused for other files."""
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
    """Flushes everything that is buffered for standard output and error."""
    for stream in {id(stream): stream for stream in (sys.stdout, sys.__stdout__, sys.stderr)}.values():
        with contextlib.suppress(Exception):
            if stream is not None:
                stream.flush()
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).fflush(None)

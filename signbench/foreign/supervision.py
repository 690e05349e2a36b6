"""A command that runs code of others does so in a child process, so that such code cannot end it as if it had done its work.

``os._exit(0)`` in a generator, a crash of a compiled library, or the system's killing what takes too much memory would otherwise be
the command's own end. The parent stays small, hands signals on, and knows of the child what the child notes in a page of memory
that both share: what it is doing, and in the end its exit code. A clip at which the child ended is a failure; a new child goes on
with the others.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

SCORING = "scoring"
MOST_DEATHS = 10
"""So many clips may end the child; then the command gives up."""
_PAGE = 1 << 16
_BETWEEN_LOOKS = 5.0
_GRACE = 30.0
"""Seconds beyond a clip's limit after which a child that does not even hear its alarm is killed."""


@dataclass
class Supervision:
    """What a child knows of its parent, and of the children before it.

    Attributes:
        page: the memory that both share.
        what: how messages name the foreign code.
        lost: clip -> why it cannot be made: it ended an earlier child.
        suspects: clips that were asked for together when an earlier child ended; each is to be asked for alone.
        launch: what rank 0 named this launch before an earlier child ended, or None.
        noted: what is on the page.
    """

    page: mmap.mmap
    what: str
    lost: dict[str, str] = field(default_factory=dict)
    suspects: set[str] = field(default_factory=set)
    launch: str | None = None
    noted: dict[str, Any] = field(default_factory=dict)

    def note(self, **values: Any) -> None:
        """Writes down what the parent should know where this process ends."""
        self.noted |= values
        content = json.dumps(self.noted).encode()
        if len(content) < _PAGE - 8:
            self.page[8 : 8 + len(content)] = content
            self.page[:8] = len(content).to_bytes(8, "big")

    def read(self) -> dict[str, Any]:
        """What the child wrote down last."""
        try:
            found = json.loads(self.page[8 : 8 + int.from_bytes(self.page[:8], "big")])
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


NoteEnd = Callable[[dict[str, Any], str, str, int], int]
_as_child: list[Supervision] = []


def child() -> Supervision | None:
    """What this process knows as a supervised child; None where it is none."""
    return _as_child[0] if _as_child else None


def in_child(what: str, say: Callable[[str], None], note_end: NoteEnd) -> None:
    """Goes on in a child process; the parent waits here, ends with the child's exit code, and never returns.

    To be called before anything large is imported: threads of libraries do not live on in a child.

    Args:
        what: how messages name the foreign code, such as ``generator x.py:Model``.
        say: prints a sentence for people.
        note_end: notes in the folder of the run how it ended, and gives the exit code; called with what the child wrote down last,
            the reason, the status and the exit code.
    """
    if _as_child or not hasattr(os, "fork") or threading.active_count() > 1:
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    supervision = Supervision(mmap.mmap(-1, _PAGE), what)
    deaths = 0
    while True:
        supervision.note(code=None, doing="importing it", clips=[], deadline=None)
        alive, parent = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(parent)
            _as_child.append(supervision)
            threading.Thread(target=_end_with, args=(alive,), name="parent", daemon=True).start()
            return
        os.close(alive)
        status = _waited(pid, supervision)
        os.close(parent)
        found = supervision.read()
        if (code := found.get("code")) is not None:
            _end(code)
        if _asked:
            say("interrupted; repeat the command to go on.")
            _end(note_end(found, "it was interrupted", "interrupted", 130))
        clips = found.get("clips") or []
        deaths += 1
        if not clips:
            doing = found.get("doing")
            reason = f"the process that runs {what} ended ({_worded(status)}) while {doing}"
            say(f"{reason}; nothing was measured.")
            _end(note_end(found, reason, "failed", 3 if doing == SCORING else 2))
        if deaths > MOST_DEATHS:
            reason = f"the process that runs {what} ended {deaths} times, last at clip {clips[0]} ({_worded(status)})"
            say(f"{reason}; nothing was measured. What was made is kept; repeat the command to go on.")
            _end(note_end(found, reason, "failed", 3))
        if len(clips) == 1:
            why = (
                "it found no end, and its process had to be killed"
                if found.get("overdue")
                else f"its process ended ({_worded(status)})"
            )
            supervision.lost[clips[0]] = f"{why}."
            say(f"clip {clips[0]}: {why}; going on with the others.")
        supervision.suspects.update(clips)
        supervision.launch = found.get("launch")
        supervision.noted = found


@contextmanager
def doing(what: str, clips: Sequence[str] = (), seconds: float | None = None) -> Iterator[None]:
    """Says, to the parent of a supervised child, what is being done, and afterwards what was done before.

    Args:
        what: such as ``preparing it``.
        clips: that it is asked for.
        seconds: how long it may take, or None.
    """
    if (own := child()) is None:
        yield
        return
    before = {name: own.noted.get(name) for name in ("doing", "clips", "deadline")}
    own.note(doing=what, clips=list(clips), deadline=None if seconds is None else time.monotonic() + seconds)
    yield
    own.note(**before)


def at_work(folder: Path, launch: str, rank: int) -> None:
    """Says in which folder a run is at work, so that it is noted there where this process ends."""
    if (own := child()) is not None:
        own.note(folder=str(folder.absolute()), launch=launch, rank=rank)


def finish(code: int) -> None:
    """Ends a supervised child with its exit code, before what foreign code left for the end of the process; else does nothing."""
    if (own := child()) is None:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    own.note(code=code)
    os._exit(code)


def is_again() -> bool:
    """Whether this child goes on after one that ended."""
    return (own := child()) is not None and own.launch is not None


_asked: list[int] = []


def _waited(pid: int, supervision: Supervision) -> int:
    """Waits for a child's end, hands signals on to it, and ends it where it is overdue; gives its status as the system does."""

    def hand_on(number: int, frame: FrameType | None) -> None:
        _asked.append(number)
        os.kill(pid, number)

    def look(number: int, frame: FrameType | None) -> None:
        found = supervision.read()
        deadline = found.get("deadline")
        if isinstance(deadline, int | float) and time.monotonic() > deadline + _GRACE:
            supervision.noted = {**found, "overdue": True}
            supervision.note()
            os.kill(pid, signal.SIGKILL)

    handed = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, hand_on) for number in handed}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _BETWEEN_LOOKS, _BETWEEN_LOOKS)
    try:
        return os.waitpid(pid, 0)[1]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)


def _end_with(alive: int) -> None:
    """Ends this process when its parent is gone, which holds the other end of a pipe."""
    with contextlib.suppress(OSError):
        os.read(alive, 1)
    os._exit(1)


def _worded(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit status {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"{name}{', out of memory?' if -code == signal.SIGKILL else ''}"

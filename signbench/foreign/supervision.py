"""A command runs foreign code in a child process, so that such code cannot end the command as if it had succeeded.

``os._exit(0)`` in a generator, a crash of a compiled library, or a kill by the system for lack of memory would otherwise end the
command itself. The parent stays small, forwards signals, and knows only what the child writes to a page of shared memory: what it
is doing, and finally its exit code. A clip at which the child ended is a failure; a new child continues with the others.
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
"""The number of clips that may end a child before the command gives up."""
_PAGE = 1 << 16
_BETWEEN_LOOKS = 5.0
_GRACE = 30.0
"""Seconds beyond a clip's limit after which a child that ignores its alarm is killed."""


@dataclass
class Supervision:
    """What a child knows about its parent, and about previous children.

    Attributes:
        page: the shared memory.
        what: name of the foreign code in messages.
        lost: clip -> why it failed: it ended an earlier child.
        suspects: clips that were requested together when an earlier child ended; each is to be requested alone.
        launch: the name that rank 0 gave this launch before an earlier child ended, or None.
        noted: the content of the page.
    """

    page: mmap.mmap
    what: str
    lost: dict[str, str] = field(default_factory=dict)
    suspects: set[str] = field(default_factory=set)
    launch: str | None = None
    noted: dict[str, Any] = field(default_factory=dict)

    def note(self, **values: Any) -> None:
        """Writes what the parent should know if this process ends."""
        self.noted |= values
        content = json.dumps(self.noted).encode()
        if len(content) < _PAGE - 8:
            self.page[8 : 8 + len(content)] = content
            self.page[:8] = len(content).to_bytes(8, "big")

    def read(self) -> dict[str, Any]:
        """What the child wrote last."""
        try:
            found = json.loads(self.page[8 : 8 + int.from_bytes(self.page[:8], "big")])
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


NoteEnd = Callable[[dict[str, Any], str, str, int], int]
_as_child: list[Supervision] = []


def child() -> Supervision | None:
    """The supervision of this process; None if it is not a supervised child."""
    return _as_child[0] if _as_child else None


def in_child(what: str, say: Callable[[str], None], note_end: NoteEnd) -> None:
    """Continues in a child process; the parent waits here, ends with the child's exit code, and never returns.

    Must be called before anything large is imported: threads of libraries do not survive in a child.

    Args:
        what: name of the foreign code in messages, such as ``generator x.py:Model``.
        say: prints a message.
        note_end: records in the run folder how it ended, and returns the exit code; called with what the child wrote last, the
            reason, the status and the exit code.
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
            say("interrupted; rerun the command to resume.")
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
            say(f"{reason}; nothing was measured. Finished productions are kept; rerun the command to resume.")
            _end(note_end(found, reason, "failed", 3))
        if len(clips) == 1:
            why = (
                "it did not finish, and its process had to be killed"
                if found.get("overdue")
                else f"its process ended ({_worded(status)})"
            )
            supervision.lost[clips[0]] = f"{why}."
            say(f"clip {clips[0]}: {why}; continuing with the others.")
        supervision.suspects.update(clips)
        supervision.launch = found.get("launch")
        supervision.noted = found


@contextmanager
def doing(what: str, clips: Sequence[str] = (), seconds: float | None = None) -> Iterator[None]:
    """Notes for the parent of a supervised child what is being done, and afterwards restores the previous entry.

    Args:
        what: such as ``preparing it``.
        clips: the requested clips.
        seconds: time limit, or None.
    """
    if (own := child()) is None:
        yield
        return
    before = {name: own.noted.get(name) for name in ("doing", "clips", "deadline")}
    own.note(doing=what, clips=list(clips), deadline=None if seconds is None else time.monotonic() + seconds)
    yield
    own.note(**before)


def at_work(folder: Path, launch: str, rank: int) -> None:
    """Notes for the parent which folder a run works on, so that the end of this process is recorded there."""
    if (own := child()) is not None:
        own.note(folder=str(folder.absolute()), launch=launch, rank=rank)


def finish(code: int) -> None:
    """Ends a supervised child with its exit code, before any exit handlers of foreign code run; else does nothing."""
    if (own := child()) is None:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    own.note(code=code)
    os._exit(code)


def is_again() -> bool:
    """Whether this child continues the work of one that ended."""
    return (own := child()) is not None and own.launch is not None


_asked: list[int] = []


def _waited(pid: int, supervision: Supervision) -> int:
    """Waits for a child's end, forwards signals to it, and kills it if it is overdue; returns the status."""

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
    """Ends this process when its parent, which holds the other end of a pipe, is gone."""
    with contextlib.suppress(OSError):
        os.read(alive, 1)
    os._exit(1)


def _worded(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit status {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"{name}{', out of memory?' if -code == signal.SIGKILL else ''}"

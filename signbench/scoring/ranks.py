"""Several processes on one run, started by torchrun: they agree once at the start, then do not talk while they work."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from signbench.documents import json_bytes, parse_json
from signbench.errors import IncompleteError, InputError, SignbenchError
from signbench.runs.folder import RunFolder
from signbench.whole_files import write_atomically

_PATIENCE = timedelta(hours=1)
"""How long ranks wait until all have come."""
_agreements = itertools.count()


@dataclass(frozen=True)
class Ranks:
    """This process's place among those of one launch.

    Attributes:
        rank: from 0.
        world: how many there are.
    """

    rank: int
    world: int

    @property
    def first(self) -> bool:
        """Whether this process checks, folds and prints."""
        return self.rank == 0

    @classmethod
    def from_environment(cls) -> Ranks:
        """What torchrun says in RANK and WORLD_SIZE; a single process where it says nothing.

        Raises:
            InputError: they are no such numbers, or there are several processes and nothing says where they meet.
        """
        rank, world = os.environ.get("RANK", "0").strip(), os.environ.get("WORLD_SIZE", "1").strip()
        if not all(text.isascii() and text.isdecimal() for text in (rank, world)) or int(rank) >= int(world):
            raise InputError(
                f"the environment has RANK={rank!r} and WORLD_SIZE={world!r}, which no process can be; start several "
                "with torchrun, or unset both."
            )
        if int(world) > 1 and not (os.environ.get("MASTER_ADDR") and os.environ.get("MASTER_PORT", "").isdecimal()):
            raise InputError(
                f"the environment has WORLD_SIZE={world}, but no MASTER_ADDR and MASTER_PORT where the processes meet; start them "
                "with torchrun, or unset RANK and WORLD_SIZE."
            )
        return cls(int(rank), int(world))

    def agree(
        self, message: dict[str, Any] | None, *, ended: Callable[[], bool] = lambda: False, patient: bool = True
    ) -> dict[str, Any]:
        """Hands rank 0's message to all ranks.

        Uses the key-value store that torchrun has at hand, once.

        Args:
            message: plain JSON values; from rank 0 only.
            ended: asked by the others while they wait: whether rank 0 is known to have ended.
            patient: rank 0 waits until all have read it, where nobody else keeps it for them.

        Raises:
            IncompleteError: rank 0, or whoever holds the store, is gone; or not all ranks came in time.
        """
        if self.world == 1:
            return message or {}
        distributed: Any = importlib.import_module("torch.distributed")

        hosted = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
        restart = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        place = next(_agreements)
        try:
            whole = distributed.TCPStore(
                os.environ["MASTER_ADDR"],
                int(os.environ["MASTER_PORT"]),
                is_master=self.first and not hosted,
                timeout=_PATIENCE,
            )
            store = distributed.PrefixStore(f"signbench/{restart}/{place}", whole)
            if message is not None:
                store.set("message", json.dumps(message))
            while not store.check(["message"]):  # a blocking wait would not hear of signals
                if ended():
                    raise IncompleteError("rank 0 ended early; its own message and run.json say why.")
                time.sleep(0.05)
            received: dict[str, Any] = json.loads(store.get("message"))
            if not hosted and patient:
                self._wait_for_readers(store)
        except RuntimeError as error:  # of which kind, torch's versions differ
            reason = str(error).splitlines()[0]
            raise IncompleteError(f"rank {self.rank} lost touch with rank 0, which may have ended: {reason}.") from error
        return received

    def _wait_for_readers(self, store: Any) -> None:
        """The store lives in rank 0, which must not leave before all have read.

        Raises:
            IncompleteError: not all did in time.
        """
        store.add("read", 1)
        deadline = time.monotonic() + _PATIENCE.total_seconds()
        while self.first and (count := store.add("read", 0)) < self.world:
            if time.monotonic() > deadline:
                raise IncompleteError(f"only {count} of {self.world} ranks came within {_PATIENCE}; start all of them.")
            time.sleep(0.05)

    @contextmanager
    def telling_trouble(self) -> Iterator[None]:
        """Tells the other ranks, which wait for a message, where there will be none; rank 0 only."""
        try:
            yield
        except BaseException as error:
            with contextlib.suppress(SignbenchError):
                self.agree({"trouble": True}, patient=isinstance(error, Exception))
            raise

    def share(self, clips: list[str]) -> list[str]:
        """This rank's clips: those at places i with i mod world = rank."""
        return clips[self.rank :: self.world]

    @contextmanager
    def marking_end(self, folder: RunFolder, launch: str) -> Iterator[None]:
        """Says in the folder that this rank is at work, then that it has nothing left to do, and why, where it ends early.

        Args:
            folder: of the run.
            launch: what rank 0 named this launch.
        """
        trouble, exit_code = "it was interrupted", INTERRUPTED
        done = threading.Event()
        beat = threading.Thread(target=_beat, args=(folder.heartbeat(self.rank), done), name="heartbeat", daemon=True)
        beat.start()
        try:
            yield
            trouble, exit_code = "", 0
        except SignbenchError as error:
            trouble, exit_code = str(error), error.exit_code
            error.rank = self.rank
            raise
        except Exception as error:
            trouble, exit_code = f"{type(error).__name__}: {error}", 70
            raise
        finally:
            done.set()
            beat.join()
            marker = {"launch": launch, "trouble": trouble or None, "exit_code": exit_code}
            write_atomically(folder.end_marker(self.rank), json_bytes(marker))

    def wait_for_others(self, folder: RunFolder, launch: str) -> None:
        """Waits for the end marker of every other rank of this launch, as long as it shows signs of life; rank 0 only.

        Raises:
            SignbenchError: a rank ended early, with that rank's exit code.
            IncompleteError: a rank has shown no sign of life for long.
        """
        for other in range(1, self.world):
            seen, since = b"", time.monotonic()
            while (marker := _read(folder.end_marker(other))).get("launch") != launch:
                with contextlib.suppress(OSError):
                    if (sign := folder.heartbeat(other).read_bytes()) != seen:
                        seen, since = sign, time.monotonic()
                if time.monotonic() - since > _silence():
                    raise IncompleteError(
                        f"rank {other} has shown no sign of life for {_silence():g} seconds, so it has probably ended; what was "
                        f"computed is kept, rerun the command to resume. Where it only works slowly, set {SILENCE} higher."
                    )
                time.sleep(0.05)
            if (error := _trouble(other, marker)) is not None:
                raise error
        for other in range(self.world):
            folder.end_marker(other).unlink(missing_ok=True)
            folder.heartbeat(other).unlink(missing_ok=True)


def trouble_of_others(folder: RunFolder, launch: str, world: int) -> SignbenchError | None:
    """Why another rank of a launch ended early, where one did by itself; whoever started the ranks then ends the first as well."""
    for other in range(1, world):
        marker = _read(folder.end_marker(other))
        if marker.get("launch") == launch and marker.get("exit_code") != INTERRUPTED and marker.get("trouble"):
            return _trouble(other, marker)
    return None


def _trouble(rank: int, marker: dict[str, Any]) -> SignbenchError | None:
    if not marker.get("trouble"):
        return None
    error = SignbenchError(f"rank {rank} ended early: {marker['trouble']}")
    error.exit_code = marker["exit_code"] if isinstance(marker.get("exit_code"), int) else 70
    return error


INTERRUPTED = 130
SILENCE = "SIGNBENCH_PEER_SECONDS"
"""Environment variable: after how many seconds without a sign of life a rank counts as ended; 300 where it is not set."""


def _silence() -> float:
    try:
        return max(1.0, float(os.environ.get(SILENCE, "300")))
    except ValueError:
        return 300.0


def _beat(path: Path, done: threading.Event) -> None:
    """Writes another number into a file again and again, until the work is done."""
    for count in itertools.count():
        with contextlib.suppress(OSError):
            path.write_text(f"{os.getpid()} {count}\n", encoding="ascii")
        if done.wait(min(5.0, _silence() / 4)):
            break
    with contextlib.suppress(OSError):
        path.unlink()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

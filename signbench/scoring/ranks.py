"""Several processes on one run, started by torchrun: they communicate once at the start, and not while they work."""

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
"""Time that ranks wait for each other at the start."""
_agreements = itertools.count()


@dataclass(frozen=True)
class Ranks:
    """This process's rank among the processes of one launch.

    Attributes:
        rank: the rank, from 0.
        world: the number of processes.
    """

    rank: int
    world: int

    @property
    def first(self) -> bool:
        """Whether this process checks, folds and prints."""
        return self.rank == 0

    @classmethod
    def from_environment(cls) -> Ranks:
        """Reads RANK and WORLD_SIZE, which torchrun sets; a single process if they are not set.

        Raises:
            InputError: they are not valid, or there are several processes and no address at which they connect.
        """
        rank, world = os.environ.get("RANK", "0").strip(), os.environ.get("WORLD_SIZE", "1").strip()
        if not all(text.isascii() and text.isdecimal() for text in (rank, world)) or int(rank) >= int(world):
            raise InputError(
                f"the environment has RANK={rank!r} and WORLD_SIZE={world!r}, which is not possible; start several processes "
                "with torchrun, or unset both."
            )
        if int(world) > 1 and not (os.environ.get("MASTER_ADDR") and os.environ.get("MASTER_PORT", "").isdecimal()):
            raise InputError(
                f"the environment has WORLD_SIZE={world}, but no MASTER_ADDR and MASTER_PORT to connect to; start the processes "
                "with torchrun, or unset RANK and WORLD_SIZE."
            )
        return cls(int(rank), int(world))

    def agree(
        self, message: dict[str, Any] | None, *, ended: Callable[[], bool] = lambda: False, patient: bool = True
    ) -> dict[str, Any]:
        """Sends rank 0's message to all ranks.

        Uses torchrun's key-value store, once.

        Args:
            message: JSON values; from rank 0 only.
            ended: called by the other ranks while they wait; whether rank 0 is known to have ended.
            patient: whether rank 0 waits until all have read the message, if no other process stores it.

        Raises:
            IncompleteError: rank 0 or the process with the store has ended, or some ranks did not arrive in time.
        """
        if self.world == 1:
            return message or {}
        distributed: Any = importlib.import_module("torch.distributed")

        hosted = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
        restart = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        index = next(_agreements)
        try:
            whole = distributed.TCPStore(
                os.environ["MASTER_ADDR"],
                int(os.environ["MASTER_PORT"]),
                is_master=self.first and not hosted,
                timeout=_PATIENCE,
            )
            store = distributed.PrefixStore(f"signbench/{restart}/{index}", whole)
            if message is not None:
                store.set("message", json.dumps(message))
            while not store.check(["message"]):  # a blocking wait would not react to signals
                if ended():
                    raise IncompleteError("rank 0 ended early; see its error message and run.json.")
                time.sleep(0.05)
            received: dict[str, Any] = json.loads(store.get("message"))
            if not hosted and patient:
                self._wait_for_readers(store)
        except RuntimeError as error:  # versions of torch raise different subclasses
            reason = str(error).splitlines()[0]
            raise IncompleteError(f"rank {self.rank} lost its connection to rank 0, which may have ended: {reason}.") from error
        return received

    def _wait_for_readers(self, store: Any) -> None:
        """Waits until all have read the message, because the store is part of rank 0.

        Raises:
            IncompleteError: some ranks did not read it in time.
        """
        store.add("read", 1)
        deadline = time.monotonic() + _PATIENCE.total_seconds()
        while self.first and (count := store.add("read", 0)) < self.world:
            if time.monotonic() > deadline:
                raise IncompleteError(f"only {count} of {self.world} ranks arrived within {_PATIENCE}; start all of them.")
            time.sleep(0.05)

    @contextmanager
    def reporting_errors(self) -> Iterator[None]:
        """Reports an error to the other ranks, which would otherwise wait for a message; rank 0 only."""
        try:
            yield
        except BaseException as error:
            with contextlib.suppress(SignbenchError):
                self.agree({"error": True}, patient=isinstance(error, Exception))
            raise

    def share(self, clips: list[str]) -> list[str]:
        """This rank's clips: those with index i for which i mod world = rank."""
        return clips[self.rank :: self.world]

    @contextmanager
    def marking_end(self, folder: RunFolder, launch: str) -> Iterator[None]:
        """Writes a heartbeat to the folder while this rank works, then an end marker, with the error if it ended early.

        Args:
            folder: the run's folder.
            launch: the id of this launch, from rank 0.
        """
        problem, exit_code = "it was interrupted", INTERRUPTED
        done = threading.Event()
        beat = threading.Thread(target=_beat, args=(folder.heartbeat(self.rank), done), name="heartbeat", daemon=True)
        beat.start()
        try:
            yield
            problem, exit_code = "", 0
        except SignbenchError as error:
            problem, exit_code = str(error), error.exit_code
            error.rank = self.rank
            raise
        except Exception as error:
            problem, exit_code = f"{type(error).__name__}: {error}", 70
            raise
        finally:
            done.set()
            beat.join()
            marker = {"launch": launch, "error": problem or None, "exit_code": exit_code}
            write_atomically(folder.end_marker(self.rank), json_bytes(marker))

    def wait_for_others(self, folder: RunFolder, launch: str) -> None:
        """Waits for the end marker of every other rank of this launch while its heartbeat continues; rank 0 only.

        Raises:
            SignbenchError: a rank ended early, with that rank's exit code.
            IncompleteError: a rank has had no heartbeat for too long.
        """
        for other in range(1, self.world):
            seen, since = b"", time.monotonic()
            while (marker := _read(folder.end_marker(other))).get("launch") != launch:
                with contextlib.suppress(OSError):
                    if (sign := folder.heartbeat(other).read_bytes()) != seen:
                        seen, since = sign, time.monotonic()
                if time.monotonic() - since > _silence():
                    raise IncompleteError(
                        f"rank {other} has had no heartbeat for {_silence():g} seconds, so it has probably ended; what was "
                        f"computed is kept, rerun the command to resume. If it is only slow, increase {SILENCE}."
                    )
                time.sleep(0.05)
            if (error := _error_of(other, marker)) is not None:
                raise error
        for other in range(self.world):
            folder.end_marker(other).unlink(missing_ok=True)
            folder.heartbeat(other).unlink(missing_ok=True)


def error_of_others(folder: RunFolder, launch: str, world: int) -> SignbenchError | None:
    """The error of another rank that ended early by itself, if there is one; torchrun then ends the first rank as well."""
    for other in range(1, world):
        marker = _read(folder.end_marker(other))
        if marker.get("launch") == launch and marker.get("exit_code") != INTERRUPTED and marker.get("error"):
            return _error_of(other, marker)
    return None


def _error_of(rank: int, marker: dict[str, Any]) -> SignbenchError | None:
    if not marker.get("error"):
        return None
    error = SignbenchError(f"rank {rank} ended early: {marker['error']}")
    error.exit_code = marker["exit_code"] if isinstance(marker.get("exit_code"), int) else 70
    return error


INTERRUPTED = 130
SILENCE = "SIGNBENCH_PEER_SECONDS"
"""Environment variable: number of seconds without a heartbeat after which a rank is considered ended; 300 if it is not set."""


def _silence() -> float:
    try:
        return max(1.0, float(os.environ.get(SILENCE, "300")))
    except ValueError:
        return 300.0


def _beat(path: Path, done: threading.Event) -> None:
    """Writes increasing numbers to a file until the work is done."""
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

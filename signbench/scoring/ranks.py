"""Several processes on one run, started by torchrun: they agree once at the start, then do not talk while they work."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from signbench.documents import parse_json
from signbench.errors import InputError, SignbenchError
from signbench.runs.folder import RunFolder, json_bytes, write_atomically

_PATIENCE = timedelta(hours=24)
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

    def agree(self, message: dict[str, Any] | None) -> dict[str, Any]:
        """Hands rank 0's message to all ranks.

        Uses the key-value store that torchrun has at hand, once.

        Args:
            message: plain JSON values; from rank 0 only.
        """
        if self.world == 1:
            return message or {}
        distributed: Any = importlib.import_module("torch.distributed")

        hosted = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
        whole = distributed.TCPStore(
            os.environ["MASTER_ADDR"],
            int(os.environ["MASTER_PORT"]),
            is_master=self.first and not hosted,
            timeout=_PATIENCE,
        )
        restart = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        store = distributed.PrefixStore(f"signbench/{restart}/{next(_agreements)}", whole)
        if message is not None:
            store.set("message", json.dumps(message))
        received: dict[str, Any] = json.loads(store.get("message"))
        if not hosted:
            # the store lives in rank 0, which must not leave before all have read
            store.add("read", 1)
            while self.first and store.add("read", 0) < self.world:
                time.sleep(0.05)
        return received

    def share(self, clips: list[str]) -> list[str]:
        """This rank's clips: those at places i with i mod world = rank."""
        return clips[self.rank :: self.world]

    @contextmanager
    def marking_end(self, folder: RunFolder, launch: str) -> Iterator[None]:
        """Says in the folder that this rank has nothing left to do, and why, where it ends early.

        Args:
            folder: of the run.
            launch: what rank 0 named this launch.
        """
        trouble: str | None = "it was interrupted"
        try:
            yield
            trouble = None
        except Exception as error:
            trouble = f"{type(error).__name__}: {error}"
            raise
        finally:
            write_atomically(folder.end_marker(self.rank), json_bytes({"launch": launch, "trouble": trouble}))

    def wait_for_others(self, folder: RunFolder, launch: str) -> None:
        """Waits for the end marker of every other rank of this launch; rank 0 only.

        Raises:
            SignbenchError: a rank ended early.
        """
        for other in range(1, self.world):
            while True:
                try:
                    marker = parse_json(folder.end_marker(other).read_bytes())
                except (OSError, ValueError):
                    marker = {}
                if marker.get("launch") == launch:
                    break
                time.sleep(0.05)
            if marker.get("trouble"):
                raise SignbenchError(f"rank {other} ended early: {marker['trouble']}")
        for other in range(self.world):
            folder.end_marker(other).unlink(missing_ok=True)

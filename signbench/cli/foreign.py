"""Commands that may run third-party code: they continue in a supervised child process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signbench.foreign.supervision import child, in_child


def beware(generator: str | None = None, judges: Sequence[str] | None = None) -> None:
    """Continues in a child process if a command is about to run third-party code.

    Args:
        generator: the generator of ``--generator``; None: the command runs no generator, but possibly third-party metrics and
            judges.
        judges: the judges of ``--judge``, or None.
    """
    import os

    from signbench.cli import printing, streams
    from signbench.generators.registry import GENERATORS
    from signbench.judges.registry import JUDGES
    from signbench.metrics.registry import METRICS

    custom = [] if generator is None or GENERATORS.is_built_in(generator) else [f"generator {generator}"]
    custom += [f"judge {judge}" for judge in judges or ()]
    if custom:
        what = " or ".join(custom)
    elif names := sorted({name for registry in (GENERATORS, METRICS, JUDGES) for name in registry.foreign()}):
        what = f"one of {', '.join(names)}, of other packages,"
    else:
        return
    rank = os.environ.get("RANK", "0")
    speaker = "signbench" if rank == "0" else f"signbench, rank {rank}"
    in_child(what, lambda text: printing.talk(f"{speaker}: {text}"), _note_end)
    if child() is not None:
        streams.apart()


def _note_end(found: dict[str, Any], reason: str, status: str, code: int) -> int:
    """Records in the run folder how the child ended, for the user and the other ranks; returns the exit code."""
    import contextlib

    from signbench.documents import json_bytes
    from signbench.errors import SignbenchError
    from signbench.runs.folder import RunFolder
    from signbench.whole_files import write_atomically

    folder, rank = found.get("folder"), found.get("rank", 0)
    if folder is not None:
        run = RunFolder(Path(folder))
        with contextlib.suppress(SignbenchError, OSError):
            if rank:
                marker = {"launch": found.get("launch"), "error": reason, "exit_code": code}
                write_atomically(run.end_marker(rank), json_bytes(marker))
            else:
                description = run.read()
                if description.get("launch") == found.get("launch"):
                    write_atomically(run.run_json, json_bytes({**description, "status": status, "exit_code": code}))
    return code

"""Commands that may run code of others: they go on in a supervised child process."""

from __future__ import annotations

from signbench.foreign.supervision import child, in_child

_GROUPS = ("signbench.generators", "signbench.metrics")


def beware(generator: str | None = None) -> None:
    """Goes on in a child process where a command is about to run code that is not signbench's own.

    Args:
        generator: what ``--generator`` names, or None: the command runs none, but metrics of other packages perhaps.
    """
    import os
    from importlib.metadata import entry_points

    from signbench.cli import printing, streams
    from signbench.generators.built_in import BUILT_IN

    if generator is not None and generator.partition(":")[0] not in BUILT_IN:
        what = f"generator {generator}"
    elif names := sorted(entry.name for group in _GROUPS for entry in entry_points(group=group)):
        what = f"one of {', '.join(names)}, of other packages,"
    else:
        return
    rank = os.environ.get("RANK", "0")
    in_child(what, lambda text: printing.talk(f"signbench: {text}" if rank == "0" else f"signbench, rank {rank}: {text}"))
    if child() is not None:
        streams.apart()

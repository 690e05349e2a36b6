"""``signbench cache``: the cache of observations of networks."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signbench.cli.groups import group
from signbench.cli.options import Json, Progress, option

if TYPE_CHECKING:
    from signbench.extractors.cache import Entry

app = group("Show, verify and clear the cache of observations.")

_UNFINISHED = "(unfinished)"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3f} GB" if size >= 10**6 else f"{size:,} bytes"


def _grouped(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.extractor() if entry.key is not None else _UNFINISHED, []).append(entry)
    return dict(sorted(groups.items()))


@app.command("show")
def show(json: Json = False) -> None:
    """Show where the cache is, its size and limit, and its entries by extractor."""
    from signbench.cli import printing
    from signbench.extractors.cache import ObservationCache

    cache = ObservationCache.from_environment()
    entries = cache.entries()
    sizes = {name: [entry.size for entry in group] for name, group in _grouped(entries).items()}
    total = sum(entry.size for entry in entries)
    if json:
        rows = [{"extractor": name, "entries": len(group), "bytes": sum(group)} for name, group in sizes.items()]
        summary: dict[str, Any] = {
            "folder": str(cache.folder),
            "limit_bytes": cache.limit,
            "entries": len(entries),
            "bytes": total,
            "extractors": rows,
        }
        printing.document(summary)
        return
    if sizes:
        printing.table(
            [{"extractor": name, "entries": str(len(group)), "size": _gigabytes(sum(group))} for name, group in sizes.items()]
        )
    printing.data(f"{_gigabytes(total)} of at most {_gigabytes(cache.limit)} in {cache.folder}")


@app.command("verify")
def verify(remove: Annotated[bool, option("--remove")] = False, progress: Progress = True, json: Json = False) -> None:
    """Hash every entry again; exit 2 if one is damaged and not removed."""
    from signbench.cli import printing
    from signbench.extractors.cache import ObservationCache

    cache = ObservationCache.from_environment()
    entries = [entry for entry in cache.entries() if entry.key is not None]
    damaged = []
    with printing.progress_bars(progress) as update:
        for done, entry in enumerate(entries, start=1):
            if (damage := entry.damage()) is not None and entry.path.exists():
                damaged.append({"path": str(entry.path), "damage": damage, "removed": remove})
                if remove:
                    _remove(entry)
            update("verifying", done, len(entries))
    if json:
        printing.document({"folder": str(cache.folder), "entries": len(entries), "damaged": damaged})
    else:
        printing.data(
            f"{len(entries)} entries, {len(damaged)} damaged{' and removed' if damaged and remove else ''} in {cache.folder}"
        )
    for row in damaged:
        printing.talk(f"signbench: {row['path']} is damaged: {row['damage']}.")
    if damaged and not remove:
        printing.talk("signbench: remove what is damaged with: signbench cache verify --remove")
        raise typer.Exit(2)


@app.command("clear")
def clear(
    extractor: Annotated[str | None, option("--extractor")] = None,
    yes: Annotated[bool, option("--yes")] = False,
    json: Json = False,
) -> None:
    """Remove observations, all or those of one extractor; they are computed again when needed."""
    from signbench.cli import printing
    from signbench.errors import InputError, nearest
    from signbench.extractors.cache import ObservationCache

    cache = ObservationCache.from_environment()
    entries = cache.entries()
    if extractor is not None:
        groups = _grouped(entry for entry in entries if entry.key is not None)
        fitting = [name for name in groups if extractor in (name, _short(name))]
        if not fitting and groups:
            raise InputError(f"the cache contains nothing of {extractor}. {nearest(extractor, {_short(name) for name in groups})}")
        entries = [entry for name in fitting for entry in groups[name]]
    size = sum(entry.size for entry in entries)
    question = f"remove {len(entries)} entries, {_gigabytes(size)}, from {cache.folder}"
    if entries and not yes:
        if not sys.stdin.isatty():
            raise InputError(f"this would {question}; use --yes to confirm.")
        if not typer.confirm(question[0].upper() + question[1:] + "?", err=True):
            entries, size = [], 0
            printing.talk("nothing was removed.")
    elif not entries:
        printing.talk(f"nothing to remove in {cache.folder}.")
    for entry in entries:
        _remove(entry)
    if entries:
        printing.talk(f"removed {len(entries)} entries, {_gigabytes(size)}.")
    if json:
        printing.document({"folder": str(cache.folder), "removed": len(entries), "bytes": size})


def _short(signature: str) -> str:
    """The name of an extractor or judge in its signature."""
    return signature.removeprefix("judge ").partition("/")[0]


def _remove(entry: Entry) -> None:
    from signbench.errors import InputError

    try:
        entry.path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{entry.path} cannot be removed: {error.strerror or error}.") from error

"""``signbench weights``: the weights that metrics need and signbench does not carry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signbench.cli.options import Json

if TYPE_CHECKING:
    from signbench.weights.registry import Weights

app = typer.Typer(no_args_is_help=True, help="List, fetch, add and verify the weights that metrics need.")

_Names = Annotated[list[str] | None, typer.Argument(help="Names of weights, as signbench weights list shows them.")]


def _described(weights: Weights, *, rehash: bool = False) -> dict[str, Any]:
    from signbench.weights.store import file_of, state_of

    state, digest = state_of(weights, rehash=rehash)
    return {**weights.model_dump(mode="json"), "state": state, "found_sha256": digest, "path": str(file_of(weights))}


def _megabytes(size: int | None) -> str:
    return "unknown" if size is None else f"{size / 1e6:,.0f} MB"


@app.command("list")
def list_weights(json: Json = False) -> None:
    """List all registered weights: size, licence, whether they are here, and which metrics need them."""
    import json as encoder

    from signbench.cli import printing
    from signbench.weights.registry import registered
    from signbench.weights.store import weights_folder

    rows = [_described(weights) for weights in registered().values()]
    if json:
        printing.data(encoder.dumps(rows, indent=2, ensure_ascii=False))
        return
    printing.table(
        [
            {
                "weights": row["name"],
                "size": _megabytes(row["size"]),
                "licence": row["licence"],
                "state": row["state"],
                "used by": ", ".join(row["used_by"]),
                "what": row["what"],
            }
            for row in rows
        ]
    )
    printing.talk(f"folder: {weights_folder()}")


@app.command("fetch")
def fetch_weights(
    names: _Names = None, every: Annotated[bool, typer.Option("--all", help="All registered weights.")] = False
) -> None:
    """Fetch weights and verify them; a fetch that was interrupted goes on where it stopped."""
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.weights.registry import find, registered

    if every == bool(names):
        raise InputError("name the weights to fetch, or give --all; signbench weights list shows them.")
    wanted = list(registered().values()) if every else [find(name) for name in dict.fromkeys(names or [])]
    failures = 0
    for weights in wanted:
        try:
            path = _fetch(weights)
        except InputError as error:
            if len(wanted) == 1:
                raise
            printing.talk(f"signbench: {error}")
            failures += 1
        else:
            printing.talk(f"{weights.name}: {path} ({_described(weights)['state']}; licence {weights.licence})")
    if failures:
        printing.talk(f"signbench: {failures} of {len(wanted)} could not be fetched.")
        raise typer.Exit(2)


def _fetch(weights: Weights) -> Path:
    """Fetches one file with a bar of its own."""
    from signbench.cli import printing
    from signbench.weights.download import fetch

    with printing.progress_bars(show=True) as update:

        def progress(done: int, total: int | None) -> None:
            update(f"{weights.name}, MB", done // 10**6, (total or 0) // 10**6)

        return fetch(weights, progress)


@app.command("add")
def add_weights(
    file: Annotated[Path, typer.Argument(help="A file of weights on this machine.")],
    name: Annotated[str | None, typer.Option("--as", help="Which weights it is, where neither digest nor name tell.")] = None,
) -> None:
    """Copy a file into the folder of weights, for machines without internet; it is verified first."""
    from signbench.cli import printing
    from signbench.weights.adding import add

    weights = add(file, name)
    row = _described(weights)
    printing.talk(f"{weights.name}: {row['path']} ({row['state']})")


@app.command("verify")
def verify_weights(names: _Names = None, json: Json = False) -> None:
    """Hash weights again and compare with the registry; exit 2 where a file is not what it should be."""
    import json as encoder

    from signbench.cli import printing
    from signbench.weights.registry import find, registered

    wanted = [find(name) for name in dict.fromkeys(names)] if names else list(registered().values())
    rows = [_described(weights, rehash=True) for weights in wanted]
    if not names:
        rows = [row for row in rows if row["state"] != "absent"]
    if json:
        printing.data(encoder.dumps(rows, indent=2, ensure_ascii=False))
    elif rows:
        shown = [{"weights": row["name"], "state": row["state"], "SHA-256": row["found_sha256"] or ""} for row in rows]
        printing.table(shown)
    else:
        printing.talk("no weights are present; fetch some with: signbench weights fetch NAME")
    for row in rows:
        if row["state"] == "damaged":
            printing.talk(f"signbench: {row['path']} is not {row['name']}: its SHA-256 should be {row['sha256']}; move it away.")
        elif row["state"] == "absent":
            printing.talk(f"signbench: {row['name']} is not present; run: signbench weights fetch {row['name']}.")
    if any(row["state"] in ("damaged", "absent") for row in rows):
        raise typer.Exit(2)

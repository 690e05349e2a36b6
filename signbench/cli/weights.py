"""``signbench weights``: the weights that metrics need and signbench does not ship."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signbench.cli.groups import group
from signbench.cli.options import Json, Progress, option

if TYPE_CHECKING:
    from signbench.weights.registry import Weights

app = group("List, fetch, add and verify the weights that metrics need.")

_Names = Annotated[list[str] | None, typer.Argument(help="Names of weights, as signbench weights list shows them.")]


def _described(weights: Weights, *, rehash: bool = False) -> dict[str, Any]:
    from signbench.weights.store import file_of, state_of

    state, digest = state_of(weights, rehash=rehash)
    return {**weights.model_dump(mode="json"), "state": state, "found_sha256": digest, "path": str(file_of(weights))}


def _megabytes(size: int | None) -> str:
    return "unknown" if size is None else f"{size / 1e6:,.0f} MB"


@app.command("list")
def list_weights(json: Json = False) -> None:
    """List all registered weights: size, licence, whether they are present, and which metrics need them."""
    from signbench.cli import printing
    from signbench.weights.registry import registered
    from signbench.weights.store import weights_folder

    rows = [_described(weights) for weights in registered().values()]
    if json:
        printing.document(rows)
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
    names: _Names = None, every: Annotated[bool, option("--all")] = False, progress: Progress = True, json: Json = False
) -> None:
    """Fetch weights and verify them; rerun to resume an interrupted fetch."""
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.weights.registry import find, registered

    if every == bool(names):
        raise InputError("name the weights to fetch, or use --all; signbench weights list shows them.")
    wanted = list(registered().values()) if every else [find(name) for name in dict.fromkeys(names or [])]
    failures = 0
    rows = []
    for weights in wanted:
        try:
            path = _fetch(weights, show=progress)
        except InputError as error:
            if len(wanted) == 1:
                raise
            printing.talk(f"signbench: {error}")
            failures += 1
            rows.append(_described(weights))
        else:
            rows.append(_described(weights))
            printing.talk(f"{weights.name}: {path} ({rows[-1]['state']}; licence {weights.licence})")
    if json:
        printing.document(rows)
    if failures:
        printing.talk(f"signbench: {failures} of {len(wanted)} could not be fetched.")
        raise typer.Exit(2)


def _fetch(weights: Weights, *, show: bool) -> Path:
    """Fetches one file with its own progress bar."""
    from signbench.cli import printing
    from signbench.weights.download import fetch

    with printing.progress_bars(show) as update:

        def progress(done: int, total: int | None) -> None:
            update(f"{weights.name}, MB", done // 10**6, (total or 0) // 10**6)

        return fetch(weights, progress)


@app.command("add")
def add_weights(
    file: Annotated[Path, typer.Argument(help="A file of weights on this machine; with --model, its folder or checkpoint.")],
    name: Annotated[str | None, option("--as", "Default: recognised by the file's digest or name.")] = None,
    model: Annotated[str | None, option("--model")] = None,
    json: Json = False,
) -> None:
    """Copy a file into the folder of weights, for machines without internet; it is verified first.

    With --model, a published checkpoint of a judge becomes a reference model of the name after --as. Nothing in it is executed.
    """
    from signbench.cli import printing
    from signbench.weights.adding import add

    if model is not None:
        _add_model(file, name, model, json=json)
        return
    weights = add(file, name)
    row = _described(weights)
    printing.talk(f"{weights.name}: {row['path']} ({row['state']})")
    if json:
        printing.document(row)


def _add_model(path: Path, name: str | None, model: str, *, json: bool) -> None:
    from signbench.cli import printing
    from signbench.errors import InputError
    from signbench.judges.official import add_official
    from signbench.weights.reference_models import CARD

    if name is None:
        raise InputError("a model needs a name; add --as NAME.")
    made = add_official(model, path, name)
    printing.talk(f"{name}: {made.folder} ({made.card.parameters:,} numbers; {made.card.summary})")
    printing.talk(f"use it as the judge {name}; write its licence into {made.folder / CARD}")
    if json:
        printing.document({**made.card.as_json(), "path": str(made.folder)})


@app.command("verify")
def verify_weights(names: _Names = None, progress: Progress = True, json: Json = False) -> None:
    """Hash weights again and compare with the registry; exit 2 if a file differs."""
    from signbench.cli import printing
    from signbench.weights.registry import find, registered

    wanted = [find(name) for name in dict.fromkeys(names)] if names else list(registered().values())
    rows: list[dict[str, Any]] = []
    with printing.progress_bars(progress) as report:
        for weights in wanted:
            report("hashing", len(rows), len(wanted))
            rows.append(_described(weights, rehash=True))
    if not names:
        rows = [row for row in rows if row["state"] != "absent"]
    if json:
        printing.document(rows)
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

"""``signbench corpora``: the data sets that signbench knows, and their export as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="List, show or export corpora.")


@app.callback()
def _group() -> None:
    """List, show or export corpora."""


@app.command("list")
def list_corpora(json: Json = False) -> None:
    """List the corpora that signbench can read."""
    import json as encoder

    from signbench.cli import printing
    from signbench.corpora import registry

    rows = []
    for name in registry.known():
        corpus = registry.corpus(name)
        rows.append({"name": name, "version": corpus.version, "licence": corpus.licence, "splits": list(corpus.splits)})
    if json:
        printing.data(encoder.dumps(rows, indent=2))
        return
    for row in rows:
        printing.data(f"{row['name']} {row['version']} ({row['licence']}): {', '.join(row['splits'])}")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of a corpus.")],
    clip: Annotated[str | None, typer.Option(help="Show this clip too.")] = None,
    json: Json = False,
) -> None:
    """Show a corpus: its splits with their clips, its signers, its signs."""
    import json as encoder

    from signbench.cli import printing
    from signbench.corpora import registry

    corpus = registry.corpus(name)
    splits = {split: corpus.ids(split) for split in corpus.splits}
    told: dict[str, object] = {
        "name": corpus.name,
        "version": corpus.version,
        "licence": corpus.licence,
        "splits": {split: {"count": len(ids), "first": ids[0], "last": ids[-1]} for split, ids in splits.items()},
    }
    if name == "synthsign":
        from signbench.corpora.synthsign.lexicon import SIGNS, minimal_pairs
        from signbench.corpora.synthsign.signers import SIGNERS

        told |= {
            "fps": 25,
            "signers": list(SIGNERS),
            "signs": list(SIGNS),
            "minimal_pairs": [f"{one} / {other} ({apart})" for one, other, apart in minimal_pairs()],
        }
    if clip is not None:
        found = corpus.clip(clip)
        told["clip"] = {"id": found.id, "text": found.text, "gloss": list(found.gloss), "signer": found.signer, "fps": found.fps}
    if json:
        printing.data(encoder.dumps(told, indent=2))
        return
    printing.data(f"{corpus.name} {corpus.version}, licence {corpus.licence}")
    for split, ids in splits.items():
        printing.data(f"  {split:<13}{len(ids):>6} clips   {ids[0]} ... {ids[-1]}")
    for part in ("signers", "signs", "minimal_pairs"):
        items = told.get(part)
        if isinstance(items, list):
            printing.data(f"{len(items)} {part.replace('_', ' ')}: {', '.join(items)}")
    if clip is not None:
        printing.data(f"{found.id} by {found.signer}: {found.text}\n  {' '.join(found.gloss)}")


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(help="Name of a corpus; synthsign is built in.")],
    out: Annotated[Path, typer.Option(help="Folder for the files; clips that are there are kept.")],
    split: Annotated[str, typer.Option(help="A split, such as train, dev, test or word-test.")] = "test",
    media: Annotated[
        str,
        typer.Option(
            help="Separated by commas: video, pose, motion (SMPL-X rotations), rendering:pose, rendering:hamer, rendering:smplx, "
            "rendering:cross-person (the motion by another signer)."
        ),
    ] = "video,pose,motion",
    size: Annotated[int, typer.Option(min=64, max=576, help="Height and width of the video in pixels.")] = 128,
    take: Annotated[
        int, typer.Option(min=0, help="0 is the reference; 1, 2 ... are further performances of the same sentences.")
    ] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N clips.")] = None,
    table: Annotated[bool, typer.Option("--table/--no-table", help="Write clips.csv with text, gloss and signer.")] = True,
    json: Json = False,
) -> None:
    """Write a corpus's clips as lossless video, key points (.pose) and rotations (.npz), named by clip id, with clips.csv.

    Each kind has a folder of its own; video and key points alone share one, which is then a side for signbench measure.
    """
    import json as encoder

    from signbench.cli import printing
    from signbench.corpora import registry
    from signbench.corpora.synthsign.corpus import SynthSign
    from signbench.corpora.synthsign.export import export as write
    from signbench.errors import InputError

    corpus = registry.corpus(name)
    if not isinstance(corpus, SynthSign):
        raise InputError(f"the corpus {name} lies in files already; only synthsign is exported.")
    with printing.progress_bars(True) as report:
        written = write(
            corpus,
            split,
            out,
            size=size,
            limit=limit,
            take=take,
            media=[kind.strip() for kind in media.split(",") if kind.strip()],
            table=table,
            progress=lambda done, total: report("exporting", done, total),
        )
    if json:
        printing.data(encoder.dumps({"corpus": name, "split": split, "out": str(out), "clips": written}, indent=2))
    else:
        printing.talk(f"{len(written)} clips in {out}")

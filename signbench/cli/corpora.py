"""``signbench corpora``: the data sets that signbench knows, and their export as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.groups import group
from signbench.cli.options import Json, Progress, clip_ids, option

app = group("List, show or export corpora.")


@app.command("list")
def list_corpora(json: Json = False) -> None:
    """List the corpora that signbench can read."""
    from signbench.cli import printing
    from signbench.corpora import registry

    rows = []
    for name in registry.known():
        corpus = registry.corpus(name)
        rows.append({"name": name, "version": corpus.version, "licence": corpus.licence, "splits": list(corpus.splits)})
    if json:
        printing.document(rows)
        return
    for row in rows:
        printing.data(f"{row['name']} {row['version']} ({row['licence']}): {', '.join(row['splits'])}")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of a corpus.")],
    clips: Annotated[str | None, option("--clips", "Their texts and glosses are shown.")] = None,
    json: Json = False,
) -> None:
    """Show a corpus: its splits with their clips, its signers, its signs."""
    from signbench.cli import printing
    from signbench.corpora import registry

    corpus = registry.corpus(name)
    splits = {split: corpus.ids(split) for split in corpus.splits}
    described: dict[str, object] = {
        "name": corpus.name,
        "version": corpus.version,
        "licence": corpus.licence,
        "splits": {split: {"count": len(ids), "first": ids[0], "last": ids[-1]} for split, ids in splits.items()},
    }
    if name == "synthsign":
        from signbench.corpora.synthsign.lexicon import SIGNS, minimal_pairs
        from signbench.corpora.synthsign.signers import SIGNERS

        described |= {
            "fps": 25,
            "signers": list(SIGNERS),
            "signs": list(SIGNS),
            "minimal_pairs": [f"{one} / {other} ({difference})" for one, other, difference in minimal_pairs()],
        }
    shown = [corpus.clip(clip) for clip in clip_ids(clips) or ()]
    if clips is not None:
        described["clips"] = [
            {"id": clip.id, "text": clip.text, "gloss": list(clip.gloss), "signer": clip.signer, "fps": clip.fps} for clip in shown
        ]
    if json:
        printing.document(described)
        return
    printing.data(f"{corpus.name} {corpus.version}, licence {corpus.licence}")
    for split, ids in splits.items():
        printing.data(f"  {split:<13}{len(ids):>6} clips   {ids[0]} ... {ids[-1]}")
    for part in ("signers", "signs", "minimal_pairs"):
        items = described.get(part)
        if isinstance(items, list):
            printing.data(f"{len(items)} {part.replace('_', ' ')}: {', '.join(items)}")
    for clip in shown:
        printing.data(f"{clip.id} by {clip.signer}: {clip.text}\n  {' '.join(clip.gloss)}")


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(help="Name of a corpus; synthsign is built in.")],
    out: Annotated[Path, option("--out", "Clips that are already in the folder are kept.")],
    split: Annotated[str, option("--split")] = "test",
    media: Annotated[str, option("--media")] = "video,pose,motion",
    size: Annotated[str, option("--size", "Videos are square, from 64 to 576 pixels.")] = "128",
    take: Annotated[int, option("--take", min=0)] = 0,
    limit: Annotated[int | None, option("--limit", min=1)] = None,
    table: Annotated[bool, option("--table")] = True,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Write a corpus's clips as lossless video, key points (.pose) and rotations (.npz), named by clip id, with clips.csv.

    Each kind has its own folder; video and key points alone share one, which can then be a side of signbench measure.
    """
    from signbench.cli import printing
    from signbench.corpora import registry
    from signbench.corpora.synthsign.corpus import SynthSign
    from signbench.corpora.synthsign.export import export as write
    from signbench.errors import InputError
    from signbench.runs.protocol import parse_size

    corpus = registry.corpus(name)
    if not isinstance(corpus, SynthSign):
        raise InputError(f"the corpus {name} already consists of files; only synthsign is exported.")
    height, width = parse_size(size)
    if height != width:
        raise InputError(f"--size: videos of {name} are square, not {size}; use one number.")
    with printing.progress_bars(progress) as report:
        written = write(
            corpus,
            split,
            out,
            size=height,
            limit=limit,
            take=take,
            media=[kind.strip() for kind in media.split(",") if kind.strip()],
            table=table,
            progress=lambda done, total: report("exporting", done, total),
        )
    if json:
        printing.document({"corpus": name, "split": split, "out": str(out), "clips": written})
    else:
        printing.talk(f"{len(written)} clips in {out}")

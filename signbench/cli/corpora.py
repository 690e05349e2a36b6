"""``signbench corpora``: the data sets that signbench knows, whether they are whole, and their export as files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from signbench.cli.groups import group
from signbench.cli.options import Device, Json, Progress, Root, clip_ids, option

if TYPE_CHECKING:
    from signbench.corpora.synthsign.corpus import SynthSign

app = group("List, show, check, prepare or export corpora.")


@app.command("list")
def list_corpora(json: Json = False) -> None:
    """List the corpora that signbench can read, and where they lie on this machine."""
    from signbench.cli import printing
    from signbench.corpora import registry, roots

    rows: list[dict[str, Any]] = []
    for name in registry.known():
        kind = registry.on_disk(name) or registry.corpus(name)
        root = None if registry.is_made(name) else roots.find(name)
        rows.append(
            {
                "name": name,
                "version": kind.version,
                "licence": kind.licence,
                "splits": list(kind.splits),
                "built_in": registry.is_made(name),
                "root": None if root is None else str(root),
            }
        )
    if json:
        printing.document(rows)
        return
    for row in rows:
        where = "" if row["built_in"] else f"; {row['root'] or 'not here'}"
        printing.data(
            f"{row['name']} {row['version']} ({row['licence']}): {', '.join(row['splits']) or 'splits of your own'}{where}"
        )


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of a corpus.")],
    root: Root = None,
    clips: Annotated[str | None, option("--clips", "Their texts and glosses are shown.")] = None,
    json: Json = False,
) -> None:
    """Show a corpus: its licence, where a person gets it, its layout, its splits with their clips, its citation."""
    from signbench.cli import printing
    from signbench.corpora import registry
    from signbench.corpora.describing import described, sentences

    here = root is not None or registry.readable(name)
    corpus = registry.corpus(name, root) if here or registry.on_disk(name) is None else None
    content = described(name, corpus, clip_ids(clips))
    if json:
        printing.document(content)
        return
    printing.sentences(sentences(content))


@app.command("check")
def check(
    name: Annotated[str, typer.Argument(help="Name of a corpus that lies on disk.")],
    root: Root = None,
    out: Annotated[Path | None, option("--out", "A new file SPLIT.txt for each split: the ids of its whole clips.")] = None,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Check whether a corpus on disk is whole: what is present, missing, surplus or unreadable, split by split.

    Reads annotations, the names of files, and the first and last bytes of media; nothing is decoded. Exits with 3 if something is
    missing or unreadable.
    """
    from signbench.cli import printing
    from signbench.corpora import registry
    from signbench.corpora.checking import write_whole
    from signbench.corpora.on_disk import CorpusOnDisk
    from signbench.errors import InputError

    corpus = registry.corpus(name, root)
    if not isinstance(corpus, CorpusOnDisk):
        raise InputError(f"the corpus {name} is made by a program; there is nothing on disk to check.")
    with printing.progress_bars(progress) as report:
        found = corpus.check(lambda split, done, total: report(f"checking {split}", done, total))
    if out is not None:
        write_whole(out, found, {split.split: corpus.ids(split.split) for split in found.splits if split.error is None})
    if json:
        printing.document(found.as_json())
    else:
        printing.sentences(found.sentences())
    if not found.whole:
        raise typer.Exit(3)


@app.command("prepare")
def prepare(
    name: Annotated[str, typer.Argument(help="Name of a corpus that lies on disk.")],
    out: Annotated[Path, option("--out", "SPLIT/ID.npz for each clip. Those that are there are kept.")],
    root: Root = None,
    estimator: Annotated[str, option("--estimator")] = "pose-estimator",
    split: Annotated[str | None, option("--split", "Default: all.")] = None,
    limit: Annotated[int | None, option("--limit", min=1)] = None,
    device: Device = "cpu",
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Make the key points that a corpus on disk lacks, by a judge that finds them in videos; rerun to resume.

    The processes of torchrun share the clips. Exits with 3 if some clips have none afterwards.
    """
    from signbench.cli import printing
    from signbench.corpora import registry
    from signbench.corpora.on_disk import CorpusOnDisk
    from signbench.errors import InputError
    from signbench.scoring.preparing import prepare_points

    corpus = registry.corpus(name, root)
    if not isinstance(corpus, CorpusOnDisk):
        raise InputError(f"the corpus {name} is made by a program, with its key points.")
    with printing.progress_bars(progress) as report:
        found = prepare_points(
            corpus, out, estimator, splits=None if split is None else (split,), limit=limit, device=device, progress=report
        )
    if json:
        printing.document([asdict(done) for done in found])
    else:
        for done in found:
            printing.data(f"{done.split}: {done.made:,} made, {done.there:,} were there, {len(done.failed):,} failed")
            printing.sentences(f"  {why}" for why in list(done.failed.values())[:5])
        printing.talk(f"in {out}: use them with points: {out} below root: in corpora.yaml")
    if any(done.failed for done in found):
        raise typer.Exit(3)


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
    from signbench.corpora.synthsign.export import export as write
    from signbench.errors import InputError
    from signbench.runs.protocol import parse_size

    if registry.on_disk(name) is not None:
        raise InputError(f"the corpus {name} already consists of files; only synthsign is exported.")
    corpus = cast("SynthSign", registry.corpus(name))
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

"""``signbench measure``: score one folder against another, without a task."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.options import Json


class Frames(StrEnum):
    """What to do where the two sides of a clip differ in length."""

    equal = "equal"
    truncate = "truncate"
    resample = "resample"


class Precision(StrEnum):
    """What networks count in."""

    float32 = "float32"
    tf32 = "tf32"
    bf16 = "bf16"


def command(
    references: Annotated[Path, typer.Argument(help="Folder, container or table of the true clips.")],
    predictions: Annotated[Path, typer.Argument(help="The same of the clips to score, under the same names.")],
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", "-m", help="name or name:key=value,key=value; repeat it. See: signbench metrics list."),
    ] = None,
    suite: Annotated[
        str | None, typer.Option(help="The rows of a kind of paper's table: slt, slrtp, gfslt or csl-daily; see docs/suites.md.")
    ] = None,
    frames: Annotated[
        Frames,
        typer.Option(help="Where lengths differ: refuse, keep the common prefix, or stretch onto the reference's time stamps."),
    ] = Frames.equal,
    size: Annotated[str | None, typer.Option(help="Resize images of both sides: 256 or WIDTHxHEIGHT.")] = None,
    fps: Annotated[float | None, typer.Option(help="Convert both sides to this frame rate.")] = None,
    source_fps: Annotated[float | None, typer.Option(help="Declare the frame rate of all files.")] = None,
    layout: Annotated[
        str | None, typer.Option(help="Declare the key-point layout of files that carry none, such as coco-wholebody-133.")
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="Column of a table of texts that holds the ids.")] = None,
    text_column: Annotated[str | None, typer.Option("--text", help="Column of a table of texts that holds the texts.")] = None,
    precision: Annotated[Precision, typer.Option(help="What networks count in; it is signed.")] = Precision.float32,
    device: Annotated[str, typer.Option(help="Where networks count, such as cuda:0.")] = "cpu",
    limit: Annotated[int | None, typer.Option(help="Only the first N clips; marks the result as a subset.")] = None,
    clips: Annotated[
        str | None, typer.Option(help="Only these clip ids: a,b,c or @FILE with one per line; marks the result as a subset.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run folder. Default: runs/measure-<predictions>-<hash>, so that a repeat goes on.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Move an older run in that folder to <name>.old-N and begin anew.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; the numbers do not depend on it. Default: one per core.")
    ] = None,
    progress: Annotated[bool, typer.Option(help="Show progress on a terminal.")] = True,
    json: Json = False,
) -> None:
    """Score PREDICTIONS against REFERENCES, clip by clip, with intervals and signatures.

    Both sides are folders of videos, frame folders or key-point files that share their names, or containers of many clips; for
    metrics of text .txt files by line or tables by id; for the others features (.npy) or labels (.csv).
    """
    from signbench.cli import foreign

    foreign.beware()
    from signbench.cli import printing
    from signbench.runs.folder import RunFolder
    from signbench.runs.protocol import Protocol, parse_size
    from signbench.scoring.engine import run_in_folder
    from signbench.scoring.measure import prepare
    from signbench.scoring.ranks import Ranks

    protocol = Protocol(
        frames=frames.value,
        size=parse_size(size) if size else None,
        fps=fps,
        source_fps=source_fps,
        layout=layout,
        id_column=id_column,
        text_column=text_column,
        precision=precision.value,
    )
    with printing.progress_bars(progress and Ranks.from_environment().first) as report:
        work = prepare(
            references,
            predictions,
            metric or [],
            protocol,
            suite=suite,
            device=device,
            limit=limit,
            clips=clip_ids(clips),
            workers=workers if workers is not None or Ranks.from_environment().world == 1 else 1,
            progress=report,
        )
        folder = RunFolder(out if out is not None else work.plan.default_folder())
        result = run_in_folder(work, folder, fresh=fresh)
    if result is None:
        return
    printing.outcome(result, folder.path, json=json)
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def clip_ids(text: str | None) -> list[str] | None:
    """Reads ``--clips``: ids with commas between, or ``@FILE`` with one a line.

    Raises:
        InputError: the file cannot be read, or no id stands there.
    """
    from signbench.errors import InputError

    if text is None:
        return None
    if not text.startswith("@"):
        ids = [name.strip() for name in text.split(",") if name.strip()]
    else:
        try:
            ids = [line.strip() for line in Path(text[1:]).read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        except (OSError, ValueError) as error:
            raise InputError(f"--clips: {text[1:]} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if not ids:
        raise InputError(f"--clips: {text!r} names no clip; write ids with commas between, or @FILE with one a line.")
    return ids

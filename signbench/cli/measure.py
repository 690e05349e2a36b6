"""``signbench measure``: score one folder against another, without a task."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from signbench.cli.options import Clips, Device, Fresh, Json, Limit, Progress, RunOut, Workers, clip_ids, option


class Frames(StrEnum):
    """What to do if the two sides of a clip differ in length."""

    equal = "equal"
    truncate = "truncate"
    resample = "resample"


class Precision(StrEnum):
    """The precision of networks."""

    float32 = "float32"
    tf32 = "tf32"
    bf16 = "bf16"


def command(
    references: Annotated[Path, typer.Argument(help="Folder, container or table of the references.")],
    predictions: Annotated[Path, typer.Argument(help="The same for the predictions, with the same names.")],
    metric: Annotated[list[str] | None, option("--metric", "May be repeated.")] = None,
    suite: Annotated[str | None, option("--suite")] = None,
    frames: Annotated[Frames, option("--frames")] = Frames.equal,
    size: Annotated[str | None, option("--size", "Images of both sides are resized to this size.")] = None,
    fps: Annotated[float | None, option("--fps")] = None,
    source_fps: Annotated[float | None, option("--source-fps")] = None,
    layout: Annotated[str | None, option("--layout")] = None,
    id_column: Annotated[str | None, option("--id")] = None,
    text_column: Annotated[str | None, option("--text")] = None,
    precision: Annotated[Precision, option("--precision")] = Precision.float32,
    device: Device = "cpu",
    limit: Limit = None,
    clips: Clips = None,
    out: RunOut = None,
    fresh: Fresh = False,
    workers: Workers = None,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Score PREDICTIONS against REFERENCES, clip by clip, with intervals and signatures.

    Both sides are folders of videos, frame folders or key-point files that share their names, or containers of many clips; for
    metrics of text, .txt files by line or tables by id; for the others, features (.npy) or labels (.csv).
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

"""``signbench score`` and ``signbench run``: a task's numbers, for predictions or for a generator."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signbench.cli import foreign
from signbench.cli.options import (
    Checkpoint,
    Clips,
    ClipSeconds,
    Device,
    Fresh,
    GeneratorDevice,
    Json,
    Judges,
    Limit,
    Progress,
    Root,
    RunOut,
    TaskSplit,
    Workers,
    clip_ids,
    option,
)

if TYPE_CHECKING:
    from signbench.runs.folder import RunFolder
    from signbench.runs.result import Result
    from signbench.tasks.schema import Task

TaskName = Annotated[str, typer.Argument(metavar="TASK", help="Name of a task; see signbench tasks list.")]


class Require(StrEnum):
    """The metrics that a run must not leave out."""

    core = "core"
    all = "all"


Required = Annotated[Require, option("--require")]


def score(
    task: TaskName,
    predictions: Annotated[Path, option("--predictions")],
    references: Annotated[Path | None, option("--references")] = None,
    split: TaskSplit = None,
    limit: Limit = None,
    clips: Clips = None,
    allow_missing: Annotated[bool, option("--allow-missing")] = False,
    out: RunOut = None,
    fresh: Fresh = False,
    require: Required = Require.core,
    device: Device = "cpu",
    judge: Judges = None,
    root: Root = None,
    workers: Workers = None,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Check a folder of predictions for a task, and score it."""
    foreign.beware(judges=judge)
    from signbench.cli import printing
    from signbench.predictions.problems import PredictionsError
    from signbench.scoring.ranks import Ranks
    from signbench.scoring.task_runs import TaskRun, score_predictions

    with printing.progress_bars(progress and Ranks.from_environment().first) as report:
        run = TaskRun.of(
            named_task(task),
            split,
            references_dir=references,
            limit=limit,
            clips=clip_ids(clips),
            workers=_workers(workers),
            progress=report,
            require_all=require is Require.all,
            device=device,
            judges=judge or (),
            root=root,
        )
        try:
            outcome = score_predictions(run, predictions, out, fresh=fresh, allow_missing=allow_missing)
        except PredictionsError as error:
            if json:
                printing.document({"problems": [printing.problem(item.as_json()) for item in error.problems]})
            raise
    _finish(outcome, json=json)


def run(
    task: TaskName,
    generator: Annotated[str, option("--generator")],
    checkpoint: Checkpoint = None,
    device: GeneratorDevice = None,
    split: TaskSplit = None,
    limit: Limit = None,
    clips: Clips = None,
    out: RunOut = None,
    fresh: Fresh = False,
    require: Required = Require.core,
    judge: Judges = None,
    root: Root = None,
    workers: Workers = None,
    clip_seconds: ClipSeconds = 3600,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Generate a task's clips, then score them; rerun to resume."""
    foreign.beware(generator, judge)
    from signbench.cli import printing
    from signbench.generators import registry
    from signbench.scoring.ranks import Ranks
    from signbench.scoring.task_runs import Generation, TaskRun, run_generator

    options = registry.options_of(checkpoint, device)
    with printing.progress_bars(progress and Ranks.from_environment().first) as report:
        task_run = TaskRun.of(
            named_task(task),
            split,
            limit=limit,
            clips=clip_ids(clips),
            workers=_workers(workers),
            progress=report,
            require_all=require is Require.all,
            device=device or "cpu",
            judges=judge or (),
            root=root,
        )
        made_by = registry.create(generator, **options)
        generation = Generation(
            task_run, made_by, content=registry.content(generator, **options), clip_seconds=clip_seconds or None
        )
        outcome = run_generator(generation, out, fresh=fresh)
    _finish(outcome, json=json)


def named_task(name: str) -> Task:
    """The task of a name; warns if a file in the current folder replaces a shipped task."""
    from signbench.cli import printing
    from signbench.scoring.ranks import Ranks
    from signbench.tasks.loading import hidden_by
    from signbench.tasks.loading import task as found

    if (own := hidden_by(name)) is not None and Ranks.from_environment().first:
        printing.talk(
            f"signbench: {own} in this folder replaces the shipped task {name}; if it can change a number, signatures contain "
            "its digest."
        )
    return found(name)


def _workers(asked: int | None) -> int | None:
    from signbench.scoring.ranks import Ranks

    return asked if asked is not None or Ranks.from_environment().world == 1 else 1


def _report_comparable_rows(result: Result, run: Path) -> None:
    """Reports which rows of leaderboards a result is comparable with."""
    from signbench.cli import printing
    from signbench.errors import SignbenchError
    from signbench.leaderboard.finding import comparable_rows

    try:
        sentences = comparable_rows(result, run)
    except SignbenchError as error:  # the result itself is complete
        sentences = [f"not searched: {error}"]
    for sentence in sentences:
        printing.talk(f"leaderboard: {sentence}")


def _finish(outcome: tuple[RunFolder, Result] | None, *, json: bool) -> None:
    from signbench.cli import printing

    if outcome is None:
        return
    folder, result = outcome
    printing.outcome(result, folder.path, json=json)
    _report_comparable_rows(result, folder.path)
    if result.exit_code:
        raise typer.Exit(result.exit_code)

"""Generate, score and check with one command, as a build does for a checkpoint."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from signbench.ci.baselines import Baseline
from signbench.ci.gate import task_differences
from signbench.errors import NotComparableError
from signbench.progress import Progress, silent
from signbench.runs.result import TaskSplit
from signbench.scoring.task_runs import CLIP_SECONDS, Generation, TaskRun, run_generator
from signbench.tasks.schema import Task

if TYPE_CHECKING:
    from signbench.generators.base import Generator


def made_run(
    task: Task,
    generator: Generator,
    baseline: Baseline,
    out: Path | None,
    *,
    fresh: bool = False,
    workers: int | None = 1,
    progress: Progress = silent,
    content: Mapping[str, str] | None = None,
    clip_seconds: float | None = CLIP_SECONDS,
    device: str = "cpu",
    judges: Collection[str] = (),
) -> Path | None:
    """Generates a task's clips and scores them, on the split of the baseline that they will be compared with.

    Repeat the call to resume it where it stopped.

    Args:
        task: the task.
        generator: the generator; not yet prepared.
        baseline: the baseline that the run will be compared with.
        out: the run's folder; None: ``runs/<task>-<generator>-<hash>``.
        fresh: move an older run aside.
        workers: processes for scoring, or None for one per core.
        progress: receives the progress.
        content: the contents that identify the generator; None: its source files.
        clip_seconds: time limit for one clip, or None.
        device: the device of the scoring networks.
        judges: the custom judges named by the task that may run.

    Returns:
        The run's folder; None on every rank except the first.

    Raises:
        NotComparableError: the baseline has another task or version; nothing was generated.
        InputError: the generator does not fit the task, or the folder cannot be written.
    """
    pinned = baseline.run.result.task
    split = pinned.split if pinned is not None and pinned.split in task.splits else task.default_split
    reasons = task_differences(TaskSplit(name=task.name, version=task.version, split=split), baseline)
    if reasons:
        raise NotComparableError(f"{task.name} cannot be compared with the baseline {baseline.name}: {'; '.join(reasons)}.")
    run = TaskRun.of(task, split, workers=workers, progress=progress, device=device, judges=judges)
    outcome = run_generator(Generation(run, generator, content=content, clip_seconds=clip_seconds), out, fresh=fresh)
    return None if outcome is None else outcome[0].path

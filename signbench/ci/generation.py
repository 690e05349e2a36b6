"""Generate, score and check in one go: what a build does with a checkpoint."""

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
    """Generates a task's clips and scores them, on the split of a baseline that the result is going to be held against.

    Repeating the call goes on where it stopped.

    Args:
        task: the task.
        generator: what makes the clips; not yet prepared.
        baseline: what the run is going to be held against.
        out: folder of the run; None: ``runs/<task>-<generator>-<hash>``.
        fresh: move an older run aside.
        workers: processes for scoring, or None for one per core.
        progress: told how far it is.
        content: what the generator is by its content; None: its source files.
        clip_seconds: how long it may take for one clip, or None.
        device: of the networks that score.
        judges: the custom judges that the task names and that may run.

    Returns:
        The run's folder; None on every rank but the first of several.

    Raises:
        NotComparableError: the baseline is of another task or version; nothing was made.
        InputError: the generator does not fit the task, or the folder cannot be written.
    """
    pinned = baseline.run.result.task
    split = pinned.split if pinned is not None and pinned.split in task.splits else task.default_split
    reasons = task_differences(TaskSplit(name=task.name, version=task.version, split=split), baseline)
    if reasons:
        raise NotComparableError(f"{task.name} cannot be held against the baseline {baseline.name}: {'; '.join(reasons)}.")
    run = TaskRun.of(task, split, workers=workers, progress=progress, device=device, judges=judges)
    outcome = run_generator(Generation(run, generator, content=content, clip_seconds=clip_seconds), out, fresh=fresh)
    return None if outcome is None else outcome[0].path

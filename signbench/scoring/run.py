"""Generating a task's clips and scoring them, from Python."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from signbench.errors import InputError
from signbench.progress import Progress, silent
from signbench.scoring.finished import FinishedRun, on_every_rank
from signbench.scoring.task_runs import CLIP_SECONDS, Generation, TaskRun, run_generator
from signbench.scoring.workers import leave_to_parent
from signbench.tasks.loading import task as named_task
from signbench.tasks.schema import Task

if TYPE_CHECKING:
    from signbench.generators.base import Generator


def run(
    task: str | Task,
    generator: str | Generator,
    *,
    checkpoint: str | Path | None = None,
    split: str | None = None,
    limit: int | None = None,
    clips: Iterable[str] | None = None,
    require_all: bool = False,
    out: str | Path | None = None,
    fresh: bool = False,
    device: str | None = None,
    judges: str | Collection[str] = (),
    workers: int | None = 1,
    clip_seconds: float | None = CLIP_SECONDS,
    progress: Progress = silent,
) -> FinishedRun:
    """Generates a task's clips and scores them, as ``signbench run`` does; repeating the call goes on where it stopped.

    Args:
        task: its name, such as ``"synthsign/text-to-pose"``, or the task itself.
        generator: its name, ``name:key=value``, ``package.module:Class`` or ``file.py:Class``; or a generator, not yet prepared.
        checkpoint: trained weights, for generators that are given by name and take some.
        split: a split of the task; None: its first.
        limit: the first so many clips only; the result says so.
        clips: these clips only; the result says so.
        require_all: stop where weights of an extended metric are missing, rather than leave the metric out.
        out: folder of the run; None: ``runs/<task>-<generator>-<hash>`` in the current folder, so that a repeat goes on.
        fresh: move an older run in that folder aside.
        device: where networks run, and generators that are given by name and take a device, such as ``cuda:0``; None: the CPU.
        judges: custom judges that the task names in its field ``on``, as it spells them; their code runs.
        workers: processes for scoring, or None for one per core; the result does not depend on it. More than 1 needs the caller's
            main module to be importable.
        clip_seconds: how long the generator may take for one clip, or None.
        progress: called with what is being done, how many clips are done, and of how many.

    Returns:
        The run; on every process, where torchrun started several.

    Raises:
        InputError: no such task, split, clip or generator; a generator that does not fit the task; or an unusable folder.

    Example:
        >>> import signbench
        >>> finished = signbench.run("synthsign/text-to-pose", "nearest", limit=20)  # doctest: +SKIP
        >>> finished.result.status, finished["dtw"].value  # doctest: +SKIP
        ('complete', 0.0653)
    """
    from signbench.generators import registry
    from signbench.generators.base import Generator as Base

    leave_to_parent()
    chosen = named_task(task) if isinstance(task, str) else task
    task_run = TaskRun.of(
        chosen,
        split,
        limit=limit,
        clips=clips,
        workers=workers,
        progress=progress,
        require_all=require_all,
        device=device or "cpu",
        judges=judges,
    )
    if isinstance(generator, str):
        weights = None if checkpoint is None else Path(checkpoint)
        options = {name: value for name, value in (("checkpoint", weights), ("device", device)) if value is not None}
        made, content = registry.create(generator, **options), registry.content(generator, **options)
        generation = Generation(task_run, made, content=content, clip_seconds=clip_seconds)
    else:
        if not isinstance(generator, Base):
            raise InputError(f"generator is {generator!r}; give its name, or an instance of a class made from signbench.Generator.")
        if checkpoint is not None:
            raise InputError(f"generator {generator.card.name} is made already; give the checkpoint to its class.")
        generation = Generation(task_run, generator, content=None, clip_seconds=clip_seconds)
    folder = None if out is None else Path(out)
    return on_every_rank(lambda: run_generator(generation, folder, fresh=fresh))

"""Generates a task's clips and scores them, from Python."""

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
    root: str | Path | None = None,
    workers: int | None = 1,
    clip_seconds: float | None = CLIP_SECONDS,
    progress: Progress = silent,
) -> FinishedRun:
    """Generates a task's clips and scores them, as ``signbench run`` does; a repeated call resumes where it stopped.

    Args:
        task: the task's name, such as ``"synthsign/text-to-pose"``, or the task itself.
        generator: the generator's name, ``name:key=value``, ``package.module:Class`` or ``file.py:Class``; or a generator, not yet
            prepared.
        checkpoint: trained weights, for generators by name that take a checkpoint: a reference model's name, its folder, or a file.
        split: a split of the task; None: the first.
        limit: score only the first clips, this many; the result states it.
        clips: score only these clips; the result states it.
        require_all: stop if weights of an extended metric are missing, instead of leaving the metric out.
        out: folder of the run; None: ``runs/<task>-<generator>-<hash>`` in the current folder, so that a repeated call resumes.
        fresh: move an existing run in that folder aside.
        device: device of networks and of generators by name that take a device, such as ``cuda:0``; None: the CPU.
        judges: custom judges that the task names in its field ``on``, in the same spelling; their code will be run.
        root: the folder of the task's corpus, if it lies on disk; None: the configured one.
        workers: number of processes for scoring, which does not affect the result; None: one per core. More than 1 requires an
            importable main module.
        clip_seconds: time limit of the generator for one clip, or None.
        progress: called with the current step and the numbers of finished and of all clips.

    Returns:
        The run, in every process that torchrun started.

    Raises:
        InputError: the task, split, clip or generator does not exist, the generator does not fit the task, or the folder is
        unusable.

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
        root=None if root is None else Path(root),
    )
    if isinstance(generator, str):
        options = registry.options_of(checkpoint, device)
        made, content = registry.create(generator, **options), registry.content(generator, **options)
        generation = Generation(task_run, made, content=content, clip_seconds=clip_seconds)
    else:
        if not isinstance(generator, Base):
            raise InputError(f"`generator` is {generator!r}; pass a name, or an instance of a subclass of signbench.Generator.")
        if checkpoint is not None:
            raise InputError(f"the generator {generator.card.name} is an instance already; pass the checkpoint to its class.")
        generation = Generation(task_run, generator, content=None, clip_seconds=clip_seconds)
    folder = None if out is None else Path(out)
    return on_every_rank(lambda: run_generator(generation, folder, fresh=fresh))

"""Scores predictions on a task, from Python."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from signbench.progress import Progress, silent
from signbench.scoring.finished import FinishedRun, on_every_rank
from signbench.scoring.task_runs import TaskRun, score_predictions
from signbench.scoring.workers import leave_to_parent
from signbench.tasks.loading import task as named_task
from signbench.tasks.schema import Task


def score(
    task: str | Task,
    predictions: str | Path,
    *,
    references: str | Path | None = None,
    split: str | None = None,
    limit: int | None = None,
    clips: Iterable[str] | None = None,
    allow_missing: bool = False,
    require_all: bool = False,
    out: str | Path | None = None,
    fresh: bool = False,
    device: str = "cpu",
    judges: str | Collection[str] = (),
    root: str | Path | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
) -> FinishedRun:
    """Checks a folder of predictions for a task, and scores it, as ``signbench score`` does.

    Args:
        task: the task's name, such as ``"synthsign/text-to-pose"``, or the task itself.
        predictions: a folder of files named by clip id.
        references: your copy of the data set: a folder with media files and, if necessary, ``clips.csv``. None: signbench's reader.
        split: a split of the task; None: the first.
        limit: score only the first clips, this many; the result states it.
        clips: score only these clips; the result states it.
        allow_missing: score an incomplete run if clips lack a file, instead of stopping.
        require_all: stop if weights of an extended metric are missing, instead of leaving the metric out.
        out: folder of the run; None: ``runs/<task>-<predictions>-<hash>`` in the current folder, so that a repeated call resumes.
        fresh: move an existing run in that folder aside.
        device: device of networks, such as ``cpu`` or ``cuda:0``.
        judges: custom judges that the task names in its field ``on``, in the same spelling; their code will be run.
        root: the folder of the task's corpus, if it lies on disk; None: the configured one.
        workers: number of processes, which does not affect the result; None: one per core. More than 1 requires an importable main
            module.
        progress: called with the current step and the numbers of finished and of all clips.

    Returns:
        The run, in every process that torchrun started.

    Raises:
        InputError: the task, split or clip does not exist, the folder is unusable, or the predictions do not fit the task
        (:class:`~signbench.predictions.problems.PredictionsError`, which lists all problems). Nothing was measured.

    Example:
        >>> import signbench
        >>> finished = signbench.score("synthsign/text-to-pose", "predictions/")  # doctest: +SKIP
        >>> finished["dtw"].value, finished["dtw"].interval  # doctest: +SKIP
        (0.0412, (0.0389, 0.0437))
    """
    leave_to_parent()
    chosen = named_task(task) if isinstance(task, str) else task
    run = TaskRun.of(
        chosen,
        split,
        references_dir=None if references is None else Path(references),
        limit=limit,
        clips=clips,
        workers=workers,
        progress=progress,
        require_all=require_all,
        device=device,
        judges=judges,
        root=None if root is None else Path(root),
    )
    folder = None if out is None else Path(out)
    return on_every_rank(lambda: score_predictions(run, Path(predictions), folder, fresh=fresh, allow_missing=allow_missing))

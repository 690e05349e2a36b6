"""Scoring predictions on a task, from Python."""

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
    workers: int | None = 1,
    progress: Progress = silent,
) -> FinishedRun:
    """Scores a folder of predictions on a task, after checking all of it, as ``signbench score`` does.

    Args:
        task: its name, such as ``"synthsign/text-to-pose"``, or the task itself.
        predictions: a folder of files named by clip id.
        references: your own copy of the data set: a folder with media and, if need be, ``clips.csv``. None: signbench's reader.
        split: a split of the task; None: its first.
        limit: the first so many clips only; the result says so.
        clips: these clips only; the result says so.
        allow_missing: clips without a file leave the run incomplete rather than stopping it.
        require_all: stop where weights of an extended metric are missing, rather than leave the metric out.
        out: folder of the run; None: ``runs/<task>-<predictions>-<hash>`` in the current folder, so that a repeat goes on.
        fresh: move an older run in that folder aside.
        device: where networks run, such as ``cpu`` or ``cuda:0``.
        judges: custom judges that the task names in its field ``on``, as it spells them; their code runs.
        workers: processes, or None for one per core; the result does not depend on it. More than 1 needs the caller's main module
            to be importable.
        progress: called with what is being done, how many clips are done, and of how many.

    Returns:
        The run; on every process, where torchrun started several.

    Raises:
        InputError: no such task, split or clip, or an unusable folder; or predictions that are not what the task asks for
            (:class:`~signbench.predictions.problems.PredictionsError`, which lists all that is wrong). Nothing was measured.

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
    )
    folder = None if out is None else Path(out)
    return on_every_rank(lambda: score_predictions(run, Path(predictions), folder, fresh=fresh, allow_missing=allow_missing))

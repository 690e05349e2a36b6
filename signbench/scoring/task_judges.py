"""The judges of a task, ready to answer: created, and shown the train split where they learn from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

from signbench.errors import InputError, listing
from signbench.extractors.base import Precision
from signbench.extractors.cache import ObservationCache
from signbench.foreign import supervision
from signbench.foreign.isolation import guarded, is_own
from signbench.judges import registry
from signbench.judges.base import Judge
from signbench.metrics.judged import reads_of
from signbench.tasks.references import open_corpus
from signbench.tasks.schema import Task

Progress = Callable[[str, int, int], None]


def check_named(task: Task, judges: str | Collection[str]) -> None:
    """Whether the custom judges of a task are those that the user named: a task is a file, and does not decide what code runs.

    Args:
        task: the task.
        judges: what the user named.

    Raises:
        InputError: the task names a custom judge that the user did not name, or the other way round.
    """
    named = {judges} if isinstance(judges, str) else set(judges)
    wanted = {item.judge for item in task.metrics if item.judge is not None and registry.is_custom(item.judge)}
    if unnamed := sorted(wanted - named):
        code = listing(unnamed)
        raise InputError(f"the task {task.name} is measured through the code of {code}; if you trust it, give `judges={code!r}`.")
    if surplus := sorted(named - wanted):
        has = f"its custom judges are {listing(sorted(wanted))}" if wanted else "it has no custom judge"
        raise InputError(f"the task {task.name} is not measured through {listing(surplus)}; {has}.")


def judges_of(
    task: Task, split: str, names: Iterable[str], *, device: str = "cpu", progress: Progress | None = None
) -> dict[str, Judge]:
    """The judges of a task's split.

    Args:
        task: the task.
        split: the split that is scored; a judge that learns looks at the train split that belongs to it.
        names: of the judges.
        device: where they compute.
        progress: is told which judge looks at the train split, how many clips it has seen, and of how many.

    Returns:
        Name -> judge. One whose weights are not present is not prepared.

    Raises:
        InputError: there is no such judge; or it learns, and the task's corpus cannot be read or lacks what it needs.
    """
    found = {}
    for name in dict.fromkeys(names):
        where = ObservationCache.from_environment().folder  # what is computed again reads nothing that was kept elsewhere
        key = (name, registry.judge_class(name), task.digest(), split, device, task.protocol().precision, where)
        if key not in _ready:
            _ready[key] = _made(task, split, name, device, task.protocol().precision, progress)
        found[name] = _ready[key]
    return found


_ready: dict[tuple[object, ...], Judge] = {}
"""Judges that looked at a train split, which takes a while, are kept for the process."""


def _made(task: Task, split: str, name: str, device: str, precision: Precision, progress: Progress | None) -> Judge:
    from signbench.generators.training import TrainView
    from signbench.predictions.prompts import Made

    judge = registry.create(name, device=device, precision=precision)
    if reads_of(type(judge), task.made.modality) is None:
        raise InputError(
            f"the judge {name} reads {' or '.join(judge.reads)}, but {task.name} makes {task.made.modality}; choose another judge."
        )
    if not judge.learns:
        return judge
    corpus = open_corpus(task)
    ids = corpus.ids(split)
    made = Made.of_task(task.made, corpus.clip(ids[0]).fps if ids else None)
    train = TrainView.of_task(corpus, made, split=split, references=task.references)

    def seen(done: int, total: int) -> None:
        if progress is not None:
            progress(f"preparing {name}", done, total)

    if is_own(judge):
        judge.prepare(train, seen)
    else:
        with supervision.doing(f"preparing the judge {name}"):
            guarded(lambda: judge.prepare(train, seen), f"the judge {name} cannot be prepared")
    return judge


@lru_cache(maxsize=32)
def dealt_clips(task_name: str, seed: int, ids: tuple[str, ...]) -> dict[str, str]:
    """Clip -> the clip whose reference is dealt to it, as the anchor ``shuffled`` deals them; empty for a single clip.

    Args:
        task_name: name of the task.
        seed: of the task.
        ids: all clips of the split, also where a run is limited to some of them.
    """
    from signbench.generators.anchors import derangement

    try:
        return derangement(ids, task_name, seed)
    except InputError:
        return {}

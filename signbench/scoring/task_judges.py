"""The judges of a task, ready to answer: created, and shown the train split where they learn from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from signbench.errors import InputError
from signbench.extractors.base import Precision
from signbench.foreign.isolation import guarded, is_own
from signbench.judges import registry
from signbench.judges.base import Judge
from signbench.tasks.references import open_corpus
from signbench.tasks.schema import Task

Progress = Callable[[str, int, int], None]


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
        key = (name, task.digest(), split, device, task.protocol().precision)
        if key not in _ready:
            _ready[key] = _made(task, split, name, device, task.protocol().precision, progress)
        found[name] = _ready[key]
    return found


_ready: dict[tuple[str, ...], Judge] = {}
"""Judges that looked at a train split, which takes a while, are kept for the process."""


def _made(task: Task, split: str, name: str, device: str, precision: Precision, progress: Progress | None) -> Judge:
    from signbench.generators.training import TrainView
    from signbench.predictions.prompts import Made

    judge = registry.create(name, device=device, precision=precision)
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

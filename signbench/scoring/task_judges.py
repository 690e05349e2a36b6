"""Prepares the judges of a task: creates them, and trains those that learn from the train split."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from pathlib import Path

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
from signbench.weights.reference_models import find_model, has_model

Progress = Callable[[str, int, int], None]


def check_named(task: Task, judges: str | Collection[str]) -> None:
    """Checks that the user named the custom judges of a task: a task is a file, and must not decide which code is run.

    Args:
        task: the task.
        judges: the judges that the user named.

    Raises:
        InputError: the task and the user name different custom judges.
    """
    named = {judges} if isinstance(judges, str) else set(judges)
    wanted = {item.judge for item in task.metrics if item.judge is not None and registry.is_custom(item.judge)}
    if unnamed := sorted(wanted - named):
        code = listing(unnamed)
        raise InputError(f"the task {task.name} runs the code of {code}; if you trust it, use `judges={code!r}`.")
    if surplus := sorted(named - wanted):
        has = f"its custom judges are {listing(sorted(wanted))}" if wanted else "it has no custom judge"
        raise InputError(f"the task {task.name} does not use {listing(surplus)}; {has}.")


def judges_of(
    task: Task,
    split: str,
    names: Iterable[str],
    *,
    device: str = "cpu",
    progress: Progress | None = None,
    root: Path | None = None,
) -> dict[str, Judge]:
    """Creates and prepares the judges of a task's split.

    Args:
        task: the task.
        split: the split that is scored; judges learn from its train split.
        names: the judges' names.
        device: the device of the judges' networks.
        progress: called with the judge that is being trained and the numbers of seen and of all clips.
        root: the folder of the corpus, if it lies on disk; None: the configured one.

    Returns:
        Judges by name, without those whose model is not there.

    Raises:
        InputError: a judge does not exist, or it learns from a corpus that cannot be read or lacks what the judge needs.
    """
    found = {}
    for name in dict.fromkeys(names):
        if registry.lacking(name) is not None:
            continue  # its metrics are unavailable, or an error if the task needs them
        where = ObservationCache.from_environment().folder  # a complete recomputation must not use cached state
        model = find_model(name).card.model_dump_json() if has_model(name) else None  # another one in another current folder
        key = (name, registry.judge_class(name), model, task.digest(), split, device, task.protocol().precision, where, root)
        if key not in _ready:
            _ready[key] = _made(task, split, name, device, task.protocol().precision, progress, root)
        found[name] = _ready[key]
    return found


_ready: dict[tuple[object, ...], Judge] = {}
"""Trained judges are kept for the lifetime of the process, because training takes a while."""


def _made(
    task: Task, split: str, name: str, device: str, precision: Precision, progress: Progress | None, root: Path | None
) -> Judge:
    from signbench.generators.training import TrainView
    from signbench.predictions.prompts import Made

    judge = registry.create(name, device=device, precision=precision)
    if reads_of(judge, task.made.modality) is None:
        raise InputError(
            f"the judge {name} reads {' or '.join(judge.reads)}, but predictions of {task.name} are "
            f"{task.made.modality}; choose another judge."
        )
    if not judge.learns:
        return judge
    corpus = open_corpus(task, root)
    ids = corpus.ids(split)
    made = Made.of_task(task.made, corpus.clip(ids[0]).fps if ids else None)
    train = TrainView.of_task(corpus, made, split=split, references=judge.learns_from or task.references)

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
    """The clip whose reference is assigned to each clip, as by the anchor ``shuffled``; empty for a single clip.

    Args:
        task_name: the task's name.
        seed: the task's seed.
        ids: all clips of the split, even if a run is limited to some of them.
    """
    from signbench.generators.anchors import derangement

    try:
        return derangement(ids, task_name, seed)
    except InputError:
        return {}

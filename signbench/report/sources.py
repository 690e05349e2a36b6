"""The clips behind a run: references, productions and annotations, as far as they can still be found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from signbench.corpora.clip import Clip, Side
from signbench.corpora.recordings import VideoRecording
from signbench.errors import SignbenchError, in_flags
from signbench.runs.measured_run import MeasuredRun
from signbench.tasks.schema import Task

SourceOf = Callable[[str], VideoRecording | None]
"""Clip id -> the video whose first frame the generator was given, or None."""


def _no_source(_: str) -> None:
    return None


@dataclass(frozen=True, eq=False, kw_only=True)
class Sources:
    """What is known of a run's clips.

    Attributes:
        task: the task of the run, or None.
        annotated: clip id -> clip of the corpus with all of its media, text, glosses and signer.
        references: clip id -> clip with the media that were compared.
        predictions: clip id -> production.
        source_of: clip id -> the video whose first frame the generator was given, or None.
        missing: why something could not be found, one sentence each.
    """

    task: Task | None = None
    annotated: Mapping[str, Clip] = field(default_factory=dict)
    references: Mapping[str, Clip] = field(default_factory=dict)
    predictions: Mapping[str, Clip] = field(default_factory=dict)
    source_of: SourceOf = _no_source
    missing: tuple[str, ...] = ()


def sources_of(run: MeasuredRun, folder: Path, *, root: Path | None = None, references: Path | None = None) -> Sources:
    """Finds the clips of a run; reads names and annotations only.

    A report shows numbers even if the clips are gone, so nothing here ends it.

    Args:
        run: the run.
        folder: its folder, to which the path of generated productions is relative.
        root: the folder of the corpus, if it lies on disk; None: the configured one.
        references: a folder with a copy of the data set; None: as the run had it.
    """
    missing: list[str] = []
    task = _task(run, missing)
    annotated: dict[str, Clip] = {}
    compared: Mapping[str, Clip] = {}
    source_of: SourceOf = _no_source
    try:
        if task is None:
            compared = _side(run.plan.references, run, folder).clips
            annotated = dict(compared)
        else:
            compared, annotated, source_of = _of_task(task, run, root, references)
    except SignbenchError as error:
        missing.append(f"The references are not shown: {in_flags(str(error))}")
    made: Mapping[str, Clip] = {}
    try:
        if task is None:
            made = _side(run.plan.predictions, run, folder).clips
        else:
            from signbench.predictions.reading import read_predictions

            made = read_predictions(task, folder / (run.plan.predictions or "")).clips
    except SignbenchError as error:
        missing.append(f"The productions are not shown: {in_flags(str(error))}")
    return Sources(
        task=task, annotated=annotated, references=compared, predictions=made, source_of=source_of, missing=tuple(missing)
    )


def _task(run: MeasuredRun, missing: list[str]) -> Task | None:
    """The run's task, unless its file differs from what the run measured."""
    from signbench.tasks.loading import task

    if run.plan.task is None:
        return None
    try:
        found = task(run.plan.task.name)
    except SignbenchError as error:
        missing.append(f"The task is not described: {in_flags(str(error))}")
        return None
    if run.plan.content.get("task") not in (None, found.digest()):
        missing.append(f"The task {found.name} has changed since the run; what is said of it is what its file says now.")
    return found


def _of_task(
    task: Task, run: MeasuredRun, root: Path | None, references: Path | None
) -> tuple[Mapping[str, Clip], dict[str, Clip], SourceOf]:
    """References, annotated clips, and the videos of source images."""
    from signbench.corpora.corpus import train_split_of
    from signbench.predictions.source_images import source_video
    from signbench.tasks.references import open_corpus, task_references

    split = run.plan.task.split if run.plan.task is not None else task.default_split
    was = Path(run.plan.references or "")
    folder = references if references is not None else was if run.plan.references and was.is_dir() else None
    if folder is not None:
        clips = task_references(task, split, folder).side.clips
        return clips, dict(clips), lambda clip: clips[clip].video if "source_image" in task.given and clip in clips else None
    corpus = open_corpus(task, root)
    clips = task_references(task, split, corpus=corpus).side.clips
    annotated = {clip: corpus.clip(clip) for clip in run.plan.clips if clip in clips}
    return clips, annotated, lambda clip: source_video(task, corpus, clip, train_split_of(corpus, split))


def _side(location: str | None, run: MeasuredRun, folder: Path) -> Side:
    """One side of a run of ``signbench measure``; empty if it was in memory."""
    from signbench.media.layouts import layout
    from signbench.sides.folder import read_side

    if location is None:
        return Side("values in memory", {})
    named = run.plan.protocol.layout
    return read_side(folder / location, layout(named) if named else None)

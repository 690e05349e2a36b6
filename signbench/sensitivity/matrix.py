"""Measures the response of every metric to every degradation."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from signbench.corpora.clip import Clip
from signbench.errors import InputError
from signbench.media.degradations import Frames
from signbench.media.pose import Pose
from signbench.progress import Progress, silent
from signbench.runs.result import Score
from signbench.sensitivity.declared import DECLARED, JUDGED, Expectation
from signbench.sensitivity.degradations import KEY_POINTS, VIDEO, Degradation, DegradedModality, Medium

if TYPE_CHECKING:
    from signbench.metrics.judged import JudgedMetric

_log = logging.getLogger(__name__)

_CACHE = 10**9
"""The most bytes of answers of judges that are kept while a matrix is measured."""


@dataclass(frozen=True)
class Cell:
    """One metric under one degradation.

    Attributes:
        modality: of the metric and the degradation.
        metric: canonical name.
        degradation: its name.
        declared: the declaration.
        undegraded: the score of perfect copies; None if it could not be measured.
        values: the scores at the four strengths.
        worsening: by how much each is worse than ``undegraded``, in the metric's unit and its own direction; for the direction
            ``reference`` by how much the distance from the reference value has grown. Negative: better than a perfect copy.
    """

    modality: DegradedModality
    metric: str
    degradation: str
    declared: Expectation
    undegraded: float | None
    values: tuple[float | None, ...]
    worsening: tuple[float | None, ...]

    @property
    def kept(self) -> bool:
        """Whether the measurement is as declared; for ``other``, whether there is one."""
        if self.undegraded is None:
            return False
        values = [value for value in self.values if value is not None]
        steps = [0.0, *(step for step in self.worsening if step is not None)]
        if len(values) < len(self.values):
            return False
        if self.declared.word == "worse":
            return all(weaker < stronger for weaker, stronger in pairwise(steps))
        if self.declared.word == "blind":
            return all(abs(value - self.undegraded) <= self.declared.tolerance for value in values)
        return True


@dataclass(frozen=True)
class Matrix:
    """All cells of one source of clips.

    Attributes:
        source: description of the measured clips.
        clips: their ids, by modality.
        cells: degradation by degradation, metrics in the order of their declaration.
    """

    source: str
    clips: Mapping[DegradedModality, tuple[str, ...]]
    cells: tuple[Cell, ...]

    @property
    def broken(self) -> tuple[Cell, ...]:
        """Cells that contradict their declaration."""
        return tuple(cell for cell in self.cells if not cell.kept)

    def as_json(self) -> dict[str, Any]:
        """Plain values, with the strengths of each degradation."""
        strengths: dict[str, dict[str, Any]] = {"video": {}, "key points": {}}
        degradations: tuple[Degradation[Any], ...] = (*VIDEO, *KEY_POINTS)
        for degradation in degradations:
            strengths[degradation.modality][degradation.name] = {
                "what": degradation.summary,
                "unit": degradation.unit,
                "strengths": list(degradation.strengths),
            }
        return {
            "source": self.source,
            "clips": {modality: list(ids) for modality, ids in self.clips.items()},
            "degradations": strengths,
            "cells": [{**asdict(cell), "kept": cell.kept} for cell in self.cells],
        }


def sensitivity(
    source: str,
    videos: Mapping[str, Frames],
    poses: Mapping[str, Pose],
    progress: Progress = silent,
    *,
    answers: Mapping[str, Clip] | None = None,
) -> Matrix:
    """Degrades clips and scores them against the originals.

    Args:
        source: description of the clips.
        videos: clip id -> frames uint8 ``(T, H, W, 3)``, at least 3 of them; if empty, the video metrics are left out.
        poses: clip id -> key points with shoulders, wrists and hands; if empty, the metrics of key points are left out.
        progress: called with the progress.
        answers: the same clips, or some of them, with a corpus's texts and glosses, and whole videos; if None, the metrics through
            judges are left out.

    Returns:
        The matrix; scores that could not be measured are None in it.

    Raises:
        InputError: clips that a metric cannot measure, or that lack the joints to degrade, or a judge whose model is not present.
        ClipError: a clip that a judge cannot judge.
    """
    cells = [*_measured(VIDEO, videos, progress), *_measured(KEY_POINTS, poses, progress)]
    if answers is not None:
        whole = {clip: _whole_video(answers[clip], frames) for clip, frames in videos.items() if clip in answers}
        known = {clip: pose for clip, pose in poses.items() if clip in answers}
        cells = _in_order([*cells, *_judged(VIDEO, whole, answers, progress), *_judged(KEY_POINTS, known, answers, progress)])
    clips: dict[DegradedModality, tuple[str, ...]] = {"video": tuple(sorted(videos)), "key points": tuple(sorted(poses))}
    return Matrix(source, clips, tuple(cells))


def _measured(degradations: tuple[Degradation[Medium], ...], clips: Mapping[str, Medium], progress: Progress) -> list[Cell]:
    from signbench.scoring.measure import measure

    if not clips:
        return []
    modality = degradations[0].modality
    metrics = list(DECLARED[modality])
    total, done = 1 + sum(len(degradation.strengths) for degradation in degradations), 1
    undegraded = measure(clips, clips, metrics)
    progress(modality, done, total)
    cells = []
    for degradation in degradations:
        results = []
        for strength in degradation.strengths:
            degraded = {name: degradation.of(clip, strength, name) for name, clip in clips.items()}
            results.append(measure(clips, degraded, metrics, frames=degradation.frames))
            done += 1
            progress(modality, done, total)
        for metric in metrics:
            plain, scores = undegraded[metric], [result[metric] for result in results]
            cells.append(
                Cell(
                    modality,
                    metric,
                    degradation.name,
                    DECLARED[modality][metric][degradation.name],
                    plain.value,
                    tuple(score.value for score in scores),
                    tuple(_worsening(plain, score) for score in scores),
                )
            )
    return cells


def _judged(
    degradations: tuple[Degradation[Medium], ...], clips: Mapping[str, Medium], answers: Mapping[str, Clip], progress: Progress
) -> list[Cell]:
    """The cells of the metrics through judges."""
    from signbench.extractors.cache import ObservationCache
    from signbench.judges.registry import judge_class, missing_package
    from signbench.metrics.registry import create
    from signbench.sensitivity.through_judges import through_judges

    if not clips:
        return []
    modality = degradations[0].modality
    metrics = {name: cast("JudgedMetric", create(name)) for name in JUDGED[modality]}
    for judge in dict.fromkeys(metric.judge for metric in metrics.values()):
        if (missing := missing_package(judge_class(judge))) is not None:
            package, command = missing
            _log.warning("signbench: metrics through %s are left out: %s is not installed; %s brings it.", judge, package, command)
            metrics = {name: metric for name, metric in metrics.items() if metric.judge != judge}
    if not metrics:
        return []
    declared = {name: JUDGED[modality][name] for name in metrics}
    lower = {name for name in metrics if create(name).direction == "lower"}
    total, done = 1 + sum(len(degradation.strengths) for degradation in degradations), 1
    cells = []
    with TemporaryDirectory() as folder:
        cache = ObservationCache(Path(folder), _CACHE)
        plain = through_judges(list(declared), answers, clips, "equal", cache)
        progress(f"{modality} through judges", done, total)
        for degradation in degradations:
            results = []
            for strength in degradation.strengths:
                degraded = {name: degradation.of(clip, strength, name) for name, clip in clips.items()}
                results.append(through_judges(list(declared), answers, degraded, degradation.frames, cache))
                done += 1
                progress(f"{modality} through judges", done, total)
            for metric, cells_of in declared.items():
                values = tuple(scores[metric] for scores in results)
                sign = 1 if metric in lower else -1
                worsening = tuple(sign * (value - plain[metric]) for value in values)
                cells.append(Cell(modality, metric, degradation.name, cells_of[degradation.name], plain[metric], values, worsening))
    return cells


def _whole_video(clip: Clip, like: Frames) -> Frames:
    """All frames of a clip, at the size of others."""
    if clip.video is None:
        raise InputError(f"clip {clip.id} has no video for a judge.")
    probe = clip.video.probe(clip.fps)
    return np.concatenate(list(clip.video.chunks(probe, np.arange(probe.frames, dtype=np.int64), like.shape[1:3])))


def _in_order(cells: Sequence[Cell]) -> list[Cell]:
    """Cells degradation by degradation, metrics in the order of their declaration."""
    degradations: tuple[Degradation[Any], ...] = (*VIDEO, *KEY_POINTS)
    order = [(degradation.modality, degradation.name) for degradation in degradations]
    return sorted(cells, key=lambda cell: order.index((cell.modality, cell.degradation)))


def _worsening(plain: Score, score: Score) -> float | None:
    """By how much a score is worse than that of perfect copies; None if either was not measured."""
    before, after = plain.value, score.value
    if before is None or after is None:
        return None
    if plain.direction == "higher":
        return before - after
    if plain.direction == "reference":
        if plain.reference_value is None or score.reference_value is None:
            return None
        return abs(after - score.reference_value) - abs(before - plain.reference_value)
    return after - before

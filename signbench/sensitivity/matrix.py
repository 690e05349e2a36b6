"""Measures the response of every metric to every degradation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from signbench.media.degradations import Frames
from signbench.media.pose import Pose
from signbench.progress import Progress, silent
from signbench.runs.result import Score
from signbench.sensitivity.declared import DECLARED, Expectation
from signbench.sensitivity.degradations import KEY_POINTS, VIDEO, Degradation, DegradedModality, Medium


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


def sensitivity(source: str, videos: Mapping[str, Frames], poses: Mapping[str, Pose], progress: Progress = silent) -> Matrix:
    """Degrades clips and scores them against the originals.

    Args:
        source: description of the clips.
        videos: clip id -> frames uint8 ``(T, H, W, 3)``, at least 3 of them; if empty, the video metrics are left out.
        poses: clip id -> key points with shoulders, wrists and hands; if empty, the metrics of key points are left out.
        progress: called with the progress.

    Returns:
        The matrix; scores that could not be measured are None in it.

    Raises:
        InputError: clips that a metric cannot measure, or that lack the joints to degrade.
    """
    cells = [*_measured(VIDEO, videos, progress), *_measured(KEY_POINTS, poses, progress)]
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

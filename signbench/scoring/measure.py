"""Scores predictions against references without a task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from signbench.errors import InputError
from signbench.extractors.base import Precision, settled_device
from signbench.media.timelines import FramesRule
from signbench.metrics.suites import suite as named_suite
from signbench.progress import Progress, silent
from signbench.runs.folder import RunFolder
from signbench.runs.plan import Measured, RunPlan
from signbench.runs.protocol import Protocol
from signbench.runs.result import Result
from signbench.scoring.engine import Work, metric_list, run_in_folder, run_in_memory
from signbench.scoring.finished import on_every_rank
from signbench.scoring.matching import expected_clips
from signbench.scoring.workers import leave_to_parent
from signbench.sides.sources import Source, kind_of, read_source


def measure(
    references: Source,
    predictions: Source,
    metrics: Sequence[str] | str = (),
    *,
    suite: str | None = None,
    out: str | Path | None = None,
    frames: FramesRule = "equal",
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    source_fps: float | None = None,
    layout: str | None = None,
    id_column: str | None = None,
    text_column: str | None = None,
    precision: Precision = "float32",
    device: str = "cpu",
    limit: int | None = None,
    clips: Iterable[str] | None = None,
    workers: int = 1,
    fresh: bool = False,
) -> Result:
    """Scores predictions against references.

    Args:
        references: the references.
        predictions: the predictions.
        metrics: names such as ``"ssim"`` or ``"dtw:variant=slrtp"``.
        suite: a set of metrics, such as ``"slt"`` for the table of such a paper; they come before the named metrics.
        out: a run folder for the records, so that an interrupted call can be resumed; needs folders on both sides. None: no folder.
        frames: what to do if the sides differ in length: ``equal`` refuses, ``truncate`` keeps the common prefix,
            ``resample`` stretches the prediction onto the reference's time stamps.
        size: ``(height, width)`` that images are resized to.
        fps: frame rate that both sides are converted to.
        source_fps: frame rate that is declared for all files.
        layout: name of the key points' layout, for formats and arrays that do not state one.
        id_column: column with the clips' ids in a table of texts; None: found by its name.
        text_column: column with the texts; None: found by its name.
        precision: precision of networks: ``float32``, ``tf32`` or ``bf16``.
        device: device of networks, such as ``cpu`` or ``cuda:0``.
        limit: score only the first clips, this many; the result states it.
        clips: score only these clips; the result states it.
        workers: number of processes, which does not affect the result. More than 1 requires an importable main module.
        fresh: move an existing run in ``out`` aside.

    Returns:
        The scores with intervals, coverage and signatures.

    Raises:
        InputError: a metric is unknown, the sides do not fit each other, a header is unreadable, or ``out`` is unusable.
        NotComparableError: a side has nothing to measure.

    Example:
        >>> import numpy as np, signbench
        >>> truth = [np.full((5, 16, 16, 3), 100, np.uint8)]
        >>> result = signbench.measure(truth, truth, metrics=["l1"])
        >>> result["l1"].value
        0.0
    """
    leave_to_parent()
    work = prepare(
        references,
        predictions,
        [metrics] if isinstance(metrics, str) else metrics,
        Protocol(
            frames=frames,
            size=size,
            fps=fps,
            source_fps=source_fps,
            layout=layout,
            id_column=id_column,
            text_column=text_column,
            precision=precision,
        ),
        suite=suite,
        device=device,
        limit=limit,
        clips=clips,
        workers=workers,
    )
    if out is None:
        return run_in_memory(work)
    if work.plan.references is None or work.plan.predictions is None:
        raise InputError(
            "`out` needs folders on both sides, because a run over arrays in memory cannot be resumed; leave `out` out."
        )
    folder = RunFolder(Path(out))

    def finished() -> tuple[RunFolder, Result] | None:
        result = run_in_folder(work, folder, fresh=fresh)
        return None if result is None else (folder, result)

    return on_every_rank(finished).result


def prepare(
    references: Source,
    predictions: Source,
    metrics: Sequence[str],
    protocol: Protocol,
    *,
    suite: str | None = None,
    device: str = "cpu",
    limit: int | None = None,
    clips: Iterable[str] | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
) -> Work:
    """Prepares the work of comparing two sides; see :func:`measure`."""
    labels: dict[str, str] = {}
    if suite is not None:
        labels = {row.metric: row.label for row in named_suite(suite).rows}
    chosen = metric_list([*labels, *metrics])
    kind = kind_of(chosen)
    measured = tuple(Measured.of(metric, protocol, label=labels.get(metric.canonical)) for metric in chosen)
    sides = read_source(references, "references", protocol, kind), read_source(predictions, "predictions", protocol, kind)
    expected, subset = expected_clips(*sides, chosen, limit=limit, clips=clips)
    plan = RunPlan(
        references=sides[0].location,
        predictions=sides[1].location,
        measured=measured,
        protocol=protocol,
        clips=expected,
        subset=subset,
    )
    return Work(
        plan=plan,
        references=sides[0],
        predictions=sides[1],
        workers=workers,
        progress=progress,
        device=settled_device(device),
    )

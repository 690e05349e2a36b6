"""Scoring two sides against each other, without a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from signbench.corpora.clip import Clip, Side
from signbench.corpora.clip_ids import check_clip_id
from signbench.errors import InputError
from signbench.media.pose import Pose
from signbench.runs.folder import RunFolder
from signbench.runs.plan import RunPlan
from signbench.runs.result import Result
from signbench.scoring.protocol import FramesRule, Protocol

Source = str | Path | Sequence[ArrayLike | Pose] | Mapping[str, ArrayLike | Pose]
"""A folder or container, or arrays: a list in the same order on both sides, or a mapping of clip id to array.

Frames are uint8 ``(T, H, W, 3)``; key points are floats ``(T, J, 2 or 3)``, NaN where a point was not seen, or :class:`Pose`.
"""


def measure(
    references: Source,
    predictions: Source,
    metrics: Sequence[str] | str,
    *,
    out: str | Path | None = None,
    frames: FramesRule = "equal",
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    source_fps: float | None = None,
    layout: str | None = None,
    limit: int | None = None,
    clips: Iterable[str] | None = None,
    workers: int = 1,
    fresh: bool = False,
) -> Result:
    """Scores predictions against references.

    Args:
        references: the true side.
        predictions: the side that is scored.
        metrics: names such as ``"ssim"`` or ``"dtw:variant=slrtp"``.
        out: a run folder that keeps the records, so that an interrupted call goes on; needs folders on both sides. None keeps
            nothing.
        frames: what to do where the sides differ in length: ``equal`` refuses, ``truncate`` keeps the common prefix,
            ``resample`` stretches the prediction onto the reference's time stamps.
        size: ``(height, width)`` that images are resized to.
        fps: frame rate that both sides are converted to.
        source_fps: frame rate that is declared for all files.
        layout: name of the key points' layout, for formats and arrays that carry none.
        limit: the first so many clips only; the result says so.
        clips: these clips only; the result says so.
        workers: processes; the result does not depend on it. More than 1 needs the caller's main module to be importable.
        fresh: move an older run in ``out`` aside.

    Returns:
        The scores with intervals, coverage and signatures.

    Raises:
        InputError: unknown metrics, sides that do not fit each other, unreadable headers, an unusable ``out``.
        NotComparableError: a side holds nothing to measure.

    Example:
        >>> import numpy as np, signbench
        >>> truth = [np.full((5, 16, 16, 3), 100, np.uint8)]
        >>> result = signbench.measure(truth, truth, metrics=["l1"])
        >>> result["l1"].value
        0.0
    """
    from signbench.scoring.engine import run_in_folder, run_in_memory

    work = prepare(
        references,
        predictions,
        [metrics] if isinstance(metrics, str) else list(metrics),
        Protocol(frames, size, fps, source_fps, layout),
        limit=limit,
        clips=clips,
        workers=workers,
    )
    if out is None:
        return run_in_memory(work)
    if work.plan.references is None or work.plan.predictions is None:
        raise InputError("out= keeps runs over folders; arrays in memory leave nothing to go on with. Leave out= away.")
    result = run_in_folder(work, RunFolder(Path(out)), fresh=fresh)
    if result is None:
        from signbench.runs.result import read_result

        return read_result(RunFolder(Path(out)).result_json)
    return result


def prepare(
    references: Source,
    predictions: Source,
    metrics: list[str],
    protocol: Protocol,
    *,
    limit: int | None = None,
    clips: Iterable[str] | None = None,
    workers: int | None = 1,
    progress: Any = None,
) -> Any:
    """Brings two sides together into work that is ready to run; see :func:`measure`."""
    from signbench.scoring.engine import Work, metric_list, silent
    from signbench.scoring.matching import expected_clips

    chosen = metric_list(metrics)
    sides = read_source(references, "references", protocol), read_source(predictions, "predictions", protocol)
    expected, subset = expected_clips(*sides, chosen, limit, clips)
    plan = RunPlan(sides[0].location, sides[1].location, chosen, protocol, expected, subset)
    return Work(plan, *sides, workers, progress or silent)


def read_source(source: Source, side: str, protocol: Protocol) -> Side:
    """One side of a comparison, from a path or from arrays.

    Args:
        source: see :data:`Source`.
        side: ``references`` or ``predictions``, for messages.
        protocol: it may declare the layout and rate of arrays.

    Raises:
        InputError: not a path, a list or a mapping; or an array of a shape that is neither frames nor key points.
    """
    from signbench.corpora.folder import read_side
    from signbench.media.layouts import layout as named_layout

    layout = named_layout(protocol.layout) if protocol.layout else None
    if isinstance(source, str | Path):
        return read_side(Path(source), layout)
    if isinstance(source, Mapping):
        items = {str(name): item for name, item in source.items()}
    elif isinstance(source, Sequence):
        width = len(str(max(len(source) - 1, 0)))
        items = {f"{place:0{width}d}": item for place, item in enumerate(source)}
    else:
        raise InputError(f"{side} must be a path, a list of arrays or a mapping of id to array, not {type(source).__name__}.")
    if not items:
        raise InputError(f"{side} are empty; nothing can be measured.")
    clips = {}
    for name in sorted(items):
        check_clip_id(name)
        clips[name] = _clip(name, items[name], f"{side}[{name}]", protocol)
    return Side(side, clips)


def _clip(name: str, item: ArrayLike | Pose, label: str, protocol: Protocol) -> Clip:
    from signbench.corpora.recordings import FrameArray, PoseArray
    from signbench.media.layouts import guess_layout
    from signbench.media.layouts import layout as named_layout

    if isinstance(item, Pose):
        return Clip(name, pose=PoseArray(item, label))
    array = np.asarray(item)
    if array.ndim == 4 and array.shape[3] == 3 and array.dtype == np.uint8:
        return Clip(name, video=FrameArray(array, label, protocol.source_fps))
    if array.ndim == 3 and array.shape[2] in (2, 3) and np.issubdtype(array.dtype, np.floating):
        kind = named_layout(protocol.layout) if protocol.layout else guess_layout(array.shape[1], array.shape[2])
        unseen = np.isnan(array).all(axis=2)
        points = np.where(unseen[..., None], 0, array).astype(np.float32)
        return Clip(name, pose=PoseArray(Pose(points, (~unseen).astype(np.float32), kind, protocol.source_fps), label))
    raise InputError(
        f"{label} is {array.dtype} {array.shape}; frames are uint8 (T, H, W, 3), key points are floats (T, J, 2 or 3)."
    )

"""Scoring two sides against each other, without a task."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signbench.corpora.clip import Clip, Side
from signbench.corpora.clip_ids import check_clip_id
from signbench.errors import InputError, MediaError
from signbench.extractors.base import Precision, settled_device
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.media.timelines import FramesRule
from signbench.metrics.base import Metric
from signbench.runs.folder import RunFolder
from signbench.runs.plan import RunPlan
from signbench.runs.protocol import Protocol
from signbench.runs.result import Result

Source = str | Path | Sequence[ArrayLike | Pose | str | Sequence[str]] | Mapping[str, ArrayLike | Pose | str | Sequence[str]]
"""A folder, container or table, or values: a list in the same order on both sides, or a mapping of clip id to value.

Frames are uint8 ``(T, H, W, 3)``; key points are floats ``(T, J, 2 or 3)``, NaN or masked where a point was not seen, or
:class:`Pose`; texts and glosses are strings; features floats ``(D,)``; labels strings, or lists of them from the most to the least
likely.
"""


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
        references: the true side.
        predictions: the side that is scored.
        metrics: names such as ``"ssim"`` or ``"dtw:variant=slrtp"``.
        suite: the rows of a kind of paper's table, such as ``"slt"``, before the metrics that are named.
        out: a run folder that keeps the records, so that an interrupted call goes on; needs folders on both sides. None keeps
            nothing.
        frames: what to do where the sides differ in length: ``equal`` refuses, ``truncate`` keeps the common prefix,
            ``resample`` stretches the prediction onto the reference's time stamps.
        size: ``(height, width)`` that images are resized to.
        fps: frame rate that both sides are converted to.
        source_fps: frame rate that is declared for all files.
        layout: name of the key points' layout, for formats and arrays that carry none.
        id_column: column of a table of texts that holds the clips' ids; None: found by its name.
        text_column: column that holds the texts; None: found by its name.
        precision: what networks count in: ``float32``, ``tf32`` or ``bf16``.
        device: where networks count, such as ``cpu`` or ``cuda:0``.
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
    from signbench.scoring.workers import leave_to_parent

    leave_to_parent()

    work = prepare(
        references,
        predictions,
        [metrics] if isinstance(metrics, str) else list(metrics),
        Protocol(frames, size, fps, source_fps, layout, id_column, text_column, precision),
        suite=suite,
        device=device,
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
    suite: str | None = None,
    device: str = "cpu",
    limit: int | None = None,
    clips: Iterable[str] | None = None,
    workers: int | None = 1,
    progress: Any = None,
) -> Any:
    """Brings two sides together into work that is ready to run; see :func:`measure`."""
    from signbench.runs.plan import Measured
    from signbench.scoring.engine import Work, metric_list, silent
    from signbench.scoring.matching import expected_clips

    labels: dict[str, str] = {}
    if suite is not None:
        from signbench.metrics.suites import suite as named_suite

        labels = {row.metric: row.label for row in named_suite(suite).rows}
    chosen = metric_list([*labels, *metrics])
    kind = kind_of(chosen)
    measured = tuple(Measured.of(metric, protocol, label=labels.get(metric.canonical)) for metric in chosen)
    sides = read_source(references, "references", protocol, kind), read_source(predictions, "predictions", protocol, kind)
    expected, subset = expected_clips(*sides, chosen, limit, clips)
    plan = RunPlan(sides[0].location, sides[1].location, measured, protocol, expected, subset)
    return Work(plan, *sides, workers, progress or silent, device=settled_device(device))


Kind = Literal["media", "text", "features", "labels"]
"""What a side is read as: video and key points together, or one of the others."""


def kind_of(metrics: Sequence[Metric]) -> Kind:
    """What both sides must be read as for these metrics.

    Raises:
        InputError: they are made from different kinds of files.
    """
    from signbench.metrics.base import FILE_KIND_OF_VIEW

    kinds: dict[Kind, str] = {}
    for metric in metrics:
        modality = "video" if metric.view == "lengths" else FILE_KIND_OF_VIEW[metric.view]
        kind: Kind = "media" if modality == "video" else "media" if modality == "pose" else modality
        kinds.setdefault(kind, metric.canonical)
    if len(kinds) > 1:
        raise InputError(f"{' and '.join(kinds.values())} are made from different kinds of files; measure them apart.")
    return next(iter(kinds))


def read_source(source: Source, side: str, protocol: Protocol, kind: Kind = "media") -> Side:
    """One side of a comparison, from a path or from values in memory.

    Args:
        source: see :data:`Source`.
        side: ``references`` or ``predictions``, for messages.
        protocol: it may declare the layout and rate of arrays, and the columns of tables.
        kind: what it is read as.

    Raises:
        InputError: not a path, a list or a mapping; or a value of a shape that is none of what the kind knows.
    """
    from signbench.media.layouts import layout as named_layout

    layout = named_layout(protocol.layout) if protocol.layout else None
    if isinstance(source, str | Path):
        return _read_path(Path(source), side, protocol, kind, layout)
    if isinstance(source, Mapping):
        items = {str(name): item for name, item in source.items()}
    elif isinstance(source, Sequence | np.ndarray):
        width = len(str(max(len(source) - 1, 0)))
        items = {f"{place:0{width}d}": item for place, item in enumerate(source)}
    else:
        raise InputError(f"{side} must be a path, a list of values or a mapping of id to value, not {type(source).__name__}.")
    if not items:
        raise InputError(f"{side} are empty; nothing can be measured.")
    clips = {}
    for name in sorted(items):
        check_clip_id(name)
        clips[name] = clip_of(name, items[name], f"{side}[{name}]", protocol, kind)
    return Side(side, clips)


def _read_path(path: Path, side: str, protocol: Protocol, kind: Kind, layout: Layout | None) -> Side:
    if kind == "text":
        from signbench.sides.text_files import read_text_side

        return read_text_side(path, protocol.id_column, protocol.text_column)
    if kind == "features":
        from signbench.sides.feature_files import read_feature_side

        return read_feature_side(path)
    if kind == "labels":
        from signbench.sides.label_files import read_label_side

        return read_label_side(path, side)
    from signbench.sides.folder import read_side

    return read_side(path, layout)


def clip_of(name: str, item: Any, label: str, protocol: Protocol, kind: Kind) -> Clip:
    """A clip from a value in memory.

    Args:
        name: its id.
        item: see :data:`Source`.
        label: how messages name it.
        protocol: it may declare the layout and rate of arrays.
        kind: what it is read as.

    Raises:
        InputError: it is nothing that the kind knows.
    """
    from signbench.corpora.recordings import FeatureValue, LabelValue, TextValue

    if kind == "text":
        if not isinstance(item, str):
            raise InputError(f"{label} is {type(item).__name__}; a text is a string.")
        return Clip(name, written=TextValue(item, label))
    if kind == "features":
        return Clip(name, features=FeatureValue(_features(item, label), label))
    if kind == "labels":
        ranked = (item,) if isinstance(item, str) else tuple(item) if isinstance(item, Sequence) else ()
        if not isinstance(item, Sequence) or not all(isinstance(word, str) for word in ranked):
            raise InputError(f"{label} is {item!r}; a label is a string, or a list of strings from the most likely to the least.")
        composed = tuple(unicodedata.normalize("NFC", word.strip()) for word in ranked)
        return Clip(name, labels=LabelValue(composed if any(composed) else (), label))
    return _clip(name, item, label, protocol)


def _clip(name: str, item: ArrayLike | Pose, label: str, protocol: Protocol) -> Clip:
    from signbench.corpora.recordings import FrameArray, PoseArray

    if isinstance(item, Pose):
        return Clip(name, pose=PoseArray(_checked_pose(item, label), label))
    array, masked = _unmasked(item)
    if array.ndim == 4 and array.shape[3] == 3 and array.dtype == np.uint8:
        if masked.any():
            raise InputError(f"{label} has masked pixels; a frame has no missing pixels.")
        return Clip(name, video=FrameArray(array, label, protocol.source_fps))
    if array.ndim == 4 and array.shape[1] == 1 and array.shape[3] in (2, 3):  # frames, people, joints: as pose-format has it
        array, masked = array[:, 0], masked[:, 0]
    if array.ndim == 3 and array.shape[2] in (2, 3) and np.issubdtype(array.dtype, np.floating):
        return Clip(name, pose=PoseArray(_pose_of(array, masked, label, protocol), label))
    raise InputError(
        f"{label} is {array.dtype} {array.shape}; frames are uint8 (T, H, W, 3), key points are floats (T, J, 2 or 3)."
    )


def _unmasked(item: ArrayLike) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """An array's numbers, and where they are masked, which a plain array would not say."""
    if isinstance(item, np.ma.MaskedArray):
        return np.asarray(np.ma.getdata(item)), np.ma.getmaskarray(item)
    array = np.asarray(item)
    return array, np.zeros(array.shape, dtype=np.bool_)


def _pose_of(array: NDArray[np.floating[Any]], masked: NDArray[np.bool_], label: str, protocol: Protocol) -> Pose:
    """Key points as a file of the same numbers gives them; a point with a masked coordinate was not seen."""
    from signbench.media.layouts import layout as named_layout
    from signbench.media.pose_formats.contract import RawClip

    numbers = np.where(masked.any(axis=2, keepdims=True), np.nan, array)
    try:
        return RawClip(array.shape, lambda: numbers).pose(
            named_layout(protocol.layout) if protocol.layout else None, protocol.source_fps
        )
    except MediaError as error:
        raise InputError(f"{label}: {error}") from error


def _checked_pose(pose: Pose, label: str) -> Pose:
    """A pose as a file of it would be read: masks are points that were not seen, and confidences are checked.

    Raises:
        InputError: what a file would be refused for.
    """
    from signbench.media.pose_formats.contract import RawClip

    points, masked = _unmasked(pose.points)
    confidence, unsure = _unmasked(pose.confidence)
    unseen = masked.any(axis=2) | unsure
    stated, shown = np.where(unseen, 0, confidence), np.where(unseen[..., None], 0, points)
    raw = RawClip(points.shape, lambda: shown, lambda: stated, pose.fps, pose.layout, picture=pose.picture)
    try:
        made = raw.pose(None, None)
        return replace(made, capped=made.capped + pose.capped)
    except MediaError as error:
        raise InputError(f"{label}: {error}") from error


def _features(item: ArrayLike, label: str) -> NDArray[np.floating[Any]]:
    """A vector as a file of it would be read.

    Raises:
        InputError: another shape or type, or a number that is masked or not finite.
    """
    vector, masked = _unmasked(item)
    if masked.any():
        raise InputError(f"{label}, number {int(np.flatnonzero(masked)[0])} is masked; features have no missing numbers.")
    fits = vector.ndim == 1 and vector.dtype.kind == "f" and vector.dtype.itemsize <= 8
    if not fits or not np.isfinite(vector).all():
        raise InputError(f"{label} is {vector.dtype} {vector.shape}; features are finite floats (D,) of 16, 32 or 64 bits.")
    return np.array(vector, dtype=np.float64 if vector.dtype.itemsize == 8 else np.float32)

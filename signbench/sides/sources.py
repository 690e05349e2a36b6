"""One side of a comparison as passed by a caller: a path, or values in memory; and how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from signbench.corpora.clip import Side
from signbench.corpora.clip_ids import check_clip_id
from signbench.errors import InputError
from signbench.media.layouts import Layout
from signbench.media.layouts import layout as named_layout
from signbench.media.modalities import FileKind
from signbench.metrics.base import FILE_KIND_OF_VIEW, Metric
from signbench.runs.protocol import Protocol
from signbench.sides.feature_files import read_feature_side
from signbench.sides.folder import read_side
from signbench.sides.label_files import read_label_side
from signbench.sides.text_files import read_text_side
from signbench.sides.values import Kind, Value, clip_of

Source = str | Path | Sequence[Value] | Mapping[str, Value]
"""A folder, container or table, or values: a list in the same order on both sides, or a mapping of clip id to value."""

_KINDS: dict[FileKind, Kind] = {"video": "media", "pose": "media", "text": "text", "features": "features", "labels": "labels"}


def kind_of(metrics: Sequence[Metric]) -> Kind:
    """How both sides must be read for the given metrics.

    Raises:
        InputError: they need different kinds of files.
    """
    kinds: dict[Kind, str] = {}
    for metric in metrics:
        if metric.view in ("judged", "likelihood"):
            raise InputError(
                f"metric {metric.canonical} is measured through a judge, which needs a task with its corpus; use signbench "
                "score or signbench run."
            )
        kinds.setdefault("media" if metric.view == "lengths" else _KINDS[FILE_KIND_OF_VIEW[metric.view]], metric.canonical)
    if len(kinds) > 1:
        raise InputError(f"{' and '.join(kinds.values())} need different kinds of files; measure them separately.")
    return next(iter(kinds))


def read_source(source: Source, side: str, protocol: Protocol, kind: Kind = "media") -> Side:
    """One side of a comparison, from a path or from values in memory.

    Args:
        source: see :data:`Source`.
        side: ``references`` or ``predictions``, for messages.
        protocol: it may declare the layout and rate of arrays, and the columns of tables.
        kind: how it is read.

    Raises:
        InputError: it is not a path, a list or a mapping, or a value has a shape that does not match the kind.
    """
    layout = named_layout(protocol.layout) if protocol.layout else None
    if isinstance(source, str | Path):
        return _read_path(Path(source), side, protocol, kind, layout)
    if isinstance(source, Mapping):
        items = {str(name): item for name, item in source.items()}
    elif isinstance(source, Sequence | np.ndarray):
        width = len(str(max(len(source) - 1, 0)))
        items = {f"{index:0{width}d}": item for index, item in enumerate(source)}
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
        return read_text_side(path, protocol.id_column, protocol.text_column)
    if kind == "features":
        return read_feature_side(path)
    if kind == "labels":
        return read_label_side(path, side)
    return read_side(path, layout)

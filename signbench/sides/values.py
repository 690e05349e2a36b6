"""Values in memory as clips, equal to what a file of the same numbers or words would be read as."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FeatureValue, FrameArray, LabelValue, PoseArray, TextValue
from signbench.errors import InputError, MediaError
from signbench.media.layouts import layout as named_layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.contract import RawClip
from signbench.runs.protocol import Protocol

Kind = Literal["media", "text", "features", "labels"]
"""The kind of a side: video and key points together, or one of the others."""

Value = ArrayLike | Pose | str | Sequence[str]
"""A clip in memory.

Frames are uint8 ``(T, H, W, 3)``; key points are floats ``(T, J, 2 or 3)``, NaN or masked for points that were not seen, or
:class:`~signbench.media.pose.Pose`; texts and glosses are strings; features floats ``(D,)``; labels strings, or lists of them from
the most to the least likely.
"""


def clip_of(name: str, item: Value, label: str, protocol: Protocol, kind: Kind) -> Clip:
    """A clip from a value in memory.

    Args:
        name: its id.
        item: its content.
        label: its name in messages.
        protocol: it may declare the layout and rate of arrays.
        kind: how it is read.

    Raises:
        InputError: it does not match the kind.
    """
    if kind == "text":
        if not isinstance(item, str):
            raise InputError(f"{label} is {type(item).__name__}; a text must be a string.")
        return Clip(name, written=TextValue(item, label))
    if kind == "features":
        return Clip(name, features=FeatureValue(_features(item, label), label))
    if kind == "labels":
        ranked = (item,) if isinstance(item, str) else tuple(item) if isinstance(item, Sequence) else ()
        if not isinstance(item, Sequence) or not all(isinstance(word, str) for word in ranked):
            raise InputError(
                f"{label} is {item!r}; a label must be a string, or a list of strings from the most likely to the least."
            )
        composed = tuple(unicodedata.normalize("NFC", word.strip()) for word in ranked)
        return Clip(name, labels=LabelValue(composed if any(composed) else (), label))
    return _clip(name, item, label, protocol)


def _clip(name: str, item: Value, label: str, protocol: Protocol) -> Clip:
    if isinstance(item, Pose):
        return Clip(name, pose=PoseArray(_checked_pose(item, label), label))
    array, masked = _unmasked(item)
    if array.ndim == 4 and array.shape[3] == 3 and array.dtype == np.uint8:
        if masked.any():
            raise InputError(f"{label} has masked pixels; frames cannot have missing pixels.")
        return Clip(name, video=FrameArray(array, label, protocol.source_fps))
    if array.ndim == 4 and array.shape[1] == 1 and array.shape[3] in (2, 3):  # frames, people, joints: as in pose-format
        array, masked = array[:, 0], masked[:, 0]
    if array.ndim == 3 and array.shape[2] in (2, 3) and np.issubdtype(array.dtype, np.floating):
        return Clip(name, pose=PoseArray(_pose_of(array, masked, label, protocol), label))
    raise InputError(
        f"{label} is {array.dtype} {array.shape}; frames must be uint8 (T, H, W, 3), key points floats (T, J, 2 or 3)."
    )


def _unmasked(item: Value) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """An array's numbers and its mask, which a plain array does not have."""
    if isinstance(item, np.ma.MaskedArray):
        return np.asarray(np.ma.getdata(item)), np.ma.getmaskarray(item)
    array = np.asarray(item)
    return array, np.zeros(array.shape, dtype=np.bool_)


def _pose_of(array: NDArray[np.floating[Any]], masked: NDArray[np.bool_], label: str, protocol: Protocol) -> Pose:
    """Key points as read from a file of the same numbers; a point with a masked coordinate was not seen."""
    numbers = np.where(masked.any(axis=2, keepdims=True), np.nan, array)
    try:
        return RawClip(array.shape, lambda: numbers).pose(
            named_layout(protocol.layout) if protocol.layout else None, protocol.source_fps
        )
    except MediaError as error:
        raise InputError(f"{label}: {error}") from error


def _checked_pose(pose: Pose, label: str) -> Pose:
    """A pose as it would be read from a file: masked points were not seen, and confidences are checked.

    Raises:
        InputError: a file with it would be refused.
    """
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


def _features(item: Value, label: str) -> NDArray[np.floating[Any]]:
    """A vector as it would be read from a file.

    Raises:
        InputError: the shape or type is wrong, or a number is masked or not finite.
    """
    vector, masked = _unmasked(item)
    if masked.any():
        raise InputError(f"{label}, number {int(np.flatnonzero(masked)[0])} is masked; features cannot have missing numbers.")
    fits = vector.ndim == 1 and vector.dtype.kind == "f" and vector.dtype.itemsize <= 8
    if not fits or not np.isfinite(vector).all():
        raise InputError(f"{label} is {vector.dtype} {vector.shape}; features must be finite floats (D,) of 16, 32 or 64 bits.")
    return np.array(vector, dtype=np.float64 if vector.dtype.itemsize == 8 else np.float32)

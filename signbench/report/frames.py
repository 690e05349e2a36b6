"""The two sides of a clip as pictures for people, and the curve of a metric over its frames."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.recordings import VideoRecording
from signbench.errors import MediaError
from signbench.media.drawing import SURE, draw_pose
from signbench.media.pose import Pose
from signbench.media.video import resize_frames
from signbench.metrics import registry
from signbench.metrics.pairs import FramePair
from signbench.metrics.pose_normalisation import by_shoulders
from signbench.runs.protocol import Protocol
from signbench.scoring.views import ClipViews

SIDE = 320
"""The longest side of a video of a report, in pixels; larger frames are made smaller."""
DRAWN = 256
"""Height and width of drawn key points, in pixels."""
_MARGIN = 0.08
_LEGS = ("knee", "ankle", "foot", "heel", "toe")
_HEAD = 0.3
"""Radius of a head in shoulder widths, and how far its centre is from the joint below it."""
_GREY, _SHIFT = (190, 190, 190), 4
_RATE = 25.0
CURVES = ("ssim", "l1")
"""Metrics of single frames, of which videos have a curve."""
TEMPORAL = "tcd"
"""The metric of a frame and the frames beside it."""
JOINT_ERROR = "joint error"


@dataclass(frozen=True)
class Curve:
    """A value for each compared frame.

    Attributes:
        name: the metric.
        unit: of the values.
        direction: which way is better.
        values: one for each frame; None for a frame in which there is nothing to compare.
    """

    name: str
    unit: str
    direction: str
    values: list[float | None]


@dataclass(frozen=True)
class Drawing:
    """How key points are drawn: in shoulder widths, in the frame that the reference's points need, without legs.

    A body model without a face gets an outline of a head, so that signs at the head can be read.

    Attributes:
        corner: the left and upper edge of the picture, float64 ``(2,)``, in shoulder widths.
        extent: its height and width, in shoulder widths.
        upwards: whether the coordinate y rises upwards.
    """

    corner: NDArray[np.float64]
    extent: float
    upwards: bool

    @classmethod
    def of(cls, reference: Pose) -> Drawing:
        """The picture in which all points of a reference are visible.

        Raises:
            MediaError: no frame shows both shoulders, or no point is certain enough to be drawn.
            InputError: the layout has no shoulders.
        """
        prepared = by_shoulders(reference, "reference", 2)
        upwards = _rises(prepared.points, prepared.seen, reference)
        points = prepared.points * ((1, -1) if upwards else (1, 1))
        shown = points[prepared.seen & (_without_legs(reference).confidence >= SURE)]
        if not len(shown):
            raise MediaError("no point of the reference is certain enough to be drawn.")
        if (heads := _heads(points, reference)) is not None:
            shown = np.concatenate([shown, heads - _HEAD, heads + _HEAD])
        low, high = shown.min(axis=0), shown.max(axis=0)
        extent = float((high - low).max()) * (1 + 2 * _MARGIN) or 1.0
        return cls((low + high - extent) / 2, extent, upwards)

    def draw(self, pose: Pose, side: str) -> Iterator[NDArray[np.uint8]]:
        """Draws key points, uint8 ``(256, 256, 3)`` for each frame."""
        prepared = by_shoulders(pose, side, 2)
        unit = DRAWN / self.extent
        upright = prepared.points * ((1, -1) if self.upwards else (1, 1))
        points = (upright - self.corner) * unit
        pictures = draw_pose(replace(_without_legs(pose), points=points.astype(np.float32)), DRAWN, DRAWN)
        heads = _heads(upright, pose)
        return pictures if heads is None else _with_heads(pictures, (heads - self.corner) * unit, _HEAD * unit)


def _without_legs(pose: Pose) -> Pose:
    """The pose with its legs not seen: nobody signs with them, and they would make the rest small."""
    legs = [any(part in joint for part in _LEGS) for joint in pose.layout.joints]
    return replace(pose, confidence=np.where(legs, np.float32(0), pose.confidence))


def _heads(points: NDArray[np.float64], pose: Pose) -> NDArray[np.float64] | None:
    """The centre of the head in each frame, ``(T, 2)``, of a body model that has a head but no face; else None.

    Args:
        points: of the pose in shoulder widths, ``(T, J, 2)``.
        pose: in a layout.
    """
    if "nose" in pose.layout or any(joint not in pose.layout for joint in ("head", "neck")):
        return None
    head, neck = (points[:, index] for index in pose.layout.index(["head", "neck"]))
    along = head - neck
    length = np.linalg.norm(along, axis=1, keepdims=True)
    centres: NDArray[np.float64] = head + _HEAD * along / np.maximum(length, 1e-6)
    return centres


def _with_heads(pictures: Iterator[NDArray[np.uint8]], centres: NDArray[np.float64], radius: float) -> Iterator[NDArray[np.uint8]]:
    import cv2

    fraction = 1 << _SHIFT
    for picture, centre in zip(pictures, centres, strict=True):
        x, y = (round(float(value) * fraction) for value in np.clip(np.nan_to_num(centre), -DRAWN, 2 * DRAWN))
        cv2.circle(picture, (x, y), round(radius * fraction), _GREY, 1, cv2.LINE_AA, _SHIFT)
        yield picture


def _rises(points: NDArray[np.float64], seen: NDArray[np.bool_], pose: Pose) -> bool:
    """Whether y rises upwards: whether a head is further along y than the shoulders, or hips are less far."""
    index = {joint: number for number, joint in enumerate(pose.layout.joints)}
    for joint, above in (("nose", True), ("head", True), ("left_hip", False)):
        if joint in index and seen[:, index[joint]].any():
            mean = float(points[seen[:, index[joint]], index[joint], 1].mean())
            return (mean > 0) is above
    return False


def fps_of(views: ClipViews, *, video: bool) -> float:
    """The rate at which both sides are shown: the run's, the reference's, or 25 if neither is stated."""
    if views.protocol.fps is not None:
        return views.protocol.fps
    recording = views.reference.video if video else views.reference.pose
    stated = recording.probe(views.protocol.source_fps).fps if recording is not None else None
    return stated if stated is not None and math.isfinite(stated) else _RATE


def video_frames(views: ClipViews, side: str) -> Iterator[NDArray[np.uint8]]:
    """A side's frames for people, chunks of uint8 ``(n, H, W, 3)``: the production as it was paired with the reference.

    Raises:
        ClipError: the sides cannot be read or paired.
    """
    if side == "reference":
        recording, probe, positions = views.moving("reference")
    else:
        recording, probe, positions = views.moving("prediction")
        if views.protocol.frames == "resample":
            positions = positions[views.pairing()[1]]
    for chunk in recording.chunks(probe, positions, views.protocol.size):
        yield small(chunk)


def plain_frames(recording: VideoRecording, protocol: Protocol) -> Iterator[NDArray[np.uint8]]:
    """The frames of a recording that is not compared, at the run's rate."""
    from signbench.media.timelines import video_timeline

    probe = recording.probe(protocol.source_fps)
    _, positions = video_timeline(probe, protocol.fps)
    for chunk in recording.chunks(probe, positions, None):
        yield small(chunk)


def first_picture(recording: VideoRecording) -> Iterator[NDArray[np.uint8]]:
    """The first frame of a recording, uint8 ``(1, H, W, 3)``."""
    probe = recording.probe(None)
    for chunk in recording.chunks(probe, np.zeros(1, dtype=np.int64), None):
        yield small(chunk[:1])


def small(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frames of at most :data:`SIDE` pixels per side, uint8 ``(n, H, W, 3)``."""
    height, width = frames.shape[1:3]
    scale = SIDE / max(height, width)
    return frames if scale >= 1 else resize_frames(frames, (max(1, round(height * scale)), max(1, round(width * scale))))


def image_curves(views: ClipViews) -> list[Curve]:
    """SSIM, L1 and TCD of each compared frame, as the metrics themselves measure them.

    TCD compares a frame with the frames beside it, so that the first and the last have none.

    Raises:
        ClipError: the sides cannot be read or paired.
    """
    metrics = [registry.create(name) for name in CURVES]
    values: list[list[float | None]] = [[] for _ in metrics]
    temporal = registry.create(TEMPORAL)
    window: deque[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = deque(maxlen=3)
    inner: list[float | None] = []
    frames, partners = views.pairing()
    (reference, probe, positions), (production, other, others) = views.moving("reference"), views.moving("prediction")
    sides = (
        _singly(reference.chunks(probe, positions[:frames], views.protocol.size)),
        _singly(production.chunks(other, others[partners], views.protocol.size)),
    )
    for ours, theirs in zip(*sides, strict=True):
        pair = FramePair(theirs[None], ours[None])
        for of_metric, metric in zip(values, metrics, strict=True):
            of_metric.append(_rounded(metric.clip_value(metric.record([pair]))))
        window.append((theirs.copy(), ours.copy()))  # the decoder may reuse the memory
        if len(window) == 3:
            beside = FramePair(*(np.stack(side) for side in zip(*window, strict=True)))
            inner.append(_rounded(temporal.clip_value(temporal.record([beside]))))
    curves = [Curve(metric.name, metric.unit, metric.direction, found) for metric, found in zip(metrics, values, strict=True)]
    if inner:
        curves.append(Curve(temporal.name, temporal.unit, temporal.direction, [None, *inner, None]))
    return curves


def _singly(chunks: Iterator[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    for chunk in chunks:
        yield from chunk


def joint_curve(reference: Pose, production: Pose) -> Curve:
    """The mean distance of the joints that both sides show, frame by frame, in shoulder widths.

    Args:
        reference: the reference.
        production: the production with the same frames and joints.

    Raises:
        MediaError: a side never shows both shoulders.
    """
    ours, theirs = by_shoulders(reference, "reference"), by_shoulders(production, "prediction")
    both = ours.seen & theirs.seen
    squares = np.square(ours.points - theirs.points).sum(axis=-1)
    distances = np.where(both, np.sqrt(squares), 0.0)
    counts = both.sum(axis=1)
    values = [_rounded(float(total / count)) if count else None for total, count in zip(distances.sum(axis=1), counts, strict=True)]
    return Curve(JOINT_ERROR, "shoulder widths", "lower", values)


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")

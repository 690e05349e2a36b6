"""Checks one production against the task's requirements, and against its reference if the task compares them frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from signbench.corpora.clip import Clip
from signbench.errors import SignbenchError
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.pose_files import PoseProbe
from signbench.media.rates import same_rate
from signbench.media.timelines import pose_timeline, video_timeline
from signbench.media.video import VideoProbe
from signbench.predictions.problems import Problem
from signbench.runs.protocol import Protocol
from signbench.tasks.schema import Task

_UNREADABLE = (SignbenchError, OSError, MemoryError)

_UNIT = 3.0
"""Key points that are all this close to 0 cannot be pixels."""

_LARGEST_ROOM = 20.0
"""Joint positions this many metres from 0 are in different units."""


@dataclass(frozen=True)
class _Wanted:
    """The requirements of a reference.

    Attributes:
        frames: its length at the task's rate, if the task requires equal lengths; else None.
        dimensions: coordinates of its points, or None.
    """

    frames: int | None = None
    dimensions: int | None = None


def check_clip(task: Task, reference: Clip, prediction: Clip) -> list[Problem]:
    """The problems of one production: reads its header, and key points in full.

    Args:
        task: the task of the production.
        reference: the clip with the same id; only its header is read.
        prediction: the production.
    """
    try:
        wanted = _wanted(task, reference)
    except _UNREADABLE as error:
        what = f"its reference cannot be used, as {_cause(error, _label(reference))}"
        return [Problem("unreadable", prediction.id, _label(reference), what, "correct the references")]
    try:
        return list(_video(task, wanted, prediction) if task.made.modality == "video" else _pose(task, wanted, prediction))
    except _UNREADABLE as error:
        label = _label(prediction)
        return [Problem("unreadable", prediction.id, label, _cause(error, label), "write the file again")]


def _wanted(task: Task, reference: Clip) -> _Wanted:
    protocol = Protocol(fps=task.made.fps)
    equal = task.length == "equal"
    if task.made.modality == "video":
        if not equal or reference.video is None:
            return _Wanted()
        return _Wanted(video_timeline(reference.video.probe(None), protocol.fps)[0].frames)
    if reference.pose is None:
        return _Wanted()
    probe = reference.pose.probe(None)
    return _Wanted(pose_timeline(probe, protocol.fps).frames if equal else None, probe.dimensions)


def _label(clip: Clip) -> str:
    recording = clip.video if clip.video is not None else clip.pose
    return recording.label if recording is not None else clip.id


def _cause(error: BaseException, label: str) -> str:
    """A reader's message, without its advice, and without the file's name, which is reported separately."""
    if not isinstance(error, SignbenchError):
        return f"the file cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}"
    rest = str(error).removeprefix(label)
    if rest.startswith(" "):
        rest = f"the file{rest}"
    return rest.removeprefix(": ").split("; ")[0].rstrip(".")


def _video(task: Task, wanted: _Wanted, prediction: Clip) -> Iterator[Problem]:
    if prediction.video is None:
        return
    label = prediction.video.label
    probe = prediction.video.probe(None)
    size = task.made.height_width
    if size is not None and (probe.height, probe.width) != size:
        remedy = f"write {size[1]} x {size[0]}; nothing is resized for you"
        yield Problem("size", prediction.id, label, f"its frames are {probe.width} x {probe.height} pixels", remedy)
    wrong_rate = list(_rate(task, prediction.id, label, probe))
    yield from wrong_rate
    if not wrong_rate:
        yield from _length(prediction.id, label, video_timeline(probe, task.made.fps)[0].frames, wanted)


def _pose(task: Task, wanted: _Wanted, prediction: Clip) -> Iterator[Problem]:
    if prediction.pose is None:
        return
    label = prediction.pose.label
    probe = prediction.pose.probe(None)
    wrong_joints = list(_joints(task, wanted, prediction.id, label, probe))
    yield from wrong_joints
    wrong_rate = list(_rate(task, prediction.id, label, probe))
    yield from wrong_rate
    if not wrong_rate:
        yield from _length(prediction.id, label, pose_timeline(probe, task.made.fps).frames, wanted)
    if not wrong_joints:
        yield from _values(task, prediction.id, label, prediction.pose.pose(None))


def _rate(task: Task, clip: str, label: str, probe: VideoProbe | PoseProbe) -> Iterator[Problem]:
    if task.made.fps is not None and probe.fps is not None and not same_rate(probe.fps, task.made.fps):
        remedy = f"use {task.made.fps:g}, or correct the rate in the file"
        yield Problem("fps", clip, label, f"it has {probe.fps:.6g} frames per second", remedy)


def _length(clip: str, label: str, frames: int, wanted: _Wanted) -> Iterator[Problem]:
    if wanted.frames is not None and frames != wanted.frames:
        what = f"it has {frames} frame{'' if frames == 1 else 's'}, its reference {wanted.frames}"
        yield Problem("length", clip, label, what, "the task requires equal lengths; generate as many")


def _joints(task: Task, wanted: _Wanted, clip: str, label: str, probe: PoseProbe) -> Iterator[Problem]:
    asked = layout(task.made.joints) if task.made.joints is not None else probe.layout
    lacking = [joint for joint in asked.joints if joint not in probe.layout]
    if lacking:
        what = f"its layout {probe.layout.name} lacks {len(lacking)} joints of {asked.name}, the first is {lacking[0]}"
        yield Problem("joints", clip, label, what, f"submit the {len(asked.joints)} joints of {asked.name} (docs/layouts.md)")
    if wanted.dimensions is not None and probe.dimensions != wanted.dimensions:
        what = f"its points have {probe.dimensions} coordinates, those of its reference {wanted.dimensions}"
        yield Problem("coordinates", clip, label, what, f"submit {wanted.dimensions}")


def _values(task: Task, clip: str, label: str, pose: Pose) -> Iterator[Problem]:
    try:
        pose.check_finite()
    except SignbenchError as error:
        remedy = "write numbers, or confidence 0 for points that were not seen"
        yield Problem("values", clip, label, str(error).split("; ")[0].rstrip("."), remedy)
        return
    largest = float(np.abs(pose.points[pose.seen]).max())
    size = task.made.height_width
    picture = pose.picture
    if task.made.modality == "pose" and size is not None and picture is not None and picture != size[::-1]:
        what = f"its key points are for an image of {picture[0]} x {picture[1]} pixels"
        yield Problem("size", clip, label, what, f"use pixels of an image of {size[1]} x {size[0]}")
    if task.made.modality == "pose" and size is not None and largest <= _UNIT < min(size):
        what = f"all of its coordinates are within {largest:.3g} of 0, so they are not pixels"
        yield Problem("coordinates", clip, label, what, f"use pixels of an image of {size[1]} x {size[0]}")
    if task.made.modality == "motion" and largest > _LARGEST_ROOM:
        what = f"a joint is {largest:.6g} from the origin, so its positions are not metres"
        yield Problem("coordinates", clip, label, what, "use metres")

"""Recordings and arrays at the rate, length, size and joints that a task requires."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.media import video
from signbench.media.motion import Motion
from signbench.media.pose import Pose, in_layout
from signbench.media.rates import count_at_rate
from signbench.media.timelines import Timeline, nearest_frames
from signbench.media.video import VideoProbe

if TYPE_CHECKING:
    from signbench.corpora.recordings import PoseRecording, VideoRecording
    from signbench.predictions.prompts import Made, Production, Prompt

_Points = TypeVar("_Points", Pose, Motion)


def resample_positions(frames: int, length: int) -> NDArray[np.float64]:
    """The position of each of ``length`` frames among ``frames``: first to first, last to last, as with the rule ``resample``.

    Returns:
        float64 ``(length,)`` in [0, frames - 1].

    Raises:
        InputError: there are no frames, or none are requested.
    """
    if frames < 1 or length < 1:
        raise InputError(f"{frames} frames cannot be stretched onto {length}.")
    return Timeline(length, None, None).shares() * (frames - 1)


def nearest_positions(frames: int, length: int) -> NDArray[np.int64]:
    """The same for images: the nearest frame, the earlier one on a tie."""
    return nearest_frames(Timeline(frames, None, None), resample_positions(frames, length))


def video_positions(probe: VideoProbe, fps: float) -> NDArray[np.int64]:
    """The source frame at each time of a rate; a video without a rate is assumed to have this one."""
    if probe.fps is None:
        return np.arange(probe.frames, dtype=np.int64)
    return video.positions_at_rate(probe, fps)


def frame_count(recording: VideoRecording | PoseRecording, made: Made) -> int:
    """Number of frames of a recording at the task's rate, from its headers."""
    probe = recording.probe(None)
    if isinstance(probe, VideoProbe):
        return len(video_positions(probe, made.fps))
    return probe.frames if probe.fps is None else count_at_rate(probe.frames, probe.fps, made.fps)


def frames_of(recording: VideoRecording, made: Made, length: int | None = None) -> Iterator[NDArray[np.uint8]]:
    """A video's frames at the task's rate and size, one by one.

    Args:
        recording: the video.
        made: the task's requirements.
        length: how many frames to stretch it to, or None: its own length.

    Returns:
        An iterator over uint8 ``(H, W, 3)``.
    """
    probe = recording.probe(None)
    positions = video_positions(probe, made.fps)
    if length is not None:
        positions = positions[nearest_positions(len(positions), length)]
    return at_positions(recording, probe, positions, made.size)


def at_positions(
    recording: VideoRecording, probe: VideoProbe, positions: NDArray[np.int64], size: tuple[int, int] | None
) -> Iterator[NDArray[np.uint8]]:
    """Frames of a video at source positions, one by one."""
    for chunk in recording.chunks(probe, positions, size):
        yield from chunk


def first_frame(recording: VideoRecording, size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """A video's first frame, uint8 ``(H, W, 3)``."""
    return next(at_positions(recording, recording.probe(None), np.zeros(1, np.int64), size))


def pose_of(recording: PoseRecording, made: Made, length: int | None = None) -> Pose:
    """Key points at the task's rate and in its joints.

    Args:
        recording: the key points.
        made: the task's requirements.
        length: how many frames to stretch them to, or None: their own length.

    Raises:
        InputError: a required joint is missing.
    """
    pose = recording.pose(None)
    if pose.fps is not None:
        pose = pose.at_rate(made.fps)
    if made.layout is not None:
        pose = in_layout(pose, made.layout)
    return stretched(replace(pose, fps=made.fps), length)


def motion_of(recording: VideoRecording | PoseRecording, made: Made, length: int | None = None) -> Motion | None:
    """A body model's rotations at the task's rate, with the frames of :func:`pose_of`.

    Args:
        recording: any.
        made: the task's requirements.
        length: how many frames to stretch them to, or None: their own length.

    Returns:
        None if the task does not take rotations, or the recording holds none: a corpus may have joint positions only.
    """
    from signbench.corpora.recordings import rotations_of

    if not made.takes_rotations or (motion := rotations_of(as_points(recording), None)) is None:
        return None
    if motion.fps is not None:
        motion = motion.at_rate(made.fps)
    return stretched(replace(motion, fps=made.fps), length)


def stretched(points: _Points, length: int | None) -> _Points:
    """Key points or rotations resampled to a length, between frames by a line or the shortest turn; unchanged if none is given."""
    if length is None or length == points.frames:
        return points
    return points.at_positions(resample_positions(points.frames, length))


def wanted_length(prompt: Prompt) -> int | None:
    """The number of frames that a prompt fixes: the granted one, else that of the motion to follow; None if there is neither."""
    if prompt.length is not None:
        return prompt.length
    for driving in (prompt.driving_video, prompt.driving_pose, prompt.motion):
        if driving is not None:
            return frame_count(driving, prompt.made)
    return None


def production_of(recording: VideoRecording | PoseRecording, prompt: Prompt) -> Production:
    """A recording as the production of a prompt, at the required rate, size, joints and (if it is fixed) length.

    On a task of motion these are its rotations, or its joint positions if it has no rotations.
    """
    from signbench.predictions.prompts import Production

    length = wanted_length(prompt)
    if prompt.made.modality == "video":
        return Production(prompt.clip, frames=frames_of(as_video(recording), prompt.made, length), fps=prompt.fps)
    if (motion := motion_of(recording, prompt.made, length)) is not None:
        return Production(prompt.clip, motion=motion, fps=prompt.fps)
    return Production(prompt.clip, pose=pose_of(as_points(recording), prompt.made, length), fps=prompt.fps)


def as_video(recording: VideoRecording | PoseRecording) -> VideoRecording:
    """The recording, which must be video.

    Raises:
        InputError: it is key points.
    """
    if hasattr(recording, "chunks"):
        return cast("VideoRecording", recording)
    raise InputError(f"{recording.label} holds key points; the task requires video.")


def as_points(recording: VideoRecording | PoseRecording) -> PoseRecording:
    """The recording, which must be key points.

    Raises:
        InputError: it is video.
    """
    if hasattr(recording, "pose"):
        return cast("PoseRecording", recording)
    raise InputError(f"{recording.label} holds video; the task requires key points.")

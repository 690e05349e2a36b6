"""Recordings whose frame rate is declared externally: by a table of clips, or by the task if the file does not state one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.recordings import PoseRecording, Stamp, VideoRecording, file_stamp, rotations_of
from signbench.errors import MediaError
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from signbench.media.pose_files import PoseProbe
from signbench.media.video import VideoProbe


@dataclass(frozen=True)
class _AtRate:
    """The common part of recordings with a declared rate; see :class:`VideoAtRate`."""

    recording: VideoRecording | PoseRecording
    fps: float
    table: Path | None = None

    @property
    def label(self) -> str:
        return self.recording.label

    def stamp(self) -> Stamp:
        return _stamp(self.recording.stamp(), self.table)

    def digest(self) -> str:
        return _digest(self.recording, self.fps, self.table)


@dataclass(frozen=True)
class VideoAtRate(_AtRate):
    """A video with a declared rate.

    Attributes:
        recording: the video.
        fps: frames per second.
        table: the file that declares the rate, which then overrides the video's own; None: the rate is only used if the video
            states none.
    """

    recording: VideoRecording

    def probe(self, source_fps: float | None) -> VideoProbe:
        if self.table is not None:
            return self.recording.probe(source_fps or self.fps)
        probe = self.recording.probe(source_fps)
        return probe if probe.fps is not None else self.recording.probe(self.fps)

    def chunks(self, probe: VideoProbe, positions: NDArray[np.int64], size: tuple[int, int] | None) -> Iterator[NDArray[np.uint8]]:
        return self.recording.chunks(probe, positions, size)


@dataclass(frozen=True)
class PoseAtRate(_AtRate):
    """Key points with a declared rate; see :class:`VideoAtRate`.

    Attributes:
        recording: the key points.
        fps: frames per second.
        table: the file that declares the rate, or None: the rate is only used if the recording states none.
    """

    recording: PoseRecording

    def probe(self, source_fps: float | None) -> PoseProbe:
        probe = self.recording.probe(source_fps or (self.fps if self.table is not None else None))
        return probe if probe.fps is not None else replace(probe, fps=self.fps)

    def pose(self, source_fps: float | None) -> Pose:
        pose = self.recording.pose(source_fps or (self.fps if self.table is not None else None))
        return pose if pose.fps is not None else replace(pose, fps=self.fps)

    def rotations(self, source_fps: float | None) -> Motion | None:
        motion = rotations_of(self.recording, source_fps or (self.fps if self.table is not None else None))
        return motion if motion is None or motion.fps is not None else replace(motion, fps=self.fps)


@dataclass(frozen=True)
class PoseAtVideosRate:
    """Key points of a video's frames, whose files state no rate: they have that of the video.

    Attributes:
        recording: the key points.
        video: the video that they were found in, or None if it is not there.
        fps: frames per second without a video, or if the video states none.
    """

    recording: PoseRecording
    video: VideoRecording | None
    fps: float

    @property
    def label(self) -> str:
        return self.recording.label

    def stamp(self) -> Stamp:
        return self.recording.stamp()

    def digest(self) -> str:
        return self.recording.digest()

    def probe(self, source_fps: float | None) -> PoseProbe:
        probe = self.recording.probe(source_fps)
        return probe if probe.fps is not None else replace(probe, fps=self._rate())

    def pose(self, source_fps: float | None) -> Pose:
        pose = self.recording.pose(source_fps)
        return pose if pose.fps is not None else replace(pose, fps=self._rate())

    def _rate(self) -> float:
        found = None if self.video is None else self.video.probe(None).fps
        return found if found is not None else self.fps


def _stamp(own: Stamp, table: Path | None) -> Stamp:
    """A declared rate is part of the input, so after a change to the table the bytes are compared."""
    if table is None:
        return own
    beside = file_stamp(table)
    return own[0] + beside[0], max(own[1], beside[1]), own[2] ^ beside[2]


def _digest(recording: VideoRecording | PoseRecording, fps: float, table: Path | None) -> str:
    """The recording's own digest, unless the table changes its rate: copies whose files state that rate have the same."""
    own = recording.digest()
    if table is None:
        return own
    with suppress(MediaError):  # the file's own rate may be invalid
        if recording.probe(None).fps == fps:
            return own
    return hashlib.sha256(f"{own} at {fps!r}".encode()).hexdigest()

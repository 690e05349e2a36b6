"""Handles of a clip's media: they know where the bytes are, and read them only on demand."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media import pose_files, video
from signbench.media.frame_folders import is_ignored
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.media.pose_files import PoseProbe
from signbench.media.video import VideoProbe

if TYPE_CHECKING:
    from signbench.media.motion import Motion

Stamp = tuple[int, int, int]
"""State of a recording's files: size in bytes, modification time in nanoseconds, and a number derived from their change times and
inodes, which cannot be set at will. If all are unchanged, so are the bytes; otherwise the bytes are compared.
"""


class Recording(Protocol):
    """A clip in one modality."""

    @property
    def label(self) -> str:
        """Its name in messages."""

    def stamp(self) -> Stamp:
        """Changes when the bytes change, without reading them."""

    def digest(self) -> str:
        """SHA-256 of the bytes, hexadecimal."""


class VideoRecording(Recording, Protocol):
    """The video of one clip."""

    def probe(self, source_fps: float | None) -> VideoProbe:
        """Length, size and time stamps, from the headers."""

    def chunks(self, probe: VideoProbe, positions: NDArray[np.int64], size: tuple[int, int] | None) -> Iterator[NDArray[np.uint8]]:
        """Frames at the given source positions as uint8 ``(n, H, W, 3)``."""


class PoseRecording(Recording, Protocol):
    """Key points of one clip."""

    def probe(self, source_fps: float | None) -> PoseProbe:
        """Length, layout and rate, as cheaply as the format allows."""

    def pose(self, source_fps: float | None) -> Pose:
        """The key points."""


class MotionRecording(PoseRecording, Protocol):
    """Joints of a body model for one clip, and the rotations behind them if it holds them.

    :attr:`PoseProbe.has_rotations` of its probe says whether it does.
    """

    def rotations(self, source_fps: float | None) -> Motion | None:
        """The rotations, frame by frame those of :meth:`pose`; None if it holds positions only."""


class TextRecording(Recording, Protocol):
    """The text or the glosses of one clip, from a file of texts."""

    @property
    def text(self) -> str:
        """The unmodified text; may be empty."""


class FeatureRecording(Recording, Protocol):
    """A feature vector of one clip, computed by an external network."""

    @property
    def sign(self) -> str | None:
        """The class of the clip, if the file states it."""

    def vector(self) -> NDArray[np.floating[Any]]:
        """float ``(D,)``."""


class LabelRecording(Recording, Protocol):
    """The labels that a recogniser gave one clip, or its true label."""

    def ranked(self) -> tuple[str, ...]:
        """Labels from the most to the least likely; a single one if there are no logits."""


@dataclass(frozen=True)
class VideoFile:
    """A video file, a GIF, or a folder of images."""

    path: Path

    @property
    def label(self) -> str:
        return str(self.path)

    def stamp(self) -> Stamp:
        return _stamp(self.path)

    def digest(self) -> str:
        return _digest(self.path, self.stamp())

    def probe(self, source_fps: float | None) -> VideoProbe:
        return video.probe_video(self.path, source_fps)

    def chunks(self, probe: VideoProbe, positions: NDArray[np.int64], size: tuple[int, int] | None) -> Iterator[NDArray[np.uint8]]:
        return video.read_frames(self.path, probe=probe, positions=positions, size=size)


@dataclass(frozen=True)
class PoseFile:
    """A key-point file, or one member of a container of many."""

    path: Path
    member: str | None = None
    layout: Layout | None = None

    @property
    def label(self) -> str:
        return f"{self.path} [{self.member}]" if self.member is not None else str(self.path)

    def stamp(self) -> Stamp:
        names = self._names()
        return _stamp(self.path) if names is None else file_stamp(self.path, names)

    def digest(self) -> str:
        own, names = _digest(self.path, _stamp(self.path)), self._names()
        if names is None:
            return own
        return hashlib.sha256(f"{own}{_digest(names, _stamp(names))}".encode()).hexdigest()

    def _names(self) -> Path | None:
        """The file with the ids for the lines of a ``.skels`` file, if there is one."""
        names = self.path.with_suffix(".files")
        return names if self.path.suffix == ".skels" and names.is_file() else None

    def probe(self, source_fps: float | None) -> PoseProbe:
        try:
            stamp = self.stamp()
        except OSError:
            probe = pose_files.probe_pose(self.path, self.member, self.layout)  # its message names the file
        else:
            probe = _probe(self.path, self.member, self.layout, stamp)
        return probe if source_fps is None else replace(probe, fps=source_fps)

    def pose(self, source_fps: float | None) -> Pose:
        return pose_files.read_pose(self.path, self.member, self.layout, source_fps)

    def rotations(self, source_fps: float | None) -> Motion | None:
        if not self.probe(source_fps).has_rotations:
            return None
        from signbench.media.motion import read_motion

        motion = read_motion(self.path)
        return motion if source_fps is None else replace(motion, fps=source_fps)


@dataclass(frozen=True, eq=False)
class FrameArray:
    """Frames in memory.

    Attributes:
        frames: uint8 ``(T, H, W, 3)`` RGB.
        label: its name in messages.
        fps: frames per second, or None.
    """

    frames: NDArray[np.uint8]
    label: str
    fps: float | None = None

    def stamp(self) -> Stamp:
        return self.frames.nbytes, 0, 0

    def digest(self) -> str:
        return _array_digest(self.frames)

    def probe(self, source_fps: float | None) -> VideoProbe:
        count, height, width, _ = self.frames.shape
        if count == 0:
            raise MediaError(f"{self.label} has no frames.")
        fps = source_fps or self.fps
        times = np.arange(count) / fps if fps else np.empty(0)
        return VideoProbe(
            frames=count,
            height=height,
            width=width,
            fps=fps,
            times=times,
            duration=count / fps if fps else None,
            variable_rate=False,
        )

    def chunks(self, probe: VideoProbe, positions: NDArray[np.int64], size: tuple[int, int] | None) -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(positions), 16):
            chunk = self.frames[positions[start : start + 16]]
            yield chunk if size is None else video.resize_frames(chunk, size)


@dataclass(frozen=True, eq=False)
class PoseArray:
    """Key points in memory."""

    points: Pose
    label: str

    def stamp(self) -> Stamp:
        return self.points.points.nbytes, 0, 0

    def digest(self) -> str:
        own = _array_digest(self.points.points, self.points.confidence)
        if self.points.picture is None:
            return own
        return hashlib.sha256(f"{own} of {self.points.picture}".encode()).hexdigest()

    def probe(self, source_fps: float | None) -> PoseProbe:
        if self.points.frames == 0:
            raise MediaError(f"{self.label} has no frames.")
        return PoseProbe(
            frames=self.points.frames,
            layout=self.points.layout,
            fps=source_fps or self.points.fps,
            dimensions=int(self.points.points.shape[2]),
            has_confidence=True,
            picture=self.points.picture,
        )

    def pose(self, source_fps: float | None) -> Pose:
        return self.points if source_fps is None else replace(self.points, fps=source_fps)


@dataclass(frozen=True)
class TextValue:
    """A text in memory."""

    text: str
    label: str

    def stamp(self) -> Stamp:
        return len(self.text), 0, 0

    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class FeatureValue:
    """A feature vector in memory.

    Attributes:
        values: float ``(D,)``.
        label: its name in messages.
        sign: the class of the clip, or None.
    """

    values: NDArray[np.floating[Any]]
    label: str
    sign: str | None = None

    def stamp(self) -> Stamp:
        return self.values.nbytes, 0, 0

    def digest(self) -> str:
        """SHA-256 of the vector and the sign, as for feature files."""
        head = f"{self.values.dtype.str}{self.values.shape}{self.sign}"
        return hashlib.sha256(head.encode() + self.values.tobytes()).hexdigest()

    def vector(self) -> NDArray[np.floating[Any]]:
        return self.values


@dataclass(frozen=True)
class LabelValue:
    """Labels in memory, from the most to the least likely."""

    labels: tuple[str, ...]
    label: str

    def stamp(self) -> Stamp:
        return len(self.labels), 0, 0

    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.labels).encode()).hexdigest()

    def ranked(self) -> tuple[str, ...]:
        return self.labels


def rotations_of(recording: PoseRecording, source_fps: float | None) -> Motion | None:
    """The rotations of a recording; None if it holds none.

    Raises:
        MediaError: it cannot be read.
    """
    return cast("MotionRecording", recording).rotations(source_fps) if hasattr(recording, "rotations") else None


def _members(path: Path) -> list[Path]:
    return sorted(child for child in path.iterdir() if child.is_file() and not is_ignored(child.name))


def file_stamp(*paths: Path) -> Stamp:
    """The stamp of files that are read together; it changes if any of them does.

    Raises:
        OSError: one of them does not exist.
    """
    return _joint_stamp([(path.name, path.stat()) for path in paths])


def _joint_stamp(statuses: Sequence[tuple[str, os.stat_result]]) -> Stamp:
    size = sum(status.st_size for _, status in statuses)
    newest = max((status.st_mtime_ns for _, status in statuses), default=0)
    lines = [f"{name} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}" for name, status in statuses]
    return size, newest, int.from_bytes(hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).digest()[:6], "big")


def _stamp(path: Path) -> Stamp:
    if not path.is_dir():
        return file_stamp(path)
    with os.scandir(path) as entries:
        found = [(entry.name, entry.stat()) for entry in entries if entry.is_file() and not is_ignored(entry.name)]
    return _joint_stamp(sorted(found, key=lambda item: item[0]))


@lru_cache(maxsize=1024)
def _probe(path: Path, member: str | None, layout: Layout | None, stamp: Stamp) -> PoseProbe:
    """What a file of key points says about itself; cached for unchanged files, since every metric asks."""
    return pose_files.probe_pose(path, member, layout)


@lru_cache(maxsize=64)
def _digest(path: Path, stamp: Stamp) -> str:
    """SHA-256 of a file's bytes, or of a folder's sorted names and bytes; cached for unchanged files, for containers."""
    if not path.is_dir():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    whole = hashlib.sha256()
    for child in _members(path):
        with child.open("rb") as stream:
            whole.update(f"{child.name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def _array_digest(*arrays: NDArray[np.generic]) -> str:
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(f"{array.dtype.str}{array.shape}".encode())
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()

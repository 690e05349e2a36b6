"""Handles of SynthSign's media: small, picklable, and rendered on reading."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.recordings import Stamp
from signbench.corpora.synthsign.performances import Performances, Rendering
from signbench.corpora.synthsign.rendering import REVISION
from signbench.errors import InputError
from signbench.media.layouts import layout
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from signbench.media.pose_files import PoseProbe
from signbench.media.video import VideoProbe, resize_frames

_CHUNK = 16


@lru_cache(maxsize=4)
def _performances(seed: int) -> Performances:
    """The clips of a seed, planned once in each process."""
    return Performances(seed)


_KEY_POINT_GRID, _ROTATION_GRID = 1e-3, 1e-5
"""The resolution of digests: in pixels, and in radians or metres."""


@dataclass(frozen=True)
class _Made:
    """The identity of a recording.

    Attributes:
        seed: of the corpus.
        clip: id of the clip.
        take: number of the performance.
        size: of the image in pixels.
    """

    seed: int
    clip: str
    take: int
    size: int

    def _name(self, rendering: str) -> str:
        take = f", take {self.take}" if self.take else ""
        return f"synthsign {self.clip} ({rendering}{take})"

    def stamp(self) -> Stamp:
        """0 and the renderer's revision."""
        return 0, REVISION, 0


@dataclass(frozen=True)
class SynthSignVideo(_Made):
    """A video of a performance.

    Attributes:
        rendering: the video itself, or another rendering of the same motion.
    """

    rendering: Rendering = "video"

    @property
    def label(self) -> str:
        return self._name(self.rendering)

    def digest(self) -> str:
        """SHA-256 of what is drawn: the body on its grid, the renderer, and the rendering.

        Pixels themselves may differ by one level between processors; the body does not.
        """
        return _drawn_digest(self)

    def probe(self, source_fps: float | None) -> VideoProbe:
        performances = _performances(self.seed)
        count, fps = performances.length(self.clip, self.take), source_fps or performances.fps
        return VideoProbe(count, self.size, self.size, fps, np.arange(count) / fps, count / fps, variable_rate=False)

    def chunks(self, probe: VideoProbe, positions: NDArray[np.int64], size: tuple[int, int] | None) -> Iterator[NDArray[np.uint8]]:
        wanted = positions.tolist()
        if any(not 0 <= position < probe.frames for position in wanted):
            raise InputError(f"{self.label}: positions must be indices of its {probe.frames} frames.")
        frames = _performances(self.seed).frames_at(self.clip, wanted, self.take, self.size, self.rendering)
        while part := list(islice(frames, _CHUNK)):
            chunk = np.stack(part)
            yield chunk if size is None else resize_frames(chunk, size)


@dataclass(frozen=True)
class SynthSignPose(_Made):
    """Key points of a performance, in pixels of an image of its size."""

    @property
    def label(self) -> str:
        return self._name("key points")

    def digest(self) -> str:
        """SHA-256 of the key points on their grid, and of whether they are seen."""
        return _key_points_digest(self)

    def probe(self, source_fps: float | None) -> PoseProbe:
        performances = _performances(self.seed)
        count = performances.length(self.clip, self.take)
        return PoseProbe(count, layout("coco-wholebody-133"), source_fps or performances.fps, dimensions=2, has_confidence=True)

    def pose(self, source_fps: float | None) -> Pose:
        made = _performances(self.seed).pose(self.clip, self.take)
        return made if source_fps is None else Pose(made.points, made.confidence, made.layout, source_fps)


@dataclass(frozen=True)
class SynthSignMotion(_Made):
    """Body-model rotations of a performance, also read as the neutral skeleton's joints."""

    @property
    def label(self) -> str:
        return self._name("motion")

    def digest(self) -> str:
        """SHA-256 of the rotations on their grid."""
        return _motion_digest(self)

    def probe(self, source_fps: float | None) -> PoseProbe:
        performances = _performances(self.seed)
        count = performances.length(self.clip, self.take)
        fps = source_fps or performances.fps
        return PoseProbe(count, layout("smplx-55"), fps, dimensions=3, has_confidence=True, has_rotations=True)

    def pose(self, source_fps: float | None) -> Pose:
        made = _performances(self.seed).motion(self.clip, self.take).pose()
        return made if source_fps is None else Pose(made.points, made.confidence, made.layout, source_fps)

    def rotations(self, source_fps: float | None) -> Motion:
        made = _performances(self.seed).motion(self.clip, self.take)
        return made if source_fps is None else replace(made, fps=source_fps)


def _drawn_digest(video: SynthSignVideo) -> str:
    performances = _performances(video.seed)
    drawn_by = (
        performances.other_signer(video.clip) if video.rendering == "cross-person" else performances.sentence(video.clip).signer
    )
    how = ("drawn", REVISION, video.rendering, drawn_by, video.size)
    return _digest(how, _points(performances.pose(video.clip, video.take)), _rotations(performances.motion(video.clip, video.take)))


def _key_points_digest(recording: SynthSignPose) -> str:
    pose = _performances(recording.seed).pose(recording.clip, recording.take)
    return _digest(("key points", pose.layout.name, pose.fps), _points(pose))


def _motion_digest(recording: SynthSignMotion) -> str:
    motion = _performances(recording.seed).motion(recording.clip, recording.take)
    return _digest(("motion", motion.fps), _rotations(motion))


def _digest(how: tuple[object, ...], *content: NDArray[np.int64]) -> str:
    whole = hashlib.sha256("|".join(map(str, how)).encode())
    for array in content:
        whole.update(f"|{array.shape}".encode())
        whole.update(array.astype("<i8").tobytes())
    return whole.hexdigest()


def _points(pose: Pose) -> NDArray[np.int64]:
    """int64 ``(T, J, 3)``: x, y in thousandths of a pixel, confidence in thousandths; a point that is not seen is zero."""
    seen = pose.confidence > 0
    grid = np.where(seen[..., None], np.rint(pose.points.astype(np.float64) / _KEY_POINT_GRID), 0)
    return np.concatenate([grid, np.rint(pose.confidence.astype(np.float64) * 1000)[..., None]], axis=-1).astype(np.int64)


def _rotations(motion: Motion) -> NDArray[np.int64]:
    """int64 ``(T, 56, 3)``: the rotations, then the translation, in hundred-thousandths."""
    values = np.concatenate([motion.rotations, motion.translation[:, None]], axis=1)
    return np.rint(values.astype(np.float64) / _ROTATION_GRID).astype(np.int64)

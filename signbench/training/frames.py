"""Frames of a corpus for training, kept on disk as bytes, and key points of the same frames.

Frames are what a judge gets when it scores: the corpus's own pixels at the nearest time
(:func:`signbench.media.video.positions_at_rate`), resized by area. Rendering at a smaller size instead would give other pixels and
save little: SynthSign takes 1.6 ms for a frame of 128 px that is resized to 96, and 1.35 ms at 96 px.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.clip import Clip
from signbench.corpora.corpus import Corpus, performance
from signbench.corpora.recordings import PoseRecording, VideoRecording
from signbench.errors import InputError, nearest
from signbench.media.video import READER_REVISION, RESIZE_KERNEL, VideoProbe, positions_at_rate
from signbench.progress import Progress, silent
from signbench.training.ahead import computed_ahead
from signbench.training.clip_arrays import ArrayFile, ClipArrays


@dataclass(frozen=True)
class FrameSource:
    """Frames of one split of a corpus, and where they are taken from.

    Attributes:
        corpus: the corpus; its clips have videos.
        split: one of its splits.
        size: height and width in pixels that frames are resized to.
        rate: frames per second.
        take: number of the performance, for a corpus that has several of each clip; 0 is the reference.
        rendering: ``video``, or a name in :attr:`~signbench.corpora.clip.Clip.renderings`.
        clips: only the first clips of the split, or None: all.
        shape: height and width of pictures to whose shape clips of another one are cut, in the middle; None: they are stretched.
            Renderings are cut as their clips' videos.
    """

    corpus: Corpus
    split: str
    size: tuple[int, int]
    rate: float = 12.5
    take: int = 0
    rendering: str = "video"
    clips: int | None = None
    shape: tuple[int, int] | None = None

    @property
    def _name(self) -> str:
        take = f" take {self.take}" if self.take else ""
        return f"{self.corpus.name} {self.split}{take} {self.rendering} {self.size[1]}x{self.size[0]}"

    @cached_property
    def _clips(self) -> list[Clip]:
        return [performance(self.corpus, clip, self.take) for clip in self.corpus.ids(self.split)[: self.clips]]

    @cached_property
    def _videos(self) -> list[VideoRecording]:
        return [self._video(clip) for clip in self._clips]

    def _video(self, clip: Clip) -> VideoRecording:
        found = clip.video if self.rendering == "video" else clip.renderings.get(self.rendering)
        if found is None:
            known = ["video", *clip.renderings]
            raise InputError(f"clip {clip.id} of {self.corpus.name} has no {self.rendering}. {nearest(self.rendering, known)}")
        return found

    @cached_property
    def _probes(self) -> list[VideoProbe]:
        return [video.probe(clip.fps) for clip, video in zip(self._clips, self._videos, strict=True)]

    @cached_property
    def _shapes(self) -> list[VideoProbe]:
        """Of each clip the video's probe, whose shape decides how it is cut."""
        if self.shape is None or self.rendering == "video":
            return self._probes
        videos = [clip.video for clip in self._clips]
        return [
            probe if video is None else video.probe(clip.fps)
            for clip, video, probe in zip(self._clips, videos, self._probes, strict=True)
        ]

    @cached_property
    def _positions(self) -> list[NDArray[np.int64]]:
        return [positions_at_rate(probe, self.rate) for probe in self._probes]

    def _file(self, kind: str, shape: tuple[int, ...], dtype: type[np.generic]) -> ArrayFile:
        identity = {
            "kind": kind,
            "corpus": [self.corpus.name, self.corpus.version, getattr(self.corpus, "seed", None)],
            "split": self.split,
            "take": self.take,
            "rate": self.rate,
            "size": self.size,
            # a recording's stamp contains the revision of what draws it, or changes with its files
            "stamps": [video.stamp() for video in self._videos],
            "sides": [(probe.height, probe.width) for probe in self._probes],
            "read": [self.rendering, READER_REVISION, RESIZE_KERNEL],
        }
        if any(self._cut(probe)[0] != self.size for probe in self._shapes):
            identity["shape"] = [self.shape, [(probe.height, probe.width) for probe in self._shapes]]
        lengths = tuple(map(len, self._positions))
        return ArrayFile(f"{self._name} {kind}", identity, tuple(clip.id for clip in self._clips), lengths, shape, dtype)

    def frames(self, folder: Path | None = None, progress: Progress = silent, workers: int = 0) -> ClipArrays[np.uint8]:
        """The frames, prepared on first use.

        Args:
            folder: the folder of prepared arrays; by default that of the user's cache.
            progress: called with what is prepared, and how many frames of it are done.
            workers: processes that read or render clips.

        Returns:
            For each clip uint8 ``(T, H, W, 3)`` RGB.

        Raises:
            InputError: the corpus lacks the split, the take or the rendering, a rate is unknown, or the disk is too small.
            MediaError: a clip cannot be read.
        """

        def rendered(index: int) -> Iterator[NDArray[np.uint8]]:
            yield from self._chunks(index)

        def all_rendered(clips: range) -> Iterator[Iterable[NDArray[np.uint8]]]:
            if not workers:
                return map(rendered, clips)
            return computed_ahead(lambda index: list(rendered(index)), clips, workers)

        return self._file("frames", (*self.size, 3), np.uint8).opened(all_rendered, folder, progress)

    def key_points(self, folder: Path | None = None, progress: Progress = silent) -> ClipArrays[np.float32]:
        """Key points of the same frames, prepared on first use.

        Args:
            folder: the folder of prepared arrays; by default that of the user's cache.
            progress: called with what is prepared, and how many frames of it are done.

        Returns:
            For each clip float32 ``(T, J, 3)``: x and y in pixels of frames of :attr:`size`, where (0, 0) is the centre of the
            first pixel, and the confidence. Points that are not seen are 0.

        Raises:
            InputError: a clip has no key points, or not as many frames of them as its video, or the disk is too small.
            MediaError: a clip cannot be read.
        """
        recordings = [self._pose(clip) for clip in self._clips]
        joints = len(recordings[0].probe(None).layout.joints) if recordings else 0

        def read(clips: range) -> Iterator[Iterable[NDArray[np.float32]]]:
            for index in clips:
                yield (self._points(self._clips[index].id, recordings[index], self._probes[index], self._positions[index]),)

        file = self._file("key points", (joints, 3), np.float32)
        stamps = [recording.stamp() for recording in recordings]
        return replace(file, identity={**file.identity, "points": stamps}).opened(read, folder, progress)

    def computed(
        self,
        kind: str,
        shape: tuple[int, ...],
        rows_of: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
        made_by: Mapping[str, object],
        folder: Path | None = None,
        progress: Progress = silent,
    ) -> ClipArrays[np.float32]:
        """What a network makes of the same frames, computed on first use.

        Args:
            kind: what that is, for the file's name.
            shape: of the row of one frame.
            rows_of: the rows ``(T, *shape)`` of a clip's frames ``(T, H, W, 3)``.
            made_by: everything that the rows depend on besides the frames, such as the digest of the network's weights.
            folder: the folder of prepared arrays; by default that of the user's cache.
            progress: called with what is prepared, and how many frames of it are done.

        Returns:
            For each clip float32 ``(T, *shape)``.

        Raises:
            InputError: the corpus lacks the split, the take or the rendering, a rate is unknown, or the disk is too small.
            MediaError: a clip cannot be read.
        """

        def made(clips: range) -> Iterator[Iterable[NDArray[np.float32]]]:
            for index in clips:
                parts = list(self._chunks(index))
                yield (rows_of(np.concatenate(parts)),) if parts else ()

        file = self._file(kind, shape, np.float32)
        return replace(file, identity={**file.identity, "made by": dict(made_by)}).opened(made, folder, progress)

    def _chunks(self, index: int) -> Iterator[NDArray[np.uint8]]:
        whole, (top, left) = self._cut(self._shapes[index])
        height, width = self.size
        for chunk in self._videos[index].chunks(self._probes[index], self._positions[index], whole):
            yield chunk if whole == self.size else chunk[:, top : top + height, left : left + width]

    def _cut(self, probe: VideoProbe) -> tuple[tuple[int, int], tuple[int, int]]:
        """Height and width that a clip's whole pictures are resized to, and the row and column where :attr:`size` begins."""
        if self.shape is None or probe.height * self.shape[1] == probe.width * self.shape[0]:
            return self.size, (0, 0)
        # the largest part of the clip's pictures that has the shape
        scale = min(probe.height / self.shape[0], probe.width / self.shape[1])
        whole = tuple(
            max(side, round(side * own / (scale * wanted)))
            for side, own, wanted in zip(self.size, (probe.height, probe.width), self.shape, strict=True)
        )
        return (whole[0], whole[1]), ((whole[0] - self.size[0]) // 2, (whole[1] - self.size[1]) // 2)

    def _pose(self, clip: Clip) -> PoseRecording:
        if clip.pose is None:
            raise InputError(f"clip {clip.id} of {self.corpus.name} has no key points.")
        return clip.pose

    def _points(self, clip: str, recording: PoseRecording, probe: VideoProbe, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        pose = recording.pose(probe.fps)
        if pose.frames != probe.frames:
            raise InputError(f"clip {clip} has {probe.frames} frames of video and {pose.frames} of key points.")
        # SynthSign's key points are in pixels of a picture of their own size; files that do not say are in pixels of the video
        drawn = getattr(recording, "size", None)
        width, height = pose.picture or ((drawn, drawn) if drawn else (probe.width, probe.height))
        whole, (top, left) = self._cut(probe)
        scale = np.array([whole[1] / width, whole[0] / height], np.float32)
        points = (pose.points[positions, :, :2] + 0.5) * scale - 0.5 - np.array([left, top], np.float32)
        confidence = pose.confidence[positions, :, None]
        seen = confidence > 0
        return np.concatenate([np.where(seen, points, 0), confidence], axis=2).astype(np.float32)

"""A part of a video as a clip: data sets that cut nothing, and say where a sign or sentence begins and ends."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.recordings import Stamp, VideoRecording
from signbench.errors import MediaError
from signbench.media.video import VideoProbe


@dataclass(frozen=True)
class VideoSpan:
    """The frames of a video from one to another.

    Attributes:
        recording: the whole video.
        first: index of the first frame, from 0; or the time at which the clip begins, in seconds.
        last: index of the last frame, which belongs to it; or the time before which the clip ends. None: to the end.
        seconds: whether these are times.
        cut_already: whether a video that is too short for the span, and about as long as it, is the clip itself, cut before.
    """

    recording: VideoRecording
    first: float
    last: float | None
    seconds: bool = False
    cut_already: bool = False

    @property
    def label(self) -> str:
        unit = "s" if self.seconds else ""
        return f"{self.recording.label} [{self.first:g}{unit} to {'its end' if self.last is None else f'{self.last:g}{unit}'}]"

    def stamp(self) -> Stamp:
        return self.recording.stamp()

    def digest(self) -> str:
        """SHA-256 of the video's bytes and of the span."""
        unit = "seconds" if self.seconds else "frames"
        return hashlib.sha256(f"{self.recording.digest()} {unit} {self.first!r} to {self.last!r}".encode()).hexdigest()

    def probe(self, source_fps: float | None) -> VideoProbe:
        start, stop = self._frames(_probed(self.recording, None))  # a declared rate does not change which frames these are
        whole = _probed(self.recording, source_fps)
        part = slice(start, stop)
        if whole.fps is None or whole.duration is None:
            times, duration = whole.times, None
        else:
            times = whole.times[part] - whole.times[start]
            end = whole.times[stop] if stop < whole.frames else whole.duration
            duration = float(end - whole.times[start])
        return VideoProbe(
            frames=stop - start,
            height=whole.height,
            width=whole.width,
            fps=whole.fps,
            times=times,
            duration=duration,
            variable_rate=whole.variable_rate,
            pixels=whole.pixels,
        )

    def chunks(self, probe: VideoProbe, positions: NDArray[np.int64], size: tuple[int, int] | None) -> Iterator[NDArray[np.uint8]]:
        whole = _probed(self.recording, None)
        start, _ = self._frames(whole)
        return self.recording.chunks(whole, np.asarray(positions) + start, size)

    def _frames(self, whole: VideoProbe) -> tuple[int, int]:
        """The first frame, and the one after the last.

        Raises:
            MediaError: the video ends before the clip begins, or times are given and its rate is unknown.
        """
        if self.cut_already and self.last is not None and whole.frames <= min(self.last, self.last - self.first + _SPARE):
            return 0, whole.frames
        if not self.seconds:
            start, stop = int(self.first), whole.frames if self.last is None else int(self.last) + 1
        elif whole.fps is None:
            raise MediaError(f"{self.label}: the video states no frame rate; copy it again.")
        else:
            # a frame belongs to the clip if it is shown in it; times in tables are rounded
            start = int(np.searchsorted(whole.times, self.first - _ROUNDING))
            stop = whole.frames if self.last is None else int(np.searchsorted(whole.times, self.last - _ROUNDING))
        if not 0 <= start < whole.frames:
            raise MediaError(f"{self.label}: the video has only {whole.frames} frames; it is another one, or was cut.")
        return start, max(start + 1, min(stop, whole.frames))


_ROUNDING = 1e-3
_SPARE = 3  # frames that a video may have more than its span and still be the clip itself: cutting is inexact


def _probed(recording: VideoRecording, source_fps: float | None) -> VideoProbe:
    """The probe of a whole video, from which many clips may be cut; kept while its files stay the same."""
    return _kept(cast("Hashable", recording), recording.stamp(), source_fps)


@lru_cache(maxsize=64)
def _kept(recording: Hashable, stamp: Stamp, source_fps: float | None) -> VideoProbe:
    return cast("VideoRecording", recording).probe(source_fps)

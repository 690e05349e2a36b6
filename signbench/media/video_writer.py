"""Writes frames as video: bit-exact for scoring, or H.264 for viewing."""

from __future__ import annotations

import contextlib
import math
import secrets
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.media.colour import in_one_thread
from signbench.media.pictures import LARGEST_SIDE

_BT_709, _LIMITED_RANGE = 1, 1
EXACT_SCALING = 0x2 | 0x40000 | 0x80000
"""Flags that make FFmpeg's 4:2:0 conversion the same on every processor: bilinear | accurate rounding | bit-exact."""

EXACT_H264 = {"x264-params": "no-asm=1"}
"""Options with which one build of x264 gives equal bytes for equal frames: its C code, three to four times slower.

Its assembly for macroblock trees reads motion vectors that nothing has written, so that its output depends on what the process
had in memory before; and it uses reciprocals that are not the same on every processor.
"""


def write_video(path: Path, frames: Iterable[NDArray[np.uint8]], fps: float | Fraction, *, lossless: bool = True) -> int:
    """Writes a video file, completely or not at all.

    Lossless files are FFV1 in Matroska: the RGB values are restored exactly, frame k has the time k / fps, and equal frames give
    equal bytes. The others are H.264 in MP4 (4:2:0, BT.709, constant quality), which every browser plays; equal frames give equal
    bytes there, too. An odd height or width is made even there by repeating the last row or column.

    Args:
        path: ends in ``.mkv`` if lossless, else in ``.mp4``; an existing file is replaced. Until it is complete, the file has a
            hidden temporary name in the same folder.
        frames: uint8 RGB, single ``(H, W, 3)`` or in chunks ``(n, H, W, 3)``; taken one by one.
        fps: frames per second, 0.001 to 240; stored as the nearest fraction with a denominator up to 1001 (29.97003: 30000/1001).
        lossless: for scoring (true) or for viewing (false).

    Returns:
        Number of frames written.

    Raises:
        InputError: no frames, frames that are not uint8 RGB or change their size, a wrong suffix or rate, or a file that cannot be
            written. In that case nothing is left behind, nor if ``frames`` raises.
    """
    suffix = ".mkv" if lossless else ".mp4"
    if path.suffix.lower() != suffix:
        raise InputError(f"{path}: {'lossless' if lossless else 'H.264'} video must be written to a {suffix} file; rename it.")
    if not (math.isfinite(fps) and 0.001 <= fps <= 240):
        raise InputError(f"{path}: the frame rate must be between 0.001 and 240, not {fps}.")
    rate = Fraction(float(fps)).limit_denominator(1001)
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: there is no folder {path.parent}.")

    partial = path.absolute().with_name(f".{secrets.token_hex(8)}.part")
    encoder: _Encoder | None = None
    count = 0
    try:
        for frame in _single_frames(frames, path):
            with _named_failures(path):
                encoder = encoder or _Encoder(partial, frame.shape[0], frame.shape[1], rate, lossless)
                if frame.shape[:2] != encoder.size:
                    sizes = f"{frame.shape[1]} x {frame.shape[0]} pixels, the first {encoder.size[1]} x {encoder.size[0]}"
                    raise InputError(f"{path}: frame {count} is {sizes}; all frames of a clip must have the same size.")
                encoder.write(frame)
            count += 1
        if encoder is None:
            raise InputError(f"{path}: there are no frames to write.")
        with _named_failures(path):
            encoder.finish()
            partial.replace(path)
    finally:
        if encoder is not None:
            encoder.abandon()
        partial.unlink(missing_ok=True)
    return count


def _single_frames(frames: Iterable[NDArray[np.uint8]], path: Path) -> Iterator[NDArray[np.uint8]]:
    """Frames one by one, from frames or chunks of them, checked."""
    for given in frames:
        if given.dtype != np.uint8 or given.ndim not in (3, 4) or given.shape[-1] != 3:
            raise InputError(f"{path}: frames must be uint8 (H, W, 3) or (n, H, W, 3), not {given.dtype} {given.shape}.")
        if not all(1 <= side <= LARGEST_SIDE for side in given.shape[-3:-1]):
            raise InputError(f"{path}: frames of {given.shape[-2]} x {given.shape[-3]} pixels cannot be written.")
        yield from given[None] if given.ndim == 3 else given


@contextlib.contextmanager
def _named_failures(path: Path) -> Iterator[None]:
    """Converts errors of FFmpeg and the file system into messages."""
    import av

    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


class _Encoder:
    """An open output file.

    Attributes:
        size: height and width of the frames that it takes.
    """

    def __init__(self, file: Path, height: int, width: int, rate: Fraction, lossless: bool) -> None:
        import av
        from av.video.reformatter import VideoReformatter

        self.size = height, width
        self._padding = None if lossless else ((0, height % 2), (0, width % 2), (0, 0))
        self._count = 0
        self._time_base = 1 / rate
        self._reformatter = VideoReformatter()
        self._conversion: dict[str, Any] = {"format": "bgr0", "interpolation": EXACT_SCALING, **in_one_thread()}
        if not lossless:
            self._conversion |= {"format": "yuv420p", "dst_colorspace": _BT_709, "dst_color_range": _LIMITED_RANGE}
        # Bit-exact: no random identifiers, no dates, no version of FFmpeg in the file.
        options = {"fflags": "+bitexact"} if lossless else {"fflags": "+bitexact", "movflags": "+faststart"}
        self._container = av.open(str(file), "w", format="matroska" if lossless else "mp4", container_options=options)
        if lossless:  # every frame a key frame, each slice with a checksum
            self._stream = self._container.add_stream("ffv1", rate=rate, options={"level": "3", "g": "1", "slicecrc": "1"})
        else:  # a constant quality at which few people see a difference
            self._stream = self._container.add_stream("libx264", rate=rate, options={"crf": "18", **EXACT_H264})
        context: Any = self._stream.codec_context
        context.height = height if lossless else height + height % 2
        context.width = width if lossless else width + width % 2
        context.pix_fmt = self._conversion["format"]
        context.time_base = self._time_base
        context.thread_count = 1  # the bytes must not depend on the machine's number of cores
        if not lossless:
            context.colorspace = context.color_primaries = context.color_trc = _BT_709
            context.color_range = _LIMITED_RANGE

    def write(self, pixels: NDArray[np.uint8]) -> None:
        """Encodes the next frame, uint8 ``(H, W, 3)``."""
        import av

        if self._padding is not None:
            pixels = np.pad(pixels, self._padding, mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        frame = self._reformatter.reformat(frame, **self._conversion)
        frame.pts = self._count
        frame.time_base = self._time_base
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Writes what the encoder still holds, and the end of the file."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Closes the file and ignores errors; does nothing if it is already closed."""
        import av

        with contextlib.suppress(av.FFmpegError, OSError):
            self._container.close()

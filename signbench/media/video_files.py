"""One video file through FFmpeg (PyAV): what its packets announce, and its frames as upright RGB."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media.colour import ColourConversion
from signbench.media.containers import container_kind, missing_bytes
from signbench.media.packets import SliceChecksums, gives_one_frame, is_never_shown
from signbench.media.pictures import LARGEST_SIDE, turned

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Picture = Callable[[], NDArray[np.uint8]]
"""A frame that is converted only when it is called: uint8 ``(H, W, 3)`` RGB, upright."""

# Decoders that detect damage, by checksums or invalid syntax, and by default ignore it.
_CHECKED = frozenset({"mjpeg", "png"})

_OTHER_KINDS = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"version https://git-lfs", "a Git LFS pointer, whose content was not fetched"),
)


@dataclass(frozen=True, eq=False)
class FileScan:
    """What a video file announces.

    Attributes:
        stamps: int64 ``(frames,)``, when each frame is shown, non-decreasing, in ticks; None if the file does not say.
        frames: number of frames that decoding yields.
        tick: unit of the stamps, seconds.
        rates: frame rates that the file declares, the most trusted first.
        last_ticks: how long the last frame is shown; 0 if the file does not say.
        height: of an upright frame, pixels.
        width: of an upright frame, pixels.
        pixels: the family of its stored pixels (:meth:`signbench.media.colour.ColourConversion.family`).
    """

    stamps: NDArray[np.int64] | None
    frames: int
    tick: Fraction
    rates: tuple[Fraction, ...]
    last_ticks: int
    height: int
    width: int
    pixels: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """The times of a packet in ticks, and its flags."""

    pts: int | None
    dts: int | None
    ticks: int
    is_key: bool
    is_shown: bool
    is_whole: bool


def scan_file(path: Path) -> FileScan:
    """Reads all packets of a file and decodes its first frame, because only a frame knows its rotation.

    Raises:
        MediaError: the file is not a readable video, is truncated, or has no frames or frames that are too large.
    """
    import av

    entries: list[_Entry] = []
    first: VideoFrame | None = None
    checksums = SliceChecksums()
    are_certain = True
    with _opened(path) as (container, stream):
        codec, kind = stream.codec_context.name, container.format.name
        try:
            for packet in container.demux(stream):
                if packet.size == 0 or is_never_shown(packet, codec):
                    continue
                if not entries and packet.is_keyframe and not packet.is_discard:
                    first = _frame_of(packet, stream)
                times = packet.pts, packet.dts, packet.duration or 0
                entries.append(_Entry(*times, packet.is_keyframe, not packet.is_discard, not packet.is_corrupt))
                are_certain = are_certain and gives_one_frame(packet, codec, kind)
                if codec == "ffv1":
                    checksums.see(bytes(packet))
        except av.FFmpegError as error:
            raise MediaError(f"{path} is damaged: it cannot be read beyond frame {len(entries)} ({error.strerror}).") from error
        _check_complete(path, container, stream, entries)
        tick = _fraction(stream.time_base) or Fraction(1)
        rates = tuple(map(_exact_rate, filter(None, map(_fraction, (stream.average_rate, stream.guessed_rate)))))
    if checksums.damaged is not None:
        raise MediaError(f"{path}: frame {checksums.damaged} is damaged, a checksum in it is wrong; re-encode it from its source.")

    shown = [entry for entry in entries if entry.is_shown]
    are_guesses = (kind, codec) == ("avi", "h264")  # FFmpeg's, of the H.264 reordering delay
    starts_whole = _starts_with_its_key_frame(entries)
    if are_certain and starts_whole:
        stamps, frames = _stamps_of(shown, are_guesses=are_guesses), len(shown)
        if first is None:
            with contextlib.closing(decoded_frames(path)) as decoded:
                first = next(decoded, None)
        look = _Look.of(first, path) if first is not None else None
    else:  # only the decoder knows how many frames it shows, and which of those that refer to data before the file's start
        look, stamps, frames = _counted(path, *_identity(path))
        if starts_whole and frames == len(shown):  # packets have more precise times than decoders
            stamps = _stamps_of(shown, are_guesses=are_guesses)
    if look is None or frames == 0:
        raise MediaError(f"{path} has no video frame that can be decoded.")
    durations = {entry.pts if entry.pts is not None else entry.dts: entry.ticks for entry in entries}
    last_ticks = durations.get(int(stamps[-1]), 0) if stamps is not None else 0
    return FileScan(stamps, frames, tick, rates, last_ticks, look.height, look.width, look.pixels)


@dataclass(frozen=True, slots=True)
class _Look:
    """The height and width of an upright frame, and the family of its pixels, from the file's first frame."""

    height: int
    width: int
    pixels: str

    @classmethod
    def of(cls, frame: VideoFrame, path: Path) -> _Look:
        return cls(*_Turn.of(frame, path).size(frame.height, frame.width), ColourConversion(path).family(frame))


@lru_cache(maxsize=1024)
def _counted(path: Path, *_: int) -> tuple[_Look | None, NDArray[np.int64] | None, int]:
    """First look, stamps and number of the frames that decoding gives; cached as long as the file is unchanged."""
    look: _Look | None = None
    stamps: list[int | None] = []
    with contextlib.closing(decoded_frames(path)) as decoded:
        for frame in decoded:
            look = look or _Look.of(frame, path)
            stamps.append(frame.pts)
    return look, _sorted_stamps(stamps), len(stamps)


def _identity(path: Path) -> tuple[int, ...]:
    """A value that changes when the file under a path is replaced."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def pictures_of(path: Path) -> Generator[Picture, None, None]:
    """The frames of a file in order of presentation, each converted when it is called. Closing the generator closes the file.

    Raises:
        MediaError: the file cannot be read or is damaged; the message says where.
    """
    convert = ColourConversion(path)
    turn: _Turn | None = None
    with contextlib.closing(decoded_frames(path)) as decoded:
        for frame in decoded:
            turn = turn or _Turn.of(frame, path)
            yield partial(_picture, frame, convert, turn)


def decoded_frames(path: Path) -> Generator[VideoFrame, None, None]:
    """Decoded frames in order of presentation, as FFmpeg gives them, from one thread. Closing the generator closes the file.

    Raises:
        MediaError: the file cannot be read or is damaged; the message says where.
    """
    import av

    index = 0
    has_begun = False
    with _opened(path) as (container, stream):
        decoder = stream.codec_context
        try:
            for packet in container.demux(stream):
                if packet.size == 0:  # a repeated frame in AVI, and PyAV's end mark; an empty packet would end decoding
                    continue
                has_begun = has_begun or packet.is_keyframe
                try:
                    frames = decoder.decode(packet)
                except av.FFmpegError:
                    if has_begun:
                        raise
                    continue  # frames before the first key frame cannot be decoded in an undamaged file either
                for frame in frames:
                    yield _checked(frame, index, path)
                    index += 1
            for frame in decoder.decode(None):
                yield _checked(frame, index, path)
                index += 1
        except av.FFmpegError as error:
            raise MediaError(f"{path} is damaged: it cannot be decoded beyond about frame {index} ({error.strerror}).") from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its first video stream that is not the cover image of an audio file, set to one decoding thread."""
    import av
    from av.stream import Disposition

    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from error
    if not head:
        raise MediaError(f"{path} is empty (0 bytes).")
    kind = container_kind(head)
    if kind is None:
        raise MediaError(_why_not_opened(path, head))
    try:
        # An absolute name, because FFmpeg takes "word:" at the start of a relative one for a protocol.
        # A tag in another encoding says nothing about the frames.
        container = av.open(str(path.absolute()), format=kind, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(_why_not_opened(path, head)) from error
    with container:
        streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
        if not streams:
            if container.streams.audio:
                raise MediaError(f"{path} holds only sound, no video.")
            raise MediaError(_why_not_opened(path, head))
        stream = streams[0]
        decoder: VideoCodecContext | None = stream.codec_context
        if decoder is None:  # the header names no codec that FFmpeg knows, or was cut off before it does
            if missing_bytes(path):
                raise MediaError(_why_not_opened(path, head))
            raise MediaError(
                f"{path} holds video of an unknown codec, or is damaged at its start; re-encode it, for example as H.264."
            )
        size = decoder.width, decoder.height
        if max(size) > LARGEST_SIDE:
            raise MediaError(f"{path} has frames of {size[0]} x {size[1]} pixels; at most {LARGEST_SIDE} per side are supported.")
        decoder.thread_count = 1
        if decoder.name in _CHECKED:
            decoder.options = {"err_detect": "crccheck+explode"}
        yield container, stream


def _why_not_opened(path: Path, head: bytes) -> str:
    """Explains why FFmpeg refuses a file."""
    missing = missing_bytes(path)
    if missing:
        return f"{path} is truncated: at least {missing} bytes at its end are missing."
    if container_kind(head) == "mov":
        return f"{path} has no list of its frames (the moov box): the recording or copy was interrupted, or the file is damaged."
    for beginning, kind in _OTHER_KINDS:
        if head[: len(beginning)].lower() == beginning.lower():
            return f"{path} is {kind}, not a video."
    if not set(head) & set(range(9)):
        return f"{path} is text, not a video."
    return f"{path} is not a readable video, or is damaged at its start."


def _check_complete(path: Path, container: InputContainer, stream: VideoStream, entries: Sequence[_Entry]) -> None:
    """Refuses a truncated file, unless all frames are present."""
    missing = missing_bytes(path)
    if not missing:
        return
    held = sum(entry.is_whole for entry in entries)
    promised = stream.frames or round(_declared_seconds(container, stream) * (_fraction(stream.average_rate) or 0))
    if not promised or container.format.name == "gif":  # whose frames FFmpeg has counted itself
        raise MediaError(f"{path} is truncated after {held} frames: at least {missing} bytes at its end are missing.")
    if held < promised:
        raise MediaError(f"{path} is truncated: it holds {held} of the {promised} frames that its header promises.")


def _declared_seconds(container: InputContainer, stream: VideoStream) -> Fraction:
    """The duration according to the header; 0 if it has none."""
    tick = _fraction(stream.time_base)
    if stream.duration and tick:
        return stream.duration * tick
    return Fraction(container.duration or 0, 1_000_000)


def _starts_with_its_key_frame(entries: Sequence[_Entry]) -> bool:
    """Whether no packet comes before the first key frame, neither in the file nor on the screen."""
    if not entries or not entries[0].is_key:
        return not entries
    start = entries[0].pts
    return start is None or all(entry.pts is None or entry.pts >= start for entry in entries)


def _stamps_of(shown: Sequence[_Entry], *, are_guesses: bool) -> NDArray[np.int64] | None:
    """When each frame is shown, in order. A container without presentation times has decoding times, which are the same set."""
    stamps = None if are_guesses else _sorted_stamps([entry.pts for entry in shown])
    return stamps if stamps is not None else _sorted_stamps([entry.dts for entry in shown])


def _sorted_stamps(stamps: Sequence[int | None]) -> NDArray[np.int64] | None:
    """Stamps in ascending order; None if one is missing, or if all are the same."""
    known = sorted(stamp for stamp in stamps if stamp is not None)
    if len(known) < len(stamps) or not known or (len(known) > 1 and known[0] == known[-1]):
        return None
    return np.array(known, dtype=np.int64)


def _frame_of(packet: Packet[Any], stream: VideoStream) -> VideoFrame | None:
    """The frame of the first packet, or None if the decoder does not return one for it alone."""
    import av

    try:
        frames = [*stream.codec_context.decode(packet), *stream.codec_context.decode(None)]
    except av.FFmpegError:
        return None
    return frames[0] if frames else None


def _checked(frame: VideoFrame, index: int, path: Path) -> VideoFrame:
    """The frame, if the decoder found nothing wrong with it."""
    if frame.is_corrupt:
        raise MediaError(f"{path}: frame {index} is damaged, the decoder concealed a part of it; re-encode it from its source.")
    return frame


def _fraction(rational: Any) -> Fraction | None:
    """PyAV's rationals, which are Fractions or None before version 19, as a Fraction; None for unset ones."""
    return Fraction(int(rational.numerator), int(rational.denominator)) if rational else None


def _exact_rate(rate: Fraction) -> Fraction:
    """Restores a multiple of 1000/1001 that FFmpeg knew only in nanoseconds (it turns 60000/1001 into 19001/317)."""
    exact = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    return exact if abs(exact / rate - 1) < 5e-7 else rate


def _picture(frame: VideoFrame, convert: ColourConversion, turn: _Turn) -> NDArray[np.uint8]:
    return turn(convert(frame))


@dataclass(frozen=True, slots=True)
class _Turn:
    """How stored pixels are rotated upright: first rows and columns are swapped, then the order of rows or columns is reversed."""

    swap: bool
    flip_rows: bool
    flip_columns: bool

    @classmethod
    def of(cls, frame: VideoFrame, path: Path) -> _Turn:
        """Reads the display matrix of a frame: x' = a x + c y, y' = b x + d y in nine numbers a b u c d v x y w.

        Raises:
            MediaError: the frame is rotated by an angle other than quarter turns, or sheared.
        """
        try:
            matrix: Any = frame.side_data.get("DISPLAYMATRIX")
        except (KeyError, ValueError, IndexError):  # PyAV 18 fails on kinds of side data that are newer than itself
            quarter = round(frame.rotation / 90) % 4
            return cls(quarter % 2 == 1, quarter in (1, 2), quarter in (2, 3))
        if matrix is None:
            return cls(False, False, False)
        a, b, _, c, d = (int(number) for number in np.frombuffer(bytes(matrix), np.int32)[:5])
        if (a, b, c, d) == (0, 0, 0, 0):  # some writers leave the matrix empty
            return cls(False, False, False)
        if (b, c) == (0, 0) and a and d:
            return cls(False, d < 0, a < 0)
        if (a, d) == (0, 0) and b and c:
            return cls(True, b < 0, c < 0)
        raise MediaError(
            f"{path} should be displayed rotated by {frame.rotation} degrees, which is not a quarter turn; re-encode it upright."
        )

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of an upright frame."""
        return (width, height) if self.swap else (height, width)

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The pixels upright, uint8 ``(H, W, 3)``; the same array if nothing needs to be done."""
        return turned(pixels, self.swap, self.flip_rows, self.flip_columns)

"""The video reader: from a file or a folder of images to time stamps and RGB frames.

``docs/video-reading.md`` explains how a frame is processed; any change to a pixel or a time stamp raises ``READER_REVISION``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media import rates
from signbench.media.frame_folders import IMAGE_SUFFIXES, check_numbers, frame_files, is_frame_folder, is_ignored
from signbench.media.pictures import LARGEST_SIDE, picture_family, read_picture
from signbench.media.video_files import FileScan, Picture, pictures_of, scan_file

__all__ = [
    "IMAGE_SUFFIXES",
    "READER_REVISION",
    "RESIZE_KERNEL",
    "VIDEO_SUFFIXES",
    "VideoProbe",
    "is_video",
    "positions_at_rate",
    "probe_video",
    "read_frames",
    "resize_frames",
]

READER_REVISION: int = 2
"""Rises when decoded pixels or time stamps change; it is part of every signature."""

RESIZE_KERNEL = "opencv-area"
"""How frames are resized, as named in signatures."""

VIDEO_SUFFIXES = frozenset(
    {
        *(".3gp", ".asf", ".avi", ".flv", ".gif", ".h264", ".h265", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"),
        *(".mts", ".ogv", ".ts", ".webm", ".wmv", ".y4m"),
    }
)
"""Suffixes of video files, in lower case."""

_ROUNDED = 0.5e-3 + 1e-6  # seconds: for time stamps that a container has rounded to whole milliseconds, as Matroska does


@dataclass(frozen=True, eq=False)
class VideoProbe:
    """What is known of a clip before it is decoded.

    Attributes:
        frames: number of frames T that decoding yields.
        height: of a displayed frame, after rotation, pixels.
        width: of a displayed frame, after rotation, pixels.
        fps: frames per second; the average if the rate varies; None if unknown.
        times: float64 ``(T,)``, when each frame is shown, seconds from the first frame, non-decreasing; empty if fps is None.
        duration: when the last frame ends, seconds; None if fps is None.
        variable_rate: whether the time stamps are not evenly spaced.
        pixels: the family of its stored pixels, which decides how they become RGB, such as ``yuv420p-bt709-limited``, ``rgb`` or,
            for a folder, ``jpeg``.
    """

    frames: int
    height: int
    width: int
    fps: float | None
    times: NDArray[np.float64]
    duration: float | None
    variable_rate: bool
    pixels: str = "rgb"


def is_video(path: Path) -> bool:
    """Whether a path looks like a clip: a file with a video suffix, or a folder that holds only images.

    Hidden files, and files that operating systems leave in folders, are neither clips nor considered in folders.
    """
    if path.is_dir():
        return is_frame_folder(path)
    return path.suffix.lower() in VIDEO_SUFFIXES and not is_ignored(path.name) and path.is_file()


def probe_video(path: Path, source_fps: float | None = None) -> VideoProbe:
    """Reads a clip's size, length and time stamps; decodes only the first frame (of a frame folder the first and the last).

    Args:
        path: a video file, or a folder of images.
        source_fps: declares the frame rate, for a frame folder or to override a wrong header: frame k is shown at k / source_fps.

    Raises:
        MediaError: the clip cannot be read, is not video, is truncated, has no frames, or has frames that are too large or (in a
            folder) of different sizes.
        InputError: ``source_fps`` is not a valid rate.
    """
    if source_fps is not None:
        rates.check_rate(source_fps)
    if path.is_dir():
        frames, height, width, pixels = _scan_folder(path)
        clock = _even_clock(frames, source_fps) if source_fps else _NO_CLOCK
    else:
        scan = scan_file(path)
        frames, height, width, pixels = scan.frames, scan.height, scan.width, scan.pixels
        clock = _even_clock(frames, source_fps) if source_fps else _clock(scan)
        if clock.fps is not None and not rates.is_rate(clock.fps):
            raise MediaError(
                f"{path} shows {clock.fps:g} frames per second; a frame rate must be above 0 and at most {rates.LARGEST_RATE:g}. "
                "Declare the right one with `source_fps`."
            )
    if max(height, width) > LARGEST_SIDE:
        raise MediaError(f"{path} has frames of {width} x {height} pixels; at most {LARGEST_SIDE} per side are supported.")
    return VideoProbe(frames, height, width, clock.fps, clock.times, clock.duration, clock.variable, pixels)


def positions_at_rate(probe: VideoProbe, fps: float) -> NDArray[np.int64]:
    """The frame to show at each of the times 0, 1/fps, 2/fps ... before the clip ends: the nearest in time.

    On a tie it is the earlier one. If the clip's own rate is considered equal (:func:`signbench.media.rates.same_rate`), every
    frame is used once. In a clip with a variable rate, a frame is not shown earlier than half a frame of the slower rate before its
    time; until then the previous one stays.

    Args:
        probe: the clip.
        fps: samples per second.

    Returns:
        int64 ``(S,)``, non-decreasing frame indices. Key points at the same rates have the same number of samples at the same
        times.

    Raises:
        InputError: the clip's own rate is unknown, or ``fps`` is not a valid rate.
    """
    rates.check_rate(fps)
    if probe.fps is None or probe.duration is None:
        raise InputError("frames without a frame rate cannot be converted; declare it with `source_fps`.")
    if not probe.variable_rate:
        # Rounding down half a frame later gives the nearest frame, with a tolerance for ties that arithmetic breaks.
        return np.ceil(rates.positions_at_rate(probe.frames, probe.fps, fps) - 0.5 - 1e-6).astype(np.int64)
    wanted = np.arange(rates.sample_count(probe.duration, fps)) / fps
    after = np.clip(np.searchsorted(probe.times, wanted, side="left"), 1, probe.frames - 1)
    early, late = probe.times[after] - wanted, wanted - probe.times[after - 1]
    is_nearer = (early < late - _ROUNDED) & (early <= 0.5 / min(fps, probe.fps) + _ROUNDED)
    return np.where(is_nearer, after, after - 1).astype(np.int64)


def read_frames(
    path: Path,
    *,
    probe: VideoProbe | None = None,
    positions: NDArray[np.int64] | None = None,
    size: tuple[int, int] | None = None,
    chunk: int = 16,
) -> Generator[NDArray[np.uint8], None, None]:
    """Decodes a clip, chunk by chunk, so that memory does not grow with its length.

    Args:
        path: a video file, or a folder of images.
        probe: the result of :func:`probe_video`, if already known.
        positions: int64 ``(S,)``, non-decreasing indices of the requested frames, in which an index may repeat; by default all.
            Decoding stops after the last of them.
        size: height and width to resize to (OpenCV's ``INTER_AREA``); by default frames are not resized.
        chunk: frames per chunk; the last one may be shorter.

    Returns:
        A generator of arrays uint8 ``(n, H, W, 3)`` RGB, n <= chunk, each in its own memory. Closing it closes the file.

    Raises:
        MediaError: the clip cannot be read, ends early, or has a frame that is damaged or of a different size; the message names
            it.
        InputError: invalid positions, size or chunk.
    """
    probe = probe or probe_video(path)
    if chunk < 1:
        raise InputError(f"a chunk must have at least one frame, not {chunk}.")
    if size is not None and not all(1 <= side <= LARGEST_SIDE for side in size):
        raise InputError(f"frames cannot be resized to {size[1]} x {size[0]} pixels.")
    wanted = np.arange(probe.frames) if positions is None else np.asarray(positions)
    if wanted.ndim != 1 or (wanted.size and (wanted[0] < 0 or wanted[-1] >= probe.frames or (np.diff(wanted) < 0).any())):
        raise InputError(f"{path}: positions must be non-decreasing indices of its {probe.frames} frames.")
    return _chunks(path, probe, wanted, size or (probe.height, probe.width), chunk, to_the_end=positions is None)


def resize_frames(frames: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resizes frames as :func:`read_frames` does, by area: each new pixel is the mean of the area that it covers.

    Args:
        frames: uint8 ``(n, H, W, 3)``.
        size: the new height and width.

    Returns:
        uint8 ``(n, *size, 3)``; the same array if nothing needs to be done.
    """
    import cv2

    if frames.shape[1:3] == size:
        return frames
    resized = np.empty((frames.shape[0], *size, 3), np.uint8)
    for frame, target in zip(frames, resized, strict=True):
        cv2.resize(frame, size[::-1], dst=target, interpolation=cv2.INTER_AREA)
    return resized


def _chunks(
    path: Path, probe: VideoProbe, wanted: NDArray[np.int64], size: tuple[int, int], chunk: int, *, to_the_end: bool
) -> Generator[NDArray[np.uint8], None, None]:
    """:func:`read_frames` with checked arguments."""
    decoded = -1
    picture: Picture | None = None
    with contextlib.closing(_folder_pictures(path) if path.is_dir() else pictures_of(path)) as source:
        for begin in range(0, wanted.size, chunk):
            part = wanted[begin : begin + chunk]
            frames = np.empty((part.size, *size, 3), np.uint8)
            for slot, index in enumerate(part):
                if slot and index == part[slot - 1]:
                    frames[slot] = frames[slot - 1]
                    continue
                while decoded < index:
                    picture = next(source, None)
                    if picture is None:
                        raise MediaError(f"{path} is damaged: it holds {decoded + 1} of the {probe.frames} announced frames.")
                    decoded += 1
                if picture is not None:
                    _fill(frames[slot], picture(), probe, f"{path}: frame {index}")
            yield frames
        if to_the_end and next(source, None) is not None:
            raise MediaError(f"{path} gives more than the {probe.frames} announced frames; re-encode it.")


def _fill(frame: NDArray[np.uint8], pixels: NDArray[np.uint8], probe: VideoProbe, where: str) -> None:
    """Copies a decoded frame into a chunk, resized if necessary."""
    height, width = pixels.shape[:2]
    if (height, width) != (probe.height, probe.width):
        sizes = f"{width} x {height} pixels, the first {probe.width} x {probe.height}"
        raise MediaError(f"{where} is {sizes}; all frames of a clip must have the same size.")
    frame[...] = resize_frames(pixels[None], (frame.shape[0], frame.shape[1]))[0]


def _folder_pictures(folder: Path) -> Generator[Picture, None, None]:
    """The images of a frame folder, each read when it is called."""
    for file in frame_files(folder):
        yield partial(read_picture, file)


def _scan_folder(folder: Path) -> tuple[int, int, int, str]:
    """Number, height, width and kinds of a folder's images, by the first and the last; the others are checked on reading."""
    try:
        files = frame_files(folder)
    except OSError as error:
        raise MediaError(f"{folder} cannot be read: {error.strerror}.") from error
    check_numbers(files)
    height, width = read_picture(files[0]).shape[:2]
    last = read_picture(files[-1]).shape[:2]
    if last != (height, width):
        raise MediaError(
            f"{folder}: {files[-1].name} is {last[1]} x {last[0]} pixels, {files[0].name} is {width} x {height}; "
            "all frames of a clip must have the same size."
        )
    return len(files), height, width, picture_family(files)


@dataclass(frozen=True, eq=False)
class _Clock:
    """The part of a :class:`VideoProbe` that is about time."""

    fps: float | None
    times: NDArray[np.float64]
    duration: float | None
    variable: bool


_NO_CLOCK = _Clock(None, np.empty(0), None, False)


def _even_clock(frames: int, fps: float) -> _Clock:
    """Frame k at k / fps."""
    return _Clock(fps, np.arange(frames) / fps, frames / fps, False)


def _clock(scan: FileScan) -> _Clock:
    """Time stamps of a file in seconds from its first frame, snapped to an even grid if they are evenly spaced up to rounding."""
    if scan.stamps is None or scan.frames == 1:
        last = scan.last_ticks * scan.tick
        named = scan.rates or ((1 / last,) if last > 0 else ())
        return _even_clock(scan.frames, float(named[0])) if named else _NO_CLOCK
    ticks = (scan.stamps - scan.stamps[0]).astype(np.float64)
    tick = float(scan.tick)
    rate = _constant_rate(ticks, tick, scan.rates)
    if rate is not None:
        return _even_clock(scan.frames, rate)
    times = ticks * tick
    duration = float(times[-1] + (scan.last_ticks * tick if scan.last_ticks > 0 else times[-1] - times[-2]))
    return _Clock(scan.frames / duration, times, duration, True)


def _constant_rate(ticks: NDArray[np.float64], tick: float, declared: Sequence[Fraction]) -> float | None:
    """The rate of the even grid from which no stamp is farther than a tick or a millisecond, the precision of containers.

    Args:
        ticks: float64 ``(T,)``, T > 1, non-decreasing stamps from 0.
        tick: seconds.
        declared: rates to try before the mean one; being exact, they undo the rounding.
    """
    step = float(ticks[-1]) / (ticks.size - 1)
    slack = max(1.0, 1e-3 / tick)
    if 3 * slack > step:  # the unit is so coarse that a dropped frame would look like rounding: the grid must match exactly
        slack = 0.0
    for rate in (*map(float, declared), 1 / (step * tick)):
        grid = np.arange(ticks.size) / (rate * tick)
        if float(np.abs(ticks - grid).max()) <= slack + 1e-6 + 1e-9 * float(ticks[-1]):
            return rate
    return None

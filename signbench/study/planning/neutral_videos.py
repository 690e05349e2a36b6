"""Copies clips without anything that could reveal the sign: no title, comment, chapter, name or sound, but the same frames."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from pathlib import Path

import numpy as np

from signbench.errors import InputError, MediaError
from signbench.media.video import probe_video, read_frames

_BARE = frozenset({".h264", ".h265", ".y4m"})
"""Streams without a container, which cannot have a title."""


def write_neutral(source: Path, folder: Path, code: str) -> Path:
    """Copies a clip under a neutral name.

    Only the encoded video stream is copied, into a new container of the same kind, because titles, comments, chapters and a voice
    may name the sign. A folder of images becomes a folder of numbered PNG files.

    Args:
        source: a video file or a folder of images.
        folder: of the copy.
        code: name of the copy, without a suffix.

    Returns:
        The path of the copy.

    Raises:
        MediaError: the clip cannot be read.
        InputError: the copy cannot be written, or would not show the same frames at the same times.
    """
    if source.is_dir():
        return _numbered(source, folder / code)
    target = folder / f"{code}{source.suffix.lower()}"
    try:
        if source.suffix.lower() in _BARE:
            shutil.copyfile(source, target)
        else:
            _only_pictures(source, target)
    except OSError as error:  # FFmpeg's errors are some
        raise _refusal(source, error.strerror or str(error)) from error
    except ValueError as error:
        raise _refusal(source, str(error)) from error
    if _shown(source) != _shown(target):
        raise _refusal(source, "the copy would not show the same frames at the same times")
    return target


def _only_pictures(source: Path, target: Path) -> None:
    import av

    with (
        av.open(str(source), metadata_errors="replace") as given,
        av.open(str(target), "w", options={"fflags": "+bitexact"}) as made,
    ):
        if not given.streams.video:
            raise MediaError(f"{source} has no video stream.")
        shown = given.streams.video[0]
        copied = made.add_stream_from_template(shown)
        copied.metadata.clear()
        made.metadata.clear()
        for packet in given.demux(shown):
            if packet.size:
                packet.stream = copied
                made.mux(packet)


def _shown(path: Path) -> tuple[str, int, bytes]:
    """A digest of a clip's frames, their number, and their times in milliseconds."""
    probe = probe_video(path)
    digest = hashlib.sha256()
    for frames in read_frames(path, probe=probe):
        digest.update(frames.tobytes())
    return digest.hexdigest(), probe.frames, np.round(probe.times, 3).tobytes()


def _numbered(source: Path, folder: Path) -> Path:
    import cv2

    folder.mkdir()
    frames = itertools.chain.from_iterable(read_frames(source))
    for number, frame in enumerate(frames, start=1):
        encoded = cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))[1]
        (folder / f"{number:06d}.png").write_bytes(encoded.tobytes())
    return folder


def _refusal(source: Path, why: str) -> InputError:
    return InputError(
        f"{source} cannot be copied without its metadata, which may name the sign: {why.rstrip('.')}. Convert it to MP4, for "
        "example with ffmpeg."
    )

"""Copies of clips that do not tell what they show: no title, comment, chapter, name or sound, and the same pictures."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from pathlib import Path

import numpy as np

from signbench.errors import InputError, MediaError
from signbench.media.video import probe_video, read_frames

_BARE = frozenset({".h264", ".h265", ".y4m"})
"""Streams without a container, which have no room for a title."""


def write_neutral(source: Path, folder: Path, code: str) -> Path:
    """Copies a clip under a neutral name.

    A video's pictures are copied as they are encoded, into a new container of the same kind, with nothing beside them: titles,
    comments and chapters may name the sign, and so may a voice. A folder of images becomes a folder of numbered PNG files.

    Args:
        source: a video file or a folder of images.
        folder: where the copy goes.
        code: its name without a suffix.

    Returns:
        The copy.

    Raises:
        MediaError: the clip cannot be read.
        InputError: its container cannot be written without changing what it shows; or the copy cannot be written.
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
        raise _refusal(source, "the copy would show other pictures, or at other times")
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
    """What a clip shows and when: a digest of its frames, how many they are, and their times to a millisecond."""
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
        f"{source} cannot be copied without its titles and comments, which may name the sign: {why.rstrip('.')}. Convert it to "
        "MP4, for instance with ffmpeg."
    )

"""Thumbnails of clips for the report: the middle frame of each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from signbench.errors import InputError, MediaError, in_flags, listing
from signbench.media.video import probe_video, read_frames
from signbench.progress import Progress, silent
from signbench.sides.folder import read_side

HEIGHT = 144
FOLDER = "thumbnails"


def write_thumbnails(
    videos: Path, clips: Iterable[str], folder: Path, progress: Progress = silent
) -> tuple[dict[str, str], list[str]]:
    """Writes the middle frame of each clip as JPEG.

    Files are numbered, so that no path is derived from a clip's id.

    Args:
        videos: folder with the study's videos; ids are those of :func:`signbench.sides.folder.read_side`.
        clips: ids of the study's clips.
        folder: of the report; a folder ``thumbnails`` is created in it.
        progress: is called as thumbnails are made.

    Returns:
        Clip id -> path relative to ``folder``; and one sentence for each clip without a thumbnail.

    Raises:
        InputError: the folder cannot be read, or has none of the study's clips.
    """
    import cv2

    found = read_side(videos).clips
    wanted = sorted(set(clips))
    if not any(clip in found and found[clip].video is not None for clip in wanted):
        raise InputError(
            f"{videos} has no video of the study's clips, such as {listing(wanted, 3)}; name the files like the clips."
        )
    (folder / FOLDER).mkdir()
    written: dict[str, str] = {}
    missing: list[str] = []
    for number, clip in enumerate(wanted, start=1):
        progress("pictures", number - 1, len(wanted))
        video = found[clip].video if clip in found else None
        path = getattr(video, "path", None)
        if not isinstance(path, Path):
            missing.append(f"{clip}: no video in the folder")
            continue
        try:
            probe = probe_video(path)
            size = (HEIGHT, max(1, round(probe.width * HEIGHT / probe.height)))
            frame = next(read_frames(path, probe=probe, positions=np.array([probe.frames // 2]), size=size))[0]
        except MediaError as error:
            missing.append(in_flags(f"{clip}: {error}"))
            continue
        encoded = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        name = f"{FOLDER}/{number:04}.jpg"
        (folder / name).write_bytes(encoded.tobytes())
        written[clip] = name
    return written, missing

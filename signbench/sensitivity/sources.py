"""Where the clips of a sensitivity matrix come from: SynthSign, or a folder."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np

from signbench.errors import InputError, NotComparableError
from signbench.media.pose import Pose
from signbench.sensitivity.degradations import Frames

CLIPS = 4
"""How many clips are taken where the user does not say."""

HEIGHT = 128
"""Videos are measured at this height in pixels, or at their own where that is less."""

VIDEO_FRAMES, POSE_FRAMES = 50, 500
"""How many frames of a clip are taken at most."""

Media = tuple[str, dict[str, Frames], dict[str, Pose]]
"""Which clips these are, in words; their frames; their key points."""


def synthsign(clips: int = CLIPS, *, height: int = HEIGHT, frames: int = VIDEO_FRAMES) -> Media:
    """The first clips of SynthSign's test split.

    Args:
        clips: how many.
        height: and width of the video, in pixels.
        frames: of the video, at most.
    """
    from signbench.corpora.synthsign.corpus import SynthSign

    corpus = SynthSign()
    ids = corpus.ids("test")[:clips]
    videos = {clip: np.stack(list(islice(corpus.frames(clip, size=height), frames))) for clip in ids}
    poses = {clip: corpus.pose(clip) for clip in ids}
    return f"SynthSign {corpus.version}, split test", videos, poses


def folder(path: Path, clips: int = CLIPS, *, height: int = HEIGHT, frames: int = VIDEO_FRAMES) -> Media:
    """The first clips of a folder or container, of each modality that it has.

    Args:
        path: as :func:`signbench.sides.folder.read_side` takes it.
        clips: how many of each modality, in order of id.
        height: that taller videos are resized to, in pixels, keeping their shape.
        frames: of each video, at most.

    Raises:
        InputError: not there, or a clip that cannot be read.
        NotComparableError: nothing in it.
    """
    from signbench.sides.folder import read_side

    side = read_side(path)
    videos: dict[str, Frames] = {}
    poses: dict[str, Pose] = {}
    for name, clip in sorted(side.clips.items()):
        if clip.video is not None and len(videos) < clips:
            probe = clip.video.probe(None)
            rows = min(height, probe.height)
            size = rows, max(1, round(probe.width * rows / probe.height))
            shown = np.arange(min(frames, probe.frames), dtype=np.int64)
            videos[name] = np.concatenate(list(clip.video.chunks(probe, shown, size)))
        if clip.pose is not None and len(poses) < clips:
            poses[name] = clip.pose.pose(None).first(POSE_FRAMES)
    if not videos and not poses:
        raise NotComparableError(f"{path} holds no clip to degrade.")
    return path.resolve().name, videos, poses


def media(source: str, clips: int = CLIPS) -> Media:
    """The clips that the command line asks for.

    Args:
        source: ``synthsign``, or a folder's path.
        clips: how many, at least 1.

    Raises:
        InputError: neither the corpus nor a path that exists.
        NotComparableError: the folder holds nothing.
    """
    if source == "synthsign":
        return synthsign(clips)
    if not Path(source).exists():
        raise InputError(f"--source is synthsign or a folder of clips, and there is no folder {source}.")
    return folder(Path(source), clips)

"""Where the clips of a sensitivity matrix come from: SynthSign, or a folder."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np

from signbench.corpora.clip import Clip
from signbench.errors import InputError, NotComparableError
from signbench.media.degradations import Frames
from signbench.media.pose import Pose

CLIPS = 4
"""The default number of clips."""

HEIGHT = 128
"""Videos are measured at this height in pixels, or at their own if that is less."""

VIDEO_FRAMES, POSE_FRAMES = 50, 500
"""The maximum number of frames of a clip."""

Media = tuple[str, dict[str, Frames], dict[str, Pose]]
"""A description of the clips; their frames; their key points."""


def synthsign(clips: int = CLIPS, *, height: int = HEIGHT, frames: int = VIDEO_FRAMES) -> Media:
    """The first clips of SynthSign's test split.

    Args:
        clips: number of clips.
        height: height and width of the video, in pixels.
        frames: maximum number of video frames.
    """
    from signbench.corpora.synthsign.corpus import SynthSign

    corpus = SynthSign()
    ids = corpus.ids("test")[:clips]
    videos = {clip: np.stack(list(islice(corpus.frames(clip, size=height), frames))) for clip in ids}
    poses = {clip: corpus.pose(clip) for clip in ids}
    return f"SynthSign {corpus.version}, split test", videos, poses


def answers(source: str, clips: int = CLIPS) -> dict[str, Clip] | None:
    """The clips of :func:`media` with the corpus's texts and glosses, for judges; None for a folder, which has none.

    Args:
        source: as for :func:`media`.
        clips: as for :func:`media`.
    """
    from signbench.corpora.synthsign.corpus import SynthSign

    if source != "synthsign":
        return None
    corpus = SynthSign()
    return {clip: corpus.clip(clip) for clip in corpus.ids("test")[:clips]}


def folder(path: Path, clips: int = CLIPS, *, height: int = HEIGHT, frames: int = VIDEO_FRAMES) -> Media:
    """The first clips of a folder or container, of each modality that it has.

    Args:
        path: as :func:`signbench.sides.folder.read_side` takes it.
        clips: number of clips of each modality, in order of id.
        height: taller videos are resized to this height in pixels, keeping their aspect ratio.
        frames: maximum number of frames of each video.

    Raises:
        InputError: it does not exist, or a clip cannot be read.
        NotComparableError: it holds no clips.
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
    """The clips requested on the command line.

    Args:
        source: ``synthsign``, or a folder's path.
        clips: number of clips, at least 1.

    Raises:
        InputError: it is neither the corpus nor an existing path.
        NotComparableError: the folder holds no clips.
    """
    if source == "synthsign":
        return synthsign(clips)
    if not Path(source).exists():
        raise InputError(f"`source` must be synthsign or a folder of clips, and there is no folder {source}.")
    return folder(Path(source), clips)

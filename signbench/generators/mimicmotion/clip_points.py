"""Frames of a corpus at the network's size, and the key points that a pose picture of each is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.corpus import Corpus
from signbench.errors import InputError
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.generators.mimicmotion.pose_pictures import PosePoints, pose_points
from signbench.media.layouts import Layout, layout
from signbench.media.pose import Pose
from signbench.progress import Progress
from signbench.training.clip_arrays import ClipArrays
from signbench.training.frames import FrameSource


@dataclass(frozen=True, eq=False)
class ClipPoints:
    """Key points of every frame of a split.

    Attributes:
        arrays: for each clip float32 ``(T, J, 3)``: x and y in pixels of a picture, and the confidence.
        layout: the joints.
        picture: width and height of that picture.
    """

    arrays: ClipArrays[np.float32]
    layout: Layout
    picture: tuple[int, int]

    def rows(self, clip: int, rows: NDArray[np.int64]) -> PosePoints:
        """The points of some frames of a clip.

        Args:
            clip: its number.
            rows: numbers of frames, int64 ``(F,)``.
        """
        found = self.arrays[clip][rows]
        return pose_points(Pose(found[..., :2].copy(), found[..., 2].copy(), self.layout, None, picture=self.picture))


def frames_and_points(
    corpus: Corpus, split: str, config: MimicMotionConfig, estimator: str, report: Progress, workers: int = 0
) -> tuple[ClipArrays[np.uint8], ClipPoints]:
    """The frames of a split at the network's size and rate, and their key points, prepared on first use.

    Args:
        corpus: the corpus; the videos of a split have one shape.
        split: the split.
        config: of the networks.
        estimator: name or folder of a pose estimator, or ``dwpose``, which finds the points as it does when a clip is generated;
            empty: the points are the corpus's.
        report: called with what is prepared, and how many frames of it are done.
        workers: processes that read or render clips.

    Raises:
        InputError: the split has no clips, a clip lacks what is needed, or there is no such estimator.
        MediaError: a clip cannot be read.
    """
    ids = corpus.ids(split)
    if not ids:
        raise InputError(f"the split {split} of {corpus.name} is empty.")
    first = corpus.clip(ids[0])
    if first.video is None:
        raise InputError(f"clip {first.id} of {corpus.name} has no video.")
    probe = first.video.probe(first.fps)
    size = config.picture_size(probe.height, probe.width)
    source = FrameSource(corpus, split, size, config.step_rate)
    frames = source.frames(progress=report, workers=workers)
    if estimator:
        return frames, _estimated(FrameSource(corpus, split, (probe.height, probe.width), config.step_rate), estimator, report)
    if first.pose is None:
        raise InputError(f"clip {first.id} of {corpus.name} has no key points; name an `estimator` in the recipe's data.")
    return frames, ClipPoints(source.key_points(progress=report), first.pose.probe(None).layout, (size[1], size[0]))


def _estimated(source: FrameSource, estimator: str, report: Progress) -> ClipPoints:
    from dataclasses import replace

    from signbench.generators.mimicmotion import estimators
    from signbench.judges.base import JudgedClip

    judge = estimators.estimator(estimator)
    source = replace(source, size=judge.size or source.size)
    known = layout(judge.layout or "")

    def points_of(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        pose = judge.observe([JudgedClip("clip", frames=frames)], ["pose"])[0]["pose"]
        if not isinstance(pose, Pose):
            raise InputError(f"the pose estimator gives {type(pose).__name__}, not key points.")
        return np.concatenate([pose.points[..., :2], pose.confidence[..., None]], axis=2).astype(np.float32)

    arrays = source.computed("estimated points", (len(known.joints), 3), points_of, estimators.made_by(judge), progress=report)
    return ClipPoints(arrays, known, (source.size[1], source.size[0]))

"""Frames of a corpus at the network's size, and the key points that a pose picture of each is drawn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.corpus import Corpus
from signbench.errors import InputError
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.generators.mimicmotion.pose_pictures import PosePoints, pose_points
from signbench.media.layouts import Layout, layout
from signbench.media.pose import Pose
from signbench.progress import Progress
from signbench.training.ahead import computed_ahead
from signbench.training.clip_arrays import ArrayFile, ClipArrays
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


DRAWN_REVISION = 1
"""Rises when pose pictures of the same points change."""

MOST_DRAWN_BYTES = 1 << 30
"""How large the pose pictures of a split may be to be drawn ahead of a training."""

Drawing = Callable[[PosePoints, int, tuple[int, int], int], NDArray[np.uint8]]
"""Draws a frame by its number at a size on a canvas, uint8 ``(3, H, W)``."""


@dataclass(frozen=True, eq=False)
class PosePictures:
    """The pose picture of every frame of a split: drawn ahead if they are small, else when they are needed.

    Attributes:
        points: what they are drawn from.
        drawing: draws one.
        size: their height and width.
        canvas: shorter side of the canvas.
        ahead: those of each clip, uint8 ``(T, 3, H, W)``, or None.
    """

    points: ClipPoints
    drawing: Drawing
    size: tuple[int, int]
    canvas: int
    ahead: ClipArrays[np.uint8] | None = None

    def of(self, clip: int, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Those of some frames of a clip.

        Args:
            clip: its number.
            rows: numbers of frames, int64 ``(F,)``.

        Returns:
            uint8 ``(F, 3, H, W)``.
        """
        if self.ahead is not None:
            return np.array(self.ahead[clip][rows])
        points = self.points.rows(clip, rows)
        return np.stack([self.drawing(points, frame, self.size, self.canvas) for frame in range(len(points))])

    def drawn_ahead(self, report: Progress, workers: int = 0) -> PosePictures:
        """The same, with pictures on disk if all of them take at most :data:`MOST_DRAWN_BYTES`.

        Args:
            report: called with what is drawn, and how many frames of it are done.
            workers: processes that draw.

        Raises:
            InputError: the disk is too small.
        """
        lengths = self.points.arrays.lengths()
        path = getattr(self.points.arrays.rows, "filename", None)
        if path is None or int(lengths.sum()) * 3 * self.size[0] * self.size[1] > MOST_DRAWN_BYTES:
            return self
        name = str(path).rpartition("/")[2]
        identity = {
            "points": name,
            "layout": self.points.layout.name,
            "picture": list(self.points.picture),
            "drawing": self.drawing.__module__,
            "canvas": self.canvas,
            "revision": DRAWN_REVISION,
        }
        shown = f"{name.rpartition('-')[0]} drawn"
        file = ArrayFile(shown, identity, self.points.arrays.ids, tuple(lengths.tolist()), (3, *self.size), np.uint8)

        def drawn(clip: int) -> list[NDArray[np.uint8]]:
            return [self.of(clip, np.arange(lengths[clip]))] if lengths[clip] else []

        return replace(self, ahead=file.opened(lambda clips: computed_ahead(drawn, clips, workers), progress=report))


def frames_and_points(
    corpus: Corpus, split: str, config: MimicMotionConfig, estimator: str, report: Progress, workers: int = 0, device: str = "cpu"
) -> tuple[ClipArrays[np.uint8], ClipPoints]:
    """The frames of a split at the network's size and rate, and their key points, prepared on first use.

    Args:
        corpus: the corpus; videos of another shape than the first clip's are cut to it, in the middle.
        split: the split.
        config: of the networks.
        estimator: name or folder of a pose estimator, or ``dwpose``, which finds the points as it does when a clip is generated;
            empty: the points are the corpus's.
        report: called with what is prepared, and how many frames of it are done.
        workers: processes that read or render clips.
        device: of the pose estimator.

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
    shape = (probe.height, probe.width)
    source = FrameSource(corpus, split, size, config.step_rate, shape=shape)
    frames = source.frames(progress=report, workers=workers)
    if estimator:
        return frames, _estimated(replace(source, size=shape), estimator, device, report)
    if first.pose is None:
        raise InputError(f"clip {first.id} of {corpus.name} has no key points; name an `estimator` in the recipe's data.")
    return frames, ClipPoints(source.key_points(progress=report), first.pose.probe(None).layout, (size[1], size[0]))


def _estimated(source: FrameSource, estimator: str, device: str, report: Progress) -> ClipPoints:
    from signbench.generators.mimicmotion import estimators
    from signbench.judges.base import JudgedClip

    device = estimators.device_for(estimator, device)
    judge = estimators.estimator(estimator, device)
    source = replace(source, size=judge.size or source.size)
    known = layout(judge.layout or "")

    def points_of(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        pose = judge.observe([JudgedClip("clip", frames=frames)], ["pose"])[0]["pose"]
        if not isinstance(pose, Pose):
            raise InputError(f"the pose estimator gives {type(pose).__name__}, not key points.")
        return np.concatenate([pose.points[..., :2], pose.confidence[..., None]], axis=2).astype(np.float32)

    # points that a GPU finds may differ in their last digits
    made_by = {**estimators.made_by(judge), **({} if device == "cpu" else {"device": device.partition(":")[0]})}
    arrays = source.computed("estimated points", (len(known.joints), 3), points_of, made_by, progress=report)
    estimators.release(judge)
    return ClipPoints(arrays, known, (source.size[1], source.size[0]))

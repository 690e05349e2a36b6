"""What RealisDance is trained on: frames of a corpus, and what each is drawn as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.corpus import Corpus
from signbench.errors import InputError
from signbench.generators.mimicmotion.clip_points import ClipPoints, PosePictures
from signbench.generators.mimicmotion.pose_pictures import PosePoints
from signbench.generators.realisdance.config import RealisDanceConfig
from signbench.generators.realisdance.pose_pictures import drawn
from signbench.progress import Progress
from signbench.training.clip_arrays import ClipArrays
from signbench.training.frames import FrameSource

HANDS, BODY = "hamer", "smplx"
"""The names of the renderings of hands and body."""


@dataclass(frozen=True, eq=False)
class Clips:
    """Frames of a split at the network's size and rate.

    Attributes:
        frames: the videos' frames, uint8 ``(T, H, W, 3)`` for each clip.
        hands: the same frames as rendered hands.
        body: the same frames as rendered bodies.
        points: the key points that pose pictures are drawn from.
        poses: those pictures.
    """

    frames: ClipArrays[np.uint8]
    hands: ClipArrays[np.uint8]
    body: ClipArrays[np.uint8]
    points: ClipPoints
    poses: PosePictures

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.frames)

    def conditions(self, clip: int, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Pose, hands and body of some frames.

        Args:
            clip: its number.
            rows: numbers of frames, int64 ``(F,)``.

        Returns:
            uint8 ``(F, 9, H, W)``.
        """
        pictures = [np.array(arrays[clip][rows]).transpose(0, 3, 1, 2) for arrays in (self.hands, self.body)]
        return np.concatenate([self.poses.of(clip, rows), *pictures], axis=1)


def conditions_of(
    points: PosePoints, hands: NDArray[np.uint8], body: NDArray[np.uint8], canvas: int, rows: Sequence[int] | None = None
) -> NDArray[np.uint8]:
    """The conditions of frames: the pose picture, and the given pictures of hands and body.

    Args:
        points: key points of each frame.
        hands: rendered hands, uint8 ``(F, H, W, 3)``.
        body: rendered bodies, of the same shape.
        canvas: shorter side of the pose pictures' canvas.
        rows: numbers of the frames in ``points``; None: all.

    Returns:
        uint8 ``(F, 9, H, W)``.
    """
    size = (body.shape[1], body.shape[2])
    chosen = range(len(points)) if rows is None else rows
    poses = np.stack([drawn(points, row, size, canvas) for row in chosen])
    return np.concatenate([poses, hands.transpose(0, 3, 1, 2), body.transpose(0, 3, 1, 2)], axis=1)


def clips_of(corpus: Corpus, split: str, config: RealisDanceConfig, report: Progress, workers: int = 0) -> Clips:
    """The clips of a split, prepared on first use.

    Args:
        corpus: the corpus; its clips have key points, and renderings of hands and body. Videos of
            another shape than the first clip's are cut to it, in the middle.
        split: the split.
        config: size and rate.
        report: called with what is prepared, and how many frames of it are done.
        workers: processes that read or render clips.

    Raises:
        InputError: the split has no clips, or a clip lacks what is needed.
        MediaError: a clip cannot be read.
    """
    ids = corpus.ids(split)
    if not ids:
        raise InputError(f"the split {split} of {corpus.name} is empty.")
    first = corpus.clip(ids[0])
    if first.video is None or first.pose is None:
        raise InputError(f"clip {first.id} of {corpus.name} has no {'video' if first.video is None else 'key points'}.")
    probe = first.video.probe(first.fps)
    size = config.picture_size(probe.height, probe.width)
    shape = (probe.height, probe.width)
    videos, hands, body = (
        FrameSource(corpus, split, size, config.rate, rendering=name, shape=shape) for name in ("video", HANDS, BODY)
    )
    points = ClipPoints(videos.key_points(progress=report), first.pose.probe(None).layout, (size[1], size[0]))
    shown, drawn_hands, drawn_body = (source.frames(progress=report, workers=workers) for source in (videos, hands, body))
    for arrays, name in ((drawn_hands, HANDS), (drawn_body, BODY)):
        if not np.array_equal(arrays.offsets, shown.offsets):
            raise InputError(f"the renderings {name} of {corpus.name} have other numbers of frames than the videos of {split}.")
    return Clips(shown, drawn_hands, drawn_body, points, PosePictures(points, drawn, size, config.canvas))

"""The key points that a run's judge found in the videos of clips, to be drawn over them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.errors import SignbenchError
from signbench.extractors.cache import ObservationCache
from signbench.media.drawing import draw_pose
from signbench.media.pose import Pose
from signbench.metrics.pairs import PosePair
from signbench.progress import Progress, silent
from signbench.report.asked import asked, wanted
from signbench.report.frames import DRAWN
from signbench.report.sources import Sources
from signbench.runs.measured_run import MeasuredRun
from signbench.scoring.judging import Answered, judges_at_hand, pair_of
from signbench.scoring.views import ClipViews


@dataclass(frozen=True, eq=False)
class Found:
    """The key points of one clip.

    Attributes:
        reference: those in the reference.
        production: those in the production.
    """

    reference: Pose
    production: Pose


@dataclass(kw_only=True)
class FoundPoints:
    """The key points of a run's clips.

    Attributes:
        judge: name of the judge; empty if none was asked.
        of_clip: clip id -> its key points.
        notes: why there are none, as sentences.
    """

    judge: str = ""
    of_clip: dict[str, Found] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def found_points(
    run: MeasuredRun, sources: Sources, clips: Sequence[str], *, root: Path | None = None, progress: Progress = silent
) -> FoundPoints:
    """The key points that the first judge of a run which finds any found in clips.

    They come from the cache of observations; those that are no longer there are looked for again.

    Args:
        run: the run.
        sources: the clips behind it.
        clips: ids of the clips.
        root: the folder of the corpus, if it lies on disk; None: the configured one.
        progress: called with the number of clips done.
    """
    use = asked(run, sources, "pose", root=root)
    made = FoundPoints(notes=use.notes)
    if not use.metrics:
        return made
    metric = next(iter(use.metrics.values()))
    made.judge = metric.judge
    cache = ObservationCache.from_environment()
    with judges_at_hand(use.judges):
        for number, clip in enumerate(clips):
            progress("key points", number, len(clips))
            reference, production = sources.references.get(clip), sources.predictions.get(clip)
            if reference is None or production is None or reference.video is None or production.video is None:
                continue
            views = ClipViews(reference, production, run.plan.protocol)
            try:
                pair = pair_of(views, metric, wanted(use.metrics, metric), cache, Answered())
            except SignbenchError:
                continue  # such a clip is among those that could not be measured
            if isinstance(pair, PosePair):
                made.of_clip[clip] = Found(pair.reference, pair.prediction)
    return made


def drawn_over(pose: Pose, size: tuple[int, int], frames: int) -> Iterator[NDArray[np.uint8]]:
    """Key points on black, to be laid over a video that shows the same from its first to its last frame.

    Args:
        pose: key points in pixels of :attr:`~signbench.media.pose.Pose.picture`.
        size: height and width of the video.
        frames: its number of frames.

    Yields:
        uint8 ``(H, W, 3)`` of the video's shape; larger than a small video, so that the points of a face stay apart.

    Raises:
        InputError: the layout has no shoulders.
    """
    larger = max(1, math.ceil(DRAWN / max(size)))
    height, width = size[0] * larger, size[1] * larger
    shown = (width, height) if pose.picture is None else pose.picture
    scale = np.array([width / shown[0], height / shown[1]])
    points = (pose.points[..., :2] + 0.5) * scale - 0.5
    side = max(height, width)
    rows = np.linspace(0, pose.frames - 1, frames).round().astype(int)
    scaled = replace(pose, points=points.astype(np.float32), picture=None)
    for picture in draw_pose(scaled, side, side, rows.tolist()):
        yield picture[:height, :width]

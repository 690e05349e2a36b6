"""Scores degraded clips of a corpus through judges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray, PoseArray
from signbench.judges.registry import create as create_judge
from signbench.media.degradations import Frames
from signbench.media.pose import Pose
from signbench.media.timelines import FramesRule
from signbench.metrics.judged import through
from signbench.metrics.registry import METRICS
from signbench.runs.protocol import Protocol
from signbench.scoring.judging import Answered, judges_at_hand, pair_of
from signbench.scoring.views import ClipViews

if TYPE_CHECKING:
    from signbench.extractors.cache import ObservationCache
    from signbench.judges.base import Gives
    from signbench.metrics.base import Record


def through_judges(
    names: Sequence[str],
    references: Mapping[str, Clip],
    shown: Mapping[str, Frames] | Mapping[str, Pose],
    frames: FramesRule,
    cache: ObservationCache,
) -> dict[str, float]:
    """Scores of degraded clips through judges.

    Args:
        names: metrics through judges, such as ``bleu@slt``.
        references: the corpus's clips by id, with texts and glosses.
        shown: the degraded clips by id: frames uint8 ``(T, H, W, 3)`` at the reference's rate, or key points.
        frames: the frames rule, for metrics that compare a judge's key points of both sides.
        cache: keeps the judges' answers, so that a reference is judged once.

    Returns:
        Metric -> score.

    Raises:
        InputError: a judge's model or a package that it needs is not present.
        ClipError: a clip cannot be judged.
    """
    found = [through(METRICS.create(name), on) for name, _, on in (text.partition("@") for text in names)]
    judges = {name: create_judge(name) for name in dict.fromkeys(metric.judge for metric in found)}
    wanted: dict[str, dict[Gives, None]] = defaultdict(dict)
    for metric in found:
        wanted[metric.judge][metric.gives] = None
    records: dict[str, list[Record]] = {name: [] for name in names}
    with judges_at_hand(judges):
        for clip_id in sorted(shown):
            views = _views(references[clip_id], shown[clip_id], Protocol(frames=frames))
            answered = Answered()
            for name, metric in zip(names, found, strict=True):
                records[name].append(metric.record([pair_of(views, metric, wanted[metric.judge], cache, answered)]))
    once = np.ones((1, len(shown)), dtype=np.int64)
    return {name: float(metric.score(records[name], once)[0]) for name, metric in zip(names, found, strict=True)}


def _views(reference: Clip, shown: Frames | Pose, protocol: Protocol) -> ClipViews:
    """A clip and its degraded form, each with only what is shown."""
    if isinstance(shown, Pose):
        degraded = replace(reference, video=None, pose=PoseArray(shown, reference.id))
        return ClipViews(replace(reference, video=None), degraded, protocol)
    rate = None if reference.video is None else reference.video.probe(reference.fps).fps
    degraded = replace(reference, pose=None, video=FrameArray(shown, reference.id, rate))
    return ClipViews(replace(reference, pose=None), degraded, protocol)

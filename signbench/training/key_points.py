"""Key points and rotations of a corpus's clips on disk, so that a training reads each clip only once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.corpus import Corpus, performance
from signbench.corpora.recordings import PoseRecording
from signbench.errors import InputError
from signbench.media.body_model import JOINT_COUNT
from signbench.media.layouts import layout
from signbench.media.pose import in_layout
from signbench.media.pose_files import READER_REVISION
from signbench.media.rates import count_at_rate
from signbench.training.base import Report
from signbench.training.clip_arrays import ArrayFile, ClipArrays

Kind = Literal["pose", "motion"]
"""Key points, or rotations of body-model joints."""


def prepared(
    corpus: Corpus, split: str, kind: Kind, *, rate: float, take: int = 0, points: str = "coco-wholebody-133", report: Report
) -> ClipArrays[np.float32]:
    """The arrays of a split's clips, from the user's cache or read now.

    Args:
        corpus: the corpus.
        split: the split.
        kind: key points or rotations.
        rate: frames per second that they are converted to.
        take: number of the performance, for corpora that have several.
        points: the layout that key points are converted to.
        report: called with what is read, and the numbers of read and of all frames.

    Returns:
        For each clip float32 ``(T, J, 3)``: x, y and confidence, or axis-angle in radians.

    Raises:
        InputError: a clip lacks them, or the cache cannot be written.
    """
    ids = tuple(corpus.ids(split))
    if not ids:
        raise InputError(f"the split {split} of {corpus.name} is empty.")
    clips = [performance(corpus, name, take) for name in ids]
    recordings = [_recording(clip, kind) for clip in clips]
    probes = [recording.probe(None) for recording in recordings]
    identity = {
        "kind": kind,
        "corpus": [corpus.name, corpus.version, getattr(corpus, "seed", None)],
        "split": split,
        "take": take,
        "rate": rate,
        "layout": points if kind == "pose" else None,
        # a recording's stamp contains the revision of what makes it, or changes with its files
        "stamps": [recording.stamp() for recording in recordings],
        "read": READER_REVISION,
    }
    read = _key_points(points, rate) if kind == "pose" else _rotations(rate)
    joints = len(layout(points).joints) if kind == "pose" else JOINT_COUNT
    file = ArrayFile(
        f"{corpus.name} {split} take {take} {'key points' if kind == 'pose' else 'rotations'}",
        identity,
        ids,
        tuple(count_at_rate(probe.frames, probe.fps or rate, rate) for probe in probes),
        (joints, 3),
        np.float32,
    )

    def arrays(indices: range) -> Iterator[Iterable[NDArray[np.float32]]]:
        for index in indices:
            yield (read(clips[index]),)

    return file.opened(arrays, progress=report)


def _recording(clip: Any, kind: Kind) -> PoseRecording:
    recording = clip.pose if kind == "pose" else clip.motion
    if recording is None:
        raise InputError(f"clip {clip.id} has no {'key points' if kind == 'pose' else 'rotations'}.")
    return cast("PoseRecording", recording)


def _key_points(points: str, rate: float) -> Callable[[Any], NDArray[np.float32]]:
    known = layout(points)

    def read(clip: Any) -> NDArray[np.float32]:
        if clip.pose is None:
            raise InputError(f"clip {clip.id} has no key points.")
        pose = in_layout(cast("PoseRecording", clip.pose).pose(None), known).at_rate(rate)
        return np.concatenate([pose.points[..., :2], pose.confidence[..., None]], axis=-1).astype(np.float32)

    return read


def _rotations(rate: float) -> Callable[[Any], NDArray[np.float32]]:
    def read(clip: Any) -> NDArray[np.float32]:
        motion = None if clip.motion is None else clip.motion.rotations(None)
        if motion is None:
            raise InputError(f"clip {clip.id} has no rotations.")
        rotations: NDArray[np.float32] = motion.at_rate(rate).rotations
        return rotations

    return read

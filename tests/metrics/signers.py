"""Small made-up signers for the tests of pose metrics."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.metrics.base import Metric, Record, Weights
from signbench.metrics.pairs import PosePair

FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def hand(side: str) -> tuple[str, ...]:
    return (f"{side}_hand_root", *(f"{side}_{finger}_{joint}" for finger in FINGERS for joint in range(1, 5)))


BODY = (
    "nose",
    "neck",
    *(f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist", "hip", "knee")),
    "mid_hip",
)
FACE = tuple(f"face_{number}" for number in range(6))
JOINTS = (*BODY, *FACE, *hand("left"), *hand("right"))
LAYOUT = Layout(
    "signer-61",
    JOINTS,
    ("body",) * len(BODY) + ("face",) * len(FACE) + ("left_hand",) * 21 + ("right_hand",) * 21,
)


def made(points: ArrayLike, confidence: ArrayLike | None = None, layout: Layout = LAYOUT, fps: float | None = 25.0) -> Pose:
    """A pose from anything like an array; points that are not seen are put to 0, as the readers do."""
    array = np.array(points, dtype=np.float32)
    trust = np.ones(array.shape[:2], dtype=np.float32) if confidence is None else np.array(confidence, dtype=np.float32)
    array[trust == 0] = 0
    return Pose(array, trust, layout, fps)


def signer(seed: int, frames: int, *, dimensions: int = 3, hidden: float = 0.0, layout: Layout = LAYOUT) -> Pose:
    """A random signer in pixels, shoulders about 100 apart; a share of the points is hidden, never the shoulders."""
    generator = np.random.default_rng(seed)
    joints = len(layout.joints)
    rest = generator.uniform(100, 400, (1, joints, dimensions))
    motion = np.cumsum(generator.normal(0, 6, (frames, joints, dimensions)), axis=0)
    points = rest + motion
    confidence = generator.uniform(0.25, 1, (frames, joints))
    confidence[generator.random((frames, joints)) < hidden] = 0
    for shoulder, position in (("left_shoulder", 300), ("right_shoulder", 200)):
        if shoulder in layout:
            column = layout.index([shoulder])[0]
            points[:, column, 0] = position + generator.normal(0, 1, frames)
            confidence[:, column] = np.maximum(confidence[:, column], 0.5)
    return made(points, confidence, layout)


def hide(pose: Pose, joints: Sequence[str], frames: slice = slice(None)) -> Pose:
    """The same pose without some joints in some frames."""
    points, confidence = pose.points.copy(), pose.confidence.copy()
    for column in pose.layout.index(joints):
        points[frames, column] = 0
        confidence[frames, column] = 0
    return dataclasses.replace(pose, points=points, confidence=confidence)


def moved(pose: Pose, scale: float = 1.0, shift: float = 0.0) -> Pose:
    """The same pose elsewhere, at another size."""
    points = np.where(pose.seen[..., None], pose.points * scale + shift, 0).astype(np.float32)
    return dataclasses.replace(pose, points=points)


def frames_of(pose: Pose, position: slice) -> Pose:
    return dataclasses.replace(pose, points=pose.points[position], confidence=pose.confidence[position])


def pair(prediction: Pose, reference: Pose) -> PosePair:
    """Both sides, paired over their common prefix."""
    common = slice(min(prediction.frames, reference.frames))
    return PosePair(prediction, reference, frames_of(prediction, common), frames_of(reference, common))


def records(metric: Metric, pairs: Iterable[tuple[Pose, Pose]]) -> list[Record]:
    return [metric.record([pair(prediction, reference)]) for prediction, reference in pairs]


def value(metric: Metric, prediction: Pose, reference: Pose) -> float:
    """The clip's own value."""
    found = metric.clip_value(metric.record([pair(prediction, reference)]))
    assert found is not None
    return found


def once(clips: int) -> Weights:
    return np.ones((1, clips), dtype=np.int64)

"""Known degradations of signing, each in four strengths.

The random choices of a degradation depend only on its name and the clip; the strength scales them. So a stronger degradation
includes the weaker one (every frame dropped at 10 % is dropped at 20 %), and a score that does not follow the strength is a
property of the metric rather than of two draws.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.media.degradations import (
    Frames,
    blurred,
    compressed,
    frames_held,
    frames_shaken,
    hidden,
    shifted,
    with_grain,
)
from signbench.media.pose import Pose
from signbench.media.timelines import FramesRule

DegradedModality = Literal["video", "key points"]
"""What can be degraded, by the words that tables print and seeds are drawn from."""
Medium = TypeVar("Medium", Frames, Pose)


@dataclass(frozen=True)
class Degradation(Generic[Medium]):
    """One way in which a production can be worse than the reference.

    Attributes:
        name: such as ``blur``.
        modality: the modality that it changes.
        summary: a description, with ``{}`` for the strength.
        strengths: four, of increasing effect.
        unit: of the strengths, as printed; empty for plain numbers.
        change: function of a clip, a strength and a random number generator that returns the degraded clip.
        frames: how the degraded clip is paired with the reference.
    """

    name: str
    modality: DegradedModality
    summary: str
    strengths: tuple[float, float, float, float]
    unit: str
    change: Callable[[Medium, float, np.random.Generator], Medium]
    frames: FramesRule = "equal"

    def of(self, clip: Medium, strength: float, clip_id: str) -> Medium:
        """The degraded clip.

        Args:
            clip: frames uint8 ``(T, H, W, 3)``, or key points.
            strength: one of ``strengths``, or anything between.
            clip_id: determines the random choices.

        Raises:
            InputError: the key points' layout lacks the joints to degrade.
        """
        digest = hashlib.sha256(f"{self.modality}|{self.name}|{clip_id}".encode()).digest()
        return self.change(clip, strength, np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big"))))

    def spelled(self, strength: float) -> str:
        """A strength as printed: ``10 %``."""
        return f"{strength:g} {self.unit.removesuffix('s') if strength == 1 else self.unit}".rstrip()

    @property
    def described(self) -> str:
        """The description, with all four strengths."""
        return self.summary.format(" / ".join(f"{strength:g}" for strength in self.strengths) + f" {self.unit}").rstrip()


# --- video -----------------------------------------------------------------------------------------------------------


def _frames_at(index: Callable[..., NDArray[np.int64]], clip: Frames, strength: float, random: np.random.Generator) -> Frames:
    return clip[index(len(clip), strength, random)]


def _pose_at(index: Callable[..., NDArray[np.int64]], clip: Pose, strength: float, random: np.random.Generator) -> Pose:
    shown = index(clip.frames, strength, random)
    return replace(clip, points=clip.points[shown], confidence=clip.confidence[shown])


def _blurred(clip: Frames, percent: float, _: np.random.Generator) -> Frames:
    return blurred(clip, percent / 100 * clip.shape[1])


def _noisy(clip: Frames, percent: float, random: np.random.Generator) -> Frames:
    return with_grain(clip, percent / 100 * 255, random)


def _compressed(clip: Frames, crf: float, _: np.random.Generator) -> Frames:
    return compressed(clip, crf)


# --- key points ------------------------------------------------------------------------------------------------------


def _hands(clip: Pose) -> tuple[list[int], list[int]]:
    """Indices of the left hand's joints and of the same joints of the right hand."""
    left = clip.layout.part("left_hand")
    if not left:
        raise InputError(f"the layout {clip.layout.name} has no hands, so none can be hidden or swapped.")
    return clip.layout.index(left), clip.layout.index([joint.replace("left_", "right_", 1) for joint in left])


def _scattered(clip: Pose, percent: float, random: np.random.Generator) -> Pose:
    from signbench.metrics.pose_normalisation import by_shoulders, shoulder_geometry, visible

    found = shoulder_geometry(visible(clip), clip.seen, clip.layout)
    if found is None:
        by_shoulders(clip, "the clip")  # its message says which of the two reasons it is
        raise InputError("the clip shows no shoulders, by whose distance the noise is measured.")
    return shifted(clip, random.standard_normal(clip.points.shape) * (percent / 100 * found[1]))


def _hands_swapped(clip: Pose, share: float, random: np.random.Generator) -> Pose:
    left, right = _hands(clip)
    chosen = np.flatnonzero(random.random(clip.frames) < share / 100)[:, None]
    points, confidence = clip.points.copy(), clip.confidence.copy()
    for values, source in ((points, clip.points), (confidence, clip.confidence)):
        values[chosen, left], values[chosen, right] = source[chosen, right], source[chosen, left]
    return replace(clip, points=points, confidence=confidence)


def _hand_hidden(clip: Pose, share: float, random: np.random.Generator) -> Pose:
    left, right = _hands(clip)
    hand = left if clip.seen[:, left].sum() > clip.seen[:, right].sum() else right
    return hidden(clip, np.flatnonzero(random.random(clip.frames) < share / 100), hand)


def _slowed(clip: Pose, factor: float, _: np.random.Generator) -> Pose:
    return clip.at_positions(np.linspace(0, clip.frames - 1, round(clip.frames * factor)))


VIDEO: tuple[Degradation[Frames], ...] = (
    Degradation("blur", "video", "Gaussian blur whose sigma is {} of the height", (0.5, 1, 2, 4), "%", _blurred),
    Degradation("compression", "video", "H.264 at the constant rate factor {}", (20, 28, 36, 44), "", _compressed),
    Degradation("noise", "video", "Gaussian noise whose sigma is {} of the range 0..255", (1, 3, 9, 27), "%", _noisy),
    Degradation(
        "frame drop",
        "video",
        "{} of the frames are dropped, and the one before each stays",
        (10, 20, 40, 80),
        "%",
        partial(_frames_at, frames_held),
    ),
    Degradation(
        "temporal jitter",
        "video",
        "each frame's time is shaken by up to {}",
        (1, 2, 4, 8),
        "frames",
        partial(_frames_at, frames_shaken),
    ),
)
"""The degradations of video."""

KEY_POINTS: tuple[Degradation[Pose], ...] = (
    Degradation(
        "joint noise", "key points", "Gaussian noise whose sigma is {} of the shoulder width", (1, 2, 4, 8), "%", _scattered
    ),
    Degradation(
        "hand swap",
        "key points",
        "left and right hand (not the arms) are exchanged in {} of the frames",
        (10, 25, 50, 100),
        "%",
        _hands_swapped,
    ),
    Degradation(
        "hidden hand",
        "key points",
        "the hand that is seen more often (of equals the right one) has the confidence 0 in {} of the frames",
        (10, 25, 50, 100),
        "%",
        _hand_hidden,
    ),
    Degradation(
        "frame drop",
        "key points",
        "{} of the frames are dropped, and the one before each stays",
        (10, 20, 40, 80),
        "%",
        partial(_pose_at, frames_held),
    ),
    Degradation(
        "temporal jitter",
        "key points",
        "each frame's time is shaken by up to {}",
        (1, 2, 4, 8),
        "frames",
        partial(_pose_at, frames_shaken),
    ),
    Degradation(
        "slower",
        "key points",
        "the clip lasts {} as long, with linear motion between frames",
        (1.5, 2, 3, 4),
        "times",
        _slowed,
        "resample",
    ),
)
"""The degradations of key points."""

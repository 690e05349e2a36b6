"""Known degradations of signing, each in four strengths.

The random choices of a degradation depend only on its name and the clip; the strength scales them. So a stronger degradation
includes the weaker one (every frame dropped at 10 % is dropped at 20 %), and a score that does not follow the strength is a
property of the metric rather than of two draws.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.media.pose import Pose
from signbench.media.timelines import FramesRule

Frames = NDArray[np.uint8]
DegradedModality = Literal["video", "key points"]
"""What can be degraded, by the words that tables print and seeds are drawn from."""
Medium = TypeVar("Medium", Frames, Pose)

_BT_709, _LIMITED_RANGE = 1, 1


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


# --- which frame is shown when ---------------------------------------------------------------------------------------


def frames_held(count: int, share: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Which frame is shown at each time if a share of the frames is dropped and the last one shown stays.

    Args:
        count: number of frames T; the first always stays.
        share: percentage of dropped frames, the probability for each.
        random: source of the clip's random choices.

    Returns:
        int64 ``(T,)``, non-decreasing.
    """
    kept = random.random(count) >= share / 100
    kept[:1] = True
    shown: NDArray[np.int64] = np.maximum.accumulate(np.where(kept, np.arange(count), 0))
    return shown


def frames_shaken(count: int, reach: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Which frame is shown at each time if every time stamp is shifted randomly by up to ``reach`` frames.

    Args:
        count: number of frames T.
        reach: the largest shift, in frames; shifts are uniform over [-reach, reach], and rounded to whole frames.
        random: source of the clip's random choices.

    Returns:
        int64 ``(T,)`` within [0, T - 1].
    """
    shifts = np.rint(reach * random.uniform(-1, 1, count)).astype(np.int64)
    shown: NDArray[np.int64] = np.clip(np.arange(count) + shifts, 0, count - 1)
    return shown


def _frames_at(index: Callable[..., NDArray[np.int64]], clip: Frames, strength: float, random: np.random.Generator) -> Frames:
    return clip[index(len(clip), strength, random)]


def _pose_at(index: Callable[..., NDArray[np.int64]], clip: Pose, strength: float, random: np.random.Generator) -> Pose:
    shown = index(clip.frames, strength, random)
    return replace(clip, points=clip.points[shown], confidence=clip.confidence[shown])


# --- video -----------------------------------------------------------------------------------------------------------


def _blurred(clip: Frames, percent: float, _: np.random.Generator) -> Frames:
    import cv2

    sigma = percent / 100 * clip.shape[1]
    return np.stack([np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.uint8) for frame in clip])


def _noisy(clip: Frames, percent: float, random: np.random.Generator) -> Frames:
    grain = random.standard_normal(clip.shape, dtype=np.float32)
    return np.clip(np.rint(clip + percent / 100 * 255 * grain), 0, 255).astype(np.uint8)


def _compressed(clip: Frames, crf: float, _: np.random.Generator) -> Frames:
    """Compresses with H.264 (x264, 4:2:0, BT.709) and decodes; odd sides are made even by repeating the last row or column."""
    import io

    import av
    from av.video.reformatter import VideoReformatter

    from signbench.media.colour import ColourConversion
    from signbench.media.video_writer import EXACT_SCALING

    count, height, width, _channels = clip.shape
    even = np.pad(clip, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    reformatter, stored = VideoReformatter(), io.BytesIO()
    with av.open(stored, "w", format="matroska") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"crf": f"{crf:g}"})
        context = stream.codec_context
        context.height, context.width, context.pix_fmt = even.shape[1], even.shape[2], "yuv420p"
        context.time_base = Fraction(1, 25)
        context.thread_count = 1  # the bytes must not depend on the machine's number of cores
        for number, pixels in enumerate(even):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame = reformatter.reformat(
                frame, format="yuv420p", interpolation=EXACT_SCALING, dst_colorspace=_BT_709, dst_color_range=_LIMITED_RANGE
            )
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    stored.seek(0)
    decoded = np.empty((count, *even.shape[1:]), np.uint8)
    convert = ColourConversion(Path("the compressed clip"))
    with av.open(stored, "r") as source:
        for image, picture in zip(decoded, source.decode(video=0), strict=True):
            picture.colorspace, picture.color_range = _BT_709, _LIMITED_RANGE
            image[...] = convert(picture)
    return decoded[:, :height, :width]


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
    shift = random.standard_normal(clip.points.shape) * (percent / 100 * found[1])
    return replace(clip, points=np.where(clip.seen[..., None], clip.points + shift, 0).astype(np.float32))


def _hands_swapped(clip: Pose, share: float, random: np.random.Generator) -> Pose:
    left, right = _hands(clip)
    chosen = np.flatnonzero(random.random(clip.frames) < share / 100)[:, None]
    points, confidence = clip.points.copy(), clip.confidence.copy()
    for values, source in ((points, clip.points), (confidence, clip.confidence)):
        values[chosen, left], values[chosen, right] = source[chosen, right], source[chosen, left]
    return replace(clip, points=points, confidence=confidence)


def _hand_hidden(clip: Pose, share: float, random: np.random.Generator) -> Pose:
    left, right = _hands(clip)
    hidden = left if clip.seen[:, left].sum() > clip.seen[:, right].sum() else right
    chosen = np.flatnonzero(random.random(clip.frames) < share / 100)[:, None]
    points, confidence = clip.points.copy(), clip.confidence.copy()
    points[chosen, hidden], confidence[chosen, hidden] = 0, 0
    return replace(clip, points=points, confidence=confidence)


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

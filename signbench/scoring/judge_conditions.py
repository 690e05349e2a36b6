"""The conditions in which a judge is evaluated: clean references, other performances, and degraded references.

A condition changes what a judge is shown, never what is correct. All random choices follow from the names of condition and clip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray
from signbench.corpora.synthsign.key_points import project
from signbench.errors import InputError
from signbench.judges.base import JudgedClip, Reads
from signbench.media.body_model import forward, neutral_rig
from signbench.media.degradations import Frames, blurred, compressed, hidden, shifted
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from signbench.media.video import resize_frames
from signbench.training.pose_degradations import turned

PIXELS = (2, 4, 8)
"""Strengths of the noise, in pixels of a picture of :data:`SIDE`."""

SIDE = 512
"""Width of the picture to which pixels refer."""

LOST = 0.2
"""Share of the frames in which one hand is not seen."""

CRF = 30
BLUR = 0.01
"""Sigma of the blur, as a share of the frames' height."""
SMALL = 64

_PROBE = 0.005
"""Standard deviation of the rotation noise, in radians, at which displacements are measured; they grow in proportion."""


@dataclass(frozen=True)
class Condition:
    """A condition.

    Attributes:
        name: such as ``noise 4 px``.
        description: what is done, in a few words.
        take: number of the performance.
        rendering: another rendering of the clips, for judges of frames; None: the video.
        points: replaces the key points of the recording; None: they stay.
        shown: changes the key points or rotations that a judge is shown; None: they stay.
        frames: changes the frames of the recording, before they are converted for the judge; None: they stay.
    """

    name: str
    description: str
    take: int = 0
    rendering: str | None = None
    points: Callable[[Clip], Clip] | None = None
    shown: Callable[[JudgedClip, np.random.Generator], JudgedClip] | None = None
    frames: Callable[[Frames], Frames] | None = None

    def random(self, clip: str) -> np.random.Generator:
        """The source of a clip's random choices."""
        digest = hashlib.sha256(f"{self.name}|{clip}".encode()).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "big")))

    def of(self, clip: Clip) -> Clip:
        """A clip with degraded frames; the clip itself if the condition does not change frames."""
        video = clip.video
        if self.frames is None or video is None:
            return clip
        probe = video.probe(clip.fps)
        whole = np.concatenate(list(video.chunks(probe, np.arange(probe.frames, dtype=np.int64), None)))
        return replace(clip, video=FrameArray(self.frames(whole), video.label, probe.fps))


def conditions_of(reads: Reads, motions: Callable[[], Sequence[Motion]], *, takes: bool) -> list[Condition]:
    """The conditions for judges that read a form of clips, the clean one first.

    Args:
        reads: what the judge is shown.
        motions: rotations of a few clips, on which the strength of the noise is determined; only called for judges of rotations.
        takes: whether the corpus has several performances of each clip.
    """
    found = [Condition("clean", "the references")]
    if takes:
        found.append(Condition("take 1", "another performance of the same clips", take=1))
    if reads == "pose":
        found += [
            Condition(f"noise {size} px", f"Gaussian noise on every coordinate, sigma {size} px of {SIDE}", shown=PointNoise(size))
            for size in PIXELS
        ]
        found.append(Condition("no face", "no point of the face is seen", shown=without_face))
        found.append(Condition("hand missing", f"one hand is not seen in {LOST:.0%} of the frames", shown=without_a_hand))
    elif reads == "motion":
        unit = radians_of_pixel(motions())
        found += [
            Condition(
                f"noise {size} px",
                f"Gaussian noise on every joint's rotation, sigma {size * unit:.4f} rad, which moves the joints by {size} px of "
                f"{SIDE} (root mean square)",
                shown=RotationNoise(size * unit),
            )
            for size in PIXELS
        ]
    else:
        found += [
            Condition(f"H.264 crf {CRF}", f"compressed by H.264 at a constant rate factor of {CRF}", frames=_compressed),
            Condition("blur", f"Gaussian blur, sigma {BLUR:.0%} of the height", frames=_blurred),
            Condition(f"{SMALL} px", f"resized to a height of {SMALL} px and back", frames=_small),
        ]
    return found


@dataclass(frozen=True)
class PointNoise:
    """Noise on key points.

    Attributes:
        pixels: standard deviation of each coordinate, in pixels of a picture of :data:`SIDE`.
    """

    pixels: float

    def __call__(self, clip: JudgedClip, random: np.random.Generator) -> JudgedClip:
        """A clip with noise on the points that are seen."""
        pose = _pose(clip)
        scale = 1.0 if pose.picture is None else pose.picture[0] / SIDE
        return replace(clip, pose=shifted(pose, random.normal(0, self.pixels * scale, pose.points.shape)))


@dataclass(frozen=True)
class RotationNoise:
    """Noise on rotations.

    Attributes:
        radians: standard deviation of each component of each joint's rotation.
    """

    radians: float

    def __call__(self, clip: JudgedClip, random: np.random.Generator) -> JudgedClip:
        """A clip with noise on its rotations, and the joints that follow from them."""
        if clip.motion is None:
            return clip
        motion = replace(clip.motion, rotations=turned(clip.motion.rotations, self.radians, random))
        return replace(clip, motion=motion, pose=motion.pose())


def radians_of_pixel(motions: Sequence[Motion], seed: int = 0) -> float:
    """The rotation noise that moves joints by one pixel of :data:`SIDE` (root mean square), in radians.

    Found by forward kinematics: of the joints that are in SynthSign's picture, the displacement there under a small noise on all
    joints, to which it is proportional.

    Args:
        motions: some clips.
        seed: of the noise.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    total, count = 0.0, 0
    for motion in motions:
        before, after = (
            project(forward(rotations, neutral_rig(), motion.translation).joints)
            for rotations in (motion.rotations, turned(motion.rotations, _PROBE, random))
        )
        inside = ((before >= 0) & (before <= 1)).all(axis=-1)
        total += float((((after - before) * SIDE) ** 2).sum(axis=-1)[inside].sum())
        count += int(inside.sum())
    return _PROBE / float(np.sqrt(total / count))


def without_face(clip: JudgedClip, random: np.random.Generator) -> JudgedClip:
    """A clip without the points of the face; eyes and nose of the body stay."""
    pose = _pose(clip)
    face = [index for index, joint in enumerate(pose.layout.joints) if pose.layout.parts[index] == "face"]
    return replace(clip, pose=hidden(pose, np.arange(pose.frames), face))


def without_a_hand(clip: JudgedClip, random: np.random.Generator) -> JudgedClip:
    """A clip in which one hand, drawn once, is not seen in some frames, drawn one by one."""
    pose = _pose(clip)
    part = ("left_hand", "right_hand")[int(random.integers(2))]
    joints = [index for index, name in enumerate(pose.layout.parts) if name == part]
    frames = np.flatnonzero(random.random(pose.frames) < LOST)
    return replace(clip, pose=hidden(pose, frames, joints))


def _pose(clip: JudgedClip) -> Pose:
    if clip.pose is None:
        raise InputError(f"clip {clip.id} has no key points that could be degraded.")
    return clip.pose


def _compressed(clip: Frames) -> Frames:
    return compressed(clip, CRF)


def _blurred(clip: Frames) -> Frames:
    return blurred(clip, BLUR * clip.shape[1])


def _small(clip: Frames) -> Frames:
    height, width = clip.shape[1:3]
    less: NDArray[np.uint8] = resize_frames(clip, (SMALL, max(1, round(width * SMALL / height))))
    return resize_frames(less, (height, width))

"""The interface of a key-point format, and how raw numbers become a checked clip."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError, nearest
from signbench.media.layouts import Layout, guess_layout
from signbench.media.pose import Pose
from signbench.media.rates import LARGEST_RATE, is_rate

MOST_NUMBERS = 2**26
"""The maximum number of coordinates in a clip: 256 MiB as float32, 84 minutes of 178 points in 3D at 25 frames per second."""

MOST_JOINTS = 10_000

MOST_CONFIDENCE = 100.0
"""Confidences above 1 are treated as 1, up to this value; anything above is an error.

OpenPose's heat maps occasionally exceed 1, and SimCC scores (RTMPose, DWPose) are not probabilities at all.
"""

_ROUNDING = 1e-6  # how far below 0 a confidence may be and still count as 0


@dataclass(frozen=True)
class PoseProbe:
    """What a key-point file holds, as far as can be determined cheaply.

    Attributes:
        frames: number of frames.
        layout: the joints' names.
        fps: frames per second, or None if the file does not say.
        dimensions: coordinates of each point, 2 or 3.
        has_confidence: whether the file says how sure each point is.
        picture: ``(width, height)`` of the image according to the header, or None; only :attr:`Pose.picture` is reliable.
        has_rotations: whether the points are joints of a body model whose rotations the file holds.
    """

    frames: int
    layout: Layout
    fps: float | None
    dimensions: int
    has_confidence: bool
    picture: tuple[int, int] | None = None
    has_rotations: bool = False


@dataclass(frozen=True, eq=False)
class RawClip:
    """One clip as stored in a file, before its numbers are read and checked.

    Attributes:
        shape: of the coordinates, which should be ``(T, J, 2)`` or ``(T, J, 3)``.
        points: reads the coordinates.
        confidence: reads the confidence ``(T, J)``, or None if the file has none.
        fps: frames per second, or None.
        layout: of the joints that the file itself names, or None.
        usual: the layout to assume if its number of joints matches and nothing is declared, or None.
        picture: ``(width, height)`` of the image, or None.
        has_rotations: whether the points are computed from rotations.
    """

    shape: tuple[int, ...]
    points: Callable[[], NDArray[Any]]
    confidence: Callable[[], NDArray[Any]] | None = None
    fps: float | None = None
    layout: Layout | None = None
    usual: Layout | None = None
    picture: tuple[int, int] | None = None
    has_rotations: bool = False

    def probe(self, declared: Layout | None) -> PoseProbe:
        """The clip's header.

        Args:
            declared: layout of a file that does not name one.

        Raises:
            MediaError: the shape cannot be one of key points.
            InputError: the layout is not known.
        """
        check_shape(self.shape)
        frames, joints, dimensions = self.shape
        settled = self._layout(declared, joints, dimensions)
        has_confidence = self.confidence is not None
        return PoseProbe(frames, settled, self.fps, dimensions, has_confidence, self.picture, self.has_rotations)

    def pose(self, declared: Layout | None, source_fps: float | None) -> Pose:
        """The clip's key points.

        If the file has no confidence, a point is seen unless all of its coordinates are NaN. Points that are not seen have
        coordinates 0. Confidences above 1 are treated as 1.

        Args:
            declared: layout of a file that does not name one.
            source_fps: frame rate that overrides the file's own.

        Raises:
            MediaError: the shape cannot be one of key points, a confidence is invalid, or a part moves that is never seen.
            InputError: the layout is not known.
        """
        head = self.probe(declared)
        points = as_float32(self.points(), "coordinates")
        capped = 0
        if self.confidence is None:
            confidence = np.where(np.isnan(points).all(axis=2), 0, 1).astype(np.float32)
        else:
            stated = self.confidence()
            confidence = checked_confidence(stated, (head.frames, len(head.layout.joints)))
            capped = int((stated > 1 + _ROUNDING).sum())
            if confidence.any():  # a clip that shows nothing at all has its own message
                _check_still(points, confidence, head.layout)
        points[confidence == 0] = 0
        return Pose(
            points, confidence, head.layout, head.fps if source_fps is None else source_fps, picture=self.picture, capped=capped
        )

    def _layout(self, declared: Layout | None, joints: int, dimensions: int) -> Layout:
        chosen = self.layout or declared
        if chosen is None:
            usual = self.usual
            return usual if usual is not None and len(usual.joints) == joints else guess_layout(joints, dimensions)
        if len(chosen.joints) != joints:
            raise MediaError(f"it holds {joints} joints, but the layout {chosen.name} has {len(chosen.joints)}.")
        return chosen


class PoseFormat(Protocol):
    """A format of key-point files. Its errors need not name the file: :mod:`signbench.media.pose_files` adds it."""

    def members(self, path: Path) -> list[str] | None:
        """Ids of the clips in a container, in its own order; None for a file that holds a single clip."""

    def probe(self, path: Path, member: str | None, declared: Layout | None) -> PoseProbe:
        """Header of a clip."""

    def read(self, path: Path, member: str | None, declared: Layout | None, source_fps: float | None) -> Pose:
        """Key points of a clip."""


def check_shape(shape: tuple[int, ...]) -> None:
    """Refuses a shape that cannot be the key points of one clip.

    Raises:
        MediaError: not ``(T, J, 2)`` or ``(T, J, 3)``, no frames, no joints, or too many of either.
    """
    worded = " x ".join(str(length) for length in shape) or "a single number"
    if len(shape) != 3 or shape[2] not in (2, 3):
        raise MediaError(f"its key points have the shape {worded}, not frames x joints x 2 or 3 coordinates.")
    if shape[0] < 1 or shape[1] < 1:
        raise MediaError(f"it holds no {'frames' if shape[0] < 1 else 'joints'} (shape {worded}).")
    if shape[1] > MOST_JOINTS or math.prod(shape) > MOST_NUMBERS:
        raise MediaError(
            f"its key points claim the shape {worded}; at most {MOST_JOINTS} joints and {MOST_NUMBERS} numbers are supported; "
            "cut the clip into shorter ones."
        )


def as_float32(numbers: NDArray[Any], what: str) -> NDArray[np.float32]:
    """A float32 copy that the caller owns.

    Raises:
        MediaError: not real numbers.
    """
    if numbers.dtype.kind not in "fiu":
        raise MediaError(f"its {what} are of the type {numbers.dtype}, not numbers.")
    # Numbers that float32 cannot hold become infinite, and Pose.check_finite refuses them with their frame and joint.
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array(numbers, dtype=np.float32, order="C")


def checked_confidence(numbers: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Confidences as float32 in [0, 1]; those above 1 become 1.

    Args:
        numbers: of the file.
        shape: ``(T, J)`` of the key points.

    Raises:
        MediaError: a different shape, or a value that is negative, not a number, or above :data:`MOST_CONFIDENCE`.
    """
    if numbers.shape != shape:
        raise MediaError(f"its confidence has the shape {numbers.shape}, but it holds {shape[0]} frames of {shape[1]} joints.")
    confidence = as_float32(numbers, "confidences")
    outside = ~((confidence >= -_ROUNDING) & (confidence <= MOST_CONFIDENCE))
    if outside.any():
        frame, joint = (int(axis[0]) for axis in np.nonzero(outside))
        raise MediaError(
            f"frame {frame}, joint {joint} has the confidence {confidence[frame, joint]:g}; a confidence must be at least 0, "
            f"and scores above 1 are treated as 1 up to {MOST_CONFIDENCE:g}."
        )
    return np.clip(confidence, 0, 1)


def _check_still(points: NDArray[np.float32], confidence: NDArray[np.float32], layout: Layout) -> None:
    """Refuses a part of the signer that has confidence 0 throughout although its points move.

    Some estimators give no confidence for some parts, and some programs write 0 instead: such a file does not show what was seen.
    Points that were not found are zeros, or all at the same position if the zeros were moved or scaled.

    Raises:
        MediaError: the message names the part.
    """
    unseen = (confidence == 0).all(axis=0)
    for part in dict.fromkeys(layout.parts):
        members = np.array([own == part for own in layout.parts])
        if not unseen[members].all() or members.sum() < 2:
            continue
        own = points[:, members]
        with np.errstate(invalid="ignore"):
            moves = bool((own != own[:1]).any(where=np.isfinite(own) & np.isfinite(own[:1])))
            spread = bool((own != own[:, :1]).any(where=np.isfinite(own) & np.isfinite(own[:, :1])))
        if moves and spread:
            raise MediaError(
                f"its {part.replace('_', ' ')} moves but has confidence 0 in every frame, so the file does not say what was seen "
                "(MediaPipe has no visibility for hands and face). Write confidence 1 for points that were found, and "
                "coordinates 0 for those that were not."
            )


def checked_rate(value: float) -> float | None:
    """The frame rate stated in a file; None for 0, which some programs write if it is unknown.

    Raises:
        MediaError: it is not a valid rate (:func:`signbench.media.rates.is_rate`).
    """
    if value != 0 and not is_rate(value):
        raise MediaError(f"it states a frame rate of {value:g}; a rate must be above 0 and at most {LARGEST_RATE:g}.")
    return value or None


def member_of(members: list[str], member: str | None) -> str:
    """The selected clip: the named one, or the only one.

    Raises:
        InputError: there is no such clip, or there are several and none is named.
    """
    if member is None:
        if len(members) != 1:
            raise InputError(f"it holds {len(members)} clips; name one of them.")
        return members[0]
    if member not in members:
        raise InputError(f"it holds no clip {member}. {nearest(member, members)}")
    return member

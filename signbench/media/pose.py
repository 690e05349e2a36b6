"""Key points of one clip in memory, and the few operations that are allowed before a metric sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError, listing
from signbench.media.layouts import Layout
from signbench.media.rates import positions_at_rate


@dataclass(frozen=True, eq=False)
class Pose:
    """Key points of one clip.

    Attributes:
        points: float32 ``(T, J, 2)`` or ``(T, J, 3)``, in the file's own units (often pixels); the values of a point that was not
            seen are meaningless and are set to 0.
        confidence: float32 ``(T, J)`` in [0, 1]; 0 = not seen.
        layout: the joints' names, in order of the second axis.
        fps: frames per second, or None if the file does not say.
        picture: ``(width, height)`` in pixels of the image in which the points were detected, or None if the file does not say.
        capped: the number of confidences in the file that were above 1 and are treated as 1.
    """

    points: NDArray[np.float32]
    confidence: NDArray[np.float32]
    layout: Layout
    fps: float | None
    _: KW_ONLY
    picture: tuple[int, int] | None = None
    capped: int = 0

    def __post_init__(self) -> None:
        joints = len(self.layout.joints)
        fitting = self.points.ndim == 3 and self.points.shape[1] == joints and self.points.shape[2] in (2, 3)
        if not fitting or self.confidence.shape != self.points.shape[:2]:
            raise MediaError(
                f"key points of shape {self.points.shape} with confidence {self.confidence.shape} do not fit the layout "
                f"{self.layout.name} of {joints} joints."
            )

    @property
    def frames(self) -> int:
        """Number of frames T."""
        return int(self.points.shape[0])

    @property
    def seen(self) -> NDArray[np.bool_]:
        """bool ``(T, J)``: whether a point was seen."""
        return self.confidence > 0

    def select(self, joints: Sequence[str]) -> Pose:
        """The same clip with only the named joints, in the given order.

        Raises:
            InputError: the layout has no joint of that name.
        """
        index = self.layout.index(joints)
        return replace(
            self,
            points=np.ascontiguousarray(self.points[:, index]),
            confidence=np.ascontiguousarray(self.confidence[:, index]),
            layout=self.layout.subset(joints),
        )

    def first(self, frames: int) -> Pose:
        """The first frames of the clip."""
        return self if frames >= self.frames else replace(self, points=self.points[:frames], confidence=self.confidence[:frames])

    def at_positions(self, positions: NDArray[np.float64]) -> Pose:
        """The clip at fractional frame positions, linear between neighbouring frames.

        A point is seen only if it is seen in both contributing neighbours, and takes the lower of their confidences. Integer
        positions return that frame's values unchanged.

        Args:
            positions: float64 ``(S,)`` in [0, T - 1].

        Raises:
            MediaError: the clip has no frames.
        """
        if self.frames == 0:
            raise MediaError("key points without a frame cannot be sampled.")
        lower = np.clip(np.floor(positions).astype(np.int64), 0, self.frames - 1)
        upper = np.minimum(lower + 1, self.frames - 1)
        share = (positions - lower)[:, None]
        whole = share == 0
        both = np.where(whole, self.seen[lower], self.seen[lower] & self.seen[upper])
        confidence = np.where(whole, self.confidence[lower], np.minimum(self.confidence[lower], self.confidence[upper]))
        # Coordinates of a neighbour that are not finite must not affect an integer position through its weight of 0.
        with np.errstate(invalid="ignore"):
            mixed = self.points[lower] * (1 - share[..., None]) + self.points[upper] * share[..., None]
        points = np.where(both[..., None], np.where(whole[..., None], self.points[lower], mixed), 0.0)
        return replace(
            self,
            points=points.astype(np.float32),
            confidence=np.where(both, confidence, 0.0).astype(np.float32),
        )

    def at_rate(self, fps: float) -> Pose:
        """The clip at another frame rate, by :func:`signbench.media.rates.positions_at_rate`, consistent with the video reader.

        Raises:
            InputError: the clip's own rate is not known.
        """
        if self.fps is None:
            raise InputError("key points without a frame rate cannot be converted; declare it with `source_fps`.")
        if fps == self.fps:
            return self
        return replace(self.at_positions(positions_at_rate(self.frames, self.fps, fps)), fps=fps)

    def check_finite(self) -> None:
        """Refuses coordinates that are not finite numbers although the file says that the point was seen.

        Raises:
            MediaError: the message names the first such frame and joint, or says that no point of the clip is ever seen.
        """
        if not self.seen.any():
            raise MediaError("no key point is seen in any frame; there is nothing to score.")
        finite = np.isfinite(self.points)
        if finite.all():  # much faster than point by point
            return
        bad = self.seen & ~finite.all(axis=2)
        if bad.any():
            frame, joint = (int(axis[0]) for axis in np.nonzero(bad))
            sure = self.confidence[frame, joint]
            raise MediaError(
                f"frame {frame}, joint {self.layout.joints[joint]} is seen (confidence {sure:.2f}), but its coordinates are "
                f"{self.points[frame, joint].tolist()}; {int(bad.sum())} points are affected."
            )


def in_layout(pose: Pose, layout: Layout) -> Pose:
    """The pose converted to another layout, with joints matched by name.

    Raises:
        InputError: the pose lacks joints of that layout.
    """
    if pose.layout.joints == layout.joints:
        return pose
    lacking = [joint for joint in layout.joints if joint not in pose.layout]
    if lacking:
        raise InputError(
            f"the layout {pose.layout.name} has no {listing(lacking)}, which {layout.name} has; convert both sides to one layout."
        )
    return replace(pose.select(layout.joints), layout=layout)

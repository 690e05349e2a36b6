"""Degradations of key points and rotations in training, so that a judge learns signing and not the cleanness of its references."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.media.layouts import layout

_LAYOUT = "coco-wholebody-133"


@dataclass(frozen=True)
class PoseDegradations:
    """How often and how strongly key points are degraded; the shares are of clips.

    Attributes:
        noisy: share of clips with noise on every point.
        noise: largest standard deviation of the noise, in shoulder widths; drawn evenly below it.
        faceless: share of clips whose face is not seen.
        collapsed: share of clips whose face is a single point.
        handless: share of clips in which a hand is not seen in a run of frames.
        dropped: share of clips in which single points are not seen.
        warped: share of clips that are faster or slower.
        warp: largest change of speed.
        moved: share of clips that are moved, scaled and turned.
    """

    noisy: float = 0.6
    noise: float = 0.035
    faceless: float = 0.08
    collapsed: float = 0.05
    handless: float = 0.1
    dropped: float = 0.15
    warped: float = 0.5
    warp: float = 0.2
    moved: float = 0.5

    def apply(self, points: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
        """A degraded copy of a clip.

        Args:
            points: float32 ``(T, 133, 3)``: x, y, confidence.
            random: the source of all choices.
        """
        made = resampled(points, random.uniform(1 - self.warp, 1 + self.warp)) if random.random() < self.warped else points.copy()
        unit = shoulder_width(made)
        if random.random() < self.moved:
            made[..., :2] = _moved(made[..., :2], unit, random)
        if random.random() < self.collapsed:
            made[:, _part("face"), :2] = made[:, :1, :2]
        if random.random() < self.noisy:
            sigma = random.uniform(0, self.noise) * unit
            made[..., :2] += random.normal(0, sigma, made[..., :2].shape).astype(np.float32)
        if random.random() < self.faceless:
            made[:, _part("face"), 2] = 0
        if random.random() < self.handless:
            first, last = sorted(random.integers(0, len(made) + 1, 2).tolist())
            last = min(last, first + max(2, len(made) // 4))
            made[first:last, _part(("left_hand", "right_hand")[int(random.integers(2))]), 2] = 0
        if random.random() < self.dropped:
            lost = random.random(made.shape[:2]) < random.uniform(0, 0.1)
            made[..., 2] = np.where(lost, 0, made[..., 2])
        return made


def resampled(values: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """A clip at another speed, by the nearest frames.

    Args:
        values: ``(T, ...)``.
        speed: above 1: faster, so fewer frames.
    """
    count = max(2, round(len(values) / speed))
    return values[np.rint(np.linspace(0, len(values) - 1, count)).astype(np.int64)].copy()


def shoulder_width(points: NDArray[np.float32]) -> float:
    """The median distance of the shoulders, in the points' units; 1 if they are never seen together."""
    joints = layout(_LAYOUT).joints
    left, right = joints.index("left_shoulder"), joints.index("right_shoulder")
    both = (points[:, left, 2] > 0) & (points[:, right, 2] > 0)
    if not both.any():
        return 1.0
    return float(np.median(np.linalg.norm(points[both, left, :2] - points[both, right, :2], axis=1)))


def turned(rotations: NDArray[np.float32], sigma: float, random: np.random.Generator) -> NDArray[np.float32]:
    """Rotations with noise on each joint and frame.

    Args:
        rotations: axis-angle ``(T, J, 3)``, radians.
        sigma: standard deviation of each component, radians.
        random: the source of the noise.
    """
    return (rotations + random.normal(0, sigma, rotations.shape)).astype(np.float32)


def _moved(positions: NDArray[np.float32], unit: float, random: np.random.Generator) -> NDArray[np.float32]:
    angle, scale = random.uniform(-0.08, 0.08), random.uniform(0.85, 1.15)
    stretch = random.uniform(0.95, 1.05)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * [[scale * stretch], [scale]]
    return (positions @ turn.T.astype(np.float32) + random.uniform(-0.3, 0.3, 2) * unit).astype(np.float32)


def _part(name: str) -> slice:
    parts = layout(_LAYOUT).parts
    if name == "face":
        return slice(parts.index("face", 23), 91)
    first = parts.index(name)
    return slice(first, first + 21)

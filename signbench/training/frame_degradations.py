"""Random degradations of frames in training, so that a judge learns signing and not the cleanness of its references.

All random choices come from the generator that is passed. A clip's key points can be moved with its picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from signbench.media.degradations import Frames, blurred, compressed
from signbench.media.layouts import Layout, layout

Range = tuple[float, float]
"""The lowest and the highest value; drawn uniformly."""

Points = NDArray[np.float32]
"""float32 ``(T, J, 3)``: x and y in pixels, where (0, 0) is the centre of the first pixel, and confidence; 0 = not seen."""

_LAYOUT = "coco-wholebody-133"

_BANK = 1 << 20


@dataclass(frozen=True)
class FrameDegradations:
    """How the frames of a clip are degraded; what is drawn for a clip holds for all its frames.

    Attributes:
        share: share of the clips that are degraded at all; the others stay as they are.
        mirrored: share of the clips that are mirrored.
        shift: largest displacement to each side, as a share of the width and height.
        scale: largest enlargement and reduction, such as 0.1 for 0.9 to 1.1.
        turn: largest rotation to each side, in degrees.
        brightness: largest change of all levels, of 255.
        contrast: largest change of the contrast, such as 0.2 for 0.8 to 1.2.
        colour: largest change of one channel's gain.
        blur: largest sigma of a Gaussian blur, in percent of the height.
        blurred: share of the degraded clips that are blurred.
        grain: largest sigma of noise in every pixel, in levels of 255.
        compression: range of the constant rate factor of H.264, or of what corresponds to it in JPEG.
        compressed: share of the degraded clips that are compressed.
        codec: ``h264``, as videos are stored, or ``jpeg``, frame by frame, which takes about a sixteenth of the time.
    """

    share: float = 0.8
    mirrored: float = 0.0
    shift: float = 0.06
    scale: float = 0.08
    turn: float = 4.0
    brightness: float = 20.0
    contrast: float = 0.15
    colour: float = 0.08
    blur: float = 1.2
    blurred: float = 0.3
    grain: float = 6.0
    compression: Range = (20.0, 36.0)
    compressed: float = 0.4
    codec: Literal["h264", "jpeg"] = "h264"

    def of(self, clip: Frames, random: np.random.Generator) -> Frames:
        """A degraded clip.

        Args:
            clip: uint8 ``(T, H, W, 3)`` RGB; not changed.
            random: source of all random choices.

        Returns:
            uint8 ``(T, H, W, 3)``.
        """
        return self.with_points(clip, None, random)[0]

    def with_points(self, clip: Frames, points: Points | None, random: np.random.Generator) -> tuple[Frames, Points | None]:
        """A degraded clip, and its key points in the same positions of the picture.

        Args:
            clip: uint8 ``(T, H, W, 3)`` RGB; not changed.
            points: key points of its frames in COCO-WholeBody's layout, or None; not changed.
            random: source of all random choices.
        """
        height, width = clip.shape[1:3]
        if random.random() < self.mirrored:
            clip = np.ascontiguousarray(clip[:, :, ::-1])
            points = None if points is None else mirrored(points, width)
        if random.random() >= self.share:
            return clip, points
        matrix = self._moving(height, width, random)
        clip = _moved(clip, matrix)
        if points is not None:
            moved = points[..., :2] @ matrix[:, :2].T + matrix[:, 2]
            points = np.where(points[..., 2:] > 0, np.concatenate([moved, points[..., 2:]], axis=2), 0).astype(np.float32)
        clip = _recoloured(clip, self._levels(random))
        if random.random() < self.blurred:
            clip = blurred(clip, random.uniform(0.2, max(0.2, self.blur)) / 100 * height)
        sigma = random.uniform(0, self.grain)
        if sigma >= 0.5:
            clip = _grained(clip, sigma, random)
        if random.random() < self.compressed:
            factor = float(random.uniform(*self.compression))
            clip = compressed(clip, factor) if self.codec == "h264" else jpeg(clip, factor)
        return clip, points

    def _moving(self, height: int, width: int, random: np.random.Generator) -> NDArray[np.float64]:
        """float64 ``(2, 3)``: a similarity around the middle, for x and y."""
        scale, turn = 1 + random.uniform(-self.scale, self.scale), np.deg2rad(random.uniform(-self.turn, self.turn))
        aside, down = random.uniform(-self.shift, self.shift, 2) * (width, height)
        rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        middle, offset = np.array([(width - 1) / 2, (height - 1) / 2]), np.array([aside, down])
        return np.concatenate([rotation, (middle + offset - rotation @ middle)[:, None]], axis=1)

    def _levels(self, random: np.random.Generator) -> NDArray[np.uint8]:
        """uint8 ``(256, 3)``: the new level of each level and channel."""
        gain = (1 + random.uniform(-self.contrast, self.contrast)) * (1 + random.uniform(-self.colour, self.colour, 3))
        offset = random.uniform(-self.brightness, self.brightness)
        levels = (np.arange(256)[:, None] - 127.5) * gain + 127.5 + offset
        return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _moved(clip: Frames, matrix: NDArray[np.float64]) -> Frames:
    import cv2

    size = clip.shape[2], clip.shape[1]
    moved = np.empty_like(clip)
    for frame, target in zip(clip, moved, strict=True):
        cv2.warpAffine(frame, matrix, size, dst=target, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved


def _grained(clip: Frames, sigma: float, random: np.random.Generator) -> Frames:
    """Noise from a fixed supply at random offsets, in a seventh of the time that new noise for every pixel takes."""
    bank = sigma * _noise()
    grained = np.empty_like(clip)
    for frame, target in zip(clip, grained, strict=True):
        start = int(random.integers(0, max(1, _BANK - frame.size)))
        grain = np.resize(bank[start : start + frame.size], frame.shape)
        target[...] = np.clip(frame + grain, 0, 255).astype(np.uint8)
    return grained


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float32]:
    return np.random.Generator(np.random.PCG64(0)).standard_normal(_BANK, dtype=np.float32)


def _recoloured(clip: Frames, levels: NDArray[np.uint8]) -> Frames:
    import cv2

    table = np.ascontiguousarray(levels[None])
    return np.stack([np.asarray(cv2.LUT(frame, table), np.uint8) for frame in clip])


def jpeg(clip: Frames, factor: float) -> Frames:
    """Compresses every frame as JPEG and decodes it.

    Args:
        clip: uint8 ``(T, H, W, 3)``.
        factor: 20 (hardly visible, quality 80) to 36 (clear blocks, quality 16), on the scale of H.264's constant rate factor.
    """
    import cv2

    quality = [int(cv2.IMWRITE_JPEG_QUALITY), int(np.clip(round(80 - 4 * (factor - 20)), 5, 95))]
    packed = [cv2.imencode(".jpg", frame, quality)[1] for frame in clip]
    # channels keep their order: what is encoded as blue is decoded as blue
    return np.stack([np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8) for content in packed])


def warped(count: int, speed: Range, random: np.random.Generator, unsteady: float = 0.0) -> NDArray[np.int64]:
    """The indices of frames at a random speed, for frames and key points alike.

    Args:
        count: T, number of frames.
        speed: range of the new length as a share of the old one, drawn on a logarithmic scale.
        random: source of all random choices.
        unsteady: how much the speed varies within the clip: 0.3 for 0.7 to 1.3 times the mean, in slow waves.

    Returns:
        int64 ``(S,)``, non-decreasing indices in [0, T - 1], S at least 1.
    """
    share = float(np.exp(random.uniform(np.log(speed[0]), np.log(speed[1]))))
    length = max(1, round(count * share))
    time = (np.arange(length) + 0.5) / length
    if unsteady:
        waves = int(random.integers(1, 3))
        phase = random.uniform(0, 2 * np.pi)
        time = time + unsteady / (2 * np.pi * waves) * (np.sin(2 * np.pi * waves * time + phase) - np.sin(phase))
    return np.clip(np.floor(time * count), 0, count - 1).astype(np.int64)


def mirrored(points: Points, width: int) -> Points:
    """Mirrors key points: x is reversed, and left and right joints are exchanged.

    Args:
        points: key points in COCO-WholeBody's layout.
        width: of the picture, in pixels.
    """
    found = points[:, list(opposite_joints(layout(_LAYOUT)))]
    found[..., 0] = np.where(found[..., 2] > 0, width - 1 - found[..., 0], 0)
    return found


_FACE_ORDER: tuple[Sequence[int], ...] = (
    range(16, -1, -1),
    range(26, 16, -1),
    range(27, 31),
    range(35, 30, -1),
    (45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    (54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    (64, 63, 62, 61, 60, 67, 66, 65),
)
"""The opposite of each of iBUG's 68 points: jaw, brows, bridge and wings of the nose, eyes, outer and inner lips."""


@lru_cache(maxsize=16)
def opposite_joints(layout: Layout) -> tuple[int, ...]:
    """For each joint of a layout, the index of the joint that a mirror shows in its position.

    Left and right are exchanged by name, and the points of the face by iBUG's order if there are 68 of them.
    """
    swap = {"left": "right", "right": "left"}
    found: list[int] = []
    for joint in layout.joints:
        words = [swap.get(word, word) for word in joint.split("_")]
        found.append(layout.joints.index("_".join(words)) if "_".join(words) in layout else layout.joints.index(joint))
    face = [f"face_{number}" for number in range(68)]
    if all(joint in layout for joint in face):
        index = layout.index(face)
        order: list[Any] = [number for part in _FACE_ORDER for number in part]
        for number, opposite in enumerate(order):
            found[index[number]] = index[opposite]
    return tuple(found)

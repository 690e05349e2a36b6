"""Rows of numbers from whole-body key points, for judges that read poses: each part relative to its own anchor.

Body, hands and face are measured in shoulder widths. The body is relative to the shoulders' middle, each hand to its wrist, the
face to its own middle; so the shape of a hand and the movement of an arm are separate numbers. Frames are smoothed with binomial
weights before every second one is taken, which halves the noise of key points and keeps movements slower than 5 Hz.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from signbench.media.layouts import layout

LAYOUT = "coco-wholebody-133"
"""The layout of the key points."""

RATE = 25.0
"""Frames per second of the key points; rows have half of it."""

STRIDE = 2
"""Frames between two rows."""

_BODY = ("nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist")
# iBUG's numbers: corners of the jaw and the chin, brows, tip of the nose, eyes, lips
_FACE = (4, 8, 12, *range(17, 27), 30, *range(36, 48), *range(48, 68))
_ANCHOR = (30, 36, 39, 42, 45, 27)
_WEIGHTS = np.array([1, 4, 6, 4, 1], np.float32)
_HAND_SCALE, _FACE_SCALE, _BODY_SCALE = 4.0, 6.0, 1.0
"""Factors that bring the numbers of all parts to about the same spread."""


@cache
def _index() -> tuple[NDArray[np.intp], tuple[NDArray[np.intp], NDArray[np.intp]], NDArray[np.intp], NDArray[np.intp]]:
    joints = layout(LAYOUT).joints
    body = np.array([joints.index(name) for name in _BODY])
    hands = tuple(
        np.array([index for index, name in enumerate(joints) if layout(LAYOUT).parts[index] == part])
        for part in ("left_hand", "right_hand")
    )
    face, anchor = (np.array([joints.index(f"face_{number}") for number in numbers]) for numbers in (_FACE, _ANCHOR))
    return body, (hands[0], hands[1]), face, anchor


def chosen_joints() -> NDArray[np.intp]:
    """The joints of which rows are made, in the order body, left hand, right hand, face."""
    body, hands, face, _ = _index()
    return np.concatenate([body, *hands, face])


def chosen_parts() -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Body, left hand, right hand and face as indices into :func:`chosen_joints`; each hand begins with its wrist."""
    body, hands, face, _ = _index()
    ends = np.cumsum([len(body), len(hands[0]), len(hands[1]), len(face)])
    first, second, third, fourth = (np.arange(end - count, end) for end, count in zip(ends, np.diff(ends, prepend=0), strict=True))
    return first, second, third, fourth


def width() -> int:
    """Numbers in a row."""
    body, hands, face, _ = _index()
    return 2 * (len(body) + len(hands[0]) + len(hands[1]) + len(face)) + 3


def row_count(frames: int) -> int:
    """Rows of a clip of some frames."""
    return (frames + STRIDE - 1) // STRIDE


def rows(points: NDArray[np.float32], offset: int = 0) -> NDArray[np.float32]:
    """The rows of a clip.

    Args:
        points: float32 ``(T, 133, 3)``: x, y and confidence at 25 frames per second; confidence 0 is not seen.
        offset: the first frame that gives a row, 0 or 1.

    Returns:
        float32 ``(ceil((T - offset) / 2), width())``. Points that are not seen are 0; the last three numbers say which share of the
        left hand, the right hand and the face is seen, minus 1, so that a fully seen frame has 0.
    """
    body, hands, face, anchor = _index()
    seen = points[..., 2] > 0
    positions, weight = _smoothed(points[..., :2], seen, offset)
    known = weight > 0
    centre, unit = _shoulders(points[..., :2], seen)
    positions = (positions - centre) / unit
    parts: list[NDArray[np.floating]] = [np.where(known[:, body, None], positions[:, body], 0.0) * _BODY_SCALE]
    shares = []
    for hand in hands:
        parts.append(_relative(positions, known, hand, hand[:1]) * _HAND_SCALE)
        shares.append(known[:, hand].mean(axis=1))
    parts.append(_relative(positions, known, face, anchor) * _FACE_SCALE)
    shares.append(known[:, face].mean(axis=1))
    flat = [part.reshape(len(part), -1) for part in parts]
    found = np.concatenate([*flat, np.stack(shares, axis=1) - 1], axis=1)
    limited: NDArray[np.float32] = np.clip(found, -6, 6).astype(np.float32)
    return limited


def _smoothed(
    positions: NDArray[np.float32], seen: NDArray[np.bool_], offset: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Every second frame as a weighted mean over five, of the frames in which a point is seen."""
    frames = len(positions)
    centres = np.arange(offset, frames, STRIDE) if frames > offset else np.arange(0, frames, STRIDE)
    total = np.zeros((len(centres), *positions.shape[1:]), np.float32)
    weight = np.zeros((len(centres), positions.shape[1]), np.float32)
    for shift, share in zip(range(-2, 3), _WEIGHTS, strict=True):
        index = centres + shift
        inside = (index >= 0) & (index < frames)
        index = np.clip(index, 0, frames - 1)
        part = np.where(seen[index] & inside[:, None], share, 0).astype(np.float32)
        total += np.where(part[..., None] > 0, positions[index], 0) * part[..., None]
        weight += part
    total /= np.maximum(weight, 1)[..., None]
    return total, weight


def _shoulders(positions: NDArray[np.float32], seen: NDArray[np.bool_]) -> tuple[NDArray[np.float32], np.float32]:
    """The middle and the distance of the shoulders over the clip; of all points if the shoulders are never seen."""
    joints = layout(LAYOUT).joints
    left, right = joints.index("left_shoulder"), joints.index("right_shoulder")
    both = seen[:, left] & seen[:, right]
    if both.any():
        first, second = positions[both, left], positions[both, right]
        distance = np.float32(np.median(np.linalg.norm(first - second, axis=1)))
        if distance > 0:
            return np.median((first + second) / 2, axis=0).astype(np.float32), distance
    visible = positions[seen]
    if not len(visible):
        return np.zeros(2, np.float32), np.float32(1)
    return np.median(visible, axis=0).astype(np.float32), np.float32(max(1e-6, 2 * visible.std()))


def _relative(
    positions: NDArray[np.float32], known: NDArray[np.bool_], part: NDArray[np.intp], anchor: NDArray[np.intp]
) -> NDArray[np.float32]:
    """The points of a part relative to the mean of its anchor's seen points, or of all its seen points."""
    has_anchor: NDArray[np.bool_] = np.any(known[:, anchor], axis=1, keepdims=True)
    of_anchor = np.where(has_anchor, _mean(positions, known, anchor), _mean(positions, known, part))
    return np.where(known[:, part, None], positions[:, part] - of_anchor[:, None], 0.0).astype(np.float32)


def _mean(positions: NDArray[np.float32], known: NDArray[np.bool_], index: NDArray[np.intp]) -> NDArray[np.float32]:
    weight = known[:, index].astype(np.float32)
    total = (np.where(known[:, index, None], positions[:, index], 0)).sum(axis=1)
    mean: NDArray[np.float32] = (total / np.maximum(weight.sum(axis=1), 1)[:, None]).astype(np.float32)
    return mean

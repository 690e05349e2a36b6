"""The body: from what hands and face do to points in space, and from there to key points.

Space has x to the viewer's right, y down, z towards the viewer, in metres; the shoulders' middle stands at the origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signbench.corpora.synthsign import motion
from signbench.corpora.synthsign.motion import Array, Performance
from signbench.corpora.synthsign.signers import Signer

EXTENT = 1.06
"""Metres that the picture is wide and high, at z = 0."""
_SHOULDERS_BELOW_TOP = 0.45
_CAMERA = 3.0

_UPPER_ARM, _FOREARM, _MIDDLE_OF_HAND = 0.27, 0.245, 0.075
# per finger: knuckle (along, out of the palm, towards the thumb), three lengths, splay in degrees (straight, fanned)
_FINGERS = (
    ((0.090, 0.000, 0.026), (0.045, 0.027, 0.021), (2, 14)),
    ((0.094, -0.003, 0.004), (0.049, 0.031, 0.022), (0, 3)),
    ((0.088, -0.002, -0.017), (0.045, 0.029, 0.022), (-2, -9)),
    ((0.079, 0.002, -0.036), (0.035, 0.021, 0.019), (-4, -22)),
)
_BEND = np.radians([85.0, 100.0, 65.0])
_THUMB_ROOT, _THUMB_LENGTHS = (0.024, 0.010, 0.024), (0.046, 0.035, 0.028)
_THUMB_ALONG, _THUMB_OUT, _THUMB_ACROSS = (0.90, 0.25, 0.36), (0.50, 0.10, 0.86), (0.48, 0.72, -0.50)


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A clip's points in space; hands and arms with the signer's right first.

    Attributes:
        shoulders: float64 ``(2, T, 3)``.
        elbows: float64 ``(2, T, 3)``.
        hands: float64 ``(2, T, 21, 3)``: wrist, then four points of thumb, index, middle, ring and little finger.
        palms: float64 ``(2, T, 3)``, where the palms face.
        hips: float64 ``(2, T, 3)``.
        neck: float64 ``(T, 3)``, its upper end.
        face: float64 ``(T, 68, 3)``, in the order of the 68 points of iBUG 300-W.
        crown: float64 ``(T, 15, 3)``, the top of the head from its left to its right in the picture.
        ears: float64 ``(2, T, 3)``.
        pupils: float64 ``(2, T, 3)``.
    """

    shoulders: Array
    elbows: Array
    hands: Array
    palms: Array
    hips: Array
    neck: Array
    face: Array
    crown: Array
    ears: Array
    pupils: Array


def skeleton(performance: Performance, signer: Signer) -> Skeleton:
    """The points in space of a performance by a signer."""
    face, scale = performance.face, signer.scale
    frames = len(face)
    # right before left: x is -outward on the right side of the body
    order = (1, 0) if signer.left_handed else (0, 1)
    dominant_side = 1.0 if signer.left_handed else -1.0
    trunk = np.stack([dominant_side * face[:, motion.SWAY], 0.1 * np.abs(face[:, motion.SWAY]), face[:, motion.LEAN]], axis=1)

    def one_side(side: float, channels: Array) -> tuple[Array, Array, Array, Array, Array]:
        mirror = np.array([side, 1.0, 1.0])
        moved = trunk * mirror
        frame = motion.rotation(channels[:, motion.ORIENTATION])
        shoulder = np.array([0.195 * signer.shoulders * scale, 0.0, 0.0]) + moved
        middle = channels[:, motion.POSITION] * scale + moved
        wrist = middle - frame[:, :, 0] * (_MIDDLE_OF_HAND * signer.hands * scale)
        wrist, elbow = _arm(shoulder, wrist, _UPPER_ARM * scale, _FOREARM * scale)
        local = _hand(channels[:, motion.SHAPE]) * (signer.hands * scale)
        hand = wrist[:, None] + np.einsum("tij,tpj->tpi", frame, local)
        hip = np.array([0.12, 0.50, 0.0]) * scale + 0.2 * moved
        return shoulder * mirror, elbow * mirror, hand * mirror, frame[:, :, 1] * mirror, hip * mirror

    right, left = (one_side(side, performance.hands[which]) for side, which in zip((-1.0, 1.0), order, strict=True))
    shoulders, elbows, hands, palms, hips = (np.stack(pair) for pair in zip(right, left, strict=True))

    neck = np.array([0.0, -0.09, 0.01]) * scale + 1.1 * trunk
    head = _head_rotation(face, dominant_side)
    centre = neck + np.einsum("tij,j->ti", head, np.array([0.0, -0.115, 0.02])) * scale

    def placed(local: Array) -> Array:
        everywhere = np.broadcast_to(local, (frames, *local.shape[-2:]))
        return np.asarray(centre[:, None] + scale * np.einsum("tij,tpj->tpi", head, everywhere))

    angle = np.linspace(np.pi, 2 * np.pi, 15)
    width = 0.079 * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.85
    return Skeleton(
        shoulders=shoulders,
        elbows=elbows,
        hands=hands,
        palms=palms,
        hips=hips,
        neck=neck,
        face=placed(_face(face)),
        crown=placed(np.stack([width, -0.015 + 0.112 * np.sin(angle), np.zeros(15)], axis=1)),
        ears=np.moveaxis(placed(np.array([[-0.077, 0.0, -0.005], [0.077, 0.0, -0.005]])), 1, 0),
        pupils=np.moveaxis(placed(np.array([[-0.032, -0.012, 0.083], [0.032, -0.012, 0.083]])), 1, 0),
    )


def project(points: Array) -> Array:
    """Points in space ``(..., 3)`` as shares of the picture's side ``(..., 2)``, by a camera three metres away."""
    middle = np.array([0.5, _SHOULDERS_BELOW_TOP / EXTENT])
    return np.asarray(points[..., :2] * nearness(points) / EXTENT + middle)


def nearness(points: Array) -> Array:
    """How much larger than at z = 0 things are at points in space ``(..., 3)``: ``(..., 1)``."""
    return np.asarray(_CAMERA / (_CAMERA - points[..., 2:]))


def key_points(body: Skeleton, size: int) -> tuple[Array, Array]:
    """COCO-WholeBody's 133 key points in pixels, with confidence.

    Source: Jin et al., "Whole-Body Human Pose Estimation in the Wild", ECCV 2020 (17 body, 6 feet, 68 face, 21 left and 21 right
    hand). Knees, ankles and feet are outside the picture. Confidence falls with speed on the hands, and behind the other hand or
    outside the picture to 0.3 and to 0.

    Args:
        body: points in space.
        size: side of the picture in pixels; (0, 0) is the middle of the first pixel.

    Returns:
        Points float64 ``(T, 133, 2)``, confidence float64 ``(T, 133)`` in [0, 1]. Points with confidence 0 are 0.
    """
    pairs = [part[::-1] for part in (body.pupils, body.ears, body.shoulders, body.elbows, body.hands[:, :, 0], body.hips)]
    trunk = np.moveaxis(np.concatenate([body.face[None, :, 30], *pairs]), 0, 1)
    legs_and_feet = np.full((len(trunk), 4 + 6, 3), np.nan)
    points = project(np.concatenate([trunk, legs_and_feet, body.face, body.hands[1], body.hands[0]], axis=1)) * size - 0.5

    confidence = np.full(points.shape[:2], 0.95)
    speed = np.linalg.norm(np.diff(project(body.hands), axis=1, prepend=project(body.hands[:, :1])), axis=-1) * motion.FPS
    for first, hand, other in ((91, 1, 0), (112, 0, 1)):
        own = confidence[:, first : first + 21]
        own -= np.clip(0.25 * speed[hand], 0, 0.5)
        nearer = body.hands[other][:, 9, 2] > body.hands[hand][:, 9, 2] + 0.02
        apart = np.linalg.norm(project(body.hands[hand]) - project(body.hands[other][:, 9:10]), axis=-1)
        own[nearer[:, None] & (apart < 0.05)] = 0.3
    inside: NDArray[np.bool_] = np.all((points > -0.5) & (points < size - 0.5), axis=2)
    return np.where(inside[..., None], points, 0.0), np.where(inside, confidence, 0.0)


def _arm(shoulder: Array, wrist: Array, upper: float, lower: float) -> tuple[Array, Array]:
    """Wrist and elbow ``(T, 3)`` by inverse kinematics; a wrist out of reach comes nearer. The elbow hangs down and outward."""
    way = wrist - shoulder
    distance = np.linalg.norm(way, axis=1, keepdims=True)
    direction = way / distance
    distance = np.clip(distance, abs(upper - lower) + 0.02, 0.985 * (upper + lower))
    along = (upper**2 - lower**2 + distance**2) / (2 * distance)
    hint = np.array([0.55, 1.0, -0.35])
    across = hint - direction * (direction @ hint)[:, None]
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    elbow = shoulder + direction * along + across * np.sqrt(np.maximum(upper**2 - along**2, 0))
    return shoulder + direction * distance, elbow


def _hand(shape: Array) -> Array:
    """Hand points ``(T, 21, 3)`` in the hand's own axes (along the fingers, out of the palm, towards the thumb), metres."""
    curl, spread, thumb_out, hook = shape[:, :5], shape[:, 5], shape[:, 6], shape[:, 7]
    points = np.zeros((len(shape), 21, 3))
    for finger, (knuckle, lengths, (straight, fanned)) in enumerate(_FINGERS):
        bend = curl[:, finger + 1, None] * _BEND * np.stack([1 - hook, np.ones_like(hook), np.ones_like(hook)], axis=1)
        bend = np.cumsum(bend, axis=1)
        # closed fingers cannot be fanned out
        splay = np.radians(straight + (fanned - straight) * spread * (1 - 0.8 * curl[:, finger + 1]))[:, None]
        direction = np.stack([np.cos(bend) * np.cos(splay), np.sin(bend), np.cos(bend) * np.sin(splay)], axis=2)
        first = 5 + 4 * finger
        points[:, first] = knuckle
        points[:, first + 1 : first + 4] = np.array(knuckle) + np.cumsum(direction * np.array(lengths)[:, None], axis=1)
    along, out, across = (np.array(vector) for vector in (_THUMB_ALONG, _THUMB_OUT, _THUMB_ACROSS))
    root = along + thumb_out[:, None] * (out - along)
    points[:, 1] = _THUMB_ROOT
    for joint, (length, share) in enumerate(zip(_THUMB_LENGTHS, (0.5, 0.9, 1.25), strict=True)):
        direction = root + (share * curl[:, :1]) * (across - root)
        points[:, 2 + joint] = points[:, 1 + joint] + length * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    return points


def _head_rotation(face: Array, dominant_side: float) -> Array:
    """Rotations ``(T, 3, 3)``: roll, then pitch, then yaw."""
    zero, one = np.zeros(len(face)), np.ones(len(face))

    def turned(angle: Array, rows: str) -> Array:
        entry = {"0": zero, "1": one, "c": np.cos(angle), "s": np.sin(angle), "-": -np.sin(angle)}
        return np.stack([entry[letter] for letter in rows], axis=1).reshape(-1, 3, 3)

    yaw = turned(face[:, motion.YAW] * dominant_side, "c0s010-0c")
    pitch = turned(face[:, motion.PITCH], "1000cs0-c")
    roll = turned(face[:, motion.ROLL] * dominant_side, "c-0sc0001")
    return yaw @ pitch @ roll


def _face(face: Array) -> Array:
    """The 68 points ``(T, 68, 3)`` in the head's own axes, metres."""
    frames = len(face)
    opened, wide, brows, lids = (face[:, channel, None] for channel in (motion.OPEN, motion.WIDE, motion.BROWS, motion.LIDS))
    points = np.zeros((frames, 68, 3))

    def place(first: int, *axes: ArrayLike) -> None:
        block = np.stack(np.broadcast_arrays(*axes), axis=-1)
        points[:, first : first + block.shape[-2]] = block

    angle = np.linspace(np.pi, 0, 17)
    chin = 0.118 * np.sin(angle) + 0.014 * opened * np.sin(angle) ** 4
    place(0, 0.077 * np.cos(angle) * (1 - 0.12 * np.sin(angle)), chin, 0.075 * np.sin(angle))
    arch = np.array([0.002, -0.005, -0.007, -0.006, -0.002])
    across = np.array([-0.056, -0.047, -0.037, -0.026, -0.016])
    place(17, across, -0.036 + arch - 0.012 * brows, [0.07, 0.078, 0.082, 0.085, 0.087])
    place(22, -across[::-1], -0.036 + arch[::-1] - 0.012 * brows, [0.087, 0.085, 0.082, 0.078, 0.07])
    place(27, [0.0] * 4, [-0.012, 0.002, 0.016, 0.028], [0.088, 0.095, 0.103, 0.108])
    place(31, [-0.016, -0.008, 0.0, 0.008, 0.016], [0.036, 0.039, 0.041, 0.039, 0.036], [0.088, 0.092, 0.095, 0.092, 0.088])
    lid = np.array([0.0, -0.008, -0.008, 0.0, 0.006, 0.006])
    eye = np.array([-0.016, -0.007, 0.006, 0.015, 0.006, -0.007])
    place(36, -0.032 + eye, -0.012 + lid * (1 - lids), 0.08)
    place(42, 0.032 + np.array([-0.015, -0.006, 0.007, 0.016, 0.007, -0.006]), -0.012 + lid * (1 - lids), 0.08)
    half = 0.025 * (1 + 0.3 * wide - 0.1 * opened)
    outer = np.array([-1.0, -0.62, -0.25, 0.0, 0.25, 0.62, 1.0, 0.62, 0.25, 0.0, -0.25, -0.62])
    upper = np.array([0, -0.006, -0.008, -0.0065, -0.008, -0.006, 0, 0.006, 0.009, 0.0095, 0.009, 0.006])
    drop = np.array([0.3, 0, 0, 0, 0, 0, 0.3, 0.8, 1, 1, 1, 0.8])
    place(48, half * outer, 0.066 + upper + 0.022 * opened * drop, 0.09)
    inner = np.array([-0.85, -0.35, 0.0, 0.35, 0.85, 0.35, 0.0, -0.35])
    gap = np.array([0.3, 0, 0, 0, 0.3, 0.85, 0.95, 0.85])
    place(60, half * inner, 0.067 + 0.022 * opened * gap, 0.09)
    return points

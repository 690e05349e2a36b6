"""From a sentence to what hands and face do over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.synthsign.lexicon import LOCATIONS, MOUTHS, SHAPES, SIGNS, Movement, Sign, Vector
from signbench.corpora.synthsign.sentences import Sentence
from signbench.corpora.synthsign.signers import Signer

Array = NDArray[np.float64]

FPS = 25
_OVERSAMPLING = 4
_RATE = FPS * _OVERSAMPLING

POSITION, ORIENTATION, SHAPE = slice(0, 3), slice(3, 7), slice(7, 15)
"""Channels of a hand: its middle in outward coordinates, its rotation as a quaternion, its shape."""
OPEN, WIDE, BROWS, LIDS, YAW, PITCH, ROLL, SWAY, LEAN = range(9)
"""Channels of the face (mouth open and wide, brows raised, lids closed), the head (radians) and the trunk (metres)."""
_HANDS = (slice(0, 15), slice(15, 30))
_FACE = slice(30, 39)


@dataclass(frozen=True, eq=False)
class Performance:
    """What a signer does in one take, T frames at 25 per second.

    Attributes:
        hands: float64 ``(2, T, 15)``, dominant hand first.
        face: float64 ``(T, 9)``.
    """

    hands: Array
    face: Array


def perform(sentence: Sentence, signer: Signer, random: np.random.Generator) -> Performance:
    """One performance of a sentence.

    Each sign varies by 10 % in duration and 8 % in amplitude; between signs the hands move by minimum jerk, and all channels are
    smoothed over some 30 ms, so that neighbouring signs change one another. A slow wander of a few millimetres is added.

    Args:
        sentence: what is signed.
        signer: whose speed and amplitude it has.
        random: source of this take's variation.
    """
    rest = np.zeros(39)
    for hand in _HANDS:
        rest[hand] = _still("rest", "relaxed", (-0.75, 0.65, 0.25), (-0.3, -0.2, -1.0))
    pause = np.repeat(rest[None], round(0.2 * _RATE), axis=0)
    rows = pause
    for gloss in sentence.gloss:
        sign = SIGNS[gloss]
        count = round(sign.seconds / signer.speed * random.uniform(0.9, 1.1) * _RATE)
        signed = _articulate(sign, rest, count, signer.amplitude * random.uniform(0.92, 1.08))
        if gloss == "NOT":
            signed[:, _FACE.start + YAW] = 0.3 * np.sin(4 * np.pi * np.linspace(0, 1, count))
            signed[:, _FACE.start + BROWS] = -0.7
        rows = _joined(rows, signed, signer.speed)
    rows = _joined(rows, pause, signer.speed)

    time = np.arange(len(rows)) / _RATE
    for hand in _HANDS:
        rows[:, hand][:, POSITION] += 0.004 * _wander(time, 3, random)
    face = rows[:, _FACE]
    face[:, [YAW, PITCH, ROLL]] += 0.035 * _wander(time, 3, random)
    face[:, [SWAY, LEAN]] += 0.004 * _wander(time, 2, random)
    # trunk and gaze follow the dominant hand a little
    face[:, SWAY] += 0.03 * rows[:, 0]
    face[:, LEAN] += 0.05 * (rows[:, 2] - rest[2])
    face[:, PITCH] += 0.1 * np.clip(rows[:, 1] - 0.1, 0, None)
    if sentence.question:
        middle = np.clip(np.minimum(time, time[-1] - time) / 0.6, 0, 1)
        face[:, BROWS] += middle
        face[:, PITCH] -= 0.12 * middle
    blink = random.uniform(0.5, 2.5) + 2.3 * np.arange(3)
    face[:, LIDS] = np.exp(-(((time[:, None] - blink) / 0.06) ** 2)).max(axis=1)

    rows = _smoothed(rows)[::_OVERSAMPLING]
    hands = np.stack([rows[:, hand] for hand in _HANDS])
    hands[:, :, ORIENTATION] /= np.linalg.norm(hands[:, :, ORIENTATION], axis=2, keepdims=True)
    return Performance(hands, rows[:, _FACE].copy())


def rotation(quaternion: Array) -> Array:
    """Unit quaternions ``(..., 4)``, real part first, as matrices ``(..., 3, 3)``."""
    w, x, y, z = np.moveaxis(quaternion, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _articulate(sign: Sign, rest: Array, count: int, amplitude: float) -> Array:
    """All channels ``(count, 39)`` during a sign."""
    rows = np.repeat(rest[None], count, axis=0)
    share = np.linspace(0, 1, count)
    eased = _minimum_jerk(share)
    # hands that alternate are half a cycle apart
    phases = {"one": (0.0,), "mirrored": (0.0, 0.0), "alternating": (0.0, 0.5)}[sign.hands]
    for channels, phase in zip(_HANDS, phases, strict=False):
        hand = rows[:, channels]
        hand[:] = _still(sign.location, sign.shape, sign.fingers, sign.palm)
        hand[:, POSITION] += _path(sign.movement, share, eased, phase) * amplitude
        if sign.movement.kind in ("twist", "nod"):
            turn = _there_and_back(sign.movement.repeats * eased + phase) * sign.movement.size * amplitude
            hand[:, ORIENTATION] = _product(hand[:, ORIENTATION], _turned(0 if sign.movement.kind == "twist" else 2, turn))
        if sign.end_shape is not None:
            hand[:, SHAPE] += eased[:, None] * (np.array(SHAPES[sign.end_shape].channels()) - hand[:, SHAPE])
    mouth = np.array([MOUTHS[name] for name in sign.mouth])
    face = rows[:, _FACE]
    for channel, values in ((OPEN, mouth[:, 0]), (WIDE, mouth[:, 1])):
        face[:, channel] = np.interp(share, np.linspace(0, 1, len(values)), values)
    return rows


def _path(movement: Movement, share: Array, eased: Array, phase: float) -> Array:
    """Where the movement takes the hand from its location, metres ``(n, 3)``."""
    direction = np.array(movement.direction) / np.linalg.norm(movement.direction)
    cycle = 2 * np.pi * (movement.repeats * share + phase)
    path = np.zeros((len(share), 3))
    if movement.kind in ("line", "arc"):
        path += eased[:, None] * direction
    if movement.kind == "arc":
        path[:, 1] -= 0.45 * np.sin(np.pi * eased)
    elif movement.kind == "tap":
        path += (1 - _there_and_back(movement.repeats * share + phase))[:, None] * direction
    elif movement.kind == "circle":
        path[:, 1], path[:, 2] = -np.cos(cycle), np.sin(cycle)
    elif movement.kind == "shake":
        path[:, 0] = np.sin(cycle)
    elif movement.kind in ("twist", "nod"):
        return path
    return movement.size * path


def _joined(before: Array, after: Array, speed: float) -> Array:
    """Two stretches of motion with a transition between them, which takes longer the longer the way is."""
    start, end = before[-1], after[0].copy()
    after = after.copy()
    ways = []
    for hand in _HANDS:
        turn = slice(hand.start + ORIENTATION.start, hand.start + ORIENTATION.stop)
        # q and -q are the same rotation; the nearer of the two avoids a turn the long way round
        if start[turn] @ end[turn] < 0:
            end[turn] *= -1
            after[:, turn] *= -1
        ways.append(float(np.linalg.norm(end[hand][POSITION] - start[hand][POSITION])))
    count = round((0.09 + 0.4 * max(ways)) / speed * _RATE)
    share = _minimum_jerk(np.arange(1, count + 1) / (count + 1))[:, None]
    between = start + share * (end - start)
    for hand, way in zip(_HANDS, ways, strict=True):
        # hands bulge forward on the way, clear of the body
        between[:, hand.start + 2] += 0.3 * way * (share * (1 - share))[:, 0]
    return np.concatenate([before, between, after])


def _still(location: str, shape: str, fingers: Vector, palm: Vector) -> Array:
    """A hand's channels ``(15,)`` in one place."""
    return np.array([*LOCATIONS[location], *_orientation(fingers, palm), *SHAPES[shape].channels()])


def _orientation(fingers: Vector, palm: Vector) -> Array:
    """Quaternion ``(4,)`` of the rotation whose columns are: along the fingers, out of the palm, towards the thumb."""
    along = np.array(fingers) / np.linalg.norm(fingers)
    out = np.array(palm) - along * (along @ np.array(palm))
    out /= np.linalg.norm(out)
    matrix = np.stack([along, out, np.cross(along, out)], axis=1)
    # the eigenvector of this symmetric matrix with the largest eigenvalue is the quaternion; no case is numerically special
    (a, b, c), (d, e, f), (g, h, i) = matrix
    symmetric = np.array(
        [
            [a + e + i, h - f, c - g, d - b],
            [h - f, a - e - i, b + d, c + g],
            [c - g, b + d, e - a - i, f + h],
            [d - b, c + g, f + h, i - a - e],
        ]
    )
    quaternion = np.linalg.eigh(symmetric)[1][:, -1]
    return np.asarray(quaternion * np.sign(quaternion[np.argmax(np.abs(quaternion))]))


def _turned(axis: int, angle: Array) -> Array:
    """Quaternions ``(n, 4)`` of turns about one of the hand's own axes, radians ``(n,)``."""
    turn = np.zeros((len(angle), 4))
    turn[:, 0], turn[:, 1 + axis] = np.cos(angle / 2), np.sin(angle / 2)
    return turn


def _product(left: Array, right: Array) -> Array:
    """Products of quaternions ``(n, 4)``: first the right turn, then the left."""
    real = left[:, 0] * right[:, 0] - np.sum(left[:, 1:] * right[:, 1:], axis=1)
    imaginary = left[:, :1] * right[:, 1:] + right[:, :1] * left[:, 1:] + np.cross(left[:, 1:], right[:, 1:])
    return np.concatenate([real[:, None], imaginary], axis=1)


def _minimum_jerk(share: Array) -> Array:
    """From 0 to 1 with speed and acceleration 0 at both ends (Flash and Hogan 1985)."""
    return share**3 * (10 - 15 * share + 6 * share**2)


def _there_and_back(cycles: Array) -> Array:
    """0 at whole cycles, 1 half-way."""
    return (1 - np.cos(2 * np.pi * cycles)) / 2


def _wander(time: Array, channels: int, random: np.random.Generator) -> Array:
    """Slow random motion of about unit size, ``(n, channels)``: three sinusoids between 0.2 and 1.2 Hz."""
    frequency, phase = random.uniform(0.2, 1.2, (3, 1, channels)), random.uniform(0, 2 * np.pi, (3, 1, channels))
    return np.asarray(np.sin(2 * np.pi * frequency * time[:, None] + phase).sum(axis=0) / np.sqrt(1.5))


def _smoothed(rows: Array) -> Array:
    """Gaussian smoothing over time, standard deviation 30 ms; the ends are continued."""
    reach = 9
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / 3) ** 2)
    kernel /= kernel.sum()
    padded = np.concatenate([rows[:1].repeat(reach, axis=0), rows, rows[-1:].repeat(reach, axis=0)])
    return np.asarray(sum(weight * padded[place : place + len(rows)] for place, weight in enumerate(kernel)))

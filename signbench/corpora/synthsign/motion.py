"""From a sentence to the motion of hands, face, head and trunk over time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import cosine, exponential, inner, length, sine, sine_cosine, uniform
from signbench.corpora.synthsign.lexicon import SIGNS, Sign
from signbench.corpora.synthsign.phonology import (
    BROWS,
    LEFT_BASE,
    LOCATIONS,
    MOUTHS,
    MOVEMENTS,
    ORIENTATIONS,
    SHAPES,
    Movement,
    Vector,
)
from signbench.corpora.synthsign.sentences import Sentence
from signbench.corpora.synthsign.signers import Signer
from signbench.media.rotations import quaternion_from_matrix

Array = NDArray[np.float64]

FPS = 25
_OVERSAMPLING = 4
_RATE = FPS * _OVERSAMPLING

POSITION, ORIENTATION, SHAPE = slice(0, 3), slice(3, 7), slice(7, 15)
"""Channels of a hand: its centre in outward coordinates, its rotation as a quaternion, its shape."""
FACE_NUMBERS = 12
OPEN, WIDE, RAISED, FROWN, LIDS, YAW, PITCH, ROLL, SWAY, LEAN, GAZE_ASIDE, GAZE_DOWN = range(FACE_NUMBERS)
"""Channels of the face (mouth open and wide, brows raised and frowning, lids closed), the head (radians), the trunk (metres,
towards the dominant side and forward) and the eyes (radians)."""
_HANDS = (slice(0, 15), slice(15, 30))
_FACE = slice(30, 42)
_CHANNELS = 42


@dataclass(frozen=True, eq=False)
class Performance:
    """The motion of a signer in one take, T frames at 25 per second.

    Attributes:
        hands: float64 ``(2, T, 15)``, dominant hand first.
        face: float64 ``(T, 12)``.
    """

    hands: Array
    face: Array


def perform(sentence: Sentence, signer: Signer, random: np.random.Generator) -> Performance:
    """One performance of a sentence.

    Each sign varies by 10 % in duration, 8 % in amplitude and a centimetre in position; between signs the hands move with minimum
    jerk, and all channels are smoothed over some 30 ms, so that neighbouring signs affect each other. The time and the topic may be
    followed by a pause, and the last sign is held. A slow drift of a few millimetres is added.

    Args:
        sentence: the sentence to sign.
        signer: determines speed, amplitude and expression.
        random: source of this take's variation.
    """
    course = _course(sentence, signer, random)
    rows, rest = course.rows, course.rest
    time = np.arange(len(rows)) / _RATE
    face = rows[:, _FACE]
    _speak_with_the_face(face, sentence, time, course.topic, course.comment)
    face[:, [OPEN, WIDE, RAISED, FROWN, YAW, PITCH]] *= signer.expression
    for hand in _HANDS:
        rows[:, hand][:, POSITION] += 0.004 * _wander(time, 3, random)
    face[:, [YAW, PITCH, ROLL]] += 0.035 * _wander(time, 3, random)
    face[:, [SWAY, LEAN]] += 0.004 * _wander(time, 2, random)
    # trunk and gaze follow the dominant hand a little
    face[:, SWAY] += 0.03 * rows[:, 0]
    face[:, LEAN] += 0.05 * (rows[:, 2] - rest[2])
    down = np.clip(rows[:, 1] - 0.1, 0, None)
    face[:, PITCH] += 0.1 * down
    face[:, GAZE_ASIDE] += 0.25 * rows[:, 0]
    face[:, GAZE_DOWN] += 0.3 * down
    blink = uniform(random, 0.5, 2.5) + 2.3 * np.arange(4)
    since = (time[:, None] - blink) / 0.06
    face[:, LIDS] = exponential(-since * since).max(axis=1)

    rows = _smoothed(rows)[::_OVERSAMPLING]
    hands = np.stack([rows[:, hand] for hand in _HANDS])
    hands[:, :, ORIENTATION] /= length(hands[:, :, ORIENTATION])[..., None]
    return Performance(hands, rows[:, _FACE].copy())


def frames_of(sentence: Sentence, signer: Signer, random: np.random.Generator) -> int:
    """The number of frames that :func:`perform` returns for the same arguments."""
    return -(-len(_course(sentence, signer, random).rows) // _OVERSAMPLING)


@dataclass(frozen=True, eq=False)
class _Course:
    """The motion of hands and mouth, before facial grammar and smoothing are applied, 100 rows per second.

    Attributes:
        rows: float64 ``(n, 42)``.
        rest: float64 ``(42,)``, the channels at rest.
        topic: start and end in seconds of the time in which the topic is signed.
        comment: start and end in seconds of the time in which the rest is signed.
    """

    rows: Array
    rest: Array
    topic: tuple[float, float]
    comment: tuple[float, float]


def _course(sentence: Sentence, signer: Signer, random: np.random.Generator) -> _Course:
    rest = np.zeros(_CHANNELS)
    for hand in _HANDS:
        rest[hand] = _still(LOCATIONS["rest"], "relaxed", (-0.75, 0.65, 0.25), (-0.3, -0.2, -1.0))
    rows = np.repeat(rest[None], round((float(uniform(random, 0.14, 0.26)) + sentence.still) * _RATE), axis=0)
    first_after = {sentence.time: 0.6, sentence.time + sentence.topic: 0.75}
    last = len(sentence.gloss) - 1
    topic = [0, 0]
    comment = 0
    for index, gloss in enumerate(sentence.gloss):
        if index == sentence.time:
            topic[0] = len(rows)
        sign = SIGNS[gloss]
        varied = float(uniform(random, 0.9, 1.1))
        count = round(sign.seconds / signer.speed * varied * (1.2 if index == last else 1.0) * _RATE)
        shift = uniform(random, -0.01, 0.01, 3)
        amplitude = signer.amplitude * float(uniform(random, 0.92, 1.08))
        rows = _joined(rows, _articulate(sign, rest, count, amplitude, shift), signer.speed)
        pause = random.random()
        if index == sentence.time + sentence.topic - 1:
            topic[1] = comment = len(rows)
        if index < last and pause < first_after.get(index + 1, 0.06):
            rows = np.concatenate([rows, np.repeat(rows[-1:], round((0.06 + 0.14 * pause) / signer.speed * _RATE), axis=0)])
    stop = len(rows)
    after = np.repeat(rest[None], round(float(uniform(random, 0.14, 0.26)) * _RATE), axis=0)
    rows = _joined(rows, after, signer.speed)

    topic_time, comment_time = (topic[0] / _RATE, topic[1] / _RATE), (comment / _RATE, stop / _RATE)
    return _Course(rows, rest, topic_time, comment_time)


def rotation(quaternion: Array) -> Array:
    """Unit quaternions ``(..., 4)``, real part first, as matrices ``(..., 3, 3)``."""
    w, x, y, z = np.moveaxis(quaternion, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _speak_with_the_face(
    face: Array, sentence: Sentence, time: Array, topic: tuple[float, float], comment: tuple[float, float]
) -> None:
    """Adds the facial grammar of the whole sentence: topic, negation, question."""

    def during(span: tuple[float, float], ease: float = 0.16) -> Array:
        rise = np.minimum(time - span[0] + ease, span[1] + ease - time) / ease
        return _minimum_jerk(np.clip(rise, 0, 1))

    if sentence.topic:
        marked = during(topic)
        face[:, RAISED] += 0.7 * marked
        face[:, PITCH] -= 0.07 * marked
    if sentence.kind == "negation":
        denied = during((comment[0], comment[1] - 0.1))
        face[:, YAW] += 0.28 * denied * sine(4.4 * np.pi * (time - comment[0]))
        face[:, RAISED] -= 0.5 * denied
        face[:, FROWN] += 0.5 * denied
    elif sentence.kind == "yes-no":
        asked = during((comment[0], comment[1]))
        face[:, RAISED] += 1.0 * asked
        face[:, PITCH] += 0.12 * asked
        face[:, LEAN] += 0.02 * asked
    elif sentence.kind == "question word":
        asked = during((comment[0], comment[1]))
        face[:, RAISED] -= 0.6 * asked
        face[:, FROWN] += 1.0 * asked
        face[:, ROLL] += 0.1 * asked
        face[:, LEAN] += 0.02 * asked


def _articulate(sign: Sign, rest: Array, count: int, amplitude: float, shift: Array) -> Array:
    """All channels ``(count, 42)`` during a sign."""
    rows = np.repeat(rest[None], count, axis=0)
    share = np.linspace(0, 1, count)
    eased = _minimum_jerk(share)
    movement, orientation = MOVEMENTS[sign.movement], ORIENTATIONS[sign.orientation]
    first, last = sign.shapes
    # hands that alternate are half a cycle apart
    phases = {"one": (0.0,), "mirrored": (0.0, 0.0), "alternating": (0.0, 0.5), "based": (0.0,)}[sign.hands]
    for channels, phase in zip(_HANDS, phases, strict=False):
        hand = rows[:, channels]
        hand[:] = _still(LOCATIONS[sign.location], first, orientation.fingers, orientation.palm)
        hand[:, POSITION] += _path(movement, share, eased, phase) * amplitude + shift
        if movement.kind in ("twist", "nod"):
            turn = _there_and_back(movement.repeats * eased + phase) * movement.size * amplitude
            hand[:, ORIENTATION] = _product(hand[:, ORIENTATION], _turned(0 if movement.kind == "twist" else 2, turn))
        if last != first:
            hand[:, SHAPE] += eased[:, None] * (np.array(SHAPES[last].channels()) - hand[:, SHAPE])
        if movement.kind == "wiggle":
            lag = np.arange(4) / 8
            bent = _there_and_back(movement.repeats * share[:, None] + phase + lag)
            fingers = hand[:, SHAPE.start + 1 : SHAPE.start + 5]
            fingers += movement.size * bent * (fingers < 0.5)
    if sign.hands == "based":
        base = rows[:, _HANDS[1]]
        base[:] = _still(LEFT_BASE, "flat", (-0.55, -0.1, 0.85), (0.0, -1.0, -0.1))
    mouth = np.array([MOUTHS[name] for name in sign.mouths])
    face = rows[:, _FACE]
    for channel, values in ((OPEN, mouth[:, 0]), (WIDE, mouth[:, 1])):
        face[:, channel] = _along(values, share)
    face[:, [RAISED, FROWN]] = BROWS[sign.brow]
    return rows


def _path(movement: Movement, share: Array, eased: Array, phase: float) -> Array:
    """The displacement of the hand from its location, metres ``(n, 3)``."""
    direction = np.array(movement.direction) / length(movement.direction)
    cycle = 2 * np.pi * (movement.repeats * share + phase)
    path = np.zeros((len(share), 3))
    if movement.kind in ("line", "arc"):
        # across the body the movement is centred on the location; forward and back it starts there
        path += eased[:, None] * direction - 0.5 * direction * [1, 1, 0]
    if movement.kind == "arc":
        path[:, 1] -= 0.45 * sine(np.pi * eased)
    elif movement.kind == "tap":
        path += (1 - _there_and_back(movement.repeats * share + phase))[:, None] * direction
    elif movement.kind == "circle":
        path[:, 2], across = sine_cosine(cycle)
        path[:, 1] = -across
    elif movement.kind == "shake":
        path[:, 0] = sine(cycle)
    elif movement.kind in ("twist", "nod", "wiggle", "hold"):
        return path
    return movement.size * path


def _along(values: Array, share: Array) -> Array:
    """Linear interpolation of values ``(k,)`` evenly spaced over shares from 0 to 1."""
    position = share * (len(values) - 1)
    before = np.floor(position).astype(np.intp)
    after = np.minimum(before + 1, len(values) - 1)
    return np.asarray(values[before] + (position - before) * (values[after] - values[before]))


def _joined(before: Array, after: Array, speed: float) -> Array:
    """Two segments of motion with a transition between them, whose duration grows with the distance."""
    start, end = before[-1], after[0].copy()
    after = after.copy()
    ways = []
    for hand in _HANDS:
        turn = slice(hand.start + ORIENTATION.start, hand.start + ORIENTATION.stop)
        # q and -q are the same rotation; the nearer one avoids the longer way round
        if inner(start[turn], end[turn]) < 0:
            end[turn] *= -1
            after[:, turn] *= -1
        ways.append(float(length(end[hand][POSITION] - start[hand][POSITION])))
    count = round((0.09 + 0.4 * max(ways)) / speed * _RATE)
    share = _minimum_jerk(np.arange(1, count + 1) / (count + 1))[:, None]
    between = start + share * (end - start)
    for hand, way in zip(_HANDS, ways, strict=True):
        # on the way hands curve forward, clear of the body
        between[:, hand.start + 2] += 0.3 * way * (share * (1 - share))[:, 0]
    return np.concatenate([before, between, after])


def _still(location: Vector, shape: str, fingers: Vector, palm: Vector) -> Array:
    """A hand's channels ``(15,)`` at one moment."""
    return np.array([*location, *_orientation(fingers, palm), *SHAPES[shape].channels()])


@lru_cache(maxsize=64)
def _orientation(fingers: Vector, palm: Vector) -> tuple[float, ...]:
    """Quaternion of the rotation with the columns: along the fingers, out of the palm, towards the thumb."""
    along = np.array(fingers) / length(fingers)
    out = np.array(palm) - along * inner(along, palm)
    out /= length(out)
    return tuple(quaternion_from_matrix(np.stack([along, out, np.cross(along, out)], axis=1)).tolist())


def _turned(axis: int, angle: Array) -> Array:
    """Quaternions ``(n, 4)`` of turns about one of the hand's own axes, radians ``(n,)``."""
    turn = np.zeros((len(angle), 4))
    turn[:, 1 + axis], turn[:, 0] = sine_cosine(angle / 2)
    return turn


def _product(left: Array, right: Array) -> Array:
    """Products of quaternions ``(n, 4)``: first the right turn, then the left."""
    real = left[:, 0] * right[:, 0] - inner(left[:, 1:], right[:, 1:])
    imaginary = left[:, :1] * right[:, 1:] + right[:, :1] * left[:, 1:] + np.cross(left[:, 1:], right[:, 1:])
    return np.concatenate([real[:, None], imaginary], axis=1)


def _minimum_jerk(share: Array) -> Array:
    """From 0 to 1 with speed and acceleration 0 at both ends (Flash and Hogan 1985)."""
    return share * share * share * (10 - 15 * share + 6 * share * share)


def _there_and_back(cycles: Array) -> Array:
    """0 at full cycles, 1 half-way."""
    return (1 - cosine(2 * np.pi * cycles)) / 2


def _wander(time: Array, channels: int, random: np.random.Generator) -> Array:
    """Slow random motion of about unit size, ``(n, channels)``: three sinusoids between 0.2 and 1.2 Hz."""
    frequency, phase = uniform(random, 0.2, 1.2, (3, 1, channels)), uniform(random, 0, 2 * np.pi, (3, 1, channels))
    return np.asarray(sine(2 * np.pi * frequency * time[:, None] + phase).sum(axis=0) / np.sqrt(1.5))


def _smoothed(rows: Array) -> Array:
    """Gaussian smoothing over time, standard deviation 30 ms; the ends are extended."""
    reach = 9
    far = np.arange(-reach, reach + 1) / 3
    kernel = exponential(-0.5 * far * far)
    kernel /= math.fsum(kernel.tolist())
    padded = np.concatenate([rows[:1].repeat(reach, axis=0), rows, rows[-1:].repeat(reach, axis=0)])
    return np.asarray(sum(weight * padded[shift : shift + len(rows)] for shift, weight in enumerate(kernel)))

"""The body: from the motion of hands and face to 55 joint rotations, and from the rotations alone to 3D points.

Rotations are in SMPL-X's axes (x to the body's left, y up, z to the front). 3D points have x to the viewer's right, y down, z
towards the viewer, in metres; the origin is the shoulder midpoint of the resting body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signbench.arithmetic import exponential, inner, length, logarithm, on_grid, product, sine, sine_cosine, turned
from signbench.corpora.synthsign import motion
from signbench.corpora.synthsign.motion import Array, Performance
from signbench.corpora.synthsign.signers import Signer
from signbench.media import body_model
from signbench.media.body_model import RIGHT_HAND_AXES, Posture, Rig, forward, hand_points, posed, rig
from signbench.media.rotations import axis_angle_from_matrix, matrix_from_axis_angle, shortest_turn, turn_about

MOTION_GRID = 100_000
"""Grid steps per radian for rotations, and per metre for translations."""

SHOULDERS_UP = 0.50
"""Height of the shoulder midpoint above the pelvis at rest, metres of a body of scale 1."""

_MIDDLE_OF_HAND = 0.075
_FINGERS = body_model.FINGER_ORDER[:4]
_CURLS = [{"index": 1, "middle": 2, "ring": 3, "pinky": 4}[finger] for finger in _FINGERS]
# directions of the straight and the fanned finger, degrees towards the thumb
_STRAIGHT, _FANNED = np.array(
    [{"index": (2.0, 14.0), "middle": (0.0, 3.0), "pinky": (-4.0, -22.0), "ring": (-2.0, -9.0)}[finger] for finger in _FINGERS]
).T
_REST = np.radians([body_model.FINGERS[finger][2] for finger in _FINGERS])
_BEND = np.radians([85.0, 100.0, 65.0])
_THUMB_ALONG, _THUMB_OUT, _THUMB_ACROSS = (0.90, 0.25, 0.36), (0.50, 0.10, 0.86), (0.48, 0.72, -0.50)
_JAW_OPEN = 0.24
_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A clip's body; hands and arms with the signer's right first.

    Attributes:
        rotations: float32 ``(T, 55, 3)``, axis-angle; the joints below follow from them and from the signer's bones.
        translation: float32 ``(T, 3)``, the position of the pelvis, metres, SMPL-X's axes.
        shoulders: float64 ``(2, T, 3)``.
        elbows: float64 ``(2, T, 3)``.
        hands: float64 ``(2, T, 21, 3)``: wrist, then four points of thumb, index, middle, ring and little finger.
        palms: float64 ``(2, T, 3)``, the directions that the palms face.
        hips: float64 ``(2, T, 3)``.
        neck: float64 ``(T, 3)``, its upper end.
        face: float64 ``(T, 68, 3)``, in the order of the 68 points of iBUG 300-W.
        crown: float64 ``(T, 15, 3)``, the top of the head from left to right in the image.
        head: float64 ``(T, 3, 3)``, the head's axes (to its left, down, to the front) as columns.
        ears: float64 ``(2, T, 3)``.
        pupils: float64 ``(2, T, 3)``.
    """

    rotations: NDArray[np.float32]
    translation: NDArray[np.float32]
    shoulders: Array
    elbows: Array
    hands: Array
    palms: Array
    hips: Array
    neck: Array
    face: Array
    crown: Array
    head: Array
    ears: Array
    pupils: Array


def skeleton(performance: Performance, signer: Signer) -> Skeleton:
    """The body of a performance by a signer.

    Rotations and translation are rounded to a grid of 1e-5, and every point follows from the rounded values, so that a file of
    rotations and the key points agree.
    """
    bones = rig(signer.build)
    rotations, translation = _rotations(performance, signer, bones)
    posture = forward(rotations, bones, translation)
    return _points(posture, performance.face, signer, rotations, translation)


def skeleton_of(rotations: NDArray[np.float32], translation: NDArray[np.float32], signer: Signer) -> Skeleton:
    """The body of given rotations, such as a generator's, with a face at rest except for the jaw.

    Args:
        rotations: axis-angle ``(T, 55, 3)``, radians.
        translation: ``(T, 3)``, metres.
        signer: whose body it is.
    """
    posture = forward(rotations, rig(signer.build), translation)
    return _points(posture, np.zeros((len(rotations), motion.FACE_NUMBERS)), signer, rotations, translation)


def in_picture(points: Array, scale: float) -> Array:
    """Converts points from SMPL-X's axes ``(..., 3)`` to the axes of the image."""
    return np.asarray((points - [0, SHOULDERS_UP * scale, 0]) * [1, -1, 1])


def _rotations(performance: Performance, signer: Signer, bones: Rig) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    face = performance.face
    count = len(face)
    dominant = -1.0 if not signer.left_handed else 1.0  # the body's left is at positive x
    scale = signer.scale
    local = np.broadcast_to(np.eye(3), (count, body_model.JOINT_COUNT, 3, 3)).copy()

    # the trunk bends at three joints so that the shoulders move by the required amount
    sway = dominant * face[:, motion.SWAY]
    lean = face[:, motion.LEAN]
    reach = scale * 0.36
    bend = np.stack([lean / reach, np.zeros(count), -sway / reach], axis=1) / 3
    local[:, [body_model.SPINE_1, body_model.SPINE_2, body_model.SPINE_3]] = matrix_from_axis_angle(bend)[:, None]
    translation = on_grid(np.stack([0.25 * sway, -0.05 * np.abs(sway), 0.1 * lean], axis=1), MOTION_GRID)

    # neck and head share the rotation of the head; the neck compensates for the trunk
    upright = matrix_from_axis_angle(-2.4 * bend)
    turn = _head_turn(face, dominant)
    share = axis_angle_from_matrix(turn)
    local[:, body_model.NECK] = product(upright, matrix_from_axis_angle(0.4 * share))
    local[:, body_model.HEAD] = matrix_from_axis_angle(0.6 * share)
    local[:, body_model.JAW] = turn_about(0, _JAW_OPEN * np.clip(face[:, motion.OPEN], 0, 1.3))
    gaze = np.stack([face[:, motion.GAZE_DOWN], dominant * face[:, motion.GAZE_ASIDE], np.zeros(count)], axis=1)
    local[:, [body_model.LEFT_EYE, body_model.RIGHT_EYE]] = matrix_from_axis_angle(gaze)[:, None]

    trunk = posed(local, bones, translation)
    rest_middle = np.array([0, SHOULDERS_UP * scale, 0])
    moved = trunk.joints[:, [body_model.LEFT_SHOULDER, body_model.RIGHT_SHOULDER]].mean(axis=1) - rest_middle
    # each arm is treated as the right one: the left arm is a mirrored right arm
    sides = performance.hands[::-1] if signer.left_handed else performance.hands
    for side, channels in enumerate(sides):
        mirror = np.ones(3) if side == 0 else _MIRROR
        flip = np.outer(mirror, mirror)
        collar, shoulder, elbow, wrist = (
            (body_model.RIGHT_COLLAR, body_model.RIGHT_SHOULDER, body_model.RIGHT_ELBOW, body_model.RIGHT_WRIST)
            if side == 0
            else (body_model.LEFT_COLLAR, body_model.LEFT_SHOULDER, body_model.LEFT_ELBOW, body_model.LEFT_WRIST)
        )
        chest = trunk.frames[:, body_model.SPINE_3] * flip
        root = trunk.joints[:, collar] * mirror
        hand = RIGHT_HAND_AXES[:, None] * motion.rotation(channels[:, motion.ORIENTATION])
        middle = channels[:, motion.POSITION] * scale * [-1, -1, 1] + rest_middle + moved * mirror
        target = middle - hand[:, :, 0] * (_MIDDLE_OF_HAND * signer.build.hands * scale)
        raised = np.clip((target[:, 1] - 0.42 * scale) / scale, -0.1, 0.35)
        shrug = turn_about(2, -0.5 * raised)
        above = product(chest, shrug)
        shoulder_at = root + turned(above, bones.offsets[shoulder] * mirror)
        upper, lower = (float(length(bones.offsets[joint])) for joint in (elbow, wrist))
        way_up, way_down = _arm(shoulder_at, target, hand[:, :, 0], upper, lower)
        arm = _upper_arm(way_up, way_down)
        # columns of `hand` are the rotated axes of the hand at rest
        turned_hand = hand * RIGHT_HAND_AXES
        forearm = product(shortest_turn(hand[:, :, 0], way_down), turned_hand)
        for joint, matrix in (
            (collar, shrug),
            (shoulder, product(_inverse(above), arm)),
            (elbow, product(_inverse(arm), forearm)),
            (wrist, product(_inverse(forearm), turned_hand)),
        ):
            local[:, joint] = matrix * flip
        fingers = body_model.RIGHT_HAND if side == 0 else body_model.LEFT_HAND
        local[:, fingers] = _fingers(channels[:, motion.SHAPE]) * flip
    return on_grid(axis_angle_from_matrix(local), MOTION_GRID), translation


def _points(
    posture: Posture, face: Array, signer: Signer, rotations: NDArray[np.float32], translation: NDArray[np.float32]
) -> Skeleton:
    scale, joints, frames = signer.scale, posture.joints, posture.frames
    down = np.array([1.0, -1.0, 1.0])
    head = frames[:, body_model.HEAD] * np.outer(down, down)  # in the axes of the image
    jaw = frames[:, body_model.JAW] * np.outer(down, down)
    neck = in_picture(joints[:, body_model.HEAD], scale)
    centre = neck + turned(head, [0.0, -0.115, 0.01]) * scale
    hinge = in_picture(joints[:, body_model.JAW], scale)

    def placed(local: Array) -> Array:
        return np.asarray(centre[:, None] + scale * turned(head[:, None], local))

    still = placed(_face(face))
    # the lower half of the face moves with the jaw, more so near the chin
    from_hinge = turned(_inverse(head)[:, None], still - hinge[:, None])
    opened = hinge[:, None] + turned(jaw[:, None], from_hinge)
    points = still + _JAW_SHARE[:, None] * (opened - still)

    eyes = in_picture(joints[:, [body_model.RIGHT_EYE, body_model.LEFT_EYE]], scale)
    looking = frames[:, [body_model.RIGHT_EYE, body_model.LEFT_EYE]][..., 2] * down
    left, right = hand_points(posture)
    hands = in_picture(np.stack([right, left]), scale)
    palms = np.stack([-frames[:, wrist, :, 1] for wrist in (body_model.RIGHT_WRIST, body_model.LEFT_WRIST)]) * down

    def pair(right_joint: int, left_joint: int) -> Array:
        return np.moveaxis(in_picture(joints[:, [right_joint, left_joint]], scale), 1, 0)

    return Skeleton(
        rotations=rotations,
        translation=translation,
        shoulders=pair(body_model.RIGHT_SHOULDER, body_model.LEFT_SHOULDER),
        elbows=pair(body_model.RIGHT_ELBOW, body_model.LEFT_ELBOW),
        hands=hands,
        palms=palms,
        hips=pair(body_model.RIGHT_HIP, body_model.LEFT_HIP),
        neck=neck,
        face=points,
        crown=placed(_CROWN),
        head=head,
        ears=np.moveaxis(placed(np.array([[-0.077, 0.0, -0.005], [0.077, 0.0, -0.005]])), 1, 0),
        pupils=np.moveaxis(eyes + 0.012 * scale * looking, 1, 0),
    )


def _inverse(matrix: Array) -> Array:
    return np.swapaxes(matrix, -1, -2)


def _arm(shoulder: Array, wrist: Array, fingers: Array, upper: float, lower: float) -> tuple[Array, Array]:
    """Directions of upper arm and forearm ``(T, 3)`` by inverse kinematics; a wrist out of reach is moved closer.

    The elbow points down and outward, and shifts away from the direction of the fingers, so that the wrist bends less.
    """
    way = wrist - shoulder
    distance = length(way)[:, None]
    direction = way / distance
    distance = np.clip(distance, abs(upper - lower) + 0.02, 0.985 * (upper + lower))
    along = (upper * upper - lower * lower + distance * distance) / (2 * distance)
    hint = np.array([-0.55, -1.0, -0.35]) - 0.6 * fingers
    across = hint - direction * inner(direction, hint)[:, None]
    across /= length(across)[:, None]
    elbow = direction * along + across * np.sqrt(np.maximum(upper * upper - along * along, 0))
    return elbow / upper, (direction * distance - elbow) / lower


def _upper_arm(way_up: Array, way_down: Array) -> Array:
    """Rotations of the right upper arm from rest, about its own axis as the hinge of the elbow requires: ``(T, 3, 3)``."""
    hinge = np.cross(way_up, way_down)
    hinge /= length(hinge)[:, None]
    now = np.stack([way_up, hinge, np.cross(way_up, hinge)], axis=2)
    # at rest the arm points to -x, and a bent elbow brings the forearm to the front, about y
    return now * [-1.0, 1.0, -1.0]


def _fingers(shape: Array) -> Array:
    """Local rotations of the right hand's 15 joints ``(T, 15, 3, 3)``."""
    curl, spread, thumb_out, hook = shape[:, :5], shape[:, 5], shape[:, 6], shape[:, 7]
    count = len(shape)
    # in the hand's axes: splaying rotates about the palm's direction, bending about the direction towards the thumb; closed fingers
    # cannot be fanned out
    own = curl[:, _CURLS]
    splay = np.radians(_STRAIGHT + (_FANNED - _STRAIGHT) * spread[:, None] * (1 - 0.8 * own))
    bend = own[..., None] * _BEND * np.stack([1 - hook, np.ones(count), np.ones(count)], axis=1)[:, None]
    fan, back, curled = turn_about(1, -splay), turn_about(1, _REST), turn_about(2, bend)
    fingers = np.empty((count, 4, 3, 3, 3))
    fingers[:, :, 0] = product(product(fan, curled[:, :, 0]), back)
    fingers[:, :, 1:] = product(product(_inverse(back)[:, None], curled[:, :, 1:]), back[:, None])
    turns = np.empty((count, 15, 3, 3))
    turns[:, :12] = fingers.reshape(count, 12, 3, 3)
    along, out, across = (np.array(vector) for vector in (_THUMB_ALONG, _THUMB_OUT, _THUMB_ACROSS))
    root = along + thumb_out[:, None] * (out - along)
    before = np.broadcast_to(np.eye(3), (count, 3, 3))
    for joint, share in enumerate((0.5, 0.9, 1.25)):
        direction = root + (share * curl[:, :1]) * (across - root)
        direction /= length(direction)[:, None]
        bent = shortest_turn(np.array(body_model.THUMB_REST), direction)
        turns[:, 12 + joint] = product(_inverse(before), bent)
        before = bent
    return turns * np.outer(RIGHT_HAND_AXES, RIGHT_HAND_AXES)


def _head_turn(face: Array, dominant: float) -> Array:
    """Rotations of the head ``(T, 3, 3)``: roll, then pitch, then yaw."""
    yaw = turn_about(1, dominant * face[:, motion.YAW])
    pitch = turn_about(0, face[:, motion.PITCH])
    roll = turn_about(2, dominant * face[:, motion.ROLL])
    return product(product(yaw, pitch), roll)


def _jaw_share() -> Array:
    """How much each of the 68 points moves with the jaw, ``(68,)``."""
    share = np.zeros(68)
    rise = sine(np.linspace(np.pi, 0, 17))
    share[:17] = rise * rise * (rise * rise)
    share[48:60] = (0.3, 0, 0, 0, 0, 0, 0.3, 0.8, 1, 1, 1, 0.8)
    share[60:68] = (0.3, 0, 0, 0, 0.3, 0.85, 0.95, 0.85)
    return share


_JAW_SHARE = _jaw_share()


def _crown() -> Array:
    """The top of the head ``(15, 3)`` in its own axes: half an oval, a little more square than an ellipse."""
    down, aside = sine_cosine(np.linspace(np.pi, 2 * np.pi, 15))
    size = np.abs(aside)
    width = 0.079 * np.sign(aside) * exponential(0.85 * logarithm(np.maximum(size, 1e-12)))
    return np.stack([width, -0.015 + 0.112 * down, np.zeros(15)], axis=1)


_CROWN = _crown()


def _face(face: Array) -> Array:
    """The 68 points ``(T, 68, 3)`` with the jaw closed, in the head's own axes (to its left, down, to the front), metres."""
    opened, wide, raised, frown, lids = (
        face[:, channel, None] for channel in (motion.OPEN, motion.WIDE, motion.RAISED, motion.FROWN, motion.LIDS)
    )
    points = np.zeros((len(face), 68, 3))

    def put(first: int, *axes: ArrayLike) -> None:
        block = np.stack(np.broadcast_arrays(*axes), axis=-1)
        points[:, first : first + block.shape[-2]] = block

    down, aside = sine_cosine(np.linspace(np.pi, 0, 17))
    put(0, 0.077 * aside * (1 - 0.12 * down), 0.118 * down, 0.075 * down)
    arch = np.array([0.002, -0.005, -0.007, -0.006, -0.002])
    across = np.array([-0.056, -0.047, -0.037, -0.026, -0.016])
    # a frown pulls the inner ends together and down
    inner_end = np.array([0.0, 0.1, 0.3, 0.7, 1.0]) * frown
    height = -0.036 + arch - 0.013 * raised + 0.007 * inner_end
    put(17, across + 0.004 * inner_end, height, [0.07, 0.078, 0.082, 0.085, 0.087])
    put(22, -(across + 0.004 * inner_end)[:, ::-1], height[:, ::-1], [0.087, 0.085, 0.082, 0.078, 0.07])
    put(27, [0.0] * 4, [-0.012, 0.002, 0.016, 0.028], [0.088, 0.095, 0.103, 0.108])
    put(31, [-0.016, -0.008, 0.0, 0.008, 0.016], [0.036, 0.039, 0.041, 0.039, 0.036], [0.088, 0.092, 0.095, 0.092, 0.088])
    lid = np.array([0.0, -0.008, -0.008, 0.0, 0.006, 0.006]) * (1 + 0.15 * raised - 0.2 * frown)
    eye = np.array([-0.016, -0.007, 0.006, 0.015, 0.006, -0.007])
    put(36, -0.032 + eye, -0.012 + lid * (1 - lids), 0.08)
    put(42, 0.032 + np.array([-0.015, -0.006, 0.007, 0.016, 0.007, -0.006]), -0.012 + lid * (1 - lids), 0.08)
    half = 0.025 * (1 + 0.3 * wide - 0.1 * opened)
    outer = np.array([-1.0, -0.62, -0.25, 0.0, 0.25, 0.62, 1.0, 0.62, 0.25, 0.0, -0.25, -0.62])
    upper = np.array([0, -0.006, -0.008, -0.0065, -0.008, -0.006, 0, 0.006, 0.009, 0.0095, 0.009, 0.006])
    put(48, half * outer, 0.066 + upper, 0.09)
    inner = np.array([-0.85, -0.35, 0.0, 0.35, 0.85, 0.35, 0.0, -0.35])
    put(60, half * inner, 0.067, 0.09)
    return points

"""The joints of the key-point layouts, in the order of their sources, with names that all layouts share.

``left`` and ``right`` are the signer's own. The evidence for each layout's sides, and a table of all joints, is in
``docs/layouts.md``.
"""

from __future__ import annotations

from typing import Literal

Part = Literal["body", "face", "left_hand", "right_hand"]
Joints = tuple[tuple[str, Part], ...]
"""Joint names with the part of the signer that each belongs to, in the layout's order."""

FINGERS = ("thumb", "index", "middle", "ring", "pinky")

# Points of MediaPipe's 468-point face mesh that lie on its contours (lips, eyes, brows, face oval), in ascending order.
# fmt: off
MESH_CONTOURS = (
    0, 7, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91,
    93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161,
    162, 163, 172, 173, 176, 178, 181, 185, 191, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293,
    295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375,
    377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466,
)
# fmt: on

# The 33 pose landmarks of MediaPipe, as named in the headers of .pose files, with signbench's names if they differ.
MEDIAPIPE_BODY = {
    "NOSE": "nose",
    "LEFT_EYE_INNER": "left_eye_inner",
    "LEFT_EYE": "left_eye",
    "LEFT_EYE_OUTER": "left_eye_outer",
    "RIGHT_EYE_INNER": "right_eye_inner",
    "RIGHT_EYE": "right_eye",
    "RIGHT_EYE_OUTER": "right_eye_outer",
    "LEFT_EAR": "left_ear",
    "RIGHT_EAR": "right_ear",
    "MOUTH_LEFT": "left_mouth",
    "MOUTH_RIGHT": "right_mouth",
    "LEFT_SHOULDER": "left_shoulder",
    "RIGHT_SHOULDER": "right_shoulder",
    "LEFT_ELBOW": "left_elbow",
    "RIGHT_ELBOW": "right_elbow",
    "LEFT_WRIST": "left_wrist",
    "RIGHT_WRIST": "right_wrist",
    # The pose network's own coarse fingers; the hand network's are left_pinky_1 and so on.
    "LEFT_PINKY": "left_body_pinky",
    "RIGHT_PINKY": "right_body_pinky",
    "LEFT_INDEX": "left_body_index",
    "RIGHT_INDEX": "right_body_index",
    "LEFT_THUMB": "left_body_thumb",
    "RIGHT_THUMB": "right_body_thumb",
    "LEFT_HIP": "left_hip",
    "RIGHT_HIP": "right_hip",
    "LEFT_KNEE": "left_knee",
    "RIGHT_KNEE": "right_knee",
    "LEFT_ANKLE": "left_ankle",
    "RIGHT_ANKLE": "right_ankle",
    "LEFT_HEEL": "left_heel",
    "RIGHT_HEEL": "right_heel",
    "LEFT_FOOT_INDEX": "left_foot_index",
    "RIGHT_FOOT_INDEX": "right_foot_index",
}

_MEDIAPIPE_178_BODY = (
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
)

# OpenPose's COCO-18 body, which comes first in DWPose's 134 points.
_OPENPOSE_18 = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
)

_FEET = ("left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel")

# OpenPose's BODY_25: the same with the middle of the hips, and with feet.
OPENPOSE_25 = (*_OPENPOSE_18[:8], "mid_hip", *_OPENPOSE_18[8:], *_FEET)

# COCO's 17 body points with COCO-WholeBody's feet.
COCO_23 = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
    *_FEET,
)

# OpenPose's BODY_135, whose hands begin at the fingers.
OPENPOSE_BODY_135 = (
    *COCO_23[:17],
    "upper_neck",
    "head_top",
    *_FEET,
)

# AlphaPose's Halpe points, whose feet go from left to right.
HALPE_26 = (
    *COCO_23[:17],
    "head_top",
    "neck",
    "mid_hip",
    "left_big_toe",
    "right_big_toe",
    "left_small_toe",
    "right_small_toe",
    "left_heel",
    "right_heel",
)

_SLRTP_BODY = (
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "left_hip",
)

_PT_BODY = (
    "nose",
    "neck",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
)

# The body joints of SMPL-X, in the order of its joint tree; the hands follow.
_SMPLX_BODY = (
    "pelvis",
    "left_hip",
    "right_hip",
    "spine_1",
    "left_knee",
    "right_knee",
    "spine_2",
    "left_ankle",
    "right_ankle",
    "spine_3",
    "left_foot",
    "right_foot",
    "neck",
    "left_collar",
    "right_collar",
    "head",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
)


def hand(side: Literal["left", "right"]) -> tuple[str, ...]:
    """The 21 points of a hand: the root at the wrist, then each finger from the palm (1) to the tip (4), thumb first."""
    return (f"{side}_hand_root", *(f"{side}_{finger}_{index}" for finger in FINGERS for index in range(1, 5)))


def mano_hand(side: Literal["left", "right"]) -> tuple[str, ...]:
    """The 15 joints of a MANO hand: three of each finger, without root and tips, in MANO's order of the fingers."""
    return tuple(f"{side}_{finger}_{index}" for finger in ("index", "middle", "pinky", "ring", "thumb") for index in range(1, 4))


def mesh(points: int) -> tuple[str, ...]:
    """The first points of MediaPipe's face mesh: 468, or 478 with the irises."""
    return tuple(f"mesh_{index}" for index in range(points))


def face_68() -> tuple[str, ...]:
    """The 68 points of iBUG's face, from the signer's right ear along the jaw."""
    return tuple(f"face_{index}" for index in range(68))


def _of(part: Part, names: tuple[str, ...]) -> Joints:
    return tuple((name, part) for name in names)


_MEDIAPIPE_33 = _of("body", tuple(MEDIAPIPE_BODY.values()))
_LEFT_HAND = _of("left_hand", hand("left"))
_RIGHT_HAND = _of("right_hand", hand("right"))
_FACE_68 = _of("face", face_68())
_PUPILS = _of("face", ("face_right_pupil", "face_left_pupil"))

LAYOUTS: dict[str, Joints] = {
    "mediapipe-178": (
        *_of("body", _MEDIAPIPE_178_BODY),
        *_of("face", tuple(f"mesh_{index}" for index in MESH_CONTOURS)),
        *_LEFT_HAND,
        *_RIGHT_HAND,
    ),
    "mediapipe-holistic": (*_MEDIAPIPE_33, *_of("face", mesh(468)), *_LEFT_HAND, *_RIGHT_HAND),
    "mediapipe-holistic-refined": (*_MEDIAPIPE_33, *_of("face", mesh(478)), *_LEFT_HAND, *_RIGHT_HAND),
    "slrtp-178": (
        *_of("body", _SLRTP_BODY),
        *_RIGHT_HAND,
        *_LEFT_HAND,
        *_of("face", tuple(f"slrtp_face_{index}" for index in range(128))),
    ),
    "pt-50": (*_of("body", _PT_BODY), *_RIGHT_HAND, *_LEFT_HAND),
    "coco-wholebody-133": (*_of("body", COCO_23), *_FACE_68, *_LEFT_HAND, *_RIGHT_HAND),
    "dwpose-134": (*_of("body", (*_OPENPOSE_18, *_FEET)), *_FACE_68, *_LEFT_HAND, *_RIGHT_HAND),
    "openpose-135": (
        *_of("body", OPENPOSE_BODY_135),
        *_LEFT_HAND[1:],
        *_RIGHT_HAND[1:],
        *_FACE_68,
        *_PUPILS,
    ),
    "openpose-137": (*_of("body", OPENPOSE_25), *_FACE_68, *_PUPILS, *_LEFT_HAND, *_RIGHT_HAND),
    "halpe-136": (*_of("body", HALPE_26), *_FACE_68, *_LEFT_HAND, *_RIGHT_HAND),
    "smplx-55": (
        *_of("body", _SMPLX_BODY),
        *_of("face", ("jaw", "left_eyeball", "right_eyeball")),
        *_of("left_hand", mano_hand("left")),
        *_of("right_hand", mano_hand("right")),
    ),
}

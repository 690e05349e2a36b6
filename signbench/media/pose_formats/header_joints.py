"""Joints as named in the headers of ``.pose`` files, by component and point, and the reverse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from typing import get_args

from signbench.errors import MediaError, listing, nearest
from signbench.media.layout_joints import COCO_23, FINGERS, HALPE_26, LAYOUTS, MEDIAPIPE_BODY, OPENPOSE_25, Part, face_68, hand
from signbench.media.layouts import Layout, layout_of

Points = dict[str, tuple[str, Part]]
"""Names of points in a component of a header -> signbench's joints with their parts."""

Component = tuple[str, tuple[str, ...]]
"""Name of a component and of its points."""

_IGNORED = ("POSE_WORLD_LANDMARKS",)  # the body again, in metres around the hips
_OWN = "signbench"
_PARTS: tuple[Part, ...] = get_args(Part)
_OWN_COMPONENT = re.compile(rf"{_OWN}:({'|'.join(_PARTS)}):\d+")
_IN_OPENPOSE_FILES = "openpose"


@cache
def _families() -> dict[str, dict[str, Points]]:
    """Family of components -> component -> its points."""
    return {
        "mediapipe": _mediapipe(),
        _IN_OPENPOSE_FILES: _openpose(),
        "coco-wholebody": _coco_wholebody(""),
        # AlphaPose's names for the same components, and for those with a neck.
        "alphapose": _coco_wholebody("_133"),
        "halpe": _coco_wholebody("_136", HALPE_26, "face_"),
    }


@cache
def _undivided() -> dict[str, dict[str, Points]]:
    """Family of components -> a component that holds all parts of the signer -> its points."""
    face = (
        *(f"FaceContour{index}" for index in range(17)),
        *(f"REyeBrow{index}" for index in range(5)),
        *(f"LEyeBrow{index}" for index in reversed(range(5))),
        *(f"NoseUpper{index}" for index in range(4)),
        *(f"NoseLower{index}" for index in range(5)),
        *(f"{side}Eye{index}" for side in "RL" for index in range(6)),
        *(f"OMouth{index}" for index in range(12)),
        *(f"IMouth{index}" for index in range(8)),
        "RPupil",
        "LPupil",
    )
    thumb = ("Thumb1CMC", "Thumb2Knuckles", "Thumb3IP", "Thumb4FingerTip")
    segments = ("1Knuckles", "2PIP", "3DIP", "4FingerTip")
    fingers = (*thumb, *(f"{finger}{segment}" for finger in ("Index", "Middle", "Ring", "Pinky") for segment in segments))
    joints = LAYOUTS["openpose-135"]
    body = tuple(_openpose_body(joint) for joint, part in joints if part == "body")
    names = (*body, *(f"{side}{finger}" for side in "LR" for finger in fingers), *face)
    return {_IN_OPENPOSE_FILES: {"BODY_135": dict(zip(names, joints, strict=True))}}


def _mediapipe() -> dict[str, Points]:
    knuckles = {
        "thumb": ("THUMB_CMC", "THUMB_MCP", "THUMB_IP", "THUMB_TIP"),
        **{
            finger: tuple(f"{name}_{segment}" for segment in ("MCP", "PIP", "DIP", "TIP"))
            for finger, name in zip(FINGERS[1:], ("INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY"), strict=True)
        },
    }
    fingers = ("WRIST", *(name for finger in FINGERS for name in knuckles[finger]))
    return {
        "POSE_LANDMARKS": {point: (joint, "body") for point, joint in MEDIAPIPE_BODY.items()},
        "FACE_LANDMARKS": {str(index): (f"mesh_{index}", "face") for index in range(478)},
        "LEFT_HAND_LANDMARKS": _points(fingers, hand("left"), "left_hand"),
        "RIGHT_HAND_LANDMARKS": _points(fingers, hand("right"), "right_hand"),
    }


def _openpose() -> dict[str, Points]:
    # The names that pose-format gives OpenPose's points: side and joint, iBUG's numbers, and a different numbering of knuckles for
    # hands.
    body = tuple(_openpose_body(joint) for joint in OPENPOSE_25)
    face = (
        *(f"FB_{index}" for index in range(17)),
        *(f"FEB_{index}" for index in range(17, 27)),
        *(f"FN_{index}" for index in range(27, 36)),
        *(f"FE_{index}" for index in range(36, 48)),
        *(f"FLO_{index}" for index in range(48, 60)),
        *(f"FLI_{index}" for index in range(60, 68)),
        "FP_68",
        "FP_69",
    )
    others = (f"{finger}_{segment}" for finger in "IMRP" for segment in ("CMC", "MCP", "PIP", "DIP"))
    fingers = ("BASE", "T_STT", "T_BCMC", "T_MCP", "T_IP", *others)
    return {
        "pose_keypoints_2d": _points(body, OPENPOSE_25, "body"),
        "face_keypoints_2d": _points(face, (*face_68(), "face_right_pupil", "face_left_pupil"), "face"),
        "hand_left_keypoints_2d": _points(fingers, hand("left"), "left_hand"),
        "hand_right_keypoints_2d": _points(fingers, hand("right"), "right_hand"),
    }


def _openpose_body(joint: str) -> str:
    first, *rest = joint.split("_")
    return {"left": "L", "right": "R"}.get(first, first.capitalize()) + "".join(word.capitalize() for word in rest)


def _coco_wholebody(suffix: str, body: Sequence[str] = COCO_23, face: str = "face-") -> dict[str, Points]:
    fingers = tuple(f"hand_{index}" for index in range(21))
    # AlphaPose calls the middle of the hips the pelvis.
    names = tuple("pelvis" if joint == "mid_hip" else joint for joint in body)
    return {
        f"BODY{suffix}": _points(names, body, "body"),
        f"FACE{suffix}": _points(tuple(f"{face}{index}" for index in range(68)), face_68(), "face"),
        f"LEFT_HAND{suffix}": _points(fingers, hand("left"), "left_hand"),
        f"RIGHT_HAND{suffix}": _points(fingers, hand("right"), "right_hand"),
    }


def _points(names: Sequence[str], joints: Sequence[str], part: Part) -> Points:
    return {name: (joint, part) for name, joint in zip(names, joints, strict=True)}


def header_layout(components: Iterable[Component]) -> tuple[Layout, list[int]]:
    """The layout of a header, and the points that it uses.

    Args:
        components: of the header, in order.

    Returns:
        The layout, and the index of each of its joints among all points of the header.

    Raises:
        MediaError: a component or point is unknown.
        InputError: two points are the same joint.
    """
    joints: list[tuple[str, Part]] = []
    indices: list[int] = []
    families: list[str] = []
    start = 0
    for name, points in components:
        if name not in _IGNORED:
            family, known = _component(name, points)
            families.append(family)
            for point in points:
                if point not in known:
                    raise MediaError(f"its header has no known point {point!r:.60} in {name}. {nearest(point, known)}")
            joints += [known[point] for point in points]
            indices += range(start, start + len(points))
        start += len(points)
    if not joints:
        raise MediaError("its header names no key points.")
    return layout_of(families[0], tuple(joints)), indices


def _component(name: str, points: Sequence[str]) -> tuple[str, Points]:
    """The family of a component and its possible points.

    Raises:
        MediaError: no family has it.
    """
    if own := _OWN_COMPONENT.fullmatch(name):
        part = next(part for part in _PARTS if part == own[1])
        return _OWN, {point: (point, part) for point in points}
    groups = [*_families().items(), *_undivided().items()]
    for family, components in groups:
        if name in components:
            return family, components[name]
    known = [component for _, components in groups for component in components]
    raise MediaError(f"its header has the component {name!r:.60}, which is none of {listing(known, len(known))}.")


def components_of(layout: Layout) -> list[Component]:
    """Components whose points are a layout's joints in order: another program's if it has them in that order, else signbench's."""
    pairs = zip(layout.joints, layout.parts, strict=True)
    runs = [(part, [joint for joint, _ in run]) for part, run in groupby(pairs, lambda pair: pair[1])]
    for components in _families().values():
        named = _in_family(runs, components)
        if named is not None:
            return named
    return [(f"{_OWN}:{part}:{number}", tuple(joints)) for number, (part, joints) in enumerate(runs)]


def _in_family(runs: list[tuple[str, list[str]]], components: dict[str, Points]) -> list[Component] | None:
    by_part: dict[str, tuple[str, Points]] = {next(iter(points.values()))[1]: (name, points) for name, points in components.items()}
    named: list[Component] = []
    for part, joints in runs:
        name, points = by_part[part]
        back = {joint: point for point, (joint, _) in points.items()}
        if name in dict(named) or joints != [joint for joint in back if joint in set(joints)]:
            return None
        named.append((name, tuple(back[joint] for joint in joints)))
    return named

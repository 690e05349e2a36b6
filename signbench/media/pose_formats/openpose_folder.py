"""A folder of OpenPose's JSON, one file per frame (``..._000000000012_keypoints.json``), as one clip.

Source: OpenPose, ``doc/02_output.md`` (JSON Output Format).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media.layouts import Layout, layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.contract import PoseProbe, RawClip
from signbench.media.pose_formats.json_files import read_object

SUFFIX = "_keypoints.json"

_NUMBERED = re.compile(r"(?:^|\D)(\d+)_keypoints\.json$")
_FIELDS = {"pose_keypoints_2d": 25, "face_keypoints_2d": 70, "hand_left_keypoints_2d": 21, "hand_right_keypoints_2d": 21}


class OpenPoseFolder:
    """A folder of OpenPose files, with a single signer."""

    def members(self, path: Path) -> None:
        return None

    def probe(self, path: Path, member: str | None, declared: Layout | None) -> PoseProbe:
        return _clip(path).probe(None)

    def read(self, path: Path, member: str | None, declared: Layout | None, source_fps: float | None) -> Pose:
        return _clip(path).pose(None, source_fps)


def is_openpose_folder(path: Path) -> bool:
    """Whether a folder holds only OpenPose's files, apart from hidden ones."""
    names = [child.name for child in path.iterdir() if not child.name.startswith(".")]
    return bool(names) and all(name.endswith(SUFFIX) for name in names)


def _clip(path: Path) -> RawClip:
    frames = _frames(path)
    openpose = layout("openpose-137")
    joints = len(openpose.joints)
    read: list[NDArray[np.float64]] = []

    def numbers() -> NDArray[np.float64]:
        if not read:
            read.append(np.stack([_frame(frame) for frame in frames]))
        return read[0]

    return RawClip(
        shape=(len(frames), joints, 2),
        points=lambda: numbers()[..., :2],
        confidence=lambda: numbers()[..., 2],
        layout=openpose,
    )


def _frames(path: Path) -> list[Path]:
    """The files in order of their frame numbers, which may start anywhere but must not have gaps.

    Raises:
        MediaError: a file has no number, two have the same number, or there is a gap.
    """
    numbered: dict[int, Path] = {}
    for child in sorted(path.iterdir()):
        if child.name.startswith("."):
            continue
        found = _NUMBERED.search(child.name)
        if found is None:
            raise MediaError(f"{child.name} has no frame number before {SUFFIX}.")
        if (number := int(found[1])) in numbered:
            raise MediaError(f"{numbered[number].name} and {child.name} are both frame {number}.")
        numbered[number] = child
    if not numbered:
        raise MediaError("it holds no frames.")
    first, last = min(numbered), max(numbered)
    if last - first + 1 != len(numbered):
        gap = next(number for number in range(first, last) if number not in numbered)
        raise MediaError(f"it holds frames {first} to {last}, but not frame {gap}.")
    return [numbered[number] for number in range(first, last + 1)]


def _frame(path: Path) -> NDArray[np.float64]:
    """Key points of the signer, float64 ``(137, 3)`` with confidence last; zeros where a part was not found.

    Raises:
        MediaError: the file is not OpenPose's JSON, or shows more than one person.
    """
    people = read_object(path).get("people")
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise MediaError(f"{path.name} has no list of people.")
    seen = people if len(people) == 1 else [person for person in people if any(_any_seen(person.get(field)) for field in _FIELDS)]
    if len(seen) > 1:
        raise MediaError(
            f"{path.name} shows {len(seen)} people; keep the one who signs, or run OpenPose with --number_people_max 1."
        )
    person = seen[0] if seen else {}
    return np.concatenate([_part(path, person.get(field) or [], field, points) for field, points in _FIELDS.items()])


def _any_seen(values: Any) -> bool:
    """Whether a list of x, y and confidence values has a confidence above 0."""
    return isinstance(values, list) and any(values[2::3])


def _part(path: Path, values: Any, field: str, points: int) -> NDArray[np.float64]:
    if not values:
        return np.zeros((points, 3))
    try:
        return np.array(values, dtype=np.float64).reshape(points, 3)
    except (ValueError, TypeError) as error:
        raise MediaError(f"{path.name}: {field} does not hold {points} times x, y and confidence.") from error

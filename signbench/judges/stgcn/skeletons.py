"""The skeletons of ST-GCN, and the partition of each joint's neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, nearest
from signbench.media.body_model import LEFT_EYE, PARENTS, RIGHT_EYE
from signbench.media.layout_joints import FINGERS
from signbench.media.layouts import layout


@dataclass(frozen=True)
class Skeleton:
    """Joints and the bones between them.

    Attributes:
        name: the name in configurations.
        joints: number V of joints.
        bones: pairs of joints.
        centre: the joint from which distances are counted.
    """

    name: str
    joints: int
    bones: tuple[tuple[int, int], ...]
    centre: int

    def adjacency(self, hops: int | None = None) -> NDArray[np.float32]:
        """Each joint's neighbours in three groups: itself, those at the same or a larger distance from the centre, and closer ones.

        Columns are normalised: ``A D^-1`` over joints at most one bone apart. Source: ST-GCN (Yan, Xiong and Lin 2018), spatial
        configuration partitioning, section 3.3; the groups' order is that of st-gcn, ``net/utils/graph.py``. There all joints at
        more than ``hops`` bones from the centre are equally far, so that its published weights distinguish inwards from outwards
        only next to the centre.

        Args:
            hops: distances from the centre beyond this one are equal; None: all distances differ, as in the paper.

        Returns:
            float32 ``(3, V, V)``; the last axis is the receiving joint, the one before it its neighbour.
        """
        near = np.eye(self.joints)
        for first, second in self.bones:
            near[first, second] = near[second, first] = 1
        weights = near / near.sum(axis=0)
        away = [distance if hops is None else min(distance, hops + 1) for distance in self._distances()]
        groups = np.zeros((3, self.joints, self.joints))
        for neighbour, joint in np.argwhere(near):
            group = 0 if neighbour == joint else 1 if away[neighbour] >= away[joint] else 2
            groups[group, neighbour, joint] = weights[neighbour, joint]
        return groups.astype(np.float32)

    def _distances(self) -> list[int]:
        """The number of bones between each joint and the centre."""
        distances = {self.centre: 0}
        front = [self.centre]
        while front:
            reached = []
            for first, second in (*self.bones, *((second, first) for first, second in self.bones)):
                if first in front and second not in distances:
                    distances[second] = distances[first] + 1
                    reached.append(second)
            front = reached
        if len(distances) < self.joints:
            raise InputError(
                f"the skeleton {self.name} is not connected: {self.joints - len(distances)} joints have no path to the centre."
            )
        return [distances[joint] for joint in range(self.joints)]


def _tree(parents: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple((joint, parent) for joint, parent in enumerate(parents) if parent >= 0)


def _smplx_53() -> Skeleton:
    """SMPL-X's 55 joints without the eyes; the jaw is kept, since mouthing distinguishes signs."""
    kept = [joint for joint in range(len(PARENTS)) if joint not in (LEFT_EYE, RIGHT_EYE)]
    index_of = {joint: index for index, joint in enumerate(kept)}
    return Skeleton("smplx-53", len(kept), _tree([index_of.get(PARENTS[joint], -1) for joint in kept]), 0)


def _smpl_24() -> Skeleton:
    """SMPL's joints: the 22 of the body and one for each hand."""
    return Skeleton("smpl-24", 24, _tree([*PARENTS[:22], 20, 21]), 0)


def _coco_wholebody_133() -> Skeleton:
    """COCO-WholeBody's key points: the body's limbs, each hand attached to its wrist, the face's contours to the nose."""
    known = layout("coco-wholebody-133")
    names = [
        *(("nose", f"{side}_eye") for side in ("left", "right")),
        *((f"{side}_eye", f"{side}_ear") for side in ("left", "right")),
        *(("nose", f"{side}_shoulder") for side in ("left", "right")),
        ("left_shoulder", "right_shoulder"),
        ("left_hip", "right_hip"),
    ]
    for side in ("left", "right"):
        limb = ["shoulder", "elbow", "wrist"], ["shoulder", "hip", "knee", "ankle", "heel"]
        names += [(f"{side}_{a}", f"{side}_{b}") for chain in limb for a, b in pairwise(chain)]
        names += [(f"{side}_ankle", f"{side}_big_toe"), (f"{side}_ankle", f"{side}_small_toe")]
        names.append((f"{side}_wrist", f"{side}_hand_root"))
        for finger in FINGERS:
            chain = [f"{side}_hand_root", *(f"{side}_{finger}_{number}" for number in range(1, 5))]
            names += list(pairwise(chain))
    # iBUG's contours: jaw, brows, bridge and wings of the nose, eyes, lips; the first point of each is attached to the nose
    for first, last, closed in (
        *((0, 16, False), (17, 21, False), (22, 26, False), (27, 30, False), (31, 35, False)),
        *((36, 41, True), (42, 47, True), (48, 59, True), (60, 67, True)),
    ):
        names.append(("nose", f"face_{first}"))
        names += [(f"face_{number}", f"face_{number + 1}") for number in range(first, last)]
        if closed:
            names.append((f"face_{last}", f"face_{first}"))
    bones = tuple((known.joints.index(first), known.joints.index(second)) for first, second in names)
    return Skeleton("coco-wholebody-133", 133, bones, 0)


def _openpose_18() -> Skeleton:
    """OpenPose's 18 points of the body, as st-gcn's weights for Kinetics have them; the centre is the neck."""
    limbs = ((1, 2, 3, 4), (1, 5, 6, 7), (2, 8, 9, 10), (5, 11, 12, 13), (1, 0, 14, 16), (0, 15, 17))
    return Skeleton("openpose-18", 18, tuple(bone for limb in limbs for bone in pairwise(limb)), 1)


def _ntu_25() -> Skeleton:
    """Kinect's 25 joints of NTU RGB+D, as st-gcn's weights for it have them; the centre is the upper spine."""
    limbs = ((20, 1, 0), (20, 2, 3), (20, 4, 5, 6, 7, 22, 21), (20, 8, 9, 10, 11, 24, 23), (0, 12, 13, 14, 15), (0, 16, 17, 18, 19))
    return Skeleton("ntu-25", 25, tuple(bone for limb in limbs for bone in pairwise(limb)), 20)


_MAKERS = {
    "smplx-53": _smplx_53,
    "smpl-24": _smpl_24,
    "coco-wholebody-133": _coco_wholebody_133,
    "openpose-18": _openpose_18,
    "ntu-25": _ntu_25,
}


def skeleton_names() -> list[str]:
    """The names of all skeletons."""
    return list(_MAKERS)


def skeleton(name: str) -> Skeleton:
    """Looks up a skeleton by name.

    Raises:
        InputError: there is none; the nearest are offered.
    """
    if name not in _MAKERS:
        raise InputError(f"there is no skeleton {name}. {nearest(name, _MAKERS)}")
    return _MAKERS[name]()

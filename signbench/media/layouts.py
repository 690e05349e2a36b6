"""Key-point layouts as named joints."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from signbench.errors import InputError, nearest
from signbench.media.layout_joints import LAYOUTS, Joints


@dataclass(frozen=True)
class Layout:
    """The named joints of a set of key points.

    Attributes:
        name: such as ``mediapipe-178``.
        joints: unique joint names, in order.
        parts: joint -> ``body``, ``face``, ``left_hand`` or ``right_hand``, one per joint.

    Raises:
        InputError: two joints have the same name, or there is not one part per joint.
    """

    name: str
    joints: tuple[str, ...]
    parts: tuple[str, ...]
    _position: dict[str, int] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        position = {joint: index for index, joint in enumerate(self.joints)}
        if len(position) < len(self.joints):
            doubled = next(joint for index, joint in enumerate(self.joints) if position[joint] != index)
            raise InputError(f"the layout {self.name} has two joints named {doubled}.")
        if len(self.parts) != len(self.joints):
            raise InputError(f"the layout {self.name} has {len(self.joints)} joints, but {len(self.parts)} entries in parts.")
        object.__setattr__(self, "_position", position)

    def __contains__(self, joint: str) -> bool:
        return joint in self._position

    def index(self, joints: Sequence[str]) -> list[int]:
        """Indices of the named joints.

        Raises:
            InputError: the layout lacks a joint; the message suggests the nearest known names.
        """
        for joint in joints:
            if joint not in self._position:
                raise InputError(f"the layout {self.name} has no joint {joint}. {nearest(joint, self.joints)}")
        return [self._position[joint] for joint in joints]

    def part(self, *parts: str) -> tuple[str, ...]:
        """Joints of the named parts, in the layout's order; ``hands`` means both hands."""
        wanted = {name for part in parts for name in (("left_hand", "right_hand") if part == "hands" else (part,))}
        return tuple(joint for joint, part in zip(self.joints, self.parts, strict=True) if part in wanted)

    def subset(self, joints: Sequence[str]) -> Layout:
        """A layout with only the named joints."""
        index = self.index(joints)
        return Layout(self.name, tuple(joints), tuple(self.parts[index] for index in index))


def known_layouts() -> list[str]:
    """Names of the layouts that :func:`layout` knows."""
    return list(LAYOUTS)


@cache
def layout(name: str) -> Layout:
    """The layout with the given name.

    Raises:
        InputError: there is no layout of that name; the message suggests the nearest.
    """
    if name not in LAYOUTS:
        raise InputError(f"there is no key-point layout {name}. {nearest(name, LAYOUTS)}")
    return _named(name, LAYOUTS[name])


def guess_layout(joints: int, dimensions: int | None = None) -> Layout:
    """The layout of unnamed key points, by their number.

    Args:
        joints: number of joints J.
        dimensions: number of coordinates of each, if known.

    Raises:
        InputError: no known layout has that many joints, several have, or there are neither 2 nor 3 coordinates; the message lists
            the known layouts and how to declare one.
    """
    if dimensions not in (None, 2, 3):
        raise InputError(f"key points have 2 or 3 coordinates, not {dimensions}; keep the confidence in a separate array.")
    fitting = [name for name, known in LAYOUTS.items() if len(known) == joints]
    if len(fitting) == 1:
        return layout(fitting[0])
    if fitting:
        raise InputError(f"{joints} joints can be {' or '.join(fitting)}; declare the layout with `layout`.")
    known = ", ".join(f"{name} ({len(known)})" for name, known in LAYOUTS.items())
    raise InputError(
        f"no layout has {joints} joints; the known layouts are {known}. Convert to one of them, and declare it with `layout`."
    )


def layout_of(family: str, joints: Joints) -> Layout:
    """The layout of joints that a file names itself: a known one if the joints are the same, else one named by its digest.

    Args:
        family: first word of the new name, such as ``mediapipe``.
        joints: names with their parts.

    Raises:
        InputError: two joints have the same name.
    """
    for name, known in LAYOUTS.items():
        if known == joints:
            return layout(name)
    digest = hashlib.sha256("\n".join(f"{name} {part}" for name, part in joints).encode()).hexdigest()
    return _named(f"{family}-{len(joints)}-{digest[:6]}", joints)


def _named(name: str, joints: Joints) -> Layout:
    return Layout(name, tuple(joint for joint, _ in joints), tuple(part for _, part in joints))

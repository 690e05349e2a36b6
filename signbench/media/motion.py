"""Body-model rotations of one clip in memory and as ``.npz`` files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media.body_model import JOINT_COUNT, forward, neutral_rig
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.rotation_archive import read_rotations


@dataclass(frozen=True, eq=False)
class Motion:
    """Rotations of SMPL-X's 55 joints.

    Attributes:
        rotations: float32 ``(T, 55, 3)``, axis-angle in radians, each joint relative to its parent.
        translation: float32 ``(T, 3)``, the position of the pelvis, metres.
        fps: frames per second, or None if unknown.

    Raises:
        MediaError: the shapes are different.
    """

    rotations: NDArray[np.float32]
    translation: NDArray[np.float32]
    fps: float | None

    def __post_init__(self) -> None:
        count = len(self.rotations)
        if self.rotations.shape != (count, JOINT_COUNT, 3) or self.translation.shape != (count, 3):
            raise MediaError(
                f"rotations of shape {self.rotations.shape} with a translation {self.translation.shape} are not frames x "
                f"{JOINT_COUNT} joints x 3 and frames x 3."
            )

    @property
    def frames(self) -> int:
        """Number of frames T."""
        return len(self.rotations)

    def pose(self) -> Pose:
        """The joints' positions by forward kinematics with the neutral skeleton, layout ``smplx-55``, metres, all seen."""
        joints = forward(self.rotations, neutral_rig(), self.translation).joints.astype(np.float32)
        return Pose(joints, np.ones(joints.shape[:2], np.float32), layout("smplx-55"), self.fps)


def read_motion(path: Path) -> Motion:
    """Reads an ``.npz`` file with ``rotations``, and ``translation`` and ``fps`` if it has them.

    Raises:
        MediaError: it cannot be read, or holds something else.
    """
    return Motion(*read_rotations(path))


def write_motion(path: Path, motion: Motion) -> None:
    """Writes rotations as ``.npz``; the file appears complete or not at all, and equal motion gives equal bytes.

    Raises:
        InputError: a wrong suffix, or the file cannot be written.
        MediaError: there are no frames.
    """
    if path.suffix.lower() != ".npz":
        raise InputError(f"{path}: rotations are written as .npz.")
    if motion.frames == 0:
        raise MediaError(f"{path}: there are no frames to write.")
    fields: dict[str, NDArray[np.generic]] = {"rotations": motion.rotations, "translation": motion.translation}
    if motion.fps is not None:
        fields["fps"] = np.array(motion.fps, dtype=np.float64)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **fields)
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)

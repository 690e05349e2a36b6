"""Body-model rotations of one clip in memory and as ``.npz`` files."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media.body_model import JOINT_COUNT, forward, neutral_rig
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.rotation_archive import check_finite_rotations, read_rotations
from signbench.media.rates import positions_at_rate
from signbench.media.rotations import axis_angle_from_matrix, matrix_from_axis_angle, partway


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

    def at_positions(self, positions: NDArray[np.float64]) -> Motion:
        """The clip at fractional frame positions; between two frames each joint takes the shortest turn, and the pelvis a line.

        Integer positions return that frame's values unchanged, as in :meth:`signbench.media.pose.Pose.at_positions`.

        Args:
            positions: float64 ``(S,)`` in [0, T - 1].

        Raises:
            MediaError: the clip has no frames.
        """
        if self.frames == 0:
            raise MediaError("rotations without a frame cannot be sampled.")
        lower = np.clip(np.floor(positions).astype(np.int64), 0, self.frames - 1)
        upper = np.minimum(lower + 1, self.frames - 1)
        share = positions - lower
        rotations, translation = self.rotations[lower], self.translation[lower]
        between = np.flatnonzero(share != 0)
        if len(between):
            start, end = (matrix_from_axis_angle(self.rotations[side[between]]) for side in (lower, upper))
            part = share[between][:, None]
            rotations[between] = axis_angle_from_matrix(partway(start, end, part))
            translation[between] = self.translation[lower[between]] * (1 - part) + self.translation[upper[between]] * part
        return replace(self, rotations=rotations, translation=translation)

    def at_rate(self, fps: float) -> Motion:
        """The clip at another frame rate, at the same frame positions as :meth:`signbench.media.pose.Pose.at_rate`.

        Raises:
            InputError: the clip's own rate is not known.
        """
        if self.fps is None:
            raise InputError("rotations without a frame rate cannot be converted; declare it with `source_fps`.")
        if fps == self.fps:
            return self
        return replace(self.at_positions(positions_at_rate(self.frames, self.fps, fps)), fps=fps)

    def check_finite(self) -> None:
        """Refuses rotations and translations that are not finite numbers.

        Raises:
            MediaError: the message names the first such frame, and the joint.
        """
        check_finite_rotations(self.rotations, self.translation)


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

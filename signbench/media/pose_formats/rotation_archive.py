"""``.npz`` files with body-model rotations instead of key points: ``rotations``, ``translation``, ``fps``."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media.layouts import layout
from signbench.media.pose_formats.contract import MOST_NUMBERS, RawClip, as_float32
from signbench.media.pose_formats.fields import POINTS, rate_field

FIELD = "rotations"
_JOINTS = 55


class Rotations(NamedTuple):
    """The content of a file of rotations.

    Attributes:
        rotations: float32 ``(T, 55, 3)``, axis-angle in radians, finite.
        translation: float32 ``(T, 3)``, finite; zeros where the file has none.
        fps: frames per second, or None if the file does not say.
    """

    rotations: NDArray[np.float32]
    translation: NDArray[np.float32]
    fps: float | None


def rotation_clip(shape: tuple[int, ...], names: dict[str, str], read: Callable[[str], NDArray[Any]]) -> RawClip:
    """The joint positions for a file of rotations, by forward kinematics with the neutral skeleton.

    Args:
        shape: of the rotations, from the header of their array.
        names: the file's fields.
        read: reads one of them.

    Raises:
        MediaError: it also holds key points, or the shape is not one of rotations.
    """
    doubled = [name for name in POINTS if name in names]
    if doubled:
        raise MediaError(f"it has the fields {FIELD} and {doubled[0]}; keep one of them.")
    _check_shape(shape)

    def points() -> NDArray[Any]:
        rotations, translation = _arrays(shape, names, read)
        from signbench.media.body_model import forward, neutral_rig

        return forward(rotations, neutral_rig(), translation).joints

    fps = rate_field(read("fps")) if "fps" in names else None
    return RawClip(shape, points, fps=fps, layout=layout("smplx-55"), has_rotations=True)


def read_rotations(path: Path) -> Rotations:
    """The rotations of a file, unlike :func:`signbench.media.pose_files.read_pose`, which gives positions.

    Raises:
        MediaError: it cannot be read, has no field ``rotations``, or that field holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = {name: name for name in archive.files}
            if FIELD not in names:
                raise MediaError(f"{path} has no field {FIELD}, but {', '.join(sorted(names)) or 'no arrays'}.")
            shape = archive[FIELD].shape
            try:
                _check_shape(shape)
                rotations, translation = _arrays(shape, names, archive.__getitem__)
                fps = rate_field(archive["fps"]) if "fps" in names else None
            except MediaError as error:
                raise MediaError(f"{path}: {error}") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or next(iter(str(error).splitlines()), type(error).__name__)
        raise MediaError(f"{path} cannot be read as .npz: {reason}.") from error
    return Rotations(rotations, translation, fps)


def _check_shape(shape: tuple[int, ...]) -> None:
    worded = " x ".join(str(length) for length in shape) or "a single number"
    if len(shape) != 3 or shape[1:] != (_JOINTS, 3):
        raise MediaError(f"its rotations have the shape {worded}, not frames x {_JOINTS} joints x 3 numbers of axis-angle.")
    if shape[0] < 1:
        raise MediaError("it holds no frames.")
    if np.prod(shape, dtype=np.float64) > MOST_NUMBERS:
        raise MediaError(f"its rotations claim the shape {worded}; at most {MOST_NUMBERS} numbers are supported.")


def _arrays(
    shape: tuple[int, ...], names: dict[str, str], read: Callable[[str], NDArray[Any]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rotations = as_float32(read(FIELD), "rotations")
    translation = np.zeros((shape[0], 3), np.float32)
    if "translation" in names:
        translation = as_float32(read("translation"), "translations")
        if translation.shape != (shape[0], 3):
            raise MediaError(f"its translation has the shape {translation.shape}, but it holds {shape[0]} frames.")
    check_finite_rotations(rotations, translation)
    return rotations, translation


def check_finite_rotations(rotations: NDArray[np.float32], translation: NDArray[np.float32]) -> None:
    """Refuses rotations ``(T, 55, 3)`` and translations ``(T, 3)`` that are not finite numbers.

    Raises:
        MediaError: the message names the first such frame, and the joint.
    """
    bad = ~np.isfinite(rotations).all(axis=2)
    if bad.any():
        frame, joint = (int(axis[0]) for axis in np.nonzero(bad))
        raise MediaError(
            f"frame {frame}, joint {layout('smplx-55').joints[joint]} has the rotation {rotations[frame, joint].tolist()}; "
            f"{int(bad.sum())} rotations are affected."
        )
    lost = ~np.isfinite(translation).all(axis=1)
    if lost.any():
        raise MediaError(f"frame {int(np.argmax(lost))} has the translation {translation[np.argmax(lost)].tolist()}.")

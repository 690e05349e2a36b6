"""NumPy files: ``.npy`` with one array, ``.npz`` with named ones. Nothing in them is unpickled."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.contract import MOST_NUMBERS, PoseProbe, RawClip, check_shape
from signbench.media.pose_formats.fields import POINTS, points_field, raw_clip
from signbench.media.pose_formats.rotation_archive import FIELD, rotation_clip

_SCALARS = ("fps", "picture", "layout", "joints", "parts")
_MOST_SCALAR_BYTES = 2**22


class NumpyArray:
    """A ``.npy`` file with one array ``(T, J, 2)`` or ``(T, J, 3)``."""

    def members(self, path: Path) -> None:
        return None

    def probe(self, path: Path, member: str | None, declared: Layout | None) -> PoseProbe:
        return _array_clip(path).probe(declared)

    def read(self, path: Path, member: str | None, declared: Layout | None, source_fps: float | None) -> Pose:
        return _array_clip(path).pose(declared, source_fps)


class NumpyArchive:
    """An ``.npz`` file with the coordinates and other optional fields.

    The optional fields are ``confidence``, ``fps``, ``picture``, ``layout``, ``joints`` and ``parts``. With the field ``rotations``
    it holds a body model's rotations instead, see :mod:`signbench.media.pose_formats.rotation_archive`.
    """

    def members(self, path: Path) -> None:
        return None

    def probe(self, path: Path, member: str | None, declared: Layout | None) -> PoseProbe:
        with zipfile.ZipFile(path) as archive:
            return _archive_clip(archive).probe(declared)

    def read(self, path: Path, member: str | None, declared: Layout | None, source_fps: float | None) -> Pose:
        with zipfile.ZipFile(path) as archive:
            return _archive_clip(archive).pose(declared, source_fps)


def write_archive(stream: IO[bytes], pose: Pose) -> None:
    """Writes key points with everything that :class:`NumpyArchive` reads."""
    fields: dict[str, Any] = {
        "points": pose.points,
        "confidence": pose.confidence,
        "layout": np.array(pose.layout.name),
        "joints": np.array(pose.layout.joints),
        "parts": np.array(pose.layout.parts),
    }
    if pose.fps is not None:
        fields["fps"] = np.float64(pose.fps)
    if pose.picture is not None:
        fields["picture"] = np.array(pose.picture, dtype=np.int64)
    np.savez(stream, allow_pickle=False, **fields)


def _array_clip(path: Path) -> RawClip:
    with path.open("rb") as stream:
        shape, kind = _head(stream)
        held, promised = path.stat().st_size - stream.tell(), math.prod(shape) * kind.itemsize
    check_shape(shape)
    if held != promised:
        raise MediaError(
            f"its header promises {promised} bytes of numbers, but {held} follow; it was truncated or written to twice."
        )

    def points() -> NDArray[Any]:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return array

    return RawClip(shape, points)


def _archive_clip(archive: zipfile.ZipFile) -> RawClip:
    names = {Path(name).stem: name for name in archive.namelist() if name.endswith(".npy")}
    if FIELD in names:
        with archive.open(names[FIELD]) as stream:
            shape, _ = _head(stream)
        return rotation_clip(shape, names, lambda name: _array(archive, names[name]))
    field = points_field(names)
    if field is None:
        raise MediaError(f"it has none of the fields {', '.join((*POINTS, FIELD))}, but {', '.join(sorted(names)) or 'no arrays'}.")
    with archive.open(names[field]) as stream:
        shape, _ = _head(stream)
    scalars = {name: _array(archive, names[name], _MOST_SCALAR_BYTES) for name in _SCALARS if name in names}

    def points() -> NDArray[Any]:
        return _array(archive, names[field])

    def confidence() -> NDArray[Any]:
        return _array(archive, names["confidence"])

    return raw_clip(shape, points, scalars, confidence if "confidence" in names else None)


def _head(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array, from the header of its file.

    Raises:
        MediaError: it holds Python objects.
    """
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, kind = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, kind = np.lib.format.read_array_header_2_0(stream)
    if kind.hasobject:
        raise MediaError("it holds Python objects, which would have to be unpickled; save plain numbers instead.")
    return shape, kind


def _array(archive: zipfile.ZipFile, name: str, most_bytes: int = MOST_NUMBERS * 8) -> NDArray[Any]:
    """One array of an archive; its claimed size is checked before anything is unpacked.

    Raises:
        MediaError: it holds Python objects, or claims an absurd size.
    """
    with archive.open(name) as stream:
        shape, kind = _head(stream)
        held, promised = archive.getinfo(name).file_size - stream.tell(), math.prod(shape) * kind.itemsize
    if promised > most_bytes:
        raise MediaError(f"its field {Path(name).stem} claims the shape {shape}, which is too large.")
    if held != promised:
        raise MediaError(f"its field {Path(name).stem} promises {promised} bytes of numbers, but {held} follow; it is damaged.")
    with archive.open(name) as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array

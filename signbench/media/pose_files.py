"""Reading and writing key points: one clip from a file, from a container of many, or from a folder of frames.

``docs/pose-files.md`` describes what each format holds, how it marks points that were not seen, and what is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signbench.errors import InputError, MediaError, SignbenchError, nearest
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.contract import PoseFormat, PoseProbe

__all__ = [
    "POSE_SUFFIXES",
    "READER_REVISION",
    "PoseProbe",
    "container_ids",
    "is_container",
    "is_pose",
    "probe_pose",
    "read_pose",
    "write_pose",
]

READER_REVISION: int = 2
"""Rises when the same file gives different key points."""

POSE_SUFFIXES: tuple[str, ...] = (".pose", ".npz", ".npy", ".pt", ".skels", ".json")
"""Suffixes of key-point files, in lower case; upper case is accepted too."""

_WRITTEN = (".pose", ".npz")


def is_pose(path: Path) -> bool:
    """Whether a path looks like key points: a file by its suffix, a folder if all of its files are OpenPose frames."""
    if path.is_dir():
        from signbench.media.pose_formats.openpose_folder import is_openpose_folder

        return is_openpose_folder(path)
    return path.suffix.lower() in POSE_SUFFIXES


def is_container(path: Path) -> bool:
    """Whether a file holds many clips: ``.skels`` always, ``.pt`` and ``.json`` if they hold a dictionary of clips.

    Raises:
        MediaError: the file cannot be read.
    """
    if path.is_dir() or path.suffix.lower() not in (".skels", ".pt", ".json"):
        return False
    with _naming(path):
        return _format(path).members(path) is not None


def container_ids(path: Path) -> list[str]:
    """Ids of the clips in a container, unchanged and in its order.

    Raises:
        MediaError: the file cannot be read, or is not a container.
        InputError: an id is duplicated, or the ids do not match the clips.
    """
    with _naming(path):
        members = _format(path).members(path)
        if members is None:
            raise MediaError("it holds a single clip, not a container of many.")
        return members


def probe_pose(path: Path, member: str | None = None, layout: Layout | None = None) -> PoseProbe:
    """Length, layout and rate of a clip, as cheaply as the format allows.

    Args:
        path: file or folder.
        member: id of the clip in a container.
        layout: the layout of a file that does not name its joints; ignored if the file names them.

    Raises:
        MediaError: the file cannot be read.
        InputError: no such clip, or the layout is not known.
    """
    with _naming(path, member):
        return _format(path).probe(path, member, layout)


def read_pose(path: Path, member: str | None = None, layout: Layout | None = None, source_fps: float | None = None) -> Pose:
    """The key points of a clip.

    A container is read once and cached while its size and modification time stay the same, so that reading it clip by clip is
    cheap. Coordinates that are not numbers are returned as they are if the file says that the point was seen:
    :meth:`Pose.check_finite` refuses them.

    Args:
        path: file or folder.
        member: id of the clip in a container; may be omitted if there is only one.
        layout: the layout of a file that does not name its joints; ignored if the file names them.
        source_fps: frame rate that overrides the file's own.

    Returns:
        Coordinates in the file's units, 0 for points that were not seen; if the file has no confidence, every point that was seen
        has confidence 1.

    Raises:
        MediaError: the file cannot be read, or does not hold key points.
        InputError: no such clip, or the layout is not known.
    """
    with _naming(path, member):
        return _format(path).read(path, member, layout, source_fps)


def write_pose(path: Path, pose: Pose) -> None:
    """Writes key points; the file appears complete or not at all.

    What :func:`read_pose` reads from it equals ``pose``: points, confidence, joints and their parts. ``.npz`` keeps the name of any
    layout, while ``.pose`` keeps only known ones, and the frame rate in full precision, while ``.pose`` has float32.

    Args:
        path: ``.pose`` (version 0.2) or ``.npz``.
        pose: at least one frame.

    Raises:
        InputError: a wrong suffix, or the file cannot be written.
        MediaError: there are no frames.
    """
    if path.suffix.lower() not in _WRITTEN:
        raise InputError(f"{path}: key points are written as {' or '.join(_WRITTEN)}.")
    if pose.frames == 0:
        raise MediaError(f"{path}: there are no frames to write.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            if path.suffix.lower() == ".pose":
                from signbench.media.pose_formats.dot_pose import write_dot_pose

                write_dot_pose(stream, pose)
            else:
                from signbench.media.pose_formats.arrays import write_archive

                write_archive(stream, pose)
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _format(path: Path) -> PoseFormat:
    """The format of a file or folder; format modules are imported only when needed.

    Raises:
        MediaError: not a format of key points, or an empty file.
    """
    if path.is_dir():
        from signbench.media.pose_formats.openpose_folder import OpenPoseFolder

        return OpenPoseFolder()
    suffix = path.suffix.lower()
    if suffix in POSE_SUFFIXES and path.stat().st_size == 0:
        raise MediaError("the file is empty.")
    if suffix == ".pose":
        from signbench.media.pose_formats.dot_pose import DotPose

        return DotPose()
    if suffix == ".npz":
        from signbench.media.pose_formats.arrays import NumpyArchive

        return NumpyArchive()
    if suffix == ".npy":
        from signbench.media.pose_formats.arrays import NumpyArray

        return NumpyArray()
    if suffix == ".pt":
        from signbench.media.pose_formats.torch_files import TorchFile

        return TorchFile()
    if suffix == ".skels":
        from signbench.media.pose_formats.skels import Skels

        return Skels()
    if suffix == ".json":
        from signbench.media.pose_formats.json_files import JsonFile

        return JsonFile()
    raise MediaError(f"{suffix or 'no suffix'} is not a suffix of key-point files. {nearest(suffix, POSE_SUFFIXES)}")


@contextmanager
def _naming(path: Path, member: str | None = None) -> Iterator[None]:
    """Prefixes every error with the file, and the clip if one is named, and converts errors of libraries."""
    label = str(path) if member is None else f"{path} [{member}]"
    try:
        yield
    except SignbenchError as error:
        raise type(error)(f"{label}: {error}") from error
    except FileNotFoundError as error:
        raise MediaError(f"{label} does not exist.") from error
    except OSError as error:
        raise MediaError(f"{label} cannot be read: {error.strerror or error}.") from error
    except MemoryError as error:
        raise MediaError(f"{label} does not fit into memory; cut the clip into shorter ones.") from error
    # With damaged files the libraries below fail in undocumented ways.
    except Exception as error:
        kind = path.suffix.lower() or "key-point"
        reason = next(iter(str(error).splitlines()), "")
        raise MediaError(
            f"{label} is not a complete {kind} file ({type(error).__name__}{': ' if reason else ''}{reason})."
        ) from error

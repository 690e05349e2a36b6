"""``.pose`` files, versions 0.0 to 0.2, whose headers name every point.

The package pose-format reads headers and writes files. Bodies are read here, because a file that is truncated or has a damaged
header must be refused by its size before anything is allocated.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.contract import PoseProbe, RawClip, check_shape, checked_confidence, checked_rate
from signbench.media.pose_formats.header_joints import Component, components_of, header_layout

if TYPE_CHECKING:
    from pose_format.pose_header import PoseHeader

_MOST_HEADER_BYTES = 2**20
_NUMBER = np.dtype("<f4")
_MOST_BYTES_OF_VERSION_0 = 2**29
# K is the depth measured by a Kinect in addition to MediaPipe's; it is left out.
_FORMS = frozenset({"XYC", "XYZC", "XYZKC"})


# The version is a float32, the size of the image three times 16 bits.
_COMPONENTS_AT = 4 + 3 * 2


class _ReadHeader(NamedTuple):
    """A header that was read, and the bytes that another file's header must share with it.

    Attributes:
        lead: its version.
        components: everything after the size of the image.
        header: as read.
    """

    lead: bytes
    components: bytes
    header: PoseHeader


_read_lately: deque[_ReadHeader] = deque(maxlen=4)
"""The clips of a set have the same joints, and reading their names takes longer than reading the points."""


@dataclass(frozen=True, eq=False)
class _Head:
    """The part of a file before the numbers.

    Attributes:
        body: offset at which the numbers begin.
        frames: number of frames.
        people: number of people in every frame.
        fps: frames per second, or None.
        layout: of the joints that are read.
        indices: their indices among all points of the file.
        points: number of all points.
        dimensions: numbers per point in the file, without its confidence.
        picture: width and height of the image, or None.
    """

    body: int
    frames: int
    people: int
    fps: float | None
    layout: Layout
    indices: list[int]
    points: int
    dimensions: int
    picture: tuple[int, int] | None


class DotPose:
    """A ``.pose`` file of one signer."""

    def members(self, path: Path) -> None:
        return None

    def probe(self, path: Path, member: str | None, declared: Layout | None) -> PoseProbe:
        return _clip(path).probe(None)

    def read(self, path: Path, member: str | None, declared: Layout | None, source_fps: float | None) -> Pose:
        pose = _clip(path).pose(None, source_fps)
        # Programs that do not know the image size write the extent of the points instead, as signbench does.
        return replace(pose, picture=None) if pose.picture == tuple(_extent(pose)[:2]) else pose


def _clip(path: Path) -> RawClip:
    """The clip of a file of any version, its length checked.

    Raises:
        MediaError: the header is not of a known version, or the file has a different length.
    """
    with path.open("rb") as stream:
        start = stream.read(_MOST_HEADER_BYTES)
    header, end = _header(start)
    if round(header.version, 3) == 0:
        return _clip_of_version_0(path, header, end)
    return _raw_clip(path, _head(header, start, end, path.stat().st_size))


def _clip_of_version_0(path: Path, header: PoseHeader, end: int) -> RawClip:
    from signbench.media.pose_formats.dot_pose_version_0 import Block, read_body

    if path.stat().st_size > _MOST_BYTES_OF_VERSION_0:
        raise MediaError(f"it has more than {_MOST_BYTES_OF_VERSION_0} bytes, which no file of version 0.0 needs.")
    body = read_body(path.read_bytes(), end, [Block(len(part.points), part.format) for part in header.components])
    layout, indices = header_layout([(component.name, tuple(component.points)) for component in header.components])
    points, confidence = body.points[:, indices], body.confidence[:, indices]
    return RawClip(
        shape=points.shape,
        points=lambda: points,
        confidence=lambda: confidence,
        fps=checked_rate(float(body.rate)),
        layout=layout,
        picture=_picture(header.dimensions.width, header.dimensions.height),
    )


def _head(header: PoseHeader, start: bytes, end: int, size: int) -> _Head:
    """The part between the header and the numbers in versions 0.1 and 0.2.

    Args:
        header: of the file.
        start: the beginning of the file.
        end: where the header ends.
        size: of the file, bytes.

    Raises:
        MediaError: the file does not have the length that it states.
    """
    version = round(header.version, 3)
    form = {0.1: "<HHH", 0.2: "<fIH"}[version]
    try:
        rate, frames, people = struct.unpack_from(form, start, end)
    except struct.error:
        raise MediaError("the file is truncated within its header.") from None
    components: list[Component] = [(component.name, tuple(component.points)) for component in header.components]
    layout, indices = header_layout(components)
    points, dimensions = header.total_points(), header.num_dims()
    if people == 0:
        raise MediaError("it shows no person.")
    body = end + struct.calcsize(form)
    frame_bytes = people * points * (dimensions + 1) * _NUMBER.itemsize
    held, rest = divmod(size - body, frame_bytes)
    # Version 0.1 stores the number of frames in 16 bits; for longer clips it is the remainder.
    whole = held % 2**16 == frames if version == 0.1 else held == frames
    if rest or not whole:
        raise MediaError(f"its header promises {frames} frames, but its {size} bytes hold {held}{' and a part' if rest else ''}.")
    return _Head(
        body=body,
        frames=held,
        people=people,
        # Stated in float32; the shortest decimal with the same bits is what was meant.
        fps=checked_rate(float(str(np.float32(rate)))),
        layout=layout,
        indices=indices,
        points=points,
        dimensions=dimensions,
        picture=_picture(header.dimensions.width, header.dimensions.height),
    )


def _picture(width: int, height: int) -> tuple[int, int] | None:
    """The stated size of the image; None if a length is 0."""
    return (int(width), int(height)) if width > 0 and height > 0 else None


def _header(start: bytes) -> tuple[PoseHeader, int]:
    """The header, by pose-format, and where it ends.

    Raises:
        MediaError: the header is not of a known version, or its points are not x, y(, z(, Kinect's depth)), confidence.
    """
    from pose_format.pose_header import PoseHeader, PoseHeaderDimensions
    from pose_format.utils.reader import BufferReader

    version = struct.unpack_from("<f", start)[0] if len(start) >= 4 else 0.0
    if round(version, 3) not in (0.0, 0.1, 0.2):
        stated = f"version {version:g}" if 0 <= version < 100 else "no version"
        raise MediaError(f"it has {stated} of the .pose format at its start; versions 0.0, 0.1 and 0.2 are supported.")
    for known in _read_lately:
        if start.startswith(known.lead) and start.startswith(known.components, _COMPONENTS_AT):
            size = PoseHeaderDimensions(*struct.unpack_from("<HHH", start, len(known.lead)))
            return PoseHeader(known.header.version, size, known.header.components), _COMPONENTS_AT + len(known.components)
    reader = BufferReader(start)
    try:
        header = PoseHeader.read(reader)
    # pose-format reads past the end of damaged headers in many ways.
    except Exception as error:
        raise MediaError(f"its header is damaged or truncated ({type(error).__name__}).") from error
    forms = {component.format for component in header.components}
    if not forms or not forms <= _FORMS:
        raise MediaError(
            f"its points are {', '.join(map(repr, sorted(forms))) or 'none'}; {', '.join(sorted(_FORMS))} are supported."
        )
    end = reader.read_offset
    _read_lately.appendleft(_ReadHeader(start[:4], start[_COMPONENTS_AT:end], header))
    return header, end


def _raw_clip(path: Path, head: _Head) -> RawClip:
    joints = len(head.indices)

    def block(start: int, width: int) -> NDArray[np.float32]:
        shape = (head.frames, head.people, head.points, width)
        check_shape((head.frames * head.people, head.points, min(head.dimensions, 3)))
        return np.fromfile(path, dtype=_NUMBER, offset=start, count=int(np.prod(shape))).reshape(shape)

    def confidence() -> NDArray[Any]:
        values = block(head.body + head.frames * head.people * head.points * head.dimensions * _NUMBER.itemsize, 1)[..., 0]
        values = values[:, :, head.indices]
        if head.people > 1:
            shape = (head.frames, (head.people - 1) * joints)
            others = checked_confidence(values[:, 1:].reshape(shape), shape)
            if others.any():
                raise MediaError(f"it shows {head.people} people; keep the one who signs.")
        return values[:, 0]

    def points() -> NDArray[Any]:
        return block(head.body, head.dimensions)[:, 0, head.indices, :3]

    return RawClip(
        shape=(head.frames, joints, min(head.dimensions, 3)),
        points=points,
        confidence=confidence,
        fps=head.fps,
        layout=head.layout,
        picture=head.picture,
    )


def write_dot_pose(stream: IO[bytes], pose: Pose) -> None:
    """Writes version 0.2.

    A point's names are MediaPipe's, OpenPose's or COCO-WholeBody's if the layout's joints are theirs in their order, and
    signbench's otherwise. The frame rate becomes a float32, and 0 if it is not known. If the size of the image is not known, the
    extent of the points is written instead, for programs that draw them; the reader recognises it as such.
    """
    from pose_format.numpy import NumPyPoseBody
    from pose_format.pose import Pose as FilePose
    from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions

    dimensions = int(pose.points.shape[2])
    form = "XYC" if dimensions == 2 else "XYZC"
    components = [PoseHeaderComponent(name, list(points), [], [], form) for name, points in components_of(pose.layout)]
    extent = _extent(pose)
    header = PoseHeader(0.2, PoseHeaderDimensions(*(pose.picture or extent[:2]), extent[2]), components)
    body = NumPyPoseBody(pose.fps or 0.0, np.ascontiguousarray(pose.points[:, None]), pose.confidence[:, None])
    FilePose(header, body).write(stream)


def _extent(pose: Pose) -> list[int]:
    """Width, height and depth that contain all points that were seen; the format has 16 bits for each."""
    columns = np.where(pose.seen[..., None], pose.points, 0).reshape(-1, pose.points.shape[2]).T
    most = [float(np.where(np.isfinite(column), column, 0).max(initial=0)) for column in columns]
    return [int(min(np.ceil(length), 2**16 - 1)) for length in most] + [0] * (3 - len(most))

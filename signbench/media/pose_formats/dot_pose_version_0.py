"""The body of ``.pose`` files of version 0.0, in which every frame says how many people it shows.

Source: pose-format, ``docs/specs/v0.0.md`` and ``numpy/pose_body.py`` (``read_v0_0``).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media.pose_formats.contract import check_shape

_COUNT = struct.Struct("<H")
_RATE_AND_FRAMES = struct.Struct("<HH")


@dataclass(frozen=True)
class Block:
    """A component's points as stored in the file: one after the other, each with its coordinates and its confidence.

    Attributes:
        points: their number.
        form: their letters, such as ``XYZC``.
    """

    points: int
    form: str


@dataclass(frozen=True, eq=False)
class Body:
    """The part of a file after the header.

    Attributes:
        rate: frames per second as stated.
        points: float32 ``(T, J, D)`` of all points.
        confidence: float32 ``(T, J)``.
    """

    rate: int
    points: NDArray[np.float32]
    confidence: NDArray[np.float32]


def read_body(content: bytes, start: int, blocks: Sequence[Block]) -> Body:
    """Reads the frames one by one, and checks that the file ends with the last.

    Args:
        content: the whole file.
        start: where the header ends.
        blocks: the header's components.

    Raises:
        MediaError: the file is truncated, longer than it states, or shows more than one person.
    """
    try:
        rate, frames = _RATE_AND_FRAMES.unpack_from(content, start)
    except struct.error:
        raise MediaError("the file is truncated within its header.") from None
    joints = sum(block.points for block in blocks)
    dimensions = max(min(len(block.form) - 1, 3) for block in blocks)
    check_shape((max(frames, 1), joints, dimensions))
    person = 2 + 4 * sum(block.points * len(block.form) for block in blocks)
    if (len(content) - start) < _RATE_AND_FRAMES.size + frames * _COUNT.size:
        raise MediaError(f"its header promises {frames} frames, but the file is truncated before them.")
    points = np.zeros((frames, joints, dimensions), np.float32)
    confidence = np.zeros((frames, joints), np.float32)
    offset = start + _RATE_AND_FRAMES.size
    for frame in range(frames):
        people = _COUNT.unpack_from(content, offset)[0] if offset + _COUNT.size <= len(content) else None
        end = offset + _COUNT.size + (people or 0) * person
        if people is None or end > len(content):
            raise MediaError(f"its header promises {frames} frames, but the file ends within frame {frame}.")
        seen = 0
        for number in range(people):
            found, sure = _person(content, offset + _COUNT.size + number * person + 2, blocks, dimensions)
            if not sure.any():
                continue
            seen += 1
            points[frame], confidence[frame] = found, sure
        if seen > 1:
            raise MediaError(f"it shows {seen} people in frame {frame}; keep the one who signs.")
        offset = end
    if offset != len(content):
        raise MediaError(f"its header promises {frames} frames, but {len(content) - offset} bytes follow them.")
    return Body(rate, points, confidence)


def _person(
    content: bytes, offset: int, blocks: Sequence[Block], dimensions: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coordinates ``(J, D)`` and confidence ``(J,)`` of one person in one frame."""
    points, confidence = [], []
    for block in blocks:
        width = len(block.form)
        rows = np.frombuffer(content, "<f4", block.points * width, offset).reshape(block.points, width)
        offset += rows.nbytes
        kept = np.zeros((block.points, dimensions), np.float32)
        own = min(width - 1, dimensions)
        kept[:, :own] = rows[:, :own]
        points.append(kept)
        confidence.append(rows[:, -1])
    return np.concatenate(points), np.concatenate(confidence)

"""``.skels`` files of Progressive Transformers: one clip per line of text, 151 numbers per frame.

A frame is 50 joints of x, y, z and a counter that runs from 0 towards 1 over the clip. Ids are the lines of the ``.files`` file
next to it. Source: ProgressiveTransformersSLP, ``data.py``, ``plot_videos.py``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout, layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.contract import PoseProbe, RawClip, member_of

COLUMNS = 151
FPS = 25.0
"""The frame rate of PHOENIX14T, for which the format was made; the format states none."""

_MOST_LINE_BYTES = 2**29
_CHUNK = 2**22

Lines = tuple[tuple[int, int], ...]
"""Start and length in bytes of each line."""


class Skels:
    """A ``.skels`` file: a container of clips."""

    def members(self, path: Path) -> list[str]:
        lines = _lines(path)
        names = path.with_suffix(".files")
        if not names.is_file():
            return [str(line) for line in range(len(lines))]
        return list(_names(names, names.stat().st_mtime_ns, len(lines)))

    def probe(self, path: Path, member: str | None, declared: Layout | None) -> PoseProbe:
        return self._clip(path, member).probe(None)

    def read(self, path: Path, member: str | None, declared: Layout | None, source_fps: float | None) -> Pose:
        return self._clip(path, member).pose(None, source_fps)

    def _clip(self, path: Path, member: str | None) -> RawClip:
        members = self.members(path)
        line = members.index(member_of(members, member))
        numbers = _numbers(path, line)
        frames = _shown(numbers[:, -1], line)

        def points() -> NDArray[Any]:
            return numbers[:frames, :-1].reshape(frames, -1, 3)

        pt_50 = layout("pt-50")
        return RawClip((frames, len(pt_50.joints), 3), points, fps=FPS, layout=pt_50)


def _lines(path: Path) -> Lines:
    status = path.stat()
    return _index(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _index(path: Path, size: int, modified: int) -> Lines:
    """The byte range of each line, so that one clip can be read without the others; empty lines at the end do not count."""
    ends: list[int] = []
    start = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            breaks = np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == ord("\n")) + start
            ends += breaks.tolist()
            start += len(chunk)
    if not ends or ends[-1] < start - 1:
        ends.append(start)
    starts = [0, *(end + 1 for end in ends)]
    lines = [(begin, end - begin) for begin, end in zip(starts, ends, strict=False)]
    while lines and lines[-1][1] <= 1:
        lines.pop()
    if not lines:
        raise MediaError("it holds no clips.")
    return tuple(lines)


@lru_cache(maxsize=8)
def _names(path: Path, modified: int, lines: int) -> tuple[str, ...]:
    """Ids of the clips.

    Raises:
        InputError: there is not one id per line, or an id is duplicated.
    """
    names = [line.strip() for line in path.read_text(encoding="utf-8").rstrip().splitlines()]
    if len(names) != lines:
        raise InputError(f"it has {lines} lines, but {path.name} next to it names {len(names)} clips.")
    first: dict[str, int] = {}
    for line, name in enumerate(names):
        if name in first:
            raise InputError(f"lines {first[name] + 1} and {line + 1} of {path.name} both name the clip {name!r}; keep one.")
        first[name] = line
    return tuple(names)


def _numbers(path: Path, line: int) -> NDArray[np.float64]:
    """The frames of one line, float64 ``(T, 151)``.

    Raises:
        MediaError: the line is empty, holds something other than numbers, or incomplete frames.
    """
    start, length = _lines(path)[line]
    if length > _MOST_LINE_BYTES:
        raise MediaError(f"line {line + 1} is {length} bytes long, too long for a clip.")
    with path.open("rb") as stream:
        stream.seek(start)
        words = stream.read(length).split()
    if not words:
        raise MediaError(f"line {line + 1} is empty.")
    if len(words) % COLUMNS:
        hint = ", but of 150: the counter is missing" if len(words) % (COLUMNS - 1) == 0 else ""
        raise MediaError(f"line {line + 1} has {len(words)} numbers, which is not a multiple of {COLUMNS}{hint}.")
    try:
        return np.array(words, dtype=np.float64).reshape(-1, COLUMNS)
    except ValueError:
        wrong = next(column for column, word in enumerate(words) if not _is_number(word))
        text = words[wrong][:20].decode(errors="replace")
        raise MediaError(f"line {line + 1}: its number {wrong + 1} reads {text!r}.") from None


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _shown(counter: NDArray[np.float64], line: int) -> int:
    """The number of frames: up to the counter's highest value, because the rest is padding.

    Progressive Transformers ends a clip there (``plot_videos.py: alter_DTW_timing``); its metric drops that last frame as well,
    which is left to the metric.

    Raises:
        MediaError: the counter is not finite, or never changes.
    """
    where = f"line {line + 1}: the counter (column {COLUMNS})"
    finite = np.isfinite(counter)
    if not finite.all():
        raise MediaError(f"{where} of frame {int(finite.argmin())} is not finite.")
    if len(counter) > 1 and counter.min() == counter.max():
        raise MediaError(
            f"{where} is {counter[0]:g} in every frame, so it does not show the clip's end; write frame / frames there."
        )
    return int(counter.argmax()) + 1

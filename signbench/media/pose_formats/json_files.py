"""JSON: frames as nested lists, an object with named fields, or an object of many clips."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout, layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.contract import PoseProbe, RawClip, member_of
from signbench.media.pose_formats.fields import POINTS, points_field, raw_clip

MOST_BYTES = 2**30
"""The maximum length of a JSON file."""


class JsonFile:
    """A ``.json`` file."""

    def members(self, path: Path) -> list[str] | None:
        content = load_json(path)
        return list(content) if _is_container(content) else None

    def probe(self, path: Path, member: str | None, declared: Layout | None) -> PoseProbe:
        return _clip(path, member).probe(declared)

    def read(self, path: Path, member: str | None, declared: Layout | None, source_fps: float | None) -> Pose:
        return _clip(path, member).pose(declared, source_fps)


def load_json(path: Path) -> Any:
    """The content of a file, cached while the file is unchanged.

    Raises:
        MediaError: the file is not JSON, or too long.
        InputError: an object has a duplicate key.
    """
    status = path.stat()
    if status.st_size > MOST_BYTES:
        raise MediaError(f"it has {status.st_size} bytes; JSON up to {MOST_BYTES} bytes is supported; use .npz for larger clips.")
    return _load(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, size: int, modified: int) -> Any:
    return _parse(path.read_bytes())


def read_object(path: Path) -> Mapping[str, Any]:
    """The object in a small JSON file, which is not cached.

    Raises:
        MediaError: the file is not JSON, not an object, or too long.
    """
    if path.stat().st_size > MOST_BYTES:
        raise MediaError(f"{path.name} is too long for one frame.")
    try:
        content = _parse(path.read_bytes())
    except MediaError as error:
        raise MediaError(f"{path.name}: {error}") from error
    if not isinstance(content, Mapping):
        raise MediaError(f"{path.name} does not hold an object.")
    return content


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise MediaError(f"it is not JSON ({error}).") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for index, key in enumerate(keys) if key in keys[:index])
        raise InputError(f"an object in it has the key {doubled!r:.80} twice; keep one.")
    return found


def _is_container(content: Any) -> bool:
    """Whether every value of the object could be a clip, and no key is a field name of a single clip."""
    return (
        isinstance(content, Mapping)
        and bool(content)
        and "people" not in content
        and points_field(content) is None
        and all(isinstance(value, (list, Mapping)) for value in content.values())
    )


def _clip(path: Path, member: str | None) -> RawClip:
    content = load_json(path)
    usual = None
    if _is_container(content):
        content = content[member_of(list(content), member)]
        usual = layout("slrtp-178")
    elif member is not None:
        raise InputError(f"it holds a single clip, so there is no clip {member} in it.")
    if isinstance(content, list):
        numbers = _numbers(content, "frames")
        return RawClip(numbers.shape, lambda: numbers, usual=usual)
    if not isinstance(content, Mapping):
        raise MediaError(f"it holds {json.dumps(content)[:40]}, not a list of frames or an object.")
    if "people" in content:
        raise MediaError("it is a single frame by OpenPose; pass the folder with the *_keypoints.json files of the clip.")
    field = points_field(content)
    if field is None:
        raise MediaError(f"its object has none of the fields {', '.join(POINTS)}, but {', '.join(content) or 'none'}.")
    values = _numbers(content[field], field)
    confidence = None if content.get("confidence") is None else _numbers(content["confidence"], "confidence")
    scalars = {
        name: np.array(content[name]) for name in ("fps", "picture", "layout", "joints", "parts") if content.get(name) is not None
    }
    return raw_clip(values.shape, lambda: values, scalars, None if confidence is None else lambda: confidence, usual)


def _numbers(values: Any, what: str) -> NDArray[Any]:
    """Nested lists as an array; ``null`` becomes NaN.

    Raises:
        MediaError: the lists are ragged, or hold something other than numbers.
    """
    try:
        numbers = np.array(values, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise MediaError(f"its {what} are not lists of numbers of equal length: {error}.") from error
    return numbers

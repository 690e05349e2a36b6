"""``.pt`` files: the dictionary of the SLRTP challenge (id -> key points), or the tensor of a single clip.

They are loaded with ``weights_only=True``, which executes no code, and memory-mapped, so that a clip takes only its own bytes.
Source of the dictionary: SLRTP-Sign-Production-Evaluation, ``README.md`` (Challenge Data Format).
"""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout, layout
from signbench.media.pose import Pose
from signbench.media.pose_formats.contract import PoseProbe, RawClip, member_of
from signbench.media.pose_formats.fields import POINTS, points_field, raw_clip
from signbench.pickled_files import archive_defect, forbidden_call, is_archive

if TYPE_CHECKING:
    import torch


class TorchFile:
    """A ``.pt`` file."""

    def members(self, path: Path) -> list[str] | None:
        content = _content(path)
        return None if _is_clip(content) else list(content)

    def probe(self, path: Path, member: str | None, declared: Layout | None) -> PoseProbe:
        return _clip(path, member).probe(declared)

    def read(self, path: Path, member: str | None, declared: Layout | None, source_fps: float | None) -> Pose:
        return _clip(path, member).pose(declared, source_fps)


def _content(path: Path) -> Any:
    status = path.stat()
    return _load(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, size: int, modified: int) -> Any:
    """The content of the file: a tensor, or a dictionary with strings as keys.

    Raises:
        MediaError: it is something else, or torch cannot load it without executing code.
        InputError: two keys are the same as strings.
    """
    import torch

    mapped = is_archive(path)
    if mapped and (defect := archive_defect(path)):
        raise MediaError(f"{defect}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    # torch reports damage with whatever error its unpickler raises.
    except Exception as error:
        raise _refusal(error) from error
    if isinstance(content, torch.Tensor):
        return content
    if not isinstance(content, Mapping) or not content:
        raise MediaError(f"it holds {_worded(content)}, not a tensor or a dictionary of clips.")
    texts: dict[str, Any] = {}
    for key, value in content.items():
        if not isinstance(key, (str, int)):
            raise MediaError(f"its dictionary has the key {key!r:.40}, which is not an id.")
        if str(key) in texts:
            raise InputError(f"its dictionary has the key {key} twice, as text and as a number; keep one.")
        texts[str(key)] = value
    return texts


def _refusal(error: Exception) -> MediaError:
    text = str(error)
    if name := forbidden_call(error):
        return MediaError(f"its pickle calls {name}, but no code from a file is executed; save only tensors, text and numbers.")
    if isinstance(error, pickle.UnpicklingError):
        return MediaError("its pickle is damaged, or holds something other than tensors, text and numbers.")
    reason = re.split(r"[.\n]\s", text.strip() or "no reason given")[0]
    return MediaError(f"torch cannot load it ({type(error).__name__}: {reason:.120}).")


def _is_clip(content: Any) -> bool:
    """Whether this is one clip: a tensor, or a dictionary with the key points under one of their names."""
    return not isinstance(content, Mapping) or any(_is_tensor(content.get(name)) for name in POINTS)


def _clip(path: Path, member: str | None) -> RawClip:
    content = _content(path)
    if not _is_clip(content):
        content = content[member_of(list(content), member)]
    elif member is not None:
        raise InputError(f"it holds a single clip, so there is no clip {member} in it.")
    slrtp = layout("slrtp-178")
    if _is_tensor(content):
        return RawClip(tuple(content.shape), lambda: _array(content), usual=slrtp)
    if not isinstance(content, Mapping):
        raise MediaError(f"its entry is {_worded(content)}, not a tensor or a dictionary with one under {POINTS[1]}.")
    field = points_field(content)
    if field is None or not _is_tensor(content[field]):
        found = ", ".join(map(str, content)) or "none"
        raise MediaError(f"its entry has no tensor under {', '.join(POINTS)}, but the fields {found}.")
    values = content[field]
    confidence = content.get("confidence")
    if confidence is not None and not _is_tensor(confidence):
        raise MediaError(f"its field confidence is {_worded(confidence)}, not a tensor.")
    scalars = {name: _scalar(content[name]) for name in ("fps", "layout", "joints", "parts") if content.get(name) is not None}
    return raw_clip(
        tuple(values.shape),
        lambda: _array(values),
        scalars,
        None if confidence is None else lambda: _array(confidence),
        usual=slrtp,
    )


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _scalar(value: Any) -> NDArray[Any]:
    return _array(value) if _is_tensor(value) else np.array(value)


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    """The numbers of a tensor as an array.

    Raises:
        MediaError: the tensor is sparse or quantised, not of real numbers, or represents more numbers than the file holds.
    """
    import torch

    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_complex() or tensor.dtype is torch.bool:
        raise MediaError(f"its tensor is of the kind {tensor.layout} {tensor.dtype}, not plain real numbers.")
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        # An expanded tensor repeats a few numbers as often as it likes.
        raise MediaError(f"its tensor {tuple(tensor.shape)} represents more numbers than the file holds; save a contiguous copy.")
    if tensor.is_floating_point() and tensor.dtype not in (torch.float32, torch.float64):
        tensor = tensor.float()
    array: NDArray[Any] = tensor.detach().numpy()
    return array


def _worded(value: Any) -> str:
    return "an empty dictionary" if isinstance(value, Mapping) and not value else f"something of the type {type(value).__name__}"

"""Clips as named fields (``points``, ``confidence``, ``fps``, ``layout`` ...), which NumPy, PyTorch and JSON files share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media.layout_joints import Part
from signbench.media.layouts import Layout, layout
from signbench.media.pose_formats.contract import RawClip, checked_rate

POINTS = ("points", "poses_3d", "keypoints", "pose", "data")
"""Accepted names of the field with the coordinates, one of them per file."""

Array = Callable[[], NDArray[Any]]


def points_field(names: Mapping[str, Any]) -> str | None:
    """The field that holds the coordinates, or None.

    Raises:
        MediaError: there are several candidates.
    """
    found = [name for name in POINTS if name in names]
    if len(found) > 1:
        raise MediaError(f"it has the fields {' and '.join(found)}; keep the one that holds the key points.")
    return found[0] if found else None


def raw_clip(
    shape: tuple[int, ...],
    points: Array,
    scalars: Mapping[str, NDArray[Any]],
    confidence: Array | None = None,
    usual: Layout | None = None,
) -> RawClip:
    """A clip from its fields.

    Args:
        shape: of the coordinates.
        points: reads them.
        scalars: the small fields, as arrays: ``fps``, ``picture``, ``layout``, and ``joints`` with ``parts`` for a custom layout.
        confidence: reads the confidences.
        usual: the layout to assume if nothing else determines it.

    Raises:
        MediaError: a field does not hold what its name says.
        InputError: the layout is not known.
    """
    return RawClip(
        shape=shape,
        points=points,
        confidence=confidence,
        fps=rate_field(scalars["fps"]) if "fps" in scalars else None,
        layout=_layout(scalars),
        usual=usual,
        picture=_picture(scalars["picture"]) if "picture" in scalars else None,
    )


def rate_field(value: NDArray[Any]) -> float | None:
    """The frame rate of a field ``fps``; None for 0.

    Raises:
        MediaError: it is not a single number, or not a valid rate.
    """
    if value.size != 1 or value.dtype.kind not in "fiu":
        raise MediaError("its field fps is not a single number.")
    return checked_rate(float(value.reshape(())))


def _picture(value: NDArray[Any]) -> tuple[int, int]:
    if value.shape != (2,) or value.dtype.kind not in "iu" or not (value > 0).all():
        raise MediaError("its field picture is not the width and height of an image in pixels.")
    return int(value[0]), int(value[1])


def _layout(scalars: Mapping[str, NDArray[Any]]) -> Layout | None:
    if "layout" not in scalars:
        return None
    stated = scalars["layout"]
    if stated.size != 1 or stated.dtype.kind != "U":
        raise MediaError("its field layout is not the name of a layout.")
    name = str(stated.reshape(()))
    if "joints" not in scalars:
        return layout(name)
    joints, parts = _words(scalars, "joints"), _words(scalars, "parts")
    if len(joints) != len(parts) or not set(parts) <= set(get_args(Part)):
        raise MediaError(f"its field parts does not say {', '.join(get_args(Part))} for each of its {len(joints)} joints.")
    return Layout(name, tuple(joints), tuple(parts))


def _words(scalars: Mapping[str, NDArray[Any]], name: str) -> list[str]:
    value = scalars.get(name, np.empty(0))
    if value.ndim != 1 or value.dtype.kind != "U":
        raise MediaError(f"its field {name} is not a list of names.")
    return [str(word) for word in value]

"""Observations of judges as bytes for the cache and back: one codec for each kind."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from signbench.documents import parse_json
from signbench.errors import MediaError
from signbench.judges.base import Gives, Likelihood, Observation
from signbench.media.layouts import Layout
from signbench.media.pose import Pose

_LENGTH = struct.Struct("<Q")


def encode(gives: Gives, observation: Observation) -> bytes:
    """An observation as bytes.

    Args:
        gives: its kind.
        observation: an observation of that kind.

    Raises:
        TypeError: it is of another kind; the judge does not return what it declares.
    """
    return _CODECS[gives][0](observation)


def checked(gives: Gives, observation: Observation) -> Observation:
    """An observation that is valid for its kind, exactly as the cache returns it later.

    Args:
        gives: its kind.
        observation: what a judge returned.

    Raises:
        TypeError: it is of another kind.
        ValueError: it is empty or out of range, or its numbers are not finite.
        MediaError: its key points are not finite.
    """
    if isinstance(observation, np.ndarray) and observation.dtype == np.float32 and not np.isfinite(observation).all():
        raise ValueError("its rows contain infinite numbers or NaN")
    if isinstance(observation, Pose):
        if observation.frames == 0:
            raise ValueError("its key points have no frames")
        if observation.fps is not None and not (math.isfinite(observation.fps) and observation.fps > 0):
            raise ValueError(f"the frame rate of key points must be above 0, not {observation.fps}")
        observation.check_finite()
    if isinstance(observation, Likelihood):
        if not (math.isfinite(observation.log_probability) and observation.log_probability <= 0):
            raise ValueError(f"the logarithm of a probability must be finite and at most 0, not {observation.log_probability}")
        if observation.tokens < 1:
            raise ValueError(f"a text has at least one token, not {observation.tokens}")
    return decode(gives, encode(gives, observation))


def decode(gives: Gives, content: bytes) -> Observation:
    """Restores the observation that :func:`encode` was given, bit for bit.

    Raises:
        MediaError: the bytes are not of that kind.
    """
    try:
        return _CODECS[gives][1](content)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise MediaError(
            f"a cached observation of the kind {gives} cannot be read ({error}); run signbench cache clear."
        ) from error


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _text(observation: Observation) -> bytes:
    if not isinstance(observation, str):
        raise TypeError(f"a text must be a str, not {type(observation).__name__}")
    return _json(observation)


def _of_text(content: bytes) -> str:
    found = parse_json(content)
    if isinstance(found, str):
        return found
    raise ValueError("it is not a text")


def _words(observation: Observation) -> bytes:
    if not isinstance(observation, tuple) or not all(isinstance(word, str) for word in observation):
        raise TypeError(f"glosses and labels must be a tuple of str, not {observation!r}")
    return _json(list(observation))


def _of_words(content: bytes) -> tuple[str, ...]:
    found = parse_json(content)
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise ValueError("it is not a list of words")
    return tuple(found)


def _rows(observation: Observation) -> bytes:
    if not isinstance(observation, np.ndarray) or observation.dtype != np.float32 or observation.ndim != 2:
        raise TypeError("rows must be float32 (n, D)")
    return _with_head({"shape": list(observation.shape)}, observation.astype("<f4", copy=False).tobytes())


def _of_rows(content: bytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    head, values = _head(content)
    return np.frombuffer(values, "<f4").reshape(head["shape"]).astype(np.float32)


def _pose(observation: Observation) -> bytes:
    if not isinstance(observation, Pose):
        raise TypeError(f"key points must be a Pose, not {type(observation).__name__}")
    layout = observation.layout
    head = {
        "shape": list(observation.points.shape),
        "fps": observation.fps,
        "layout": layout.name,
        "joints": list(layout.joints),
        "parts": list(layout.parts),
        "picture": None if observation.picture is None else list(observation.picture),
    }
    values = observation.points.astype("<f4", copy=False).tobytes() + observation.confidence.astype("<f4", copy=False).tobytes()
    return _with_head(head, values)


def _of_pose(content: bytes) -> Pose:
    head, values = _head(content)
    shape = tuple(head["shape"])
    numbers = np.frombuffer(values, "<f4").astype(np.float32)
    count = shape[0] * shape[1] * shape[2]
    return Pose(
        numbers[:count].reshape(shape),
        numbers[count:].reshape(shape[:2]),
        Layout(head["layout"], tuple(head["joints"]), tuple(head["parts"])),
        head["fps"],
        picture=None if head["picture"] is None else tuple(head["picture"]),
    )


def _likelihood(observation: Observation) -> bytes:
    if not isinstance(observation, Likelihood):
        raise TypeError(f"a likelihood must be a Likelihood, not {type(observation).__name__}")
    return _json([float(observation.log_probability), int(observation.tokens)])


def _of_likelihood(content: bytes) -> Likelihood:
    log_probability, tokens = parse_json(content)
    return Likelihood(float(log_probability), int(tokens))


def _with_head(head: dict[str, Any], values: bytes) -> bytes:
    written = _json(head)
    return _LENGTH.pack(len(written)) + written + values


def _head(content: bytes) -> tuple[dict[str, Any], memoryview]:
    (length,) = _LENGTH.unpack_from(content)
    rest = memoryview(content)[_LENGTH.size :]
    head: dict[str, Any] = parse_json(bytes(rest[:length]))
    return head, rest[length:]


_CODECS: dict[Gives, tuple[Callable[[Observation], bytes], Callable[[bytes], Observation]]] = {
    "text": (_text, _of_text),
    "gloss": (_words, _of_words),
    "label": (_words, _of_words),
    "rows": (_rows, _of_rows),
    "pose": (_pose, _of_pose),
    "likelihood": (_likelihood, _of_likelihood),
}

"""How the samples of a decoded frame are laid out: FFmpeg's pixel formats, as three planes of numbers that code can index.

FFmpeg has some two hundred ways of laying out the samples of a frame. Each is reduced here to the same form without changing a
sample: luma and two chroma components, or red, green and blue, each an array of rows with a first index and a step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Kind = Literal["yuv", "gray", "rgb"]

_SUBSAMPLINGS = {"444": (0, 0), "422": (1, 0), "420": (1, 1), "440": (0, 1), "411": (2, 0), "410": (2, 2)}


@dataclass(frozen=True)
class Component:
    """Where the samples of one component are.

    Attributes:
        plane: number of the plane that holds it.
        first: index of its first sample in a row, in samples.
        step: from one of its samples to the next.
    """

    plane: int
    first: int = 0
    step: int = 1


@dataclass(frozen=True)
class PixelFormat:
    """How one pixel format stores a frame.

    Attributes:
        kind: luma and chroma, luma alone, or red, green and blue.
        sampling: the chroma subsampling in the usual notation (``420``); empty if there is none.
        bits: of a sample, 1 to 16.
        components: of Y, U, V or of R, G, B, in this order; one of them for grey.
        dtype: how a sample is stored.
        shift: bits below the sample's lowest one.
        fields: bits of each component in one word, lowest bit and number of bits, if several share a word; else empty.
        is_full: whether the format's name says that luma and chroma use the full range.
    """

    kind: Kind
    sampling: str
    bits: int
    components: tuple[Component, ...]
    dtype: str = "u1"
    shift: int = 0
    fields: tuple[tuple[int, int], ...] = ()
    is_full: bool = False

    @property
    def family(self) -> str:
        """The formats that hold the same numbers, by their planar form: ``nv12`` is ``yuv420p``, ``p010le`` is ``yuv420p10``."""
        depth = "" if self.bits == 8 else str(self.bits)
        return f"yuv{self.sampling}p{depth}" if self.kind == "yuv" else f"{self.kind}{depth}"

    @property
    def halvings(self) -> tuple[int, int]:
        """How often chroma is halved in width and in height."""
        return _SUBSAMPLINGS.get(self.sampling, (0, 0))


_PLANAR = re.compile(r"yuv(?P<more>[ja]?)(?P<sampling>4\d\d)p(?P<bits>\d*)(?P<msb>msb)?(?P<end>[lb]e)?")
_GREY = re.compile(r"(?P<kind>gray|ya)(?P<bits>\d*)(?P<end>[lb]e)?")
_TWO_PLANES = re.compile(r"p(?P<sampling>[024])(?P<bits>1[026])(?P<end>[lb]e)")
_WORDS = re.compile(r"(?P<name>y210|y212|y216|xv36|xv48|ayuv64|rgb48|bgr48|rgba64|bgra64)(?P<end>[lb]e)")
_GBR = re.compile(r"gbra?p(?P<bits>\d*)(?P<msb>msb)?(?P<end>[lb]e)?")
_BIT_FIELDS = re.compile(r"(?P<name>x2rgb10|x2bgr10|rgb565|bgr565|rgb555|bgr555|rgb444|bgr444|xv30|v30x)(?P<end>[lb]e)")

_NV = {"nv12": "420", "nv21": "420", "nv16": "422", "nv24": "444", "nv42": "444"}

# Indices of Y, U, V in one group of samples, and the group's length; in 4:2:2 a group holds two luma samples.
_PACKED: dict[str, tuple[Kind, str, tuple[int, int, int], int]] = {
    "yuyv422": ("yuv", "422", (0, 1, 3), 4),
    "yvyu422": ("yuv", "422", (0, 3, 1), 4),
    "uyvy422": ("yuv", "422", (1, 0, 2), 4),
    "ayuv": ("yuv", "444", (1, 2, 3), 4),
    "vuya": ("yuv", "444", (2, 1, 0), 4),
    "vuyx": ("yuv", "444", (2, 1, 0), 4),
    "uyva": ("yuv", "444", (1, 0, 2), 4),
    "vyu444": ("yuv", "444", (1, 2, 0), 3),
}
# The same in words of 16 bits, also for R, G, B, with the number of significant bits, which are the upper ones.
_PACKED_WORDS: dict[str, tuple[Kind, str, tuple[int, int, int], int, int]] = {
    "y210": ("yuv", "422", (0, 1, 3), 4, 10),
    "y212": ("yuv", "422", (0, 1, 3), 4, 12),
    "y216": ("yuv", "422", (0, 1, 3), 4, 16),
    "xv36": ("yuv", "444", (1, 0, 2), 4, 12),
    "xv48": ("yuv", "444", (1, 0, 2), 4, 16),
    "ayuv64": ("yuv", "444", (1, 2, 3), 4, 16),
    "rgb48": ("rgb", "", (0, 1, 2), 3, 16),
    "bgr48": ("rgb", "", (2, 1, 0), 3, 16),
    "rgba64": ("rgb", "", (0, 1, 2), 4, 16),
    "bgra64": ("rgb", "", (2, 1, 0), 4, 16),
}
# Bits of Y, U, V (or R, G, B) in one word: the lowest bit and how many; and the word's bytes.
_FIELDS: dict[str, tuple[Kind, tuple[tuple[int, int], ...], int]] = {
    "xv30": ("yuv", ((10, 10), (0, 10), (20, 10)), 4),
    "v30x": ("yuv", ((12, 10), (2, 10), (22, 10)), 4),
    "x2rgb10": ("rgb", ((20, 10), (10, 10), (0, 10)), 4),
    "x2bgr10": ("rgb", ((0, 10), (10, 10), (20, 10)), 4),
    "rgb565": ("rgb", ((11, 5), (5, 6), (0, 5)), 2),
    "bgr565": ("rgb", ((0, 5), (5, 6), (11, 5)), 2),
    "rgb555": ("rgb", ((10, 5), (5, 5), (0, 5)), 2),
    "bgr555": ("rgb", ((0, 5), (5, 5), (10, 5)), 2),
    "rgb444": ("rgb", ((8, 4), (4, 4), (0, 4)), 2),
    "bgr444": ("rgb", ((0, 4), (4, 4), (8, 4)), 2),
    "rgb8": ("rgb", ((5, 3), (2, 3), (0, 2)), 1),
    "bgr8": ("rgb", ((0, 3), (3, 3), (6, 2)), 1),
}


@cache
def pixel_format(name: str) -> PixelFormat | None:
    """How FFmpeg's pixel format of that name stores a frame; None for palettes, and for unknown formats."""
    if found := _PLANAR.fullmatch(name):
        dtype, bits, shift = _stored(found)
        components = Component(0), Component(1), Component(2)
        return PixelFormat("yuv", found["sampling"], bits, components, dtype, shift, is_full=found["more"] == "j")
    if found := _GREY.fullmatch(name):
        dtype, bits, shift = _stored(found)
        luma = Component(0, 0, 2 if found["kind"] == "ya" else 1)  # with alpha ("ya") each pixel has two numbers
        return PixelFormat("gray", "", bits, (luma,), dtype, shift) if bits <= 16 else None
    if found := _GBR.fullmatch(name):
        dtype, bits, shift = _stored(found)
        return PixelFormat("rgb", "", bits, (Component(2), Component(0), Component(1)), dtype, shift) if bits <= 16 else None
    if name in _NV:
        first = 1 if name in ("nv21", "nv42") else 0
        return PixelFormat("yuv", _NV[name], 8, (Component(0), Component(1, first, 2), Component(1, 1 - first, 2)))
    if name in ("nv20le", "nv20be"):
        return PixelFormat("yuv", "422", 10, (Component(0), Component(1, 0, 2), Component(1, 1, 2)), _word(name[-2:]))
    if found := _TWO_PLANES.fullmatch(name):
        sampling, bits = {"0": "420", "2": "422", "4": "444"}[found["sampling"]], int(found["bits"])
        components = Component(0), Component(1, 0, 2), Component(1, 1, 2)
        return PixelFormat("yuv", sampling, bits, components, _word(found["end"]), 16 - bits)
    if name in _PACKED:
        kind, sampling, indices, length = _PACKED[name]
        return PixelFormat(kind, sampling, 8, _in_groups(sampling, indices, length))
    if found := _WORDS.fullmatch(name):
        kind, sampling, indices, length, bits = _PACKED_WORDS[found["name"]]
        return PixelFormat(kind, sampling, bits, _in_groups(sampling, indices, length), _word(found["end"]), 16 - bits)
    if name == "uyyvyy411":
        return PixelFormat("yuv", "411", 8, ())
    if (found := _BIT_FIELDS.fullmatch(name)) or name in _FIELDS:
        kind, fields, size = _FIELDS[found["name"] if found else name]
        dtype = "u1" if size == 1 else f"{'>' if found and found['end'] == 'be' else '<'}u{size}"
        return PixelFormat(kind, "444" if kind == "yuv" else "", max(bits for _, bits in fields), (), dtype, fields=fields)
    return None


def planes_of(frame: VideoFrame, form: PixelFormat) -> list[NDArray[Any]]:
    """The samples of a frame; not copied if they are contiguous.

    Args:
        frame: a decoded frame.
        form: its pixel format.

    Returns:
        For each component its rows, uint8 or uint16, C-contiguous, including any padding after the last sample of a row.

    Raises:
        ValueError: the frame's rows are stored in an unsupported way.
    """
    dtype = np.dtype(form.dtype)
    raw = []
    for plane in frame.planes:
        if plane.line_size <= 0 or plane.line_size % dtype.itemsize:
            raise ValueError("its rows are stored bottom up, or do not start at whole samples")
        shape = plane.height, plane.line_size // dtype.itemsize
        rows: NDArray[Any] = np.ndarray(shape, dtype, memoryview(plane))
        raw.append(rows if dtype.isnative else rows.astype(dtype.newbyteorder("=")))
    if form.fields:
        size = np.uint8 if form.bits <= 8 else np.uint16
        return [((raw[0] >> low) & ((1 << bits) - 1)).astype(size) for low, bits in form.fields]
    if not form.components:  # uyyvyy411: six bytes for four pixels
        groups = raw[0][:, : -(-frame.width // 4) * 6].reshape(frame.height, -1, 6)
        luma = np.ascontiguousarray(groups[..., [1, 2, 4, 5]]).reshape(frame.height, -1)
        return [luma, *(np.ascontiguousarray(groups[..., index]) for index in (0, 3))]
    planes = [_every(raw[part.plane], part.first, part.step) for part in form.components]
    return [rows >> form.shift for rows in planes] if form.shift else planes


def _every(rows: NDArray[Any], first: int, step: int) -> NDArray[Any]:
    """Every n-th sample of each row, from the first one on, C-contiguous."""
    import cv2

    if step == 1:
        return rows
    if rows.shape[1] % step:
        return np.ascontiguousarray(rows[:, first::step])
    return cv2.extractChannel(rows.reshape(len(rows), -1, step), first)  # several times faster


def _stored(found: re.Match[str]) -> tuple[str, int, int]:
    """Data type, bits and shift of a format by its name."""
    bits = int(found["bits"] or 8)
    if bits <= 8:
        return "u1", bits, 0
    return _word(found["end"] or "le"), bits, 16 - bits if "msb" in found.groupdict() and found["msb"] else 0


def _word(end: str) -> str:
    return ">u2" if end == "be" else "<u2"


def _in_groups(sampling: str, indices: tuple[int, int, int], length: int) -> tuple[Component, ...]:
    """Components that are interleaved in one plane."""
    steps = (length // 2 if sampling == "422" else length), length, length
    return tuple(Component(0, first, step) for first, step in zip(indices, steps, strict=True))

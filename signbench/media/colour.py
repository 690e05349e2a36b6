"""Decoded frames to 8-bit RGB by exact arithmetic: each matrix, range and depth as its standard defines it, rounded once.

The result of FFmpeg's own converter depends on the layout, on the processor and on its flags; its 4:2:0 is 1.5 to 2 levels too
dark. Here each value of red, green and blue is that of the standard's formula in rational numbers, rounded to the nearest integer
(half up) and clipped to 0 to 255, so it is the same on every machine. ``docs/video-reading.md`` has the formulas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.media.pixel_formats import PixelFormat, pixel_format, planes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.video.frame import VideoFrame


@dataclass(frozen=True)
class Matrix:
    """The weights of red, green and blue in luma.

    Attributes:
        name: as pixel families name it.
        red: share of red in luma.
        blue: share of blue in luma.
    """

    name: str
    red: Fraction
    blue: Fraction


BT_601 = Matrix("bt601", Fraction("0.299"), Fraction("0.114"))
MATRICES: dict[int, Matrix] = {
    1: Matrix("bt709", Fraction("0.2126"), Fraction("0.0722")),
    4: Matrix("fcc", Fraction("0.30"), Fraction("0.11")),
    5: BT_601,
    6: BT_601,
    7: Matrix("smpte240m", Fraction("0.212"), Fraction("0.087")),
    9: Matrix("bt2020", Fraction("0.2627"), Fraction("0.0593")),
}
"""Code point of a matrix (ITU-T H.273, table 4) -> the matrix."""

_UNTAGGED = frozenset({0, 2, 3})  # "RGB", which no luma and chroma can be, "unspecified" and "reserved"
_OTHER_MATRICES = {
    8: "YCgCo",
    10: "BT.2020 with constant luminance",
    11: "SMPTE ST 2085",
    12: "a matrix derived from the primaries",
    13: "a matrix derived from the primaries, with constant luminance",
    14: "ICtCp",
    15: "IPT-C2",
    16: "YCgCo-Re",
    17: "YCgCo-Ro",
}
_LIMITED_RANGE, _FULL_RANGE = 1, 2

# Formats that FFmpeg's converter only needs to rearrange: 8-bit RGB, palettes and single bits.
_REORDERED = frozenset(
    {
        *("rgb24", "bgr24", "rgba", "bgra", "argb", "abgr", "rgb0", "bgr0", "0rgb", "0bgr"),
        *("pal8", "monow", "monob"),
    }
)

_FRACTION_BITS = 48


def in_one_thread() -> dict[str, Any]:
    """Arguments with which PyAV converts a frame in one thread: pixels must not depend on how threads share the work."""
    import av

    # older versions have one thread, and no such argument
    return {"threads": 1} if int(av.__version__.split(".")[0]) >= 17 else {}


class ColourConversion:
    """Converts frames of any pixel format to RGB, each by the matrix and range of its tags."""

    def __init__(self, path: Path) -> None:
        """Prepares to convert the frames of one file.

        Args:
            path: the file, for messages.
        """
        from av.video.reformatter import VideoReformatter

        self._path = path
        self._reformatter = VideoReformatter()  # one for all frames: setting swscale up costs more than converting a small frame
        self._options = in_one_thread()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """uint8 ``(H, W, 3)`` RGB, possibly with gaps between rows.

        Raises:
            MediaError: the frame's pixel format or matrix is not supported.
        """
        if frame.format.name in _REORDERED:
            plane = self._reformatter.reformat(frame, format="rgb24", interpolation="POINT", **self._options).planes[0]
            return np.ndarray((frame.height, frame.width, 3), np.uint8, memoryview(plane), strides=(plane.line_size, 3, 1))
        form = self._form(frame)
        try:
            planes = planes_of(frame, form)
        except ValueError as error:
            raise MediaError(f"{self._path}: pixels of the format {frame.format.name} cannot be read: {error}.") from error
        picture = np.empty((frame.height, frame.width, 3), np.uint8)
        if form.kind == "yuv":
            tables = _stored_tables(self._matrix(frame), form, is_full=_is_full(frame, form))
            _yuv_kernel(str(planes[0].dtype))(*planes, *form.halvings, tables, picture)
        else:
            self._fill_levels(frame, form, planes, picture)
        return picture

    def family(self, frame: VideoFrame) -> str:
        """What decides the arithmetic, such as ``yuv420p-bt709-limited``, ``gray-full`` or ``rgb``.

        Raises:
            MediaError: the frame's pixel format or matrix is not supported.
        """
        if frame.format.name in _REORDERED:
            return "rgb"
        form = self._form(frame)
        if form.kind == "rgb":
            return form.family
        span = "full" if _is_full(frame, form) else "limited"
        return f"{form.family}-{self._matrix(frame).name}-{span}" if form.kind == "yuv" else f"{form.family}-{span}"

    def _form(self, frame: VideoFrame) -> PixelFormat:
        form = pixel_format(frame.format.name)
        if form is None:
            raise MediaError(
                f"{self._path}: pixels of the format {frame.format.name} are not supported; re-encode it, for example as H.264."
            )
        return form

    def _matrix(self, frame: VideoFrame) -> Matrix:
        code = int(frame.colorspace)
        if code in _UNTAGGED:
            return BT_601
        if code not in MATRICES:
            name = _OTHER_MATRICES.get(code, f"matrix {code} of ITU-T H.273")
            raise MediaError(f"{self._path}: its colours are coded by {name}, which is not supported; re-encode it with BT.709.")
        return MATRICES[code]

    @staticmethod
    def _fill_levels(frame: VideoFrame, form: PixelFormat, planes: list[NDArray[Any]], picture: NDArray[np.uint8]) -> None:
        """Grey, or red, green and blue: each component is scaled separately."""
        import cv2

        is_full = form.kind == "rgb" or _is_full(frame, form)
        depths = [bits for _, bits in form.fields] or [form.bits] * len(planes)
        channels = []
        for rows, bits in zip(planes, depths, strict=True):
            levels = rows[:, : frame.width]
            table = _stored_levels(bits, 8 * rows.dtype.itemsize, is_full=is_full)
            if rows.dtype == np.uint8:
                channels.append(levels if bits == 8 and is_full else cv2.LUT(levels, table))
            else:
                channels.append(np.empty(levels.shape, np.uint8))
                _level_kernel()(rows, table, channels[-1])
        cv2.merge(channels if len(channels) == 3 else channels * 3, picture)


def _is_full(frame: VideoFrame, form: PixelFormat) -> bool:
    """Whether the full range is used: by the frame's tag; untagged luma and chroma do not use it, untagged grey does."""
    if form.is_full:
        return True
    tag = int(frame.color_range)
    return tag == _FULL_RANGE or (form.kind == "gray" and tag != _LIMITED_RANGE)


@cache
def level_table(bits: int, *, is_full: bool) -> NDArray[np.uint8]:
    """Each level of grey, or of one of red, green and blue, as a level of 8 bits.

    Args:
        bits: of a level.
        is_full: whether white is the highest level, or 235 in units of 8 bits with black at 16.

    Returns:
        uint8 ``(2 ** bits,)``.
    """
    unit = 2**bits // 256
    black, span = (0, 2**bits - 1) if is_full else (16 * unit, 219 * unit)
    levels = np.arange(2**bits, dtype=np.int64) - black
    scaled: NDArray[np.uint8] = np.clip((510 * levels + span) // (2 * span), 0, 255).astype(np.uint8)
    return scaled


@cache
def yuv_tables(matrix: Matrix, bits: int, *, is_full: bool) -> NDArray[np.int64]:
    """What each level of Y, U and V adds to red, green and blue, in units of 2 ** -48.

    An entry is the exact rational number rounded *up*; that of Y includes the half with which rounding down rounds to nearest.
    A sum of three entries is therefore never below the exact sum, and less than 3 units above it. The exact sums are multiples of
    1 / (2 D), where D is the common denominator of the formula's coefficients, so that one below a whole number is at least that
    much below it. As 3 units are less, rounding a sum down gives what rounding the exact sum down gives: ties go up.

    Args:
        matrix: the weights of luma.
        bits: of a sample.
        is_full: whether samples use the whole range, or 16 to 235 (luma) and 16 to 240 (chroma) in units of 8 bits.

    Returns:
        int64 ``(5, 2 ** bits)``: Y for all three, V for red, U for green, V for green, U for blue.
    """
    unit = Fraction(2**bits, 256)
    black, luma, chroma = (0, 2**bits - 1, 2**bits - 1) if is_full else (int(16 * unit), int(219 * unit), int(224 * unit))
    green = 1 - matrix.red - matrix.blue
    of_y, of_c = Fraction(255, luma), Fraction(255, chroma)
    red_v, blue_u = 2 * (1 - matrix.red) * of_c, 2 * (1 - matrix.blue) * of_c
    green_u, green_v = -matrix.blue / green * blue_u, -matrix.red / green * red_v
    for coefficients in ((of_y, red_v), (of_y, green_u, green_v), (of_y, blue_u)):
        denominator = math.lcm(*(coefficient.denominator for coefficient in coefficients))
        if 6 * denominator >= 2**_FRACTION_BITS:
            raise ArithmeticError(f"{matrix.name} of {bits} bits needs more than {_FRACTION_BITS} bits of fraction.")
    grey = 2 ** (bits - 1)
    terms = ((of_y, black, Fraction(1, 2)), *((factor, grey, Fraction(0)) for factor in (red_v, green_u, green_v, blue_u)))
    return np.array([_entries(*term, 2**bits) for term in terms], dtype=np.int64)


def _entries(factor: Fraction, zero: int, more: Fraction, levels: int) -> list[int]:
    """``factor * (level - zero) + more`` for each level, in units of 2 ** -48, rounded up."""
    unit = 2**_FRACTION_BITS
    slope, offset = factor * unit, more * unit
    common = math.lcm(slope.denominator, offset.denominator)
    step, start = int(slope * common), int(offset * common)
    return [-(-((level - zero) * step + start) // common) for level in range(levels)]


@cache
def _stored_tables(matrix: Matrix, form: PixelFormat, *, is_full: bool) -> NDArray[np.int64]:
    """The tables indexed by samples as they are stored; values that no valid sample can have map to the highest level."""
    tables = yuv_tables(matrix, form.bits, is_full=is_full)
    if form.dtype == "u1":
        return tables
    return np.ascontiguousarray(tables[:, np.minimum(np.arange(2**16), 2**form.bits - 1)])


@cache
def _stored_levels(bits: int, stored: int, *, is_full: bool) -> NDArray[np.uint8]:
    """:func:`level_table` indexed by levels as they are stored, in 8 or 16 bits."""
    table: NDArray[np.uint8] = level_table(bits, is_full=is_full)[np.minimum(np.arange(2**stored), 2**bits - 1)]
    return table


@cache
def _yuv_kernel(dtype: str) -> Callable[..., None]:
    """:func:`_convert` as machine code, for samples of one or of two bytes."""
    import numba

    from signbench.compilation import compiled_for

    rows = numba.types.Array(numba.from_dtype(np.dtype(dtype)), 2, "C", readonly=True)
    tables = numba.types.Array(numba.int64, 2, "C", readonly=True)
    return compiled_for(_convert, rows, rows, rows, numba.int64, numba.int64, tables, numba.types.Array(numba.uint8, 3, "C"))


@cache
def _level_kernel() -> Callable[..., None]:
    """:func:`_look_up` as machine code."""
    import numba

    from signbench.compilation import compiled_for

    rows = numba.types.Array(numba.uint16, 2, "C", readonly=True)
    table = numba.types.Array(numba.uint8, 1, "C", readonly=True)
    return compiled_for(_look_up, rows, table, numba.types.Array(numba.uint8, 2, "C"))


def _convert(
    luma: NDArray[Any],
    blue: NDArray[Any],
    red: NDArray[Any],
    halve_width: int,
    halve_height: int,
    tables: NDArray[np.int64],
    picture: NDArray[np.uint8],
) -> None:
    """Fills an image from luma and the nearest chroma sample, the one whose cell contains the pixel.

    Args:
        luma: rows of Y.
        blue: rows of U.
        red: rows of V.
        halve_width: how often chroma's width is halved.
        halve_height: how often its height is halved.
        tables: of :func:`_stored_tables`.
        picture: uint8 ``(H, W, 3)``.
    """
    height, width = picture.shape[0], picture.shape[1]
    of_y, red_v, green_u, green_v, blue_u = tables[0], tables[1], tables[2], tables[3], tables[4]
    whole = np.empty(3 * width, np.int32)  # of one row, before it is clipped to 0 to 255, which is faster for the whole row at once
    for row in range(height):
        ys, us, vs = luma[row], blue[row >> halve_height], red[row >> halve_height]
        paired = 0
        if halve_width == 1:  # almost every video: the contribution of chroma is looked up once for two pixels
            paired = width >> 1
            for cell in range(paired):
                u, v = us[cell], vs[cell]
                to_red, to_green, to_blue = red_v[v], green_u[u] + green_v[v], blue_u[u]
                for side in range(2):  # a number of iterations that the compiler knows
                    y, offset = of_y[ys[2 * cell + side]], 6 * cell + 3 * side
                    whole[offset] = np.int32((y + to_red) >> 48)
                    whole[offset + 1] = np.int32((y + to_green) >> 48)
                    whole[offset + 2] = np.int32((y + to_blue) >> 48)
        for column in range(2 * paired, width):
            u, v, y = us[column >> halve_width], vs[column >> halve_width], of_y[ys[column]]
            whole[3 * column] = np.int32((y + red_v[v]) >> 48)
            whole[3 * column + 1] = np.int32((y + green_u[u] + green_v[v]) >> 48)
            whole[3 * column + 2] = np.int32((y + blue_u[u]) >> 48)
        line = picture[row].reshape(3 * width)
        for offset in range(3 * width):
            line[offset] = np.uint8(min(max(whole[offset], np.int32(0)), np.int32(255)))


def _look_up(rows: NDArray[np.uint16], table: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """Fills ``out``, uint8 ``(H, W)``, from rows of samples of two bytes."""
    height, width = out.shape
    for row in range(height):
        levels, line = rows[row], out[row]
        for column in range(width):
            line[column] = table[levels[column]]

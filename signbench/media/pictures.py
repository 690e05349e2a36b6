"""One picture file as upright 8-bit RGB, checked before it is decoded."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

LARGEST_SIDE = 16384
"""Pictures, and the frames of videos, may have at most this many pixels a side."""

_BEGINNINGS = {
    "PNG": b"\x89PNG\r\n\x1a\n",
    "JPEG": b"\xff\xd8\xff",
    "BMP": b"BM",
    "WebP": rb"RIFF.{4}WEBP",
    "TIFF": rb"II\*\x00|MM\x00\*",
    "PPM": rb"P[1-6]\s",
}
_KINDS = {
    kind: re.compile(beginning if kind in ("WebP", "TIFF", "PPM") else re.escape(beginning), re.DOTALL)
    for kind, beginning in _BEGINNINGS.items()
}
_PPM_HEADER = re.compile(rb"P[2356](?:\s+(?:#[^\n]*\n\s*)*\d+){2}\s+(?:#[^\n]*\n\s*)*(\d+)")

_ORIENTATION, _SHORT = 0x0112, 3
# Orientation (EXIF 2.32, 4.6.4.A) -> rows and columns swapped first, then the order of rows, of columns reversed.
TURNS = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def read_picture(path: Path) -> NDArray[np.uint8]:
    """One picture as RGB, turned upright by its EXIF orientation.

    Grey becomes three equal channels; levels of other depths than 8 bits are scaled and rounded to the nearest (half up);
    transparency is dropped (the stored colours show), embedded colour profiles are not applied.

    Returns:
        uint8 ``(H, W, 3)`` RGB.

    Raises:
        MediaError: the file cannot be read, is cut off or damaged, too large, animated, or no picture.
    """
    import cv2

    try:
        data = path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from error
    if not data:
        raise MediaError(f"{path} is empty (0 bytes).")
    kind = next((name for name, beginning in _KINDS.items() if beginning.match(data)), None)
    if kind is None:
        raise MediaError(f"{path} cannot be decoded as an image; is it one?")
    if kind == "PNG":
        _check_png(data, path)
    if kind == "JPEG" and data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda"):  # no end behind the last start of scan
        raise MediaError(f"{path} is truncated: the end of the image is missing.")
    header = _header(data, kind, path)
    # Bytes rather than a name: OpenCV cannot open every name on every system, and says what fails on stderr only.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | (0 if kind == "TIFF" else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        picture: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise MediaError(f"{path} cannot be decoded as an image ({error.err or 'OpenCV failed'}).") from error
    if picture is None:
        raise MediaError(f"{path} cannot be decoded as an image; is it one?")
    if picture.dtype not in (np.uint8, np.uint16):
        raise MediaError(f"{path} holds numbers of type {picture.dtype}, not levels of 8 or 16 bits; write it again as PNG.")
    whole = _in_eight_bits(picture, _highest_level(data, kind, picture))
    rgb = np.asarray(cv2.cvtColor(whole, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    return rgb if kind == "TIFF" else turned(rgb, *TURNS.get(_orientation(data, kind, header), TURNS[1]))


def picture_family(files: Iterable[Path]) -> str:
    """What decides how the pictures of a clip become RGB: their kinds by their suffixes, such as ``png`` or ``jpeg``."""
    kinds = {file.suffix.lower().lstrip(".") for file in files}
    return "+".join(sorted({{"jpg": "jpeg", "tif": "tiff"}.get(kind, kind) for kind in kinds}))


def turned(pixels: NDArray[np.uint8], swap: bool, flip_rows: bool, flip_columns: bool) -> NDArray[np.uint8]:
    """A picture turned by quarters or mirrored.

    Args:
        pixels: uint8 ``(H, W, 3)``.
        swap: rows become columns, before anything else.
        flip_rows: the last row comes first.
        flip_columns: the last column comes first.

    Returns:
        uint8 ``(H, W, 3)`` or ``(W, H, 3)``; the same array where nothing is to be done.
    """
    import cv2

    if swap:
        pixels = np.asarray(cv2.transpose(pixels), dtype=np.uint8)
    if flip_rows or flip_columns:
        way = {(True, False): 0, (False, True): 1, (True, True): -1}[flip_rows, flip_columns]
        pixels = np.asarray(cv2.flip(pixels, way), dtype=np.uint8)
    return pixels


def _header(data: bytes, kind: str, path: Path) -> ImageFile:
    """What a picture says of itself, read by Pillow without decoding it, unless it is one that must not be decoded.

    Raises:
        MediaError: the header cannot be read, names too large a size, or says that there are several pictures.
    """
    # Image.open would refuse pictures by a limit of its own, in megapixels.
    try:
        header: ImageFile = _opened(data, kind)
    except Exception as error:  # Pillow's readers raise whatever a damaged header makes them meet
        raise MediaError(f"{path} cannot be decoded as an image ({str(error) or type(error).__name__}).") from error
    width, height = header.size
    if max(width, height) > LARGEST_SIDE:
        raise MediaError(f"{path} is a picture of {width} x {height} pixels; at most {LARGEST_SIDE} a side are read.")
    pictures = getattr(header, "n_frames", 1)
    if pictures > 1:
        raise MediaError(f"{path} holds {pictures} pictures; a frame is one picture.")
    if kind == "TIFF":  # OpenCV says on stderr only what it cannot decode
        try:
            header.load()
        except (OSError, ValueError, SyntaxError) as error:
            raise MediaError(f"{path} is damaged ({error}).") from error
    return header


def _opened(data: bytes, kind: str) -> Any:
    from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin, PpmImagePlugin, TiffImagePlugin, WebPImagePlugin

    reader: Any = {
        "PNG": PngImagePlugin.PngImageFile,
        "JPEG": JpegImagePlugin.JpegImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "WebP": WebPImagePlugin.WebPImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
        "PPM": PpmImagePlugin.PpmImageFile,
    }[kind]
    return reader(BytesIO(data))


def _orientation(data: bytes, kind: str, header: ImageFile) -> int:
    """EXIF's orientation, 1 where there is none that can be read."""
    # Pillow decodes a whole PNG to see whether there is one behind its pixels.
    found = dict(_png_chunks(data)).get(b"eXIf") if kind == "PNG" else header.info.get("exif")
    exif = (found or b"").removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, directory)
        for entry in range(entries):
            tag, number_type, _, value = struct.unpack_from(f"{order}HHIH", exif, directory + 2 + 12 * entry)
            if (tag, number_type) == (_ORIENTATION, _SHORT):
                return int(value)
    except struct.error:  # cut short
        pass
    return 1


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each chunk of a PNG, up to one that lacks its end or has a wrong checksum, whose kind is empty."""
    place = 8
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data.ljust(place + 8, b"\0"), place)
        content, check = data[place + 8 : place + 8 + length], data[place + 8 + length : place + 12 + length]
        if check != struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))):
            yield b"", content
            return
        yield kind, content
        if kind == b"IEND":
            return
        place += 12 + length


def _check_png(data: bytes, path: Path) -> None:
    """Refuses a PNG that lacks its end, which decoders fill with grey or black without an error, or has a wrong checksum."""
    kinds = [kind for kind, _ in _png_chunks(data)]
    if kinds and kinds[-1] == b"IEND":
        return
    if b"IEND" not in data[-64:]:
        raise MediaError(f"{path} is truncated: the end of the image is missing.")
    raise MediaError(f"{path} is damaged: a checksum in it is wrong.")


def _highest_level(data: bytes, kind: str, picture: NDArray[Any]) -> int:
    """White's level: what a PPM names, else the highest number."""
    found = _PPM_HEADER.match(data) if kind == "PPM" else None
    return int(found[1]) if found else int(np.iinfo(picture.dtype).max)


def _in_eight_bits(picture: NDArray[Any], top: int) -> NDArray[np.uint8]:
    """Levels from 0 to ``top`` as levels from 0 to 255, rounded to the nearest, half up."""
    if top == 255 and picture.dtype == np.uint8:
        return picture
    levels = np.minimum(np.arange(np.iinfo(picture.dtype).max + 1, dtype=np.int64), top)
    table: NDArray[np.uint8] = ((510 * levels + top) // (2 * top)).astype(np.uint8)
    scaled: NDArray[np.uint8] = table[picture]
    return scaled

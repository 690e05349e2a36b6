"""One image file as upright 8-bit RGB, checked before it is decoded."""

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
"""The maximum number of pixels per side of images and video frames."""

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
    """One image as RGB, rotated upright by its EXIF orientation.

    Grey becomes three equal channels; levels of depths other than 8 bits are scaled and rounded to the nearest (half up);
    transparency is dropped (the stored colours are kept), embedded colour profiles are not applied.

    Returns:
        uint8 ``(H, W, 3)`` RGB.

    Raises:
        MediaError: the file cannot be read, is truncated or damaged, too large, animated, or not an image.
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
        raise MediaError(f"{path} cannot be decoded as an image; is it an image?")
    if kind == "PNG":
        _check_png(data, path)
    if kind == "JPEG" and data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda"):  # no end after the last start of scan
        raise MediaError(f"{path} is truncated: the end of the image is missing.")
    header = _header(data, kind, path)
    # Bytes rather than a name: OpenCV cannot open every name on every system, and reports failures only on stderr.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | (0 if kind == "TIFF" else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        picture: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise MediaError(f"{path} cannot be decoded as an image ({error.err or 'OpenCV failed'}).") from error
    if picture is None:
        raise MediaError(f"{path} cannot be decoded as an image; is it an image?")
    if picture.dtype not in (np.uint8, np.uint16):
        raise MediaError(f"{path} holds numbers of type {picture.dtype}, not levels of 8 or 16 bits; convert it to PNG.")
    whole = _in_eight_bits(picture, _highest_level(data, kind, picture))
    rgb = np.asarray(cv2.cvtColor(whole, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    return rgb if kind == "TIFF" else turned(rgb, *TURNS.get(_orientation(data, kind, header), TURNS[1]))


def picture_family(files: Iterable[Path]) -> str:
    """The pixel family of a folder, which decides how its images become RGB: their kinds by suffix, such as ``png`` or ``jpeg``."""
    kinds = {file.suffix.lower().lstrip(".") for file in files}
    return "+".join(sorted({{"jpg": "jpeg", "tif": "tiff"}.get(kind, kind) for kind in kinds}))


def turned(pixels: NDArray[np.uint8], swap: bool, flip_rows: bool, flip_columns: bool) -> NDArray[np.uint8]:
    """An image rotated by quarter turns or mirrored.

    Args:
        pixels: uint8 ``(H, W, 3)``.
        swap: rows become columns, before anything else.
        flip_rows: the last row comes first.
        flip_columns: the last column comes first.

    Returns:
        uint8 ``(H, W, 3)`` or ``(W, H, 3)``; the same array if nothing needs to be done.
    """
    import cv2

    if swap:
        pixels = np.asarray(cv2.transpose(pixels), dtype=np.uint8)
    if flip_rows or flip_columns:
        way = {(True, False): 0, (False, True): 1, (True, True): -1}[flip_rows, flip_columns]
        pixels = np.asarray(cv2.flip(pixels, way), dtype=np.uint8)
    return pixels


def _header(data: bytes, kind: str, path: Path) -> ImageFile:
    """The header of an image, read by Pillow without decoding it; refuses images that must not be decoded.

    Raises:
        MediaError: the header cannot be read, states too large a size, or says that there are several images.
    """
    # Image.open would refuse images by its own limit, in megapixels.
    try:
        header: ImageFile = _opened(data, kind)
    except Exception as error:  # Pillow's readers raise many kinds of errors for damaged headers
        raise MediaError(f"{path} cannot be decoded as an image ({str(error) or type(error).__name__}).") from error
    width, height = header.size
    if max(width, height) > LARGEST_SIDE:
        raise MediaError(f"{path} has {width} x {height} pixels; at most {LARGEST_SIDE} per side are supported.")
    pictures = getattr(header, "n_frames", 1)
    if pictures > 1:
        raise MediaError(f"{path} holds {pictures} images; a frame must be a single image.")
    if kind == "TIFF":  # OpenCV reports only on stderr what it cannot decode
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
    """EXIF's orientation, 1 if there is none that can be read."""
    # Pillow decodes a whole PNG to see whether there is one after its pixels.
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
    """Type and content of each chunk of a PNG, up to one that lacks its end or has a wrong checksum, whose type is empty."""
    offset = 8
    while offset < len(data):
        length, kind = struct.unpack_from(">I4s", data.ljust(offset + 8, b"\0"), offset)
        content, check = data[offset + 8 : offset + 8 + length], data[offset + 8 + length : offset + 12 + length]
        if check != struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))):
            yield b"", content
            return
        yield kind, content
        if kind == b"IEND":
            return
        offset += 12 + length


def _check_png(data: bytes, path: Path) -> None:
    """Refuses a PNG that lacks its end, which decoders fill with grey or black without an error, or has a wrong checksum."""
    kinds = [kind for kind, _ in _png_chunks(data)]
    if kinds and kinds[-1] == b"IEND":
        return
    if b"IEND" not in data[-64:]:
        raise MediaError(f"{path} is truncated: the end of the image is missing.")
    raise MediaError(f"{path} is damaged: a checksum in it is wrong.")


def _highest_level(data: bytes, kind: str, picture: NDArray[Any]) -> int:
    """The level of white: as stated in a PPM, else the highest number."""
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

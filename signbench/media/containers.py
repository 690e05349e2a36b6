"""What a video file's container says about itself: its kind, and where it should end.

FFmpeg guesses a file's kind from its content, so it may take it for a playlist that names other files, or for text, which it draws;
only video containers are accepted here. It also reads a truncated file as if it were shorter, so that a half-copied clip would be
scored silently; but most containers state their length up front.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import BinaryIO

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"

_BOXES = rb"ftyp|styp|moov|moof|mdat|free|skip|wide|pnot|uuid|meta|udta|mfra|sidx|ssix|prft|emsg"

# FFmpeg's name of each container -> how its files begin.
_BEGINNINGS = {
    "mov": rb".{4}(" + _BOXES + rb")",
    "matroska": re.escape(_EBML),
    "avi": rb"RIFF.{4}AVI",
    "gif": rb"GIF8[79]a",
    "flv": rb"FLV\x01",
    "asf": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "ogg": rb"OggS",
    "mpegts": rb"(.{4})?\x47.{187}(.{4})?\x47",
    "mpeg": rb"\x00\x00\x01\xba",
    "mpegvideo": rb"\x00\x00\x01\xb3",
    "h264": rb"\x00?\x00\x00\x01[\x06\x09\x27\x47\x67]",
    "hevc": rb"\x00?\x00\x00\x01[\x40\x46]\x01",
    "yuv4mpegpipe": rb"YUV4MPEG2 ",
}
_KINDS = {name: re.compile(beginning, re.DOTALL) for name, beginning in _BEGINNINGS.items()}


def container_kind(head: bytes) -> str | None:
    """FFmpeg's name for the container of a file, None if it is not a video container.

    Args:
        head: the file's first bytes, at least 400 if it has that many.
    """
    return next((name for name, kind in _KINDS.items() if kind.match(head)), None)


def missing_bytes(path: Path) -> int:
    """Bytes that the container's structure promises beyond the end of the file.

    Knows MP4/MOV boxes, Matroska/WebM segments, AVI's RIFF length and GIF blocks.

    Args:
        path: a file; any content.

    Returns:
        The minimum number of missing bytes; 0 if the file is complete, or its container does not say (a stream, for example).

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        ends = {"mov": _boxes_end, "matroska": _matroska_end, "avi": _riff_end, "gif": _gif_end}
        find_end = ends.get(container_kind(file.read(12)) or "")
        end = find_end(file, size) if find_end else size
    return max(0, end - size)


def _boxes_end(file: BinaryIO, size: int) -> int:
    """End of the last top-level box of an ISO base media file."""
    offset = 0
    while offset + 8 <= size:
        file.seek(offset)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        if length < 8 or not re.fullmatch(_BOXES, kind):
            return size  # a box "to the end of the file", or bytes after the last box that are not a box
        offset += length
    return offset


def _matroska_end(file: BinaryIO, size: int) -> int:
    """End of the segment of a Matroska file, ``size`` if the writer left its length open."""
    file.seek(len(_EBML))
    header = _vint(file)
    if header is None:
        return size
    file.seek(header, os.SEEK_CUR)
    if file.read(len(_SEGMENT)) != _SEGMENT:
        return size
    length = _vint(file)
    return size if length is None else file.tell() + length


def _vint(file: BinaryIO) -> int | None:
    """An EBML variable-length integer; None for the reserved "unknown" value, and at the end of the file."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & ((1 << (7 - more)) - 1)]) + file.read(more), "big")
    return None if value == (1 << (7 * (more + 1))) - 1 else value


def _riff_end(file: BinaryIO, size: int) -> int:
    """End of the first RIFF chunk; writers that were interrupted leave its length 0 or at its maximum."""
    file.seek(4)
    length = int.from_bytes(file.read(4), "little")
    return size if length in (0, 0xFFFFFFFF) else 8 + length


def _gif_end(file: BinaryIO, size: int) -> int:
    """Where the block structure of a GIF ends; some writers omit the trailer, which is not counted as missing."""
    file.seek(10)
    offset = 13 + _colour_table(file.read(1))
    while offset < size:
        file.seek(offset)
        kind = file.read(1)
        if kind == b"!":  # extension: a label, then sub-blocks
            offset += 2
        elif kind == b",":  # image: descriptor, local colours, code size, then sub-blocks
            file.seek(offset + 9)
            offset += 11 + _colour_table(file.read(1))
        else:  # the trailer, or bytes that belong to no block
            return size
        while True:
            file.seek(offset)
            length = file.read(1)
            offset += 1 + (length[0] if length else 0)
            if not length or length == b"\0":
                break
    return offset


def _colour_table(flags: bytes) -> int:
    """Bytes of the colour table that a GIF's flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0

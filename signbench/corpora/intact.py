"""Quick checks of media files: empty, cut off, or something else than the name says. Nothing is decoded."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from signbench.errors import MediaError
from signbench.media.frame_folders import check_numbers, frame_files

_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_MATROSKA = b"\x1aE\xdf\xa3"
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"styp"})
_TAIL = 64


def defect(path: Path, frames: int | None = None) -> str | None:
    """What is wrong with a clip's file or folder of frames, as far as its size, its first and its last bytes show.

    Args:
        path: a file, or a folder of images, of which the numbers and the first and last image are looked at.
        frames: how many frames a folder should have, if that is known.

    Returns:
        The reason, or None.
    """
    try:
        return _folder_defect(path, frames) if path.is_dir() else _file_defect(path)
    except MediaError as error:
        return str(error).removeprefix(f"{path}").lstrip(": ").rstrip(".")
    except OSError as error:
        return error.strerror or str(error)


def _folder_defect(path: Path, frames: int | None) -> str | None:
    files = frame_files(path)
    if frames is not None and len(files) != frames:
        return f"has {len(files)} frames instead of {frames}"
    check_numbers(files)
    for file in (files[0], files[-1]):
        if (why := _file_defect(file)) is not None:
            return f"{file.name} {why}"
    return None


def _file_defect(path: Path) -> str | None:
    size = path.stat().st_size
    if size == 0:
        return "is empty"
    kind = path.suffix.lower()
    with path.open("rb") as stream:
        head = stream.read(_TAIL)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read(_TAIL)
    if kind in _ENDS:
        begin, end = _ENDS[kind]
        if not head.startswith(begin):
            return f"is not a {kind} image"
        return None if end in tail else "is cut off"
    check = _FORMATS.get(kind)
    return None if check is None else check(path, head)


def _boxes_defect(path: Path, head: bytes) -> str | None:
    """MP4 and QuickTime consist of boxes, each of which states its length."""
    size, position = path.stat().st_size, 0
    kinds: set[bytes] = set()
    with path.open("rb") as stream:
        while position < size:
            stream.seek(position)
            start = stream.read(16)
            if len(start) < 8:
                return "is cut off"
            length, kind = int.from_bytes(start[:4], "big"), start[4:8]
            if length == 1:
                length = int.from_bytes(start[8:16], "big")
            if length == 0:
                length = size - position
            if not kinds and kind not in _FIRST_BOXES:
                return "is not an MP4 video"
            if length < 8 or not kind.isascii():
                return "is damaged"
            kinds.add(kind)
            position += length
    if position > size:
        return "is cut off"
    return None if b"moov" in kinds else "is cut off"


def _matroska_defect(path: Path, head: bytes) -> str | None:
    return None if head.startswith(_MATROSKA) else "is not a Matroska video"


def _archive_defect(path: Path, head: bytes) -> str | None:
    return None if zipfile.is_zipfile(path) else "is cut off, or not an archive of arrays"


def _array_defect(path: Path, head: bytes) -> str | None:
    return None if head.startswith(b"\x93NUMPY") else "is not an array of NumPy"


def _json_defect(path: Path, head: bytes) -> str | None:
    return None if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "is not JSON"


_ENDS = {".png": (_PNG, _PNG_END), ".jpg": (_JPEG, _JPEG_END), ".jpeg": (_JPEG, _JPEG_END)}

_FORMATS: dict[str, Callable[[Path, bytes], str | None]] = {
    **dict.fromkeys((".mp4", ".mov", ".m4v"), _boxes_defect),
    **dict.fromkeys((".mkv", ".webm"), _matroska_defect),
    ".npz": _archive_defect,
    ".npy": _array_defect,
    ".json": _json_defect,
}


def names_in(folder: Path) -> list[str]:
    """The names of a folder's files and folders in alphabetical order, without hidden ones and those that systems leave.

    Returns:
        Nothing for a folder that does not exist.
    """
    from signbench.media.frame_folders import is_ignored

    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if not is_ignored(entry.name))
    except (FileNotFoundError, NotADirectoryError):
        return []

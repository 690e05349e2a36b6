"""A folder of images as one clip."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""Suffixes of the images that may be the frames of a clip, in lower case."""

_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})


def is_ignored(name: str) -> bool:
    """Whether a file is none of the user's: hidden (``.DS_Store``, ``._clip.mp4``), or put there by the operating system."""
    return name.startswith(".") or name.casefold() in _LEFT_BY_SYSTEMS


def natural_order(name: str) -> tuple[list[str | int], str]:
    """Sorting key under which ``frame_2`` comes before ``frame_10``, the same for both Unicode forms of a name."""
    composed = unicodedata.normalize("NFC", name)
    pieces = re.split(r"([0-9]+)", Path(composed).stem)
    return [int(piece) if place % 2 else piece for place, piece in enumerate(pieces)], composed


def is_frame_folder(folder: Path) -> bool:
    """Whether a folder holds images and nothing else (files that :func:`is_ignored` apart), and so is one clip."""
    try:
        return bool(frame_files(folder))
    except (MediaError, OSError):
        return False


def frame_files(folder: Path) -> list[Path]:
    """The images of a frame folder in the order in which they are shown.

    Raises:
        MediaError: the folder is empty, or holds a sub-folder or a file that is no image; names it.
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as scan:
        entries = sorted((entry for entry in scan if not is_ignored(entry.name)), key=lambda entry: natural_order(entry.name))
    for entry in entries:
        if entry.is_dir() or Path(entry.name).suffix.lower() not in IMAGE_SUFFIXES:
            kind = "the sub-folder" if entry.is_dir() else "the file"
            raise MediaError(f"{folder} is no frame folder: it holds {kind} {entry.name}; a clip's folder holds its images only.")
    if not entries:
        raise MediaError(f"{folder} is an empty folder; a clip's folder holds at least one image.")
    return [folder / entry.name for entry in entries]


def read_picture(path: Path) -> NDArray[np.uint8]:
    """One image as RGB, turned upright by its EXIF orientation.

    Grey becomes three equal channels, of 16 bits the upper 8 are kept, transparency is dropped (the stored colours show),
    embedded colour profiles are not applied.

    Returns:
        uint8 ``(H, W, 3)`` RGB.

    Raises:
        MediaError: the file cannot be read, is cut off, or is no image.
    """
    import cv2

    try:
        data = path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from error
    if not data:
        raise MediaError(f"{path} is empty (0 bytes).")
    if _is_cut_off(data):
        raise MediaError(f"{path} is truncated: the end of the image is missing.")
    # Bytes rather than a name: OpenCV cannot open every name on every system, and says what fails on stderr only.
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise MediaError(f"{path} cannot be decoded as an image ({error.err or 'OpenCV failed'}).") from error
    if picture is None:
        raise MediaError(f"{path} cannot be decoded as an image; is it one?")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=picture), dtype=np.uint8)


def _is_cut_off(data: bytes) -> bool:
    """Whether a PNG or JPEG lacks its end, which decoders fill with grey or black without an error."""
    if data.startswith(b"\x89PNG"):
        return b"IEND" not in data
    if data.startswith(b"\xff\xd8"):
        return data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")  # no end of image behind the last start of scan
    return False

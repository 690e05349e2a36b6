"""A folder of images as one clip."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from signbench.errors import MediaError

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""Suffixes of the images that may be the frames of a clip, in lower case."""

_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})


def is_ignored(name: str) -> bool:
    """Whether a file is not the user's: hidden (``.DS_Store``, ``._clip.mp4``), or created by the operating system."""
    return name.startswith(".") or name.casefold() in _LEFT_BY_SYSTEMS


def natural_order(name: str) -> tuple[list[str | int], str]:
    """Sorting key under which ``frame_2`` comes before ``frame_10``, the same for both Unicode forms of a name."""
    composed = unicodedata.normalize("NFC", name)
    pieces = re.split(r"([0-9]+)", Path(composed).stem)
    return [int(piece) if index % 2 else piece for index, piece in enumerate(pieces)], composed


def is_frame_folder(folder: Path) -> bool:
    """Whether a folder holds images and nothing else (except files that :func:`is_ignored` covers), and so is one clip."""
    try:
        return bool(frame_files(folder))
    except (MediaError, OSError):
        return False


def frame_files(folder: Path) -> list[Path]:
    """The images of a frame folder in display order.

    Raises:
        MediaError: the folder is empty, or holds a sub-folder or a file that is not an image; the message names it.
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as scan:
        entries = sorted((entry for entry in scan if not is_ignored(entry.name)), key=lambda entry: natural_order(entry.name))
    for entry in entries:
        if entry.is_dir() or Path(entry.name).suffix.lower() not in IMAGE_SUFFIXES:
            kind = "the sub-folder" if entry.is_dir() else "the file"
            raise MediaError(f"{folder} is not a frame folder: it holds {kind} {entry.name}; a clip's folder may only hold images.")
    if not entries:
        raise MediaError(f"{folder} is an empty folder; a clip's folder must hold at least one image.")
    return [folder / entry.name for entry in entries]


def check_numbers(files: Sequence[Path]) -> None:
    """Refuses a frame folder whose names show that a frame is missing, is duplicated, or belongs to something else.

    The number of a frame is the one in its name that differs from frame to frame. Numbers may start anywhere and have any constant
    step. Folders whose names have no common number pattern are taken in natural order.

    Args:
        files: of :func:`frame_files`.

    Raises:
        MediaError: the message names the frames.
    """
    if len(files) < 2:
        return
    orders = [natural_order(file.name)[0] for file in files]
    folder = files[0].parent
    for (file, order), (other, its_order) in pairwise(zip(files, orders, strict=True)):
        if order == its_order:
            raise MediaError(f"{folder} holds one frame twice, as {file.name} and as {other.name}; remove one of them.")
    patterns = [tuple(order[::2]) for order in orders]
    usual, count = Counter(patterns).most_common(1)[0]
    if count == 1:
        return
    if count < len(files):
        odd = next(file.name for file, pattern in zip(files, patterns, strict=True) if pattern != usual)
        like = next(file.name for file, pattern in zip(files, patterns, strict=True) if pattern == usual)
        raise MediaError(
            f"{folder} holds {odd} next to frames such as {like}; a clip's folder may only hold the frames of one clip."
        )
    differing = [index for index in range(1, len(orders[0]), 2) if len({order[index] for order in orders}) > 1]
    numbers = [int(order[differing[0]]) for order in orders]
    if len(set(numbers)) < len(numbers):
        return  # hours and minutes, for example, where the last value before a carry cannot be known
    steps = [after - before for before, after in pairwise(numbers)]
    step = min(steps) if len(steps) > 1 else 1
    index = next((index for index, length in enumerate(steps) if length != step), None)
    if index is not None:
        missing = steps[index] // step - 1
        lack = "a frame is" if missing < 2 else f"{missing} frames are"
        raise MediaError(f"{folder}: {lack} missing between {files[index].name} and {files[index + 1].name}.")

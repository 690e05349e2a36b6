"""Pictures of the person who is to sign."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.mimicmotion.alignment import UnfitPictureError
from signbench.generators.mimicmotion.pose_pictures import BODY, SURE, PosePoints
from signbench.media.video import resize_frames

if TYPE_CHECKING:
    from PIL import Image

LEAST_SIDE, MOST_SIDE = 64, 1024
"""The shorter side of an avatar has at least so many pixels; the longer one of what is used at most so many."""

MOST_PIXELS = 50_000_000
"""The largest picture that is decoded, unless a caller says less."""

_MODES = ("L", "LA", "RGB", "RGBA")
"""Kinds of pixels that can be reduced as they are."""

_NEEDED = ("nose", "right_shoulder", "left_shoulder")

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def read_avatar(path: Path) -> NDArray[np.uint8]:
    """Reads a picture from a file.

    Args:
        path: a JPEG, PNG or WebP file.

    Returns:
        As :func:`decoded_avatar`.

    Raises:
        InputError: it cannot be read, or is too small or too large.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; name a picture of a person.") from error
    return decoded_avatar(content, str(path))


def avatars_in(folder: Path) -> dict[str, NDArray[np.uint8]]:
    """The pictures in a folder, by the names of their files without endings, in order.

    Raises:
        InputError: there are none, one cannot be read, or two have the same name.
    """
    found: dict[str, NDArray[np.uint8]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() not in _SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise InputError(f"{folder} has two pictures of the name {path.stem}; rename one.")
        found[path.stem] = read_avatar(path)
    if not found:
        raise InputError(f"{folder} has no pictures; put JPEG, PNG or WebP files of persons into it.")
    return found


def decoded_avatar(content: bytes, what: str, most_pixels: int = MOST_PIXELS) -> NDArray[np.uint8]:
    """Decodes a picture, turned as its EXIF data says, and reduced to at most ``MOST_SIDE`` pixels.

    Args:
        content: a JPEG, PNG or WebP file.
        what: its name in messages.
        most_pixels: a picture with more pixels is refused before it is decoded; decoding takes up to 10 bytes for each.

    Returns:
        uint8 ``(H, W, 3)`` RGB; transparent parts are white. Sides are even, since video needs that.

    Raises:
        InputError: it is not a picture, or is too small or too large.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            width, height = opened.size
            if width * height > most_pixels:
                raise InputError(f"{what} has {width} x {height} pixels, too many; reduce it.")
            if min(width, height) < LEAST_SIDE:
                raise InputError(f"{what} has {width} x {height} pixels; both sides need at least {LEAST_SIDE}.")
            picture = _reduced(opened)
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{what} has too many pixels; reduce it.") from error
    except Exception as error:  # decoders raise all kinds of exceptions for damaged pictures
        raise InputError(f"{what} is not a picture that can be read; use JPEG, PNG or WebP.") from error
    height, width = picture.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise InputError(
            f"{what} is too narrow: with {MOST_SIDE} pixels on the longer side, the other needs at least {LEAST_SIDE}."
        )
    return limited(picture)


def limited(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture with at most ``MOST_SIDE`` pixels on the longer side, and even sides.

    Args:
        picture: uint8 ``(H, W, 3)``.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, MOST_SIDE / max(height, width))
    size = (max(2, round(height * scale) // 2 * 2), max(2, round(width * scale) // 2 * 2))
    return picture if size == (height, width) else resize_frames(picture[None], size)[0]


def _reduced(opened: Image.Image) -> NDArray[np.uint8]:
    """A picture reduced before anything copies it, then turned, on white."""
    from PIL import Image, ImageOps

    # a large JPEG is decoded at a half, quarter or eighth of its size
    opened.draft(None, (2 * MOST_SIDE, 2 * MOST_SIDE))
    small = opened if opened.mode in _MODES else opened.convert("RGBA")
    small.thumbnail((MOST_SIDE, MOST_SIDE), Image.Resampling.BOX)
    turned = ImageOps.exif_transpose(small).convert("RGBA")
    ground = Image.new("RGBA", turned.size, "white")
    return np.asarray(Image.alpha_composite(ground, turned).convert("RGB"), np.uint8)


def check_person(points: PosePoints, ratio: float, what: str) -> None:
    """Refuses a picture in which no head stands above two shoulders, as far as a pose estimator can see.

    A small estimator is sure of points even in noise, so that they must also be where a person who faces the camera has them: the
    shoulders side by side, and the nose over the middle half between them.

    Args:
        points: of the picture, one frame.
        ratio: height of the picture divided by its width.
        what: its name, for the message.

    Raises:
        UnfitPictureError: nobody is there.
    """
    where, sure = points.body
    nose, right, left = (where[0, BODY.index(name)] * (1, ratio) for name in _NEEDED)
    middle, across = (left + right) / 2, left[0] - right[0]
    stands = (
        all(sure[0, BODY.index(name)] > SURE for name in _NEEDED)
        and abs(left[1] - right[1]) < across / 2
        and abs(nose[0] - middle[0]) < across / 4
        and nose[1] < middle[1] - across / 8
    )
    if not stands:
        raise UnfitPictureError(f"{what} shows nobody whose head and shoulders face the camera; choose another picture.")


def shaped(picture: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """The middle of a picture in the shape of a size, so that a person is not stretched.

    Args:
        picture: uint8 ``(H, W, 3)``.
        size: height and width, or None: unchanged.
    """
    if size is None:
        return picture
    height, width = picture.shape[:2]
    rows, columns = min(height, round(width * size[0] / size[1])), min(width, round(height * size[1] / size[0]))
    top, left = (height - rows) // 2, (width - columns) // 2
    return np.ascontiguousarray(picture[top : top + rows, left : left + columns])

"""Pictures of avatars: what is decoded, how it is turned and reduced, and what is refused."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from signbench.errors import InputError
from signbench.generators.rusignbot.avatars import MOST_SIDE, decoded_avatar, read_avatar, shaped
from signbench.media.video import resize_frames


def written(picture, form="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def with_header(width, height):
    """A PNG file whose header states a size, with the pixels of a small one."""
    small = written(Image.new("L", (1, 1)))
    header = b"IHDR" + struct.pack(">II", width, height) + small[24:29]
    return small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]


def exif(turn):
    made = Image.Exif()
    made[274] = turn
    return made


TURNED = exif(6)  # by a quarter


def test_a_picture_is_turned_as_its_camera_says_and_has_even_sides():
    picture = Image.new("RGB", (101, 75), "red")
    found = decoded_avatar(written(picture, "JPEG", exif=TURNED), "picture")
    assert found.shape == (100, 74, 3)


def test_transparent_parts_are_white():
    found = decoded_avatar(written(Image.new("RGBA", (64, 64), (255, 0, 0, 0))), "picture")
    assert (found == 255).all()


def test_a_large_picture_is_reduced():
    found = decoded_avatar(written(Image.new("RGB", (4000, 2000))), "picture")
    assert found.shape == (MOST_SIDE // 2, MOST_SIDE, 3)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_large_picture_is_reduced_by_area_and_turned(form):
    draws = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    large = Image.fromarray(np.kron(draws, np.ones((128, 128, 1), np.uint8)))
    found = decoded_avatar(written(large, form, exif=TURNED, quality=95), "picture")
    expected = np.rot90(resize_frames(np.asarray(large)[None], (682, 1024))[0], -1)
    assert found.shape == expected.shape == (1024, 682, 3)
    assert np.abs(found.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK"])
def test_every_kind_of_pixels_is_reduced(mode):
    form = "JPEG" if mode == "CMYK" else "PNG"
    found = decoded_avatar(written(Image.new("RGB", (2000, 1500), "white").convert(mode), form), "picture")
    assert found.shape == (768, 1024, 3)
    assert (found > 250).all()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no picture", "is not a picture"),
        (b"", "is not a picture"),
        (written(Image.new("RGB", (63, 200))), "at least 64"),
        (written(Image.new("RGB", (64, 64)), "GIF"), "use JPEG, PNG or WebP"),
        (written(Image.new("RGB", (64, 64)))[:60], "is not a picture"),
        (written(Image.new("RGB", (64, 64)), exif=b"Exif\0\0II*\0"), "is not a picture"),
        (with_header(8000, 7000), "8000 x 7000 pixels, too many"),
        (with_header(10_000, 10_000), "too many"),
        (with_header(30_000, 30_000), "too many"),
        (written(Image.new("RGB", (1088, 64))), "is too narrow: with 1024 pixels on the longer side"),
    ],
)
def test_what_is_no_picture_of_a_person_is_refused(content, words):
    with pytest.raises(InputError, match=words):
        decoded_avatar(content, "avatar")


def test_a_caller_may_decode_fewer_pixels():
    with pytest.raises(InputError, match="picture has 80 x 70 pixels, too many"):
        decoded_avatar(written(Image.new("RGB", (80, 70))), "picture", most_pixels=5000)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, about damaged EXIF data
def test_a_damaged_picture_is_a_picture_or_refused():
    whole = [written(Image.new("RGB", (80, 70), "red"), form, exif=TURNED) for form in ("PNG", "JPEG", "WEBP")]
    draws = np.random.default_rng(1)
    refused = 0
    for number in range(300):
        damaged = np.frombuffer(whole[number % 3], np.uint8).copy()
        damaged[draws.integers(0, len(damaged), 3)] = draws.integers(0, 256, 3)
        try:
            decoded_avatar(damaged.tobytes(), "avatar")
        except InputError:
            refused += 1
    assert refused > 100


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nobody\.png cannot be read"):
        read_avatar(tmp_path / "nobody.png")


@pytest.mark.parametrize(
    ("size", "expected"), [(None, (80, 120)), ((50, 50), (80, 80)), ((10, 30), (40, 120)), ((90, 60), (80, 53))]
)
def test_the_middle_of_an_avatar_has_the_shape_of_the_task(size, expected):
    picture = np.arange(80 * 120 * 3, dtype=np.uint32).reshape(80, 120, 3).astype(np.uint8)
    found = shaped(picture, size)
    assert found.shape[:2] == expected
    top, left = (80 - expected[0]) // 2, (120 - expected[1]) // 2
    assert np.array_equal(found, picture[top : top + expected[0], left : left + expected[1]])

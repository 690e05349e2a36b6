"""One image file as upright RGB, and what is refused before it is decoded."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from signbench.errors import MediaError
from signbench.media.pictures import picture_family, read_picture

PICTURE = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (33, 45, 3), dtype=np.uint8)
TURNED = {
    1: PICTURE,
    2: PICTURE[:, ::-1],
    3: PICTURE[::-1, ::-1],
    4: PICTURE[::-1],
    5: PICTURE.swapaxes(0, 1),
    6: np.rot90(PICTURE, -1),
    7: np.rot90(PICTURE, 2).swapaxes(0, 1),
    8: np.rot90(PICTURE, 1),
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize(("suffix", "options"), [("webp", {"lossless": True}), ("png", {}), ("tiff", {})])
def test_every_kind_is_turned_as_its_exif_says(tmp_path, suffix, options, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(PICTURE).save(tmp_path / f"a.{suffix}", exif=exif, **options)
    np.testing.assert_array_equal(read_picture(tmp_path / f"a.{suffix}"), TURNED[orientation])


def test_an_exif_block_that_is_damaged_turns_nothing(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "a.webp", lossless=True, exif=b"Exif\0\0II*\0" + b"\xff" * 20)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.webp"), PICTURE)


LEVELS = np.arange(65536, dtype=np.uint16).reshape(256, 256)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tiff", ".ppm"])
def test_16_bits_are_rounded_to_8(tmp_path, suffix, channels):
    if suffix == ".ppm" and channels != 3:
        pytest.skip("the format has three channels")
    stored = LEVELS if channels == 1 else cv2.merge([LEVELS, LEVELS.T, LEVELS[::-1], LEVELS][:channels])
    (tmp_path / f"a{suffix}").write_bytes(cv2.imencode(suffix, stored)[1].tobytes())
    blue = (LEVELS.astype(np.int64) * 510 + 65535) // 131070
    exact = np.stack([blue] * 3 if channels == 1 else [blue[::-1], blue.T, blue], -1)
    np.testing.assert_array_equal(read_picture(tmp_path / f"a{suffix}"), exact)


@pytest.mark.parametrize(
    ("top", "levels", "expected"),
    [
        (15, [0, 7, 15], [0, 119, 255]),
        (1023, [0, 512, 1023], [0, 128, 255]),
        (255, [0, 7, 255], [0, 7, 255]),
        (1, [0, 1, 1], [0, 255, 255]),
    ],
)
def test_a_ppm_is_scaled_by_the_level_that_it_names_as_white(tmp_path, top, levels, expected):
    header = b"P6\n# made by hand\n1 2\n%d\n" % top
    (tmp_path / "a.ppm").write_bytes(header + np.array(levels * 2, ">u2" if top > 255 else "u1").tobytes())
    np.testing.assert_array_equal(read_picture(tmp_path / "a.ppm"), [[expected], [expected]])


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header_only(suffix, side):
    """A file of a few dozen bytes whose header announces a square image."""
    if suffix == "png":
        head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")
    if suffix == "bmp":
        return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    if suffix == "ppm":
        return b"P6 %d %d 255\n" % (side, side)
    buffer = BytesIO()
    Image.new("RGB", (40, 40)).save(buffer, suffix)
    content = bytearray(buffer.getvalue())
    if suffix == "jpeg":
        offset = content.index(b"\xff\xc0") + 5
        content[offset : offset + 4] = struct.pack(">HH", side, side)
    else:  # the two first entries of a TIFF's directory are width and length
        start = struct.unpack_from("<I", content, 4)[0] + 2
        for entry in range(2):
            struct.pack_into("<HII", content, start + 12 * entry + 2, 4, 1, side)
    return bytes(content)


@pytest.mark.parametrize("suffix", ["png", "bmp", "ppm", "jpeg", "tiff"])
def test_an_image_of_30_000_by_30_000_is_refused_before_it_is_decoded(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(header_only(suffix, 30_000))
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(MediaError, match=f"a.{suffix} has 30000 x 30000 pixels; at most 16384 per side"):
        read_picture(path)


def test_several_images_are_not_frame(tmp_path):
    pictures = [Image.fromarray(PICTURE), Image.fromarray(PICTURE[::-1].copy())]
    for suffix in ("webp", "png", "tiff"):
        pictures[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=pictures[1:])
        with pytest.raises(MediaError, match="holds 2 images"):
            read_picture(tmp_path / f"a.{suffix}")


def test_a_png_that_differs_from_its_checksums_is_named_without_a_word_of_libraries(tmp_path, capfd):
    content = bytearray(cv2.imencode(".png", PICTURE)[1].tobytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.png is damaged: a checksum in it is wrong"):
        read_picture(tmp_path / "a.png")
    assert capfd.readouterr().err == ""


def test_a_damaged_tiff_is_named(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "a.tiff", compression="tiff_lzw")
    content = bytearray((tmp_path / "a.tiff").read_bytes())
    content[200:260] = b"\xff" * 60
    (tmp_path / "a.tiff").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.tiff"):
        read_picture(tmp_path / "a.tiff")


def test_numbers_that_are_not_levels_are_refused(tmp_path):
    (tmp_path / "a.tiff").write_bytes(cv2.imencode(".tiff", PICTURE.astype(np.float32))[1].tobytes())
    with pytest.raises(MediaError, match=r"a\.tiff"):
        read_picture(tmp_path / "a.tiff")


def test_what_is_another_kind_of_image_by_its_content_is_refused(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "a.gif")
    (tmp_path / "a.gif").rename(tmp_path / "a.png")
    with pytest.raises(MediaError, match="cannot be decoded as an image"):
        read_picture(tmp_path / "a.png")


def test_families_are_the_kinds_of_the_images(tmp_path):
    assert picture_family([tmp_path / "1.jpg", tmp_path / "2.JPEG"]) == "jpeg"
    assert picture_family([tmp_path / "1.png", tmp_path / "2.tif"]) == "png+tiff"

"""Folders of images as clips."""

from __future__ import annotations

import struct
import unicodedata
import zlib

import cv2
import numpy as np
import pytest

from signbench.corpora.recordings import VideoFile
from signbench.errors import MediaError
from signbench.media.frame_folders import natural_order
from signbench.media.pictures import read_picture
from signbench.media.video import is_video, probe_video, read_frames
from tests.media.encoding import bar_frame, bar_numbers


def save(path, picture):
    """Writes RGB, grey or RGBA pixels with OpenCV, which expects blue first."""
    stored = picture if picture.ndim == 2 else np.concatenate([picture[..., 2::-1], picture[..., 3:]], axis=2)
    path.write_bytes(cv2.imencode(path.suffix, stored)[1].tobytes())


@pytest.fixture
def folder(tmp_path):
    """Frames 0 to 11 as frame_0.png ... frame_11.png."""
    for index in range(12):
        save(tmp_path / f"frame_{index}.png", bar_frame(index))
    return tmp_path


def all_of(path, **how):
    return np.concatenate(list(read_frames(path, **how)))


def test_images_come_in_natural_order(folder):
    assert is_video(folder)
    probe = probe_video(folder)
    assert (probe.frames, probe.height, probe.width) == (12, 48, 64)
    np.testing.assert_array_equal(all_of(folder, probe=probe, chunk=5), np.stack([bar_frame(index) for index in range(12)]))


def test_images_have_no_rate_unless_one_is_declared(folder):
    probe = probe_video(folder)
    assert (probe.fps, probe.duration, probe.variable_rate, probe.times.shape) == (None, None, False, (0,))
    probe = probe_video(folder, source_fps=30)
    assert (probe.fps, probe.duration) == (30, pytest.approx(0.4))
    np.testing.assert_allclose(probe.times, np.arange(12) / 30)


def test_only_the_wanted_images_are_opened(folder):
    (folder / "frame_5.png").write_bytes(b"no image")
    assert bar_numbers(all_of(folder, positions=np.array([0, 4, 6, 6]))) == [0, 4, 6, 6]
    with pytest.raises(MediaError, match=r"frame_5\.png cannot be decoded"):
        all_of(folder)


@pytest.mark.parametrize(
    "names",
    [
        ["1.png", "2.png", "10.png"],
        ["a1b2.png", "a1b10.png", "a2b1.png"],
        ["images0001.png", "images0002.png", "images0010.png"],
        ["frame_01.png", "frame_1.png", "frame_02.png"],
        ["bild_ä1.png", "bild_ä2.png", "bild_ä10.png"],
        ["5.png", "a.png"],
        ["x.png", "x1.png", "xy.png"],
    ],
)
def test_natural_order(names):
    for form in ("NFC", "NFD"):
        mixed = [unicodedata.normalize(form, name) if position % 2 else name for position, name in enumerate(names)]
        jumbled = [*mixed[1::2], *mixed[::2]]
        assert sorted(jumbled, key=natural_order) == mixed


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._frame_1.png", ".hidden.txt"])
def test_what_systems_leave_behind_is_ignored(folder, name):
    (folder / name).write_bytes(b"anything")
    assert is_video(folder)
    assert probe_video(folder).frames == 12


@pytest.mark.parametrize("name", ["notes.txt", "clip.mp4", "frame_12.gif", "README"])
def test_a_folder_with_other_files_is_not_a_clip(folder, name):
    (folder / name).write_bytes(b"anything")
    assert not is_video(folder)
    with pytest.raises(MediaError, match=f"holds the file {name}"):
        probe_video(folder)


def test_a_folder_with_folders_is_not_a_clip(folder):
    (folder / "more").mkdir()
    assert not is_video(folder)
    with pytest.raises(MediaError, match="holds the sub-folder more"):
        probe_video(folder)


def test_an_empty_folder_is_not_a_clip(tmp_path):
    assert not is_video(tmp_path)
    with pytest.raises(MediaError, match="empty folder"):
        probe_video(tmp_path)


@pytest.mark.parametrize(("odd", "when"), [(11, "probed"), (4, "read")])
def test_images_of_two_sizes_are_not_a_clip(folder, odd, when):
    save(folder / f"frame_{odd}.png", bar_frame(3, 32, 80))
    if when == "probed":
        with pytest.raises(MediaError, match=r"frame_11\.png is 80 x 32 pixels, frame_0\.png is 64 x 48"):
            probe_video(folder)
    else:
        with pytest.raises(MediaError, match="frame 4 is 80 x 32 pixels, the first 64 x 48"):
            all_of(folder)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".ppm", ".tif", ".TIFF", ".PNG"])
def test_lossless_images_come_back_exactly(tmp_path, suffix):
    picture = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (33, 45, 3), dtype=np.uint8)
    save(tmp_path / f"1{suffix}", picture)
    np.testing.assert_array_equal(all_of(tmp_path)[0], picture)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp"])
def test_lossy_images_come_back_nearly(tmp_path, suffix):
    save(tmp_path / f"1{suffix}", bar_frame(4))
    assert np.abs(all_of(tmp_path)[0].astype(int) - bar_frame(4)).mean() < 3


RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
DEEP = RAMP.astype(np.uint16) * 257


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param(RAMP, np.repeat(RAMP[..., None], 3, 2), id="grey"),
        pytest.param(DEEP, np.repeat(RAMP[..., None], 3, 2), id="16 bits grey"),
        pytest.param(np.stack([DEEP, DEEP.T, DEEP[::-1]], 2), np.stack([RAMP, RAMP.T, RAMP[::-1]], 2), id="16 bits colour"),
        pytest.param(np.stack([RAMP, RAMP.T, RAMP[::-1], RAMP], 2), np.stack([RAMP, RAMP.T, RAMP[::-1]], 2), id="transparency"),
    ],
)
def test_every_png_becomes_8_bit_rgb(tmp_path, stored, expected):
    save(tmp_path / "1.png", stored)
    np.testing.assert_array_equal(all_of(tmp_path)[0], expected)


def with_orientation(jpeg, orientation):
    """A JPEG with an EXIF block that holds the one entry."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


TURNS = {
    1: lambda picture: picture,
    2: lambda picture: picture[:, ::-1],
    3: lambda picture: picture[::-1, ::-1],
    4: lambda picture: picture[::-1],
    5: lambda picture: picture.swapaxes(0, 1),
    6: lambda picture: np.rot90(picture, -1),
    7: lambda picture: np.rot90(picture, 2).swapaxes(0, 1),
    8: lambda picture: np.rot90(picture, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
def test_images_are_turned_as_exif_says(tmp_path, orientation):
    path = tmp_path / "1.jpg"
    save(path, bar_frame(2))
    plain = read_picture(path)
    path.write_bytes(with_orientation(path.read_bytes(), orientation))
    upright = TURNS[orientation](plain)
    probe = probe_video(tmp_path)
    assert (probe.height, probe.width) == upright.shape[:2]
    np.testing.assert_array_equal(all_of(tmp_path)[0], upright)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_an_image_that_is_truncated_is_named(folder, capfd, suffix, share):
    (folder / "frame_3.png").unlink()
    path = folder / f"frame_3{suffix}"
    save(path, np.random.Generator(np.random.PCG64(0)).integers(0, 256, (48, 64, 3), dtype=np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(MediaError, match=rf"frame_3\{suffix} is truncated"):
        all_of(folder)
    assert capfd.readouterr().err == ""


def chunk_of_png(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"no image at all", "cannot be decoded"),
        (
            b"\x89PNG\r\n\x1a\n"
            + chunk_of_png(b"IHDR", struct.pack(">IIBBBBB", 2**30, 2**30, 8, 2, 0, 0, 0))
            + chunk_of_png(b"IEND", b""),
            "has 1073741824 x 1073741824 pixels; at most 16384 per side are supported",
        ),
    ],
    ids=["empty", "text", "a picture of a billion by a billion pixels"],
)
def test_something_other_than_an_image_is_named(folder, content, words):
    (folder / "frame_0.png").write_bytes(content)
    with pytest.raises(MediaError, match=rf"frame_0\.png {words}"):
        probe_video(folder)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["frame_0.png", "frame_1.png", "frame_3.png"], "a frame is missing between frame_1.png and frame_3.png"),
        (["1.jpg", "2.jpg", "3.jpg", "9.jpg"], "5 frames are missing between 3.jpg and 9.jpg"),
        (["f0000.png", "f0002.png", "f0004.png", "f0008.png"], "a frame is missing between f0004.png and f0008.png"),
        (["f1.png", "f3.png"], "a frame is missing between f1.png and f3.png"),
        (
            ["clip2_fn000000-0.png", "clip2_fn000001-0.png", "clip2_fn000003-0.png"],
            "a frame is missing between clip2_fn000001-0.png and clip2_fn000003-0.png",
        ),
        (["f_1.png", "f_1.jpg"], "one frame twice, as f_1.jpg and as f_1.png"),
        (["1.png", "2.png", "02.png"], "one frame twice, as 02.png and as 2.png"),
        (["f_1.png", "f_2.png", "cover.png"], "holds cover.png next to frames such as f_1.png"),
        (["left_1.png", "left_2.png", "right_1.png", "right_2.png"], "holds right_1.png next to frames such as left_1.png"),
    ],
)
def test_a_folder_that_lacks_or_doubles_a_frame_is_refused_by_name(tmp_path, names, words):
    for name in names:
        save(tmp_path / name, bar_frame(1))
    assert is_video(tmp_path)  # it looks like a clip, but a faulty one
    with pytest.raises(MediaError, match=words.replace(".", r"\.")):
        probe_video(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ["37.png", "38.png", "39.png"],
        ["f000.png", "f025.png", "f050.png", "f075.png"],
        ["s01_f1.png", "s01_f2.png"],
        ["a.png", "b.png", "c.png"],
        ["only.png"],
        ["00.960.png", "01.000.png", "01.040.png"],
        ["9.png", "10.png", "11.jpg"],
        ["-1.png", "-2.png"],
    ],
    ids=" ".join,
)
def test_numbers_may_start_anywhere_and_have_any_constant_step(tmp_path, names):
    for name in names:
        save(tmp_path / name, bar_frame(1))
    assert probe_video(tmp_path).frames == len(names)


@pytest.mark.parametrize("name", ["Thumbs.db", ".DS_Store", "desktop.ini"])
def test_what_systems_leave_behind_does_not_change_a_digest(folder, name):
    before = VideoFile(folder).digest(), VideoFile(folder).stamp()
    (folder / name).write_bytes(b"anything")
    assert (VideoFile(folder).digest(), VideoFile(folder).stamp()) == before

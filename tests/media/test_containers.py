"""What containers say about themselves."""

from __future__ import annotations

import pytest

from signbench.media.containers import container_kind, missing_bytes
from tests.media.encoding import encode

FILES = {
    "a.mp4": ("libx264", "yuv420p", "mov"),
    "a.mov": ("mjpeg", "yuvj420p", "mov"),
    "a.mkv": ("ffv1", "bgr0", "matroska"),
    "a.webm": ("libvpx-vp9", "yuv420p", "matroska"),
    "a.avi": ("mpeg4", "yuv420p", "avi"),
    "a.gif": ("gif", "rgb8", "gif"),
    "a.flv": ("flv1", "yuv420p", "flv"),
    "a.wmv": ("msmpeg4v3", "yuv420p", "asf"),
    "a.ts": ("mpeg2video", "yuv420p", "mpegts"),
    "a.mpg": ("mpeg2video", "yuv420p", "mpeg"),
    "a.ogv": ("ffv1", "yuv420p", "ogg"),
    "a.h264": ("libx264", "yuv420p", "h264"),
}
SAY_THEIR_LENGTH = {"a.mp4", "a.mov", "a.mkv", "a.webm", "a.avi", "a.gif"}


@pytest.fixture(params=[name for name in FILES if name != "a.ogv"])
def clip(request, tmp_path):
    codec, pix_fmt, _ = FILES[request.param]
    return encode(tmp_path / request.param, codec, pix_fmt, frames=5)


def test_a_container_is_known_by_its_beginning_whatever_its_name(clip):
    assert container_kind(clip.read_bytes()[:512]) == FILES[clip.name][2]


def test_a_complete_file_lacks_nothing(clip):
    assert missing_bytes(clip) == 0


@pytest.mark.parametrize("cut", [1, 10, 300])
def test_a_truncated_file_is_missed_where_the_container_says_its_length(clip, cut):
    content = clip.read_bytes()
    clip.write_bytes(content[:-cut])
    missing = missing_bytes(clip)
    if clip.name in SAY_THEIR_LENGTH and not (clip.suffix == ".gif" and cut == 1):  # a GIF without its trailer is complete
        assert missing >= 1
        assert missing <= max(cut, 4) if clip.suffix != ".gif" else missing <= 256
    else:
        assert missing == 0


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 40, b"trailing words", bytes(range(255, 200, -1))])
def test_bytes_after_the_end_are_not_taken_for_a_part(clip, tail):
    with clip.open("ab") as file:
        file.write(tail)
    assert missing_bytes(clip) == 0


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\0",
        b"text",
        b"#EXTM3U\n",
        b"ffconcat version 1.0\n",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"RIFF\0\0\0\0WEBP",
        b"\x89PNG\r\n\x1a\n",
        b"ID3\x04",
        b"G" * 9,
    ],
)
def test_other_files_are_not_video_containers(head):
    assert container_kind(head) is None


@pytest.mark.parametrize(
    "content",
    [
        b"\x1a\x45\xdf\xa3",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff",  # a stream: length unknown
        b"\x1a\x45\xdf\xa3\x80\x00\x00",
        b"RIFF\0\0\0\0AVI LIST",
        b"RIFF\xff\xff\xff\xffAVI LIST",
        b"GIF89a",
        b"GIF89a\x02\x00\x02\x00\x00\x00\x00;",
        b"\0\0\0\0ftypisom",
    ],
)
def test_a_container_that_does_not_say_its_length_lacks_nothing(tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    assert missing_bytes(path) in (0, 13 - len(content))


def test_a_box_of_more_than_four_gigabytes_is_understood(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0\0\0\x08ftyp\0\0\0\x01mdat" + (5 * 2**30).to_bytes(8, "big") + b"frames")
    assert missing_bytes(path) == 8 + 5 * 2**30 - path.stat().st_size

"""How many frames a file shows, and whether its packets are complete, for files that only the decoder can count."""

from __future__ import annotations

import struct

import av
import numpy as np
import pytest

from signbench.errors import MediaError
from signbench.media.packets import SliceChecksums, gives_one_frame
from signbench.media.video import probe_video, read_frames
from signbench.media.video_writer import write_video
from tests.media.encoding import FRAMES, bar_frame, bar_numbers, copy_packets, encode, packets_of

OPEN_GOP = {"x265-params": "keyint=12:min-keyint=12:open-gop=1:bframes=3:scenecut=0:log-level=none"}
NOISE = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (4, 33, 45, 3), dtype=np.uint8)


def shown(path):
    """Frames as announced, and as decoded."""
    probe = probe_video(path)
    return probe.frames, sum(len(frames) for frames in read_frames(path, probe=probe))


def test_a_comment_after_a_gif_is_not_a_frame(tmp_path):
    path = encode(tmp_path / "a.gif", "gif", "rgb8", frames=40, form="gif")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"!\xfe\x05hello\x00;")
    assert shown(path) == (40, 40)


@pytest.fixture(scope="module", params=["mkv", "mp4", "ts"])
def open_gop(request, tmp_path_factory):
    """H.265 whose groups of pictures refer to the ones before, and the numbers of the packets that are key frames."""
    path = encode(tmp_path_factory.mktemp("open") / f"a.{request.param}", "libx265", frames=40, options=OPEN_GOP)
    return path, [number for number, packet in enumerate(packets_of(path)) if packet[3]]


def test_open_groups_of_images_are_counted_as_shown(open_gop):
    assert shown(open_gop[0]) == (40, 40)


def test_h265_that_was_cut_by_copying_loses_what_refers_to_before_the_cut(open_gop, tmp_path):
    path, keys = open_gop
    cut = copy_packets(path, tmp_path / f"cut{path.suffix}", lambda number, packet: [packet] if number >= keys[1] else [])
    promised, decoded = shown(cut)
    assert promised == decoded == 28
    assert len(packets_of(cut)) == 31
    assert bar_numbers(next(iter(read_frames(cut)))[:3]) == [12, 13, 14]


def test_h265_that_was_joined_by_copying_loses_what_refers_to_what_was_taken_out(open_gop, tmp_path):
    path, keys = open_gop
    joined = copy_packets(
        path, tmp_path / f"joined{path.suffix}", lambda number, packet: [packet] if not 5 < number < keys[2] else []
    )
    promised, decoded = shown(joined)
    assert promised == decoded < len(packets_of(joined))


def test_mpeg4_packets_without_an_image_are_not_counted(tmp_path):
    path = encode(tmp_path / "whole.mp4", "mpeg4")

    def with_repeats(number, packet):
        if number not in (4, 7):
            return [packet]
        # A picture that is "not coded": predicted, in this second, its 25th, a marker, the flag, stuffing.
        empty = av.Packet(b"\0\0\1\xb6" + int(f"0101{number:05b}10" + "01111", 2).to_bytes(2, "big"))
        empty.pts, empty.dts, empty.duration, empty.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
        return [empty]

    promised, decoded = shown(copy_packets(path, tmp_path / "repeats.mp4", with_repeats))
    assert promised == decoded


@pytest.mark.parametrize(
    ("codec", "container", "content", "is_certain"),
    [
        ("ffv1", "avi", b"\0" * 9, True),
        ("gif", "gif", b"\0" * 9, False),
        ("h264", "mov", b"\0" * 9, True),
        ("h264", "mpegts", b"\0" * 9, False),
        ("mpeg4", "mov", b"\0" * 40, True),
        ("mpeg4", "mov", b"\0" * 8, False),
        ("vp9", "matroska", b"\x82\x49", True),
        ("vp9", "matroska", b"\x80\x49", False),  # a key frame that is not shown
        ("vp9", "matroska", b"\x88", True),  # shows one that was decoded before
        ("vp9", "matroska", b"\x80\x49\xc8", True),  # several in one, of which the last is shown
        ("hevc", "mov", struct.pack(">IH", 2, 0x2601), True),  # an instantaneous refresh
        ("hevc", "mov", struct.pack(">IHIH", 2, 0x2A01, 2, 0x1001), False),  # a leading picture that refers to before
        ("hevc", "matroska", b"\0\0\0\1\x2a\x01\0\0\1\x10\x01", False),  # the same, separated by start codes
        ("hevc", "mov", b"", True),
        ("wmv2", "asf", b"\0" * 40, False),
    ],
)
def test_packets_are_trusted_if_each_is_certain_to_be_a_frame(codec, container, content, is_certain):
    assert gives_one_frame(av.Packet(content), codec, container) == is_certain


def damaged(path, number, fraction=0.5):
    """The file with one bit of a packet changed."""
    packet = packets_of(path)[number][0]
    content = bytearray(path.read_bytes())
    content[content.index(packet) + int(len(packet) * fraction)] ^= 1
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.999])
def test_a_flipped_bit_in_a_lossless_file_is_noticed(tmp_path, fraction):
    write_video(tmp_path / "a.mkv", NOISE, 25)
    assert probe_video(tmp_path / "a.mkv").frames == 4
    with pytest.raises(MediaError, match="frame 2 is damaged, a checksum in it is wrong"):
        probe_video(damaged(tmp_path / "a.mkv", 2, fraction))


@pytest.mark.parametrize("slices", ["4", "9"])
@pytest.mark.parametrize("more", [{}, {"g": "4", "context": "1"}])
def test_every_slice_has_its_checksum(tmp_path, slices, more):
    pictures = list(NOISE.repeat(4, 1).repeat(4, 2))
    options = {"level": "3", "slicecrc": "1", "slices": slices, **more}
    path = encode(tmp_path / "a.mkv", "ffv1", pictures=pictures, options=options)
    assert probe_video(path).frames == 4
    for fraction in (0.1, 0.6, 0.95):
        content = path.read_bytes()
        with pytest.raises(MediaError, match="frame 3 is damaged"):
            probe_video(damaged(path, 3, fraction))
        path.write_bytes(content)


WITHOUT = [{"level": "3", "slicecrc": "0"}, {"level": "1"}, {"level": "3", "coder": "range_tab", "slicecrc": "0"}]


@pytest.mark.parametrize("options", WITHOUT)
def test_lossless_files_without_checksums_are_read(tmp_path, options):
    assert shown(encode(tmp_path / "a.mkv", "ffv1", options=options)) == (FRAMES, FRAMES)


def test_checksums_of_no_packets_say_nothing():
    checksums = SliceChecksums()
    assert checksums.damaged is None
    for content in (b"", b"\0", b"\0" * 7, b"\xff" * 40):
        checksums.see(content)
    assert checksums.damaged is None


def test_a_damaged_png_in_a_video_is_noticed(tmp_path):
    path = encode(tmp_path / "a.mov", "png", "rgb24", pictures=list(NOISE))
    with pytest.raises(MediaError, match="damaged"):
        list(read_frames(damaged(path, 2)))


def test_a_tag_that_is_not_utf_8_leaves_a_file_readable(tmp_path):
    for name, tag in (("a.mkv", "title"), ("a.mp4", "title"), ("a.avi", "title")):
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            container.metadata[tag] = "Gebxrde"
            stream = container.add_stream("mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for index in range(3):
                frame = av.VideoFrame.from_ndarray(bar_frame(index), format="rgb24")
                frame.pts = index
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        content = path.read_bytes()
        assert b"Gebxrde" in content
        path.write_bytes(content.replace(b"Gebxrde", b"Geb\xe4rde"))
        assert shown(path) == (3, 3)

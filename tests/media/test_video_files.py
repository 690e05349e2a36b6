"""How one file becomes upright RGB, and the messages for files that cannot."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from signbench.errors import MediaError
from signbench.media.pictures import LARGEST_SIDE
from signbench.media.video import probe_video, read_frames
from signbench.media.video_writer import write_video
from tests.media.encoding import FRAMES, bar_frame, bar_numbers, copy_packets, encode, packets_of, set_display_matrix, sound_only


def all_of(path, **how):
    return np.concatenate(list(read_frames(path, **how)))


QUARTER_TURNS = {
    "clockwise": ((0, 1, -1, 0), lambda frames: np.rot90(frames, -1, (1, 2))),
    "half": ((-1, 0, 0, -1), lambda frames: np.rot90(frames, 2, (1, 2))),
    "counter-clockwise": ((0, -1, 1, 0), lambda frames: np.rot90(frames, 1, (1, 2))),
    "mirrored": ((-1, 0, 0, 1), lambda frames: frames[:, :, ::-1]),
    "upside down in a mirror": ((1, 0, 0, -1), lambda frames: frames[:, ::-1]),
    "transposed": ((0, 1, 1, 0), lambda frames: frames.swapaxes(1, 2)),
    "transposed the other way": ((0, -1, -1, 0), lambda frames: frames.swapaxes(1, 2)[:, ::-1, ::-1]),
}


@pytest.fixture
def phone_video(tmp_path):
    """A clip of 64 x 36 pixels, no two of whose quarters are alike."""
    shade = np.add.outer(np.arange(36) * 4, np.arange(64)).astype(np.uint8)
    picture = np.stack([shade, shade[::-1] // 2, np.full_like(shade, 60)], axis=2)
    picture[:12, :16] = 250
    return encode(tmp_path / "phone.mp4", pictures=[picture] * 5, options={"crf": "5"})


@pytest.mark.parametrize("turn", QUARTER_TURNS)
def test_a_video_is_turned_as_its_display_matrix_says(phone_video, turn):
    matrix, turned = QUARTER_TURNS[turn]
    stored = all_of(phone_video)
    set_display_matrix(phone_video, *matrix)
    upright = turned(stored)
    probe = probe_video(phone_video)
    assert (probe.height, probe.width) == upright.shape[1:3]
    np.testing.assert_array_equal(all_of(phone_video, probe=probe), upright)


@pytest.mark.parametrize("turn", ["clockwise", "half", "counter-clockwise"])
def test_a_turned_video_comes_out_as_from_opencv(phone_video, turn):
    set_display_matrix(phone_video, *QUARTER_TURNS[turn][0])
    capture = cv2.VideoCapture(str(phone_video))
    if not capture.get(cv2.CAP_PROP_ORIENTATION_META):
        pytest.skip("this version of OpenCV does not see how the video is to be turned")
    peer = capture.read()[1][..., ::-1]
    frame = all_of(phone_video)[0]
    assert frame.shape == peer.shape
    assert np.abs(frame.astype(int) - peer).mean() < 2


def test_a_turned_video_is_resized_upright(phone_video):
    set_display_matrix(phone_video, *QUARTER_TURNS["clockwise"][0])
    assert all_of(phone_video, size=(32, 18)).shape == (5, 32, 18, 3)


def test_a_turn_by_other_than_quarters_is_refused(phone_video):
    set_display_matrix(phone_video, 0.7, 0.7, -0.7, 0.7)
    with pytest.raises(MediaError, match="45 degrees"):
        probe_video(phone_video)


# Red and blue weights of luma: ITU-R BT.601, BT.709, BT.2020; SMPTE 240M. The keys are FFmpeg's matrix numbers.
LUMA = {1: (0.2126, 0.0722), 2: (0.299, 0.114), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
LIMITED, FULL = 1, 2


def yuv_frame(pix_fmt, matrix, colour_range, height=32, width=48):
    """A frame of smooth colours, made without RGB, and its samples repeated to full size, in units of 8 bits."""
    frame = av.VideoFrame(width, height, pix_fmt)
    frame.colorspace, frame.color_range = matrix, colour_range
    unit = 2 ** (frame.format.components[0].bits - 8)
    samples = []
    for number, plane in enumerate(frame.planes):
        rows, columns = np.mgrid[: plane.height, : plane.width]
        values = 128 + 70 * np.sin(rows / (3 + number)) * np.cos(columns / (5 - number))
        stored = np.zeros((plane.height, plane.line_size // (2 if unit > 1 else 1)), np.uint8 if unit == 1 else np.dtype("<u2"))
        stored[:, : plane.width] = np.rint(values * unit)
        plane.update(stored.tobytes())
        whole = stored[:, : plane.width] / unit
        samples.append(whole.repeat(-(-height // plane.height), 0).repeat(-(-width // plane.width), 1)[:height, :width])
    return frame, samples


def rgb_of(samples, matrix, is_full):
    """The standards' formula, in floating point."""
    luma, blue, red = samples[0], samples[1] - 128, samples[2] - 128
    if not is_full:
        luma, blue, red = (luma - 16) * 255 / 219, blue * 255 / 224, red * 255 / 224
    weight_red, weight_blue = LUMA[matrix]
    r, b = luma + 2 * (1 - weight_red) * red, luma + 2 * (1 - weight_blue) * blue
    g = (luma - weight_red * r - weight_blue * b) / (1 - weight_red - weight_blue)
    return np.clip(np.stack([r, g, b], axis=-1), 0, 255)


def tagged_clip(path, pix_fmt, matrix, colour_range):
    frame, samples = yuv_frame(pix_fmt, matrix, colour_range)
    encode(path, "ffv1", pix_fmt, pictures=[frame], tags={"colorspace": matrix, "color_range": colour_range})
    return samples


@pytest.mark.parametrize("colour_range", [0, LIMITED, FULL])
@pytest.mark.parametrize("matrix", LUMA)
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv444p12le"])
def test_colours_follow_the_tagged_matrix_and_range(tmp_path, pix_fmt, matrix, colour_range):
    samples = tagged_clip(tmp_path / "a.mkv", pix_fmt, matrix, colour_range)
    difference = all_of(tmp_path / "a.mkv")[0] - rgb_of(samples, matrix, colour_range == FULL)
    # Samples are in units of 8 bits, so that a deeper full range (1023 for 255) is off by a little in these formulas.
    assert np.abs(difference).max() <= (0.5 + 1e-9 if colour_range != FULL or pix_fmt.endswith("p") else 1.5)
    assert abs(difference.mean()) < (0.05 if colour_range != FULL or pix_fmt.endswith("p") else 0.5)


def test_the_wrong_matrix_would_be_noticed(tmp_path):
    samples = tagged_clip(tmp_path / "a.mkv", "yuv420p", 1, LIMITED)
    assert np.abs(all_of(tmp_path / "a.mkv")[0] - rgb_of(samples, 2, is_full=False)).max() > 15


# Integer arithmetic throughout: the same on every processor, and with PyAV 16 to 19. If one of these changes, numbers change.
PIXELS = {
    ("yuv420p", 2, LIMITED): "b769a46bba3d5c3a",
    ("yuv420p", 1, FULL): "2e0a56754cc0259b",
    ("yuv422p", 1, LIMITED): "3577343d8c5193b1",
    ("yuv444p", 9, LIMITED): "5d799d4c54194acf",
    ("yuv420p10le", 1, LIMITED): "952c1b4738d5c18c",
}


@pytest.mark.parametrize(("pix_fmt", "matrix", "colour_range"), PIXELS)
def test_pixels_are_those_of_reader_revision_2(tmp_path, pix_fmt, matrix, colour_range):
    tagged_clip(tmp_path / "a.mkv", pix_fmt, matrix, colour_range)
    assert hashlib.sha256(all_of(tmp_path / "a.mkv").tobytes()).hexdigest()[:16] == PIXELS[pix_fmt, matrix, colour_range]


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p"])
def test_colours_stay_within_three_levels_of_pyavs_own(tmp_path, pix_fmt):
    frame, _ = yuv_frame(pix_fmt, 5, LIMITED if pix_fmt != "yuvj420p" else FULL)
    path = encode(tmp_path / "a.mkv", "ffv1" if pix_fmt != "yuvj420p" else "mjpeg", pix_fmt, pictures=[frame])
    with av.open(str(path)) as container:
        peer = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(all_of(path)[0].astype(int) - peer).max() <= 3


def test_grey_becomes_three_equal_channels(tmp_path):
    grey = np.arange(48 * 64, dtype=np.uint32).reshape(48, 64).astype(np.uint8)
    encode(tmp_path / "a.mkv", "ffv1", "gray", pictures=[av.VideoFrame.from_ndarray(grey, format="gray")])
    np.testing.assert_array_equal(all_of(tmp_path / "a.mkv")[0], np.repeat(grey[..., None], 3, 2))


def test_alpha_is_dropped(tmp_path):
    colours = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (32, 48, 4), dtype=np.uint8)
    encode(
        tmp_path / "a.mkv", "ffv1", "bgra", pictures=[av.VideoFrame.from_ndarray(colours, format="rgba").reformat(format="bgra")]
    )
    np.testing.assert_array_equal(all_of(tmp_path / "a.mkv")[0], colours[..., :3])


def test_areas_that_no_frame_of_a_gif_covers_are_white(tmp_path):
    palette = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    # 2 x 2 pixels: red and green above, twice the transparent entry below. A clear code before each pair keeps codes at 3 bits.
    codes, bits = [4, 0, 1, 4, 3, 3, 5], 0
    for offset, code in enumerate(codes):
        bits |= code << (3 * offset)
    data = bits.to_bytes(3, "little")
    control = b"!\xf9\x04\x01\x0a\x00\x03\x00"
    image = b",\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02" + bytes([len(data)]) + data + b"\x00"
    (tmp_path / "a.gif").write_bytes(b"GIF89a\x02\x00\x02\x00\x81\x00\x00" + palette + control + image + b";")
    np.testing.assert_array_equal(all_of(tmp_path / "a.gif")[0], [[[255, 0, 0], [0, 255, 0]], [[255, 255, 255]] * 2])


def test_sound_and_cover_images_are_skipped(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=44100)
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(bar_frame(index), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(video.encode(frame))
            noise = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            noise.sample_rate, noise.pts = 44100, 1024 * index
            container.mux(sound.encode(noise))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    assert probe_video(path).frames == FRAMES
    assert bar_numbers(all_of(path)) == list(range(FRAMES))


NO_VIDEO = {
    "an empty file": (b"", "is empty"),
    "text": (b"line of text\n" * 50, "is text"),
    "one byte": (b"x", "is text"),
    "a web page": (b"<!DOCTYPE html><html>404</html>", "is a web page"),
    "a Git LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
    "noise": (bytes(range(1, 256)) * 9, "is not a readable video"),
    "zeros": (bytes(5000), "is not a readable video"),
    "a PNG": (cv2.imencode(".png", bar_frame(1))[1].tobytes(), "is a PNG image"),
    "a JPEG": (cv2.imencode(".jpg", bar_frame(1))[1].tobytes(), "is a JPEG image"),
    "a play list": (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nreal.mkv\n#EXT-X-ENDLIST\n", "is text"),
    "a list of parts": (b"ffconcat version 1.0\nfile real.mkv\n", "is text"),
    "a header alone": (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom", "no list of its frames"),
}


@pytest.mark.parametrize("kind", NO_VIDEO)
def test_something_other_than_a_video_is_named(tmp_path, capfd, kind):
    content, words = NO_VIDEO[kind]
    write_video(tmp_path / "real.mkv", [bar_frame(0)], 25)
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=words) as caught:
        probe_video(path)
    assert str(path) in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_sound_alone_is_not_a_video(tmp_path):
    with pytest.raises(MediaError, match="only sound"):
        probe_video(sound_only(tmp_path / "a.mp4"))


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(MediaError, match=r"absent\.mp4 cannot be read: No such file"):
        probe_video(tmp_path / "absent.mp4")


def test_frames_that_are_too_large_are_refused(tmp_path):
    huge = np.zeros((2, LARGEST_SIDE + 2, 3), np.uint8)
    encode(tmp_path / "a.mkv", "ffv1", "bgr0", pictures=[huge])
    with pytest.raises(MediaError, match=f"{LARGEST_SIDE + 2} x 2 pixels"):
        probe_video(tmp_path / "a.mkv")


def test_a_video_without_frames_is_refused(tmp_path):
    path = encode(tmp_path / "a.mp4", container_options={"movflags": "frag_keyframe+empty_moov"})
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moof") - 4])
    with pytest.raises(MediaError, match="no video frame"):
        probe_video(path)


TRUNCATED = {
    "mp4, index first": (
        "a.mp4",
        "libx264",
        "yuv420p",
        {"container_options": {"movflags": "+faststart"}},
        r"holds \d+ of the 12 frames",
    ),
    "mp4, index last": ("a.mp4", "libx264", "yuv420p", {}, "bytes at its end are missing"),
    "mov": ("a.mov", "mjpeg", "yuvj420p", {}, "bytes at its end are missing"),
    "mkv": ("a.mkv", "ffv1", "bgr0", {}, r"holds \d+ of the 12 frames"),
    "webm": ("a.webm", "libvpx-vp9", "yuv420p", {}, r"holds \d+ of the 12 frames"),
    "avi": ("a.avi", "mjpeg", "yuvj420p", {}, r"holds \d+ of the 12 frames|bytes at its end are missing"),
    "gif": ("a.gif", "gif", "rgb8", {}, r"after \d+ frames"),
}


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("kind", TRUNCATED)
def test_a_file_that_is_truncated_is_noticed_before_decoding(tmp_path, capfd, kind, share):
    name, codec, pix_fmt, how, words = TRUNCATED[kind]
    noise = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (FRAMES, 48, 64, 3), dtype=np.uint8)
    path = encode(tmp_path / name, codec, pix_fmt, pictures=list(noise), **how)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(MediaError, match=f"truncated.*({words})"):
        probe_video(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", TRUNCATED)
def test_a_file_that_is_truncated_anywhere_in_its_header_is_bad_input(tmp_path, kind):
    name, codec, pix_fmt, how, _ = TRUNCATED[kind]
    path = encode(tmp_path / name, codec, pix_fmt, **how)
    content = path.read_bytes()
    for length in range(1, min(len(content) // 2, 1500), 29):
        path.write_bytes(content[:length])
        with pytest.raises(MediaError, match=name):
            probe_video(path)


def test_a_video_whose_codec_nobody_knows_is_refused(tmp_path):
    path = encode(tmp_path / "a.mp4", "libx264", "yuv420p")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(MediaError, match="unknown codec, or is damaged at its start; re-encode it"):
        probe_video(path)


def test_a_file_that_lacks_only_what_follows_its_frames_is_read(tmp_path):
    path = encode(tmp_path / "a.avi", "mjpeg", "yuvj420p")
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"idx1")])
    assert probe_video(path).frames == len(all_of(path)) == FRAMES


def damage(path, number):
    """Overwrites the middle of one packet."""
    packet = packets_of(path)[number][0]
    content = bytearray(path.read_bytes())
    offset = content.index(packet)
    middle = slice(offset + len(packet) // 4, offset + len(packet) * 3 // 4)
    content[middle] = b"\xff" * len(content[middle])
    path.write_bytes(content)


NOISE = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (FRAMES, 48, 64, 3), dtype=np.uint8)


def test_damage_within_a_file_is_found_where_it_is(tmp_path, capfd):
    path = encode(tmp_path / "a.mp4", "libx264", pictures=list(NOISE), options={"bf": "0"})
    damage(path, 7)
    assert probe_video(path).frames == FRAMES
    with pytest.raises(MediaError, match=r"frame [78]|damaged"):
        list(read_frames(path))
    assert len(all_of(path, positions=np.arange(5))) == 5
    assert capfd.readouterr().err == ""


def test_a_video_whose_frames_change_their_size_is_refused(tmp_path):
    small = encode(tmp_path / "small.h264")
    large = encode(tmp_path / "large.h264", pictures=[bar_frame(index, 64, 80) for index in range(3)])
    small.write_bytes(small.read_bytes() + large.read_bytes())
    with pytest.raises(MediaError, match=r"frame 12 is 80 x 64 pixels, the first 64 x 48"):
        list(read_frames(small))


def test_an_empty_display_matrix_is_none(phone_video):
    stored = all_of(phone_video)
    set_display_matrix(phone_video, 0, 0, 0, 0)
    np.testing.assert_array_equal(all_of(phone_video), stored)


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (30_000, 30_000), (40_000, 64)])
def test_a_frame_that_is_larger_than_its_header_says_is_refused(tmp_path, width, height):
    sound = encode(tmp_path / "sound.webm", "libvpx-vp9", frames=3)

    def larger(number, packet):
        """Writes a different size, which is stored from bit 37 of a VP9 key frame on, minus one."""
        bits = int.from_bytes(bytes(packet)[:9], "big")
        sizes = (width - 1 << 16 | height - 1) << 4
        content = (bits & ~(0xFFFFFFFF << 4) | sizes).to_bytes(9, "big") + bytes(packet)[9:]
        made = av.Packet(content if number == 0 else bytes(packet))
        made.pts, made.dts, made.duration, made.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
        made.is_keyframe = packet.is_keyframe
        return [made]

    forged = copy_packets(sound, tmp_path / "a.webm", larger)
    with pytest.raises(MediaError, match=r"a\.webm"):
        probe_video(forged)

"""The guarantees of the reader: numbers of frames, time stamps, rates, positions, chunks."""

from __future__ import annotations

import dataclasses
import math
import unicodedata
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media import video
from signbench.media.video import (
    VideoProbe,
    is_video,
    positions_at_rate,
    probe_video,
    read_frames,
    resize_frames,
)
from signbench.media.video_writer import write_video
from tests.media.encoding import FRAMES, HEIGHT, WIDTH, bar_frame, bar_numbers, copy_packets, encode, packets_of

B_FRAMES = {"bf": "2"}
HEALTHY = [
    pytest.param("a.mp4", "libx264", "yuv420p", {"options": B_FRAMES}, id="h264 with B-frames in mp4"),
    pytest.param(
        "a.mp4", "libx264", "yuv420p", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}, id="fragmented mp4"
    ),
    pytest.param("a.mov", "mjpeg", "yuvj420p", {}, id="mjpeg in mov"),
    pytest.param("a.mkv", "libx264", "yuv420p", {"options": B_FRAMES}, id="h264 with B-frames in mkv"),
    pytest.param("a.mkv", "ffv1", "bgr0", {}, id="ffv1 in mkv"),
    pytest.param("a.avi", "mpeg4", "yuv420p", {}, id="mpeg4 in avi"),
    pytest.param("a.avi", "mpeg4", "yuv420p", {"options": B_FRAMES}, id="mpeg4 with B-frames in avi"),
    pytest.param("a.avi", "libx264", "yuv420p", {"options": B_FRAMES}, id="h264 in avi, which has no presentation times"),
    pytest.param(
        "a.webm", "libvpx-vp9", "yuv420p", {"options": {"auto-alt-ref": "1", "lag-in-frames": "16"}}, id="vp9 with hidden frames"
    ),
    pytest.param("a.webm", "libvpx", "yuv420p", {"options": {"b:v": "500k"}}, id="vp8 in webm"),
    pytest.param("a.ts", "libx264", "yuv420p", {"options": B_FRAMES}, id="h264 in a transport stream"),
    pytest.param("a.mpg", "mpeg2video", "yuv420p", {"options": B_FRAMES}, id="mpeg2 in a program stream"),
    pytest.param("a.wmv", "msmpeg4v3", "yuv420p", {}, id="msmpeg4 in asf"),
    pytest.param("a.flv", "flv1", "yuv420p", {}, id="flv"),
    pytest.param("a.h264", "libx264", "yuv420p", {"options": B_FRAMES}, id="bare h264 without time stamps"),
    pytest.param("a.gif", "gif", "rgb8", {}, id="gif"),
]
UNEVEN = [0, 40, 80, 200, 240, 300, 340, 400, 440, 480, 560, 600]  # ms
UNEVEN_AT_10 = [0, 2, 3, 5, 7, 9, 11]


def all_of(path, **how):
    return np.concatenate(list(read_frames(path, **how)))


def even_probe(frames, fps):
    return VideoProbe(frames, 8, 8, fps, np.arange(frames) / fps, frames / fps, False)


@pytest.mark.parametrize(("name", "codec", "pix_fmt", "how"), HEALTHY)
def test_probing_announces_the_frames_that_decoding_then_yields_in_order(tmp_path, name, codec, pix_fmt, how):
    path = encode(tmp_path / name, codec, pix_fmt, **how)
    probe = probe_video(path)
    assert (probe.frames, probe.height, probe.width) == (FRAMES, HEIGHT, WIDTH)
    assert not probe.variable_rate
    assert probe.fps == 25
    assert probe.duration == pytest.approx(FRAMES / 25)
    np.testing.assert_allclose(probe.times, np.arange(FRAMES) / 25, atol=1e-12)
    frames = all_of(path, probe=probe)
    assert frames.shape == (FRAMES, HEIGHT, WIDTH, 3)
    assert frames.dtype == np.uint8
    assert bar_numbers(frames) == list(range(FRAMES))


@pytest.mark.parametrize(
    "rate", [10, Fraction(25, 2), 15, Fraction(24000, 1001), Fraction(30000, 1001), 30, Fraction(60000, 1001), 120]
)
@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"), [("a.mp4", "libx264", "yuv420p"), ("a.mkv", "ffv1", "bgr0"), ("a.avi", "mpeg4", "yuv420p")]
)
def test_an_even_rate_is_exact_although_containers_round_time_stamps(tmp_path, name, codec, pix_fmt, rate):
    probe = probe_video(encode(tmp_path / name, codec, pix_fmt, rate=rate))
    assert not probe.variable_rate
    assert probe.fps == pytest.approx(float(rate), rel=1e-12)
    np.testing.assert_allclose(probe.times, [float(index / Fraction(rate)) for index in range(FRAMES)], atol=1e-12)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_variable_rate_is_read_from_the_time_stamps(tmp_path, name):
    path = encode(tmp_path / name, stamps=UNEVEN, time_base=Fraction(1, 1000), options=B_FRAMES)
    probe = probe_video(path)
    assert probe.variable_rate
    np.testing.assert_allclose(probe.times, np.array(UNEVEN) / 1000, atol=1e-9)
    assert probe.duration == pytest.approx(0.64)
    assert probe.fps == pytest.approx(FRAMES / 0.64)
    assert bar_numbers(all_of(path)) == list(range(FRAMES))


def test_a_gif_lasts_as_its_delays_say(tmp_path):
    stamps = [0, 10, 20, 50, 60, 70]
    probe = probe_video(encode(tmp_path / "a.gif", "gif", "rgb8", frames=6, rate=100, stamps=stamps, time_base=Fraction(1, 100)))
    assert probe.variable_rate
    np.testing.assert_allclose(probe.times, np.array(stamps) / 100)


def test_jitter_below_a_millisecond_is_not_a_variable_rate(tmp_path):
    stamps = [index * 4000 + (-1) ** index * 50 for index in range(FRAMES)]  # 25 fps, half a millisecond early or late
    probe = probe_video(encode(tmp_path / "a.mp4", stamps=stamps, time_base=Fraction(1, 100_000)))
    assert not probe.variable_rate
    assert probe.fps == pytest.approx(25, rel=0.01)


def test_a_dropped_frame_is_not_a_jitter_even_where_time_counts_in_frames(tmp_path):
    stamps = [0, 1, 2, 4, 5, 6, 7]
    probe = probe_video(encode(tmp_path / "a.avi", "mpeg4", frames=7, stamps=stamps))
    np.testing.assert_allclose(probe.times, np.array(stamps) / 25)
    assert probe.variable_rate


@pytest.mark.parametrize(("name", "first"), [("a.mkv", 100), ("a.ts", 100), ("a.mpg", 0)])
def test_time_starts_with_the_first_frame(tmp_path, name, first):
    codec = "mpeg2video" if name.endswith("mpg") else "libx264"
    probe = probe_video(encode(tmp_path / name, codec, stamps=range(first, first + FRAMES), options=B_FRAMES))
    np.testing.assert_allclose(probe.times, np.arange(FRAMES) / 25, atol=1e-9)


def test_frames_before_the_edit_of_an_mp4_are_not_shown(tmp_path):
    path = encode(tmp_path / "a.mp4", stamps=range(-3, FRAMES - 3), options=B_FRAMES)
    assert len(packets_of(path)) == FRAMES
    probe = probe_video(path)
    assert probe.frames == FRAMES - 3
    assert probe.times[0] == 0
    assert bar_numbers(all_of(path, probe=probe)) == list(range(3, FRAMES))


@pytest.mark.parametrize("skipped", [0, 1])
@pytest.mark.parametrize("name", ["cut.mkv", "cut.mp4"])
def test_a_copy_that_starts_within_an_open_group_of_images_has_the_frames_that_can_be_decoded(tmp_path, name, skipped):
    options = {"x264-params": "open-gop=1:keyint=5:bframes=2:scenecut=0:b-adapt=0"}
    source = encode(tmp_path / "a.mkv", frames=15, options=options, pictures=[bar_frame(index, width=80) for index in range(15)])
    start = [position for position, packet in enumerate(packets_of(source)) if packet[3]][1] + skipped
    path = copy_packets(source, tmp_path / name, lambda number, packet: [packet] if number >= start else [])
    probe = probe_video(path)
    numbers = bar_numbers(all_of(path, probe=probe))
    assert len(numbers) == probe.frames
    assert 0 < probe.frames < len(packets_of(path))
    assert numbers == list(range(15 - probe.frames, 15))
    np.testing.assert_allclose(probe.times, np.arange(probe.frames) / 25, atol=1e-9)


def test_hidden_frames_of_vp8_are_not_counted(tmp_path):
    import av

    def with_a_hidden_copy(number, packet):
        if number == 5:
            content = bytearray(bytes(packet))
            content[0] &= ~0x10
            hidden = av.Packet(bytes(content))
            hidden.pts = hidden.dts = packet.pts - 1
            hidden.time_base = packet.time_base
            yield hidden
        yield packet

    source = encode(tmp_path / "a.webm", "libvpx", options={"b:v": "500k"})
    path = copy_packets(source, tmp_path / "b.webm", with_a_hidden_copy)
    assert len(packets_of(path)) == FRAMES + 1
    assert probe_video(path).frames == len(all_of(path)) == FRAMES


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.gif"])
def test_a_clip_of_one_frame_works(tmp_path, name):
    codec, pix_fmt = {"a.mp4": ("libx264", "yuv420p"), "a.mkv": ("ffv1", "bgr0"), "a.gif": ("gif", "rgb8")}[name]
    path = encode(tmp_path / name, codec, pix_fmt, frames=1)
    probe = probe_video(path)
    assert (probe.frames, probe.times.tolist(), probe.variable_rate) == (1, [0.0], False)
    assert probe.duration == pytest.approx(0.04)
    assert positions_at_rate(probe, 12.5).tolist() == [0]
    assert len(all_of(path)) == 1


@pytest.mark.parametrize(("height", "width"), [(33, 45), (33, 44), (32, 45), (1, 1), (2, 63)])
def test_odd_sizes_come_back_exactly(tmp_path, height, width):
    frames = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (3, height, width, 3), dtype=np.uint8)
    write_video(tmp_path / "a.mkv", frames, 25)
    probe = probe_video(tmp_path / "a.mkv")
    assert (probe.height, probe.width) == (height, width)
    np.testing.assert_array_equal(all_of(tmp_path / "a.mkv"), frames)


@pytest.mark.parametrize(("height", "width"), [(33, 45), (48, 45), (33, 64)])
def test_odd_sizes_of_subsampled_video_work(tmp_path, height, width):
    pictures = [bar_frame(index, height, width) for index in range(8)]
    path = encode(tmp_path / "a.webm", "libvpx-vp9", pictures=pictures)
    frames = all_of(path)
    assert frames.shape == (8, height, width, 3)
    assert np.abs(frames.astype(int) - np.stack(pictures)).mean() < 8


def test_a_declared_rate_overrides_the_header(tmp_path):
    probe = probe_video(encode(tmp_path / "a.mp4", stamps=UNEVEN, time_base=Fraction(1, 1000)), source_fps=50)
    assert (probe.fps, probe.variable_rate, probe.duration) == (50, False, FRAMES / 50)
    np.testing.assert_allclose(probe.times, np.arange(FRAMES) / 50)


@pytest.mark.parametrize("fps", [0, -25, float("nan"), float("inf")])
def test_an_invalid_rate_is_refused(tmp_path, fps):
    path = encode(tmp_path / "a.mp4")
    with pytest.raises(InputError, match="above 0 and at most 1000"):
        probe_video(path, source_fps=fps)
    with pytest.raises(InputError, match="above 0 and at most 1000"):
        positions_at_rate(probe_video(path), fps)


RATES = [10, Fraction(25, 2), 24, Fraction(24000, 1001), 25, Fraction(30000, 1001), 30, 50, Fraction(60000, 1001), 60, 120]


@pytest.mark.parametrize("target", RATES)
@pytest.mark.parametrize("source", RATES)
def test_a_converted_clip_shows_the_frame_that_is_nearest_in_time(source, target):
    frames = 301
    positions = positions_at_rate(even_probe(frames, float(source)), float(target))
    ratio = Fraction(source) / Fraction(target)
    if abs(ratio - 1) < Fraction(1, 100):
        assert positions.tolist() == list(range(frames))
    else:
        nearest = [min(math.ceil(index * ratio - Fraction(1, 2)), frames - 1) for index in range(math.ceil(frames / ratio))]
        assert positions.tolist() == nearest
    assert positions.dtype == np.int64


@pytest.mark.parametrize("target", RATES)
@pytest.mark.parametrize("source", RATES)
def test_a_converted_clip_does_not_lag(source, target):
    probe = even_probe(1201, float(source))
    positions = positions_at_rate(probe, float(target))
    late = np.arange(len(positions)) / float(target) - positions / float(source)
    if Fraction(source) / Fraction(target) > Fraction(1, 2) and abs(Fraction(source) / Fraction(target) - 1) > Fraction(1, 100):
        assert abs(late[:-3].mean()) <= 0.26 / float(
            source
        )  # ties go to the earlier: a quarter of a frame if every second one is a tie
        assert np.abs(late[:-3]).max() <= 0.5 / float(source) + 1e-6


def test_25_to_12_5_frames_per_second_is_every_second_frame():
    assert positions_at_rate(even_probe(1000, 25.0), 12.5).tolist() == list(range(0, 1000, 2))


def test_an_uneven_clip_is_sampled_by_its_time_stamps(tmp_path):
    probe = probe_video(encode(tmp_path / "a.mkv", stamps=UNEVEN, time_base=Fraction(1, 1000)))
    # nearest to 0, 100, 200 ... ms
    assert positions_at_rate(probe, 10).tolist() == UNEVEN_AT_10


def test_milliseconds_that_a_container_rounded_up_do_not_delay_a_frame(tmp_path):
    stamps = [0, 33, 67, 100, 200, 233, 267]  # thirtieths of a second, three of them left out
    probe = probe_video(encode(tmp_path / "a.mkv", frames=7, stamps=stamps, time_base=Fraction(1, 1000)))
    assert probe.variable_rate
    assert positions_at_rate(probe, 30)[:9].tolist() == [0, 1, 2, 3, 3, 3, 4, 5, 6]


def test_frames_without_a_rate_cannot_be_converted(tmp_path):
    cv2.imwrite(str(tmp_path / "1.png"), bar_frame(1))
    probe = probe_video(tmp_path)
    with pytest.raises(InputError, match="source_fps"):
        positions_at_rate(probe, 25)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return encode(tmp_path_factory.mktemp("clip") / "a.mp4", options=B_FRAMES)


@pytest.mark.parametrize(("chunk", "lengths"), [(1, [1] * 12), (5, [5, 5, 2]), (6, [6, 6]), (16, [12])])
def test_frames_come_in_chunks(clip, chunk, lengths):
    assert [len(frames) for frames in read_frames(clip, chunk=chunk)] == lengths


@pytest.mark.parametrize(
    "positions",
    [[0], [11], [3, 4, 9], [0, 0, 0, 1, 1], [2] * 40, list(range(0, 12, 2)), sorted([*range(12)] * 3), []],
    ids=["first", "last", "some", "repeated", "one only", "every second", "all thrice", "none"],
)
@pytest.mark.parametrize("chunk", [1, 4, 16])
def test_requested_frames_come_as_often_as_they_are_requested(clip, positions, chunk):
    chunks = list(read_frames(clip, positions=np.array(positions, dtype=np.int64), chunk=chunk))
    assert sum(map(len, chunks)) == len(positions)
    if positions:
        np.testing.assert_array_equal(np.concatenate(chunks), all_of(clip)[positions])


def test_chunks_do_not_share_memory(clip):
    chunks = []
    for frames in read_frames(clip, positions=np.array([0, 5, 5, 5, 6]), chunk=2):
        chunks.append(frames.copy())
        frames[:] = 0  # the consumer of a chunk may write to it
    np.testing.assert_array_equal(np.concatenate(chunks), all_of(clip)[[0, 5, 5, 5, 6]])


def test_decoding_stops_after_the_last_wanted_frame(clip, monkeypatch):
    given = []

    def counted(path):
        for picture in pictures_of(path):
            given.append(picture)
            yield picture

    pictures_of = video.pictures_of
    monkeypatch.setattr(video, "pictures_of", counted)
    list(read_frames(clip, positions=np.array([1, 3])))
    assert len(given) == 4


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"positions": np.array([3, 2])}, "non-decreasing"),
        ({"positions": np.array([12])}, "12 frames"),
        ({"positions": np.array([-1])}, "non-decreasing"),
        ({"positions": np.array([[1]])}, "non-decreasing"),
        ({"chunk": 0}, "at least one"),
        ({"size": (0, 10)}, "10 x 0"),
    ],
)
def test_invalid_requests_are_refused_before_anything_is_read(clip, how, words):
    with pytest.raises(InputError, match=words):
        read_frames(clip, **how)


@pytest.mark.parametrize("size", [(24, 32), (20, 27), (96, 128), (HEIGHT, WIDTH), (1, 1)])
def test_resizing_is_opencvs_area(clip, size):
    plain = all_of(clip)
    expected = np.stack([cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA) for frame in plain])
    np.testing.assert_array_equal(all_of(clip, size=size), expected)
    np.testing.assert_array_equal(resize_frames(plain, size), expected)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not list open files")
def test_a_generator_that_is_closed_early_closes_the_file(clip):
    def is_open():
        return any(link.is_symlink() and link.resolve() == clip.resolve() for link in Path("/proc/self/fd").iterdir())

    frames = read_frames(clip, chunk=2)
    next(frames)
    assert is_open()
    frames.close()
    assert not is_open()


@pytest.mark.parametrize(("change", "words"), [(3, "12 of the 15 announced frames"), (-2, "more than the 10 announced frames")])
def test_a_file_that_does_not_hold_what_it_announced_is_an_error(clip, change, words):
    probe = probe_video(clip)
    with pytest.raises(MediaError, match=words):
        list(read_frames(clip, probe=dataclasses.replace(probe, frames=probe.frames + change)))


UMLAUT = "münchen"
NAMES = [
    *("with blank", unicodedata.normalize("NFC", UMLAUT), unicodedata.normalize("NFD", UMLAUT), "手话", "жест"),
    *("%03d", "data:a", "-i", "it's", "a#b?c=1"),
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_written_and_read(tmp_path, monkeypatch, name):
    frames = np.stack([bar_frame(index) for index in range(3)])
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.chdir(folder)
    for path in (folder / f"{name}.mkv", Path(f"{name}.mkv")):
        write_video(path, frames, 25)
        np.testing.assert_array_equal(all_of(path), frames)
    images = folder / "images"
    images.mkdir()
    for index, frame in enumerate(frames):
        (images / f"{name} {index}.png").write_bytes(cv2.imencode(".png", frame[..., ::-1])[1].tobytes())
    np.testing.assert_array_equal(all_of(images), frames)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *[("a.mp4", True), ("A.MKV", True), ("a.gif", True), ("a.webm", True)],
        *[("a.png", False), ("a.pose", False), ("mp4", False), ("._a.mp4", False)],
    ],
)
def test_a_video_file_is_known_by_its_suffix(tmp_path, name, is_one):
    (tmp_path / name).touch()
    assert is_video(tmp_path / name) is is_one
    assert is_video(tmp_path / "absent" / name) is False


def test_a_recording_of_a_phone_reads_as_opencv_reads_it(real_data):
    path = real_data / "video" / "signer_selfie.mp4"
    probe = probe_video(path)
    assert (probe.height, probe.width, probe.variable_rate) == (720, 540, False)
    assert probe.fps == pytest.approx(29.92, abs=0.01)
    capture = cv2.VideoCapture(str(path))
    count = 0
    for frames in read_frames(path, probe=probe):
        for frame in frames:
            peer = capture.read()[1][..., ::-1]
            difference = np.abs(frame.astype(int) - peer)
            assert difference.max() <= 3
            assert difference.mean() <= 1.5
            count += 1
    assert count == probe.frames
    assert not capture.read()[0]


def test_a_file_that_names_no_possible_rate_is_refused_unless_one_is_declared(tmp_path):
    path = encode(tmp_path / "a.mp4", rate=2000, stamps=range(FRAMES), time_base=Fraction(1, 2000), options={"bf": "0"})
    with pytest.raises(MediaError, match=r"shows 2000 frames per second.*at most 1000.*`source_fps`"):
        probe_video(path)
    assert probe_video(path, source_fps=25).fps == 25


def test_the_family_of_a_clips_pixels_is_known_before_it_is_read(tmp_path):
    write_video(tmp_path / "a.mkv", np.zeros((2, 16, 16, 3), np.uint8), 25)
    write_video(tmp_path / "a.mp4", np.zeros((2, 16, 16, 3), np.uint8), 25, lossless=False)
    assert probe_video(tmp_path / "a.mkv").pixels == "rgb"
    assert probe_video(tmp_path / "a.mp4").pixels == "yuv420p-bt709-limited"
    (tmp_path / "folder").mkdir()
    cv2.imwrite(str(tmp_path / "folder" / "1.jpg"), bar_frame(1))
    assert probe_video(tmp_path / "folder").pixels == "jpeg"


@pytest.mark.parametrize(("codec", "options"), [("mpeg4", B_FRAMES), ("libx264", {"bf": "0"})])
def test_frames_that_an_avi_repeats_keep_their_times(tmp_path, codec, options):
    stamps = [0, 1, 2, 3, 4, 8, 9, 10, 11, 15, 16, 17]
    probe = probe_video(encode(tmp_path / "a.avi", codec, stamps=stamps, options=options))
    np.testing.assert_allclose(probe.times * 25, stamps, atol=1e-6)

"""Written files: bit-exact, equal for equal frames, and complete or absent."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.video import probe_video, read_frames
from signbench.media.video_writer import write_video
from tests.media.encoding import bar_frame, packets_of
from tests.patience import PATIENCE


@pytest.fixture
def noise():
    return np.random.Generator(np.random.PCG64(0)).integers(0, 256, (7, 24, 32, 3), dtype=np.uint8)


def all_of(path):
    return np.concatenate(list(read_frames(path)))


@pytest.mark.parametrize(
    "fps",
    [
        25,
        12.5,
        30000 / 1001,
        Fraction(24000, 1001),
        60000 / 1001,
        119.88,
        29.97,
        23.976,
        7.3,
        0.5,
        240,
        Fraction(359, 12),
        np.float32(30),
    ],
)
def test_pixels_and_time_stamps_come_back_exactly(tmp_path, noise, fps):
    path = tmp_path / "a.mkv"
    assert write_video(path, noise, fps) == 7
    np.testing.assert_array_equal(all_of(path), noise)
    probe = probe_video(path)
    rate = Fraction(float(fps)).limit_denominator(1001)
    assert probe.fps == float(rate)
    assert probe.times.tolist() == [index / float(rate) for index in range(7)]
    assert not probe.variable_rate


def test_frames_and_chunks_of_them_are_the_same(tmp_path, noise):
    single = tmp_path / "single.mkv"
    chunked = tmp_path / "chunked.mkv"
    assert write_video(single, iter(noise), 25) == write_video(chunked, iter([noise[:3], noise[3], noise[4:]]), 25) == 7
    assert single.read_bytes() == chunked.read_bytes()


@pytest.mark.parametrize(("name", "lossless"), [("a.mkv", True), ("a.mp4", False)])
def test_equal_frames_give_equal_bytes(tmp_path, noise, name, lossless):
    write_video(tmp_path / name, noise, 25, lossless=lossless)
    first = (tmp_path / name).read_bytes()
    write_video(tmp_path / name, noise, 25, lossless=lossless)
    assert (tmp_path / name).read_bytes() == first


def test_arrays_with_gaps_are_written_as_they_look(tmp_path, noise):
    write_video(tmp_path / "a.mkv", noise[:, ::2, ::-1], 25)
    np.testing.assert_array_equal(all_of(tmp_path / "a.mkv"), noise[:, ::2, ::-1])


def test_every_lossless_frame_is_a_key_frame(tmp_path, noise):
    write_video(tmp_path / "a.mkv", noise, 25)
    assert all(is_key for *_, is_key in packets_of(tmp_path / "a.mkv"))


@pytest.mark.parametrize(("height", "width"), [(24, 32), (25, 32), (24, 33), (25, 33), (1, 1)])
def test_video_for_viewing_is_h264_of_even_size(tmp_path, height, width):
    frames = np.stack([bar_frame(index, height, width) for index in range(5)])
    path = tmp_path / "a.mp4"
    assert write_video(path, frames, 25, lossless=False) == 5
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_range) == (1, 1)
    shown = all_of(path)
    padded = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    assert shown.shape == padded.shape
    assert np.abs(shown.astype(int) - padded).mean() < 4
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")


def test_video_for_viewing_keeps_its_colours(tmp_path):
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128)]
    picture = np.repeat(np.repeat(np.array(colours, np.uint8).reshape(2, 2, 3), 32, 0), 32, 1)
    write_video(tmp_path / "a.mp4", [picture] * 5, 25, lossless=False)
    middle = all_of(tmp_path / "a.mp4")[2][16::32, 16::32].reshape(4, 3)
    assert np.abs(middle.astype(int) - colours).max() <= 6


WRONG = {
    "no frames": ([], "no frames"),
    "an empty chunk": ([np.zeros((0, 24, 32, 3), np.uint8)], "no frames"),
    "floats": ([np.zeros((24, 32, 3))], "uint8"),
    "grey": ([np.zeros((24, 32), np.uint8)], "uint8"),
    "alpha": ([np.zeros((24, 32, 4), np.uint8)], "uint8"),
    "nothing in a frame": ([np.zeros((0, 32, 3), np.uint8)], "32 x 0"),
    "two sizes": (
        [np.zeros((24, 32, 3), np.uint8), np.zeros((25, 32, 3), np.uint8)],
        "frame 1 is 32 x 25 pixels, the first 32 x 24",
    ),
    "too wide": ([np.zeros((1, 16385, 3), np.uint8)], "16385"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_frames_that_cannot_be_written_leave_nothing(tmp_path, kind):
    frames, words = WRONG[kind]
    with pytest.raises(InputError, match=words):
        write_video(tmp_path / "a.mkv", iter(frames), 25)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, OSError])
def test_a_generator_that_fails_leaves_the_old_file_and_its_own_error(tmp_path, noise, kind):
    def failing():
        yield noise
        raise kind("of the generator")

    path = tmp_path / "a.mkv"
    path.write_bytes(b"old")
    with pytest.raises(kind, match="of the generator"):
        write_video(path, failing(), 25)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mkv"]
    assert path.read_bytes() == b"old"


def test_the_file_appears_only_when_it_is_whole(tmp_path, noise):
    def watching():
        for frame in noise:
            assert not (tmp_path / "a.mkv").exists()
            assert all(file.name.startswith(".") for file in tmp_path.iterdir())
            yield frame

    write_video(tmp_path / "a.mkv", watching(), 25)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mkv"]


@pytest.mark.parametrize("fps", [0, -1, 241, float("nan"), float("inf"), 1e-9])
def test_an_invalid_rate_is_refused(tmp_path, noise, fps):
    with pytest.raises(InputError, match="frame rate"):
        write_video(tmp_path / "a.mkv", noise, fps)


@pytest.mark.parametrize(
    ("name", "lossless", "words"), [("a.mp4", True, r"\.mkv"), ("a.mkv", False, r"\.mp4"), ("a", True, r"\.mkv")]
)
def test_a_wrong_suffix_is_refused(tmp_path, noise, name, lossless, words):
    with pytest.raises(InputError, match=words):
        write_video(tmp_path / name, noise, 25, lossless=lossless)


@pytest.mark.parametrize("name", ["absent/a.mkv", "file/a.mkv", f"{'long' * 80}.mkv"])
def test_a_path_that_cannot_be_written_is_named(tmp_path, noise, name):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_video(tmp_path / name, noise, 25)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from signbench.errors import InputError
from signbench.media.video_writer import write_video
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
noise = np.random.Generator(np.random.PCG64(0)).integers(0, 256, (60, 48, 64, 3), dtype=np.uint8)
try:
    write_video(Path(sys.argv[1]), noise, 25, lossless=sys.argv[1].endswith("mkv"))
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not limit the size of files")
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_full_disk_leaves_nothing(tmp_path, name):
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert "cannot be written: File too large" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []

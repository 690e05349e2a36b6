from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.video import probe_video, read_frames
from signbench.study.planning.neutral_videos import write_neutral
from tests.clips import moving_square
from tests.media.encoding import set_display_matrix

CONTAINERS = {
    "mp4": ("libx264", "yuv420p", "aac"),
    "m4v": ("libx264", "yuv420p", None),
    "mov": ("libx264", "yuv420p", None),
    "mkv": ("ffv1", "yuv420p", "aac"),
    "webm": ("libvpx-vp9", "yuv420p", None),
    "avi": ("mpeg4", "yuv420p", None),
    "ts": ("libx264", "yuv420p", None),
    "wmv": ("wmv2", "yuv420p", None),
    "flv": ("flv1", "yuv420p", None),
    "mpg": ("mpeg2video", "yuv420p", None),
}


def telling_video(path, codec="libx264", layout="yuv420p", sound=None, frames=12):
    """A video that names its sign in every metadata field of its container."""
    with av.open(str(path), "w") as made:
        made.metadata.update({"title": "WALK", "comment": "a man says WALK", "description": "WALK"})
        shown = made.add_stream(codec, rate=25)
        shown.width, shown.height, shown.pix_fmt = 32, 24, layout
        shown.metadata.update({"title": "WALK", "handler_name": "WALK"})
        heard = made.add_stream(sound, rate=48000) if sound else None
        made.set_chapters([{"id": 1, "start": 0, "end": 400, "time_base": Fraction(1, 1000), "metadata": {"title": "WALK"}}])
        for picture in moving_square(frames):
            made.mux(shown.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=layout)))
        made.mux(shown.encode(None))
        if heard is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 19200), np.float32), format="fltp", layout="mono")
            silence.sample_rate = 48000
            made.mux(heard.encode(silence))
            made.mux(heard.encode(None))
    return path


def shown(path):
    return np.concatenate(list(read_frames(path)))


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_a_copy_shows_the_same_and_names_nothing(tmp_path, suffix):
    source = telling_video(tmp_path / f"WALK.{suffix}", *CONTAINERS[suffix])
    copy = write_neutral(source, tmp_path, "v001")
    content = copy.read_bytes()
    assert copy.name == f"v001.{suffix}"
    assert b"WALK" not in content and "WALK".encode("utf-16-le") not in content
    with av.open(str(copy)) as opened:
        assert [stream.type for stream in opened.streams] == ["video"]
        assert not opened.chapters()
    assert np.array_equal(shown(copy), shown(source))
    assert np.allclose(probe_video(copy).times, probe_video(source).times, atol=1e-3)


def test_the_video_of_the_test_names_its_sign(tmp_path):
    content = telling_video(tmp_path / "a.mkv").read_bytes()
    assert content.count(b"WALK") > 4


def test_equal_clips_give_equal_bytes(tmp_path):
    source = telling_video(tmp_path / "a.mkv", *CONTAINERS["mkv"])
    assert write_neutral(source, tmp_path, "v001").read_bytes() == write_neutral(source, tmp_path, "v002").read_bytes()


def test_a_rotated_video_stays_rotated(tmp_path):
    source = telling_video(tmp_path / "a.mp4")
    set_display_matrix(source, 0, 1, -1, 0)
    copy = write_neutral(source, tmp_path, "v001")
    assert (probe_video(copy).height, probe_video(copy).width) == (32, 24)
    assert np.array_equal(shown(copy), shown(source))


def test_a_folder_of_images_becomes_numbered_files_with_the_same_pixels(tmp_path):
    (tmp_path / "WALK").mkdir()
    for number, picture in enumerate(moving_square(3), start=9):
        cv2.imwrite(str(tmp_path / "WALK" / f"walk_{number}.png"), picture)
    copy = write_neutral(tmp_path / "WALK", tmp_path, "v001")
    assert [path.name for path in sorted(copy.iterdir())] == ["000001.png", "000002.png", "000003.png"]
    assert np.array_equal(shown(copy), shown(tmp_path / "WALK"))


def test_a_file_that_is_not_a_video_is_refused_by_name(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises((InputError, MediaError), match=r"a\.mp4"):
        write_neutral(tmp_path / "a.mp4", tmp_path, "v001")


def test_a_copy_that_would_show_other_frames_is_refused(tmp_path, monkeypatch):
    from signbench.study.planning import neutral_videos

    source, other = telling_video(tmp_path / "a.mp4"), telling_video(tmp_path / "b.mp4", frames=9)
    copy = neutral_videos._only_pictures
    monkeypatch.setattr(neutral_videos, "_only_pictures", lambda _, target: copy(other, target))
    with pytest.raises(InputError, match=r"a\.mp4 cannot be copied without its metadata.* the same frames .* Convert it to MP4"):
        write_neutral(source, tmp_path, "v001")

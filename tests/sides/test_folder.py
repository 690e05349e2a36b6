from __future__ import annotations

import unicodedata

import pytest

from signbench.errors import InputError, NotComparableError
from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from signbench.sides.folder import read_side
from tests.clips import moving_square, swaying_pose


def frame_folder(path, frames=3):
    import cv2

    path.mkdir(parents=True)
    for index, frame in enumerate(moving_square(frames)):
        (path / f"images{index:04d}.png").write_bytes(cv2.imencode(".png", frame[..., ::-1])[1].tobytes())


def test_a_folder_gives_its_videos_and_key_points_under_shared_ids(tmp_path):
    (tmp_path / "test").mkdir()
    write_video(tmp_path / "test" / "a.mkv", iter(moving_square()), 25)
    write_pose(tmp_path / "test" / "a.pose", swaying_pose())
    frame_folder(tmp_path / "nested" / "b")
    (tmp_path / "notes.txt").write_text("not a clip")
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    side = read_side(tmp_path)
    assert list(side.clips) == ["a", "nested/b"]
    assert side.clips["a"].video is not None
    assert side.clips["a"].pose is not None
    assert side.clips["nested/b"].video is not None
    assert side.clips["nested/b"].pose is None


def test_both_unicode_forms_of_a_name_are_one_id(tmp_path):
    for form in ("NFC", "NFD"):
        (tmp_path / form).mkdir()
        write_pose(tmp_path / form / f"{unicodedata.normalize(form, 'Häuser größer')}.pose", swaying_pose())
    assert list(read_side(tmp_path / "NFC").clips) == list(read_side(tmp_path / "NFD").clips)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.mkv", "a.mp4"),
        ("train/a.mkv", "dev/a.mkv"),
        (unicodedata.normalize("NFC", "ä.mkv"), unicodedata.normalize("NFD", "ä.mkv")),
    ],
)
def test_two_files_of_one_modality_with_one_id_are_refused_by_name(tmp_path, first, second):
    for name in (first, second):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\0")
    if len(list(tmp_path.rglob("*.m*"))) < 2:
        pytest.skip("this file system keeps one Unicode form only")
    with pytest.raises(InputError, match=r"both have the clip id"):
        read_side(tmp_path)


def test_a_folder_without_media_measures_nothing(tmp_path):
    (tmp_path / "readme.txt").write_text("")
    with pytest.raises(NotComparableError) as caught:
        read_side(tmp_path)
    assert caught.value.exit_code == 4


def test_a_missing_folder_a_single_file_and_a_single_clip_s_frames_are_refused_with_what_to_give(tmp_path):
    frame_folder(tmp_path / "clip")
    write_pose(tmp_path / "a.pose", swaying_pose())
    for path, words in (
        (tmp_path / "nowhere", "does not exist"),
        (tmp_path / "a.pose", "single file"),
        (tmp_path / "clip", "one clip"),
    ):
        with pytest.raises(InputError, match=words):
            read_side(path)


def test_a_loop_of_links_ends(tmp_path):
    write_pose(tmp_path / "a.pose", swaying_pose())
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert list(read_side(tmp_path).clips) == ["a"]

"""How2Sign: tables with re-aligned or original times, clips, whole videos, OpenPose's files."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.corpora.how2sign import How2Sign
from signbench.errors import InputError
from tests.corpora import trees

FIRST, SECOND = "vid3_0-3-rgb_front", "vid3_1-3-rgb_front"
TABLE = "how2sign_realigned_test.csv"


@pytest.fixture
def root(tmp_path):
    return trees.how2sign(tmp_path)


def test_a_clip_has_its_sentence_its_signer_its_video_and_its_key_points(root):
    corpus = How2Sign(root)
    assert {split: len(corpus.ids(split)) for split in corpus.splits} == {"train": 2, "dev": 1, "test": 2}
    clip = corpus.clip(SECOND)
    assert (clip.split, clip.text, clip.signer, clip.gloss) == ("test", "Goodbye!", "3", ())
    assert clip.video.probe(None).frames == 8
    assert (clip.pose.probe(None).frames, clip.pose.probe(None).layout.name, clip.pose.pose(None).fps) == (8, "openpose-137", 25.0)
    assert corpus.clip("vid1_1-5-rgb_front").text == 'He said: "now".'
    report = corpus.check()
    assert [(found.kind, found.present) for found in report.splits[2].found] == [("video", 2), ("key points", 2)]
    assert (report.splits[2].expected, dict(report.surplus)) == (2357, {})


def test_without_clips_a_sentence_is_cut_from_the_whole_video(tmp_path):
    corpus = How2Sign(trees.how2sign(tmp_path, clips=False, whole=True, points=False))
    first, second = (corpus.clip(name) for name in (FIRST, SECOND))
    assert (first.video.probe(None).frames, second.video.probe(None).frames, second.pose) == (8, 8, None)
    assert second.video.probe(None).duration == pytest.approx(0.32)
    declared = second.video.probe(50.0)
    assert (declared.frames, declared.fps, declared.duration) == (8, 50.0, pytest.approx(0.16))
    np.testing.assert_array_equal(
        *(next(second.video.chunks(probe, np.arange(3), None)) for probe in (declared, second.video.probe(None)))
    )
    assert first.video.digest() != second.video.digest()
    assert [(found.kind, found.present) for found in corpus.check().splits[2].found] == [("whole video", 2)]


def test_the_times_are_recorded_as_re_aligned_or_original(tmp_path):
    assert How2Sign(trees.how2sign(tmp_path / "a", points=False)).source() == {"times": "re-aligned"}
    corpus = How2Sign(trees.how2sign(tmp_path / "b", realigned=False, points=False))
    assert (corpus.source(), len(corpus.ids("test"))) == ({"times": "original"}, 2)
    assert corpus.check().splits[2].expected is None


def test_the_official_folders_are_found(tmp_path):
    root = trees.how2sign(tmp_path / "flat")
    official = tmp_path / "copy/sentence_level"
    for split in ("train", "val", "test"):
        text = official / split / "text/en/raw_text/re_aligned"
        text.mkdir(parents=True)
        (root / f"how2sign_realigned_{split}.csv").rename(text / f"how2sign_realigned_{split}.csv")
        (official / split / "rgb_front/features").mkdir(parents=True)
        (root / f"{split}_rgb_front_clips/raw_videos").rename(official / split / "rgb_front/raw_videos")
        (root / f"{split}_2D_keypoints/openpose_output").rename(official / split / "rgb_front/features/openpose_output")
    clip = How2Sign(tmp_path / "copy").clip(FIRST)
    assert (clip.video.probe(None).frames, clip.pose.probe(None).frames) == (8, 8)


def test_missing_and_damaged_media_are_found(root):
    (root / "test_rgb_front_clips/raw_videos" / f"{FIRST}.mp4").unlink()
    points = root / "test_2D_keypoints/openpose_output/json" / SECOND
    for path in points.iterdir():
        path.unlink()
    lines = list(How2Sign(root).check().sentences())
    assert f"    missing: {FIRST}" in lines
    assert f"    unreadable: {SECOND} is an empty folder" in lines


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("\t", ","), r"has no column VIDEO_NAME; its columns are separated by commas instead of tabs"),
        (("0.40\t", "x\t"), r"line 3: its times are 'x' and '0\.72', not seconds"),
        (("0.72", "0.30"), r"line 3: it begins at 0\.4 s and ends at 0\.3 s"),
        ((f"\t{FIRST}", "\t../x"), r"line 2: clip id '\.\./x' would lead out of its folder"),
        (("\tGoodbye!", ""), r"line 3 has 6 cells for 7 columns"),
    ],
)
def test_damaged_tables_are_refused(change, message, root):
    (root / TABLE).write_text((root / TABLE).read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(InputError, match=message):
        How2Sign(root).ids("test")


def test_key_points_without_a_video_have_the_usual_rate(tmp_path):
    corpus = How2Sign(trees.how2sign(tmp_path, clips=False))
    assert (corpus.clip(FIRST).video, corpus.clip(FIRST).pose.probe(None).fps) == (None, 24.0)

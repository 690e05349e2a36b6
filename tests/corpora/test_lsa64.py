"""LSA64: names of files are its annotations, and the split is PGMM's."""

from __future__ import annotations

import pytest

from signbench.corpora.lsa64 import LSA64, WORDS
from tests.corpora import trees


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return trees.lsa64(tmp_path_factory.mktemp("lsa64") / "all_cut")


def test_the_split_is_that_of_the_paper(root):
    corpus = LSA64(root)
    assert (len(corpus.ids("train")), len(corpus.ids("test"))) == (2800, 400)
    assert (corpus.ids("train")[0], corpus.ids("train")[-1]) == ("001_001_001", "056_010_005")
    assert (corpus.ids("test")[0], corpus.ids("test")[-1]) == ("057_001_001", "064_010_005")
    assert len(set(WORDS)) == 64


def test_a_clip_has_its_word_its_signer_and_its_video(root):
    clip = LSA64(root).clip("057_002_001")
    assert (clip.split, clip.text, clip.gloss, clip.signer, clip.fps) == ("test", "dance", ("dance",), "002", 60.0)
    assert (clip.video.probe(None).frames, clip.video.probe(None).fps) == (8, 60.0)
    assert LSA64(root).clip("060_001_001").video is None


@pytest.mark.parametrize("above", [0, 1])
def test_the_root_is_the_folder_of_the_videos_or_the_one_above(above, root):
    assert LSA64(root.parents[above - 1] if above else root).clip("001_001_001").video is not None
    assert LSA64(root.parent).source() == {"videos": "all_cut"}


def test_a_half_copied_data_set_is_found(tmp_path):
    root = trees.lsa64(tmp_path, signs=(57,))
    whole = (root / "057_001_001.mp4").read_bytes()
    (root / "057_001_001.mp4").write_bytes(whole[: len(whole) // 2])
    (root / "057_001_002.mp4").write_bytes(b"")
    (root / "057_002_001.mp4").write_bytes(b"<html>" * 99)
    (root / "065_001_001.mp4").write_bytes(whole)
    report = LSA64(root).check()
    (train,), (test,) = (split.found for split in report.splits)
    assert (train.present, len(train.missing)) == (0, 2800)
    assert (test.present, len(test.missing)) == (1, 396)
    assert test.unreadable == (
        ("057_001_001", "is cut off"),
        ("057_001_002", "is empty"),
        ("057_002_001", "is not an MP4 video"),
    )
    assert dict(report.surplus) == {".": ("065_001_001.mp4",)}
    assert "    missing: 057_001_003, 057_001_004, 057_001_005, 057_002_003, 057_002_004 and 391 more" in list(report.sentences())

"""WLASL: the list with spans, the subsets' splits, and videos that are no longer on the web."""

from __future__ import annotations

import json

import numpy as np
import pytest

from signbench.corpora.wlasl import WLASL100, WLASL2000
from signbench.errors import InputError
from tests.corpora import trees

LIST = "start_kit/WLASL_v0.3.json"


@pytest.fixture
def root(tmp_path):
    return trees.wlasl(tmp_path)


def frames(clip):
    probe = clip.video.probe(None)
    return np.concatenate(list(clip.video.chunks(probe, np.arange(probe.frames), None)))


def test_a_clip_has_its_word_its_signer_and_the_rate_of_the_list(root):
    corpus = WLASL2000(root)
    assert {split: corpus.ids(split) for split in corpus.splits} == {
        "train": ["00001", "00004"],
        "dev": ["00002"],
        "test": ["00003", "00005", "00006"],
    }
    clip = corpus.clip("00001")
    assert (clip.split, clip.text, clip.gloss, clip.signer, clip.fps) == ("train", "book", ("book",), "3", 25.0)
    probe = clip.video.probe(None)
    assert (probe.frames, probe.fps, probe.duration) == (8, 25.0, 8 / 25)
    assert corpus.source() == {"splits": "WLASL_v0.3.json"}


def test_a_span_is_cut_out_of_a_longer_video_and_one_that_was_cut_before_is_whole(root):
    corpus = WLASL2000(root)
    assert corpus.clip("00003").video.probe(None).frames == 4
    assert corpus.clip("00006").video.probe(None).frames == 6
    (root / "start_kit/videos/00009.mp4").write_bytes((root / "start_kit/videos/00003.mp4").read_bytes())
    content = json.loads((root / LIST).read_text())
    content[0]["instances"].append({**content[0]["instances"][2], "video_id": "00009", "frame_start": 1, "frame_end": -1})
    (root / LIST).write_text(json.dumps(content))
    corpus = WLASL2000(root)
    np.testing.assert_array_equal(frames(corpus.clip("00003")), frames(corpus.clip("00009"))[2:6])
    assert corpus.clip("00003").video.digest() != corpus.clip("00009").video.digest()


def test_a_video_that_ends_before_its_span_is_said_to(root):
    trees.mp4(root / "start_kit/videos/00006.mp4", 50)
    with pytest.raises(InputError, match=r"00006\.mp4 \[100 to 105\]: the video has only 50 frames; it is another one, or was cut"):
        WLASL2000(root).clip("00006").video.probe(None)


def test_a_subset_has_the_splits_of_its_own_file(root):
    trees.nslt(root, 100)
    corpus = WLASL100(root)
    assert (corpus.ids("test"), corpus.source()) == (["00003", "00005", "00006"], {"splits": "nslt_100.json"})
    assert (corpus.clip("00005").text, corpus.clip("00005").signer) == ("drink", "3")
    (root / LIST).unlink()
    assert (WLASL100(root).clip("00005").text, WLASL100(root).clip("00005").signer) == ("drink", None)


def test_without_its_own_file_a_subset_is_the_first_words_of_the_list(root, monkeypatch):
    monkeypatch.setattr(WLASL100, "words", 1)
    assert WLASL100(root).ids("test") == ["00003"]


def test_the_expected_number_follows_the_file(root):
    assert [split.expected for split in WLASL2000(root).check().splits] == [14289, 3916, 2878]
    (root / LIST).unlink()
    trees.nslt(root, 2000)
    assert [split.expected for split in WLASL2000(root).check().splits] == [14296, 3920, 2879]


def test_videos_that_are_gone_are_listed(root):
    (root / "start_kit/videos/00005.mp4").unlink()
    corpus = WLASL2000(root)
    assert corpus.clip("00005").video is None
    (test,) = corpus.check().splits[2].found
    assert (test.present, test.missing) == (2, ("00005",))


def changed(**fields):
    def change(root):
        content = json.loads((root / LIST).read_text())
        content[1]["instances"][0] |= fields
        (root / LIST).write_text(json.dumps(content))

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: (root / LIST).unlink(), r"has neither WLASL_v0\.3\.json nor nslt_2000\.json; copy them"),
        (lambda root: (root / LIST).write_text("[{"), r"WLASL_v0\.3\.json is not JSON \(.*\); copy it again"),
        (lambda root: (root / LIST).write_text("{}"), r"is not a list of words"),
        (lambda root: (root / LIST).write_text('[{"gloss": "book"}]'), r"an entry has no gloss or no instances"),
        (changed(frame_start="x"), r"an instance of drink is incomplete \(invalid literal.*\); copy the file again"),
        (changed(split="tset"), r"a clip of drink has the id '00004' and the split 'tset'"),
        (changed(video_id="../x"), r"clip id '\.\./x' would lead out of its folder"),
        (changed(video_id="00001"), r"00001: the clip 00001 is already in \S+, 00001; keep one"),
    ],
)
def test_a_damaged_list_is_refused(damage, message, root):
    damage(root)
    with pytest.raises(InputError, match=message):
        WLASL2000(root).ids("train")


def test_a_file_of_splits_needs_its_words(root):
    (root / LIST).unlink()
    trees.nslt(root, 2000)
    classes = root / "code/I3D/preprocess/wlasl_class_list.txt"
    classes.unlink()
    with pytest.raises(InputError, match=r"nslt_2000\.json numbers its words, but wlasl_class_list\.txt is not beside it"):
        WLASL2000(root).ids("train")
    classes.write_text("0\tbook\n")
    with pytest.raises(InputError, match=r"the video '00004' has no subset or known class"):
        WLASL2000(root).ids("train")

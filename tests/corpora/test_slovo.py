"""Slovo: annotations, trimmed videos or full ones, clips without a sign, and the words that are drawn."""

from __future__ import annotations

import pytest

from signbench.corpora.slovo import DRAWN, Slovo
from signbench.errors import InputError
from tests.corpora import trees


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return trees.slovo(tmp_path_factory.mktemp("slovo"))


@pytest.fixture
def root(tmp_path):
    return trees.slovo(tmp_path)


@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_a_clip_has_its_word_its_signer_and_its_video(delimiter, tmp_path):
    corpus = Slovo(trees.slovo(tmp_path, delimiter))
    assert corpus.ids("test") == [trees.slovo_id(number) for number in (1, 3, 5, 7, 9)]
    clip = corpus.clip(trees.slovo_id(7))
    assert (clip.split, clip.text, clip.gloss, clip.signer) == ("test", "доброе утро", ("доброе-утро",), "user1")
    probe = clip.video.probe(None)
    assert (probe.frames, probe.height, probe.width, probe.fps) == (8, 32, 24, 30.0)
    assert corpus.source() == {"videos": "trimmed", "drawn words": "all of the annotations"}


def test_of_a_full_video_a_clip_is_the_sign(tmp_path):
    corpus = Slovo(trees.slovo(tmp_path, full=True))
    clip = corpus.clip(trees.slovo_id(1))
    assert (clip.video.probe(None).frames, corpus.source()["videos"]) == (8, "full")
    assert [split.found[0].present for split in corpus.check().splits[:2]] == [5, 5]


def test_words_are_drawn_once_each_and_without_those_where_nobody_signs(whole, monkeypatch):
    monkeypatch.setitem(DRAWN, "sample", 2)
    monkeypatch.setitem(DRAWN, "pack-20", 1)
    monkeypatch.setitem(DRAWN, "pack-30", 5)
    corpus = Slovo(whole)
    drawn = {split: [corpus.clip(clip).text for clip in corpus.ids(split)] for split in DRAWN}
    assert [len(words) for words in drawn.values()] == [2, 1, 1]
    assert sorted(word for words in drawn.values() for word in words) == ["вода", "доброе утро", "слон", "ёлка"]
    assert {corpus.clip(clip).split for split in DRAWN for clip in corpus.ids(split)} == {"test"}
    assert Slovo(whole).ids("sample") == corpus.ids("sample")
    assert corpus.train_split("pack-20") == "train"


def test_words_may_be_limited_to_the_list_that_the_bot_uses(root):
    (root / "misc").mkdir()
    (root / "misc/gloss_words_SLOVO.txt").write_text("Слон\nЕлка\n", "utf-8")
    corpus = Slovo(root)
    assert sorted(corpus.clip(clip).text for clip in corpus.ids("sample")) == ["слон", "ёлка"]
    assert corpus.source()["drawn words"] == "those in gloss_words_SLOVO.txt"


def test_a_check_counts_each_clip_once(root):
    (root / "test" / f"{trees.slovo_id(9)}.mp4").unlink()
    report = Slovo(root).check()
    assert [(split.split, split.listed, [found.present for found in split.found]) for split in report.splits] == [
        *(("train", 5, [5]), ("test", 5, [4])),
        *(("sample", 4, []), ("pack-20", None, []), ("pack-30", None, [])),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("True", "perhaps"), r"annotations\.csv, line 2: train is 'perhaps', neither true nor false"),
        (("\t8\t", "\tx\t"), r"line 2: begin and end are 'x' and '16', not numbers"),
        ((trees.slovo_id(2), trees.slovo_id(0)), r"line 4: the clip 00000000-\S+ is already in \S+, line 2"),
        (("attachment_id", "attachment"), r"has no column attachment_id"),
        ((trees.slovo_id(0), "../x"), r"line 2: clip id '\.\./x' would lead out"),
    ],
)
def test_damaged_annotations_are_refused(change, message, root):
    path = root / "annotations.csv"
    path.write_text(path.read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(InputError, match=message):
        Slovo(root).ids("train")

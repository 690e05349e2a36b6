"""CSL-Daily: labels in a pickle or in a table, splits in a table, characters as text."""

from __future__ import annotations

import pytest

from signbench.corpora.csl_daily import CSLDaily
from signbench.errors import InputError
from tests.corpora import trees

SPLITS = "sentence_label/split_1.txt"


@pytest.fixture
def root(tmp_path):
    return trees.csl_daily(tmp_path)


def test_a_clip_has_its_characters_its_glosses_and_its_frames(root):
    corpus = CSLDaily(root)
    assert corpus.ids("test") == ["S000030_P0001_T00", "S000031_P0000_T00"]
    clip = corpus.clip("S000030_P0001_T00")
    assert (clip.text, clip.gloss, clip.signer, clip.fps) == ("我喝水。", ("水", "喝"), "1", 30.0)
    assert (clip.video.probe(None).frames, clip.video.probe(None).fps) == (8, 30.0)
    report = corpus.check()
    assert [(split.expected, split.listed) for split in report.splits] == [(18401, 2), (1077, 1), (1176, 2)]
    assert [split.found[0].present for split in report.splits] == [2, 1, 2]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_version_of_the_labels_is_recorded(version, tmp_path):
    assert CSLDaily(trees.csl_daily(tmp_path, version=version)).source() == {"labels": f"csl2020ct_{version}.pkl"}


def test_the_table_of_videos_serves_if_there_is_no_pickle(root):
    (root / "sentence_label/csl2020ct_v2.pkl").unlink()
    lines = ["index|name|length|gloss|char|word|postag"]
    for number, (name, (_, _, gloss, text)) in enumerate(trees.CSL_CLIPS.items()):
        lines.append(f"{number}|{name}|8|{' '.join(gloss)}|{' '.join(text)}|{text}|x")
    (root / "sentence_label/video_map.txt").write_text("\n".join(lines), "utf-8")
    corpus = CSLDaily(root)
    assert (corpus.clip("S000031_P0000_T00").text, corpus.clip("S000031_P0000_T00").gloss) == ("什么书？", ("书", "什么"))
    assert corpus.source() == {"labels": "video_map.txt"}


def test_a_folder_short_of_frames_is_found_by_the_stated_length(root):
    (root / "sentence/frames_512x512/S000030_P0001_T00/000008.jpg").unlink()
    assert "    unreadable: S000030_P0001_T00 has 7 frames instead of 8" in list(CSLDaily(root).check().sentences())


def test_a_clip_without_labels_is_left_out_and_noted(root):
    with (root / SPLITS).open("a") as stream:
        stream.write("S000099_P0000_T00|test\n")
    corpus = CSLDaily(root)
    assert len(corpus.ids("test")) == 2
    assert any(
        "names 1 clips of test without labels, which are left out: S000099_P0000_T00" in note for note in corpus.check().notes
    )


LABELS = "sentence_label/csl2020ct_v2.pkl"
ROW = {"name": "a", "length": 8, "label_gloss": ["x"], "label_char": ["x"]}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: (root / SPLITS).unlink(), r"split_1\.txt does not exist"),
        (
            lambda root: (root / SPLITS).write_text("name,split\na,test\n"),
            r"its columns are separated by commas instead of vert",
        ),
        (lambda root: (root / SPLITS).write_text("name|split\na|tset\n"), r"line 2 has the split 'tset'; copy the file again"),
        (lambda root: (root / SPLITS).write_text("name|split\n../a|test\n"), r"line 2: clip id '\.\./a' would lead out"),
        (lambda root: (root / SPLITS).write_text("name|split\na|dev\n"), r"the split test of csl-daily in \S+ is empty"),
        (lambda root: (root / LABELS).unlink(), r"csl2020ct_v2\.pkl cannot be read: No such file"),
        (lambda root: trees.pickled(root / LABELS, []), r"has no list under info"),
        (lambda root: trees.pickled(root / LABELS, {"info": [{"length": 8}]}), r"entry 1 has no name"),
        (
            lambda root: trees.pickled(root / LABELS, {"info": [{**ROW, "length": "long"}]}),
            r"entry 1 lacks its length, characters",
        ),
        (
            lambda root: trees.pickled(root / LABELS, {"info": [{**ROW, "label_char": []}]}),
            r"entry 1 has no characters or no gl",
        ),
    ],
)
def test_damaged_annotations_are_refused(damage, message, root):
    damage(root)
    with pytest.raises(InputError, match=message):
        CSLDaily(root).ids("test")

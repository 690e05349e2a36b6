"""PHOENIX14T in its release and in the forms of other projects, PHOENIX14T+, and the SLRTP challenge's dictionaries."""

from __future__ import annotations

import gzip
import os
import pickle

import numpy as np
import pytest

from signbench.corpora.phoenix14t import SLRTP2025, Phoenix14T, Phoenix14TPlus
from signbench.errors import InputError, SignbenchError
from tests.corpora import trees

D, E = trees.phoenix_name("d"), trees.phoenix_name("e")
ANNOTATIONS = "annotations/manual/PHOENIX-2014-T.{}.corpus.csv"


@pytest.fixture
def root(tmp_path):
    return trees.phoenix14t(tmp_path / "copy")


def sentences(corpus):
    return list(corpus.check().sentences())


# the release


def test_a_clip_of_the_release_has_its_sentence_its_glosses_and_its_frames(root):
    corpus = Phoenix14T(root)
    assert {split: corpus.ids(split) for split in ("dev", "test")} == {"dev": [trees.phoenix_name("c")], "test": [D, E]}
    clip = corpus.clip(E)
    assert (clip.split, clip.signer, clip.text, clip.gloss, clip.fps) == (
        *("test", "Signer01", "im süden sonne"),
        *(("loc-SUED", "SONNE"), 25.0),
    )
    probe = clip.video.probe(None)
    assert (probe.frames, probe.height, probe.width, probe.fps) == (9, 26, 21, 25.0)
    assert next(clip.video.chunks(probe, np.arange(2), None)).shape == (2, 26, 21, 3)
    assert clip.pose is None


def test_quotes_are_text(root):
    assert Phoenix14T(root).clip(trees.phoenix_name("c")).text == 'jetzt das "wetter" für morgen'


@pytest.mark.parametrize("folder", ["PHOENIX-2014-T", "PHOENIX-2014-T-release-v3/PHOENIX-2014-T"])
def test_the_root_may_be_the_folder_above(folder, tmp_path):
    trees.phoenix14t(tmp_path / folder)
    assert Phoenix14T(tmp_path).clip(D).video.probe(None).frames == 8


def test_frames_may_be_in_the_folder_that_the_annotations_name(tmp_path):
    corpus = Phoenix14T(trees.phoenix14t(tmp_path, inner="1"))
    assert corpus.clip(D).video.probe(None).frames == 8
    assert "  video: 2 present, 0 missing, 0 unreadable" in sentences(corpus)


def test_listing_touches_no_frames(root, monkeypatch):
    corpus = Phoenix14T(root)
    frames = root / "features/fullFrame-210x260px/test" / D
    scanned = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (scanned.append(str(path)), scandir(path))[1])
    for split in corpus.splits:
        for name in corpus.ids(split):
            assert corpus.clip(name).video is not None
    assert str(frames) not in scanned


def test_a_whole_copy_is_reported_with_what_it_lacks_of_the_published_number(root):
    report = Phoenix14T(root).check()
    assert [(split.split, split.expected, split.listed) for split in report.splits] == [
        *(("train", 7096, 2), ("dev", 519, 1), ("test", 642, 2)),
    ]
    assert [found.as_json() for found in report.splits[2].found] == [
        {"kind": "video", "present": 2, "missing": [], "unreadable": []}
    ]
    assert (dict(report.surplus), report.notes, report.whole) == ({}, (), False)


# other forms of the annotations

FORMS = {
    "neccam/slt": (trees.slt_pickles, "yes", "of the release"),
    "Progressive Transformers": (trees.skels, "yes", "of the release"),
    "the SLRTP 2025 challenge": (trees.slrtp, "no", "of the release"),
    "GFSLT-VLP": (trees.gfslt_labels, "no", "of GFSLT-VLP's labels, which differ from the release's"),
    "the release": (trees.phoenix14t, "no", "of the release"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_same_clips_and_says_what_its_texts_are(form, tmp_path):
    write, stop, glosses = FORMS[form]
    corpus = Phoenix14T(write(tmp_path))
    assert corpus.ids("test") == [D, E]
    assert (corpus.clip(D).text.removesuffix(" ."), corpus.clip(D).gloss) == ("im norden weht wind", ("NORD", "WIND"))
    assert corpus.clip(D).text.endswith(".") == (stop == "yes")
    assert corpus.source() == {"annotations": form, "final full stop": stop, "glosses": glosses}


@pytest.mark.parametrize(
    ("write", "kind", "layout"),
    [(trees.skels, "key points (.skels)", "pt-50"), (trees.slrtp, "key points (.pt)", "slrtp-178")],
)
def test_key_points_of_a_form_are_read_beside_the_releases_annotations_and_alone(write, kind, layout, tmp_path):
    for corpus in (Phoenix14T(write(tmp_path / "alone")), Phoenix14T(write(trees.phoenix14t(tmp_path / "both")))):
        pose = corpus.clip(E).pose
        assert (pose.probe(None).frames, pose.probe(None).layout.name, pose.probe(None).fps) == (8, layout, 25.0)
        assert pose.pose(None).points.any()
        assert f"  {kind}: 2 present, 0 missing, 0 unreadable" in sentences(corpus)
    assert Phoenix14T(tmp_path / "both").clip(E).text == "im süden sonne"


def test_the_features_of_neccam_slt_are_not_needed_and_may_come_with_its_other_name(tmp_path):
    assert Phoenix14T(trees.slt_pickles(tmp_path, "phoenix14t.pami0.")).clip(D).text == "im norden weht wind ."


def test_the_numbers_of_frames_that_neccam_slt_states_are_compared(root):
    trees.slt_pickles(root)
    for path in (root / "annotations/manual").iterdir():
        path.unlink()
    (root / "annotations/manual").rmdir()
    assert "    unreadable: 05April_2010_Thursday_heute-e has 9 frames instead of 8" in sentences(Phoenix14T(root))


def test_the_challenges_data_is_a_corpus_of_its_own(tmp_path):
    corpus = SLRTP2025(trees.slrtp(tmp_path / "data").parent)
    clip = corpus.clip(D)
    assert (clip.video, clip.signer, clip.pose.probe(None).layout.name) == (None, "Signer02", "slrtp-178")
    assert corpus.ids("dev") == [trees.phoenix_name("c")]


# PHOENIX14T+


def test_a_clip_of_phoenix14t_plus_has_every_modality(tmp_path):
    corpus = Phoenix14TPlus(trees.phoenix14t_plus(tmp_path))
    clip = corpus.clip(E)
    assert (clip.video.probe(None).frames, clip.pose.probe(None).layout.name, clip.pose.pose(None).fps) == (9, "dwpose-134", 25.0)
    assert clip.motion.rotations(None).rotations.shape == (9, 55, 3)
    assert {name: video.probe(None).frames for name, video in clip.renderings.items()} == {"pose": 9, "hamer": 9, "smplx": 9}
    found = {kind.kind: kind.present for kind in corpus.check().splits[2].found}
    assert found == dict.fromkeys(
        ("video", "key points", "hands", "SMPL-X", "rendering of pose", "rendering of hamer", "rendering of smplx"), 2
    )


def test_a_copy_without_some_of_the_modalities_lacks_only_them(tmp_path):
    corpus = Phoenix14TPlus(trees.phoenix14t(tmp_path))
    clip = corpus.clip(E)
    assert (clip.pose, clip.motion, dict(clip.renderings)) == (None, None, {})
    assert [kind.kind for kind in corpus.check().splits[2].found] == ["video"]
    trees.frames(tmp_path / "videos/smplx/test" / E, 5)
    assert Phoenix14TPlus(tmp_path).clip(E).renderings["smplx"].probe(None).frames == 5


# damage


def replaced(old, new):
    def change(root):
        path = root / ANNOTATIONS.format("test")
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    return change


def annotations_of(content):
    return lambda root: (root / ANNOTATIONS.format("test")).write_bytes(content)


def of_frames(change):
    return lambda root: change(root / "features/fullFrame-210x260px/test" / D)


def without(folder):
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


ERRORS = {
    "a split has no file": (
        lambda root: (root / ANNOTATIONS.format("test")).unlink(),
        r"test\.corpus\.csv does not exist",
    ),
    "it is empty": (annotations_of(b"\n"), r"test\.corpus\.csv is empty; copy it again"),
    "it has another delimiter": (
        replaced("|", "\t"),
        r"no column name; its columns are separated by tabs instead of vert",
    ),
    "it has other columns": (
        replaced("translation", "text"),
        r"no column translation; its first line should name the columns",
    ),
    "a line is cut off": (replaced("|NORD WIND|im norden weht wind", ""), r"test\.corpus\.csv, line 2 has 5 cells for 7 columns"),
    "a line occurs twice": (replaced(E, D), rf"line 3: the clip {D} is already in \S+, line 2; keep one"),
    "it has no lines": (
        annotations_of(b"name|video|start|end|speaker|orth|translation\n"),
        r"a line of column names and nothing below it",
    ),
    "it is not UTF-8": (annotations_of("name|video\nä".encode("latin-1")), r"line 2 is not UTF-8 text"),
    "a name leads out of the folder": (replaced(f"{D}|", "../x|"), r"line 2: clip id '\.\./x' would lead out of its folder"),
    "a name is a path": (replaced(f"{D}|", "a/b|"), r"line 2: 'a/b' is not the name of a clip"),
}


@pytest.mark.parametrize(("damage", "message"), ERRORS.values(), ids=ERRORS.keys())
def test_unusable_annotations_are_refused_with_file_and_line(damage, message, root):
    damage(root)
    with pytest.raises(InputError, match=message):
        Phoenix14T(root).ids("test")
    report = Phoenix14T(root).check()
    assert [split.error is None for split in report.splits] == [True, True, False]
    assert Phoenix14T(root).clip(trees.phoenix_name("a")).text == "heute regnet es"


MEDIA = {
    "a clip has no folder": (without, f"    missing: {D}"),
    "a folder is empty": (lambda folder: [path.unlink() for path in folder.iterdir()], "is an empty folder"),
    "a frame in the middle is missing": (
        lambda folder: (folder / "images0004.png").unlink(),
        f"{D} a frame is missing between images0003.png and images0005.png",
    ),
    "an image is cut off": (
        lambda folder: (folder / "images0008.png").write_bytes((folder / "images0008.png").read_bytes()[:-9]),
        f"{D} images0008.png is cut off",
    ),
    "an image is empty": (lambda folder: (folder / "images0001.png").write_bytes(b""), f"{D} images0001.png is empty"),
    "an image is something else": (
        lambda folder: (folder / "images0001.png").write_bytes(b"x" * 99),
        "0001.png is not a .png",
    ),
    "there is something else in it": (lambda folder: (folder / "notes.txt").write_text("x"), "it holds the file notes.txt"),
}


@pytest.mark.parametrize(("damage", "said"), MEDIA.values(), ids=MEDIA.keys())
def test_damaged_frames_are_found_without_decoding_them(damage, said, root):
    of_frames(damage)(root)
    found = sentences(Phoenix14T(root))
    assert any(said in line for line in found), found


def test_surplus_folders_are_named(root):
    trees.frames(root / "features/fullFrame-210x260px/test/other", 2)
    assert dict(Phoenix14T(root).check().surplus) == {"features/fullFrame-210x260px/test": ("other",)}


@pytest.mark.parametrize(
    ("encoded", "note"),
    [
        (lambda text: text.encode("utf-8-sig"), "begins with a byte-order mark, which is skipped"),
        (lambda text: text.replace("\n", "\r\n").encode(), "has the line ends of Windows, which are read as plain ones"),
    ],
)
def test_what_editors_leave_is_accepted_and_noted(encoded, note, root):
    path = root / ANNOTATIONS.format("test")
    path.write_bytes(encoded(path.read_text("utf-8")))
    corpus = Phoenix14T(root)
    assert corpus.clip(E).text == "im süden sonne"
    assert any(line.endswith(f"{note}.") for line in corpus.check().notes)


class Hostile:
    def __reduce__(self):
        return os.system, ("touch ran",)


@pytest.mark.parametrize(
    ("write", "file", "content", "message"),
    [
        (trees.slt_pickles, "phoenix14t.test", gzip.compress(pickle.dumps([Hostile()])), r"its pickle calls posix\.system"),
        (trees.slt_pickles, "phoenix14t.test", gzip.compress(pickle.dumps([{"name": "x"}])), r"entry 1 has no text; copy"),
        (trees.slt_pickles, "phoenix14t.test", gzip.compress(pickle.dumps("x")), r"holds str, not a list of clips"),
        (trees.slt_pickles, "phoenix14t.test", b"\x1f\x8b\x08", r"it is cut off or damaged"),
        (trees.gfslt_labels, "labels.test", pickle.dumps({"a": 1}), r"labels\.test, entry 1 has no name"),
        (trees.slrtp, "test.pt", pickle.dumps(Hostile()), r"its pickle is damaged, or holds something other"),
        (trees.slrtp, "test.pt", b"PK\x03\x04", r"test\.pt"),
        (trees.skels, "test.text", b"one line\n", r"test\.text has 1 lines, but test\.files beside it has 2; copy both again"),
        (trees.skels, "test.files", b"test/a\ntest/a\n", r"line 2: the clip a is already in \S+test\.files, line 1"),
    ],
    ids=[
        "its pickle runs a command",
        "an entry has no text",
        "it is no list",
        "it is cut off",
        "an entry has no name",
        "its tensors are a pickle that runs a command",
        "its archive is damaged",
        "it has too few lines",
        "a clip occurs twice",
    ],
)
def test_other_forms_that_are_damaged_are_refused_and_nothing_in_them_runs(write, file, content, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = write(tmp_path / "copy")
    (root / file).write_bytes(content)
    with pytest.raises(SignbenchError, match=message):
        Phoenix14T(root).ids("test")
    assert not (tmp_path / "ran").exists()
    assert Phoenix14T(root).ids("dev") == [trees.phoenix_name("c")]


def test_damaged_key_points_are_found(tmp_path):
    root = trees.slrtp(trees.phoenix14t(tmp_path))
    (root / "test.pt").write_bytes((root / "test.pt").read_bytes()[:-500])
    assert any(f"unreadable: {D} is in a damaged file" in line for line in sentences(Phoenix14T(root)))


def test_a_folder_without_annotations_is_said_to_be(tmp_path):
    with pytest.raises(InputError, match=r"holds no annotations of phoenix14t, such as \S+test\.corpus\.csv; see signbench"):
        Phoenix14T(tmp_path).ids("test")

"""ASL3DWord: the lists of rotations and words."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from signbench.corpora.asl3dword import LEGS, SMPLX, UPPER, ASL3DWord
from signbench.errors import InputError, MediaError
from signbench.media.layouts import layout
from tests.corpora import trees


@pytest.fixture
def root(tmp_path):
    return trees.asl3dword(tmp_path / "copy")


def poses(root, split="test"):
    return pickle.loads((root / split / "samples_pose.pkl").read_bytes())


def test_a_clip_has_its_word_and_its_motion(root):
    corpus = ASL3DWord(root)
    assert corpus.ids("test") == ["test-0001", "test-0002", "test-0003"]
    clip = corpus.clip("test-0002")
    assert (clip.split, clip.text, clip.gloss, clip.fps) == ("test", "drink", ("drink",), 25.0)
    assert (clip.video, clip.pose) == (None, None)
    probe = clip.motion.probe(None)
    assert (probe.frames, probe.layout.name, probe.fps, probe.has_rotations) == (7, "smplx-55", 25.0, True)
    assert clip.motion.pose(None).points.shape == (7, 55, 3)
    assert clip.motion.rotations(30.0).fps == 30.0


def test_the_53_joints_are_those_of_smplx_without_the_eyeballs(root):
    names = [layout("smplx-55").joints[index] for index in SMPLX]
    assert (names[0], names[20:24]) == ("pelvis", ["left_wrist", "right_wrist", "left_index_1", "left_index_2"])
    assert (names[37], names[52]) == ("right_index_1", "jaw")
    assert sorted({*range(55)} - {*SMPLX}) == [23, 24]
    assert len(UPPER) == 44
    assert {names[joint] for joint in LEGS} == {
        f"{side}_{part}" for side in ("left", "right") for part in ("hip", "knee", "ankle", "foot")
    }
    motion = ASL3DWord(root).clip("test-0001").motion.rotations(None)
    np.testing.assert_array_equal(motion.rotations[:, SMPLX], poses(root)[0])
    assert not motion.rotations[:, [23, 24]].any()
    assert not motion.translation.any()


@pytest.mark.parametrize("form", ["an array of objects", "one array", "tensors", "in a folder ASL3DWord"])
def test_other_forms_of_the_lists_are_read_alike(form, root, tmp_path):
    import torch

    there = [pose[:6] for pose in poses(root)]
    if form == "an array of objects":
        changed = np.empty(3, dtype=object)
        changed[:] = there
    else:
        changed = {"one array": np.stack(there), "tensors": [torch.from_numpy(pose) for pose in there]}.get(form, there)
    trees.pickled(root / "test/samples_pose.pkl", changed)
    if form == "in a folder ASL3DWord":
        root.rename(tmp_path / "ASL3DWord")
        root = tmp_path
    motion = ASL3DWord(root).clip("test-0003").motion.rotations(None)
    np.testing.assert_array_equal(motion.rotations[:, SMPLX], there[2])


def test_a_digest_is_of_the_clip_and_not_of_the_file(root):
    before = [ASL3DWord(root).clip(clip).motion.digest() for clip in ("test-0001", "test-0002")]
    there = poses(root)
    there[1] = there[1] + 0.5
    trees.pickled(root / "test/samples_pose.pkl", there)
    after = [ASL3DWord(root).clip(clip).motion.digest() for clip in ("test-0001", "test-0002")]
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_whole_copy_is_whole_but_for_its_size(root):
    report = ASL3DWord(root).check()
    assert [(split.split, split.expected, split.listed) for split in report.splits] == [("train", 1208, 4), ("test", 339, 3)]
    assert [(kind.kind, kind.present, kind.missing) for split in report.splits for kind in split.found] == [
        ("motion", 4, ()),
        ("motion", 3, ()),
    ]
    assert "test: 3 clips listed of 339 that the data set has" in report.sentences()
    assert not report.whole


class Hostile:
    def __reduce__(self):
        return os.system, ("touch ran",)


def shorter(root):
    trees.pickled(root / "test/samples_pose.pkl", poses(root)[:2])


def longer(root):
    trees.pickled(root / "test/samples_pose.pkl", poses(root) * 2)


def of_55_joints(root):
    trees.pickled(root / "test/samples_pose.pkl", [*poses(root)[:2], np.zeros((4, 55, 3))])


def not_finite(root):
    there = poses(root)
    there[2][0, 0, 0] = np.nan
    trees.pickled(root / "test/samples_pose.pkl", there)


def cut_off(root):
    path = root / "test/samples_pose.pkl"
    path.write_bytes(path.read_bytes()[:-100])


def hostile(root):
    trees.pickled(root / "test/samples_pose.pkl", [Hostile()])


DAMAGE = {
    "a clip is missing": (shorter, "missing: test-0003", "holds only 2 clips; copy it again"),
    "a clip has the eyeballs": (
        of_55_joints,
        "test-0003 has the shape 4 x 55 x 3, not frames x 53 joints x 3",
        "the shape 4 x 55 x 3",
    ),
    "a clip is not finite": (not_finite, "test-0003 has rotations that are not finite", "are not finite numbers; copy the file"),
    "the file is cut off": (cut_off, "test-0001 is in a damaged file", "it is cut off or damaged"),
    "the file calls something": (hostile, "its pickle calls posix.system", "its pickle calls posix.system"),
}


@pytest.mark.parametrize(("damage", "said", "read"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_copy_is_found_by_a_check_and_when_it_is_read(damage, said, read, root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    damage(root)
    corpus = ASL3DWord(root)
    assert any(said in line for line in corpus.check().sentences()), list(corpus.check().sentences())
    with pytest.raises((InputError, MediaError), match=read):
        corpus.clip("test-0003").motion.pose(None)
    assert not (tmp_path / "ran").exists()


def test_more_motions_than_words_are_noted(root):
    longer(root)
    assert any("holds 6 clips, but samples_label.pkl beside it has 3 words" in note for note in ASL3DWord(root).check().notes)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["book", 3, "drink"], r"samples_label\.pkl: entry 2 is 3, not a word"),
        ({"book": 1}, r"samples_label\.pkl holds dict, not a list of words"),
        ([], r"holds list, not a list of words"),
    ],
)
def test_labels_that_are_not_words_are_refused(labels, message, root):
    trees.pickled(root / "test/samples_label.pkl", labels)
    with pytest.raises(InputError, match=message):
        ASL3DWord(root).ids("test")
    report = ASL3DWord(root).check()
    assert [split.error is None for split in report.splits] == [True, False]
    assert ASL3DWord(root).clip("train-0001").text == "book"


def test_what_is_not_there_is_named(root, tmp_path):
    corpus = ASL3DWord(root)
    for call, message in (
        (lambda: ASL3DWord(tmp_path / "nowhere"), r"the folder \S+nowhere of asl3dword does not exist; see signbench corpora show"),
        (lambda: ASL3DWord(tmp_path / "copy" / "train").ids("test"), r"samples_label\.pkl cannot be read: No such file"),
        (lambda: corpus.ids("tset"), "asl3dword has no split tset. Did you mean test"),
        (lambda: corpus.clip("test-0009"), "asl3dword has no clip test-0009. Did you mean test-000"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    (root / "test/samples_pose.pkl").unlink()
    assert ASL3DWord(root).clip("test-0001").motion is None


def test_a_corpus_travels_to_other_processes_as_its_folder(root):
    corpus = pickle.loads(pickle.dumps(ASL3DWord(root)))
    assert corpus.ids("test") == ASL3DWord(root).ids("test")
    motion = pickle.loads(pickle.dumps(corpus.clip("test-0001").motion))
    assert motion.probe(None).frames == 6

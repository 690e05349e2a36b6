from __future__ import annotations

import csv

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from signbench.runs.result import Subset
from signbench.tasks.references import expected_ids, open_corpus, task_references
from tests.clips import moving_square
from tests.tasks.tiny import FRAMES, HEIGHT, IDS, WIDTH, points, tiny_task


def expecting(count, digest=None):
    return {split: {"count": count, "ids_sha256": digest} for split in ("test", "dev")}


@pytest.fixture
def copy(tmp_path):
    """A user's copy of the test split as video."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for number, name in enumerate(IDS["test"]):
        write_video(folder / f"{name}.mkv", iter(moving_square(FRAMES, HEIGHT, WIDTH, seed=number)), 25)
    return folder


def table(folder, *rows, header="id,file,text,gloss,signer,fps"):
    (folder / "clips.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")


@pytest.mark.parametrize(
    ("kind", "references", "modality", "label"),
    [
        ("video", "video", "video", "test-0001"),
        ("video", "rendering:hamer", "video", "test-0001 hands"),
        ("pose", "pose", "pose", "test-0001"),
        ("motion", "motion", "pose", "test-0001"),
    ],
)
def test_a_corpuss_clips_come_with_the_one_modality_that_is_compared(kind, references, modality, label, tiny_corpus):
    found = task_references(tiny_task(kind, references=references), "test")
    assert found.clips == tuple(found.side.clips) == tuple(IDS["test"])
    assert (found.side.name, found.side.location, found.subset) == ("tiny 1 test", None, None)
    clip = found.side.clips["test-0001"]
    assert getattr(clip, modality).label == label
    assert getattr(clip, "pose" if modality == "video" else "video") is None
    assert (clip.motion, dict(clip.renderings)) == (None, {})
    assert (clip.text, clip.gloss, clip.signer) == ("sentence 1", ("SENTENCE", "1"), "ann")


def test_references_that_the_corpus_lacks_are_named(tiny_corpus):
    with pytest.raises(InputError, match=r"4 references of tiny 1 test have no rendering:smplx: test-0001, "):
        task_references(tiny_task(references="rendering:smplx"), "test")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (expecting(5), r"the corpus changed: tiny 1 has 4 clips in test, but version 1 of the task \S+ was written for 5 clips"),
        (
            expecting(4, "0" * 64),
            r"the corpus changed: .* was written for other clip ids; use the signbench .* signbench tasks freeze",
        ),
    ],
)
def test_a_corpus_that_changed_is_noticed(changes, message, tiny_corpus):
    with pytest.raises(InputError, match=message):
        expected_ids(tiny_task(clips=changes), "test")


def test_expected_ids_come_in_order(tiny_corpus):
    assert expected_ids(tiny_task(), "dev") == ("dev-0001", "dev-0002", "dev-0003")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"corpus": "slovo"},
            r"needs the corpus slovo, for which signbench has no reader; pass your own copy with `references=DIR`",
        ),
        (
            {"splits": ["tset"], "clips": {"tset": {"count": 1, "ids_sha256": None}}},
            r"names the split tset, which tiny 1 lacks\. Did you mean test",
        ),
    ],
)
def test_a_corpus_without_reader_or_split_is_refused(changes, message, tiny_corpus):
    with pytest.raises(InputError, match=message):
        open_corpus(tiny_task(**changes))


def test_a_folder_of_media_is_enough_of_a_copy(copy, tiny_corpus):
    found = task_references(tiny_task(), "test", copy)
    assert found.clips == tuple(IDS["test"])
    assert (found.subset, found.own_copy, found.side.location) == (None, False, str(copy.resolve()))


def test_a_table_adds_texts_signers_and_rates(copy, tiny_corpus):
    table(copy, 'test-0001,,"To be, or not",BE NOT,ann,50', "test-0002,test-0003.mkv,,,,", "test-0003,,,,,", "test-0004,,,,,")
    side = task_references(tiny_task(), "test", copy).side
    first = side.clips["test-0001"]
    assert (first.text, first.gloss, first.signer, first.fps) == ("To be, or not", ("BE", "NOT"), "ann", 50.0)
    assert (first.video.probe(None).fps, side.clips["test-0003"].video.probe(None).fps) == (50.0, 25.0)
    assert side.clips["test-0002"].video.label == str(copy / "test-0003.mkv")
    assert side.clips["test-0002"].text is None


def test_a_rate_that_changes_what_a_file_says_changes_its_digest_and_another_does_not(copy, tiny_corpus):
    def digest(fps):
        table(copy, *(f"{name},{fps}" for name in IDS["test"]), header="id,fps")
        return task_references(tiny_task(), "test", copy).side.clips["test-0001"].video.digest()

    plain, same, doubled = digest(""), digest("25"), digest("50")
    assert plain == same != doubled


def test_key_points_take_the_rate_of_the_table(tmp_path, tiny_corpus):
    for number, name in enumerate(IDS["test"]):
        write_pose(tmp_path / f"{name}.npz", points(number))
    table(tmp_path, *(f"{name},12.5" for name in IDS["test"]), header="id,fps")
    clip = task_references(tiny_task("pose"), "test", tmp_path).side.clips["test-0001"]
    assert clip.pose.probe(None).fps == clip.pose.pose(None).fps == 12.5
    np.testing.assert_array_equal(clip.pose.pose(None).points, points(0).points)


@pytest.mark.parametrize("corpus", ["tiny", "slovo"])
def test_other_ids_than_the_tasks_make_a_subset(corpus, copy, tiny_corpus):
    (copy / "test-0004.mkv").unlink()
    found = task_references(tiny_task(corpus=corpus), "test", copy)
    assert found.subset == Subset(clips=("test-0001", "test-0002", "test-0003"))
    assert found.clips == found.subset.clips


def test_a_copy_of_a_task_without_digest_is_an_own_copy(copy, tiny_corpus):
    found = task_references(tiny_task(corpus="slovo", clips=expecting(4)), "test", copy)
    assert (found.subset, found.own_copy) == (None, True)


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("name,file", ["a,b"], r"clips\.csv has no column id; its first line names the columns, some of id, file, text"),
        ("id\tfile", ["a\tb"], r"no column id; separate its columns by commas"),
        ("id,txt", ["a,b"], r"clips\.csv has an unknown column 'txt'\. Did you mean text"),
        ("id,text,text", ["a,b,c"], r"has two columns named text; keep one"),
        ("id,text", ["a,b,c"], r"line 2 has 3 cells for 2 columns; put text with a comma into double quotes"),
        ("id", ["test-0001", "test-0001"], r"line 3: the clip test-0001 is already in line 2; keep one row"),
        ("id", ["../a"], r"line 2: clip id '\.\./a' would lead out of its folder"),
        ("id,file", ["a,../b.mkv"], r"line 2: '\.\./b\.mkv' is outside the folder; name a file below"),
        ("id,file", ["a,b.mkv"], r"line 2: b\.mkv is not in \S+; correct the name or add the file"),
        ("id,file", ["a,clips.csv"], r"line 2: clips\.csv is neither video nor key points; name a file of video"),
        ("id,fps", ["test-0001,fast"], r"line 2: fps is 'fast'; write frames per second, such as 25, or nothing"),
        ("id", ["test-0001", "test-0009"], r"1 references of \S+ have no video: test-0009; add their files"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_its_line(header, rows, message, copy, tiny_corpus):
    table(copy, *rows, header=header)
    with pytest.raises(InputError, match=message):
        task_references(tiny_task(), "test", copy)


def test_a_table_with_a_byte_order_mark_is_read(copy, tiny_corpus):
    with (copy / "clips.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([["id"], *([name] for name in IDS["test"])])
    assert task_references(tiny_task(), "test", copy).clips == tuple(IDS["test"])

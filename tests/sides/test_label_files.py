"""Tables of labels and files of logits as one side of a comparison."""

from __future__ import annotations

import pickle
import unicodedata

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.scoring.measure import measure
from signbench.sides.label_files import read_label_side

BOTH = "id,label,prediction\nb,RAIN,SUN\na,SUN,SUN\nc,SUN,RAIN\n"


def table(folder, text, name="labels.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def logits(folder, *, array=None, ids="id\nb\na\nc\n", classes="RAIN\nSUN\nSNOW\n"):
    array = np.array([[0.1, 2.0, 0.3], [5.0, 1.0, 1.0], [0.0, 0.5, 7.0]], np.float32) if array is None else array
    np.save(folder / "logits.npy", array)
    (folder / "ids.csv").write_text(ids, encoding="utf-8")
    if classes is not None:
        (folder / "classes.txt").write_text(classes, encoding="utf-8")
    return folder / "logits.npy"


def ranked(side):
    return {name: clip.labels.ranked() for name, clip in side.clips.items()}


def test_one_table_serves_as_both_sides(tmp_path):
    path = table(tmp_path, BOTH)
    assert ranked(read_label_side(path, "references")) == {"a": ("SUN",), "b": ("RAIN",), "c": ("SUN",)}
    assert ranked(read_label_side(path, "predictions")) == {"a": ("SUN",), "b": ("SUN",), "c": ("RAIN",)}
    assert measure(path, path, metrics="accuracy")["accuracy"].value == pytest.approx(1 / 3)
    entry = read_label_side(path, "references").clips["a"].labels
    assert entry.label == f"{path}, line 3"


def test_a_table_for_one_side_needs_that_side_s_column_only(tmp_path):
    assert len(read_label_side(table(tmp_path, "id,label\na,SUN\n"), "references").clips) == 1
    assert len(read_label_side(table(tmp_path, "id,prediction\na,SUN\n"), "predictions").clips) == 1
    with pytest.raises(
        InputError, match="has no column prediction; its first line names the columns, some of id, label, prediction"
    ):
        read_label_side(table(tmp_path, "id,label\na,SUN\n"), "predictions")
    with pytest.raises(InputError, match="has no column label"):
        read_label_side(table(tmp_path, "id,prediction\na,SUN\n"), "references")


def test_logits_rank_the_classes_with_the_earlier_column_first_among_equals(tmp_path):
    side = read_label_side(logits(tmp_path), "predictions")
    assert ranked(side) == {"a": ("RAIN", "SUN", "SNOW"), "b": ("SUN", "SNOW", "RAIN"), "c": ("SNOW", "SUN", "RAIN")}
    assert side.clips["a"].labels.label == f"{tmp_path / 'logits.npy'}[1]"


def test_ranks_make_accuracies_of_more_than_the_first_label(tmp_path):
    references, predictions = table(tmp_path, BOTH), logits(tmp_path)
    result = measure(references, predictions, metrics=["accuracy", "accuracy:top=2", "accuracy:top=3"])
    assert [score.value for score in result.scores] == pytest.approx([0, 2 / 3, 1])


def test_both_unicode_forms_of_a_label_are_one(tmp_path):
    for form in ("NFC", "NFD"):
        (tmp_path / form).mkdir()
        path = table(tmp_path / form, unicodedata.normalize(form, "id,label\na, Grüße \n"))
        assert ranked(read_label_side(path, "references")) == {"a": ("Grüße",)}
        path = logits(tmp_path / form, classes=unicodedata.normalize(form, "Grüße\r\nSUN\r\nSNOW\r\n"))
        assert ranked(read_label_side(path, "predictions"))["a"][0] == "Grüße"


def test_digests_are_of_what_is_said_and_stamps_of_all_files_that_say_it(tmp_path):
    path = table(tmp_path, BOTH)
    said = {name: clip.labels.digest() for name, clip in read_label_side(path, "references").clips.items()}
    assert said["a"] == said["c"] != said["b"]
    entry = read_label_side(logits(tmp_path), "predictions").clips["a"].labels
    before, digest = entry.stamp(), entry.digest()
    logits(tmp_path, classes="SNOW\nSUN\nRAINY\n")
    assert entry.stamp() != before
    assert entry.digest() != digest
    assert pickle.loads(pickle.dumps(entry)) == entry


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"ids": "id\na\nb\n"}, r"ids.csv names 2 clips, but .*logits.npy has 3 rows"),
        ({"classes": "RAIN\nSUN\n"}, r"classes.txt names 2 classes, but .*logits.npy has 3 columns"),
        ({"classes": "RAIN\n\nSUN\n"}, r"classes.txt, line 2 is empty"),
        ({"classes": "RAIN\nSUN\nRAIN\n"}, r"classes.txt, line 3: the class RAIN is already in line 1"),
        ({"classes": None}, r"classes.txt cannot be read: No such file .*it names the columns"),
        ({"array": np.ones((3, 3), np.int64)}, "holds int64"),
        ({"array": np.ones(3)}, r"has the shape \(3,\)"),
    ],
)
def test_logits_that_do_not_fit_their_tables_are_refused(tmp_path, case, message):
    with pytest.raises(InputError, match=message):
        read_label_side(logits(tmp_path, **case), "predictions")


def test_logits_that_are_not_finite_are_refused_with_the_row(tmp_path):
    array = np.zeros((3, 3))
    array[2, 1] = np.nan
    side = read_label_side(logits(tmp_path, array=array), "predictions")
    with pytest.raises(MediaError, match=r"logits.npy\[2\], number 1 is nan"):
        side.clips["c"].labels.ranked()


def test_logits_that_changed_their_shape_are_refused(tmp_path):
    entry = read_label_side(logits(tmp_path), "predictions").clips["c"].labels
    np.save(tmp_path / "logits.npy", np.zeros((3, 4)))
    with pytest.raises(MediaError, match=r"has the shape \(3, 4\) and has changed in the meantime"):
        entry.ranked()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,label\na,\n", "line 2 has nothing in the column label"),
        ("id,label\na,x\na,y\n", "line 3: the clip a is already in line 2"),
        ("id,label,signer\na,x,1\n", "unknown column 'signer'"),
        ('id,label\n"a\nb",x\n', "line 2: clip id .* control character"),
    ],
)
def test_tables_that_do_not_fit_are_refused_with_the_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_label_side(table(tmp_path, text), "references")


def test_what_is_not_there_or_no_labels_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_label_side(tmp_path / "nowhere.csv", "references")
    with pytest.raises(InputError, match=r"holds no labels; pass a \.csv table"):
        read_label_side(table(tmp_path, BOTH, "labels.txt"), "references")
    with pytest.raises(InputError, match="references need labels; pass a table with the columns id,label"):
        read_label_side(logits(tmp_path), "references")

"""Folders and files of feature vectors as one side of a comparison."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from signbench.errors import InputError, MediaError, NotComparableError
from signbench.scoring.measure import measure
from signbench.sides.feature_files import FeatureEntry, read_feature_side


def vectors(count=4, width=3, dtype=np.float32):
    return np.random.default_rng(0).normal(size=(count, width)).astype(dtype)


def matrix(folder, rows, *, array=None):
    """A file of vectors with its table."""
    np.save(folder / "features.npy", vectors() if array is None else array)
    (folder / "ids.csv").write_text(rows, encoding="utf-8")
    return folder / "features.npy"


FOUR = "id,label\nd,SUN\na,RAIN\nc,SUN\nnested/b,RAIN\n"


def test_a_matrix_s_rows_belong_to_the_ids_of_the_table_in_its_order(tmp_path):
    side = read_feature_side(matrix(tmp_path, FOUR))
    assert list(side.clips) == ["a", "c", "d", "nested/b"]
    for name, row in (("d", 0), ("a", 1), ("c", 2), ("nested/b", 3)):
        np.testing.assert_array_equal(side.clips[name].features.vector(), vectors()[row])
    assert {name: clip.features.sign for name, clip in side.clips.items()} == {
        "a": "RAIN",
        "c": "SUN",
        "d": "SUN",
        "nested/b": "RAIN",
    }
    assert side.clips["a"].features.label == f"{tmp_path / 'features.npy'}[1]"


def test_labels_may_be_left_out(tmp_path):
    side = read_feature_side(matrix(tmp_path, "id\na\nb\nc\nd\n"))
    assert [clip.features.sign for clip in side.clips.values()] == [None] * 4


def test_a_folder_has_a_file_for_each_clip_and_may_have_a_table_of_labels(tmp_path):
    (tmp_path / "test" / "monday").mkdir(parents=True)
    for name, vector in zip(("b", "test/monday/a"), vectors(2), strict=True):
        np.save(tmp_path / f"{name}.npy", vector)
    side = read_feature_side(tmp_path)
    assert list(side.clips) == ["b", "monday/a"]
    np.testing.assert_array_equal(side.clips["monday/a"].features.vector(), vectors(2)[1])
    assert side.clips["b"].features.sign is None
    (tmp_path / "ids.csv").write_text("\ufeffid,label\nmonday/a,SUN\nb,  RAIN \n", encoding="utf-8")
    assert [clip.features.sign for clip in read_feature_side(tmp_path).clips.values()] == ["RAIN", "SUN"]


@pytest.mark.parametrize(("stored", "read"), [("<f2", "f4"), ("<f4", "f4"), ("<f8", "f8"), (">f4", "f4"), (">f8", "f8")])
def test_floats_of_every_size_and_order_of_bytes_are_read(tmp_path, stored, read):
    np.save(tmp_path / "a.npy", vectors(1)[0].astype(stored))
    vector = read_feature_side(tmp_path).clips["a"].features.vector()
    assert vector.dtype == np.dtype(read)
    np.testing.assert_array_equal(vector, vectors(1)[0].astype(stored))


def test_the_digest_is_of_the_vector_and_its_sign_however_they_are_stored(tmp_path):
    whole = read_feature_side(matrix(tmp_path, FOUR)).clips
    (tmp_path / "folder").mkdir()
    np.save(tmp_path / "folder" / "a.npy", vectors()[1])
    (tmp_path / "folder" / "ids.csv").write_text("id,label\na,RAIN\n")
    apart = read_feature_side(tmp_path / "folder").clips["a"].features
    assert apart.digest() == whole["a"].features.digest()
    assert len({clip.features.digest() for clip in whole.values()}) == 4
    (tmp_path / "folder" / "ids.csv").write_text("id,label\na,SUN\n")
    assert read_feature_side(tmp_path / "folder").clips["a"].features.digest() != apart.digest()


def test_the_stamp_changes_with_the_vectors_and_with_the_table_that_names_them(tmp_path):
    entry = read_feature_side(matrix(tmp_path, FOUR)).clips["a"].features
    before = entry.stamp()
    assert entry.stamp() == before
    os.utime(tmp_path / "ids.csv", ns=(2**62, 2**62))
    assert entry.stamp() != before


def test_entries_travel_to_workers(tmp_path):
    entry = read_feature_side(matrix(tmp_path, FOUR)).clips["a"].features
    assert pickle.loads(pickle.dumps(entry)) == entry


def test_such_sides_are_measured(tmp_path):
    path = matrix(tmp_path, "id,label\n" + "".join(f"c{index:02d},s{index % 2}\n" for index in range(20)), array=vectors(20))
    result = measure(path, path, metrics=["motion-fid", "diversity", "multimodality:pairs=all"])
    assert result["motion-fid"].value == pytest.approx(0, abs=1e-6)
    assert result["diversity"].value == result["diversity"].reference_value > 0
    assert result["multimodality:pairs=all"].clips == 20


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("id\na\nb\nc\n", r"names 3 clips, but .*features.npy has 4 rows"),
        ("id\na\nb\nc\na\n", r"ids.csv, line 5: the clip a is already in line 2"),
        ("id\na\nb\nc\n../d\n", r"ids.csv, line 5: .*would lead out of its folder"),
        ("id,label\na,x\nb,\nc,x\nd,x\n", r"ids.csv, line 3 has nothing in the column label"),
        ("id,label\na,x\nb\nc,x\nd,x\n", r"ids.csv, line 3 has 1 cells for 2 columns"),
        ("id,lable\na,x\n", r"unknown column 'lable'. Did you mean label"),
        ("id,label,label\na,x,x\n", r"two columns named label"),
        ("name\na\n", r"has no column id"),
        ("id;label\na;x\n", r"has no column id; separate its columns by commas"),
        ("id\n", r"nothing below it"),
        ("", r"has no column id"),
        ('id\n"a\n', r"not a table of comma-separated values"),
    ],
)
def test_tables_that_do_not_fit_are_refused_with_the_line(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        read_feature_side(matrix(tmp_path, rows))


def test_a_matrix_without_a_table_and_one_in_another_encoding_are_refused(tmp_path):
    path = matrix(tmp_path, FOUR)
    (tmp_path / "ids.csv").write_bytes("id\nGrüße\n".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_feature_side(path)
    (tmp_path / "ids.csv").unlink()
    with pytest.raises(InputError, match=r"ids.csv does not exist; it names the clips, with the columns id, label"):
        read_feature_side(path)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones(4, np.float32), r"has the shape \(4,\); it should be a matrix \(N, D\)"),
        (np.ones((4, 1, 3), np.float32), r"shape \(4, 1, 3\)"),
        (np.ones((4, 1), np.float32), "has 1 features per clip; a vector needs at least 2"),
        (np.ones((4, 3), np.int64), "holds int64; write floats"),
        (np.ones((4, 3), np.complex64), "holds complex64"),
        (np.array([[None, 1.0]] * 4), "not an array of numbers"),
    ],
)
def test_arrays_that_are_not_matrices_of_floats_are_refused(tmp_path, array, message):
    with pytest.raises(MediaError if "features per clip" not in message else InputError, match=message):
        read_feature_side(matrix(tmp_path, FOUR, array=array))


def test_nothing_executes_by_being_read(tmp_path):
    class Harmful:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    np.save(tmp_path / "a.npy", np.array([Harmful()], dtype=object), allow_pickle=True)
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Harmful()))
    for name in ("a", "b"):
        with pytest.raises(MediaError, match="not an array of numbers"):
            FeatureEntry(tmp_path / f"{name}.npy").vector()
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused_with_its_file_row_and_place(tmp_path, bad):
    array = vectors()
    array[2, 1] = bad
    side = read_feature_side(matrix(tmp_path, FOUR, array=array))
    assert side.clips["a"].features.vector().shape == (3,)
    with pytest.raises(MediaError, match=rf"features.npy\[2\], number 1 is {bad}; every number must be finite"):
        side.clips["c"].features.vector()


@pytest.mark.parametrize("large", [1e100, -3.5e38])
def test_a_number_beyond_float32_is_refused_with_its_file_row_and_place(tmp_path, large):
    array = vectors().astype(np.float64)
    array[2, 1] = large
    side = read_feature_side(matrix(tmp_path, FOUR, array=array))
    with pytest.raises(MediaError, match=r"features.npy\[2\], number 1 is .*; every number must be at most 3\.4e38"):
        side.clips["c"].features.vector()


def test_cut_off_and_empty_files_and_archives_are_refused(tmp_path):
    np.save(tmp_path / "whole.npy", vectors(1)[0])
    content = (tmp_path / "whole.npy").read_bytes()
    np.savez(tmp_path / "archive.npz", vectors())
    cases = {"cut.npy": content[:-4], "empty.npy": b"", "zip.npy": (tmp_path / "archive.npz").read_bytes(), "text.npy": b"1 2 3"}
    for name, blob in cases.items():
        (tmp_path / name).write_bytes(blob)
        with pytest.raises(MediaError, match=name):
            FeatureEntry(tmp_path / name).vector()


@pytest.mark.parametrize(
    ("files", "table", "message"),
    [
        ({"a": 3, "b": 4}, None, r"b.npy has 4 features, .*a.npy has 3"),
        ({"a": 3, "test/a": 3}, None, "both have the clip id a"),
        ({"a": 3, "b": 3}, "id,label\na,x\n", "has no row for the clip b"),
        ({"a": 3}, "id,label\na,x\nb,x\nc,x\n", "names clips without a file in .*: b, c"),
        ({"a": 3}, "id\na\n", "has no column label"),
    ],
)
def test_folders_whose_files_do_not_fit_are_refused(tmp_path, files, table, message):
    for name, width in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        np.save(tmp_path / f"{name}.npy", np.ones(width, np.float32))
    if table is not None:
        (tmp_path / "ids.csv").write_text(table)
    with pytest.raises(InputError, match=message):
        read_feature_side(tmp_path)


def test_a_matrix_in_a_folder_is_refused_by_its_shape(tmp_path):
    matrix(tmp_path, FOUR)
    with pytest.raises(MediaError, match=r"has the shape \(4, 3\); it should be one vector \(D,\)"):
        read_feature_side(tmp_path)


def test_what_is_not_there_or_no_features_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(InputError, match="does not exist"):
        read_feature_side(tmp_path / "nowhere")
    with pytest.raises(MediaError, match="does not exist"):
        read_feature_side(tmp_path / "nowhere.npy")
    with pytest.raises(InputError, match="holds no features; pass a folder"):
        read_feature_side(tmp_path / "notes.txt")
    with pytest.raises(NotComparableError, match=r"holds no \.npy file"):
        read_feature_side(tmp_path)


def test_a_file_that_became_shorter_is_refused(tmp_path):
    entry = read_feature_side(matrix(tmp_path, FOUR)).clips["nested/b"].features
    np.save(tmp_path / "features.npy", vectors(2))
    with pytest.raises(MediaError, match="has 2 rows, so row 3 does not exist"):
        entry.vector()

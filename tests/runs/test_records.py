from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.metrics.pairs import LengthPair
from signbench.runs.outcomes import ClipOutcome, Failure, Input
from signbench.runs.records import RecordFile, pack, unpack
from signbench.runs.store import RecordStore, StoredRecords


def outcome(clip, value=1.0, failures=()):
    inputs = {"reference.video": Input(size=3, modified=4, sha256="aa"), "prediction.video": Input(size=5, modified=6, sha256="bb")}
    records = {} if 0 in failures else {0: {"sum": np.float64(value), "frames": np.int64(2)}}
    return ClipOutcome(
        clip,
        inputs=inputs,
        lengths={"video": LengthPair(2, 2, 0.08, 0.08)},
        records=records,
        failures={index: Failure("torn", "prediction") for index in failures},
    )


@pytest.mark.parametrize(
    "record",
    [
        {"sum": np.float64(0.1), "frames": np.int64(7)},
        {"features": np.arange(6, dtype=np.float32).reshape(3, 2), "empty": np.zeros((0, 4))},
        {"big": np.array([2**62, -1]), "fine": np.array([np.nextafter(1, 2)])},
    ],
)
def test_a_record_comes_back_bit_for_bit(record):
    back = unpack(pack(record))
    assert list(back) == list(record)
    for name, array in record.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()


def test_records_of_several_files_are_one_store_in_order_of_the_clips(tmp_path):
    for rank, clip in ((0, "b"), (1, "a")):
        with RecordFile(tmp_path / f"records-{rank}.sqlite", write=True) as file:
            file.add(outcome(clip, value=rank), ["ssim"])
    files = [RecordFile(tmp_path / f"records-{rank}.sqlite", write=False) for rank in (0, 1)]
    store = RecordStore(files)
    records = StoredRecords(store, "ssim", ["a", "b", "c"], {"sum": np.float64(9)})
    assert [float(record["sum"]) for record in records] == [1, 0, 9]
    assert [float(record["sum"]) for record in records] == [1, 0, 9]
    assert store.row("a").inputs["prediction.video"] == Input(size=5, modified=6, sha256="bb")
    store.close()


def test_a_failure_is_not_done_and_goes_away_when_the_clip_succeeds(tmp_path):
    path = tmp_path / "records-0.sqlite"
    with RecordFile(path, write=True) as file:
        file.add(outcome("a", failures=(0,)), ["ssim"])
        store = RecordStore([file])
        assert not store.has("a", "ssim")
        assert store.failure("a", "ssim") == Failure("torn", "prediction")
        file.add(outcome("a"), ["ssim"])
        store = RecordStore([file])
        assert store.has("a", "ssim")
        assert store.failure("a", "ssim") is None


def test_a_file_has_one_writer(tmp_path):
    path = tmp_path / "records-0.sqlite"
    with RecordFile(path, write=True), pytest.raises(InputError, match="another process"):
        RecordFile(path, write=True)


def test_what_is_not_a_file_of_records_is_refused(tmp_path):
    path = tmp_path / "records-0.sqlite"
    path.write_bytes(b"not a database at all, but long enough to be read as a header of one " * 9)
    with pytest.raises(InputError, match="`fresh=True`"):
        RecordFile(path, write=False)


def test_a_file_whose_writer_was_killed_before_its_first_word_counts_as_empty(tmp_path):
    path = tmp_path / "records-0.sqlite"
    path.touch()
    with RecordFile(path, write=False) as file:
        assert list(file.done()) == []


def test_what_was_seen_of_a_file_is_kept_where_nobody_looks_at_it_again(tmp_path):
    """A second metric of the same clip may read its observations from the cache, and then sees no pixel."""
    first, second, changed = outcome("a"), outcome("a"), outcome("a")
    first.inputs["prediction.video"] = Input(size=5, modified=6, sha256="bb", content="what was seen", departure=0.25)
    changed.inputs["prediction.video"] = Input(size=5, modified=6, sha256="cc")
    with RecordFile(tmp_path / "records-0.sqlite", write=True) as file:
        file.add(first, ["ssim"])
        file.add(second, ["fid"])
        assert file.clip("a").inputs["prediction.video"] == Input(
            size=5, modified=6, sha256="bb", content="what was seen", departure=0.25
        )
        file.add(changed, ["ssim"])
        assert file.clip("a").inputs["prediction.video"] == Input(size=5, modified=6, sha256="cc")


@pytest.mark.parametrize(
    ("statement", "read"),
    [
        ("UPDATE records SET record = x'00'", lambda file: file.record("a", "l1")),
        ("UPDATE records SET record = x'7b7d0a'", lambda file: file.record("b", "l1")),
        ("UPDATE records SET record = '{\"sum\": [1]}'", lambda file: file.record("a", "l1")),
        ("UPDATE clips SET inputs = '['", lambda file: file.clip("a")),
        ("UPDATE clips SET inputs = '[1]'", lambda file: file.clip("a")),
        ('UPDATE clips SET lengths = \'{"video": {"frames": 1}}\'', lambda file: file.clip("a")),
        ("DROP TABLE records", lambda file: list(file.done())),
        ("DROP TABLE failures", lambda file: list(file.failures())),
        ("DROP TABLE clips", lambda file: list(file.clip_ids())),
    ],
)
def test_records_that_are_damaged_where_nobody_has_looked_yet_are_named_when_they_are_read(statement, read, tmp_path):
    path = tmp_path / "records-0.sqlite"
    with RecordFile(path, write=True) as file:
        file.add(outcome("a"), ["l1"])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
    with RecordFile(path, write=False) as file, pytest.raises(InputError, match=r"records-0\.sqlite"):
        read(file)

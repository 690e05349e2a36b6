from __future__ import annotations

import io
import re
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from signbench.parquet_files import read_parquet

PACKAGE = Path(__file__).parents[1] / "signbench"


@pytest.fixture
def content():
    stream = io.BytesIO()
    parquet.write_table(pyarrow.table({"a": [1, 2], "b": ["x", None]}), stream)
    return stream.getvalue()


def test_a_table_is_read_from_a_file_or_its_content(content, tmp_path):
    (tmp_path / "a.parquet").write_bytes(content)
    assert read_parquet(content).to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    assert read_parquet(tmp_path / "a.parquet", ["b"]).to_pylist() == [{"b": "x"}, {"b": None}]


@pytest.mark.parametrize("damage", [lambda content: b"no table", lambda content: content[:-9], lambda content: b""])
def test_something_other_than_a_table_raises_pyarrow_s_error(content, damage):
    with pytest.raises(pyarrow.ArrowException):
        read_parquet(damage(content))


def test_a_missing_column_is_named(content):
    with pytest.raises(pyarrow.ArrowException, match="it has no column c"):
        read_parquet(content, ["a", "c"])


def test_a_missing_file_is_a_system_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        read_parquet(tmp_path / "a.parquet")


def test_parquet_is_not_opened_as_a_data_set_whose_threads_outlive_the_call():
    scans = re.compile(r"\bread_table\(|\bread_parquet\((?=.*engine)|pyarrow\.dataset|\bpd\.read_parquet|pandas\.read_parquet")
    found = [str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if scans.search(path.read_text(encoding="utf-8"))]
    assert [path for path in found if path != "parquet_files.py"] == []

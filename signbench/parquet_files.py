"""The only reader of Parquet: everything that it opens is closed before it returns, and none of its threads outlives the call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow


def read_parquet(source: Path | bytes, columns: Sequence[str] | None = None) -> pyarrow.Table:
    """Reads a table.

    ``pyarrow.parquet.read_table`` scans a file as a data set in threads that may still hold it when the interpreter exits, which
    then aborts.

    Args:
        source: a file, or the content of one.
        columns: names of the requested columns; None: all.

    Raises:
        OSError: the file cannot be read.
        pyarrow.ArrowException: it is not a Parquet file, or lacks a column.
    """
    import pyarrow as arrow
    from pyarrow import parquet

    content = source if isinstance(source, bytes) else source.read_bytes()
    with arrow.BufferReader(content) as stream, parquet.ParquetFile(stream, pre_buffer=False) as file:
        if columns is not None and (lacking := [name for name in columns if name not in file.schema_arrow.names]):
            raise arrow.ArrowInvalid(f"it has no column {lacking[0]}")
        return file.read(columns=None if columns is None else list(columns), use_threads=False)

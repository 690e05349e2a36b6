"""All records of a run, from all processes, in order of clip id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signbench.metrics.base import Record
from signbench.runs.outcomes import Failure
from signbench.runs.records import ClipRow, RecordFile


@dataclass(frozen=True)
class StoredRecords:
    """One metric's records over given clips; re-iterable, read from disk clip by clip.

    Attributes:
        store: the store that holds them.
        metric: the metric's key.
        clips: ids, in order, each with a record unless ``missing`` is used instead.
        missing: the record that is used for a clip without one.
    """

    store: RecordStore
    metric: str
    clips: Sequence[str]
    missing: Record | None

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Record]:
        for index in range(len(self.clips)):
            yield self[index]

    def __getitem__(self, index: int, /) -> Record:
        record = self.store.record(self.clips[index], self.metric)
        if record is None:
            record = self.missing
        if record is None:
            raise KeyError(self.clips[index])
        return record


class RecordStore:
    """The union of a run's record files, as of its opening."""

    def __init__(self, files: Sequence[RecordFile]) -> None:
        """Reads the list of records.

        Args:
            files: open files of records; if two hold a record for the same clip and metric, the records are equal.
        """
        self._files = list(files)
        self._file_of: dict[str, dict[str, int]] = {}
        self._clips: dict[str, int] = {}
        self._failures: dict[str, dict[str, Failure]] = {}
        self._last_row: tuple[tuple[int, str], ClipRow | None] | None = None
        for number, file in enumerate(self._files):
            for clip, metric in file.done():
                self._file_of.setdefault(clip, {}).setdefault(metric, number)
            for clip, metric, failure in file.failures():
                self._failures.setdefault(clip, {})[metric] = failure
            for clip in file.clip_ids():
                self._clips.setdefault(clip, number)

    def has(self, clip: str, metric: str) -> bool:
        """Whether there is a record of a metric for a clip."""
        return metric in self._file_of.get(clip, {})

    def record(self, clip: str, metric: str) -> Record | None:
        """A record, or None."""
        number = self._file_of.get(clip, {}).get(metric)
        return None if number is None else self._files[number].record(clip, metric)

    def failure(self, clip: str, metric: str) -> Failure | None:
        """Why there is no record of a metric for a clip, if it was tried; None if there is one, or it was not tried."""
        return None if self.has(clip, metric) else self._failures.get(clip, {}).get(metric)

    def row(self, clip: str, metric: str | None = None) -> ClipRow | None:
        """Everything about a clip besides its records, from the file that holds the metric's record if one is named."""
        number = self._file_of.get(clip, {}).get(metric) if metric is not None else None
        if number is None:
            number = self._clips.get(clip)
        if number is None:
            return None
        # Several metrics of a clip are requested one after another.
        if self._last_row is None or self._last_row[0] != (number, clip):
            self._last_row = (number, clip), self._files[number].clip(clip)
        return self._last_row[1]

    def close(self) -> None:
        """Closes the files."""
        for file in self._files:
            file.close()

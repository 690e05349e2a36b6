"""All records of a run, whichever processes wrote them, in order of clip id."""

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
        store: where they lie.
        metric: the metric's key.
        clips: ids, in order, each with a record unless ``missing`` stands in for it.
        missing: the record that a clip without one counts as.
    """

    store: RecordStore
    metric: str
    clips: Sequence[str]
    missing: Record | None

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Record]:
        for place in range(len(self.clips)):
            yield self[place]

    def __getitem__(self, place: int, /) -> Record:
        record = self.store.record(self.clips[place], self.metric)
        if record is None:
            record = self.missing
        if record is None:
            raise KeyError(self.clips[place])
        return record


class RecordStore:
    """The union of a run's record files, as they were when it was opened."""

    def __init__(self, files: Sequence[RecordFile]) -> None:
        """Reads which records there are.

        Args:
            files: open files of records; where two hold the same record, it is the same.
        """
        self._files = list(files)
        self._place: dict[str, dict[str, int]] = {}
        self._clips: dict[str, int] = {}
        self._failures: dict[str, dict[str, Failure]] = {}
        self._last_row: tuple[tuple[int, str], ClipRow | None] | None = None
        for place, file in enumerate(self._files):
            for clip, metric in file.done():
                self._place.setdefault(clip, {}).setdefault(metric, place)
            for clip, metric, failure in file.failures():
                self._failures.setdefault(clip, {})[metric] = failure
            for clip in file.clip_ids():
                self._clips.setdefault(clip, place)

    def has(self, clip: str, metric: str) -> bool:
        """Whether a metric of a clip is recorded."""
        return metric in self._place.get(clip, {})

    def record(self, clip: str, metric: str) -> Record | None:
        """A record, or None."""
        place = self._place.get(clip, {}).get(metric)
        return None if place is None else self._files[place].record(clip, metric)

    def failure(self, clip: str, metric: str) -> Failure | None:
        """Why a metric of a clip has no record, where it was tried; None where it has one, or was not tried."""
        return None if self.has(clip, metric) else self._failures.get(clip, {}).get(metric)

    def row(self, clip: str, metric: str | None = None) -> ClipRow | None:
        """What is known of a clip besides its records, from the file that holds the metric's record where one is named."""
        place = self._place.get(clip, {}).get(metric) if metric is not None else None
        if place is None:
            place = self._clips.get(clip)
        if place is None:
            return None
        if self._last_row is None or self._last_row[0] != (place, clip):  # several metrics of a clip are asked for in turn
            self._last_row = (place, clip), self._files[place].clip(clip)
        return self._last_row[1]

    def close(self) -> None:
        """Closes the files."""
        for file in self._files:
            file.close()

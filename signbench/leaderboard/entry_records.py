"""The records that an entry keeps, in one Parquet file: enough to fold its scores again, without the clips.

A row for each expected clip and metric, in the run's order; beside the rows, in the file's metadata, what the run measured. A
record of more than 4 kB is not kept. Such a metric (a distance between distributions, whose records are features) has its scores
without each group of clips there instead, from which its interval follows and by which rows are compared.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, SignbenchError
from signbench.media.modalities import FileKind
from signbench.metrics.base import Record
from signbench.metrics.pairs import LengthPair
from signbench.runs.measured_run import MeasuredMetric, MeasuredRun
from signbench.runs.outcomes import Failure, Input
from signbench.runs.plan import RunPlan
from signbench.runs.records import ClipRow, pack, unpack
from signbench.runs.result import Result
from signbench.runs.store import RecordStore
from signbench.scoring.likeness import FAR
from signbench.statistics.paired import Folds, leave_out_folds
from signbench.statistics.units import Units

RECORDS_VERSION = 2
MOST_RECORD_BYTES = 4096
"""A larger record is not kept."""

_MOST_UNPACKED_BYTES = 256 * 1024 * 1024
_MOST_CELL_BYTES = 64 * 1024
_COLUMNS = ("clip", "metric", "record", "reason", "fault", "inputs", "lengths", "layout")
_KEY = b"signbench"
_MODALITIES = get_args(FileKind)
_OF_INPUT = ("sha256", "content", "departure", "pixels")
_PATHS = {"references": None, "predictions": None}
"""What of a run's specification names places of the machine it was made on."""


class KeptRecords(RecordStore):
    """The records of one entry, in memory."""

    def __init__(
        self,
        records: Mapping[tuple[str, str], Record | None],
        failures: Mapping[tuple[str, str], Failure],
        clips: Mapping[str, ClipRow],
    ) -> None:
        """Takes what a file holds.

        Args:
            records: (clip, key of the metric) -> its record, or None where the clip was measured and the record is not kept.
            failures: (clip, key of the metric) -> why it has none.
            clips: clip -> what its records were made from.
        """
        super().__init__([])
        self._records, self._why, self._rows = records, failures, clips

    def has(self, clip: str, metric: str) -> bool:
        """Whether a clip was measured, its record kept or not."""
        return (clip, metric) in self._records

    def record(self, clip: str, metric: str) -> Record | None:
        """A record; None where there is none, or it is not kept."""
        return self._records.get((clip, metric))

    def failure(self, clip: str, metric: str) -> Failure | None:
        """Why a clip was not measured."""
        return None if self.has(clip, metric) else self._why.get((clip, metric))

    def row(self, clip: str, metric: str | None = None) -> ClipRow | None:
        """What a clip's records were made from."""
        return self._rows.get(clip)

    def reasons(self) -> list[str]:
        """Why clips were not measured, each reason once."""
        return sorted({failure.reason for failure in self._why.values()})


@dataclass(frozen=True, eq=False)
class EntryRecords:
    """What the file says.

    Attributes:
        plan: of the run, without its paths.
        store: the records.
        left_out: metric -> its scores of all clips and without each group of clips, where records are not kept.
        foreign: metrics whose records were made by another revision than this installation has; they are not in the store.
        provenance: versions and device, as the run had them.
    """

    plan: RunPlan
    store: KeptRecords
    left_out: Mapping[str, Folds]
    foreign: tuple[str, ...]
    provenance: str

    def run(self, label: str, result: Result) -> MeasuredRun:
        """The entry as a run.

        Args:
            label: how to call it.
            result: its ``result.json``.
        """
        return MeasuredRun(label, self.plan, result, self.store, self.provenance, self.left_out)

    def texts(self) -> dict[str, Any]:
        """Every text that stands in the file, by its place."""
        plan = self.plan
        return {
            "clips": list(plan.clips),
            "reasons": self.store.reasons(),
            "generator": plan.generator,
            "clusters": list(plan.clusters or ()),
            "networks": [item.extractor for item in plan.measured],
            "unavailable": [item.unavailable for item in plan.measured],
            "labels": [item.label for item in plan.measured],
            "layouts": sorted({row.layout or "" for clip in plan.clips if (row := self.store.row(clip)) is not None}),
            "provenance": self.provenance,
        }

    def contents(self) -> dict[str, str]:
        """Clip -> SHA-256 of what was seen of its production, where it is known."""
        return {
            clip: file.content
            for clip in self.plan.clips
            if (row := self.store.row(clip)) is not None
            for place, file in row.inputs.items()
            if file.content is not None and place.startswith("prediction.")
        }

    def predictions(self) -> dict[str, str]:
        """Clip -> SHA-256 of its production."""
        return _digests(self.plan, self.store, "prediction")

    def references(self) -> dict[str, str]:
        """Clip -> SHA-256 of its reference."""
        return _digests(self.plan, self.store, "reference")


def predictions_of(run: MeasuredRun) -> dict[str, str]:
    """Clip -> SHA-256 of the production that a run measured; clips without one are left out."""
    return _digests(run.plan, run.store, "prediction")


def predictions_digest(digests: Mapping[str, str]) -> str:
    """SHA-256 over the sorted lines ``clip id, SHA-256 of its production``, hexadecimal.

    Args:
        digests: clip -> SHA-256 of its production.
    """
    lines = sorted(f"{clip}, {digest}\n" for clip, digest in digests.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def records_file(run: MeasuredRun) -> bytes:
    """A run's records as a Parquet file. Equal runs give equal bytes."""
    import pyarrow as arrow
    from pyarrow import parquet

    left_out = {name: folds for name, measured in run.metrics.items() if (folds := _left_out(run, measured)) is not None}
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for name, measured in run.metrics.items():
        for clip in run.plan.clips:
            record, failure = run.store.record(clip, measured.key), run.store.failure(clip, measured.key)
            row = run.store.row(clip, measured.key)
            columns["clip"].append(clip)
            columns["metric"].append(name)
            columns["record"].append(None if record is None else b"" if name in left_out else pack(record))
            columns["reason"].append(failure.reason if failure is not None else None)
            columns["fault"].append(failure.fault if failure is not None else None)
            columns["inputs"].append(_json(_described(row)) if row is not None else None)
            columns["lengths"].append(
                _json({kind: asdict(pair) for kind, pair in row.lengths.items()}) if row is not None else None
            )
            columns["layout"].append(row.layout if row is not None else None)
    about = {
        "records_version": RECORDS_VERSION,
        "run": {
            "spec": {**run.plan.spec(), **_PATHS},
            "clips": list(run.plan.clips),
            "measured": [item.as_json() for item in run.plan.measured],
        },
        "keys": {name: measured.key for name, measured in run.metrics.items()},
        "left_out": {name: _plain(folds) for name, folds in left_out.items()},
        "provenance": run.provenance,
    }
    kinds = {name: arrow.binary() if name == "record" else arrow.string() for name in _COLUMNS}
    table = arrow.table({name: arrow.array(columns[name], kinds[name]) for name in _COLUMNS})
    stream = io.BytesIO()
    parquet.write_table(
        table.replace_schema_metadata({_KEY: _json(about).encode()}), stream, compression="zstd", compression_level=19
    )
    return stream.getvalue()


def read_records(path: Path) -> EntryRecords:
    """Reads the file of an entry that may come from anybody; nothing in it is executed.

    Raises:
        InputError: it is no such file, or one that is damaged, too large, or of a newer signbench.
    """
    try:
        return _read(path)
    except (InputError, MemoryError):
        raise
    except (SignbenchError, OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        why = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise InputError(f"{path} does not hold the records of a run: {why}; submit the run again.") from error


def _read(path: Path) -> EntryRecords:
    import pyarrow as arrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, read_dictionary=list(_COLUMNS), pre_buffer=False)
    except arrow.ArrowException as error:
        raise InputError(f"{path} is no Parquet file ({str(error).splitlines()[0].rstrip('.')}); submit the run again.") from error
    with file:
        about = _about(path, file)
        clips = about["run"]["clips"]
        if tuple(file.schema_arrow.names) != _COLUMNS:
            raise ValueError(f"its columns are {', '.join(file.schema_arrow.names)}, not {', '.join(_COLUMNS)}")
        unpacked = sum(file.metadata.row_group(place).total_byte_size for place in range(file.metadata.num_row_groups))
        if unpacked > _MOST_UNPACKED_BYTES or file.metadata.num_rows != len(clips) * len(about["keys"]):
            raise ValueError(f"it has {file.metadata.num_rows} rows for {len(clips)} clips and {len(about['keys'])} metrics")
        try:
            table = file.read(use_threads=False)  # no thread may outlive the interpreter
        except arrow.ArrowException as error:
            raise ValueError(str(error).splitlines()[0]) from error
    rows = _rows(table)
    if [(clip, metric) for clip, metric, *_ in rows] != [(clip, metric) for metric in about["keys"] for clip in clips]:
        raise ValueError("its rows are not one for each clip and metric, in order")
    plan = RunPlan.from_run(about["run"])
    key_of = {item.metric.canonical: item.key for item in plan.measured if item.key is not None}
    if list(key_of) != list(about["keys"]):
        raise ValueError("its metrics are not those of its specification")
    foreign = tuple(name for name, key in about["keys"].items() if key != key_of[name])
    records: dict[tuple[str, str], Record | None] = {}
    failures: dict[tuple[str, str], Failure] = {}
    of_clip: dict[str, ClipRow] = {}
    left_out = {name: _folds(values) for name, values in about["left_out"].items()}
    if not set(left_out) <= set(key_of):
        raise ValueError("it has jackknife values of a metric that it does not have")
    for clip, metric, record, reason, fault, inputs, lengths, layout in rows:
        if inputs is not None:
            of_clip.setdefault(clip, _clip_row(inputs, lengths, layout))
        if metric in foreign:
            continue
        if record is not None:
            records[clip, key_of[metric]] = None if metric in left_out else _record(record)
        elif reason is not None and fault in ("reference", "prediction", "pair"):
            failures[clip, key_of[metric]] = Failure(reason, fault)
    return EntryRecords(plan, KeptRecords(records, failures, of_clip), left_out, foreign, str(about["provenance"]))


def _about(path: Path, file: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((file.schema_arrow.metadata or {})[_KEY])
    if found["records_version"] > RECORDS_VERSION:
        raise InputError(f"{path} was written by a newer signbench; use that one.")
    if found["records_version"] != RECORDS_VERSION:
        raise InputError(
            f"{path} is of an older form, which does not say what was seen of the clips; score the predictions again and submit "
            "the run."
        )
    clips = found["run"]["clips"]
    if not all(isinstance(clip, str) for clip in clips) or list(clips) != sorted(set(clips)):
        raise ValueError("its clips are not in order")
    return found


def _rows(table: Any) -> list[tuple[Any, ...]]:
    """The rows as plain values, after a look at the size of every distinct cell."""
    columns = []
    for name in _COLUMNS:
        cells: list[Any] = []
        for chunk in table.column(name).chunks:
            values = chunk.dictionary.to_pylist()
            if any(value is not None and len(value) > _MOST_CELL_BYTES for value in values):
                raise ValueError(f"a cell of the column {name} has more than {_MOST_CELL_BYTES:,} bytes")
            cells += [None if place is None else values[place] for place in chunk.indices.to_pylist()]
        columns.append(cells)
    return list(zip(*columns, strict=True))


def _record(blob: bytes) -> Record:
    if len(blob) > MOST_RECORD_BYTES:
        raise ValueError(f"a record has {len(blob):,} bytes, and at most {MOST_RECORD_BYTES:,} are kept")
    record = unpack(blob)
    if any(array.dtype.kind not in "biuf" for array in record.values()):
        raise ValueError("a record holds something else than numbers")
    return record


def _described(row: ClipRow) -> dict[str, dict[str, str | float | None]]:
    return {place: {name: getattr(file, name) for name in _OF_INPUT} for place, file in row.inputs.items()}


def _clip_row(inputs: str, lengths: str, layout: str | None) -> ClipRow:
    files = {place: _input(place, file) for place, file in json.loads(inputs).items()}
    pairs = {kind: LengthPair(**pair) for kind, pair in json.loads(lengths).items()}
    for kind, pair in pairs.items():
        frames = (pair.prediction, pair.reference)
        seconds = [length for length in (pair.prediction_seconds, pair.reference_seconds) if length is not None]
        if kind not in _MODALITIES or any(int(count) != count or count < 1 for count in frames):
            raise ValueError(f"a clip has the {kind} lengths {frames}")
        if not all(0 <= length < math.inf for length in seconds):
            raise ValueError(f"a clip lasts {seconds} seconds")
    return ClipRow(files, pairs, layout)


def _input(place: str, file: Mapping[str, Any]) -> Input:
    side, _, kind = place.partition(".")
    if side not in ("reference", "prediction") or kind not in _MODALITIES:
        raise ValueError(f"a record was made from {place!r}, which is no side of a clip")
    if set(file) != set(_OF_INPUT) or not _is_digest(file["sha256"]):
        raise ValueError(f"the {place} of a clip has no digest")
    content, departure, pixels = file["content"], file["departure"], file["pixels"]
    if content is not None and not _is_digest(content):
        raise ValueError(f"the content of the {place} of a clip is no digest")
    if departure is not None and (side == "reference" or not isinstance(departure, float) or not 0 <= departure <= FAR):
        raise ValueError(f"the departure of the {place} of a clip is {departure!r}")
    if pixels is not None and (kind != "video" or re.fullmatch(r"[\w-]{1,60}", pixels) is None):
        raise ValueError(f"the pixels of the {place} of a clip are {pixels!r}")
    return Input(0, 0, file["sha256"], content=content, departure=departure, pixels=pixels)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _left_out(run: MeasuredRun, measured: MeasuredMetric) -> Folds | None:
    """Scores without each group of clips, of a metric whose records are too large to be kept; None for the others."""
    clips = [clip for clip in run.plan.clips if clip in measured.counted]
    if all(len(pack(record)) <= MOST_RECORD_BYTES for record in measured.records(clips)):
        return None
    return leave_out_folds(measured.metric, measured.records(clips), Units.of(len(clips), run.clusters(clips)))


def _plain(folds: Folds) -> dict[str, list[float | None] | None]:
    def listed(values: NDArray[np.float64]) -> list[float | None]:
        return [float(value) if math.isfinite(value) else None for value in values]

    return {"scores": listed(folds.scores), "references": None if folds.references is None else listed(folds.references)}


def _folds(values: Mapping[str, Iterable[float | None] | None]) -> Folds:
    def array(listed: Iterable[float | None]) -> NDArray[np.float64]:
        return np.array([np.nan if value is None else value for value in listed], dtype=np.float64)

    scores, references = values["scores"], values["references"]
    if scores is None:
        raise ValueError("a metric has neither records nor jackknife values")
    return Folds(array(scores), None if references is None else array(references))


def _digests(plan: RunPlan, store: RecordStore, side: str) -> dict[str, str]:
    def found() -> Iterator[tuple[str, str]]:
        for clip in plan.clips:
            row = store.row(clip)
            for place in sorted(row.inputs) if row is not None else ():
                if row is not None and place.startswith(f"{side}."):
                    yield clip, row.inputs[place].sha256

    return dict(found())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)

"""The packed form of a run, which baselines and leaderboard entries keep: enough to fold its scores again, without the clips.

It is one Parquet file, with a row for each expected clip and metric, in the run's order. The file's metadata holds the plan of the
run, without paths of the machine. The records of a distance between distributions are features: if one of them has more than 4 kB,
none is kept, and the metadata holds the scores without each group of clips instead, from which the interval is computed and with
which runs are compared.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from signbench.documents.versions import Form
from signbench.errors import InputError, SignbenchError
from signbench.media.modalities import FileKind
from signbench.metrics.base import Metric, Record
from signbench.metrics.pairs import LengthPair
from signbench.runs.measured_run import MeasuredMetric, MeasuredRun
from signbench.runs.outcomes import FAR, INPUT_KINDS, Failure, Input
from signbench.runs.plan import RunPlan
from signbench.runs.records import ClipRow, pack, unpack
from signbench.runs.result import Result
from signbench.runs.store import RecordStore
from signbench.statistics.paired import Folds

PACKED_VERSION = 2
MOST_RECORD_BYTES = 4096
"""Maximum size of a record of a distance between distributions; larger ones are not kept."""

_MOST_UNPACKED_BYTES = 256 * 1024 * 1024
_MOST_CELL_BYTES = 64 * 1024
_COLUMNS = ("clip", "metric", "record", "reason", "fault", "inputs", "lengths", "layout")
_KEY = b"signbench"
_MODALITIES = get_args(FileKind)
_OF_INPUT = ("sha256", "content", "departure", "pixels")
_PATHS = {"references": None, "predictions": None}
"""The fields of a run's specification that are paths of the machine."""


class KeptRecords(RecordStore):
    """The records of a packed run, in memory."""

    def __init__(
        self,
        records: Mapping[tuple[str, str], Record | None],
        failures: Mapping[tuple[str, str], Failure],
        clips: Mapping[str, ClipRow],
    ) -> None:
        """Creates the store from the content of a file.

        Args:
            records: (clip, key of the metric) -> its record, or None if the clip was measured and the record is not kept.
            failures: (clip, key of the metric) -> why it has none.
            clips: clip -> the inputs of its records.
        """
        super().__init__([])
        self._records, self._why, self._rows = records, failures, clips

    def has(self, clip: str, metric: str) -> bool:
        """Whether a clip was measured, even if its record is not kept."""
        return (clip, metric) in self._records

    def record(self, clip: str, metric: str) -> Record | None:
        """A record; None if there is none, or it is not kept."""
        return self._records.get((clip, metric))

    def failure(self, clip: str, metric: str) -> Failure | None:
        """Why a clip was not measured."""
        return None if self.has(clip, metric) else self._why.get((clip, metric))

    def row(self, clip: str, metric: str | None = None) -> ClipRow | None:
        """The inputs of a clip's records."""
        return self._rows.get(clip)

    def reasons(self) -> list[str]:
        """Why clips were not measured, each reason once."""
        return sorted({failure.reason for failure in self._why.values()})


@dataclass(frozen=True, eq=False, kw_only=True)
class PackedRun:
    """The content of a packed file.

    Attributes:
        plan: the plan of the run, without its paths.
        store: the records.
        left_out: metric -> its scores of all clips and without each group of clips, if records are not kept.
        foreign: metrics whose records were made by a different revision from this installation's; they are not in the store.
        provenance: versions and device of the run.
    """

    plan: RunPlan
    store: KeptRecords
    left_out: Mapping[str, Folds]
    foreign: tuple[str, ...]
    provenance: str

    def run(self, label: str, result: Result) -> MeasuredRun:
        """The run.

        Args:
            label: its name.
            result: its ``result.json``.
        """
        return MeasuredRun(
            label=label, plan=self.plan, result=result, store=self.store, provenance=self.provenance, left_out=self.left_out
        )

    def texts(self) -> dict[str, Any]:
        """Every text in the file, by its location."""
        plan = self.plan
        return {
            "clips": list(plan.clips),
            "reasons": self.store.reasons(),
            "generator": plan.generator,
            "clusters": list(plan.clusters or ()),
            "networks": [item.extractor for item in plan.measured],
            "judges": [item.judge for item in plan.measured],
            "unavailable": [item.unavailable for item in plan.measured],
            "labels": [item.label for item in plan.measured],
            "layouts": sorted({row.layout or "" for clip in plan.clips if (row := self.store.row(clip)) is not None}),
            "provenance": self.provenance,
        }

    def contents(self) -> dict[str, str]:
        """Clip -> SHA-256 of the content of its production, if known."""
        return {
            clip: file.content
            for clip in self.plan.clips
            if (row := self.store.row(clip)) is not None
            for name, file in row.inputs.items()
            if file.content is not None and name.startswith("prediction.")
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


def pack_run(run: MeasuredRun) -> bytes:
    """A run in its packed form. Equal runs give equal bytes.

    Raises:
        InputError: a record is too large to be kept.
    """
    import pyarrow as arrow
    from pyarrow import parquet

    left_out = {name: folds for name, measured in run.metrics.items() if (folds := _left_out(run, measured)) is not None}
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    keys = {name: measured.key for name, measured in run.metrics.items()} | _levels(run.plan, run.metrics)
    for name, key in keys.items():
        for clip in run.plan.clips:
            record, failure = run.store.record(clip, key), run.store.failure(clip, key)
            row, measured_here = run.store.row(clip, key), run.store.has(clip, key)
            columns["clip"].append(clip)
            columns["metric"].append(name)
            columns["record"].append(_kept(record, name, clip) if name not in left_out else b"" if measured_here else None)
            columns["reason"].append(failure.reason if failure is not None else None)
            columns["fault"].append(failure.fault if failure is not None else None)
            columns["inputs"].append(_json(_described(row)) if row is not None else None)
            columns["lengths"].append(
                _json({kind: asdict(pair) for kind, pair in row.lengths.items()}) if row is not None else None
            )
            columns["layout"].append(row.layout if row is not None else None)
    about = {
        "records_version": PACKED_VERSION,
        "run": {
            "spec": {**run.plan.spec(), **_PATHS},
            "clips": list(run.plan.clips),
            "measured": [item.as_json() for item in run.plan.measured],
        },
        "keys": keys,
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


def read_packed(path: Path, remedy: str) -> PackedRun:
    """Reads a packed run from any source; nothing in it is executed.

    Args:
        path: the file.
        remedy: advice if it is invalid, such as ``submit the run again``.

    Raises:
        InputError: it is not such a file, or is damaged, too large, or from a newer signbench.
    """
    try:
        return _read(path, remedy)
    except (InputError, MemoryError):
        raise
    except (SignbenchError, OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        why = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise InputError(f"{path} does not hold the records of a run: {why}; {remedy}.") from error


def _read(path: Path, remedy: str) -> PackedRun:
    import pyarrow as arrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, read_dictionary=list(_COLUMNS), pre_buffer=False)
    except arrow.ArrowException as error:
        raise InputError(f"{path} is not a Parquet file ({str(error).splitlines()[0].rstrip('.')}); {remedy}.") from error
    with file:
        about = _about(path, file, remedy)
        clips = about["run"]["clips"]
        if tuple(file.schema_arrow.names) != _COLUMNS:
            raise ValueError(f"its columns are {', '.join(file.schema_arrow.names)}, not {', '.join(_COLUMNS)}")
        unpacked = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
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
    measured = {item.name: item for item in plan.measured if item.key is not None}
    key_of = {name: str(item.key) for name, item in measured.items()} | _levels(plan, measured)
    if list(key_of) != list(about["keys"]):
        raise ValueError("its metrics are not those of its specification")
    metric_of = {name: measured[name.partition("|")[0]].metric for name in key_of}
    foreign = tuple(name for name, key in about["keys"].items() if key != key_of[name])
    records: dict[tuple[str, str], Record | None] = {}
    failures: dict[tuple[str, str], Failure] = {}
    of_clip: dict[str, ClipRow] = {}
    left_out = {name: _folds(values) for name, values in about["left_out"].items()}
    if not set(left_out) <= set(measured):
        raise ValueError("it has jackknife values of a metric that it does not have")
    for clip, name, record, reason, fault, inputs, lengths, layout in rows:
        if inputs is not None:
            of_clip.setdefault(clip, _clip_row(inputs, lengths, layout))
        if name in foreign:
            continue
        if record is not None:
            records[clip, key_of[name]] = None if name in left_out else _record(record, metric_of[name])
        elif reason is not None and fault in ("reference", "prediction", "pair"):
            failures[clip, key_of[name]] = Failure(reason, fault)
    return PackedRun(
        plan=plan,
        store=KeptRecords(records, failures, of_clip),
        left_out=left_out,
        foreign=foreign,
        provenance=str(about["provenance"]),
    )


def _levels(plan: RunPlan, among: Collection[str]) -> dict[str, str]:
    """Name and key of the ceilings and chance levels of some of a run's metrics: ``metric@judge|ceiling``."""
    levels = ((item.name, level) for item in plan.measured if item.name in among for level in item.levels)
    return {f"{name}|{key.rpartition('|')[2]}": key for name, (key, _) in levels}


def _about(path: Path, file: Any, remedy: str) -> dict[str, Any]:
    older = f"which did not record the content of the clips; score the predictions again and {remedy}"
    form = Form("a packed run", "records_version", PACKED_VERSION, again=remedy, older=older)
    found = form.parsed((file.schema_arrow.metadata or {})[_KEY], path)
    clips = found["run"]["clips"]
    if not all(isinstance(clip, str) for clip in clips) or list(clips) != sorted(set(clips)):
        raise ValueError("its clips are not in order")
    return found


def _rows(table: Any) -> list[tuple[Any, ...]]:
    """The rows as plain values, after checking the size of every distinct cell."""
    columns = []
    for name in _COLUMNS:
        cells: list[Any] = []
        for chunk in table.column(name).chunks:
            values = chunk.dictionary.to_pylist()
            if any(value is not None and len(value) > _MOST_CELL_BYTES for value in values):
                raise ValueError(f"a cell of the column {name} has more than {_MOST_CELL_BYTES:,} bytes")
            cells += [None if index is None else values[index] for index in chunk.indices.to_pylist()]
        columns.append(cells)
    return list(zip(*columns, strict=True))


def _kept(record: Record | None, metric: str, clip: str) -> bytes | None:
    if record is None:
        return None
    blob = pack(record)
    if len(blob) > _MOST_CELL_BYTES:
        raise InputError(
            f"{metric}: the record of clip {clip} has {len(blob):,} bytes, and baselines and leaderboard entries keep at most "
            f"{_MOST_CELL_BYTES:,}; measure without this metric."
        )
    return blob


def _record(blob: bytes, metric: Metric) -> Record:
    if _is_between_distributions(metric) and len(blob) > MOST_RECORD_BYTES:
        raise ValueError(f"a record has {len(blob):,} bytes, and at most {MOST_RECORD_BYTES:,} are kept")
    record = unpack(blob)
    if any(array.dtype.kind not in "biuf" for array in record.values()):
        raise ValueError("a record holds something other than numbers")
    return record


def _described(row: ClipRow) -> dict[str, dict[str, str | float | None]]:
    return {name: {part: getattr(file, part) for part in _OF_INPUT} for name, file in row.inputs.items()}


def _clip_row(inputs: str, lengths: str, layout: str | None) -> ClipRow:
    files = {name: _input(name, file) for name, file in json.loads(inputs).items()}
    pairs = {kind: LengthPair(**pair) for kind, pair in json.loads(lengths).items()}
    for kind, pair in pairs.items():
        frames = (pair.prediction, pair.reference)
        seconds = [length for length in (pair.prediction_seconds, pair.reference_seconds) if length is not None]
        if kind not in _MODALITIES or any(int(count) != count or count < 1 for count in frames):
            raise ValueError(f"a clip has the {kind} lengths {frames}")
        if not all(0 <= length < math.inf for length in seconds):
            raise ValueError(f"a clip lasts {seconds} seconds")
    return ClipRow(files, pairs, layout)


def _input(name: str, file: Mapping[str, Any]) -> Input:
    side, _, kind = name.partition(".")
    if side not in ("reference", "prediction") or kind not in INPUT_KINDS:
        raise ValueError(f"a record was made from {name!r}, which is not a side of a clip")
    if set(file) != set(_OF_INPUT) or not _is_digest(file["sha256"]):
        raise ValueError(f"the {name} of a clip has no digest")
    content, departure, pixels = file["content"], file["departure"], file["pixels"]
    if content is not None and not _is_digest(content):
        raise ValueError(f"the content of the {name} of a clip is not a digest")
    if departure is not None and (side == "reference" or not isinstance(departure, float) or not 0 <= departure <= FAR):
        raise ValueError(f"the departure of the {name} of a clip is {departure!r}")
    if pixels is not None and (kind != "video" or re.fullmatch(r"[\w-]{1,60}", pixels) is None):
        raise ValueError(f"the pixels of the {name} of a clip are {pixels!r}")
    return Input(size=0, modified=0, sha256=file["sha256"], content=content, departure=departure, pixels=pixels)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _is_between_distributions(metric: Metric) -> bool:
    return metric.interval_method == "jackknife"


def _left_out(run: MeasuredRun, measured: MeasuredMetric) -> Folds | None:
    """Scores without each group of clips, for a metric whose records are too large to be kept; None for the others."""
    if measured.left_out is not None or not _is_between_distributions(measured.metric):
        return measured.left_out
    clips = [clip for clip in run.plan.clips if clip in measured.counted]
    if all(len(pack(record)) <= MOST_RECORD_BYTES for record in measured.records(clips)):
        return None
    return measured.leave_out_folds(clips)


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
            # The media come last and take precedence over the corpus's answers for the clip.
            for name in sorted(row.inputs, key=lambda name: (name.endswith((".pose", ".video")), name)) if row is not None else ():
                if row is not None and name.startswith(f"{side}."):
                    yield clip, row.inputs[name].sha256

    return dict(found())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)

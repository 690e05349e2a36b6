"""The answers table of a study, one row per answer as it was typed, and the folder that holds it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from signbench.documents import json_bytes
from signbench.documents.versions import Form
from signbench.errors import InputError, listing
from signbench.parquet_files import read_parquet
from signbench.spreadsheets import csv_bytes
from signbench.study.settings import StudySettings, read_settings, settings_yaml

ANSWERS_PARQUET = "answers.parquet"
"""The exact table, which signbench reads."""

ANSWERS_CSV = "answers.csv"
"""The same table for people; text that a spreadsheet would run as a formula is prefixed with an apostrophe."""

SETTINGS = "study.yaml"
"""The mapping and settings of the import; settings that only affect how answers are judged may be edited later."""

IMPORT_VERSION = 2
IMPORT_FORM = Form(
    "the record of an import",
    "import_version",
    IMPORT_VERSION,
    again="import the sheets again",
    older="which read sheets differently; import them again",
)
"""Rises when the same sheets and mapping would give another table."""

IMPORT_RECORD = "import.json"
"""The provenance of the answers: digests of the sheets, counts, versions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer of one rater to one video.

    Attributes:
        rater: pseudonym, ``r001`` and up.
        clip: id of the clip, as a run's ``per_clip.parquet`` names it.
        sign: the sign that the clip is meant to show.
        pack: the pack of clips that it was shown in.
        text: exactly what the rater wrote; empty if nothing was written.
        order: position in the rater's order of presentation, from 1; None if the sheet does not give it.
        seconds: since the rater's first answer; None if the sheet has no time for each answer.
        group: the rater's group, such as ``deaf`` or ``hearing``; None if the sheet has no groups.
    """

    rater: str
    clip: str
    sign: str
    pack: str
    text: str
    order: int | None = None
    seconds: float | None = None
    group: str | None = None


COLUMNS = tuple(field.name for field in fields(Answer))
"""Columns of both tables, in order."""


@dataclass(frozen=True)
class Study:
    """An imported study.

    Attributes:
        folder: its path.
        answers: ordered by rater, pack, position in the rater's order, clip.
        settings: the content of its ``study.yaml``.
    """

    folder: Path
    answers: tuple[Answer, ...]
    settings: StudySettings


def read_study(folder: Path) -> Study:
    """Reads a study that ``signbench study import`` wrote.

    Args:
        folder: the study's folder.

    Raises:
        InputError: the folder is not a study, one of its files is damaged, or ``study.yaml`` lists no accepted answers for a sign.
    """
    import pyarrow as pa

    path = folder / ANSWERS_PARQUET
    if not folder.is_dir():
        raise InputError(f"{folder} is not a study; create one with: signbench study import SHEETS --out {folder}.")
    if not path.is_file():
        raise InputError(f"{folder} does not contain {ANSWERS_PARQUET}; create it with: signbench study import SHEETS --out DIR.")
    settings = read_settings(folder / SETTINGS)
    try:
        content = path.read_bytes()
        _check_record(folder, content, settings)
        table = read_parquet(content, COLUMNS)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path} cannot be read: {error}; import the sheets again.") from error
    try:
        table = table.cast(_schema())
    except (pa.ArrowException, ValueError) as error:
        raise InputError(f"{path} is not a study's table: {error}; import the sheets again.") from error
    answers = tuple(Answer(**row) for row in table.select(COLUMNS).to_pylist())
    unknown = sorted({answer.sign for answer in answers} - set(settings.signs))
    if unknown:
        raise InputError(f"{folder / SETTINGS}: the field 'signs' lists no accepted answers for {listing(unknown)}; add them.")
    return Study(folder, answers, settings)


def ordered(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Answers in the table's order, which does not reveal the order of the sheets."""
    return tuple(sorted(answers, key=lambda row: (row.rater, row.pack, row.order or 0, row.clip, row.seconds or 0.0)))


def study_files(answers: Sequence[Answer], settings: StudySettings, record: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a study's folder.

    Args:
        answers: in the table's order.
        settings: of the import.
        record: the provenance of the answers, as plain values.

    Returns:
        Name -> content.
    """
    table = parquet_bytes(answers)
    sealed = {"answers_sha256": hashlib.sha256(table).hexdigest(), "settings_sha256": _imported_with(settings)}
    return {
        ANSWERS_PARQUET: table,
        ANSWERS_CSV: answers_csv(answers),
        SETTINGS: settings_yaml(settings).encode(),
        IMPORT_RECORD: json_bytes({**record, **sealed}),
    }


def parquet_bytes(answers: Sequence[Answer]) -> bytes:
    """The table as Parquet, without a time stamp or other metadata, so that equal tables give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: [getattr(answer, name) for answer in answers] for name in COLUMNS}
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns, schema=_schema()), buffer)
    return buffer.getvalue()


def answers_csv(answers: Sequence[Answer]) -> bytes:
    """The table as CSV, with cells that a spreadsheet would run as formulas escaped."""
    return csv_bytes([[getattr(answer, name) for name in COLUMNS] for answer in answers], COLUMNS)


def _imported_with(settings: StudySettings) -> str:
    """SHA-256 of the settings that the table depends on; the others may change after the import."""
    chosen = settings.model_dump(mode="json", include={"sheets", "resubmissions", "unanswered"})
    return hashlib.sha256(json.dumps(chosen, ensure_ascii=False).encode()).hexdigest()


def _check_record(folder: Path, table: bytes, settings: StudySettings) -> None:
    """Refuses a table or mapping that changed after the import, because the signature would no longer be true.

    Raises:
        InputError: names the file.
    """
    path = folder / IMPORT_RECORD
    record = IMPORT_FORM.read(path)
    try:
        sealed = (record["answers_sha256"], record["settings_sha256"])
    except KeyError as error:
        raise IMPORT_FORM.refused(path, f"it has no {error}") from error
    if sealed[0] != hashlib.sha256(table).hexdigest():
        raise InputError(f"{folder / ANSWERS_PARQUET} changed since the import; import the sheets again.")
    if sealed[1] != _imported_with(settings):
        raise InputError(
            f"{folder / SETTINGS}: 'sheets', 'resubmissions' or 'unanswered' changed since the import; import the sheets again."
        )


def _schema() -> Any:
    import pyarrow as pa

    text = pa.string()
    kinds = {"order": pa.int64(), "seconds": pa.float64(), "group": text}
    return pa.schema([pa.field(name, kinds.get(name, text), nullable=name in kinds) for name in COLUMNS])

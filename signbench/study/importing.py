"""Imports response sheets into a study folder, in which pseudonyms replace the names of raters."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signbench.errors import InputError
from signbench.runs.signature import package_version
from signbench.study.judging.normalisation import Normaliser
from signbench.study.settings import StudySettings
from signbench.study.sheets import privacy
from signbench.study.sheets.answers import IMPORT_FORM, IMPORT_RECORD, IMPORT_VERSION, Answer, ordered, study_files
from signbench.study.sheets.files import SheetFile
from signbench.study.sheets.mapping import read_files, read_mapped
from signbench.study.sheets.reading import ReadSheet, SheetAnswer
from signbench.study.sheets.submissions import check_consistent, one_group, one_per_clip, shared_numbers, since_first
from signbench.study.sheets.unanswered import ANSWERED_NOTHING, resolve_missing
from signbench.whole_files import write_atomically
from signbench.whole_folders import whole_folder

SHARED_NUMBERS = "numbers of participants used in several sheets, counted as the same people (else set 'rater_ids: sheet')"


@dataclass(frozen=True)
class Imported:
    """The outcome of an import.

    Attributes:
        folder: of the study.
        counts: of answers, raters, clips, signs, packs, replaced answers (by another submission), and raters without any answer.
        notes: sentences for the person who imports.
        repeated: whether the folder already contained the same import, so that nothing was written.
    """

    folder: Path
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    repeated: bool


def import_study(
    paths: Sequence[Path], settings: StudySettings, out: Path, *, key: Path | None = None, replace: bool = False
) -> Imported:
    """Imports all sheets of a study, or fails without writing anything.

    Args:
        paths: of the sheets.
        settings: the mapping of the sheets, and how answers are judged.
        out: the study's folder.
        key: a new file outside of it for the names behind the pseudonyms; None: the names are not stored.
        replace: move another import in ``out`` to ``<name>.old-N``.

    Raises:
        InputError: a sheet does not fit the mapping (names sheet, row and column), a participant answered twice, the accepted
            answers contradict each other, or the folder or the key file cannot be written.
    """
    files = read_files(paths)
    digest = _import_digest(files, settings)
    if key is not None:
        privacy.check_key_file(key, out)
    old = _earlier_import(out, digest, replace=replace)
    if old is not None:
        if key is not None:
            raise InputError(
                f"{out} already contains this import, and a key file is only written during an import; "
                "repeat it with `replace=True`."
            )
        return Imported(out, old["counts"], tuple(old["notes"]), repeated=True)
    Normaliser(settings)  # finds contradicting accepted answers before anything is written
    sheets = read_mapped(files, settings)
    given = [answer for sheet in sheets.values() for answer in sheet.answers]
    check_consistent(given, sheets)
    seconds = since_first(given)
    groups = one_group(given)
    chosen, replaced = one_per_clip(given, sheets, settings)
    kept, counted = resolve_missing(chosen, sheets, settings)
    secret = privacy.new_secret()
    raters = privacy.pseudonyms(_contents(kept, seconds, groups), secret)
    answers = ordered(
        [
            Answer(
                rater=raters[answer.identity],
                clip=answer.shown.clip,
                sign=answer.shown.sign,
                pack=answer.shown.pack or "",
                text=answer.text,
                order=answer.order,
                seconds=seconds.get(answer),
                group=groups.get(answer.identity),
            )
            for answer in kept
        ]
    )
    if replaced:
        counted[f"repeated answers, left out because only the {settings.resubmissions} one counts"] = replaced
    if shared := shared_numbers(given, sheets):
        counted[SHARED_NUMBERS] = shared
    notes = [*_notes(sheets), *(f"{note}: {count:,}." for note, count in counted.items())]
    counts = {"answers": len(answers)}
    counts |= {f"{name}s": len({getattr(answer, name) for answer in answers}) for name in ("rater", "clip", "sign", "pack")}
    counts |= {"replaced": replaced, "answered_nothing": counted.get(ANSWERED_NOTHING, 0)}
    record: dict[str, Any] = {
        "import_version": IMPORT_VERSION,
        "import_sha256": digest,
        "files": sorted(file.sha256 for file in files),
        "sheets": _tables(sheets),
        "counts": counts,
        "notes": notes,
        "versions": {"signbench": package_version("signbench"), "openpyxl": package_version("openpyxl")},
    }
    with whole_folder(out, move_aside=replace) as begun:
        for name, content in study_files(answers, settings, record).items():
            write_atomically(begun / name, content)
        if key is not None:
            privacy.write_key(key, secret, {raters[identity]: identity for identity in raters})
    read_as = [f"{sheet.columns.sheet.label}: read as {sheet.columns.sheet.taken}." for sheet in sheets.values()]
    remarks = [remark for sheet in sheets.values() for remark in sheet.remarks]
    return Imported(out, counts, (*read_as, *notes, *remarks), repeated=False)


def _contents(
    kept: Sequence[SheetAnswer], seconds: Mapping[SheetAnswer, float], groups: Mapping[str, str]
) -> dict[str, list[tuple[str, ...]]]:
    """Identity of each participant -> the rows of their answers in the table, without the pseudonym."""
    contents: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for answer in kept:
        shown = answer.shown
        row = (shown.pack, shown.clip, shown.sign, answer.text, answer.order, seconds.get(answer), groups.get(answer.identity))
        contents[answer.identity].append(tuple(map(repr, row)))
    return contents


def _notes(sheets: Mapping[int, ReadSheet]) -> list[str]:
    """The notes of all sheets, summed over the sheets of one mapping, because the names of single files may contain names."""
    together: dict[tuple[str, str], int] = {}
    for sheet in sheets.values():
        for note, count in sheet.notes.items():
            key = (_label(sheet), note)
            together[key] = together.get(key, 0) + count
    return [f"{label}: {note}: {count:,}." for (label, note), count in together.items()]


def _label(sheet: ReadSheet) -> str:
    table = sheet.columns.sheet
    if not sheet.mapping.is_pattern:
        return table.label
    return sheet.mapping.file if table.sheet is None else f"{sheet.mapping.file}, sheet {table.sheet!r}"


def _tables(sheets: Mapping[int, ReadSheet]) -> list[dict[str, Any]]:
    """How the sheets were read; sheets of one pattern are counted without their file names."""
    counts = Counter(
        (sheet.mapping.file if sheet.mapping.is_pattern else table.file, table.sheet, table.taken)
        for sheet in sheets.values()
        for table in [sheet.columns.sheet]
    )
    return [{"file": file, "sheet": title, "taken": taken, "sheets": count} for (file, title, taken), count in counts.items()]


def _import_digest(files: Sequence[SheetFile], settings: StudySettings) -> str:
    content = [sorted(file.sha256 for file in files), settings.model_dump(mode="json"), IMPORT_VERSION]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _earlier_import(out: Path, digest: str, *, replace: bool) -> dict[str, Any] | None:
    """The record of the same import in a folder, or None if a new one can be written there.

    Raises:
        InputError: the folder contains another import or other files, or is a file.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; choose an output folder.")
    if not out.is_dir() or not any(out.iterdir()):
        return None
    path = out / IMPORT_RECORD
    if not path.is_file():
        raise InputError(f"{out} is neither empty nor a study; choose an empty or new output folder.")
    if replace:
        return None
    try:
        old = IMPORT_FORM.read(path)
        same = old["import_sha256"] == digest
    except (InputError, KeyError) as error:
        raise InputError(
            f"{path} cannot be read; choose another output folder, or use `replace=True` to move that folder aside."
        ) from error
    if not same:
        raise InputError(
            f"{out} contains an import of other sheets or with another mapping; choose another output folder, or use "
            "`replace=True` to move it aside."
        )
    return old

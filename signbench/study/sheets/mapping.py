"""Matches files and sheets with the parts of the mapping that describe them."""

from __future__ import annotations

import fnmatch
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from signbench.errors import InputError, listing, nearest
from signbench.study.settings import IgnoredSheet, LongSheet, SheetMapping, StudySettings, WideSheet
from signbench.study.sheets.files import Sheet, SheetFile, read_file
from signbench.study.sheets.reading import ReadSheet, read_sheet


def read_files(paths: Sequence[Path]) -> list[SheetFile]:
    """Reads files with sheets, sorted by label.

    The label of a file is its name; files with the same name, as participants return them, also have parts of their folder.

    Raises:
        InputError: a file cannot be read, or is given twice.
    """
    files = [read_file(path) for path in paths]
    for path, times in Counter(path.resolve() for path in paths).items():
        if times > 1:
            raise InputError(f"{path} is given twice; give each file once.")
    labels = _labels([file.path.resolve() for file in files])
    return sorted((replace(file, label=label) for file, label in zip(files, labels, strict=True)), key=lambda file: file.label)


def read_mapped(files: Sequence[SheetFile], settings: StudySettings) -> dict[int, ReadSheet]:
    """Reads every sheet according to its mapping.

    Args:
        files: all files of the study.
        settings: with the mapping of each sheet.

    Returns:
        Number of the sheet, from 0, in the order of the mapping and then of the files' labels -> its answers.

    Raises:
        InputError: a file or sheet has no mapping, a mapping has no file or sheet, or a sheet does not fit its mapping.
    """
    wanted = _wanted(files, settings)
    found: list[tuple[int, str, Sheet, WideSheet | LongSheet]] = []
    known: dict[str, SheetFile] = {}
    for file in files:
        mappings = wanted[file.path]
        texts = [item for _, item in mappings if not isinstance(item, IgnoredSheet)]
        twin = known.setdefault(file.sha256, file)
        if twin is not file:
            if mappings != wanted[twin.path] or any(item.rater is None or item.rater_ids == "sheet" for item in texts):
                raise InputError(f"{twin.path} and {file.path} have the same content; give each file once.")
            continue  # copies of a sheet that nobody filled in, or one file under two names: the second adds nothing
        if not mappings and any(other.sha256 == file.sha256 and other is not file for other in files):
            raise InputError(f"{file.path} and another file have the same content; give each file once.")
        if not mappings:
            raise InputError(f"{file.name} is not in the mapping. {nearest(file.name, [item.file for item in settings.sheets])}")
        first = texts[0] if texts else None
        sheets = file.sheets(encoding=first.encoding, delimiter=first.delimiter) if first is not None else file.sheets()
        unmapped = list(sheets)
        for number, mapping in mappings:
            sheet = _sheet_of(mapping.sheet, sheets, file.name)
            if sheet not in unmapped:
                raise InputError(f"{sheet.label} is in the mapping twice; keep one.")
            unmapped.remove(sheet)
            if not isinstance(mapping, IgnoredSheet):
                found.append((number, file.name, sheet, mapping))
        if unmapped:
            raise InputError(
                f"{unmapped[0].label} is not in the mapping; add it, or ignore it with "
                "'- {file: ..., sheet: ..., layout: ignored}'."
            )
    if not found:
        raise InputError("the mapping ignores every sheet; map at least one as wide or long.")
    found.sort(key=lambda item: item[:2])
    return {number: read_sheet(sheet, mapping, number, settings) for number, (_, _, sheet, mapping) in enumerate(found)}


def _labels(paths: Sequence[Path]) -> list[str]:
    """For each path, its shortest ending that no other path has."""
    labels = []
    for path in paths:
        others = [other for other in paths if other != path]
        length = next(
            (
                length
                for length in range(1, len(path.parts))
                if all(other.parts[-length:] != path.parts[-length:] for other in others)
            ),
            len(path.parts),
        )
        labels.append("/".join(path.parts[-length:]))
    return labels


def _wanted(files: Sequence[SheetFile], settings: StudySettings) -> dict[Path, list[tuple[int, SheetMapping]]]:
    """The mappings of each file: those that name it, otherwise those whose pattern it matches.

    Raises:
        InputError: a mapping matches no file, or a file matches two patterns.
    """
    wanted: dict[Path, list[tuple[int, SheetMapping]]] = {file.path: [] for file in files}
    patterns = []
    for number, mapping in enumerate(settings.sheets):
        named = _named(mapping.file, files)
        if named is not None:
            wanted[named.path].append((number, mapping))
        else:
            patterns.append((number, mapping))
    free = [file for file in files if not wanted[file.path]]
    for number, mapping in patterns:
        fitting = [file for file in free if _fits(file.path.name, mapping.file)]
        if not fitting:
            raise InputError(
                f"the mapping names the file {mapping.file!r}, which was not given. "
                f"{nearest(mapping.file, [file.path.name for file in files])}"
            )
        for file in fitting:
            others = {item.file for _, item in wanted[file.path]} - {mapping.file}
            if others:
                raise InputError(
                    f"{file.name} matches both {sorted(others)[0]!r} and {mapping.file!r} in the mapping; change the patterns so "
                    "that only one matches."
                )
            wanted[file.path].append((number, mapping))
    return wanted


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(unicodedata.normalize("NFC", name), unicodedata.normalize("NFC", pattern))


def _named(name: str, files: Sequence[SheetFile]) -> SheetFile | None:
    """The file with this label, name, or name without suffix; None if there is none.

    Raises:
        InputError: several files have this name.
    """
    for same in (
        [file for file in files if name == file.label],
        [file for file in files if name == file.path.name],
        [file for file in files if name == file.path.stem],
    ):
        if len(same) == 1:
            return same[0]
        if same:
            both = " and ".join(file.name for file in same[:2])
            raise InputError(
                f"the file {name!r} of the mapping may be {both}; give only one of them, or use a pattern such as {name + '*'!r}."
            )
    return None


def _sheet_of(name: str | None, sheets: Sequence[Sheet], file: str) -> Sheet:
    if name is None:
        if len(sheets) > 1:
            titles = listing([repr(sheet.sheet) for sheet in sheets])
            raise InputError(f"{file} has several sheets ({titles}); add 'sheet:' to the mapping of each.")
        return sheets[0]
    found = [sheet for sheet in sheets if sheet.sheet == name]
    if not found:
        raise InputError(f"{file} has no sheet {name!r}, or it is empty. {nearest(name, [sheet.sheet or '' for sheet in sheets])}")
    return found[0]

"""Which file and sheet each part of the mapping means."""

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
    """Reads the sheets' files, in the order of their names.

    Files of one name, as participants hand them in, are told apart by their folders.

    Raises:
        InputError: one cannot be read, or is given twice.
    """
    files = [read_file(path) for path in paths]
    for path, times in Counter(path.resolve() for path in paths).items():
        if times > 1:
            raise InputError(f"{path} is given twice; give each sheet once.")
    labels = _labels([file.path.resolve() for file in files])
    return sorted((replace(file, label=label) for file, label in zip(files, labels, strict=True)), key=lambda file: file.label)


def read_mapped(files: Sequence[SheetFile], settings: StudySettings) -> dict[int, ReadSheet]:
    """Reads every sheet as its mapping says.

    Args:
        files: all that were given.
        settings: the mapping of each.

    Returns:
        Number of the sheet, from 0, in the order of the mapping and then of the files' names -> what it gave.

    Raises:
        InputError: a file or a sheet without a mapping, a mapping without a file or sheet, or a sheet that does not fit its own.
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
                raise InputError(f"{twin.path} and {file.path} have the same content; give each sheet once.")
            continue  # copies of a sheet that nobody filled in, or one file under two names: one says all that the other does
        if not mappings and any(other.sha256 == file.sha256 and other is not file for other in files):
            raise InputError(f"{file.path} and another file have the same content; give each sheet once.")
        if not mappings:
            raise InputError(
                f"{file.name}: the mapping has no sheet of this file. {nearest(file.name, [item.file for item in settings.sheets])}"
            )
        first = texts[0] if texts else None
        sheets = file.sheets(first.encoding, first.delimiter) if first is not None else file.sheets()
        unmapped = list(sheets)
        for number, mapping in mappings:
            sheet = _sheet_of(mapping.sheet, sheets, file.name)
            if sheet not in unmapped:
                raise InputError(f"{sheet.label}: the mapping names this sheet twice; keep one.")
            unmapped.remove(sheet)
            if not isinstance(mapping, IgnoredSheet):
                found.append((number, file.name, sheet, mapping))
        if unmapped:
            raise InputError(
                f"{unmapped[0].label} is not in the mapping; add it there, or leave it out with "
                "'- {file: ..., sheet: ..., layout: ignored}'."
            )
    if not found:
        raise InputError("The mapping leaves out every sheet; map at least one as wide or long.")
    found.sort(key=lambda item: item[:2])
    return {number: read_sheet(sheet, mapping, number, settings) for number, (_, _, sheet, mapping) in enumerate(found)}


def _labels(paths: Sequence[Path]) -> list[str]:
    """The shortest ends of paths that differ."""
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
    """The mappings of each file: those that name it, else those whose pattern it fits.

    Raises:
        InputError: a mapping without a file, or a file that fits two patterns.
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
                    f"{file.name} fits the mapping's files {sorted(others)[0]!r} and {mapping.file!r}; write patterns of which it "
                    "fits one."
                )
            wanted[file.path].append((number, mapping))
    return wanted


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(unicodedata.normalize("NFC", name), unicodedata.normalize("NFC", pattern))


def _named(name: str, files: Sequence[SheetFile]) -> SheetFile | None:
    """The file that a mapping means by its name, label, or name without suffix."""
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
                f"the mapping's file {name!r} may be {both}; give one of them, or write a pattern such as {name + '*'!r}."
            )
    return None


def _sheet_of(name: str | None, sheets: Sequence[Sheet], file: str) -> Sheet:
    if name is None:
        if len(sheets) > 1:
            titles = listing([repr(sheet.sheet) for sheet in sheets])
            raise InputError(f"{file} has several sheets ({titles}); write 'sheet:' in the mapping of each.")
        return sheets[0]
    found = [sheet for sheet in sheets if sheet.sheet == name]
    if not found:
        raise InputError(
            f"{file} has no sheet {name!r} with anything in it. {nearest(name, [sheet.sheet or '' for sheet in sheets])}"
        )
    return found[0]

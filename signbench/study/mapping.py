"""Which file and sheet each part of the mapping means."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from signbench.errors import InputError, listing, nearest
from signbench.study.reading import ReadSheet, read_sheet
from signbench.study.settings import IgnoredSheet, SheetMapping, StudySettings
from signbench.study.sheets import Sheet, SheetFile, read_file


def read_files(paths: Sequence[Path]) -> list[SheetFile]:
    """Reads the sheets' files.

    Raises:
        InputError: one cannot be read, or two are the same or have one name.
    """
    files = [read_file(path) for path in paths]
    for kind, seen in (("name", [file.path.name for file in files]), ("content", [file.sha256 for file in files])):
        for value, times in Counter(seen).items():
            if times > 1:
                same = [str(file.path) for file, own in zip(files, seen, strict=True) if own == value]
                raise InputError(f"{' and '.join(same[:2])} have the same {kind}; give each sheet once, under its own name.")
    return files


def read_mapped(files: Sequence[SheetFile], settings: StudySettings) -> dict[int, ReadSheet]:
    """Reads every sheet as its mapping says.

    Args:
        files: all that were given.
        settings: the mapping of each.

    Returns:
        Number of the sheet in the mapping, from 0 -> what it gave.

    Raises:
        InputError: a file or a sheet without a mapping, a mapping without a file or sheet, or a sheet that does not fit its own.
    """
    wanted: dict[str, list[tuple[int, SheetMapping]]] = defaultdict(list)
    for number, mapping in enumerate(settings.sheets):
        wanted[_file_of(mapping.file, files).path.name].append((number, mapping))
    read: dict[int, ReadSheet] = {}
    for file in files:
        name = file.path.name
        mappings = wanted.get(name, [])
        if not mappings:
            raise InputError(
                f"{name}: the mapping has no sheet of this file. {nearest(name, [item.file for item in settings.sheets])}"
            )
        texts = [item for _, item in mappings if not isinstance(item, IgnoredSheet)]
        first = texts[0] if texts else None
        found = file.sheets(first.encoding, first.delimiter) if first is not None else file.sheets()
        unmapped = list(found)
        for number, mapping in mappings:
            sheet = _sheet_of(mapping.sheet, found, name)
            if sheet not in unmapped:
                raise InputError(f"{sheet.label}: the mapping names this sheet twice; keep one.")
            unmapped.remove(sheet)
            if not isinstance(mapping, IgnoredSheet):
                read[number] = read_sheet(sheet, mapping, number, settings)
        if unmapped:
            raise InputError(
                f"{unmapped[0].label} is not in the mapping; add it there, or leave it out with "
                "'- {file: ..., sheet: ..., layout: ignored}'."
            )
    if not read:
        raise InputError("The mapping leaves out every sheet; map at least one as wide or long.")
    return dict(sorted(read.items()))


def _file_of(name: str, files: Sequence[SheetFile]) -> SheetFile:
    names = [file.path.name for file in files]
    if name in names:
        return files[names.index(name)]
    by_stem = [file for file in files if file.path.stem == name]
    if len(by_stem) == 1:
        return by_stem[0]
    if by_stem:
        both = " and ".join(file.path.name for file in by_stem)
        raise InputError(f"the mapping's file {name!r} may be {both}; give one of them.")
    raise InputError(f"the mapping names the file {name!r}, which was not given. {nearest(name, names)}")


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

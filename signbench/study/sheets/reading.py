"""Reads the answers of a mapped sheet, together with who gave them; errors name the cell that does not fit the mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from signbench.errors import InputError, nearest
from signbench.study.settings import LongSheet, ShownClip, StudySettings, WideSheet
from signbench.study.sheets import times
from signbench.study.sheets.columns import Columns
from signbench.study.sheets.damage import check_letters
from signbench.study.sheets.files import Sheet
from signbench.study.sheets.survey_forms import folded
from signbench.study.sheets.workbooks import Mark

_KINDS: Mapping[Mark, str] = {
    "formula": "formulas without a stored value, kept as text",
    "value": "formulas, replaced by their stored values",
    "date": "dates of the spreadsheet program instead of what was typed",
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SheetAnswer:
    """An answer in a sheet.

    Attributes:
        identity: identifies the rater; discarded at the end of the import.
        sheet: number of the sheet, in the order of the mapping and of the files' labels.
        row: number of the row.
        column: index of the column of the answer.
        shown: the clip, its sign and its pack.
        text: the answer; empty if there is none.
        order: position in the rater's order of presentation, or None.
        group: the rater's group, or None.
        time: seconds since an arbitrary origin, or None.
        own_time: whether the time belongs to this answer, and not to a whole form.
        timeline: number of the sheet whose times share an origin; None if times are points in time.
    """

    identity: str
    sheet: int
    row: int
    column: int
    shown: ShownClip
    text: str
    order: int | None
    group: str | None
    time: float | None
    own_time: bool
    timeline: int | None


@dataclass(frozen=True, kw_only=True)
class ReadSheet:
    """The content of one sheet.

    Attributes:
        columns: the sheet and its header.
        mapping: of its columns.
        answers: in the order of its rows.
        clips: every clip that was shown according to the sheet or its mapping, with sign and pack.
        notes: what was counted -> how often; kept with the study.
        remarks: sentences for the person who imports, with cells of the sheet; not kept.
    """

    columns: Columns
    mapping: WideSheet | LongSheet
    answers: list[SheetAnswer]
    clips: list[ShownClip]
    notes: dict[str, int]
    remarks: list[str]


def read_sheet(sheet: Sheet, mapping: WideSheet | LongSheet, number: int, settings: StudySettings) -> ReadSheet:
    """Reads one sheet according to its mapping.

    Args:
        sheet: the cells.
        mapping: of its columns.
        number: of the sheet among all.
        settings: of the study, which list its signs.

    Raises:
        InputError: the sheet does not fit its mapping; names the sheet, row and column.
    """
    columns = Columns(sheet, header_row=mapping.header_row, first_row=mapping.first_row)
    notes = {
        "additional header rows, left out": columns.second_headers,
        "empty rows, left out": columns.empty_rows,
        "rows left out by leave_out_rows and keep_rows": columns.choose_rows(mapping.leave_out_rows, mapping.keep_rows),
    }
    if isinstance(mapping, WideSheet):
        answers, clips = _read_wide(columns, mapping, number, settings)
    else:
        answers, clips = _read_long(columns, mapping, number, settings)
    remarks = []
    for mark, kind in _KINDS.items():
        marked = [given for given in answers if sheet.marks.get((given.row, given.column + 1)) == mark]
        notes[f"answers that are {kind}"] = len(marked)
        if marked:
            remarks.append(f"the first of the answers that are {kind}: {columns.where(marked[0].column, marked[0].row)}.")
    return ReadSheet(
        columns=columns,
        mapping=mapping,
        answers=answers,
        clips=clips,
        notes={note: count for note, count in notes.items() if count},
        remarks=remarks,
    )


def identity_of(cell: str) -> str:
    """What identifies a rater: the cell without differences in case, spaces and Unicode form."""
    return folded(cell)


def _read_wide(
    columns: Columns, mapping: WideSheet, number: int, settings: StudySettings
) -> tuple[list[SheetAnswer], list[ShownClip]]:
    shown = {columns.find(name, "clips"): clip for name, clip in mapping.clips.items()}
    packs = {index: _pack(clip.pack or mapping.pack, columns, index) for index, clip in shown.items()}
    for index, clip in shown.items():
        _check_sign(clip.sign, settings.signs, columns.where(index))
    seen: dict[tuple[str, str], int] = {}
    for index, clip in shown.items():
        other = seen.setdefault((clip.clip, packs[index]), index)
        if other != index:
            raise InputError(f"{columns.where(other)} and {columns.where(index)} are both mapped to clip {clip.clip}; keep one.")
    rater, group, time = _who_and_when(columns, mapping)
    columns.leave_out(mapping.ignored)
    columns.check_all_used()
    columns.check_no_formulas((rater, group, time))
    check_letters(columns, [*shown, *_known(rater, group)], shown, question_marks=settings.question_marks == "damage")
    clips = {index: ShownClip(clip=clip.clip, sign=clip.sign, pack=packs[index]) for index, clip in shown.items()}
    answers: list[SheetAnswer] = []
    sent = _sent(columns, mapping, rater, time, settings)
    for (row, cells), moment in zip(columns.rows, sent, strict=True):
        identity = _identity(columns, mapping, rater, row, cells)
        found = cells[group].strip() if group is not None else ""
        for index, clip in clips.items():
            answers.append(
                SheetAnswer(
                    identity=identity,
                    sheet=number,
                    row=row,
                    column=index,
                    shown=clip,
                    text=cells[index],
                    order=None,
                    group=found or None,
                    time=moment,
                    own_time=False,
                    timeline=None,
                )
            )
    return answers, list(clips.values())


def _read_long(
    columns: Columns, mapping: LongSheet, number: int, settings: StudySettings
) -> tuple[list[SheetAnswer], list[ShownClip]]:
    at_clip, at_answer = columns.find(mapping.clip, "clip"), columns.find(mapping.answer, "answer")
    at_sign = columns.find_optional(mapping.sign, "sign")
    at_pack = columns.find_optional(mapping.pack_column, "pack_column")
    at_order = columns.find_optional(mapping.order, "order")
    rater, group, time = _who_and_when(columns, mapping)
    columns.leave_out(mapping.ignored)
    columns.check_all_used()
    columns.check_no_formulas((rater, group, time, at_clip, at_sign, at_pack, at_order))
    used = _known(rater, group, at_clip, at_sign, at_pack, at_answer)
    check_letters(columns, used, [at_answer], question_marks=settings.question_marks == "damage")
    moments: list[float | None] = [None] * len(columns.rows)
    clock = True
    if time is not None:
        texts = [cells[time] for _, cells in columns.rows]
        moments, clock = times.seconds(texts, lambda index: columns.where(time, columns.rows[index][0]), mapping.time_format)
    known: dict[tuple[str, str, str], ShownClip] = {}
    answers: list[SheetAnswer] = []
    for (row, cells), moment in zip(columns.rows, moments, strict=True):
        name = _filled(columns, at_clip, row, cells)
        sign = _filled(columns, at_sign, row, cells) if at_sign is not None else ""
        pack = _filled(columns, at_pack, row, cells) if at_pack is not None else ""
        shown = known.get((name, sign, pack))
        if shown is None:
            if mapping.clips and name not in mapping.clips:
                raise InputError(
                    f"{columns.where(at_clip, row)}: clip {name!r} is not in the mapping. {nearest(name, mapping.clips)}"
                )
            meant = mapping.clips[name] if mapping.clips else ShownClip(clip=name, sign=sign)
            _check_sign(meant.sign, settings.signs, columns.where(at_clip if at_sign is None else at_sign, row))
            pack_name = _pack(pack or meant.pack or mapping.pack, columns, at_clip)
            shown = known[name, sign, pack] = ShownClip(clip=meant.clip, sign=meant.sign, pack=pack_name)
        identity = _identity(columns, mapping, rater, row, cells)
        order = _order(columns, at_order, row, cells) if at_order is not None else None
        found = cells[group].strip() if group is not None else ""
        answers.append(
            SheetAnswer(
                identity=identity,
                sheet=number,
                row=row,
                column=at_answer,
                shown=shown,
                text=cells[at_answer],
                order=order,
                group=found or None,
                time=moment,
                own_time=True,
                timeline=None if clock else number,
            )
        )
    own_pack = mapping.pack if at_pack is None else None
    named = [clip.model_copy(update={"pack": clip.pack or own_pack}) for clip in mapping.clips.values()]
    return answers, [*known.values(), *(clip for clip in named if clip.pack is not None)]


def _known(*indices: int | None) -> list[int]:
    return [index for index in indices if index is not None]


def _who_and_when(columns: Columns, mapping: WideSheet | LongSheet) -> tuple[int | None, int | None, int | None]:
    return (
        columns.find_optional(mapping.rater, "rater"),
        columns.find_optional(mapping.group, "group"),
        columns.find_optional(mapping.time, "time"),
    )


def _sent(
    columns: Columns, mapping: WideSheet, rater: int | None, time: int | None, settings: StudySettings
) -> Sequence[float | None]:
    """When each form was sent, to choose between two forms of one participant; not read if there cannot be two."""
    nothing = [None] * len(columns.rows)
    if time is None or rater is None or settings.resubmissions == "refuse":
        return nothing
    identities = [identity_of(cells[rater]) for _, cells in columns.rows]
    alone = len(settings.sheets) == 1 and not mapping.is_pattern
    if alone and len(set(identities)) == len(identities):
        return nothing
    texts = [cells[time] for _, cells in columns.rows]
    return times.seconds(texts, lambda index: columns.where(time, columns.rows[index][0]), mapping.time_format)[0]


def _identity(columns: Columns, mapping: WideSheet | LongSheet, rater: int | None, row: int, cells: Sequence[str]) -> str:
    if rater is None:
        return f"{columns.sheet.label}, row {row}"
    identity = identity_of(cells[rater])
    if not identity:
        raise InputError(
            f"{columns.where(rater, row)} does not name a participant; fill in the cell (also where cells were merged), or delete "
            "the row."
        )
    return identity if mapping.rater_ids == "study" else f"{columns.sheet.label}: {identity}"


def _filled(columns: Columns, index: int, row: int, cells: Sequence[str]) -> str:
    text = cells[index].strip()
    if not text:
        raise InputError(
            f"{columns.where(index, row)} ({columns.names[index]}) is empty; fill in the cell (also where cells were merged)."
        )
    return text


def _order(columns: Columns, index: int, row: int, cells: Sequence[str]) -> int | None:
    text = cells[index].strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) < 10**9):
        raise InputError(f"{columns.where(index, row)}: the order {text[:40]!r} is not a whole number from 1; correct it.")
    return int(text)


def _pack(name: str | None, columns: Columns, index: int) -> str:
    if name is None:
        raise InputError(f"{columns.where(index)}: the mapping does not name the pack; add 'pack:' to the sheet or the clip.")
    return name


def _check_sign(sign: str, signs: Mapping[str, object], where: str) -> None:
    if sign not in signs:
        raise InputError(
            f"{where}: the sign {sign!r} has no accepted answers; add it under signs in the mapping. {nearest(sign, signs)}"
        )

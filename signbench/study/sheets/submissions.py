"""Consistency of the answers across sheets, and the choice between repeated answers of a participant."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from signbench.errors import InputError
from signbench.study.settings import StudySettings
from signbench.study.sheets.reading import ReadSheet, SheetAnswer
from signbench.study.sheets.survey_forms import folded
from signbench.study.sheets.unanswered import has_visible_text


def check_consistent(given: Sequence[SheetAnswer], sheets: Mapping[int, ReadSheet]) -> None:
    """Refuses a clip with two signs, and a rater with two groups.

    Args:
        given: the answers of all sheets.
        sheets: the sheets by their number.

    Raises:
        InputError: names both cells.
    """
    signs: dict[str, SheetAnswer] = {}
    groups: dict[str, SheetAnswer] = {}
    for answer in given:
        other = signs.setdefault(answer.shown.clip, answer)
        if other.shown.sign != answer.shown.sign:
            raise InputError(
                f"{_where(answer, sheets)}: clip {answer.shown.clip} shows the sign {answer.shown.sign!r}, but "
                f"{other.shown.sign!r} in {_where(other, sheets)}; correct one."
            )
        if answer.group is None:
            continue
        other = groups.setdefault(answer.identity, answer)
        if folded(other.group or "") != folded(answer.group):
            raise InputError(
                f"{_row(answer, sheets)}: the participant's group is {answer.group!r}, but {other.group!r} in "
                f"{_row(other, sheets)}; correct one."
            )


def one_per_clip(
    given: Sequence[SheetAnswer], sheets: Mapping[int, ReadSheet], settings: StudySettings
) -> tuple[list[SheetAnswer], int]:
    """Chooses one answer of each rater to each clip of each pack.

    The first or last by time if all of them have one, otherwise by sheet and row. An empty cell is not a second answer, and the
    same words in several copies of one sheet are one answer.

    Args:
        given: the answers of all sheets.
        sheets: the sheets by their number.
        settings: ``resubmissions``.

    Returns:
        One answer for each rater, clip and pack; and how many other answers that are not empty were left out.

    Raises:
        InputError: the settings refuse repeated answers, or it is unknown which came first; names both cells.
    """
    same: dict[tuple[str, str, str | None], list[SheetAnswer]] = defaultdict(list)
    for answer in given:
        same[answer.identity, answer.shown.clip, answer.shown.pack].append(answer)
    several = [_different(answers) for answers in same.values()]
    repeated = [answers for answers in several if len(answers) > 1]
    if repeated and settings.resubmissions == "refuse":
        first, second = repeated[0][:2]
        raters = len({answers[0].identity for answers in repeated})
        own = " (or 'rater_ids: sheet', if each sheet numbers its own participants)" if first.sheet != second.sheet else ""
        raise InputError(
            f"{_where(first, sheets)} and {_where(second, sheets)} are two answers of one participant to clip {first.shown.clip}; "
            f"{raters} participant{'s' if raters > 1 else ''} answered twice. Add 'resubmissions: first' or 'resubmissions: last' "
            f"to the mapping{own}, or correct the sheet."
        )
    kept = []
    for answers in several:
        timed = all(answer.time is not None and answer.timeline is None for answer in answers)
        if len(answers) > 1 and not timed:
            _check_order_is_known(answers, sheets)
        line = sorted(answers, key=lambda answer: ((answer.time or 0.0) if timed else 0.0, answer.sheet, answer.row))
        kept.append(line[0 if settings.resubmissions == "first" else -1])
    return kept, sum(len(answers) - 1 for answers in several)


def _different(answers: Sequence[SheetAnswer]) -> list[SheetAnswer]:
    """The answers that are not empty, without those repeated in copies of one sheet; one empty answer if all are empty."""
    written = [answer for answer in answers if has_visible_text(answer.text)]
    if not written:
        return [min(answers, key=lambda empty: (empty.order is None, empty.order or 0, empty.time is None, empty.time or 0.0))]
    found: list[SheetAnswer] = []
    for answer in written:
        if not any(answer.text.strip() == other.text.strip() and answer.sheet != other.sheet for other in found):
            found.append(answer)
    return found


def _check_order_is_known(answers: Sequence[SheetAnswer], sheets: Mapping[int, ReadSheet]) -> None:
    """Refuses to choose between files of one pattern, because the order of their names says nothing about time.

    Raises:
        InputError: names both cells.
    """
    for answer, other in itertools.pairwise(answers):
        if answer.sheet != other.sheet and sheets[answer.sheet].mapping is sheets[other.sheet].mapping:
            raise InputError(
                f"{_where(answer, sheets)} and {_where(other, sheets)} are two answers of one participant to clip "
                f"{answer.shown.clip}, and without times it is unknown which came first; keep one."
            )


def one_group(given: Sequence[SheetAnswer]) -> dict[str, str]:
    """Identity of each rater who has a group -> the group, in its most frequent spelling."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for answer in given:
        if answer.group is not None:
            spellings[folded(answer.group)][" ".join(answer.group.split())] += 1
    shown = {group: min(counts, key=lambda spelling: (-counts[spelling], spelling)) for group, counts in spellings.items()}
    return {answer.identity: shown[folded(answer.group)] for answer in given if answer.group is not None}


def shared_numbers(given: Sequence[SheetAnswer], sheets: Mapping[int, ReadSheet]) -> int:
    """How many participants have only a number as their id, used in sheets of several packs, and so may be several people.

    Args:
        given: the answers of all sheets.
        sheets: the sheets by their number.
    """
    used_in: dict[str, set[int]] = defaultdict(set)
    for answer in given:
        if re.fullmatch(r"[a-z]?\W?\d{1,4}", answer.identity) and sheets[answer.sheet].mapping.rater_ids == "study":
            used_in[answer.identity].add(answer.sheet)
    return sum(len({id(sheets[number].mapping) for number in numbers}) > 1 for numbers in used_in.values())


def since_first(given: Sequence[SheetAnswer]) -> dict[SheetAnswer, float]:
    """Seconds from each rater's first answer to each answer that has its own time.

    Durations, whose origin differs between sheets, are compared within a sheet only.
    """
    starts: dict[tuple[str, int | None], float] = {}
    timed = [answer for answer in given if answer.own_time and answer.time is not None]
    for answer in timed:
        line = (answer.identity, answer.timeline)
        starts[line] = min(starts.get(line, answer.time or 0.0), answer.time or 0.0)
    return {answer: round((answer.time or 0.0) - starts[answer.identity, answer.timeline], 3) for answer in timed}


def _where(answer: SheetAnswer, sheets: Mapping[int, ReadSheet]) -> str:
    return sheets[answer.sheet].columns.where(answer.column, answer.row)


def _row(answer: SheetAnswer, sheets: Mapping[int, ReadSheet]) -> str:
    return f"{sheets[answer.sheet].columns.sheet.label}, row {answer.row}"

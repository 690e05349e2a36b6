"""What must hold between the answers of all sheets, and which of a participant's several answers counts."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from signbench.errors import InputError
from signbench.study.settings import StudySettings
from signbench.study.sheets.reading import Given, ReadSheet
from signbench.study.sheets.survey_forms import folded
from signbench.study.sheets.unanswered import is_said


def check_consistent(given: Sequence[Given], sheets: Mapping[int, ReadSheet]) -> None:
    """Refuses a clip with two signs, and a rater with two groups.

    Args:
        given: the answers of all sheets.
        sheets: the sheets by their number.

    Raises:
        InputError: names both places.
    """
    signs: dict[str, Given] = {}
    groups: dict[str, Given] = {}
    for answer in given:
        other = signs.setdefault(answer.shown.clip, answer)
        if other.shown.sign != answer.shown.sign:
            raise InputError(
                f"{_where(answer, sheets)}: clip {answer.shown.clip} shows {answer.shown.sign!r} here and {other.shown.sign!r} in "
                f"{_where(other, sheets)}; a clip has one sign."
            )
        if answer.group is None:
            continue
        other = groups.setdefault(answer.identity, answer)
        if folded(other.group or "") != folded(answer.group):
            raise InputError(
                f"{_row(answer, sheets)}: the participant's group is {answer.group!r} here and {other.group!r} in "
                f"{_row(other, sheets)}; keep one."
            )


def one_per_clip(given: Sequence[Given], sheets: Mapping[int, ReadSheet], settings: StudySettings) -> tuple[list[Given], int]:
    """Of several answers of one rater to one clip of one pack, the one that the settings choose.

    By time where all of them have one, else by their place in the sheets. An empty cell never stands against an answer, and
    the same words in several copies of one sheet are one answer.

    Args:
        given: the answers of all sheets.
        sheets: the sheets by their number.
        settings: ``resubmissions``.

    Returns:
        One answer for each rater, clip and pack; and how many other answers, which say something, were left out for it.

    Raises:
        InputError: the settings choose none, or nothing tells which came first; names both places.
    """
    same: dict[tuple[str, str, str | None], list[Given]] = defaultdict(list)
    for answer in given:
        same[answer.identity, answer.shown.clip, answer.shown.pack].append(answer)
    several = [_different(answers) for answers in same.values()]
    repeated = [answers for answers in several if len(answers) > 1]
    if repeated and settings.resubmissions == "refuse":
        first, second = repeated[0][:2]
        raters = len({answers[0].identity for answers in repeated})
        own = (
            " (or 'rater_ids: sheet' beside the sheets, if each counts its own participants)" if first.sheet != second.sheet else ""
        )
        raise InputError(
            f"{_where(first, sheets)} and {_where(second, sheets)} are two answers of one participant to clip {first.shown.clip}; "
            f"{raters} participant{'s' if raters > 1 else ''} answered twice. Write 'resubmissions: first' or '...: last' "
            f"into the mapping{own}, or correct the sheet."
        )
    kept = []
    for answers in several:
        timed = all(answer.time is not None and answer.timeline is None for answer in answers)
        if len(answers) > 1 and not timed:
            _check_order_is_known(answers, sheets)
        line = sorted(answers, key=lambda answer: ((answer.time or 0.0) if timed else 0.0, answer.sheet, answer.row))
        kept.append(line[0 if settings.resubmissions == "first" else -1])
    return kept, sum(len(answers) - 1 for answers in several)


def _different(answers: Sequence[Given]) -> list[Given]:
    """The answers that say something, those that copies of one sheet share but once; one empty cell where none does."""
    said = [answer for answer in answers if is_said(answer.text)]
    if not said:
        return [min(answers, key=lambda empty: (empty.order is None, empty.order or 0, empty.time is None, empty.time or 0.0))]
    found: list[Given] = []
    for answer in said:
        if not any(answer.text.strip() == other.text.strip() and answer.sheet != other.sheet for other in found):
            found.append(answer)
    return found


def _check_order_is_known(answers: Sequence[Given], sheets: Mapping[int, ReadSheet]) -> None:
    """Refuses to choose between files of one pattern, whose names tell nothing of when they were filled in.

    Raises:
        InputError: names both places.
    """
    for answer, other in itertools.pairwise(answers):
        if answer.sheet != other.sheet and sheets[answer.sheet].mapping is sheets[other.sheet].mapping:
            raise InputError(
                f"{_where(answer, sheets)} and {_where(other, sheets)} are two answers of one participant to clip "
                f"{answer.shown.clip}, and no time tells which came first; keep one."
            )


def one_group(given: Sequence[Given]) -> dict[str, str]:
    """The group of each rater who has one, in the spelling that most answers of that group have."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for answer in given:
        if answer.group is not None:
            spellings[folded(answer.group)][" ".join(answer.group.split())] += 1
    shown = {group: min(counts, key=lambda spelling: (-counts[spelling], spelling)) for group, counts in spellings.items()}
    return {answer.identity: shown[folded(answer.group)] for answer in given if answer.group is not None}


def shared_numbers(given: Sequence[Given], sheets: Mapping[int, ReadSheet]) -> int:
    """How many participants are known by a mere number that stands in sheets of several packs, and may be several people.

    Args:
        given: the answers of all sheets.
        sheets: the sheets by their number.
    """
    places: dict[str, set[int]] = defaultdict(set)
    for answer in given:
        if re.fullmatch(r"[a-z]?\W?\d{1,4}", answer.identity) and sheets[answer.sheet].mapping.rater_ids == "study":
            places[answer.identity].add(answer.sheet)
    return sum(len({id(sheets[number].mapping) for number in numbers}) > 1 for numbers in places.values())


def since_first(given: Sequence[Given]) -> dict[Given, float]:
    """Seconds between each rater's first answer and each answer that has a time of its own.

    Lengths of time, which have a zero of their own in each sheet, are counted within the sheet.
    """
    starts: dict[tuple[str, int | None], float] = {}
    timed = [answer for answer in given if answer.own_time and answer.time is not None]
    for answer in timed:
        line = (answer.identity, answer.timeline)
        starts[line] = min(starts.get(line, answer.time or 0.0), answer.time or 0.0)
    return {answer: round((answer.time or 0.0) - starts[answer.identity, answer.timeline], 3) for answer in timed}


def _where(answer: Given, sheets: Mapping[int, ReadSheet]) -> str:
    return sheets[answer.sheet].columns.where(answer.column, answer.row)


def _row(answer: Given, sheets: Mapping[int, ReadSheet]) -> str:
    return f"{sheets[answer.sheet].columns.sheet.label}, row {answer.row}"

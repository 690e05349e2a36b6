"""What must hold between the answers of all sheets, and which of a participant's several answers counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from signbench.errors import InputError
from signbench.study.reading import Given, ReadSheet
from signbench.study.settings import StudySettings


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
        if other.group != answer.group:
            raise InputError(
                f"{_row(answer, sheets)}: the participant's group is {answer.group!r} here and {other.group!r} in "
                f"{_row(other, sheets)}; keep one."
            )


def one_per_clip(given: Sequence[Given], sheets: Mapping[int, ReadSheet], settings: StudySettings) -> list[Given]:
    """Of several answers of one rater to one clip of one pack, the one that the settings choose.

    By time where all of them have one, else by their place in the sheets.

    Args:
        given: the answers of all sheets.
        sheets: the sheets by their number.
        settings: ``resubmissions``.

    Raises:
        InputError: the settings choose none; names both places.
    """
    same: dict[tuple[str, str, str | None], list[Given]] = defaultdict(list)
    for answer in given:
        same[answer.identity, answer.shown.clip, answer.shown.pack].append(answer)
    repeated = [answers for answers in same.values() if len(answers) > 1]
    if repeated and settings.resubmissions == "refuse":
        first, second = repeated[0][:2]
        raters = len({answers[0].identity for answers in repeated})
        raise InputError(
            f"{_where(first, sheets)} and {_where(second, sheets)} are two answers of one participant to clip {first.shown.clip}; "
            f"{raters} participant{'s' if raters > 1 else ''} answered twice. Write 'resubmissions: first' or '...: last' "
            "into the mapping, or correct the sheet."
        )
    kept = []
    for answers in same.values():
        timed = all(answer.time is not None and answer.timeline is None for answer in answers)
        line = sorted(answers, key=lambda answer: ((answer.time or 0.0) if timed else 0.0, answer.sheet, answer.row))
        kept.append(line[0 if settings.resubmissions == "first" else -1])
    return kept


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

"""Time stamps of sheets. Only differences of times are stored, because a clock time could identify a participant."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from signbench.errors import InputError

Parse = Callable[[str], float | None]

_DATES = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%Y.%m.%d")
_CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S.%f")
_ZONE = re.compile(r"\s*(?:GMT|UTC|Z)\s*(?:([+-])(\d{1,2})(?::?(\d{2}))?)?$")
_MORNING = re.compile(
    "(?<=[\\d\\s])(?:a\\.\\s?m\\.|\u0434\u043f|\u00f6\u00f6|\u0635|\u4e0a\u5348|\u5348\u524d|\uc624\uc804|\u03c0\u03bc)(?!\\w)",
    re.IGNORECASE,
)
_EVENING = re.compile(
    "(?<=[\\d\\s])(?:p\\.\\s?m\\.|\u043f\u043f|\u00f6s|\u0645|\u4e0b\u5348|\u5348\u5f8c|\uc624\ud6c4|\u03bc\u03bc)(?!\\w)",
    re.IGNORECASE,
)
_CLOCK_ALONE = re.compile(r"(\d{1,3}):(\d{2}):(\d{2}(?:\.\d+)?)")
_MILLISECONDS_FROM = 1e11


def seconds(texts: Sequence[str], where: Callable[[int], str], declared: str | None = None) -> tuple[list[float | None], bool]:
    """Converts a column of time stamps, all in the same format, to seconds.

    Supported are ISO 8601, the formats of Google Forms and spreadsheet programs in several languages (also with AM and PM and a
    zone such as GMT+3), seconds or milliseconds since 1970, and durations as hours:minutes:seconds.

    Args:
        texts: cells of one column; empty ones give None.
        where: index in ``texts`` -> the cell in words, for messages.
        declared: the format in the notation of ``strptime``; None: detected.

    Returns:
        Seconds since an arbitrary origin, and whether they are points in time (not durations, whose origin is the sheet's own).

    Raises:
        InputError: a cell has an unknown format, or the cells can be read with the day first and with the month first.
    """
    filled = {text.strip() for text in texts if text.strip()}
    forms = [(declared, True)] if declared else [*((None, clock) for clock in (True, False)), *((form, True) for form in _forms())]
    readings: dict[tuple[float, ...], tuple[dict[str, float], bool]] = {}
    furthest = 0
    for form, clock in forms:
        parse = partial(_strptime, form=form) if form else _iso if clock else _number
        read: dict[str, float] = {}
        for index, text in enumerate(texts):
            value = read.get(text.strip(), parse(text.strip())) if text.strip() else 0.0
            if value is None:
                furthest = max(furthest, index)
                break
            read[text.strip()] = value
        else:
            readings.setdefault(tuple(read[text] for text in sorted(filled)), (read, clock))
    if not readings:
        raise InputError(
            f"{where(furthest)} is a time {f'that does not match {declared}' if declared else 'in an unknown format'}; set "
            "time_format in the mapping, such as '%d.%m.%Y %H:%M:%S', or list the column under ignored."
        )
    if len(readings) > 1:
        first = next(index for index, text in enumerate(texts) if text.strip())
        raise InputError(
            f"{where(first)}: the times can be read with the day first or with the month first; set time_format in the mapping to "
            "'%d/%m/%Y %H:%M:%S' or '%m/%d/%Y %H:%M:%S'."
        )
    read, clock = next(iter(readings.values()))
    return [read[text.strip()] if text.strip() else None for text in texts], clock


def _forms() -> list[str]:
    return [f"{date} {clock}" for date in _DATES for clock in _CLOCKS]


def _strptime(text: str, form: str) -> float | None:
    zone = _ZONE.search(text)
    offset = 0.0
    if zone is not None:
        text = text[: zone.start()]
        sign, hours, minutes = zone.groups()
        offset = (int(hours or 0) * 3600 + int(minutes or 0) * 60) * (-1 if sign == "-" else 1)
    text = _EVENING.sub("PM", _MORNING.sub("AM", text.replace(",", "").replace("\u202f", " ")))
    try:
        return datetime.strptime(" ".join(text.split()), form).replace(tzinfo=UTC).timestamp() - offset
    except ValueError:
        return None


def _iso(text: str) -> float | None:
    if not re.match(r"\d{4}-\d{2}-\d{2}[T ]", text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _number(text: str) -> float | None:
    """Converts seconds, milliseconds since 1970, or hours:minutes:seconds; None for any other text."""
    alone = _CLOCK_ALONE.fullmatch(text)
    if alone is not None:
        return int(alone[1]) * 3600 + int(alone[2]) * 60 + float(alone[3])
    if not re.fullmatch(r"\d+(?:[.,]\d+)?", text):
        return None
    value = float(text.replace(",", "."))
    return value / 1000 if value > _MILLISECONDS_FROM else value

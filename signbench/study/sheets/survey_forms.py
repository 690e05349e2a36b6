"""Additional header rows of survey programs, and their columns that mark unfinished submissions, previews and tests.

Covers Qualtrics, SoSci Survey, LimeSurvey, REDCap, Prolific, SurveyMonkey and Alchemer, with the column names of their exports and
manuals. Google Forms and Microsoft Forms export complete submissions only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

_FALSE = ("false", "0", "no", "falsch", "nein", "faux", "non", "falso", "onwaar", "ложь", "нет", "否")
_UNFINISHED: Mapping[str, tuple[str, ...]] = {
    "finished": _FALSE,
    "abgeschlossen": _FALSE,
    "terminé": _FALSE,
    "finalizado": _FALSE,
    "завершено": _FALSE,
    "distributionchannel": ("preview", "test"),
    "status": (
        *("survey preview", "survey test", "survey preview/spam", "offline survey preview", "spam", "umfragevorschau"),
        *("partial", "incomplete", "in progress", "disqualified", "returned", "timed-out", "timed out", "rejected"),
    ),
    "responsestatus": ("partial", "incomplete", "in progress", "disqualified", "survey preview", "survey test", "spam"),
}
"""Folded column name -> folded cells that mark an unfinished, rejected or test submission, whatever the other columns are."""

_QUALTRICS = frozenset({"responseid", "recordeddate", "distributionchannel", "userlanguage"})
_SOSCI = frozenset({"questnnr", "lastpage", "maxpage", "lastdata"})
_LIMESURVEY = frozenset({"lastpage", "letzteseite", "dernièrepage", "últimapágina", "последняястраница", "sonsayfa", "最后一页"})
_BESIDE: Mapping[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "status": (_QUALTRICS, ("1", "2", "8", "9", "17")),
    "mode": (_SOSCI, ("admin", "debug", "pretest", "test", "preview")),
    "qviewer": (_SOSCI, ("1",)),
    **dict.fromkeys(
        (
            *("submitdate", "datesubmitted", "datumabgeschickt", "dateabgeschickt", "datedesoumission", "fechadeenvío"),
            *("датаотправки", "gönderimtarihi", "提交日期"),
        ),
        (_LIMESURVEY, ("",)),
    ),
}
"""Folded column name -> other columns of the program, one of which must be present, and the cells that mark such a submission."""

_COMPLETE = re.compile(r".+_complete", re.IGNORECASE)
_INCOMPLETE = ("0", "1", "incomplete", "unverified")

_DATES = frozenset({"startdate", "enddate", "recordeddate", "started", "lastdata", "submitdate", "datestamp"})
_IMPORT_ID = re.compile(r"\s*\{\s*['\"]ImportId['\"]\s*:")


def folded(text: str) -> str:
    """A cell without differences in case, spaces and Unicode form."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def folded_name(name: str) -> str:
    """A column's name without differences in case, spaces, punctuation and Unicode form."""
    return re.sub(r"[\W_]+", "", folded(name))


def unfinished_cells(names: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """Finds the columns that mark incomplete submissions.

    Args:
        names: of all columns.

    Returns:
        Index of the column -> cells, :func:`folded`, of rows that are unfinished, rejected, previews or tests.
    """
    keys = [folded_name(name) for name in names]
    found: dict[int, tuple[str, ...]] = {}
    for index, key in enumerate(keys):
        cells = _UNFINISHED.get(key, ())
        beside, more = _BESIDE.get(key, (frozenset(), ()))
        if beside & (set(keys) - {key}):
            cells += more
        if not cells and _COMPLETE.fullmatch(names[index]):
            cells = _INCOMPLETE
        if cells:
            found[index] = cells
    return found


def is_second_header(names: Sequence[str], cells: Sequence[str], *, first_rows: bool) -> bool:
    """Whether a row is an additional header: the questions' texts, Qualtrics' ids, or the column names again.

    Args:
        names: of the columns.
        cells: of the row.
        first_rows: whether the row is directly below the header, where the questions' texts are.
    """
    if any(_IMPORT_ID.match(cell) for cell in cells):
        return True
    filled = [(folded_name(name), cell.strip()) for name, cell in zip(names, cells, strict=False) if cell.strip()]
    dates = [cell for key, cell in filled if key in _DATES]
    if first_rows and len(dates) > 1 and not any(letter.isdigit() for cell in dates for letter in cell):
        return True
    return len(filled) > 1 and all(folded_name(cell) == key for key, cell in filled)

"""Answers of a human study that a bot collects: videos in the participant's order, and the sheet that ``study import`` reads."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from signbench.bot.refusals import RefusedError, cut
from signbench.corpora.clip_ids import check_clip_id
from signbench.errors import InputError
from signbench.spreadsheets import as_written
from signbench.study.planning.packs import SHEET_COLUMNS
from signbench.study.sheets.workbooks import workbook_bytes, workbook_rows
from signbench.whole_files import write_atomically

MOST_LETTERS = 1000
"""The longest answer."""

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no workbook can hold: XML 1.0, section 2.2."""

_PARTICIPANT, _VIDEO, _ANSWER = (SHEET_COLUMNS.index(name) for name in ("participant", "video", "answer"))


@dataclass
class _Sheet:
    """The rows of one participant."""

    path: Path
    pack: str
    rows: list[list[str]] = field(default_factory=list)

    @property
    def next(self) -> int | None:
        """The first row without an answer; None if all have one."""
        return next((number for number, row in enumerate(self.rows) if not row[_ANSWER]), None)

    def answer(self, number: int, text: str) -> None:
        """Puts an answer into a row; if the sheet cannot be written, the row stays as it was."""
        rows = [list(row) for row in self.rows]
        rows[number][_ANSWER] = text
        try:
            # in a workbook an answer is text: no program runs it as a formula, and none changes it
            content = workbook_bytes({self.pack: [list(SHEET_COLUMNS), *rows]})
        except OSError as error:
            raise InputError(f"{self.path} cannot be written: {error.strerror or error}; make room.") from error
        write_atomically(self.path, content)
        self.rows = rows


class StudyAnswers:
    """A study that ``signbench study new`` started, and the sheets with its participants' answers.

    Each answer is on disk before the next video is shown; participants can continue later, also after the bot was stopped.

    Args:
        study: the folder that ``signbench study new`` wrote.
        out: the folder of the filled-in sheets, one for each participant; created if missing.

    Raises:
        InputError: the folder has no sheets or lacks a video, a filled-in sheet is of another study, or openpyxl is not installed.
    """

    def __init__(self, study: Path, out: Path) -> None:
        if find_spec("openpyxl") is None:
            raise InputError("the sheets of a study are workbooks, which need openpyxl; install signbench[rusignbot].")
        blank: dict[str, _Sheet] = {}
        for path in sorted(study.glob("pack-*.csv")):
            for row in _blank(path):
                name = _file_name(row[_PARTICIPANT], path)
                blank.setdefault(name, _Sheet(out / f"{name}.xlsx", path.stem)).rows.append(row)
        if not blank:
            raise InputError(f"{study} has no sheets pack-*.csv; name a folder that signbench study new made.")
        self._videos = {path.stem: path for path in sorted((study / "videos").iterdir())} if (study / "videos").is_dir() else {}
        lacking = sorted({row[_VIDEO] for sheet in blank.values() for row in sheet.rows} - self._videos.keys())
        if lacking:
            raise InputError(f"{study / 'videos'} has no {lacking[0]}, which the sheets name; copy the whole folder again.")
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{out} cannot be created: {error.strerror or error}; choose another `out`.") from error
        self._sheets = blank
        for name, sheet in self._sheets.items():
            if sheet.path.exists():
                self._continue(name, sheet)

    @staticmethod
    def _continue(name: str, sheet: _Sheet) -> None:
        found = _filled(sheet.path)
        if [row[:_ANSWER] for row in found] != [row[:_ANSWER] for row in sheet.rows]:
            raise InputError(f"{sheet.path} has other videos than the study's sheet of {name}; choose another `out`.")
        sheet.rows = found

    @property
    def participants(self) -> tuple[str, ...]:
        """Names of the participants, as in the sheets."""
        return tuple(self._sheets)

    def video(self, participant: str) -> tuple[Path, int, int] | None:
        """The next video of a participant.

        Returns:
            Its file, its number from 1, and how many there are; None if all have an answer.

        Raises:
            RefusedError: there is no such participant.
        """
        sheet = self._sheet(participant)
        number = sheet.next
        return None if number is None else (self._videos[sheet.rows[number][_VIDEO]], number + 1, len(sheet.rows))

    def answer(self, participant: str, text: str) -> None:
        """Records the answer to the video that a participant saw last, as typed; it is on disk afterwards.

        Raises:
            RefusedError: there is no such participant, all videos have an answer, or it is empty, too long or no text.
            InputError: the sheet cannot be written; the answer is then not recorded.
        """
        sheet = self._sheet(participant)
        number = sheet.next
        if number is None:
            raise RefusedError("You have answered all videos. Thank you!")
        if not text.strip():
            raise RefusedError("An answer has at least one letter. If you do not know the sign, write a dash: -")
        if len(text) > MOST_LETTERS:
            raise RefusedError(f"Your answer has {len(text)} letters; please use at most {MOST_LETTERS}.")
        if _NOT_IN_XML.search(text):
            raise RefusedError("Your answer has a character that cannot be recorded; please write it without control characters.")
        sheet.answer(number, text)

    def _sheet(self, participant: str) -> _Sheet:
        if participant not in self._sheets:
            raise RefusedError(f"There is no participant {cut(participant)}. Please write the name that you were given.")
        return self._sheets[participant]


def _file_name(participant: str, path: Path) -> str:
    """A participant's name, which becomes that of a file.

    Raises:
        InputError: it would lead to another folder.
    """
    try:
        check_clip_id(participant)
    except InputError as error:
        raise InputError(f"{path} has the participant {participant!r}, which cannot name a file; copy the study again.") from error
    if "/" in participant:
        raise InputError(f"{path} has the participant {participant!r}, which cannot name a file; copy the study again.")
    return participant


def _blank(path: Path) -> list[list[str]]:
    """The rows of a blank sheet."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    return _of_study([[as_written(cell) for cell in row] for row in rows], path)


def _filled(path: Path) -> list[list[str]]:
    """The rows of a filled-in sheet."""
    try:
        sheets = workbook_rows(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    ((rows, _),) = list(sheets.values())[:1]
    return _of_study([[*row, *[""] * (len(SHEET_COLUMNS) - len(row))] for row in rows], path)


def _of_study(rows: list[list[str]], path: Path) -> list[list[str]]:
    """Rows without their header, which must be that of a study's sheet."""
    if not rows or any(len(row) != len(SHEET_COLUMNS) for row in rows) or tuple(rows[0]) != SHEET_COLUMNS:
        raise InputError(f"{path} is not a sheet of signbench study new; its columns are {', '.join(SHEET_COLUMNS)}.")
    return rows[1:]

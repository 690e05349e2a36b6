"""``study.yaml``: which column of which sheet is what, which answers are accepted, and every choice that may move a number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from signbench.documents import read_yaml, yaml_text
from signbench.errors import InputError, nearest
from signbench.study.blank_answers import BLANK_ANSWERS

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MOST_BYTES = 10_000_000


def _text(value: object) -> object:
    """Text of a cell or a name: spaces at its ends are nobody's intention."""
    return value.strip() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Cell = Annotated[str, BeforeValidator(_text)]


class _Fields(BaseModel):
    """No field besides those that are described. The descriptions say what to write, for error messages."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShownClip(_Fields):
    """What one column of a wide sheet, or one name in a long sheet's clip column, stands for.

    Attributes:
        clip: the clip's id, as a run's ``per_clip.parquet`` names it.
        sign: the sign that it is meant to show.
        pack: the pack, where the sheet has several.
    """

    clip: Text = Field(description="the clip's id")
    sign: Text = Field(description="the sign that the clip is meant to show")
    pack: Text | None = Field(default=None, description="the pack, where it is not the sheet's own")


class _Sheet(_Fields):
    """What wide and long sheets share.

    Attributes:
        file: name of the file, its name without the suffix, or a pattern such as ``pack-1*`` for many files of one form.
        sheet: name of the sheet within a workbook; None: its only one.
        encoding: of a text file; None: found out, and said.
        delimiter: of a text file; None: found out.
        header_row: number of the row with the columns' names, from 1.
        first_row: number of the first row of answers; None: the one after the header.
        pack: the pack that all of the sheet's clips belong to.
        rater: column that tells participants apart; None: each row (wide) is another participant.
        rater_ids: whether the entries of that column mean the same people in all sheets (``study``), or are counted anew in each
            (``sheet``): twice 1 to 20 are then 40 people.
        group: column with the participant's group.
        time: column with the time of the row.
        time_format: how it is written, in the words of ``strptime``; None: found out.
        ignored: columns that are left out.
        leave_out_rows: column -> cells that leave their row out, such as those of previews; an empty list leaves none out.
        keep_rows: column -> the only cells that keep their row.
    """

    file: Text = Field(description="the name of a file that is given to signbench study import, or a pattern such as 'pack-1*'")
    sheet: Text | None = Field(default=None, description="the name of a sheet of the workbook")
    encoding: Text | None = Field(default=None, description="an encoding such as utf-8 or cp1251")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="the one character between two cells"
    )
    header_row: int = Field(default=1, ge=1, description="the number of the row with the columns' names, from 1")
    first_row: int | None = Field(default=None, ge=2, description="the number of the first row with answers")
    pack: Text | None = Field(default=None, description="the name of the pack")
    rater: Text | None = Field(default=None, description="the column that tells participants apart")
    rater_ids: Literal["study", "sheet"] = Field(
        default="study", description="study (one id is one person in all sheets) or sheet (each sheet counts its own)"
    )
    group: Text | None = Field(default=None, description="the column with the participant's group")
    time: Text | None = Field(default=None, description="the column with the time")
    time_format: Text | None = Field(default=None, description="how the time is written, such as '%d.%m.%Y %H:%M:%S'")
    ignored: tuple[Text, ...] = Field(default=(), description="a list of columns that are left out")
    leave_out_rows: dict[Text, tuple[Cell, ...]] = Field(
        default_factory=dict, description="columns with the cells that leave a row out, as COLUMN: [cell, another]"
    )
    keep_rows: dict[Text, tuple[Cell, ...]] = Field(
        default_factory=dict, description="columns with the only cells that keep a row, as COLUMN: [cell, another]"
    )

    @property
    def is_pattern(self) -> bool:
        """Whether ``file`` stands for many files."""
        return "*" in self.file or "?" in self.file

    @model_validator(mode="after")
    def _rows(self) -> _Sheet:
        if self.first_row is not None and self.first_row <= self.header_row:
            raise ValueError("first_row comes after header_row")
        return self


class WideSheet(_Sheet):
    """One row per participant, one column per video.

    Attributes:
        clips: column -> what it shows.
    """

    layout: Literal["wide"]
    clips: dict[Text, ShownClip] = Field(min_length=1, description="each column with answers, as COLUMN: {clip: ..., sign: ...}")


class LongSheet(_Sheet):
    """One row per answer.

    Attributes:
        clip: column with the clip's name.
        answer: column with the answer.
        sign: column with the sign; None where ``clips`` names it.
        pack_column: column with the pack; None where ``pack`` or ``clips`` names it.
        order: column with the place in the participant's own order.
        clips: clip's name in the sheet -> what it shows; empty: the names are the ids.
    """

    layout: Literal["long"]
    rater: Text = Field(description="the column that tells participants apart")
    clip: Text = Field(description="the column with the clip's name")
    answer: Text = Field(description="the column with the answer")
    sign: Text | None = Field(default=None, description="the column with the sign")
    pack_column: Text | None = Field(default=None, description="the column with the pack")
    order: Text | None = Field(default=None, description="the column with the place in the participant's own order")
    clips: dict[Text, ShownClip] = Field(default_factory=dict, description="each clip, as NAME: {clip: ..., sign: ...}")

    @model_validator(mode="after")
    def _sign_is_known(self) -> LongSheet:
        if (self.sign is None) == (not self.clips):
            raise ValueError("names its signs either in a column (sign) or clip by clip (clips); write one of the two")
        return self


class IgnoredSheet(_Fields):
    """A sheet of a workbook that is left out."""

    layout: Literal["ignored"]
    file: Text = Field(description="the name of a file that is given to signbench study import")
    sheet: Text | None = Field(default=None, description="the name of a sheet of the workbook")


SheetMapping = WideSheet | LongSheet | IgnoredSheet


class StudySettings(_Fields):
    """The content of ``study.yaml``.

    Attributes:
        name: of the study.
        language: of the answers, such as ``ru``; for the lemmatiser and for words of look-alike letters alone.
        sheets: the mapping of each sheet.
        signs: sign -> its accepted answers.
        dictionary: variant -> lemma, for whole answers.
        lemmatiser: ``none``, or the package that turns each word into its lemma.
        blank: whether an answer that says nothing is wrong or left out.
        blank_answers: what says nothing, besides empty cells and bare punctuation.
        question_marks: whether cells of four question marks or more, and several with one within a word, are what is left of lost
            letters, and refused, or what raters typed.
        resubmissions: what to do where a participant answered the same clip of the same pack twice.
        unanswered: what it means that a clip of a pack has no answer of somebody who answered others of it, be it an empty cell or
            a row that is not there: it was shown and not understood (``blank``), or it was not shown (``not-shown``).
    """

    name: Text = Field(default="study", description="the study's name")
    language: Annotated[Text, Field(pattern="^[a-z]{2,3}$")] = Field(
        default="ru", description="the language of the answers by its code in small letters, such as ru, en or de"
    )
    sheets: tuple[Annotated[SheetMapping, Field(discriminator="layout")], ...] = Field(
        min_length=1, description="a list of sheets, each with layout: wide, long or ignored"
    )
    signs: dict[Text, Annotated[tuple[Text, ...], Field(min_length=1)]] = Field(
        min_length=1, description="each sign with the list of its accepted answers, as SIGN: [answer, another]"
    )
    dictionary: dict[Text, Text] = Field(default_factory=dict, description="variants of answers, as variant: lemma")
    lemmatiser: Literal["none", "pymorphy3", "simplemma"] = Field(
        default="none", description="one of none, pymorphy3 (Russian, Ukrainian), simplemma"
    )
    blank: Literal["wrong", "leave-out"] = Field(default="wrong", description="wrong or leave-out")
    blank_answers: tuple[Text, ...] = Field(default=BLANK_ANSWERS, description="a list of answers that say nothing")
    question_marks: Literal["damage", "typed"] = Field(
        default="damage", description="damage (what is left of lost letters) or typed (by raters)"
    )
    resubmissions: Literal["refuse", "first", "last"] = Field(default="refuse", description="refuse, first or last")
    unanswered: Literal["blank", "not-shown"] | None = Field(
        default=None, description="blank (shown and not understood) or not-shown"
    )

    @property
    def meaning_of_unanswered(self) -> Literal["blank", "not-shown"]:
        """What ``unanswered`` says, or ``blank``, which is taken wherever that is no bold guess."""
        return self.unanswered or "blank"


def read_settings(path: Path) -> StudySettings:
    """Reads a ``study.yaml``.

    Every value is taken as text first, so that a sign named ``no`` or a clip named ``007`` stays what it is.

    Raises:
        InputError: names the file, the field and what to write there.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist; signbench study import without --mapping proposes one.")
    content = read_yaml(path, "a mapping file", texts=True, most_bytes=_MOST_BYTES)
    if not isinstance(content, dict):
        raise InputError(f"{path} is no mapping file; write its fields, beginning with 'name: ...'.")
    try:
        return StudySettings.model_validate(content)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        more = f" ({len(faults) - 1} more wrong.)" if len(faults) > 1 else ""
        raise InputError(f"{path}: {_worded(faults[0])}{more}") from error


def settings_yaml(settings: StudySettings) -> str:
    """The settings as YAML, with every choice spelled out."""
    content = settings.model_dump(mode="json")
    content["sheets"] = [sheet.model_dump(mode="json", exclude_none=True) for sheet in settings.sheets]
    content["blank_answers"] = content.pop("blank_answers")  # at the end, as it is long
    return yaml_text(content)


def _worded(fault: ErrorDetails) -> str:
    """One fault as a sentence: which field, what is wrong with it, and what to write."""
    names = [part for part in fault["loc"] if part not in ("wide", "long", "ignored")]
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in names)
    model, description = _place(fault["loc"])
    write = f"; write {description}." if description else "."
    if fault["type"] == "extra_forbidden":
        return f"field {where} is unknown. {nearest(str(names[-1]), model.model_fields)}"
    if fault["type"] in ("missing", "too_short"):
        return f"field {where} is {'missing' if fault['type'] == 'missing' else 'empty'}{write}"
    if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return f"field {where}.layout is missing or unknown; write wide, long or ignored."
    if fault["type"] == "value_error":
        return f"field {where} {str(fault['ctx']['error']).rstrip('.')}."
    if fault["input"] is None:
        return f"field {where} is empty{write}"
    shown = repr(fault["input"])
    return f"field {where} cannot be {shown if len(shown) <= 60 else shown[:57] + '...'}{write}"


def _place(location: tuple[int | str, ...]) -> tuple[type[BaseModel], str]:
    """The fields among which a location lies, and the description of the innermost one on the way to it."""
    layouts: dict[str, type[BaseModel]] = {"wide": WideSheet, "long": LongSheet, "ignored": IgnoredSheet}
    model: type[BaseModel] = StudySettings
    description = ""
    for part in location:
        if model is StudySettings and isinstance(part, str) and part in layouts:
            model = layouts[part]
        elif isinstance(part, str) and part in model.model_fields:
            description = model.model_fields[part].description or description
            model = ShownClip if part == "clips" else model
    return model, description

"""The settings file ``study.yaml``: the mapping of the sheets, the accepted answers, and every choice that can change a number."""

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
    """Removes surrounding spaces, which nobody types on purpose."""
    return value.strip() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Cell = Annotated[str, BeforeValidator(_text)]


class _Fields(BaseModel):
    """Base of all parts of the file. Unknown fields are refused; error messages quote the descriptions of the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShownClip(_Fields):
    """The clip that a column of a wide sheet, or a name in the clip column of a long sheet, refers to.

    Attributes:
        clip: the clip's id, as a run's ``per_clip.parquet`` names it.
        sign: the sign that the clip is meant to show.
        pack: the pack, if the sheet has several.
    """

    clip: Text = Field(description="the clip's id")
    sign: Text = Field(description="the sign that the clip is meant to show")
    pack: Text | None = Field(default=None, description="the pack, if it is not the pack of the sheet")


class _Sheet(_Fields):
    """Fields that wide and long sheets share.

    Attributes:
        file: name of the file, with or without its suffix, or a pattern such as ``pack-1*`` for files with the same columns.
        sheet: name of the sheet within a workbook; None: its only sheet.
        encoding: of a text file; None: detected, and reported.
        delimiter: of a text file; None: detected.
        header_row: number of the row with the column names, from 1.
        first_row: number of the first row of answers; None: the row after the header.
        pack: the pack of all clips of the sheet.
        rater: column that identifies participants; None: each row (of a wide sheet) is another participant.
        rater_ids: whether the same id in several sheets is one person (``study``), or each sheet has its own ids (``sheet``), so
            that two sheets with ids 1 to 20 have 40 participants.
        group: column with the participant's group.
        time: column with the time of the row.
        time_format: format of the time, in the notation of ``strptime``; None: detected.
        ignored: columns that are not used.
        leave_out_rows: column -> values whose rows are left out, such as those of previews; an empty list leaves out none.
        keep_rows: column -> the only values whose rows are kept.
    """

    file: Text = Field(description="the name of a file that is given to signbench study import, or a pattern such as 'pack-1*'")
    sheet: Text | None = Field(default=None, description="the name of a sheet of the workbook")
    encoding: Text | None = Field(default=None, description="an encoding such as utf-8 or cp1251")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        default=None, description="the one character between two cells"
    )
    header_row: int = Field(default=1, ge=1, description="the number of the row with the column names, from 1")
    first_row: int | None = Field(default=None, ge=2, description="the number of the first row with answers")
    pack: Text | None = Field(default=None, description="the name of the pack")
    rater: Text | None = Field(default=None, description="the column that identifies participants")
    rater_ids: Literal["study", "sheet"] = Field(
        default="study", description="study (one id is one person in all sheets) or sheet (each sheet has its own ids)"
    )
    group: Text | None = Field(default=None, description="the column with the participant's group")
    time: Text | None = Field(default=None, description="the column with the time")
    time_format: Text | None = Field(default=None, description="how the time is written, such as '%d.%m.%Y %H:%M:%S'")
    ignored: tuple[Text, ...] = Field(default=(), description="a list of columns that are not used")
    leave_out_rows: dict[Text, tuple[Cell, ...]] = Field(
        default_factory=dict, description="columns with the values whose rows are left out, as COLUMN: [value, another]"
    )
    keep_rows: dict[Text, tuple[Cell, ...]] = Field(
        default_factory=dict, description="columns with the only values whose rows are kept, as COLUMN: [value, another]"
    )

    @property
    def is_pattern(self) -> bool:
        """Whether ``file`` may match several files."""
        return "*" in self.file or "?" in self.file

    @model_validator(mode="after")
    def _rows(self) -> _Sheet:
        if self.first_row is not None and self.first_row <= self.header_row:
            raise ValueError("first_row must be larger than header_row")
        return self


class WideSheet(_Sheet):
    """One row per participant, one column per video.

    Attributes:
        clips: column -> the clip that its answers are about.
    """

    layout: Literal["wide"]
    clips: dict[Text, ShownClip] = Field(min_length=1, description="each column with answers, as COLUMN: {clip: ..., sign: ...}")


class LongSheet(_Sheet):
    """One row per answer.

    Attributes:
        clip: column with the clip's name.
        answer: column with the answer.
        sign: column with the sign; None if ``clips`` gives it.
        pack_column: column with the pack; None if ``pack`` or ``clips`` gives it.
        order: column with the position in the participant's order of presentation.
        clips: the clip's name in the sheet -> the clip; empty: the names are the ids.
    """

    layout: Literal["long"]
    rater: Text = Field(description="the column that identifies participants")
    clip: Text = Field(description="the column with the clip's name")
    answer: Text = Field(description="the column with the answer")
    sign: Text | None = Field(default=None, description="the column with the sign")
    pack_column: Text | None = Field(default=None, description="the column with the pack")
    order: Text | None = Field(default=None, description="the column with the position in the participant's order of presentation")
    clips: dict[Text, ShownClip] = Field(default_factory=dict, description="each clip, as NAME: {clip: ..., sign: ...}")

    @model_validator(mode="after")
    def _sign_is_known(self) -> LongSheet:
        if (self.sign is None) == (not self.clips):
            raise ValueError("set either sign (a column) or clips (with the sign of each clip), not both")
        return self


class IgnoredSheet(_Fields):
    """A sheet of a workbook that is not used."""

    layout: Literal["ignored"]
    file: Text = Field(description="the name of a file that is given to signbench study import")
    sheet: Text | None = Field(default=None, description="the name of a sheet of the workbook")


SheetMapping = WideSheet | LongSheet | IgnoredSheet


class StudySettings(_Fields):
    """The content of ``study.yaml``.

    Attributes:
        name: of the study.
        language: of the answers, such as ``ru``; used by the lemmatiser, and for words that consist of look-alike letters only.
        sheets: the mapping of each sheet.
        signs: sign -> its accepted answers.
        dictionary: variant -> lemma, for whole answers.
        lemmatiser: ``none``, or the package that reduces each word to its lemma.
        blank: whether blank answers count as wrong or are left out.
        blank_answers: answers that count as blank, in addition to empty cells and bare punctuation.
        question_marks: whether four or more question marks, and several cells with one inside a word, stand for lost letters, and
            are refused, or were typed by raters.
        resubmissions: what to do if a participant answered the same clip of the same pack twice.
        unanswered: the meaning of an empty cell or missing row of a participant who answered other clips of the pack: the clip was
            shown and not understood (``blank``), or it was not shown (``not-shown``).
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
    blank_answers: tuple[Text, ...] = Field(default=BLANK_ANSWERS, description="a list of answers that count as blank")
    question_marks: Literal["damage", "typed"] = Field(
        default="damage", description="damage (they stand for lost letters) or typed (by raters)"
    )
    resubmissions: Literal["refuse", "first", "last"] = Field(default="refuse", description="refuse, first or last")
    unanswered: Literal["blank", "not-shown"] | None = Field(
        default=None, description="blank (shown and not understood) or not-shown"
    )

    @property
    def meaning_of_unanswered(self) -> Literal["blank", "not-shown"]:
        """The value of ``unanswered``; ``blank`` if it is not set."""
        return self.unanswered or "blank"


def read_settings(path: Path) -> StudySettings:
    """Reads a ``study.yaml``.

    Every value is read as text first, so that a sign named ``no`` or a clip named ``007`` keeps its name.

    Raises:
        InputError: the file does not exist, cannot be read, or a field is missing, unknown or invalid.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist; run signbench study import without --mapping to have one proposed.")
    content = read_yaml(path, "a mapping file", texts=True, most_bytes=_MOST_BYTES)
    if not isinstance(content, dict):
        raise InputError(f"{path} is not a mapping file; it should contain fields such as 'name: ...'.")
    try:
        return StudySettings.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        more = len(problems) - 1
        others = f" ({more} more problem{'s' if more > 1 else ''}.)" if more else ""
        raise InputError(f"{path}: {_explained(problems[0])}{others}") from error


def settings_yaml(settings: StudySettings) -> str:
    """The settings as YAML, including those that have their default value."""
    content = settings.model_dump(mode="json")
    content["sheets"] = [sheet.model_dump(mode="json", exclude_none=True) for sheet in settings.sheets]
    content["blank_answers"] = content.pop("blank_answers")  # at the end, as it is long
    return yaml_text(content)


def _explained(problem: ErrorDetails) -> str:
    """One problem as a sentence: the field, what is wrong with it, and what to write."""
    names = [part for part in problem["loc"] if part not in ("wide", "long", "ignored")]
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in names)
    model, description = _described(problem["loc"])
    write = f"; write {description}." if description else "."
    if problem["type"] == "extra_forbidden":
        return f"field {where} is unknown. {nearest(str(names[-1]), model.model_fields)}"
    if problem["type"] in ("missing", "too_short"):
        return f"field {where} is {'missing' if problem['type'] == 'missing' else 'empty'}{write}"
    if problem["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return f"field {where}.layout is missing or unknown; write wide, long or ignored."
    if problem["type"] == "value_error":
        return f"field {where}: {problem['ctx']['error']}."
    if problem["input"] is None:
        return f"field {where} is empty{write}"
    shown = repr(problem["input"])
    return f"field {where} cannot be {shown if len(shown) <= 60 else shown[:57] + '...'}{write}"


def _described(location: tuple[int | str, ...]) -> tuple[type[BaseModel], str]:
    """The model that a location is in, and the description of the innermost field on the way to it."""
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

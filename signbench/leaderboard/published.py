"""Numbers as papers printed them, with what each paper says or leaves open about how they were measured.

One file for each task, ``leaderboards/<task>/published.yaml``, a list of tables. A published row is never ranked together with
measured ones, because its protocol is never known completely.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, ValidationError, model_validator

from signbench import shipped
from signbench.errors import InputError, SignbenchError, nearest
from signbench.metrics.base import Direction
from signbench.registry import split_name

FILE = "published"
"""Name of the file below a task's leaderboard, without its suffix."""

Kind = Literal["model", "ablation", "ground-truth", "raw"]
"""What a row is: a model, an ablation of one, the corpus's own clips, or poses as an estimator returned them."""

_NUMBER = re.compile(r"(?P<value>-?\d+(?:\.\d+)?)(?: ± (?P<spread>\d+(?:\.\d+)?))?")
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def _listed(kind: object) -> str:
    return ", ".join(get_args(kind))


def _sentence(text: str) -> str:
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise ValueError(f"is {text!r}")
    return text


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"is {text!r}")
    return text


def _key(text: str) -> str:
    name, _, judge = text.partition("@")
    if "@" in text and not _WORD.fullmatch(judge):
        raise ValueError(f"is {text!r}, whose judge is not a name such as gfslt")
    try:
        _canonical(name)
    except SignbenchError as error:
        raise ValueError(f"is {text!r}: {str(error).rstrip('.')}") from error
    return text


def _canonical(metric: str) -> str:
    """The canonical name of a metric; one that signbench does not have keeps its name.

    Raises:
        InputError: it is not the name of a metric, or has unknown parameters.
    """
    from signbench.metrics import registry

    name, _ = split_name(metric, "metric")
    if not _WORD.fullmatch(name):
        raise InputError(f"{name!r} is not the name of a metric.")
    return registry.create(metric).canonical if name in registry.known() else metric


_Text = Annotated[str, AfterValidator(_sentence)]
_Number = Annotated[str, AfterValidator(_number)]


class _Fields(BaseModel):
    """Every field is required, and no other is allowed. Error messages quote the descriptions as what to write."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(_Fields):
    """Where a table was printed.

    Attributes:
        citation: authors and title.
        arxiv: number of the preprint, or None.
        url: an address, if there is no preprint or the table is in another document; or None.
        table: its name, such as Table 2.
        caption: its caption.
    """

    citation: _Text = Field(description="authors and title of the source")
    arxiv: Annotated[str, Field(pattern=r"^\d{4}\.\d{4,5}$")] | None = Field(
        description='the number of the preprint in quotes, such as "2409.16709", or null'
    )
    url: Annotated[str, Field(pattern=r"^https://[^\s]+$")] | None = Field(
        description="an address that begins with https://, or null"
    )
    table: _Text = Field(description="the table, such as Table 2")
    caption: _Text = Field(description="the table's caption")

    @model_validator(mode="after")
    def _is_somewhere(self) -> Source:
        if self.arxiv is None and self.url is None:
            raise ValueError("has neither arxiv nor url; write one of the two")
        return self


class Column(_Fields):
    """One column of numbers.

    Attributes:
        header: as printed, with its arrow; None if the printed table lacks it.
        metric: the closest metric of signbench, with ``@judge`` if a network judges the clips.
        direction: which way is better.
        unit: ``1`` for a pure number, ``%`` for percent, and so on; None if the source does not state it.
        measured: what the source says, and what it leaves open, about how it was measured.
    """

    header: _Text | None = Field(description="the header as printed, or null if the printed table lacks it")
    metric: Annotated[str, AfterValidator(_key)] = Field(
        description="a metric such as ssim, or metric@judge such as bleu:order=4@gfslt"
    )
    direction: Direction = Field(description=f"one of {_listed(Direction)}")
    unit: _Text | None = Field(description='the unit in quotes, such as "1", "%" or "dB", or null if the source does not state it')
    measured: _Text = Field(description="what the source says and leaves open about how it was measured")

    @property
    def key(self) -> str:
        """The key of a measured score of the same metric: ``metric`` or ``metric@judge``, with the metric's canonical name."""
        name, at, judge = self.metric.partition("@")
        return f"{_canonical(name)}{at}{judge}"


class Row(_Fields):
    """One row, or the part of a row that belongs to one split and one task.

    Attributes:
        row: its label as printed.
        model: the model and what was left out of it, if the label alone does not say (``Ours``); or None.
        under: the heading above the row, such as a stage of an ablation; or None.
        split: the task's name of the split, or the paper's if the task does not score it (``train``); None if the source does not
            state it.
        kind: what the row is.
        note: a remark on this row, or None.
        values: for each column's metric the number as printed, with all decimals, without a percent sign; ``0.4723 ± 0.07`` if it
            is printed with a spread; None for a dash.
    """

    row: _Text = Field(description="the row's label as printed")
    model: _Text | None = Field(description="the model's name if the label does not say it, or null")
    under: _Text | None = Field(description="the heading above the row, or null")
    split: _Text | None = Field(description="a split, or null if the source does not state it")
    kind: Kind = Field(description=f"one of {_listed(Kind)}")
    note: _Text | None = Field(description="a sentence, or null")
    values: dict[str, _Number | None] = Field(
        description='each number as printed, in quotes, such as "0.830" or "0.4723 ± 0.07", or null for a dash'
    )

    @property
    def label(self) -> str:
        """The label as printed, followed by the model in parentheses if the label does not name it."""
        named = self.model is None or self.model.casefold() in self.row.casefold()
        return self.row if named else f"{self.row} ({self.model})"

    def value(self, metric: str) -> Decimal | None:
        """The number in a column, with the decimals as printed; None for a dash.

        Args:
            metric: the column's ``metric``.
        """
        return self._part(metric, "value")

    def spread(self, metric: str) -> Decimal | None:
        """The number after ± in a column, or None."""
        return self._part(metric, "spread")

    def _part(self, metric: str, name: str) -> Decimal | None:
        found = _NUMBER.fullmatch(self.values[metric] or "")
        return Decimal(found[name]) if found is not None and found[name] is not None else None


class Published(_Fields):
    """A published table, or the part of it that belongs to one task.

    Attributes:
        task: name of the task.
        source: where it was printed.
        columns: in the order of the table.
        rows: in the order of the table.
        notes: contradictions within the source, and other remarks to read before using the numbers.
    """

    task: _Text = Field(description="the name of the task, such as lsa64/reconstruction")
    source: Source = Field(description="the fields citation, arxiv, url, table and caption")
    columns: tuple[Column, ...] = Field(
        strict=False, min_length=1, description="a list of entries with the fields header, metric, direction, unit and measured"
    )
    rows: tuple[Row, ...] = Field(
        strict=False, min_length=1, description="a list of entries with the fields row, model, under, split, kind, note and values"
    )
    notes: tuple[_Text, ...] = Field(strict=False, description="a list of sentences; [] if there is nothing to say")

    @model_validator(mode="after")
    def _agrees(self) -> Published:
        metrics = [column.metric for column in self.columns]
        repeated = next((metric for metric in metrics if metrics.count(metric) > 1), None)
        if repeated is not None:
            raise ValueError(f"columns: {repeated} occurs twice; write each metric once, and each split as separate rows")
        seen = set()
        for row in self.rows:
            name = (row.row, row.under, row.split)
            if name in seen:
                raise ValueError(f"rows: {row.label} occurs twice for the split {row.split}; write it once")
            seen.add(name)
            self._check_values(row, metrics)
        return self

    @staticmethod
    def _check_values(row: Row, metrics: list[str]) -> None:
        where = f"rows: {row.label}{f' of the split {row.split}' if row.split is not None else ''}"
        extra = next((metric for metric in row.values if metric not in metrics), None)
        if extra is not None:
            raise ValueError(f"{where} has a value of {extra}, which is not a column; write one of {', '.join(metrics)}")
        lacking = next((metric for metric in metrics if metric not in row.values), None)
        if lacking is not None:
            raise ValueError(f"{where} has no value of {lacking}; write the printed number, or null for a dash")


class _Tables(RootModel[tuple[Published, ...]]):
    """The content of a file."""

    root: Annotated[tuple[Published, ...], Field(strict=False)]


def published(task: str) -> tuple[Published, ...]:
    """The published tables of a task, in the order of the file; one in ``leaderboards/`` of the current folder comes first.

    Args:
        task: name of a task.

    Returns:
        Its tables; none if no paper published numbers for it.

    Raises:
        InputError: there is no such task, with the closest names; or the file is wrong, with the field and what to write.
    """
    from signbench.tasks.loading import known

    names = known()
    if task not in names:
        raise InputError(f"there is no task {task}. {nearest(task, names)}")
    file = f"{task}/{FILE}"
    if file not in shipped.names("leaderboards"):
        return ()
    path = shipped.find("leaderboards", file)
    tables = read_published(path)
    for index, table in enumerate(tables):
        if table.task != task:
            raise InputError(f"{path}: field [{index}].task is {table.task!r}; write {task}, the task of the file's folder.")
    return tables


def tasks_with_published_rows() -> list[str]:
    """Names of the tasks for which papers published numbers, in order."""
    ending = f"/{FILE}"
    return [name.removesuffix(ending) for name in shipped.names("leaderboards") if name.endswith(ending)]


def read_published(path: Path) -> tuple[Published, ...]:
    """Reads the tables of one file.

    Raises:
        InputError: the file is wrong; names the field and what to write there.
    """
    from signbench.documents import read_yaml
    from signbench.documents.wording import worded

    content = read_yaml(path, "a published table")
    if not isinstance(content, list) or not content:
        raise InputError(f"{path} is not a list of tables; write them, each beginning with '- task: ...'.")
    try:
        return _Tables.model_validate(content).root
    except ValidationError as error:
        raise InputError(f"{path}: {worded(error, Published, 'a published table')}") from error

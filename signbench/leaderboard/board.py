"""A leaderboard as a document: blocks of rows that were measured the same way, and what papers printed."""

from __future__ import annotations

from typing import Literal

from signbench.documents.models import Document, VersionedDocument
from signbench.documents.versions import Form
from signbench.leaderboard.entries import Kind as RowKind
from signbench.leaderboard.human import HumanEstimate
from signbench.leaderboard.published import Published
from signbench.metrics.base import Direction
from signbench.runs.result import Level


class Column(Document):
    """One metric of a block."""

    metric: str
    """Canonical name, with ``@judge`` where the clips are seen through a network."""
    headline: bool
    """It stands in the first columns."""
    unit: str
    """``1`` for a pure number."""
    direction: Direction
    """Which way is better; ``reference``: the closer to the references' own value."""
    signature: str
    """How every number of the column was measured."""
    ranked_by: str
    """The test that ranks are made of, or why there are none."""
    ceiling: Level | None = None
    """Of a metric through a judge that is compared with the corpus: the judge on the references; null where rows have others."""
    chance: Level | None = None
    """The same on references dealt out to other clips."""


class Cell(Document):
    """One number of a row."""

    value: float
    """The score."""
    interval: tuple[float, float] | None
    """95 % interval over clips."""
    interval_note: str | None
    """How the interval was made, or why there is none."""
    rank: int | None
    """1 + the number of rows that are significantly better; null where rows are not ranked."""
    reference_value: float | None
    """The same measure of the references themselves, where there is one."""
    seen: float | None
    """Share of the references' key points that the predictions have."""
    duration_ratio: float | None
    """Mean duration over the references', where frames were paired by truncating or resampling."""
    clips: int
    """How many were measured."""
    coverage: float
    """Measured clips over expected clips."""
    between: float | None = None
    """Where the score lies between the column's chance (0) and its ceiling (1), where there are such."""


class HumanCell(Document):
    """What people understood of a row's clips."""

    mean_over_signs: HumanEstimate
    """Sign Understandability Score: every sign counts the same."""
    mean_of_packs: HumanEstimate
    """The same, where every pack counts the same."""
    raters: int
    """How many people."""
    signs: int
    """How many signs they were shown, over all packs."""
    answers: int
    """That count."""
    signature: str
    """What was shown and how answers were judged."""


class Row(Document):
    """One entry of a block."""

    row: str
    """Its name."""
    kind: RowKind
    """Measured, verified or anchor."""
    cells: dict[str, Cell]
    """Metric -> number; a metric that was not measured is absent."""
    human: HumanCell | None
    """Where people judged its clips."""
    generator: str | None
    """Name and version of what made the clips, where signbench generated."""
    licence: str
    """Of the productions."""
    contact: str
    """Whom to ask."""
    citation: str | None
    """Whom to cite."""
    url: str | None
    """Where to read more."""
    own_copy: bool
    """Measured against a user's own copy of the references."""
    predictions_sha256: str
    """Digest over the predictions."""
    signbench: str
    """Version that measured it."""


class Block(Document):
    """Rows that were measured the same way."""

    task_version: int
    """Of the task."""
    reasons: tuple[str, ...]
    """Why they stand apart from the first block; empty for the first."""
    columns: tuple[Column, ...]
    """Headline metrics first."""
    rows: tuple[Row, ...]
    """In order of rank, then of value, by the leading metric."""
    anchors: tuple[Row, ...]
    """Ceiling and chance: generators that are shown the references; never ranked."""


class Board(VersionedDocument):
    """The leaderboard of one split of a task."""

    form = Form("a leaderboard", "board_version", 1, again="show the leaderboard again")

    board_version: Literal[1] = 1
    """Of this form."""
    task: str
    """Its name."""
    task_version: int
    """The newest."""
    split: str
    """Of the task."""
    leading: str | None
    """The metric by which rows are ordered; null where there are none."""
    blocks: tuple[Block, ...]
    """The first one is of the references that signbench's own anchors were measured against, where there are such."""
    published: tuple[Published, ...]
    """What papers printed, with the rows of this split; in a block of their own, because no paper says all of how it measured."""
    refused: tuple[str, ...] = ()
    """What is wrong with entries that are not drawn, a sentence for each trouble."""

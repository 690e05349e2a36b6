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
    """Canonical name, with ``@judge`` if a network judges the clips."""
    headline: bool
    """Whether it is among the first columns."""
    unit: str
    """``1`` for a pure number."""
    direction: Direction
    """Which way is better; ``reference``: the closer to the references' own value, the better."""
    signature: str
    """How every number of the column was measured."""
    ranked_by: str
    """The test behind the ranks, or why there are none."""
    ceiling: Level | None = None
    """The judge's score on the references, if its answers are compared with the corpus; null if the rows' ceilings differ."""
    chance: Level | None = None
    """The judge's score on references that are assigned to the wrong clips."""


class Cell(Document):
    """One number of a row."""

    value: float
    """The score."""
    interval: tuple[float, float] | None
    """95 % interval over clips."""
    interval_note: str | None
    """How the interval was computed, or why there is none."""
    rank: int | None
    """1 + the number of rows that are significantly better; null if the row is not ranked."""
    reference_value: float | None
    """The metric's value on the references themselves, if it has one."""
    seen: float | None
    """Share of the references' key points that the predictions have."""
    duration_ratio: float | None
    """Mean ratio of the duration to the reference's, if frames were paired by truncating or resampling."""
    clips: int
    """How many clips were measured."""
    coverage: float
    """Share of the expected clips that were measured."""
    between: float | None = None
    """The score on a scale from the column's chance level (0) to its ceiling (1), if it has both."""


class HumanCell(Document):
    """What people understood of a row's clips."""

    mean_over_signs: HumanEstimate
    """Sign Understandability Score with equal weight for every sign."""
    mean_of_packs: HumanEstimate
    """The same with equal weight for every pack."""
    raters: int
    """How many people answered."""
    signs: int
    """How many signs they were shown, over all packs."""
    answers: int
    """How many answers count."""
    signature: str
    """What was shown and how answers were judged."""


class Row(Document):
    """One entry in a block."""

    row: str
    """Name of the row."""
    kind: RowKind
    """Measured, verified or anchor."""
    cells: dict[str, Cell]
    """Metric -> number; a metric that was not measured is absent."""
    human: HumanCell | None
    """The human scores; null if nobody rated its clips."""
    generator: str | None
    """Name and version of the generator, if signbench ran it."""
    licence: str
    """Licence of the productions."""
    contact: str
    """Whom to contact."""
    citation: str | None
    """Whom to cite."""
    url: str | None
    """Where to read more."""
    report: str | None = None
    """Where the clips can be seen."""
    own_copy: bool
    """Whether it was measured against the submitter's own copy of the references."""
    predictions_sha256: str
    """Digest of all predictions."""
    signbench: str
    """Version of signbench that measured it."""


class Block(Document):
    """Rows that were measured the same way."""

    task_version: int
    """Version of the task."""
    reasons: tuple[str, ...]
    """Why the rows cannot be compared with the first block; empty for the first."""
    columns: tuple[Column, ...]
    """Headline metrics first."""
    rows: tuple[Row, ...]
    """In order of rank, then of value, by the leading metric."""
    anchors: tuple[Row, ...]
    """Ceiling and chance: generators that see the references; never ranked."""


class Board(VersionedDocument):
    """The leaderboard of one split of a task."""

    form = Form("a leaderboard", "board_version", 1, again="show the leaderboard again")

    board_version: Literal[1] = 1
    """Version of this document."""
    task: str
    """Name of the task."""
    task_version: int
    """Current version of the task."""
    split: str
    """Split of the task."""
    leading: str | None
    """The metric by which rows are ordered; null if there are no rows."""
    blocks: tuple[Block, ...]
    """First the block whose references are those of signbench's own anchors, if there is one."""
    published: tuple[Published, ...]
    """Rows of this split that papers printed, shown separately because no paper states everything about how it measured."""
    refused: tuple[str, ...] = ()
    """What is wrong with entries that are not shown, one sentence per problem."""
